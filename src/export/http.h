/* http.h - two pages by HTTP, for whoever scrapes: / and /metrics.
 *
 * Listens:  on one numeric address; what it serves is public to all who reach that. TLS and
 *           passwords are a proxy's.
 * Hosts:    a request is answered when its Host is localhost, 127.0.0.1, [::1], the address that
 *           the client reached, or a name that was allowed: a page in somebody's browser, whose
 *           name leads here all of a sudden (DNS rebinding), is refused with 421.
 * Bounds:   HTTP_CLIENTS at once, the others wait; HTTP_TIMEOUT from the connection to its end,
 *           however slowly a client sends or reads; HTTP_MEMORY for what it sends. One request a
 *           connection.
 * Never:    opens a file, waits, or keeps a text longer than its clients need it.
 * Use:      http_open(&options, &h, e); for (;;) { poll http_fd(h) for http_wait_ms(h);
 *           http_run(h); } http_close(h);
 */
#ifndef EXPORT_HTTP_H
#define EXPORT_HTTP_H

#include "export/openmetrics.h"

#define HTTP_ADDRESS "127.0.0.1"
#define HTTP_PORT \
    "19753" /* none of those that Prometheus lists for exporters, and nobody's else that is known */
#define HTTP_CLIENTS 32u
#define HTTP_TIMEOUT (10 * NS_PER_S)
#define HTTP_MEMORY  (16u << 10)

struct http_options {
    const char *listen;       /* "ADDR:PORT", "ADDR" or "PORT"; NULL: HTTP_ADDRESS and HTTP_PORT */
    const char *const *hosts; /* names that are allowed besides */
    size_t nr_hosts;
    /* Append /metrics in this form. False when there is nothing to tell now: 503. */
    bool (*render)(void *ctx, enum exposition form, struct strbuf *out);
    void *ctx;
};

struct http;

/* Is this a name or address that a Host header may have? */
bool http_is_host(const char *text);

/* -EINVAL: no such address; others: it cannot be had, as -EADDRINUSE. */
int http_open(const struct http_options *o, struct http **ret, struct err *e);
void http_close(struct http *h);

/* "http://127.0.0.1:19753/metrics" */
const char *http_url(const struct http *h);
/* Does it listen on all addresses of the machine? */
bool http_is_open_to_all(const struct http *h);

/* Readable when http_run() has something to do; and how long to wait for that at most, -1 for
 * ever. */
int http_fd(const struct http *h);
int http_wait_ms(struct http *h);
void http_run(struct http *h);

#endif

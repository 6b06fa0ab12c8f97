/* http.c - libmicrohttpd in the caller's thread.
 *
 * The library's timeout is of silence, so a client that sends a byte now and then would stay for
 * ever; each connection has its time here as well, after which its socket is shut down and the
 * library lets it go. Texts go to the library as one response, which lives until its last client
 * has it. */
#include "export/http.h"

#include "base/units.h"
#include "export/http_library.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct client {
    struct MHD_Connection *connection;
    ns_t until; /* monotonic */
    bool ended; /* it was shut down */
};

struct http {
    struct http_options options;
    struct MHD_Daemon *daemon;
    int fd; /* of the library's epoll */
    struct sockaddr_storage address;
    char url[96];
    VEC(struct client) clients;
};

static const struct http_library *mhd; /* since the first http_open() */

static ns_t now_ns(void)
{
    struct timespec ts = {0};

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (ns_t)ts.tv_sec * NS_PER_S + (ns_t)ts.tv_nsec;
}

/* --- addresses -------------------------------------------------------------------------------- */

static bool parse_port(const char *text, u16 *ret)
{
    u64 number;

    if (strspn(text, "0123456789") != strlen(text) || parse_u64(text, &number, NULL) ||
        number > UINT16_MAX)
        return false;
    *ret = (u16)number;
    return true;
}

/* A numeric address, "[::1]" also without brackets; "localhost" is the usual one. */
static bool parse_address(const char *text, struct sockaddr_storage *ret)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;
    size_t len = strlen(text);
    char bare[64];

    if (len >= sizeof(bare))
        return false;
    snprintf(bare, sizeof(bare), "%s", text);
    if (bare[0] == '[' && bare[len - 1] == ']') {
        bare[len - 1] = '\0';
        memmove(bare, bare + 1, len - 1);
    }
    memset(ret, 0, sizeof(*ret));
    if (inet_pton(AF_INET, strcasecmp(text, "localhost") ? text : HTTP_ADDRESS, &v4->sin_addr) ==
        1) {
        ret->ss_family = AF_INET;
        return true;
    }
    if (inet_pton(AF_INET6, bare, &v6->sin6_addr) == 1) {
        ret->ss_family = AF_INET6;
        return true;
    }
    return false;
}

static void set_port(struct sockaddr_storage *a, u16 port)
{
    if (a->ss_family == AF_INET)
        ((struct sockaddr_in *)a)->sin_port = htons(port);
    else
        ((struct sockaddr_in6 *)a)->sin6_port = htons(port);
}

static socklen_t size_of(const struct sockaddr_storage *a)
{
    return a->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

static bool same_address(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
    const struct sockaddr_in *a4 = (const void *)a, *b4 = (const void *)b;
    const struct sockaddr_in6 *a6 = (const void *)a, *b6 = (const void *)b;

    if (a->ss_family != b->ss_family)
        return false;
    return a->ss_family == AF_INET
               ? a4->sin_addr.s_addr == b4->sin_addr.s_addr
               : memcmp(&a6->sin6_addr, &b6->sin6_addr, sizeof(a6->sin6_addr)) == 0;
}

static int parse_listen(const char *text, struct sockaddr_storage *ret, struct err *e)
{
    const char *colon = strrchr(text, ':'), *port = HTTP_PORT;
    char address[64] = HTTP_ADDRESS;
    u16 number;

    if (parse_port(text, &number)) {
        port = text;
    } else if (colon && (colon[-1] == ']' || strchr(text, ':') == colon) && colon != text) {
        port = colon + 1;
        snprintf(address, sizeof(address), "%.*s", (int)MIN(colon - text, 63), text);
    } else {
        snprintf(address, sizeof(address), "%.63s", text);
    }
    if (!parse_address(address, ret))
        return err_set(e, -EINVAL,
                       "'%.80s' is no address to listen on; want ADDR:PORT, such as " HTTP_ADDRESS
                       ":" HTTP_PORT ", [::1]:" HTTP_PORT ", or 0.0.0.0:" HTTP_PORT
                       " for all who reach this machine",
                       text);
    if (!parse_port(port, &number))
        return err_set(e, -EINVAL, "'%.40s' is no port; want 1 to 65535, or 0 for any that is free",
                       port);
    set_port(ret, number);
    return 0;
}

static bool is_any(const struct sockaddr_storage *a)
{
    struct sockaddr_storage any;

    return (parse_address("0.0.0.0", &any) && same_address(&any, a)) ||
           (parse_address("::", &any) && same_address(&any, a));
}

static int listen_on(struct sockaddr_storage *a, const char *name, int *ret_fd, struct err *e)
{
    int fd = socket(a->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1;
    int v6_only = !is_any(a); /* [::] is all addresses, of version 4 too */
    socklen_t len = sizeof(*a);
    const char *hint = "";
    int rc;

    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0 &&
        (a->ss_family == AF_INET ||
         setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof(v6_only)) == 0) &&
        bind(fd, (struct sockaddr *)a, size_of(a)) == 0 && listen(fd, (int)HTTP_CLIENTS) == 0 &&
        getsockname(fd, (struct sockaddr *)a, &len) == 0) {
        *ret_fd = fd;
        return 0;
    }
    rc = -errno;
    if (rc == -EADDRINUSE)
        hint = ": another program listens there; --listen ADDR:PORT takes another port";
    else if (rc == -EADDRNOTAVAIL)
        hint = ": this machine has no such address";
    if (fd >= 0)
        close(fd);
    return err_set(e, rc, "cannot listen on %s: %s%s", name, strerror(-rc), hint);
}

static void write_address(const struct sockaddr_storage *a, char *buf, size_t size)
{
    const struct sockaddr_in *v4 = (const void *)a;
    const struct sockaddr_in6 *v6 = (const void *)a;
    char text[INET6_ADDRSTRLEN] = "";

    if (a->ss_family == AF_INET)
        snprintf(buf, size, "%s:%u", inet_ntop(AF_INET, &v4->sin_addr, text, sizeof(text)),
                 ntohs(v4->sin_port));
    else
        snprintf(buf, size, "[%s]:%u", inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof(text)),
                 ntohs(v6->sin6_port));
}

/* --- who may ask ------------------------------------------------------------------------------ */

bool http_is_host(const char *text)
{
    struct sockaddr_storage ignored;
    size_t len = strlen(text);

    if (parse_address(text, &ignored))
        return true;
    return len > 0 && len < 254 &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") == len;
}

/* The Host header without its port, which a proxy or a tunnel may have changed. False when it is no
 * such thing. */
static bool host_of(const char *header, char *ret, size_t size)
{
    const char *colon = strrchr(header, ':');
    size_t len = strlen(header);
    u16 port;

    if (colon && (colon == header || strchr(header, ':') == colon || colon[-1] == ']')) {
        if (!parse_port(colon + 1, &port))
            return false;
        len = (size_t)(colon - header);
    }
    if (len == 0 || len >= size)
        return false;
    snprintf(ret, size, "%.*s", (int)len, header);
    return true;
}

/* An address of version 4 that [::] was reached by. */
static void unmap(struct sockaddr_storage *a)
{
    const struct sockaddr_in6 v6 = *(const struct sockaddr_in6 *)a;
    struct sockaddr_in *v4 = (struct sockaddr_in *)a;

    if (a->ss_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr))
        return;
    memset(a, 0, sizeof(*a));
    v4->sin_family = AF_INET;
    memcpy(&v4->sin_addr, v6.sin6_addr.s6_addr + 12, sizeof(v4->sin_addr));
}

static bool is_allowed(const struct http *h, struct MHD_Connection *c, const char *header)
{
    struct sockaddr_storage asked, reached = {0};
    socklen_t len = sizeof(reached);
    const union MHD_ConnectionInfo *socket;
    char host[256];

    if (!host_of(header, host, sizeof(host)))
        return false;
    if (strcasecmp(host, "localhost") == 0 || strcmp(host, "127.0.0.1") == 0 ||
        strcmp(host, "[::1]") == 0)
        return true;
    for (size_t i = 0; i < h->options.nr_hosts; i++)
        if (strcasecmp(host, h->options.hosts[i]) == 0)
            return true;
    socket = mhd->MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (!parse_address(host, &asked) || !socket ||
        getsockname(socket->connect_fd, (struct sockaddr *)&reached, &len) != 0)
        return false;
    unmap(&reached);
    return same_address(&asked, &reached);
}

struct hosts {
    const struct http *h;
    struct MHD_Connection *connection;
    const char *refused;
};

/* All of them count: which one a proxy or we would go by is nobody's to choose. */
static enum MHD_Result look_at_header(void *ctx, enum MHD_ValueKind kind, const char *key,
                                      const char *value)
{
    struct hosts *hosts = ctx;

    (void)kind;
    if (strcasecmp(key, "Host") == 0 &&
        !is_allowed(hosts->h, hosts->connection, value ? value : ""))
        hosts->refused = value ? value : "";
    return MHD_YES;
}

/* --- answers ---------------------------------------------------------------------------------- */

/* Takes the text. */
static enum MHD_Result answer(struct MHD_Connection *c, unsigned code, const char *type,
                              struct strbuf *text)
{
    size_t len = text->len;
    struct MHD_Response *r =
        mhd->MHD_create_response_from_buffer(len, strbuf_steal(text), MHD_RESPMEM_MUST_FREE);
    enum MHD_Result rc;

    if (!r)
        return MHD_NO;
    mhd->MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    mhd->MHD_add_response_header(r, MHD_HTTP_HEADER_CONNECTION, "close");
    mhd->MHD_add_response_header(r, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    mhd->MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
    mhd->MHD_add_response_header(r, "Content-Security-Policy", "default-src 'none'");
    if (code == MHD_HTTP_METHOD_NOT_ALLOWED)
        mhd->MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    rc = mhd->MHD_queue_response(c, code, r);
    mhd->MHD_destroy_response(r);
    return rc;
}

static enum MHD_Result say(struct MHD_Connection *c, unsigned code, const char *fmt, ...)
    HW_PRINTF(3, 4);

static enum MHD_Result say(struct MHD_Connection *c, unsigned code, const char *fmt, ...)
{
    struct strbuf text;
    va_list args;

    strbuf_init(&text);
    va_start(args, fmt);
    strbuf_vprintf(&text, fmt, args);
    va_end(args);
    return answer(c, code, "text/plain; charset=utf-8", &text);
}

static enum MHD_Result answer_index(struct MHD_Connection *c)
{
    struct strbuf text;

    strbuf_init(&text);
    strbuf_append(
        &text, "<!DOCTYPE html>\n<html lang=\"en\"><head><title>highwater export</title></head>\n"
               "<body><h1>highwater export</h1>\n"
               "<p>What the memory of this machine is used for, what it needs, and whether the "
               "shortage hurts, for Prometheus: <a href=\"/metrics\">/metrics</a>.</p>\n"
               "<p>highwater " HW_VERSION "</p></body></html>\n");
    return answer(c, MHD_HTTP_OK, "text/html; charset=utf-8", &text);
}

/* OpenMetrics for who takes it, or takes anything; the older format for who asks for text alone. */
static enum exposition form_for(struct MHD_Connection *c)
{
    const char *accept =
        mhd->MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);

    if (accept && strstr(accept, "text/plain") && !strstr(accept, "application/openmetrics-text"))
        return EXPOSE_TEXT;
    return EXPOSE_OPENMETRICS;
}

static enum MHD_Result answer_metrics(struct http *h, struct MHD_Connection *c)
{
    enum exposition form = form_for(c);
    struct strbuf text;

    strbuf_init(&text);
    if (h->options.render(h->options.ctx, form, &text))
        return answer(c, MHD_HTTP_OK, exposition_types[form], &text);
    strbuf_done(&text);
    return say(c, MHD_HTTP_SERVICE_UNAVAILABLE, "no sample of the machine could be taken\n");
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **state)
{
    struct hosts hosts = {ctx, c, NULL};

    (void)version, (void)upload, (void)upload_size, (void)state;
    mhd->MHD_get_connection_values(c, MHD_HEADER_KIND, look_at_header, &hosts);
    if (hosts.refused)
        return say(c, MHD_HTTP_MISDIRECTED_REQUEST,
                   "This Host is not answered. If it is a name of this machine, start highwater "
                   "export with --host-header NAME.\n");
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
        return say(c, MHD_HTTP_METHOD_NOT_ALLOWED, "GET and HEAD are answered.\n");
    if (strcmp(url, "/metrics") == 0)
        return answer_metrics(ctx, c);
    if (strcmp(url, "/") == 0)
        return answer_index(c);
    return say(c, MHD_HTTP_NOT_FOUND, "There are / and /metrics.\n");
}

/* --- clients ---------------------------------------------------------------------------------- */

static void on_connection(void *ctx, struct MHD_Connection *c, void **state,
                          enum MHD_ConnectionNotificationCode code)
{
    struct http *h = ctx;

    (void)state;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        vec_push(&h->clients, ((struct client){.connection = c, .until = now_ns() + HTTP_TIMEOUT}));
        return;
    }
    for (size_t i = 0; i < h->clients.count; i++)
        if (h->clients.items[i].connection == c) {
            h->clients.items[i] = vec_pop(&h->clients);
            return;
        }
}

static void end_late_ones(struct http *h)
{
    ns_t now = now_ns();

    vec_for_each (&h->clients, client) {
        const union MHD_ConnectionInfo *socket;

        if (client->ended || now < client->until)
            continue;
        socket =
            mhd->MHD_get_connection_info(client->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        if (socket)
            shutdown(socket->connect_fd, SHUT_RDWR);
        client->ended = true;
    }
}

int http_wait_ms(struct http *h)
{
    MHD_UNSIGNED_LONG_LONG wait;
    ns_t now = now_ns();
    u64 ms = mhd->MHD_get_timeout(h->daemon, &wait) == MHD_YES ? (u64)wait : UINT64_MAX;

    vec_for_each (&h->clients, client)
        if (!client->ended)
            ms = MIN(ms, client->until > now ? (client->until - now) / NS_PER_MS + 1 : 0);
    return ms == UINT64_MAX ? -1 : (int)MIN(ms, (u64)60000);
}

void http_run(struct http *h)
{
    end_late_ones(h);
    mhd->MHD_run(h->daemon);
}

/* --- open and close --------------------------------------------------------------------------- */

/* What it would print of clients that misbehave is nobody's business: they are answered. */
static void say_nothing(void *ctx, const char *fmt, va_list args) HW_PRINTF(2, 0);

static void say_nothing(void *ctx, const char *fmt, va_list args)
{
    (void)ctx, (void)fmt, (void)args;
}

int http_open(const struct http_options *o, struct http **ret, struct err *e)
{
    const union MHD_DaemonInfo *info;
    struct sockaddr_storage address;
    char name[80];
    struct http *h;
    int fd = -1, rc;

    rc = parse_listen(o->listen ? o->listen : HTTP_ADDRESS ":" HTTP_PORT, &address, e);
    if (rc)
        return rc;
    mhd = http_library(e);
    if (!mhd)
        return -ENOENT;
    write_address(&address, name, sizeof(name));
    rc = listen_on(&address, name, &fd, e);
    if (rc)
        return rc;
    h = xcalloc(1, sizeof(*h));
    h->options = *o;
    h->address = address;
    write_address(&address, name, sizeof(name));
    snprintf(h->url, sizeof(h->url), "http://%s/metrics", name);
    h->daemon = mhd->MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_ERROR_LOG, 0, NULL, NULL, on_request, h, MHD_OPTION_EXTERNAL_LOGGER,
        say_nothing, NULL, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, HTTP_CLIENTS,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)(HTTP_TIMEOUT / NS_PER_S),
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_MEMORY, MHD_OPTION_NOTIFY_CONNECTION,
        on_connection, h, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    info = h->daemon ? mhd->MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
    if (!info) {
        close(fd);
        free(h);
        return err_set(e, -EIO, "cannot serve %s: libmicrohttpd did not start", name);
    }
    h->fd = info->epoll_fd;
    *ret = h;
    return 0;
}

void http_close(struct http *h)
{
    if (!h)
        return;
    mhd->MHD_stop_daemon(h->daemon);
    vec_done(&h->clients);
    free(h);
}

const char *http_url(const struct http *h)
{
    return h->url;
}

bool http_is_open_to_all(const struct http *h)
{
    return is_any(&h->address);
}

int http_fd(const struct http *h)
{
    return h->fd;
}

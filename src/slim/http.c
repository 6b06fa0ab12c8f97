/* http.c - no HTTP: highwater-observe writes textfiles alone. See export/http.h. */
#include "export/http.h"

bool http_is_host(const char *text)
{
    return *text != '\0';
}

int http_open(const struct http_options *o, struct http **ret, struct err *e)
{
    (void)o;
    *ret = NULL;
    return err_at(e, -EOPNOTSUPP, NULL, 0, 0,
                  "highwater-observe serves no HTTP: --textfile FILE.prom is for node_exporter, "
                  "'highwater export' serves");
}

void http_close(struct http *h)
{
    (void)h;
}

const char *http_url(const struct http *h)
{
    (void)h;
    return "";
}

bool http_is_open_to_all(const struct http *h)
{
    (void)h;
    return false;
}

int http_fd(const struct http *h)
{
    (void)h;
    return -1;
}

int http_wait_ms(struct http *h)
{
    (void)h;
    return -1;
}

void http_run(struct http *h)
{
    (void)h;
}

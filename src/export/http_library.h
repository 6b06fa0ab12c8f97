/* http_library.h - libmicrohttpd, loaded when something is to be served: it brings GnuTLS, which
 * would cost every start of the program a third of its time. */
#ifndef EXPORT_HTTP_LIBRARY_H
#define EXPORT_HTTP_LIBRARY_H

#include "base/err.h"

#include <microhttpd.h>

#define HTTP_LIBRARY_FUNCTIONS(X)      \
    X(MHD_add_response_header)         \
    X(MHD_create_response_from_buffer) \
    X(MHD_destroy_response)            \
    X(MHD_get_connection_info)         \
    X(MHD_get_connection_values)       \
    X(MHD_get_daemon_info)             \
    X(MHD_get_timeout)                 \
    X(MHD_lookup_connection_value)     \
    X(MHD_queue_response)              \
    X(MHD_run)                         \
    X(MHD_start_daemon)                \
    X(MHD_stop_daemon)

struct http_library {
#define X(name) __typeof__(name) *name;
    HTTP_LIBRARY_FUNCTIONS(X)
#undef X
};

/* Its functions, loaded at the first call and kept. NULL with *e: the library is not there, or
 * lacks one of them. */
const struct http_library *http_library(struct err *e);

#endif

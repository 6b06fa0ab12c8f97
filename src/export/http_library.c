/* http_library.c - see http_library.h. */
#include "export/http_library.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

/* The interface that microhttpd.h is of: it has been this number since 2015. */
#define LIBRARY "libmicrohttpd.so.12"

static int load(struct http_library *ret, struct err *e)
{
    void *handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    void *at;

    if (!handle)
        return err_at(e, -ENOENT, NULL, 0, 0,
                      "libmicrohttpd, which serves HTTP, cannot be loaded (%s); --textfile "
                      "FILE.prom does without it",
                      dlerror());
/* dlsym() gives functions as objects: POSIX has them of one size. */
#define X(name)                                                                                   \
    at = dlsym(handle, #name);                                                                    \
    if (!at)                                                                                      \
        return err_at(e, -ENOENT, NULL, 0, 0, LIBRARY " has no " #name ", want 0.9.73 or later"); \
    memcpy(&ret->name, &at, sizeof(at));
    HTTP_LIBRARY_FUNCTIONS(X)
#undef X
    return 0;
}

const struct http_library *http_library(struct err *e)
{
    static struct http_library library;
    static bool loaded;

    if (!loaded && load(&library, e))
        return NULL;
    loaded = true;
    return &library;
}

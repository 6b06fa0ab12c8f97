/* name.c - names of pages. */
#include "page/page.h"

#include <string.h>
#include <strings.h>

bool page_is_name(const char *path)
{
    const char *end = strrchr(path, '.');

    return end && end > path && end[-1] != '/' &&
           (strcasecmp(end, ".html") == 0 || strcasecmp(end, ".htm") == 0);
}

/* page.c - no pages: their scripts are larger than all else that highwater-observe has. See
 * page/page.h. */
#include "page/page.h"

#include "base/types.h"

const char page_absent[] =
    "highwater-observe makes no pages; keep the result with --format json and "
    "'highwater report FILE.json' makes one";

void page_render(enum page_kind kind, const char *name, const struct strbuf *json,
                 struct strbuf *out)
{
    (void)kind;
    (void)name;
    (void)json;
    (void)out;
    hw_unreachable(); /* page_absent is said before */
}

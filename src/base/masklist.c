/* masklist.c - see masklist.h. */
#include "base/masklist.h"

#include <ctype.h>

/* One number below MASKLIST_MAX; moves *text past it. */
static bool take_number(const char **text, unsigned *ret)
{
    unsigned n = 0;

    if (!isdigit((unsigned char)**text))
        return false;
    while (isdigit((unsigned char)**text)) {
        n = n * 10 + (unsigned)(**text - '0');
        if (n >= MASKLIST_MAX)
            return false;
        ++*text;
    }
    *ret = n;
    return true;
}

int parse_masklist(const char *text, const char *noun, u64 *ret, struct err *e)
{
    const char *at = text;
    u64 set = 0;

    while (*at) {
        unsigned first, last;

        if (!take_number(&at, &first))
            break;
        last = first;
        if (*at == '-') {
            at++;
            if (!take_number(&at, &last) || last < first)
                break;
        }
        for (unsigned n = first; n <= last; n++)
            set |= BIT_ULL(n);
        if (!*at) {
            *ret = set;
            return 0;
        }
        if (*at++ != ',' || !*at)
            break;
    }
    if (!*text) {
        *ret = 0;
        return 0;
    }
    return err_set(e, -EINVAL, "want %ss from 0 to %u as in 0-3,8, not '%s'", noun,
                   MASKLIST_MAX - 1, text);
}

void strbuf_masklist(struct strbuf *out, u64 set)
{
    bool any = false;

    for (unsigned n = 0; n < MASKLIST_MAX; n++) {
        unsigned first = n;

        if (!(set >> n & 1))
            continue;
        while (n + 1 < MASKLIST_MAX && set >> (n + 1) & 1)
            n++;
        strbuf_printf(out, "%s%u", any ? "," : "", first);
        if (n > first)
            strbuf_printf(out, "-%u", n);
        any = true;
    }
}

void strbuf_maskhex(struct strbuf *out, u64 set, unsigned nr)
{
    unsigned digits = (MIN(nr, 32u) + 3) / 4;

    if (nr > 32) {
        strbuf_printf(out, "%0*x,", (int)((nr - 32 + 3) / 4), (unsigned)(set >> 32));
        digits = 8;
    }
    strbuf_printf(out, "%0*x", (int)digits, (unsigned)(set & UINT32_MAX));
}

/* pool_spec.c - see pool_spec.h. */
#include "system/pool_spec.h"

#include <string.h>

/* Digits alone, up to max. False: there are none, or it is more. */
static bool take_number(const char **at, u32 max, u32 *ret)
{
    u64 number = 0;
    const char *from = *at;

    for (; **at >= '0' && **at <= '9'; (*at)++) {
        number = number * 10 + (u64)(**at - '0');
        if (number > max)
            return false;
    }
    *ret = (u32)number;
    return *at != from;
}

static bool parse(const char *at, struct pool_spec *p)
{
    u32 nid, pages;

    if (!strchr(at, ':'))
        return take_number(&at, POOL_PAGES_MAX, &p->pages) && !*at;
    for (;; at++) {
        if (!take_number(&at, MAX_NUMNODES - 1, &nid) || *at++ != ':' ||
            !take_number(&at, POOL_PAGES_MAX, &pages) || p->nodes >> nid & 1)
            return false;
        p->nodes |= BIT_ULL(nid);
        p->node[nid] = pages;
        if (*at != ',')
            return !*at;
    }
}

int pool_spec_parse(const char *text, struct pool_spec *ret, struct err *e)
{
    struct pool_spec p = {0};

    if (!parse(text, &p))
        return err_set(
            e, -EINVAL,
            "want huge pages of 2 MiB, up to %u, as 512, or of each node, named once, as "
            "0:512,1:256; not '%.60s'",
            POOL_PAGES_MAX, text);
    *ret = p;
    return 0;
}

void pool_spec_render(const struct pool_spec *p, struct strbuf *out)
{
    const char *between = "";

    if (!p->nodes && p->pages)
        strbuf_printf(out, "%u", p->pages);
    for (unsigned nid = 0; nid < MAX_NUMNODES; nid++) {
        if (!(p->nodes >> nid & 1))
            continue;
        strbuf_printf(out, "%s%u:%u", between, nid, p->node[nid]);
        between = ",";
    }
}

unsigned pool_spec_missing(const struct pool_spec *p, unsigned nr_nodes)
{
    u64 missing = nr_nodes < 64 ? p->nodes >> nr_nodes << nr_nodes : 0;

    return missing ? (unsigned)__builtin_ctzll(missing) : MAX_NUMNODES;
}

bool pool_spec_is_given(const struct pool_spec *p)
{
    return p->nodes || p->pages;
}

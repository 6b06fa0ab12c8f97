/* klog_text.c - pieces of a kernel message: what stands behind or between known words. */
#include "observe/klog_report_int.h"

#include "observe/reading_int.h"

bool klog_after(struct span line, const char *literal, struct span *ret)
{
    const char *at = span_find(line, literal);

    if (!at)
        return false;
    *ret = (struct span){at + strlen(literal), line.end};
    return true;
}

u64 klog_kib_after(struct span line, const char *literal)
{
    struct span rest;
    u64 kib;

    return klog_after(line, literal, &rest) && span_take_u64(&rest, &kib) ? kib_to_bytes(kib)
                                                                          : UNKNOWN;
}

const char *klog_find_last(struct span s, const char *literal)
{
    const char *last = NULL;

    for (; (s.at = span_find(s, literal)); s.at++)
        last = s.at;
    return last;
}

bool klog_between(struct span line, const char *left, const char *right, struct span *ret)
{
    struct span rest;
    const char *end;

    if (!klog_after(line, left, &rest) || !(end = klog_find_last(rest, right)))
        return false;
    *ret = (struct span){rest.at, end};
    return true;
}

static int hex_digit(char c)
{
    return is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool klog_take_hex(struct span *line, u64 *ret)
{
    struct span rest = *line;
    u64 number = 0;
    unsigned digits = 0;

    span_take(&rest, "0x");
    for (; rest.at < rest.end && hex_digit(*rest.at) >= 0 && digits < 16; rest.at++, digits++)
        number = number << 4 | (u64)hex_digit(*rest.at);
    if (digits == 0)
        return false;
    *line = rest;
    *ret = number;
    return true;
}

/* klog_line.c - what stands before a kernel message:
 *
 *   6,1234,17319426,-;message                               /dev/kmsg; lines of keys follow, which
 *   begin with a blank
 *   [   17.319426] message                                  dmesg, /var/log/dmesg
 *   [   17.319426] [  T715] message                         with CONFIG_PRINTK_CALLER (also "[C0]",
 *       and without the blank)
 *   [Tue Nov 25 03:10:00 2025] message                      dmesg -T
 *   <6>[   17.319426] message                               dmesg -r
 *   Nov 25 03:10:00 host kernel: message                    journalctl -k
 *   Nov 25 03:10:00 host kernel: [   17.319426] message     syslog
 *   2025-11-25T03:10:00+0000 host kernel: message           journalctl -o short-iso, rsyslog
 *   [   17.319426] host kernel: message                     journalctl -o short-monotonic
 *   message
 *
 * A line that begins with a date and does not name the kernel is another program's.
 */
#include "observe/klog_line.h"

#define TAG_WITHIN 160 /* a date, a host name and a tag are no longer */

/* "17.319426" as microseconds. */
static bool take_seconds(struct span text, u64 *ret)
{
    u64 seconds, part = 0;
    unsigned digits = 0;

    if (!span_take_u64(&text, &seconds) || seconds > (u64)1 << 40 || span_empty(text) ||
        *text.at++ != '.')
        return false;
    for (; text.at < text.end && is_digit(*text.at); text.at++)
        if (digits++ < 6)
            part = part * 10 + (u64)(*text.at - '0');
    for (; digits < 6; digits++)
        part *= 10;
    span_skip_blanks(&text);
    if (!span_empty(text))
        return false;
    *ret = seconds * 1000000 + part;
    return true;
}

/* "6,1234,17319426,-;": the priority, the number, the time. */
static bool take_kmsg(struct span *line, u64 *ret_us)
{
    struct span rest = *line, header;
    u64 priority, sequence, us;

    if (!span_take_until(&rest, ';', &header) || span_len(header) > 128 || !is_digit(*line->at) ||
        !span_take_u64(&header, &priority) || !span_take(&header, ",") ||
        !span_take_u64(&header, &sequence) || !span_take(&header, ",") ||
        !span_take_u64(&header, &us))
        return false;
    *line = rest;
    *ret_us = us;
    return true;
}

/* "[T715]", "[ C0]": which thread or CPU printed it. */
static void skip_caller(struct span *line)
{
    struct span rest = *line, inside;
    u64 number;

    if (!span_take(&rest, "[") || !span_take_until(&rest, ']', &inside))
        return;
    if ((span_take(&inside, "T") || span_take(&inside, "C")) && span_take_u64(&inside, &number) &&
        span_empty(span_trim(inside)))
        *line = rest;
}

static bool begins_with_date(struct span text)
{
    /* "Nov 25", "Tue Nov", "2025-11-25" */
    if (span_len(text) < 8)
        return false;
    if (is_digit(text.at[0]))
        return is_digit(text.at[3]) && text.at[4] == '-' && is_digit(text.at[5]);
    return text.at[0] >= 'A' && text.at[0] <= 'Z' && text.at[3] == ' ' &&
           (is_digit(text.at[4]) || is_digit(text.at[5]) || text.at[7] == ' ');
}

/* "Tue Nov 25 03:10:00 2025", in whatever language: two colons, and a year at the end. */
static bool is_date(struct span text)
{
    unsigned colons = 0;

    for (const char *at = text.at; at < text.end; at++)
        colons += *at == ':';
    return colons == 2 && span_len(text) > 16 && is_digit(text.end[-1]) && is_digit(text.end[-4]);
}

/* "[   17.319426] " or "[Tue Nov 25 03:10:00 2025] ". "[  857]" is neither: a row of a table. */
static void take_bracketed_time(struct span *line, u64 *at_us)
{
    struct span rest = *line, inside;

    if (!span_take(&rest, "[") || !span_take_until(&rest, ']', &inside))
        return;
    if (!take_seconds(inside, at_us) && !is_date(inside))
        return;
    if (!span_empty(rest) && *rest.at == ' ')
        rest.at++;
    *line = rest;
    skip_caller(line);
}

/* What follows "kernel: ", when that stands where a tag would. */
static bool take_tag(struct span *line)
{
    struct span head = *line;
    const char *tag;

    if (span_len(head) > TAG_WITHIN)
        head.end = head.at + TAG_WITHIN;
    tag = span_find(head, " kernel: ");
    if (!tag)
        return false;
    line->at = tag + strlen(" kernel: ");
    return true;
}

static bool take_message(struct span line, struct klog_line *ret)
{
    u64 at_us = UINT64_MAX, priority;
    struct span rest = line;

    if (take_kmsg(&line, &at_us)) {
        *ret = (struct klog_line){line, at_us, ret->number};
        return true;
    }
    if (span_take(&rest, "<") && span_take_u64(&rest, &priority) && span_take(&rest, ">"))
        line = rest;
    if (begins_with_date(line) && !take_tag(&line))
        return false;
    take_bracketed_time(&line, &at_us);
    /* The host and tag of journalctl -o short-monotonic: no message has a tag in its second
     * word. */
    rest = line;

    struct span host;

    if (span_take_word(&rest, &host) && span_take(&rest, "kernel: "))
        line = rest;
    *ret = (struct klog_line){line, at_us, ret->number};
    return true;
}

bool klog_take_line(struct span *text, struct klog_line *ret)
{
    struct span line;

    while (span_take_line(text, &line)) {
        ret->number++;
        if (!span_empty(line) && line.end[-1] == '\r')
            line.end--;
        if (!span_empty(line) && take_message(line, ret))
            return true;
    }
    return false;
}

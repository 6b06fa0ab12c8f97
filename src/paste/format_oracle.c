/* format_oracle.c - what Oracle writes to its alert log about huge pages when it starts: how many
 * it expects, and how many it got.
 *
 *   Supported system pagesize(s): since 12.1, times between the lines PAGESIZE AVAILABLE_PAGES
 *     EXPECTED_PAGES ALLOCATED_PAGES ERROR(s)
 *           4K       Configured               5         2097157        NONE
 *        2048K             2049            6145            2049        NONE
 *
 *   ****************** Large Pages Information *****************                     11.2
 *   Total Shared Global Region in Large Pages = 0 KB (0%)
 *   Large Pages used by this instance: 0 (0 KB)
 *   Large Pages unused system wide = 1024 (2048 MB) (alloc incr 32 MB)
 *   Large Page size = 2048 KB
 *   ... of unused Large Pages by at least 3073 2048 KB Large Pages (6146 MB)
 *
 * With USE_LARGE_PAGES=TRUE it goes on with small pages for the rest; with ONLY it does not start.
 */
#include "paste/block.h"
#include "paste/state_int.h"

#include <stdio.h>

#define LINES_MAX 40

static bool is_table_head(struct span line)
{
    return span_find(line, "PAGESIZE") && span_find(line, "EXPECTED_PAGES");
}

bool oracle_pages_begins(const struct block *b, struct span line)
{
    (void)b;
    return is_table_head(line) || span_find(line, "* Large Pages Information *");
}

/* "   2048K   2049   6145   2049   NONE" */
static bool is_row(const struct fields *f)
{
    u64 bytes, pages;

    return f->count >= 5 && amount_of(f->at[0], 1, &bytes) && bytes >= 4096 &&
           (span_is(f->at[1], "Configured") || amount_of(f->at[1], 1, &pages)) &&
           is_digit(*f->at[2].at) && is_digit(*f->at[3].at);
}

bool oracle_pages_goes_on(const struct block *b, struct span line)
{
    struct fields f;

    (void)b;
    fields_split(line, &f);
    return f.count == 0 || is_row(&f) || span_find(line, "Large Page") ||
           span_find(line, "large page") || span_find(line, "Shared Global Region") ||
           span_find(line, "System Global Area") || span_find(line, "memlock (soft) limit") ||
           span_find(line, "RECOMMENDATION:") || span_find(line, "next instance restart") ||
           span_find(line, "system wide") || span_find(line, "Global Region allocated") ||
           /* The time of the next line. */
           (f.count <= 5 && span_find(line, ":") && memchr(line.at, '2', span_len(line)) &&
            !span_find(line, " = ") && span_len(span_trim(line)) < 36);
}

/* Huge pages of `page` bytes: so many were expected, so many had, so many were there. */
struct told_pages {
    u64 page, available, expected, had;
};

static void push(struct block *b, const struct told_pages *t, struct span words)
{
    struct refusal r = {
        .kind = REFUSED_HUGE, .program = "oracle", REFUSAL_UNTOLD, .place = b->place};

    if (t->expected <= t->had || t->expected > UNKNOWN / t->page / 2 || t->page < MIB)
        return;
    r.page = t->page;
    r.bytes = t->expected * t->page;
    r.had = t->had * t->page;
    r.told_left = t->available;
    span_copy(span_trim(words), r.words, sizeof(r.words));
    r.limit = b->text.len && span_find(span_of_buf(&b->text), "memlock (soft) limit to at least")
                  ? "memlock"
                  : NULL;
    vec_push(&b->p->s.refusals, r);
}

static void take_row(struct block *b, const struct fields *f, struct span line)
{
    struct told_pages t = {0};

    if (!amount_of(f->at[0], 1, &t.page) || !amount_of(f->at[1], 1, &t.available) ||
        !amount_of(f->at[2], 1, &t.expected) || !amount_of(f->at[3], 1, &t.had))
        return;
    push(b, &t, line);
}

static bool number_after(struct span text, const char *mark, u64 *ret)
{
    const char *at = span_find(text, mark);
    struct span rest = {at ? at + strlen(mark) : text.end, text.end};

    while (!span_empty(rest) && (is_blank(*rest.at) || *rest.at == '='))
        rest.at++;
    return span_take_u64(&rest, ret);
}

/* The block of 11.2: how many more it wants stands in what it recommends. */
static void take_old(struct block *b, struct span text)
{
    struct told_pages t = {.page = 2 * MIB};
    u64 more, kib, unused;

    if (!number_after(text, "Large Pages used by this instance:", &t.had) ||
        (!number_after(text, "by at least", &more) && !number_after(text, "at least", &more)))
        return;
    if (number_after(text, "Large Page size", &kib) && kib >= 1024 && kib <= MIB)
        t.page = kib * KIB;
    t.available =
        number_after(text, "Large Pages unused system wide", &unused) ? unused + t.had : 0;
    t.expected = t.available + more;
    push(b, &t, span_of("Large Pages Information: too few large pages", 44));
}

unsigned oracle_pages_parse(struct block *b, struct span text)
{
    struct span whole = text, line;
    bool table = false;
    unsigned lines = 0;

    while (span_take_line(&text, &line) && lines < LINES_MAX) {
        struct fields f;

        lines++;
        table |= is_table_head(line);
        fields_split(line, &f);
        if (table && is_row(&f))
            take_row(b, &f, line);
    }
    if (!table)
        take_old(b, whole);
    return lines;
}

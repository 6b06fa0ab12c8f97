/* format_beancounters.c - /proc/user_beancounters of OpenVZ: what a container holds of each
 * resource, and how often its limit refused more.
 *
 *        uid  resource           held    maxheld    barrier      limit    failcnt
 *       101:  kmemsize        8421376    9854976   14372700   14790164          0
 *             privvmpages       65221      65536      65536      69632        318
 *
 * The container's number stands in its first row alone. A row that grep left has none.
 */
#include "paste/block.h"

#include <stdio.h>

#define COUNTERS_MAX 1024
#define NUMBERS      5

/* "101:" */
static bool take_container(struct span *line, u64 *ret)
{
    struct span rest = *line, word, number;

    if (!span_take_word(&rest, &word) || span_len(word) < 2 || word.end[-1] != ':')
        return false;
    number = word;
    if (!span_take_u64(&number, ret) || *ret > UINT32_MAX || !span_is(number, ":"))
        return false;
    *line = rest;
    return true;
}

static const struct beancounter *beancounter_of(struct span name)
{
    for (unsigned i = 0; i < NR_BEANCOUNTERS; i++)
        if (span_is(name, beancounters[i].name))
            return &beancounters[i];
    return NULL;
}

/* "privvmpages 65221 65536 65536 69632 318": any name, and the resource if it is a known one, else
 * NULL. */
static bool take_row(struct span line, const struct beancounter **ret, u64 numbers[NUMBERS])
{
    struct span name;

    if (!span_take_word(&line, &name))
        return false;
    for (unsigned i = 0; i < NUMBERS; i++)
        if (!span_take_u64(&line, &numbers[i]))
            return false;
    *ret = beancounter_of(name);
    return span_empty(span_trim(line)) && (*name.at >= 'a' && *name.at <= 'z');
}

static bool is_head(struct span line)
{
    return words_begin(line, "uid resource held");
}

bool beancounters_begins(const struct block *b, struct span line)
{
    const struct beancounter *counter;
    u64 numbers[NUMBERS], container;

    /* Where the file is named, its first line is "Version: 2.5". */
    if (is_head(line) ||
        (path_ends(b->path, "user_beancounters") && span_begins(span_trim(line), "Version:")))
        return true;
    take_container(&line, &container);
    return take_row(line, &counter, numbers) && counter;
}

bool beancounters_goes_on(const struct block *b, struct span line)
{
    const struct beancounter *counter;
    u64 numbers[NUMBERS], container;

    (void)b;
    if (is_head(line))
        return true;
    take_container(&line, &container);
    return take_row(line, &counter, numbers);
}

unsigned beancounters_parse(struct block *b, struct span text)
{
    struct span line;
    u64 container = UNKNOWN;
    unsigned rows = 0;

    while (span_take_line(&text, &line)) {
        struct beancounter_view view = {.container = UNKNOWN};
        u64 numbers[NUMBERS];

        if (is_head(line))
            container = UNKNOWN;
        take_container(&line, &container);
        if (!take_row(line, &view.counter, numbers) || !view.counter)
            continue;
        rows++;
        if (b->p->s.beancounters.count >= COUNTERS_MAX)
            continue;
        view.container = container;
        view.held = numbers[0];
        view.most = numbers[1];
        view.barrier = numbers[2];
        view.limit = numbers[3];
        view.failed = numbers[4];
        vec_push(&b->p->s.beancounters, view);
    }
    return rows;
}

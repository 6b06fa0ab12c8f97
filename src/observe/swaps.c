/* swaps.c - /proc/swaps, in KiB.
 *
 * A blank in a file's name is printed as "\040", so columns are words.
 */
#include "observe/reading_int.h"

#define SWAPS_MAX 64 /* the kernel's own limit is 32 */

static bool is_octal(const char *at)
{
    return at[0] >= '0' && at[0] <= '3' && at[1] >= '0' && at[1] <= '7' && at[2] >= '0' &&
           at[2] <= '7';
}

void span_copy_unescaped(struct span word, char *buf, size_t size)
{
    struct strbuf plain;

    strbuf_init(&plain);
    while (!span_empty(word)) {
        if (*word.at == '\\' && span_len(word) >= 4 && is_octal(word.at + 1)) {
            strbuf_appendc(&plain, (char)((word.at[1] - '0') << 6 | (word.at[2] - '0') << 3 |
                                          (word.at[3] - '0')));
            word.at += 4;
        } else {
            strbuf_appendc(&plain, *word.at++);
        }
    }
    span_copy(span_of_buf(&plain), buf, size);
    strbuf_done(&plain);
}

unsigned parse_swaps(struct span text, struct snapshot *s)
{
    struct span line, name, type;
    unsigned found = 0;

    while (span_take_line(&text, &line) && s->swaps.count < SWAPS_MAX) {
        struct swap_view swap = {0};

        if (!span_take_word(&line, &name))
            continue;
        if (span_is(name, "Filename")) {
            found++;
            continue;
        }
        if (!span_take_word(&line, &type) || !span_take_u64(&line, &swap.size) ||
            !span_take_u64(&line, &swap.used) || !span_take_s64(&line, &swap.priority))
            continue;
        swap.size = kib_to_bytes(swap.size);
        swap.used = kib_to_bytes(swap.used);
        span_copy_unescaped(name, swap.name, sizeof(swap.name));
        swap.zram = strstr(swap.name, "/zram") != NULL;
        vec_push(&s->swaps, swap);
        found++;
    }
    return found;
}

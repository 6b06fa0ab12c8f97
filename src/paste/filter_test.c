/* filter_test.c - the look that passes lines over never hides the first line of a block or a
 * program's refusal. */
#include "paste/state_int.h"

#include "base/test.h"
#include "observe/source.h"
#include "paste/bytes.h"
#include "paste/line.h"

#include <stdio.h>

static bool (*const begins[NR_FORMATS])(const struct block *, struct span) = {
#define FORMAT(id, function, text, where, tells) function##_begins,
#include "paste/formats.def"
#undef FORMAT
};

static unsigned checked;

static void check_text(struct span text)
{
    struct paste *p = paste_new();
    const struct block *b = &p->state->open;
    struct span line, cleaned;
    struct strbuf buf;

    strbuf_init(&buf);
    while (span_take_line(&text, &line)) {
        struct filter kinds;

        if (!line_clean(line, &buf, &cleaned) || span_empty(span_trim(cleaned)))
            continue;
        kinds = filter_line(cleaned);
        for (unsigned i = 0; i < NR_FORMATS; i++) {
            if (!begins[i](b, cleaned))
                continue;
            checked++;
            if (!(kinds.formats >> i & 1))
                fail_msg("%s begins at a line that is passed over: %.*s", paste_format_names[i],
                         (int)span_len(cleaned), cleaned.at);
        }
    }
    strbuf_done(&buf);
    paste_free(p);
}

struct walk {
    struct source *src;
    const char *dir;
};

static bool check_file(void *ctx, const char *name, bool is_directory)
{
    struct walk *w = ctx;
    char path[512];
    struct strbuf text;

    snprintf(path, sizeof(path), "%s/%s", w->dir, name);
    if (is_directory) {
        source_list(w->src, path, check_file, &(struct walk){w->src, path});
        return true;
    }
    strbuf_init(&text);
    if (source_read(w->src, path, 1u << 20, &text) == 0)
        check_text(span_of_buf(&text));
    strbuf_done(&text);
    return true;
}

TEST(the_first_line_of_a_block_is_never_passed_over)
{
    struct walk w = {.dir = "tests/cases"};

    assert_int_equal(source_dir_open(".", &w.src, NULL), 0);
    source_list(w.src, w.dir, check_file, &w);
    source_free(w.src);
    assert_true(checked > 300);
}

TEST(what_programs_say_is_never_passed_over)
{
    const char *sign;

    for (unsigned i = 0; (sign = refusal_sign(i)); i++)
        assert_true(filter_line(span_of(sign, strlen(sign))).refusal);
    for (unsigned i = 0; (sign = sigkill_sign(i)); i++)
        assert_true(filter_line(span_of(sign, strlen(sign))).refusal);
}

/* The filter looks at every second place only, so each parity and both ends of a line count. */
TEST(a_text_is_found_wherever_it_stands)
{
    char line[300];
    const char *sign;

    for (unsigned i = 0; (sign = refusal_sign(i)); i++) {
        size_t len = strlen(sign);

        for (unsigned before = 0; before < 4; before++) {
            for (unsigned after = 0; after < 4; after++) {
                size_t all = before + len + after;

                assert_true(all < sizeof(line));
                memset(line, '.', all);
                memcpy(line + before, sign, len);
                assert_true(filter_line(span_of(line, all)).refusal);
            }
        }
    }
    assert_false(filter_any(filter_line(span_of("", 0))));
    assert_false(filter_any(filter_line(span_of("oom", 3))));
    assert_true(filter_line(span_of("oomd", 4)).log);
    assert_true(filter_line(span_of(".oomd", 5)).log);
    assert_false(filter_any(filter_line(span_of(".oomd", 4))));
}

/* Sixteen places at a time are looked at: each place of each length counts, and nothing beside the
 * text. */
TEST(a_byte_is_found_at_each_place)
{
    static const struct bytes_set set = BYTES_SET_OF('#', '%', '>', '&', 0x1b, 0xe2, '\0', '$');
    char text[64];

    memset(text, '#', sizeof(text));
    for (size_t len = 0; len < 50; len++) {
        memset(text + 1, '.', len);
        text[1 + len] = '#';
        assert_false(bytes_have_any(span_of(text + 1, len), &set));
        for (size_t at = 0; at < len; at++) {
            text[1 + at] = at % 2 ? '\0' : '$';
            assert_true(bytes_have_any(span_of(text + 1, len), &set));
            text[1 + at] = '.';
        }
    }
}

/* What prompts, fences, tags, entities, escapes, colours and other alphabets are made of, and
 * nothing else, at each place of each length. */
TEST(a_mark_is_seen_at_each_place_and_no_other_byte_is_one)
{
    char text[64];

    for (unsigned c = 0; c < 256; c++) {
        bool mark = (c < ' ' && c != '\t') || c >= 0x80 || (c && strchr("#$%&<>\\|`", (int)c));

        for (size_t len = 1; len < 50; len++) {
            memset(text, '#', sizeof(text));
            memset(text + 1, '.', len);
            for (size_t at = 0; at < len; at++) {
                text[1 + at] = (char)c;
                assert_int_equal(bytes_have_mark(span_of(text + 1, len)), mark);
                text[1 + at] = '.';
            }
        }
    }
    assert_false(bytes_have_mark(span_of("#", 0)));
}

TEST_MAIN()

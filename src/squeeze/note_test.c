/* note_test.c - the note of what to restore, there and back, and notes that nobody of ours
 * wrote. */
#include "base/test.h"
#include "squeeze/note.h"

#include <stdio.h>
#include <string.h>

TEST(a_note_is_read_as_it_was_written)
{
    struct squeeze_note note = {.pid = 4711,
                                .started = 881234,
                                .inode = 42,
                                .high_bytes = SQUEEZE_NONE},
                        back;
    struct strbuf text;

    strbuf_init(&text);
    snprintf(note.group, sizeof(note.group), "/sys/fs/cgroup/a b\tc/\xc3\xa4.service");
    squeeze_note_render(&note, &text);
    assert_int_equal(squeeze_note_parse(text.text, &back, NULL), 0);
    assert_true(back.pid == 4711 && back.started == 881234 && back.inode == 42);
    assert_true(back.high_bytes == SQUEEZE_NONE);
    assert_string_equal(back.group, note.group);
    strbuf_reset(&text);
    note.high_bytes = 64 * MIB;
    squeeze_note_render(&note, &text);
    assert_int_equal(squeeze_note_parse(text.text, &back, NULL), 0);
    assert_true(back.high_bytes == 64 * MIB);
    /* Cut off anywhere it is none. */
    for (size_t len = 0; len < text.len; len++) {
        text.text[len] = '\0';
        assert_int_equal(squeeze_note_parse(text.text, &back, NULL), -EINVAL);
        strbuf_reset(&text);
        squeeze_note_render(&note, &text);
    }
    strbuf_done(&text);
}

TEST(what_is_no_note_is_refused_with_what_would_be_right)
{
    static const char *const texts[] = {
        "",
        "highwater-live 2\npid 1 1\ninode 1\nmemory.high max\ngroup /x\n",
        "highwater-live 1\npid 1\ninode 1\nmemory.high max\ngroup /x\n",
        "highwater-live 1\npid -1 1\ninode 1\nmemory.high max\ngroup /x\n",
        "highwater-live 1\npid 1 1\ninode 99999999999999999999999\nmemory.high max\ngroup /x\n",
        "highwater-live 1\npid 1 1\ninode 1\nmemory.high lots\ngroup /x\n",
        "highwater-live 1\npid 1 1\ninode 1\nmemory.high max\ngroup x\n",
        "highwater-live 1\npid 1 1\ninode 1\nmemory.high max\ngroup /x\nmore\n",
    };
    struct squeeze_note note = {.pid = 7};
    struct strbuf text;

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct err e = {0};

        assert_int_equal(squeeze_note_parse(texts[i], &note, &e), -EINVAL);
        assert_non_null(strstr(e.text, "want "));
        assert_int_equal(note.pid, 7);
    }
    strbuf_init(&text);
    strbuf_append(&text, "highwater-live 1\npid 1 1\ninode 1\nmemory.high max\ngroup /");
    strbuf_fill(&text, 'x', PATH_MAX);
    strbuf_appendc(&text, '\n');
    assert_int_equal(squeeze_note_parse(text.text, &note, NULL), -EINVAL);
    strbuf_done(&text);
}

TEST_MAIN()

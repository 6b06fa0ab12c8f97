/* lacks_test.c - how a recorded command ended is told, and told once. */
#include "base/test.h"
#include "report/lacks.h"

#include <string.h>

static char *note_of(const char *end, bool closed, const char *name, struct strbuf *out)
{
    char text[64];
    struct trace t = {.closed = closed, .end = text};

    snprintf(text, sizeof(text), "%s", end);
    strbuf_reset(out);
    failed_remark(&t, name, out);
    return out->text;
}

TEST(a_command_that_failed_is_told)
{
    struct strbuf out;

    strbuf_init(&out);
    assert_non_null(
        strstr(note_of("exit_status=768\n", true, NULL, &out), "ended with exit status 3."));
    assert_non_null(strstr(note_of("exit_status=256\n", true, "busy.hwt", &out),
                           "the command of busy.hwt ended with exit status 1."));
    assert_non_null(
        strstr(note_of("exit_status=9\n", true, NULL, &out), "was killed by signal 9, SIGKILL."));
    strbuf_done(&out);
}

TEST(success_and_recordings_that_end_early_are_told_elsewhere)
{
    struct strbuf out;

    strbuf_init(&out);
    assert_string_equal(note_of("exit_status=0\n", true, NULL, &out), "");
    assert_string_equal(note_of("", true, NULL, &out), "");
    assert_string_equal(note_of("exit_status=768\n", false, NULL, &out), "");
    assert_string_equal(note_of("exit_status=15\nended_by=time\n", true, NULL, &out), "");
    strbuf_done(&out);
}

TEST_MAIN()

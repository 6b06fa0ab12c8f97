/* check_formats.c - the cases of a gate as CI systems read them: JUnit XML, TAP 14, and annotations
 * of GitHub Actions.
 *
 * Names of files may hold anything. Each format escapes what would end a name or begin something
 * else there; control characters, which XML does not know, are '?' (base/utf8.h).
 */
#include "report/check_report_int.h"

#include "base/utf8.h"

#include <inttypes.h>
#include <string.h>

/* A text with some of its bytes as something else. */
struct escapes {
    const char *bytes;
    const char *const *instead;
};

static void append_escaped(struct strbuf *out, const char *text, const struct escapes *escapes)
{
    struct strbuf clean;

    strbuf_init(&clean);
    utf8_append_clean(&clean, text);
    for (const char *at = clean.text; *at; at++) {
        const char *found = strchr(escapes->bytes, *at);

        if (found)
            strbuf_append(out, escapes->instead[found - escapes->bytes]);
        else
            strbuf_appendc(out, *at);
    }
    strbuf_done(&clean);
}

struct one_case {
    enum check_outcome outcome;
    struct strbuf name, text;
};

static void read_case(const struct check_report *r, unsigned i, struct one_case *ret)
{
    ret->outcome = check_case_outcome(r, i);
    strbuf_init(&ret->name);
    strbuf_init(&ret->text);
    check_case_name(r, i, &ret->name);
    check_case_text(r, i, &ret->text);
}

static void drop_case(struct one_case *c)
{
    strbuf_done(&c->name);
    strbuf_done(&c->text);
}

static unsigned count_outcome(const struct check_report *r, enum check_outcome outcome)
{
    unsigned nr = 0;

    for (unsigned i = 0; i < check_count_cases(r); i++)
        nr += check_case_outcome(r, i) == outcome;
    return nr;
}

/* --- JUnit: what does not fit is a failure, what cannot be told an error --- */

static const struct escapes xml = {
    "&<>\"'", (const char *const[]){"&amp;", "&lt;", "&gt;", "&quot;", "&apos;"}};

static void render_junit(const struct check_report *r, struct strbuf *out)
{
    strbuf_append(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    strbuf_printf(out,
                  "  <testsuite name=\"highwater check\" tests=\"%u\" failures=\"%u\" "
                  "errors=\"%u\">\n",
                  check_count_cases(r), count_outcome(r, CHECK_DOES_NOT_FIT),
                  count_outcome(r, CHECK_CANNOT_TELL));
    for (unsigned i = 0; i < check_count_cases(r); i++) {
        struct one_case c;
        const char *element;

        read_case(r, i, &c);
        element = c.outcome == CHECK_DOES_NOT_FIT ? "failure" : "error";
        strbuf_append(out, "    <testcase classname=\"highwater.check\" name=\"");
        append_escaped(out, c.name.text, &xml);
        strbuf_append(out, "\">\n      ");
        if (c.outcome == CHECK_FITS)
            strbuf_append(out, "<system-out>");
        else
            strbuf_printf(out, "<%s message=\"%s\">", element, check_outcome_name(c.outcome));
        append_escaped(out, c.name.text, &xml);
        strbuf_appendc(out, ' ');
        append_escaped(out, c.text.text, &xml);
        strbuf_printf(out, "</%s>\n    </testcase>\n",
                      c.outcome == CHECK_FITS ? "system-out" : element);
        drop_case(&c);
    }
    strbuf_append(out, "  </testsuite>\n</testsuites>\n");
}

/* --- TAP: '#' begins a directive --- */

static const struct escapes tap = {"\\#", (const char *const[]){"\\\\", "\\#"}};

static void render_tap(const struct check_report *r, struct strbuf *out)
{
    strbuf_printf(out, "TAP version 14\n1..%u\n", check_count_cases(r));
    for (unsigned i = 0; i < check_count_cases(r); i++) {
        struct one_case c;

        read_case(r, i, &c);
        strbuf_printf(out, "%sok %u - ", c.outcome == CHECK_FITS ? "" : "not ", i + 1);
        append_escaped(out, c.name.text, &tap);
        strbuf_appendc(out, ' ');
        append_escaped(out, c.text.text, &tap);
        strbuf_appendc(out, '\n');
        drop_case(&c);
    }
}

/* --- GitHub: '%' begins an escape --- */

static const struct escapes github = {"%\r\n", (const char *const[]){"%25", "%0D", "%0A"}};

static void render_github(const struct check_report *r, struct strbuf *out)
{
    for (unsigned i = 0; i < check_count_cases(r); i++) {
        struct one_case c;

        read_case(r, i, &c);
        strbuf_printf(out,
                      "::%s title=highwater check::", c.outcome == CHECK_FITS ? "notice" : "error");
        append_escaped(out, c.name.text, &github);
        strbuf_appendc(out, ' ');
        append_escaped(out, c.text.text, &github);
        strbuf_appendc(out, '\n');
        drop_case(&c);
    }
}

void check_render_format(const struct check_report *r, const char *name, struct strbuf *out)
{
    if (strcmp(name, "junit") == 0)
        render_junit(r, out);
    else if (strcmp(name, "tap") == 0)
        render_tap(r, out);
    else
        render_github(r, out);
}

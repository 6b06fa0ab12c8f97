/* anonymise_fuzz.c - copies of mutated pastes: those of tests/cases, with lines put in that say
 * names.
 *
 * Checked: the copy has as many lines as its text; the same text gives the same copy; no name that
 * an undamaged line says is left in it, on that line or on another.
 */
#include "base/test.h"

#include "observe/text_testing.h"
#include "report/anonymise.h"

#include <stdio.h>
#include <string.h>

/* A line that says a name, and the name. Each name stands in another line as well. */
static const struct {
    const char *line, *name;
} sayings[] = {
    {"[zquser7@db1 ~]$ free -m", "zquser7"},
    {"root@zqhost7:~# vmstat 5", "zqhost7"},
    {"  \"nodeName\": \"zqnode7\",", "zqnode7"},
    {"Hostname:      zqname7", "zqname7"},
    {"2026-11-25T03:10:00.123456+01:00 zqlog7 kernel: x", "zqlog7"},
    {"password=zqsecret7", "zqsecret7"},
    {"mail of zqmail7@zqdomain7.example", "zqmail7"},
};

static size_t lines_of(const char *text, size_t len)
{
    size_t lines = 0;

    for (size_t i = 0; i < len; i++)
        lines += text[i] == '\n';
    return lines;
}

static void copy_of(struct span text, struct strbuf *ret)
{
    struct anonymiser *a = anonymiser_new();

    anonymise_input(a, text.at, span_len(text), ret);
    anonymiser_free(a);
}

static void run(struct span text, const char *name)
{
    struct strbuf copy, again;

    strbuf_init(&copy);
    strbuf_init(&again);
    copy_of(text, &copy);
    copy_of(text, &again);
    assert(copy.len == again.len &&
           (copy.len == 0 || memcmp(copy.text, again.text, copy.len) == 0));
    assert(lines_of(copy.text, copy.len) == lines_of(text.at, span_len(text)));
    assert(!name || !span_find(span_of_buf(&copy), name));
    strbuf_done(&again);
    strbuf_done(&copy);
}

static void fuzz_once(struct prng *rng, const struct corpus *corpus)
{
    unsigned which = (unsigned)prng_below(rng, ARRAY_SIZE(sayings) + 1);
    struct strbuf with;
    size_t len, at;
    char *text = fuzz_text(rng, corpus, &len), *exact;

    if (which == ARRAY_SIZE(sayings)) {
        run(span_of(text, len), NULL);
        free(text);
        return;
    }
    strbuf_init(&with);
    strbuf_append_bytes(&with, text, len);
    at = fuzz_place(rng, &with, true);
    strbuf_reset(&with);
    strbuf_append_bytes(&with, text, at);
    strbuf_printf(&with, "%s\n", sayings[which].line);
    strbuf_append_bytes(&with, text + at, len - at);
    exact = fuzz_exact(&with);
    run(span_of(exact, with.len), sayings[which].name);
    free(exact);
    strbuf_done(&with);
    free(text);
}

int main(int argc, char **argv)
{
    struct fuzz_args args = fuzz_parse_args(argc, argv, 3000);
    struct corpus corpus = {0};
    struct prng rng;

    prng_seed(&rng, args.seed);
    fuzz_watch(args.seed);
    fuzz_now.what = "anonymised copies";
    corpus_add_tree(&corpus, "tests/cases");
    assert(corpus.texts.count > 40);
    vec_for_each (&corpus.texts, text)
        run(span_of_buf(text), NULL);
    for (u64 op = 0; op < args.operations; op++) {
        fuzz_now.operation = op;
        fuzz_once(&rng, &corpus);
    }
    corpus_done(&corpus);
    return 0;
}

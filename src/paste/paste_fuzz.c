/* paste_fuzz.c - every grammar and every prefix against mutated pastes: those of tests/cases, mixed with each other. */
#include "base/test.h"

#include "observe/fuzz_text.h"
#include "paste/paste.h"

#include <stdio.h>
#include <string.h>

static void check(const struct paste *p)
{
    snapshot_check(&p->s);
    if (p->has_before)
        snapshot_check(&p->before);
    vec_for_each (&p->blocks, b)
        assert(b->format < NR_FORMATS && b->place.file < p->files.count && b->place.line > 0);
    assert(p->not_understood <= p->lines);
    vec_for_each (&p->s.log, e) {
        assert(e->kind < NR_LOG_EVENT_KINDS);
        if (e->report)
            oom_report_check(e->report);
    }
    vec_for_each (&p->s.refusals, r) {
        assert(r->kind < NR_REFUSAL_KINDS);
        assert(memchr(r->program, '\0', sizeof(r->program)) &&
               memchr(r->words, '\0', sizeof(r->words)));
    }
}

/* In pieces of any size: where a line is cut between two readings must not matter. */
static void feed(struct paste *p, struct span text, struct prng *rng, bool pieces)
{
    paste_begin(p, "paste", 1725343068);
    while (!span_empty(text)) {
        size_t len = pieces ? 1 + prng_below(rng, 100) : span_len(text);
        struct span piece = {text.at, text.at + MIN(len, span_len(text))};

        paste_text(p, piece);
        text.at = piece.end;
    }
    paste_file_end(p);
}

static void run(struct span text, struct prng *rng)
{
    struct paste *whole = paste_new(), *pieces = paste_new();

    feed(whole, text, rng, false);
    feed(pieces, text, rng, true);
    paste_end(whole);
    paste_end(pieces);
    check(whole);
    assert(whole->lines == pieces->lines && whole->blocks.count == pieces->blocks.count);
    assert(whole->not_understood == pieces->not_understood);
    assert(memcmp(whole->s.meminfo, pieces->s.meminfo, sizeof(whole->s.meminfo)) == 0);
    paste_free(whole);
    paste_free(pieces);
}

struct files {
    struct corpus *corpus;
    const char *dir;
    struct source *src;
};

static bool add_file(void *ctx, const char *name, bool is_directory)
{
    struct files *files = ctx;
    char path[512];

    snprintf(path, sizeof(path), "%s/%s", files->dir, name);
    if (!is_directory) {
        assert(corpus_add(files->corpus, path));
        return true;
    }

    struct files inner = {files->corpus, path, files->src};

    source_list(files->src, path, add_file, &inner);
    return true;
}

int main(int argc, char **argv)
{
    struct fuzz_args args = fuzz_parse_args(argc, argv, 3000);
    struct corpus corpus = {0};
    struct files files = {.corpus = &corpus, .dir = "tests/cases"};
    struct prng rng;

    prng_seed(&rng, args.seed);
    fuzz_watch(args.seed);
    fuzz_now.what = "pastes";
    assert(source_dir_open(".", &files.src, NULL) == 0);
    source_list(files.src, files.dir, add_file, &files);
    source_free(files.src);
    assert(corpus.texts.count > 40);
    vec_for_each (&corpus.texts, text)
        run(span_of_buf(text), &rng);
    for (u64 op = 0; op < args.operations; op++) {
        size_t len;
        char *text;

        fuzz_now.operation = op;
        text = fuzz_text(&rng, &corpus, &len);
        run(span_of(text, len), &rng);
        free(text);
    }
    corpus_done(&corpus);
    return 0;
}

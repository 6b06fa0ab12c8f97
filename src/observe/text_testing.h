/* text_testing.h - hostile files made from real ones, for the fuzz programs of this room.
 *
 * A corpus is texts of fixtures. A mutation flips bits, cuts, repeats, drops or swaps lines, puts
 * huge numbers, NULs and lines of 64 KiB, takes newlines away, or joins two texts. The result lies
 * in a block of exactly its size, so that the sanitizer sees a byte read past the end.
 */
#ifndef OBSERVE_TEXT_TESTING_H
#define OBSERVE_TEXT_TESTING_H

#include "base/prng.h"
#include "observe/reading_int.h"

#include <signal.h>
#include <stdio.h>

/* --- which operation it was ------------------------------------------------------------------- */
struct fuzz_now {
    u64 seed, operation;
    const char *what;
};
static struct fuzz_now fuzz_now;

/* Defined when a sanitizer is linked in. */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static inline void fuzz_say_where(void)
{
    /* lint: only fuzz programs include this */
    fprintf(stderr, "fuzz: %s, seed %llu, operation %llu\n", fuzz_now.what,
            (unsigned long long)fuzz_now.seed, (unsigned long long)fuzz_now.operation);
}

static inline void fuzz_aborted(int number)
{
    fuzz_say_where();
    signal(number, SIG_DFL);
    raise(number);
}

/* From here on, a failure names the seed, the operation and fuzz_now.what. */
static inline void fuzz_watch(u64 seed)
{
    fuzz_now = (struct fuzz_now){.seed = seed, .what = ""};
    signal(SIGABRT, fuzz_aborted);
    if (__sanitizer_set_death_callback)
        __sanitizer_set_death_callback(fuzz_say_where);
}

/* --- texts ------------------------------------------------------------------------------------ */
struct corpus {
    VEC(struct strbuf) texts;
};

/* Add a file, relative to the root of the project. False when it is not there. */
static inline bool corpus_add(struct corpus *c, const char *path)
{
    struct source *src;
    struct strbuf text;

    if (source_dir_open(".", &src, NULL) != 0)
        return false;
    strbuf_init(&text);

    bool ok = source_read(src, path, 1u << 20, &text) == 0;

    source_free(src);
    if (ok)
        vec_push(&c->texts, text);
    else
        strbuf_done(&text);
    return ok;
}

struct corpus_tree {
    struct corpus *corpus;
    const char *dir;
    struct source *src;
};

static inline bool corpus_add_entry(void *ctx, const char *name, bool is_directory)
{
    struct corpus_tree *tree = ctx;
    char path[512];

    snprintf(path, sizeof(path), "%s/%s", tree->dir, name);
    if (!is_directory) {
        assert(corpus_add(tree->corpus, path));
        return true;
    }

    struct corpus_tree inner = {tree->corpus, path, tree->src};

    source_list(tree->src, path, corpus_add_entry, &inner);
    return true;
}

/* Every file below this directory, relative to the root of the project. */
static inline void corpus_add_tree(struct corpus *c, const char *dir)
{
    struct corpus_tree tree = {.corpus = c, .dir = dir};

    assert(source_dir_open(".", &tree.src, NULL) == 0);
    source_list(tree.src, dir, corpus_add_entry, &tree);
    source_free(tree.src);
}

static inline void corpus_add_text(struct corpus *c, const char *text)
{
    struct strbuf copy;

    strbuf_init(&copy);
    strbuf_append(&copy, text);
    vec_push(&c->texts, copy);
}

/* One parser and what it is fed. `files` end with NULL; each text may also be given whole in
 * `text`. */
struct fuzz_parser {
    const char *name;
    void (*run)(struct span text);
    const char *files[8];
    const char *text;
};

static inline void corpus_done(struct corpus *c)
{
    vec_for_each (&c->texts, text)
        strbuf_done(text);
    vec_done(&c->texts);
}

/* A place in the text, at a line's beginning when `line`. */
static inline size_t fuzz_place(struct prng *p, const struct strbuf *s, bool line)
{
    size_t at = s->len ? prng_below(p, s->len) : 0;

    while (line && at > 0 && s->text[at - 1] != '\n')
        at--;
    return at;
}

static inline size_t fuzz_line_end(const struct strbuf *s, size_t at)
{
    while (at < s->len && s->text[at] != '\n')
        at++;
    return MIN(at + 1, s->len);
}

/* Replace bytes [from, to) by others. */
static inline void fuzz_replace(struct strbuf *s, size_t from, size_t to, const char *by,
                                size_t len)
{
    struct strbuf result;

    strbuf_init(&result);
    strbuf_append_bytes(&result, s->text, from);
    strbuf_append_bytes(&result, by, len);
    strbuf_append_bytes(&result, s->text + to, s->len - to);
    strbuf_done(s);
    *s = result;
}

static inline void fuzz_number(struct prng *p, struct strbuf *s)
{
    static const char *const numbers[] = {"18446744073709551615",
                                          "18446744073709551616",
                                          "9223372036854775807",
                                          "99999999999999999999999999999999",
                                          "-1",
                                          "0",
                                          "4294967296",
                                          "1e9",
                                          "max",
                                          ""};
    const char *number = numbers[prng_below(p, ARRAY_SIZE(numbers))];
    size_t from = fuzz_place(p, s, false), to;

    while (from < s->len && !is_digit(s->text[from]))
        from++;
    for (to = from; to < s->len && is_digit(s->text[to]); to++)
        ;
    fuzz_replace(s, from, to, number, strlen(number));
}

static inline void fuzz_long_line(struct prng *p, struct strbuf *s)
{
    struct strbuf filler;

    strbuf_init(&filler);
    strbuf_fill(&filler, "x 9\n:,-("[prng_below(p, 8)], 64u << 10);

    size_t at = fuzz_place(p, s, prng_below(p, 2));

    fuzz_replace(s, at, at, filler.text, filler.len);
    strbuf_done(&filler);
}

static inline void fuzz_mutate_once(struct prng *p, const struct corpus *c, struct strbuf *s)
{
    size_t at = fuzz_place(p, s, false), line = fuzz_place(p, s, true);
    size_t end = fuzz_line_end(s, line);

    switch (prng_below(p, 12)) {
    case 0:
    case 1:
        if (s->len > 0)
            s->text[at] = (char)(s->text[at] ^ 1 << prng_below(p, 8));
        break;
    case 2:
        fuzz_replace(s, at, s->len, "", 0);
        break;
    case 3: {
        struct strbuf copy;

        strbuf_init(&copy);
        strbuf_append_bytes(&copy, s->text + line, end - line);
        fuzz_replace(s, line, line, copy.text, copy.len);
        strbuf_done(&copy);
        break;
    }
    case 4:
        fuzz_replace(s, line, end, "", 0);
        break;
    case 5:
    case 6:
        fuzz_number(p, s);
        break;
    case 7:
        if (s->len > 0)
            s->text[at] = "\0\n :/\xff\t()[];=,"[prng_below(p, 15)];
        break;
    case 8:
        if (prng_below(p, 8) == 0)
            fuzz_long_line(p, s);
        break;
    case 9: {
        const struct strbuf *other = &c->texts.items[prng_below(p, c->texts.count)];
        size_t from = fuzz_place(p, other, true);

        fuzz_replace(s, line, line, other->text + from, MIN(other->len - from, 4096u));
        break;
    }
    case 10:
        if (end > line)
            fuzz_replace(s, end - 1, end, "", 0);
        break;
    case 11:
        fuzz_replace(s, 0, line, "", 0);
        break;
    }
}

/* A text of the corpus, mutated some times; once in a while as it is. The caller frees it. */
static inline char *fuzz_text(struct prng *p, const struct corpus *c, size_t *ret_len)
{
    struct strbuf s;
    const struct strbuf *from = &c->texts.items[prng_below(p, c->texts.count)];
    u64 times = prng_below(p, 8);

    strbuf_init(&s);
    /* Long texts are cut to a window: where a parser goes wrong, it needs few lines. */
    size_t skip = from->len > 16384 && prng_below(p, 4) ? fuzz_place(p, from, true) : 0;

    strbuf_append_bytes(&s, from->text + skip,
                        skip ? MIN(from->len - skip, 8192u) : MIN(from->len, 65536u));
    while (times-- > 0)
        fuzz_mutate_once(p, c, &s);

    char *exact = xmalloc(s.len + (s.len == 0));

    if (s.len > 0)
        memcpy(exact, s.text, s.len);
    *ret_len = s.len;
    strbuf_done(&s);
    return exact;
}

/* The text in a block of exactly its size, so that a read past its end is seen. The caller frees
 * it. */
static inline char *fuzz_exact(const struct strbuf *text)
{
    char *exact = xmalloc(text->len + (text->len == 0));

    if (text->len)
        memcpy(exact, text->text, text->len);
    return exact;
}

/* Feed the parsers in turn, first of all with their corpora as they are. Returns the exit code. */
static inline int fuzz_parsers(const struct fuzz_parser *parsers, size_t count, u64 operations,
                               u64 seed)
{
    struct corpus *corpora = xcalloc(count, sizeof(*corpora));
    struct prng p;

    prng_seed(&p, seed);
    fuzz_watch(seed);
    for (size_t i = 0; i < count; i++) {
        fuzz_now.what = parsers[i].name;
        for (const char *const *file = parsers[i].files; *file; file++) {
            if (!corpus_add(&corpora[i], *file)) {
                /* lint: only fuzz programs include this */
                fprintf(stderr, "fuzz: no %s\n", *file);
                return 1;
            }
        }
        if (parsers[i].text)
            corpus_add_text(&corpora[i], parsers[i].text);
        vec_for_each (&corpora[i].texts, text)
            parsers[i].run(span_of_buf(text));
    }
    for (u64 op = 0; op < operations; op++) {
        const struct fuzz_parser *parser = &parsers[op % count];
        size_t len;

        fuzz_now.what = parser->name;
        fuzz_now.operation = op;

        char *text = fuzz_text(&p, &corpora[op % count], &len);

        parser->run(span_of(text, len));
        free(text);
    }
    for (size_t i = 0; i < count; i++)
        corpus_done(&corpora[i]);
    free(corpora);
    return 0;
}

#endif

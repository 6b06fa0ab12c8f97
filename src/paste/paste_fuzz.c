/* paste_fuzz.c - every grammar and every prefix against mutated pastes: those of tests/cases, mixed
 * with each other.
 *
 * What no pasted text has often is put into them: sentences that programs say without memory,
 * shells' commands with braces, and what loggers write before each line.
 */
#include "base/test.h"

#include "observe/text_testing.h"
#include "paste/state_int.h"

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

/* --- what is put into a text ------------------------------------------------------------------ */

static const char *const command_pieces[] = {
    "cat ",
    "cd ",
    "grep -H . ",
    "sudo ",
    "/sys/fs/cgroup/",
    "memory.max",
    "memory.stat",
    "/proc/meminfo",
    "{",
    "}",
    ",",
    ";",
    "..",
    "/",
    " ",
    "| ",
    "-",
    "pwd",
    "a",
    "free -m",
    "kubectl top node",
    "{a,b}",
    "}{",
    "head -5 ",
    "docker inspect ",
    "--format '{{.State.OOMKilled}} {{.HostConfig.Memory}}'",
    "kubectl get pod a -o jsonpath='{.spec.containers[*].resources.limits.memory}'",
    "vmware-toolbox-cmd stat balloon",
    "systemd-run -p MemoryMax=500M ",
    "nomad alloc status",
    "cat /proc/pressure/*",
    "cat /proc/user_beancounters",
};
static const char *const prompts[] = {"$ ", "root@h1:/# ", "[u@h1 ~]$ ", "~ # ", "h1% "};

/* "[7.5] " and what else loggers write before a message: elements in any order. */
static const char *const prefix_pieces[] = {
    "[17657.186235] ",
    "[17657.186235 <    0.000012>] ",
    "[17657.186235][ T1234] ",
    "[Sep03 05:57] ",
    "kern  :err   : ",
    "3,1234,17657186235,-;",
    "[Tue Sep  3 05:57:48 2024] ",
    "[mar. sept.  3 05:57:48 2024] ",
    "2024-09-03T05:57:48+00:00 ",
    "2024-09-03T13:57:48,000000+08:00 ",
    "<30>1 2024-09-03T05:57:48Z h1 kernel - - - ",
    "Sep  3 05:57:48 ",
    "9\346\234\210 03 05:57:48 ",
    "Tue 2024-09-03 05:57:48 UTC ",
    "messages-20240908:",
    "412-",
    "1725343068.000000 ",
    "2024-09-03T05:57:48Z stderr F ",
    "09-03 05:57:48.000     0     0 E ",
    "10.0.0.2: kern:     err: [2024-09-03T05:57:48Z]: ",
    "I0903 05:57:48.000000       1 log_monitor.go:160] ",
    "h1 kernel: ",
    "h1 app[77]: ",
    "earlyoom: ",
    "INFO  dump ",
    "{\"log\":\"",
    "{\"MESSAGE\":\"",
    "app-1  | ",
    "\033[0m\033[33m",
};

static const char *any_sign(struct prng *rng)
{
    const char *(*const signs[])(unsigned) = {refusal_sign, sigkill_sign, heap_sign, foreign_sign};
    const char *(*sign)(unsigned) = signs[prng_below(rng, ARRAY_SIZE(signs))];
    unsigned count = 0;

    while (sign(count))
        count++;
    return sign((unsigned)prng_below(rng, count));
}

/* One line of pieces; what stands in it is nothing that anybody wrote. */
static void put_line(struct prng *rng, struct strbuf *line)
{
    switch (prng_below(rng, 3)) {
    case 0:
        for (u64 n = 1 + prng_below(rng, 3); n > 0; n--)
            strbuf_printf(line, "%s%s%llu", prng_below(rng, 2) ? ": " : " ", any_sign(rng),
                          (unsigned long long)prng_next(rng) >> prng_below(rng, 64));
        break;
    case 1:
        strbuf_append(line, prompts[prng_below(rng, ARRAY_SIZE(prompts))]);
        for (u64 n = 1 + prng_below(rng, 12); n > 0; n--)
            strbuf_append(line, command_pieces[prng_below(rng, ARRAY_SIZE(command_pieces))]);
        break;
    case 2:
        strbuf_append(line, prefix_pieces[prng_below(rng, ARRAY_SIZE(prefix_pieces))]);
        strbuf_append(line, any_sign(rng));
        break;
    }
    strbuf_appendc(line, '\n');
}

static void put_prefix(struct prng *rng, struct strbuf *prefix)
{
    for (u64 n = 1 + prng_below(rng, 3); n > 0; n--)
        strbuf_append(prefix, prefix_pieces[prng_below(rng, ARRAY_SIZE(prefix_pieces))]);
}

/* The text with lines put between its own, and a logger's prefix before some that follow each
 * other. */
static void put_into(struct prng *rng, struct span text, struct strbuf *ret)
{
    struct strbuf prefix;
    struct span line;
    u64 prefixed = 0;

    strbuf_init(&prefix);
    while (span_take_line(&text, &line)) {
        if (prng_below(rng, 16) == 0)
            put_line(rng, ret);
        if (prefixed == 0 && prng_below(rng, 32) == 0) {
            strbuf_reset(&prefix);
            put_prefix(rng, &prefix);
            prefixed = 1 + prng_below(rng, 64);
        }
        if (prefixed > 0) {
            strbuf_append_bytes(ret, prefix.text, prefix.len);
            prefixed--;
        }
        strbuf_append_bytes(ret, line.at, span_len(line));
        if (line.end < text.at)
            strbuf_appendc(ret, '\n');
    }
    strbuf_done(&prefix);
}

static void fuzz_once(struct prng *rng, const struct corpus *corpus)
{
    size_t len;
    char *text = fuzz_text(rng, corpus, &len);
    struct strbuf with;
    char *exact;

    if (prng_below(rng, 2)) {
        strbuf_init(&with);
        put_into(rng, span_of(text, len), &with);
        exact = fuzz_exact(&with);
        run(span_of(exact, with.len), rng);
        free(exact);
        strbuf_done(&with);
    } else {
        run(span_of(text, len), rng);
    }
    free(text);
}

int main(int argc, char **argv)
{
    struct fuzz_args args = fuzz_parse_args(argc, argv, 3000);
    struct corpus corpus = {0};
    struct prng rng;

    prng_seed(&rng, args.seed);
    fuzz_watch(args.seed);
    fuzz_now.what = "pastes";
    corpus_add_tree(&corpus, "tests/cases");
    assert(corpus.texts.count > 40);
    vec_for_each (&corpus.texts, text)
        run(span_of_buf(text), &rng);
    for (u64 op = 0; op < args.operations; op++) {
        fuzz_now.operation = op;
        fuzz_once(&rng, &corpus);
    }
    corpus_done(&corpus);
    return 0;
}

/* scenario_fuzz.c - hostile scenario files, and random good ones that are run.
 *
 * Half of the texts are made of words of the format in any order, or are a good one with bytes
 * changed, lines cut, doubled and swapped: reading must end with 0 or an error that has a text, and
 * touch nothing it should not (./dev test runs this with sanitizers). The other half are good by
 * construction, small and short; they are run, and the machine is checked. */
#include "workload/scenario_run.h"

#include "base/strbuf.h"
#include "base/test.h"

#include <string.h>

static const char *const words[] = {
    "[machine]\n",
    "[task a]\n",
    "[task b]\n",
    "[cgroup a/b]\n",
    "[file f]\n",
    "[device d]\n",
    "[node 0]\n",
    "[node 1]\n",
    "ram",
    "distance",
    "[",
    "]",
    "=",
    "\n",
    " ",
    "#",
    ";",
    "0",
    "1",
    "-1",
    "4G",
    "1e400",
    "nan",
    "max",
    "yes",
    "seq",
    "zipf:",
    "zipf:0.9",
    "hotspot:",
    "hotspot:1:1",
    "append",
    "1s/1s",
    "10/s",
    "1M/s",
    "\xef\xbb\xbf",
    "\xff",
    "vm.",
    "cost.",
    "vm.swappiness",
    ":",
    "99999999999999999999",
    "f",
    "a/b",
    "d",
    "%",
    "\"",
};

static void add_word(struct strbuf *s, struct prng *p)
{
    u64 n = prng_below(p, ARRAY_SIZE(words) + NR_SCENARIO_KEYS);

    if (n < ARRAY_SIZE(words))
        strbuf_append(s, words[n]);
    else
        strbuf_printf(s, "%s = ", scenario_keys[n - ARRAY_SIZE(words)].name);
}

static const char *any_pattern(struct prng *p)
{
    static const char *const patterns[] = {"seq",    "random",        "zipf:0.9",
                                           "zipf:1", "hotspot:90:10", "sparse:2"};

    return patterns[prng_below(p, ARRAY_SIZE(patterns))];
}

static void add_task(struct strbuf *s, struct prng *p, unsigned number)
{
    bool file = prng_below(p, 2);

    strbuf_printf(s, "[task t%u]\nmemory = %uK\ntouch = %s\ntouches = %u\n", number,
                  4 + (unsigned)prng_below(p, 12000), any_pattern(p),
                  1 + (unsigned)prng_below(p, 99));
    if (prng_below(p, 2))
        strbuf_printf(s, "cgroup = g%u\n", (unsigned)prng_below(p, 2));
    if (file)
        strbuf_printf(s, "file = f%u\n%s = %s\n", (unsigned)prng_below(p, 2),
                      prng_below(p, 2) ? "read" : "map", any_pattern(p));
    if (file && prng_below(p, 2))
        strbuf_printf(s, "write = %s\nblock = %u\nfsync = %u\n",
                      prng_below(p, 2) ? "append" : any_pattern(p),
                      1 + (unsigned)prng_below(p, 100000), (unsigned)prng_below(p, 5));
    if (prng_below(p, 3) == 0)
        strbuf_printf(s, "workers = %u\npreload = %uK\n", 1 + (unsigned)prng_below(p, 4),
                      (unsigned)prng_below(p, 4000));
    if (prng_below(p, 3) == 0)
        strbuf_printf(s, "%s = %uM/s\n", prng_below(p, 2) ? "leak" : "grow",
                      1 + (unsigned)prng_below(p, 800));
    if (prng_below(p, 4) == 0)
        strbuf_append(
            s, "walk = 100000/s\nkernel_leak = 9M/s\nsockets = 9\nsocket_data = 64K\npin = 1M\n"
               "receive = 1000/s\npacket = 9000\nring = 64\narray = 64K\n");
    if (prng_below(p, 3) == 0)
        strbuf_append(s, prng_below(p, 2) ? "think = 1ms\n" : "rate = 2000/s\n");
    if (prng_below(p, 4) == 0)
        strbuf_append(s, "burst = 3ms/5ms\nphase = 4ms\n");
    if (prng_below(p, 4) == 0)
        strbuf_printf(s, "start = 2ms\nstop = %ums\n", 3 + (unsigned)prng_below(p, 30));
    if (prng_below(p, 4) == 0)
        strbuf_printf(s, "requests = %u\nhold = 1ms\n", 1 + (unsigned)prng_below(p, 50));
    strbuf_printf(s, "nice = %d\noom_score_adj = %d\nfill = %s\nlock = %s\n",
                  (int)prng_below(p, 40) - 20, (int)prng_below(p, 2001) - 1000,
                  prng_below(p, 4) ? "yes" : "no", prng_below(p, 6) ? "no" : "yes");
}

static void make_good(struct strbuf *s, struct prng *p)
{
    strbuf_printf(s, "[machine]\nram = %uM\ncpus = %u\nruntime = %ums\nswap = %uM\nseed = %u\n",
                  64 + (unsigned)prng_below(p, 40), 1 + (unsigned)prng_below(p, 4),
                  1 + (unsigned)prng_below(p, 30), (unsigned)prng_below(p, 2) * 32,
                  (unsigned)prng_below(p, 1000));
    strbuf_append(s, "disk = d\n[device d]\nprofile = ssd\nwrite_rate = 50M/s\nqueue_depth = 2\n");
    strbuf_printf(s, "[cgroup g0]\nmemory.max = %uM\n[cgroup g1]\nmemory.high = %uM\n",
                  4 + (unsigned)prng_below(p, 40), 4 + (unsigned)prng_below(p, 40));
    strbuf_printf(s, "[file f0]\nsize = %uK\n[file f1]\nsize = 3M\nkind = tmpfs\n",
                  1 + (unsigned)prng_below(p, 30000));
    for (unsigned i = 0; i <= prng_below(p, 4); i++)
        add_task(s, p, i);
}

/* Bytes changed, and pieces cut out, doubled or moved. */
static void damage(struct strbuf *s, struct prng *p)
{
    for (u64 n = prng_below(p, 6); n > 0 && s->len > 1; n--) {
        size_t at = prng_below(p, s->len), len = 1 + prng_below(p, MIN(s->len - at, 60));
        struct strbuf copy;

        switch (prng_below(p, 3)) {
        case 0:
            s->text[at] = (char)prng_next(p);
            break;
        case 1:
            memmove(s->text + at, s->text + at + len, s->len - at - len + 1);
            s->len -= len;
            break;
        default:
            strbuf_init(&copy);
            strbuf_append_bytes(&copy, s->text + at, len);
            strbuf_append_bytes(s, copy.text, copy.len);
            strbuf_done(&copy);
        }
    }
}

static void play(struct scenario *sc)
{
    struct system_config config;
    struct scenario_run run;
    struct system *system = xcalloc(1, sizeof(*system));
    struct err e = {0};

    scenario_system_config(sc, &config);
    if (system_init(system, &config, &e) ||
        scenario_run_init(&run, sc, &(struct scenario_run_config){.system = system}, &e)) {
        fprintf(stderr, "a good scenario cannot be run: %s\n", e.text);
        abort();
    }
    scenario_run(&run);
    sched_check(&run.sched);
    system_check(system);
    assert(run.stats.bad_ops == 0);
    scenario_run_done(&run);
    system_done(system);
    free(system);
}

static void one(struct prng *p, bool good)
{
    struct scenario sc;
    struct strbuf s;
    struct err e = {0};
    char *bytes;
    int rc;

    strbuf_init(&s);
    if (good || prng_below(p, 2))
        make_good(&s, p);
    else
        for (u64 n = prng_below(p, 60); n > 0; n--)
            add_word(&s, p);
    if (!good)
        damage(&s, p);
    bytes = xmalloc(s.len + 1); /* of exactly this size, for the sanitizers */
    memcpy(bytes, s.text, s.len);
    rc = scenario_read_bytes(&sc, "fuzz.ini", bytes, s.len, &e);
    if ((rc && (!e.text[0] || good)) || rc > 0) {
        fprintf(stderr, "reading gives %d, line %u: %s\n%s\n", rc, e.line, e.text, s.text);
        abort();
    }
    if (good)
        play(&sc);
    scenario_done(&sc);
    free(bytes);
    strbuf_done(&s);
}

int main(int argc, char **argv)
{
#ifdef HW_CHECKS
    struct fuzz_args args = fuzz_parse_args(argc, argv, 400);
#else
    struct fuzz_args args = fuzz_parse_args(argc, argv, 20000);
#endif
    for (u64 i = 0; i < args.operations; i++) {
        struct prng p;

        prng_seed(&p, hash_u64_pair(args.seed, i));
        one(&p, i % 100 == 0);
    }
    return 0;
}

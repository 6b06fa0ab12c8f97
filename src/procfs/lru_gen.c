/* lru_gen.c - /sys/kernel/mm/lru_gen, and the generations of each group in /sys/kernel/debug.
 *
 * Mirrors: lru_gen_seq_show() and lru_gen_seq_show_full() of mm/vmscan.c, Linux 6.1 without
 * CONFIG_LRU_GEN_STATS. */
#include "procfs/procfs.h"
#include "reclaim/mglru.h"

#include <inttypes.h>

static void render_enabled(const struct system *s, struct strbuf *out)
{
    strbuf_printf(out, "0x%04" PRIx64 "\n", s->tunables.lru_gen_enabled);
}

/* As jiffies have it. */
static void render_min_ttl_ms(const struct system *s, struct strbuf *out)
{
    const u64 jiffy_ms = JIFFY_NS / NS_PER_MS;

    strbuf_printf(out, "%" PRIu64 "\n",
                  (s->tunables.lru_gen_min_ttl_ms + jiffy_ms - 1) / jiffy_ms * jiffy_ms);
}

static u64 age_ms(const struct system *s, ns_t born)
{
    return (s->clock.now / JIFFY_NS - born / JIFFY_NS) * (JIFFY_NS / NS_PER_MS);
}

/* Of the youngest generation the averages, of the oldest what is counted for it. */
static void render_tier(const struct lru_gen *lg, u64 seq, unsigned tier, struct strbuf *out)
{
    strbuf_printf(out, "            %10u", tier);
    for (unsigned type = 0; type < NR_LRU_GEN_TYPES; type++) {
        const struct lru_gen_history *h = &lg->history[type];
        u64 n[3] = {0};
        const char *marks = "   ";

        if (seq == lg->max_seq) {
            marks = "RT ";
            n[0] = h->avg_refaulted[tier];
            n[1] = h->avg_total[tier];
        } else if (seq == lg->min_seq[type]) {
            marks = "rep";
            n[0] = h->refaulted[tier];
            n[1] = h->evicted[tier];
            n[2] = h->protected[tier];
        }
        for (unsigned i = 0; i < 3; i++)
            strbuf_printf(out, " %10" PRIu64 "%c", n[i], marks[i]);
    }
    strbuf_appendc(out, '\n');
}

static void render_detail(const struct lru_gen *lg, u64 seq, struct strbuf *out)
{
    bool youngest = seq == lg->max_seq;

    for (unsigned tier = 0; tier < MAX_NR_TIERS; tier++)
        render_tier(lg, seq, tier, out);
    strbuf_append(out, "                      ");
    for (unsigned i = 0; i < NR_MM_STATS; i++)
        strbuf_printf(out, " %10" PRIu64 "%c", youngest ? lg->stats[i] : 0,
                      youngest ? "LOYNFA"[i] : ' ');
    strbuf_appendc(out, '\n');
}

static void render_lruvec(const struct system *s, const struct lru_gen *lg, bool full,
                          struct strbuf *out)
{
    u64 seq = lg->min_seq[LRU_GEN_ANON];

    if (full)
        seq = lg->max_seq >= MAX_NR_GENS ? lg->max_seq - MAX_NR_GENS + 1 : 0;
    for (; seq <= lg->max_seq; seq++) {
        unsigned gen = gen_of_seq(seq);

        strbuf_printf(out, " %10" PRIu64 " %10" PRIu64, seq, age_ms(s, lg->born[gen]));
        for (unsigned type = 0; type < NR_LRU_GEN_TYPES; type++)
            strbuf_printf(out, " %10" PRIu64 "%c", lru_gen_size(lg, gen, (enum lru_gen_type)type),
                          full && seq < lg->min_seq[type] ? 'x' : ' ');
        strbuf_appendc(out, '\n');
        if (full)
            render_detail(lg, seq, out);
    }
}

static void render(const struct system *s, bool full, struct strbuf *out)
{
    /* Of a group that has had no page yet. */
    const struct lru_gen unused = {.max_seq = MIN_NR_GENS + 1};
    struct group *root = s->groups.root;
    char path[4096];

    for (struct group *g = group_next(root, NULL); g; g = group_next(root, g)) {
        group_path(g, path, sizeof(path));
        strbuf_printf(out, "memcg %5u %s\n", g->id, path);
        for (unsigned nid = 0; nid < s->frames.nr_nodes; nid++) {
            const struct lru_gen *lg = group_lruvec(g, nid)->gen;

            if (!s->frames.topology.ram_bytes[nid])
                continue;
            strbuf_printf(out, " node %5u\n", nid);
            render_lruvec(s, lg ? lg : &unused, full, out);
        }
    }
}

static void render_lru_gen(const struct system *s, struct strbuf *out)
{
    render(s, false, out);
}

static void render_lru_gen_full(const struct system *s, struct strbuf *out)
{
    render(s, true, out);
}

const struct machine_file lru_gen_files[] = {
    {"sys/kernel/debug/lru_gen", render_lru_gen},
    {"sys/kernel/debug/lru_gen_full", render_lru_gen_full},
    {"sys/kernel/mm/lru_gen/enabled", render_enabled},
    {"sys/kernel/mm/lru_gen/min_ttl_ms", render_min_ttl_ms},
};
const unsigned nr_lru_gen_files = ARRAY_SIZE(lru_gen_files);

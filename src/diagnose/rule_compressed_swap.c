/* rule_compressed_swap.c - how zswap and zram do. */
#include "diagnose/left.h"
#include "diagnose/pain.h"

/* Less stored is noise. */
#define STORED_MIN   (16 * MIB)
/* Below it a page saves less than a third of itself, and costs its compression both ways. */
#define RATIO_POOR   1.5
#define FULL_PERCENT 95.0
#define HOLDS_MOST   50.0 /* percent of MemTotal */

static void tell(struct rule_context *c, const char *name, u64 original, u64 compressed, u64 limit,
                 const char *where)
{
    double ratio = compressed ? (double)original / (double)compressed : NAN,
           full = share_of(compressed, limit);
    bool hurts = pain_severity(&c->f->psi[PSI_MEM]) >= SEV_WARNING;
    double held = share_of(compressed, c->f->total);
    bool bad = full >= FULL_PERCENT || ratio < RATIO_POOR;

    /* What is compressed is in RAM as well: so much of it, and swapping out frees hardly
     * anything. */
    if (held >= HOLDS_MOST)
        finding_add(c, left_is_nothing(c->f) ? SEV_CRITICAL : SEV_WARNING, CONF_HIGH, "host", 0.95,
                    "%s holds %s of memory, %s of all, for %s that were swapped out to it%s", name,
                    SIZE(compressed), AMOUNT(held, IN_PERCENT), SIZE(original),
                    ratio < RATIO_POOR ? ": it compresses badly" : "");
    else
        finding_add(c, bad && hurts ? SEV_WARNING : SEV_INFO, CONF_MEDIUM, "host",
                    bad ? 0.35 : 0.05, "%s holds %s in %s%s", name, SIZE(original),
                    SIZE(compressed),
                    full >= FULL_PERCENT ? ": its pool is full"
                    : ratio < RATIO_POOR ? ": it compresses badly"
                                         : "");
    evidence_shown(c, "stored", number_of(original), IN_BYTES, where);
    evidence_shown(c, "memory of the pool", number_of(compressed), IN_BYTES, where);
    evidence(c, "compression ratio", ratio, IN_TIMES, where, "under %.1f is poor", RATIO_POOR);
    if (held >= HOLDS_MOST)
        evidence(c, "share of MemTotal", held, IN_PERCENT, where, "over %.0f %%", HOLDS_MOST);
    evidence(c, "pool used", full, IN_PERCENT, where, "full from %.0f %%", FULL_PERCENT);
}

/* Where nothing says what zram holds, the pages of its allocator do, which no other counter has. */
static void tell_pages(struct rule_context *c)
{
    u64 pages = c->s->vmstat[NR_ZSPAGES], bytes, swapped = 0;
    double held;

    if (!known(pages) || pages > UINT32_MAX)
        return;
    bytes = pages * (known(c->s->page_bytes) && c->s->page_bytes ? c->s->page_bytes : 4096);
    held = share_of(bytes, c->f->total);
    if (!(held >= HOLDS_MOST))
        return;
    vec_for_each (&c->s->swaps, swap)
        swapped += swap->zram && known(swap->used) ? swap->used : 0;
    finding_add(c, left_is_nothing(c->f) ? SEV_CRITICAL : SEV_WARNING, CONF_HIGH, "host", 0.95,
                "The pool of compressed swap holds %s of memory, %s of all", SIZE(bytes),
                AMOUNT(held, IN_PERCENT));
    if (swapped) {
        finding_title(
            c,
            "The pool of zram holds %s of memory, %s of all, for %s that were swapped out "
            "to it",
            SIZE(bytes), AMOUNT(held, IN_PERCENT), SIZE(swapped));
        evidence_shown(c, "swapped out to zram", number_of(swapped), IN_BYTES, "/proc/swaps");
    }
    evidence_shown(c, "nr_zspages", number_of(bytes), IN_BYTES, "/proc/vmstat");
    evidence(c, "share of MemTotal", held, IN_PERCENT, "/proc/vmstat", "over %.0f %%", HOLDS_MOST);
}

void rule_compressed_swap(struct rule_context *c)
{
    const u64 *m = c->s->meminfo;
    u64 percent = c->s->zswap_max_pool_percent;

    if (!wants_host(c))
        return;
    if (known(m[MI_ZSWAPPED]) && known(m[MI_ZSWAP]) && m[MI_ZSWAPPED] >= STORED_MIN)
        tell(c, "zswap", m[MI_ZSWAPPED], m[MI_ZSWAP],
             known(percent) && known(c->f->total) ? c->f->total / 100 * percent : UNKNOWN,
             "/proc/meminfo");
    if (c->s->zrams.count == 0 && !known(m[MI_ZSWAPPED]))
        tell_pages(c);
    vec_for_each (&c->s->zrams, z) {
        if (known(z->original) && known(z->used_total) && z->original >= STORED_MIN)
            tell(c, z->name, z->original, z->used_total,
                 known(z->limit) && z->limit ? z->limit : UNKNOWN, part_names[PART_ZRAM]);
    }
}

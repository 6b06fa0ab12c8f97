/* rule_fragmentation.c - free memory in pieces smaller than what is asked for. */
#include "diagnose/pain.h"

#include <string.h>

/* A huge page of x86 and arm64 with 4 KiB pages. */
#define LARGE_ORDER 9
/* Percent of the free memory that stands in blocks that large. */
#define LARGE_SHARE 5.0
/* Percent of memory that is pinned, from which on a block of 2 MiB seldom has none of it where pins are spread. */
#define PINNED_MUCH 1.0
/* Somebody asks in vain, a second. */
#define ASKED       1.0

/* Free pages of all zones but DMA, and those in large blocks; false when buddyinfo says nothing. */
static bool sum_free(const struct snapshot *s, u64 *ret_free, u64 *ret_large)
{
    u64 all = 0, large = 0;
    bool any = false;

    vec_for_each (&s->zones, z) {
        if (strcmp(z->name, "DMA") == 0)
            continue;
        for (u32 order = 0; order < MIN(z->nr_orders, (u32)ORDERS_MAX); order++) {
            u64 pages = figure_or(z->blocks[order], 0) << order;

            all += pages;
            large += order >= LARGE_ORDER ? pages : 0;
            any = true;
        }
    }
    *ret_free = all;
    *ret_large = large;
    return any && all > 0;
}

/* Compaction that most often fails is fragmentation that costs time: as severe as that. */
static enum severity severity_of(struct rule_context *c)
{
    bool in_vain = rate(c, COMPACT_FAIL) > rate(c, COMPACT_SUCCESS);

    if (in_vain && finding_said(c, RULE_THP_COMPACTION, SEV_CRITICAL))
        return SEV_CRITICAL;
    if (in_vain && finding_said(c, RULE_THP_COMPACTION, SEV_WARNING))
        return SEV_WARNING;
    /* When memory is short of everything its pieces are small too: only where nothing else explains the pain it is the cause. */
    return pain_severity(&c->f->psi[PSI_MEM]) >= SEV_WARNING &&
                   !finding_said(c, NR_RULES, SEV_WARNING)
               ? SEV_WARNING
               : SEV_INFO;
}

/* What compaction cannot move, and somebody may let go of. */
static void say_pinned(struct rule_context *c)
{
    double share = known(c->f->pinned) ? share_of(c->f->pinned, c->f->total) : 0;

    if (!(share >= PINNED_MUCH))
        return;
    finding_detail(c,
                   "%s of memory, %s, is pinned (RDMA, VFIO, io_uring): compaction cannot move it, "
                   "and fails where it lies between free pages.",
                   AMOUNT(share, IN_PERCENT), SIZE(c->f->pinned));
    evidence(c, "pinned", number_of(c->f->pinned), IN_BYTES, "/proc/vmstat",
             "over %.0f %% of MemTotal", PINNED_MUCH);
    evidence_shown(c, "pinned share of MemTotal", share, IN_PERCENT, "/proc/vmstat");
}

void rule_fragmentation(struct rule_context *c)
{
    double fallback = rate(c, THP_FAULT_FALLBACK), compact = rate(c, COMPACT_FAIL),
           collapse = rate(c, THP_COLLAPSE_ALLOC_FAILED);
    /* A fault that compacts in vain and falls back is in two of the counters: at least so many. */
    double failed = fallback > compact ? fallback : isnan(compact) ? fallback : compact;
    bool in_log = finding_said(c, RULE_ALLOCATION_FAILURE, SEV_INFO);
    u64 all, large;
    double share;

    failed = sum_known(failed, collapse);
    if (!wants_host(c))
        return;
    if (!sum_free(c->s, &all, &large)) {
        gap_part(c, "whether free memory is in large blocks", PART_BUDDYINFO);
        return;
    }
    share = 100 * (double)large / (double)all;
    /* Who pastes the free lists asks of them; whether anybody asks in vain, one look does not say. */
    if (share >= LARGE_SHARE || (!(failed >= ASKED) && !in_log && !c->s->pasted))
        return;
    finding_add(c, severity_of(c), in_log && failed >= ASKED ? CONF_HIGH : CONF_MEDIUM, "host", 0.3,
                "Free memory is in small pieces: %s of it is in blocks of 2 MiB",
                AMOUNT(share, IN_PERCENT));
    if (failed >= ASKED)
        finding_detail(c, "%s requests for a large block fail each second.",
                       AMOUNT(failed, IN_COUNT));
    say_pinned(c);
    evidence(c, "free memory in large blocks", share, IN_PERCENT, "/proc/buddyinfo",
             "under %.0f %%", LARGE_SHARE);
    evidence_shown(c, "large block", 2.0 * MIB, IN_BYTES, "/proc/buddyinfo");
    evidence(c, "large blocks denied", failed, IN_EVENTS_PER_S, "/proc/vmstat", "over %.0f /s",
             ASKED);
    evidence(c, "thp_fault_fallback", fallback, IN_EVENTS_PER_S, "/proc/vmstat", "%s", "");
    evidence(c, "compact_fail", compact, IN_EVENTS_PER_S, "/proc/vmstat", "%s", "");
    evidence(c, "compact_success", rate(c, COMPACT_SUCCESS), IN_EVENTS_PER_S, "/proc/vmstat", "%s",
             "");
    evidence(c, "compact_stall", rate(c, COMPACT_STALL), IN_EVENTS_PER_S, "/proc/vmstat", "%s", "");
    evidence(c, "allocstall", c->f->allocstall, IN_EVENTS_PER_S, "/proc/vmstat", "%s", "");
}

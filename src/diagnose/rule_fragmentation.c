/* rule_fragmentation.c - free memory in pieces smaller than what is asked for. */
#include "diagnose/blocks.h"
#include "diagnose/pain.h"

/* Percent of the free memory that stands in blocks that large. */
#define LARGE_SHARE 5.0
/* Percent of memory that is pinned, from which on a block of 2 MiB seldom has none of it where pins
 * are spread. */
#define PINNED_MUCH 1.0
/* Somebody asks in vain, a second. */
#define ASKED       1.0
/* Percent of the pageblocks: a machine at rest has a few. */
#define KERNEL_MUCH 20.0

/* Compaction that most often fails is fragmentation that costs time: as severe as that. */
static enum severity severity_of(struct rule_context *c)
{
    bool in_vain = rate(c, COMPACT_FAIL) > rate(c, COMPACT_SUCCESS) || isnan(rate(c, COMPACT_FAIL));

    if (in_vain && finding_said(c, RULE_THP_COMPACTION, SEV_CRITICAL))
        return SEV_CRITICAL;
    if (in_vain && finding_said(c, RULE_THP_COMPACTION, SEV_WARNING))
        return SEV_WARNING;
    /* When memory is short of everything its pieces are small too: only where nothing else explains
     * the pain it is the cause. */
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

/* Is free memory in pieces, or too little of it free? And what no compaction empties. */
static void say_blocks(struct rule_context *c, const struct free_blocks *b)
{
    if (known(b->extfrag) && b->extfrag <= EXTFRAG_IN_PIECES)
        finding_detail(c, "A block of 2 MiB is missing because too little memory is free, rather "
                          "than because it is in pieces (extfrag_index).");
    if (b->kernel_share >= KERNEL_MUCH)
        finding_detail(c,
                       "%s of all blocks of 2 MiB are the kernel's (Unmovable, Reclaimable): "
                       "compaction makes none of these free.",
                       AMOUNT(b->kernel_share, IN_PERCENT));
    free_blocks_evidence(c, b);
}

/* One look: requests that compacted and still were denied, a second on average since boot. Faults
 * that fall back without a wait (thp_fault_fallback) are no such requests. */
static double denied_since_boot(const struct rule_context *c)
{
    u64 fails = c->s->vmstat[COMPACT_FAIL], us = c->s->uptime_us;

    if (!isnan(rate(c, COMPACT_FAIL)) || !known(fails) || !known(us) || us == 0)
        return NAN;
    return (double)fails * 1e6 / (double)us;
}

void rule_fragmentation(struct rule_context *c)
{
    double fallback = rate(c, THP_FAULT_FALLBACK), compact = rate(c, COMPACT_FAIL),
           collapse = rate(c, THP_COLLAPSE_ALLOC_FAILED);
    /* A fault that compacts in vain and falls back is in two of the counters: at least so many. */
    double failed = fallback > compact ? fallback : isnan(compact) ? fallback : compact;
    double denied = denied_since_boot(c);
    bool in_log = finding_said(c, RULE_ALLOCATION_FAILURE, SEV_INFO);
    struct free_blocks b;
    double share;

    failed = sum_known(failed, collapse);
    if (!wants_host(c))
        return;
    if (!free_blocks_sum(c->s, &b)) {
        gap_part(c, "whether free memory is in large blocks", PART_BUDDYINFO);
        return;
    }
    share = 100 * (double)b.large / (double)b.pages;
    /* Who pastes the free lists asks of them; whether anybody asks in vain, one look does not
     * say. */
    if (share >= LARGE_SHARE ||
        (!(failed >= ASKED) && !(denied >= ASKED) && !in_log && !c->s->pasted))
        return;
    finding_add(c, severity_of(c), in_log && failed >= ASKED ? CONF_HIGH : CONF_MEDIUM, "host", 0.3,
                "Free memory is in small pieces: %s of it is in blocks of 2 MiB",
                AMOUNT(share, IN_PERCENT));
    if (failed >= ASKED)
        finding_detail(c, "%s requests for a large block fail each second.",
                       AMOUNT(failed, IN_COUNT));
    if (denied >= ASKED) {
        finding_detail(c, "Since boot %s requests for a large block were denied after compaction.",
                       AMOUNT(number_of(c->s->vmstat[COMPACT_FAIL]), IN_COUNT));
        evidence_shown(c, "compact_fail since boot", number_of(c->s->vmstat[COMPACT_FAIL]),
                       IN_COUNT, "/proc/vmstat");
        evidence(c, "compact_fail, mean since boot", denied, IN_EVENTS_PER_S, "/proc/vmstat",
                 "over %.0f /s", ASKED);
    }
    say_pinned(c);
    say_blocks(c, &b);
    evidence(c, "free memory in large blocks", share, IN_PERCENT, b.where, "under %.0f %%",
             LARGE_SHARE);
    evidence_shown(c, "large block", 2.0 * MIB, IN_BYTES, b.where);
    evidence(c, "large blocks denied", failed, IN_EVENTS_PER_S, "/proc/vmstat", "over %.0f /s",
             ASKED);
    evidence(c, "thp_fault_fallback", fallback, IN_EVENTS_PER_S, "/proc/vmstat", "%s", "");
    evidence(c, "compact_fail", compact, IN_EVENTS_PER_S, "/proc/vmstat", "%s", "");
    evidence(c, "compact_success", rate(c, COMPACT_SUCCESS), IN_EVENTS_PER_S, "/proc/vmstat", "%s",
             "");
    evidence(c, "compact_stall", rate(c, COMPACT_STALL), IN_EVENTS_PER_S, "/proc/vmstat", "%s", "");
    evidence(c, "allocstall", c->f->allocstall, IN_EVENTS_PER_S, "/proc/vmstat", "%s", "");
}

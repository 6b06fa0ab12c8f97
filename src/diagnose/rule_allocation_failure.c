/* rule_allocation_failure.c - allocations that failed, as the kernel log tells: for lack of memory,
 * of a block, or of a reserve. */
#include "diagnose/oom_tell.h"
#include "diagnose/refused.h"

#include <string.h>

/* Callers that cannot wait have a fallback for a failure now and then; this many in an hour are a
 * state. */
#define MANY         10
#define RECENT_S     3600.0
/* The kernel's own limit on these reports. */
#define TOLD_EVERY_S 10.0
/* Of a machine that is up for less, as many in its time since boot, which counts as no less than
 * this. */
#define UP_MIN_S     300.0
#define ORDER_HIGH \
    3 /* PAGE_ALLOC_COSTLY_ORDER: up to it the allocator tries hard, beyond it may give up */
/* This many zones' watermarks free are no lack of memory. */
#define PLENTY 2

#define BYTES_OF(c, e, part, name, bytes) \
    oom_figure((char[48]){0}, c, e, OOM_PART_##part, name, number_of(bytes), IN_BYTES)
#define BYTES(part, name, bytes) BYTES_OF(c, e, part, name, bytes)

static enum oom_cause cause_of(const struct oom_facts *f)
{
    const struct log_event *e = f->e;
    bool cma = known(f->free_cma) && f->free_cma > f->free_usable + f->free_reserve;

    if (cma && f->free_cma > figure_or(f->free_high, 0))
        return CAUSE_CMA;
    /* What is free lies in zones or on nodes that it may not use. */
    if (known(f->free_usable) && f->free_nodes > PLENTY * f->free_high && f->free_usable == 0)
        return CAUSE_NODE;
    if (known(f->free_usable) && f->free_zones > PLENTY * f->free_high && f->free_usable == 0 &&
        f->free_reserve <= f->free_high)
        return CAUSE_ZONE;
    /* Who may wait reclaims what it lacks, and compacts: a block is what nobody could make it. */
    if (f->may_wait)
        return e->order > 0 ? CAUSE_ORDER : CAUSE_RECLAIM;
    /* Nothing beyond the reserve is free: there is no memory that could be in pieces. */
    if (known(f->free_usable) && f->usable_zone_told && f->free_usable == 0)
        return CAUSE_RESERVE;
    if (e->order > 0)
        return CAUSE_ORDER;
    /* It may wait, and need not. */
    if (f->r && f->r->has_mask && !f->atomic && f->usable_zone_told && known(f->free_usable) &&
        f->free_usable > PLENTY * f->free_high)
        return CAUSE_REQUEST;
    return CAUSE_RESERVE;
}

/* "for md5sum, in btrfs_lookup_bio_sums [btrfs]" */
static void say_caller(const struct incident *i, struct strbuf *out)
{
    char nodes[64];

    if (*i->e->comm)
        strbuf_printf(out, " for %s", i->e->comm);
    if (i->e->order > 0 && oom_is_fork(i->facts.r))
        strbuf_append(out, " to fork");
    if (i->ruling.frame)
        strbuf_printf(out, " (%s)", i->ruling.frame);
    if (*oom_nodes_only(nodes, &i->facts))
        strbuf_printf(out, ", from node %s only", nodes);
}

static void say_free(struct rule_context *c, const struct incident *i, struct strbuf *out)
{
    const struct log_event *e = i->e;
    const struct oom_facts *f = &i->facts;

    if (!known(f->free))
        return;
    strbuf_printf(out, ": %s is free", BYTES(MEM_INFO, "free", f->free));
    if (e->order > 0 && known(f->largest_block) && f->largest_block > 0)
        strbuf_printf(out, ", in blocks of at most %s",
                      BYTES(FREE_LISTS, "largest free block", f->largest_block));
    if (e->order > 0 && f->kept_by == KEPT_CMA)
        strbuf_append(out, " outside CMA");
    else if (e->order > 0 && f->kept_by == KEPT_HIGHATOMIC)
        strbuf_append(out, " outside the atomic reserve");
    if (known(f->file) && f->file > f->free)
        strbuf_printf(out, ", and %s of file cache could be dropped",
                      BYTES(MEM_INFO, "file cache", f->file));
}

/* Blocks of that size are there, so that a watermark refused them. */
static bool has_block(const struct oom_facts *f, u64 page)
{
    return known(f->largest_block) && f->largest_block >= page << MIN(f->e->order, 20u);
}

/* It goes on trying, whatever the reason. */
static void say_stall(struct rule_context *c, const struct incident *i, struct strbuf *out)
{
    const struct log_event *e = i->e;
    const char *gfp = e->report ? e->report->gfp : "";
    char waited[48];

    oom_figure(waited, c, e, OOM_PART_INVOKED, "waited so far", e->stalled_ms / 1000.0, IN_SECONDS);
    strbuf_printf(out, "An allocation has waited %s for memory (order %u%s%s)", waited, e->order,
                  *gfp ? ", " : "", gfp);
    (void)oom_figure((char[48]){0}, c, e, OOM_PART_INVOKED, "order", e->order, IN_ID);
    say_caller(i, out);
    say_free(c, i, out);
}

/* long: a sentence for each cause */
static void make_title(struct rule_context *c, const struct incident *i, enum oom_cause cause,
                       struct strbuf *out)
{
    const struct log_event *e = i->e;
    const struct oom_facts *f = &i->facts;
    u64 page = e->report && e->report->page_bytes ? e->report->page_bytes : 4096;
    const char *gfp = e->report ? e->report->gfp : "";

    if (e->stalled_ms) {
        say_stall(c, i, out);
        return;
    }
    switch (cause) {
    case CAUSE_CMA:
        strbuf_append(out, "An allocation failed");
        say_caller(i, out);
        strbuf_printf(out, ": of %s free", BYTES(MEM_INFO, "free", f->free));
        strbuf_printf(out, " %s is reserved for contiguous memory (CMA)",
                      BYTES(ZONES, "free CMA", f->free_cma));
        return;
    case CAUSE_NODE:
    case CAUSE_ZONE:
        strbuf_append(out, "An allocation failed");
        say_caller(i, out);
        strbuf_printf(
            out, ": the %s it may use are full; %s is free in others",
            cause == CAUSE_NODE ? "nodes" : "zones",
            BYTES(ZONES, "free elsewhere", cause == CAUSE_NODE ? f->free_nodes : f->free_zones));
        return;
    case CAUSE_ORDER:
        (void)oom_figure((char[48]){0}, c, e, OOM_PART_INVOKED, "order", e->order, IN_ID);
        strbuf_printf(out,
                      has_block(f, page) ? "A block of %s was refused (order %u%s%s)"
                                         : "No free block of %s (order %u%s%s)",
                      BYTES(INVOKED, "block", page << MIN(e->order, 20u)), e->order,
                      *gfp ? ", " : "", gfp);
        say_caller(i, out);
        if (has_block(f, page) && known(f->free)) {
            strbuf_printf(out,
                          f->order_refuses
                              ? ": %s is free, of which too little in blocks of that size to stay "
                                "above the watermark"
                          : f->free_usable == 0
                              ? ": %s is free, and such blocks only in zones that are at their "
                                "watermark"
                              : ": %s is free, blocks of that size among it when it was reported",
                          BYTES(MEM_INFO, "free", f->free));
            (void)BYTES(FREE_LISTS, "largest free block", f->largest_block);
            return;
        }
        say_free(c, i, out);
        return;
    default:
        (void)oom_figure((char[48]){0}, c, e, OOM_PART_INVOKED, "order", e->order, IN_ID);
        if (e->task_memcg) {
            char label[96];

            strbuf_printf(out,
                          "Kernel memory of %s could not grow (cache %s, order %u%s%s): a limit on "
                          "its kernel memory, or an empty reserve",
                          group_label(label, e->task_memcg), *e->comm ? e->comm : "not named",
                          e->order, *gfp ? ", " : "", gfp);
            return;
        }
        strbuf_printf(out, "The reserve was empty: a page that may not wait (order %u%s%s) failed",
                      e->order, *gfp ? ", " : "", gfp);
        if (!f->atomic) {
            strbuf_reset(out);
            strbuf_printf(out, "A single page could not be allocated%s (order %u%s%s)",
                          f->may_wait ? ", though it could wait and reclaim" : "", e->order,
                          *gfp ? ", " : "", gfp);
        }
        if (e->order > 0) {
            strbuf_reset(out);
            strbuf_printf(out, "Nothing beyond the reserve was free: no block of %s (order %u%s%s)",
                          BYTES(INVOKED, "block", page << MIN(e->order, 20u)), e->order,
                          *gfp ? ", " : "", gfp);
        }
        say_caller(i, out);
        say_free(c, i, out);
        return;
    }
}

/* Where this report was cut before its figures, those of another of the same boot without a
 * beginning stand for them. */
static struct incident with_figures(const struct rule_context *c, const struct incident *i,
                                    bool *borrowed)
{
    struct incident whole = *i;

    *borrowed = false;
    if (known(i->facts.free))
        return whole;
    vec_for_each (&c->incidents->items, at) {
        if (at->e->kind != LOG_MEM_INFO || !known(at->facts.free) ||
            at->e->stamp.boot != i->e->stamp.boot)
            continue;
        whole.facts = at->facts;
        whole.facts.e = i->e;
        whole.facts.atomic = i->facts.atomic;
        whole.facts.may_wait = i->facts.may_wait;
        *borrowed = true;
    }
    return whole;
}

/* The kernel tells few of them, so that some lines may be many failures. */
static bool is_state(const struct rule_context *c, unsigned recent)
{
    double up = known(c->s->uptime_us) ? (double)c->s->uptime_us / 1e6 : RECENT_S;

    return recent * RECENT_S / MIN(MAX(up, UP_MIN_S), RECENT_S) >= MANY;
}

/* Who says that it may use some nodes only. */
static void tell_nodes(struct rule_context *c, const struct oom_facts *f)
{
    char nodes[64];

    if (!*oom_nodes_only(nodes, f) || !f->r)
        return;
    if (oom_is_policy(f))
        finding_detail(c, "A memory policy allows node %s only (nodemask=%s).", nodes,
                       f->r->nodemask);
    if (f->r->cpuset && f->r->mems_allowed)
        finding_detail(c, "Its cpuset %s allows node %s (mems_allowed, cpuset.mems).", f->r->cpuset,
                       f->r->mems_allowed);
}

/* Larger blocks that are free and of no use to it. */
static void tell_kept(struct rule_context *c, const struct oom_facts *f)
{
    static const char *const why[] = {
        [KEPT_NOT] = "",
        [KEPT_CMA] = "lie in contiguous memory (CMA), which only movable pages may borrow",
        [KEPT_HIGHATOMIC] = "are held back for atomic allocations (HighAtomic)",
        [KEPT_ISOLATED] = "are isolated: somebody is taking that memory away",
        [KEPT_RESERVE] =
            "lie in a zone that keeps all it has free from this allocation (lowmem_reserve, min)",
    };

    if (!f->kept_block)
        return;
    finding_detail(c, "Free blocks of up to %s %s%s%s%s.", SIZE(f->kept_block), why[f->kept_by],
                   f->kept_zone ? " (zone " : "", f->kept_zone ? f->kept_zone : "",
                   f->kept_zone ? ")" : "");
    (void)BYTES_OF(c, f->e, FREE_LISTS, "largest free block that it may not use", f->kept_block);
}

/* Its order is no lack of memory, and the blocks are there: what the report cannot tell. */
static void tell_there(struct rule_context *c, const struct oom_facts *f)
{
    bool one_node = f->r && strstr(f->r->gfp, "__GFP_THISNODE");

    finding_detail(
        c, one_node ? "It asks one node only (__GFP_THISNODE), and the report does not say "
                      "which: the blocks may be of another."
                    : "The report is printed after the failure: such blocks may have come free "
                      "meanwhile, and their zone has more than its watermark. It was the "
                      "size of the block, not the amount of memory.");
}

static bool is_stack(const struct oom_report *r)
{
    vec_for_each (&r->frames, frame) {
        const char *name = **frame == '?' ? *frame + 2 : *frame;

        if (strncmp(name, "dup_task_struct", 15) == 0 || strncmp(name, "alloc_thread_", 13) == 0)
            return true;
    }
    return false;
}

/* Who says "fork: Cannot allocate memory" looks for a limit, and there is none in it. */
static void tell_fork(struct rule_context *c, const struct oom_facts *f)
{
    finding_detail(c,
                   "The fork ended with ENOMEM for want of %s, and for no other reason: no promise "
                   "(vm.overcommit_memory), limit of tasks or limit of a cgroup had part in it.%s",
                   is_stack(f->r) ? "one block for the kernel stack of the new task"
                                  : "one block in neighbouring pages",
                   is_stack(f->r) ? " A kernel with CONFIG_VMAP_STACK takes single pages for it."
                                  : "");
}

/* Words of programs that follow from it: of a fork that failed so, or of who asked. */
bool allocation_failure_explains(const struct rule_context *c, const struct refusal *r)
{
    vec_for_each (&c->incidents->items, i) {
        const struct log_event *e = i->e;
        size_t len = strlen(e->comm);

        /* The line of the range that was not free stands before it. */
        if (e->kind == LOG_ALLOC_FAILURE && e->vmalloc && r->kind == REFUSED_SETTING && r->limit &&
            strstr(r->limit, "vmalloc"))
            return true;
        if (e->kind != LOG_ALLOC_FAILURE || e->order == 0 || i->facts.atomic)
            continue;
        if (r->kind == REFUSED_FORK && oom_is_fork(e->report))
            return true;
        /* The failed block is a ring's: the report says more than the driver. */
        if (r->kind == REFUSED_RING && strcmp(e->comm, "ethtool") == 0)
            return true;
        if ((r->kind == REFUSED_COMMIT || r->kind == REFUSED_FORK) && len > 0 &&
            strncmp(r->program, e->comm, len) == 0 &&
            (r->program[len] == '\0' || r->program[len] == '['))
            return true;
    }
    return false;
}

static bool explains_any(const struct rule_context *c)
{
    vec_for_each (&c->s->refusals, r)
        if (allocation_failure_explains(c, r))
            return true;
    return false;
}

static void tell(struct rule_context *c, const struct incident *told, unsigned recent)
{
    bool borrowed;
    const struct incident whole = with_figures(c, told, &borrowed), *i = &whole;
    const struct log_event *e = i->e;
    const struct oom_facts *f = &i->facts;
    enum oom_cause cause = cause_of(f);
    bool hurts = is_state(c, recent) || isnan(i->age_s) || explains_any(c);
    u64 page = f->r && f->r->page_bytes ? f->r->page_bytes : 4096;
    bool there = cause == CAUSE_ORDER && has_block(f, page) && f->free_usable > 0 &&
                 !f->order_refuses && !e->stalled_ms;
    struct strbuf text;

    finding_add(c, hurts ? SEV_WARNING : SEV_INFO,
                !there && (known(f->largest_block) || (e->order == 0 && known(f->free)))
                    ? CONF_HIGH
                    : CONF_MEDIUM,
                "host", 0.5, "%s", "");
    vec_last(&c->out->items).cause =
        cause == CAUSE_RESERVE && e->task_memcg ? CAUSE_KMEM_LIMIT : cause;
    vec_last(&c->out->items).incident = (u32)(told - c->incidents->items.items);
    strbuf_init(&text);
    make_title(c, i, cause, &text);
    finding_title(c, "%s", text.text);
    strbuf_done(&text);
    if (cause == CAUSE_ORDER && e->order > ORDER_HIGH)
        (void)oom_figure((char[48]){0}, c, e, OOM_PART_INVOKED, "order tried hard for, at most",
                         ORDER_HIGH, IN_ID);
    if (cause == CAUSE_ORDER && e->order > ORDER_HIGH)
        finding_detail(c,
                       "The kernel gives up early on blocks of more than order %u: the caller "
                       "should not ask for one, or have a fallback (vmalloc, single pages).",
                       ORDER_HIGH);
    if (cause == CAUSE_ORDER && oom_is_fork(f->r))
        tell_fork(c, f);
    if (cause == CAUSE_ORDER)
        tell_kept(c, f);
    if (there)
        tell_there(c, f);
    tell_nodes(c, f);
    if (e->stalled_ms)
        finding_detail(c, "It has not failed: the kernel reclaims for it and gets too little, too "
                          "slowly, from its devices.");
    if (e->report && strstr(e->report->gfp, "GFP_NOFS"))
        finding_detail(c, "GFP_NOFS: it may not wait for a file system, so that file cache could "
                          "hardly be freed for it.");
    if (borrowed)
        finding_detail(c, "The report is cut before its figures: those of the report in the same "
                          "log whose beginning is missing are shown.");
    if (recent > 1 || (hurts && !isnan(i->age_s))) {
        char count[48];

        oom_figure(count, c, e, OOM_PART_INVOKED, "page allocation failures", recent, IN_COUNT);
        finding_detail(c, "The log has %s such %s%s.", count, e->stalled_ms ? "message" : "failure",
                       recent == 1 ? "" : "s");
    }
    if (hurts && recent < MANY && !isnan(i->age_s)) {
        char up[48], often[48];

        oom_figure(up, c, e, OOM_PART_INVOKED, "time since boot", (double)c->s->uptime_us / 1e6,
                   IN_SECONDS);
        oom_figure(often, c, e, OOM_PART_INVOKED, "time between two that are told, at least",
                   TOLD_EVERY_S, IN_SECONDS);
        finding_detail(c, "All since boot, %s: the kernel tells one failure in %s at most.", up,
                       often);
    }
    if (known(f->free_low))
        (void)BYTES(ZONES, "min watermark of the zones", f->free_low);
    if (known(f->total))
        (void)BYTES(RAM, "managed memory", f->total);
}

/* XFS asks again and again and says so after each hundred attempts; how large the block is, 3.10
 * does not say. */
static bool tell_retries(struct rule_context *c, const struct incident *i, unsigned recent)
{
    const struct log_event *e = i->e;
    const char *comm = *e->comm ? e->comm : "The kernel";
    char size[48], count[48];

    if (!e->retries)
        return false;
    finding_add(c, SEV_WARNING, e->size_untold ? CONF_MEDIUM : CONF_HIGH, "host", 0.5, "%s", "");
    vec_last(&c->out->items).incident = (u32)(i - c->incidents->items.items);
    vec_last(&c->out->items).cause = CAUSE_ORDER;
    if (e->size_untold)
        finding_title(
            c,
            "%s asks again and again for kernel memory and waits: most often for one large "
            "block, which free memory in pieces does not hold",
            comm);
    else
        finding_title(c,
                      "No free block of %s (order %u) for %s, which asks again and again and waits",
                      oom_figure(size, c, e, OOM_PART_INVOKED, "block",
                                 number_of((u64)4096 << MIN(e->order, 20u)), IN_BYTES),
                      e->order, comm);
    if (!e->size_untold)
        (void)oom_figure((char[48]){0}, c, e, OOM_PART_INVOKED, "order", e->order, IN_ID);
    finding_detail(c, "It is no deadlock as long as the messages stop. In XFS it is most often the "
                      "list of extents of a file in very many pieces (a sparse image, a database): "
                      "xfs_bmap -v FILE counts them, xfs_fsr or a copy of the file joins them. "
                      "Kernels since 4.15 keep that list in small blocks.");
    finding_detail(c, "The log has %s such message%s, each of many attempts.",
                   oom_figure(count, c, e, OOM_PART_INVOKED, "such messages", recent, IN_COUNT),
                   recent == 1 ? "" : "s");
    return true;
}

void rule_allocation_failure(struct rule_context *c)
{
    const struct incident *cma = NULL;

    const struct incident *best = NULL;
    unsigned recent = 0;

    if (!wants_host(c))
        return;
    vec_for_each (&c->incidents->items, i) {
        u64 told, best_told;

        if (i->e->kind != LOG_ALLOC_FAILURE || i->age_s > RECENT_S)
            continue;
        recent += 1 + i->e->repeats;
        told = i->e->report ? i->e->report->parts : 0;
        best_told = best && best->e->report ? best->e->report->parts : 0;
        /* The last one with the most told of it. */
        if (!best || (__builtin_popcountll(told) >= __builtin_popcountll(best_told) &&
                      (*i->e->comm || !*best->e->comm)))
            best = i;
    }
    vec_for_each (&c->incidents->items, i)
        if (i->e->kind == LOG_CMA_FAILED && (!cma || i->e->usage >= cma->e->usage))
            cma = i;
    if (best && (allocation_tell_vmalloc(c, best) || tell_retries(c, best, recent)))
        return;
    if (best)
        tell(c, best, recent);
    else if (cma)
        allocation_tell_cma(c, cma);
}

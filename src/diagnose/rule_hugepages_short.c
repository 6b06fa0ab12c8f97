/* rule_hugepages_short.c - the pool of huge pages asked the page allocator in vain.
 *
 * A write to nr_hugepages ends at the first page that cannot be had, without an error: whoever
 * wrote reads a smaller number, if they read it. The kernel counts the failure
 * (htlb_buddy_alloc_fail), also of surplus pages, for which a program waits. Pages of 1 GiB come
 * from elsewhere and are not counted. A pool that is used up and was never refused anything counts
 * nothing at all.
 */
#include "diagnose/blocks.h"
#include "diagnose/left.h"
#include "diagnose/refused.h"

#include <stdio.h>

/* Pages of the pool of the default size that a new mapping may still have; UNKNOWN. */
static u64 left_to_promise(const struct snapshot *s)
{
    u64 unused = s->meminfo[MI_HUGE_PAGES_FREE],
        promised = figure_or(s->meminfo[MI_HUGE_PAGES_RSVD], 0);

    return known(unused) ? unused - MIN(promised, unused) : UNKNOWN;
}

/* A line of the kernel's log: "HugeTLB: allocating 4096 of page size 2.00 MiB failed. Only
 * allocated 3121 hugepages.", where hugepages= named nodes "failed node1. Only". Mirrors:
 * mm/hugetlb.c, hugetlb_hstate_alloc_pages and hugetlb_hstate_alloc_pages_onenode, 6.1 */
static bool tell_boot(struct rule_context *c)
{
    unsigned long long wanted, got;
    char size[UNITS_TEXT_MAX], unit[4], node[32] = "";
    unsigned nid;
    int end = 0;
    const struct refusal *r = NULL;

    vec_for_each (&c->s->refusals, it)
        if (it->kind == REFUSED_POOL)
            r = it;
    if (!r || sscanf(r->words, "HugeTLB: allocating %llu of page size %15[0-9.] %3s failed%n",
                     &wanted, size, unit, &end) != 3)
        return false;
    if (sscanf(r->words + end, " node%u. Only allocated %llu", &nid, &got) == 2)
        snprintf(node, sizeof(node), " of node %u", nid);
    else if (sscanf(r->words + end, ". Only allocated %llu", &got) != 1)
        return false;
    finding_add(c, SEV_WARNING, CONF_HIGH, "host", 0.6,
                "The pool of huge pages got %s of the %s pages of %s %s%s that it was to have",
                AMOUNT((double)got, IN_COUNT), AMOUNT((double)wanted, IN_COUNT), size, unit, node);
    finding_detail(c, "\"%s\"", r->words);
    evidence(c, "asked for", (double)wanted, IN_COUNT, "the message", "%s", "");
    evidence(c, "got", (double)got, IN_COUNT, "the message", "%s", "");
    return true;
}

/* Pages of the size, or of the node, to which the text has a write; UNKNOWN. */
static u64 written_total(const struct snapshot *s)
{
    const struct pool_write *w = &s->pool_write;
    u64 usual = figure_or(s->meminfo[MI_HUGE_PAGE_SIZE], 2 * MIB);

    if (known(w->got))
        return w->got;
    if (w->node != UINT32_MAX) {
        vec_for_each (&s->nodes, n)
            if (n->id == w->node && known(n->huge_bytes) && figure_or(w->page, usual) == usual)
                return n->huge_bytes / usual;
        return UNKNOWN;
    }
    if (!known(w->page) || w->page == usual) {
        u64 total = s->meminfo[MI_HUGE_PAGES_TOTAL];

        if (known(total))
            return total;
        total = sysctl_value(s, "vm.nr_hugepages");
        if (known(total))
            return total;
    }
    vec_for_each (&s->huge, h)
        if (h->page_bytes == figure_or(w->page, usual))
            return h->total;
    return UNKNOWN;
}

bool hugepages_write_fell_short(const struct snapshot *s)
{
    u64 got = written_total(s);

    return known(s->pool_write.asked) && known(got) && got < s->pool_write.asked;
}

static void tell_why(struct rule_context *c, u64 wanted);

/* A write that the text shows, beside what the pool has since. It ends at the first page that
 * cannot be had, without an error. */
static bool tell_write(struct rule_context *c)
{
    const struct pool_write *w = &c->s->pool_write;
    u64 got = written_total(c->s), bytes, total = c->f->total,
        page = figure_or(w->page, figure_or(c->s->meminfo[MI_HUGE_PAGE_SIZE], 2 * MIB));
    char node[32] = "";

    if (!hugepages_write_fell_short(c->s) || __builtin_mul_overflow(w->asked, page, &bytes))
        return false;
    if (w->node != UINT32_MAX)
        snprintf(node, sizeof(node), " of node %u", w->node);
    finding_add(c, SEV_WARNING, CONF_HIGH, "host", 0.6,
                "The pool of huge pages was to have %s pages of %s%s and got %s: the write to "
                "nr_hugepages ends at the first that cannot be had, without an error",
                AMOUNT(number_of(w->asked), IN_COUNT), SIZE(page), node,
                AMOUNT(number_of(got), IN_COUNT));
    if (known(total) && bytes >= total)
        finding_detail(c, "That would be %s, and the machine has %s.", SIZE(bytes), SIZE(total));
    else if (page >= GIB)
        finding_detail(c, "Pages of 1 GiB are had at boot (hugepagesz=1G hugepages=N on the "
                          "kernel's command line), or of an area that was set aside there "
                          "(hugetlb_cma=), and hardly ever later.");
    else
        tell_why(c, bytes - got * page);
    if (w->node != UINT32_MAX)
        finding_detail(c, "A write to a node's own file takes pages of that node alone.");
    evidence(c, "asked for", number_of(w->asked), IN_COUNT, "the text", "%s", "");
    evidence(c, "got", number_of(got), IN_COUNT, "/proc/meminfo", "%s", "");
    evidence_shown(c, "size of a page", number_of(page), IN_BYTES, "/proc/meminfo");
    evidence_shown(c, "all that was asked for", number_of(bytes), IN_BYTES, "the text");
    evidence_shown(c, "MemTotal", number_of(total), IN_BYTES, "/proc/meminfo");
    return true;
}

static u64 surplus_allowed(const struct snapshot *s)
{
    u64 pages = 0;

    vec_for_each (&s->huge, h)
        pages += figure_or(h->overcommit_max, 0);
    return pages;
}

/* The node that has most of the pool where no write to the pool as a whole, which takes of all
 * nodes by turns, left it so; NULL. */
static const struct node_view *lopsided(const struct snapshot *s)
{
    const struct node_view *most = NULL, *least = NULL;

    vec_for_each (&s->nodes, n) {
        if (!known(n->huge_bytes) || !known(n->total) || !n->total)
            continue;
        most = !most || n->huge_bytes > most->huge_bytes ? n : most;
        least = !least || n->huge_bytes < least->huge_bytes ? n : least;
    }
    return most && most->huge_bytes > 2 * least->huge_bytes + 4 * MIB ? most : NULL;
}

/* One node was asked for it and has no more, while others do. False: it is not so. */
static bool tell_node(struct rule_context *c)
{
    const struct node_view *asked = lopsided(c->s), *other = NULL;
    u64 room = 0, page = c->s->page_bytes;

    if (!asked || free_blocks_on(c->s, asked->id) != 0)
        return false;
    vec_for_each (&c->s->nodes, n) {
        u64 pages = figure_or(free_blocks_on(c->s, n->id), 0);

        if (pages > room) {
            room = pages;
            other = n;
        }
    }
    if (!other)
        return false;
    finding_detail(
        c,
        "%s of it lie on node %u, which has no block of 2 MiB left above its watermarks: a "
        "write to the nr_hugepages of that node gets no more. Node %u has %s in such "
        "blocks: write to its own, "
        "/sys/devices/system/node/node%u/hugepages/hugepages-%llukB/nr_hugepages, or "
        "raise vm.nr_hugepages, which takes them from any node.",
        SIZE(asked->huge_bytes), asked->id, other->id, SIZE(room * page), other->id,
        (unsigned long long)(figure_or(c->s->meminfo[MI_HUGE_PAGE_SIZE], 2 * MIB) / KIB));
    evidence_shown(c, "large block", 2.0 * MIB, IN_BYTES, "/proc/buddyinfo");
    evidence_shown(c, "of the pool on one node", number_of(asked->huge_bytes), IN_BYTES,
                   part_names[PART_NODES]);
    evidence_shown(c, "free in large blocks on the other", number_of(room * page), IN_BYTES,
                   "/proc/buddyinfo");
    return true;
}

/* Memory is there, in pieces. Compaction joins what is free, and has little of it where cache fills
 * memory: of 200 pages beside clean cache Linux 6.1 got none, some or all, hardly more after
 * compact_memory, and all of them without that cache (docs/fidelity.md, ask-cache). */
static void tell_pieces(struct rule_context *c)
{
    const u64 *m = c->s->meminfo;
    u64 unused = m[MI_MEM_FREE], spare = UNKNOWN;

    if (known(c->f->available) && known(unused) && c->f->available > 2 * unused) {
        spare = c->f->available - unused;
        finding_detail(c,
                       "Memory is there, and most of it (%s) is cache in pieces, which compaction "
                       "alone does not join: drop it first (echo 3 > /proc/sys/vm/drop_caches; "
                       "what is read again comes from disk), compact (echo 1 > "
                       "/proc/sys/vm/compact_memory), then write the number again.",
                       SIZE(spare));
        evidence_shown(c, "MemAvailable less MemFree", number_of(spare), IN_BYTES, "/proc/meminfo");
    } else {
        finding_detail(c, "Memory is there, and no block of 2 MiB of it is free: compact it first "
                          "(echo 1 > /proc/sys/vm/compact_memory), then write the number again.");
    }
}

/* At boot memory is whole. */
static void tell_boot_parameter(struct rule_context *c)
{
    finding_detail(c,
                   "Best at boot, while memory is whole: hugepages=N on the kernel's command line, "
                   "or vm.nr_hugepages in /etc/sysctl.d.");
}

/* Why, as far as the free lists of now tell, and what would help; `wanted`: bytes still to be had,
 * UNKNOWN. */
static void tell_why(struct rule_context *c, u64 wanted)
{
    struct free_blocks b;
    u64 page = c->s->page_bytes, left = c->f->available;
    bool lists = free_blocks_sum(c->s, &b), scarce = left_is_scarce(c->f);

    /* What is available need not be free, and not all of it can be in such pages. */
    scarce |= known(wanted) && known(left) && wanted > left;
    if (scarce && known(wanted) && known(left))
        finding_detail(c,
                       "%s more would be needed, and %s is available: stop or shrink something "
                       "first.",
                       SIZE(wanted), LEFT_SIZE(c->f));
    else if (scarce)
        finding_detail(c, "Little memory is left that could be made into more: stop or shrink "
                          "something first.");
    else if (lists && b.large > 0)
        finding_detail(c, "By now %s are free in blocks of 2 MiB: write the number again.",
                       SIZE(b.large * page));
    else if (lists || (known(wanted) && known(left)))
        tell_pieces(c);
    else
        gap_part(c, "whether free memory has room for more huge pages", PART_BUDDYINFO);
    if (known(wanted)) {
        tell_boot_parameter(c);
        evidence_shown(c, "still to be had", number_of(wanted), IN_BYTES, "the text");
    }
    evidence_shown(c, "MemAvailable", number_of(left), IN_BYTES, "/proc/meminfo");
    if (!lists)
        return;
    evidence_shown(c, "large block", 2.0 * MIB, IN_BYTES, b.where);
    evidence_shown(c, "free in large blocks", number_of(b.large * page), IN_BYTES, b.where);
    evidence_shown(c, "free", number_of(b.pages * page), IN_BYTES, b.where);
    free_blocks_evidence(c, &b);
}

/* More failures between two looks than one write has, which ends at the first on each node:
 * somebody asks again and again. What a single write did not get is told alike by a capture that
 * saw it and by one look afterwards. */
static bool is_asking(const struct rule_context *c, double now)
{
    return now * c->f->interval_s > (double)MAX(c->s->nodes.count, 1) + 0.5;
}

void rule_hugepages_short(struct rule_context *c)
{
    u64 ever = c->s->vmstat[HTLB_BUDDY_ALLOC_FAIL], left = left_to_promise(c->s),
        total = c->s->meminfo[MI_HUGE_PAGES_TOTAL], surplus = surplus_allowed(c->s);
    double now = rate(c, HTLB_BUDDY_ALLOC_FAIL);
    bool asking = is_asking(c, now), none_left = left == 0 && known(total) && total > 0;

    if (!wants_host(c) || tell_boot(c) || tell_write(c) || !known(ever) || ever == 0)
        return;
    /* What failed once and left pages over was enough for whoever uses them. */
    finding_add(c, asking || none_left ? SEV_WARNING : SEV_INFO, asking ? CONF_HIGH : CONF_MEDIUM,
                "host", asking ? 0.6 : 0.4,
                asking ? "The pool of huge pages does not get the pages that it asks for"
                       : "The pool of huge pages got fewer pages than it asked for since boot");
    finding_detail(c,
                   "An allocation for it failed %s since boot; a write to nr_hugepages ends at "
                   "the first failure, without an error.",
                   TIMES(ever));
    if (isnan(now))
        finding_detail(c, "Whether it still asks in vain, one look does not tell: two do "
                          "(highwater diagnose on the machine itself, or a capture).");
    if (none_left)
        finding_detail(c, "None of its pages is left: the next mapping is refused (ENOMEM), or "
                          "its program ends with SIGBUS.");
    if (surplus > 0)
        finding_detail(c,
                       "Up to %s pages beyond it (nr_overcommit_hugepages) come from the same "
                       "free memory, when programs map them.",
                       AMOUNT((double)surplus, IN_COUNT));
    if (!tell_node(c))
        tell_why(c, UNKNOWN);
    evidence(c, "htlb_buddy_alloc_fail", (double)ever, IN_COUNT, "/proc/vmstat", "over 0");
    evidence(c, "htlb_buddy_alloc_fail now", now, IN_EVENTS_PER_S, "/proc/vmstat", "%s", "");
    evidence(c, "htlb_buddy_alloc_success", number_of(c->s->vmstat[HTLB_BUDDY_ALLOC_SUCCESS]),
             IN_COUNT, "/proc/vmstat", "%s", "");
    evidence_shown(c, "HugePages_Total", number_of(total), IN_COUNT, "/proc/meminfo");
    evidence_shown(c, "HugePages_Free less HugePages_Rsvd", number_of(left), IN_COUNT,
                   "/proc/meminfo");
    if (surplus > 0)
        evidence_shown(c, "nr_overcommit_hugepages", (double)surplus, IN_COUNT,
                       part_names[PART_HUGEPAGES]);
}

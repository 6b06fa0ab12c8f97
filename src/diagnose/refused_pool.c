/* refused_pool.c - huge pages of the pool that a program did not get: the pool has too few, or it
 * has enough and something else refused.
 *
 * What the pool has left is HugePages_Free less HugePages_Rsvd. Where that is as much as was asked
 * for, the pool is not the reason, and the text is searched for what can be: the node (a
 * reservation looks at the nodes that the task may use), a limit of the group (hugetlb.*), the size
 * of a segment (kernel.shmmax, kernel.shmall), the right to ask (EPERM of SHM_HUGETLB), address
 * space.
 *   Mirrors: mm/hugetlb.c (hugetlb_acct_memory, allowed_mems_nr), fs/hugetlbfs/inode.c
 *   (hugetlb_file_setup, can_do_hugetlb_shm: EPERM), ipc/shm.c (newseg: EINVAL above shmmax or for
 *   a size without a pool, ENOSPC for shmall; ipc_addid for shmmni), 6.1
 */
#include "base/masklist.h"
#include "diagnose/cause.h"
#include "diagnose/refused.h"

#include <stdio.h>
#include <string.h>

#define ERR_PERM   1
#define ERR_NOMEM  12
#define ERR_INVAL  22
#define ERR_NOSPC  28
#define PAGE_USUAL (2 * MIB)

/* "No available 1048576 kB hugepages reported", "No free hugepages reported in
 * hugepages-1048576kB", "Insufficient hugepages-1Gi": the size that the words name; UNKNOWN. */
u64 refused_page_named(const char *words)
{
    const char *at = strstr(words, " kB hugepages"), *size = strstr(words, "hugepages-");
    u64 kb = 0, scale = 1;

    if (!at && size) {
        size += strlen("hugepages-");
        at = size + strspn(size, "0123456789");
        if (strncmp(at, "kB", 2) != 0)
            at = NULL;
    }

    if (strstr(words, "hugepages-1Gi"))
        return GIB;
    if (strstr(words, "hugepages-2Mi"))
        return 2 * MIB;
    while (at && at > words && at[-1] >= '0' && at[-1] <= '9' && scale < UINT32_MAX) {
        kb += scale * (u64)(*--at - '0');
        scale *= 10;
    }
    return kb ? kb * KIB : UNKNOWN;
}

/* The pool of one size of pages. */
struct pool {
    u64 page;        /* bytes */
    u64 total, left; /* pages; left: neither in use nor promised */
    u64 free, promised;
    const char *from;
};

static u64 less(u64 a, u64 b)
{
    return known(a) ? a - MIN(a, figure_or(b, 0)) : UNKNOWN;
}

static struct pool pool_of(const struct snapshot *s, u64 page)
{
    const u64 *m = s->meminfo;
    struct pool p = {.page = m[MI_HUGE_PAGE_SIZE],
                     .total = m[MI_HUGE_PAGES_TOTAL],
                     .free = m[MI_HUGE_PAGES_FREE],
                     .promised = m[MI_HUGE_PAGES_RSVD],
                     .left = less(m[MI_HUGE_PAGES_FREE], m[MI_HUGE_PAGES_RSVD]),
                     .from = "/proc/meminfo"};

    /* numastat -m has the sizes of the pool on each node. */
    if (!known(p.total) && (!known(page) || page == figure_or(p.page, PAGE_USUAL))) {
        u64 bytes = UNKNOWN, unused = UNKNOWN;

        vec_for_each (&s->nodes, n) {
            bytes = known(n->huge_bytes) ? figure_or(bytes, 0) + n->huge_bytes : bytes;
            unused = known(n->huge_free_bytes) ? figure_or(unused, 0) + n->huge_free_bytes : unused;
        }
        p.page = figure_or(p.page, PAGE_USUAL);
        p.total = known(bytes) ? bytes / p.page : UNKNOWN;
        p.free = p.left = known(unused) ? unused / p.page : p.free;
        p.from = part_names[PART_NODES];
    }
    if (!known(page) || page == p.page)
        return p;
    vec_for_each (&s->huge, h)
        if (h->page_bytes == page)
            return (struct pool){page,    h->total,    less(h->free, h->reserved),
                                 h->free, h->reserved, part_names[PART_HUGEPAGES]};
    return (struct pool){page, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, "the message"};
}

static u64 pool_left_bytes(const struct pool *p)
{
    u64 bytes;

    return known(p->left) && known(p->page) && !__builtin_mul_overflow(p->left, p->page, &bytes)
               ? bytes
               : UNKNOWN;
}

/* "errno 12", "errno=12", "(errno = 12)". */
unsigned refused_errno(const char *words)
{
    static const struct {
        const char *words;
        unsigned error;
    } sentences[] = {{"annot allocate memory", ERR_NOMEM},
                     {"peration not permitted", ERR_PERM},
                     {"nvalid argument", ERR_INVAL},
                     {"o space left on device", ERR_NOSPC}};
    const char *at = strstr(words, "errno");
    unsigned error;

    if (at) {
        at += strlen("errno");
        at += strspn(at, " =:");
        if (sscanf(at, "%4u", &error) == 1)
            return error;
    }
    for (unsigned i = 0; i < ARRAY_SIZE(sentences); i++)
        if (strstr(words, sentences[i].words))
            return sentences[i].error;
    return 0;
}

/* Nodes from which alone it could have had them: a policy of the command that was run, DPDK's
 * socket; 0: not told. */
static u64 nodes_bound(const struct refusal *r)
{
    return r->bound;
}

static u64 pages_of(u64 bytes, u64 page)
{
    return known(bytes) && known(page) && page ? bytes / page : UNKNOWN;
}

static u64 pages_needed(const struct refusal *r, const struct pool *p)
{
    u64 pages = pages_of(r->bytes, p->page);

    return known(pages) ? pages + (r->bytes % p->page != 0) : UNKNOWN;
}

/* The pool is enough as a whole, and the nodes that may be used have too few of it. */
static bool tell_node(struct rule_context *c, const struct refusal *r, const struct pool *p)
{
    u64 usual = figure_or(c->s->meminfo[MI_HUGE_PAGE_SIZE], PAGE_USUAL),
        page = figure_or(p->page, usual);
    u64 bound = nodes_bound(r), there = 0, wanted = figure_or(pages_needed(r, p), 1), poor = 0;
    unsigned told = 0, nodes = 0;
    char list[64], name[sizeof(r->program)];
    struct strbuf text;

    /* The files of nodes are of the usual size. */
    if (page != usual)
        return false;
    vec_for_each (&c->s->nodes, n) {
        u64 pages = pages_of(n->huge_free_bytes, page);

        if (!known(pages) && n->huge_bytes == 0)
            pages = 0;
        if (!known(pages) || n->id >= 64)
            continue;
        nodes++;
        if (pages < wanted)
            poor |= BIT_ULL(n->id);
        if (bound >> n->id & 1) {
            there += pages;
            told++;
        }
    }
    if (nodes < 2 || !poor || (bound && (!told || there >= wanted)))
        return false;
    strbuf_init(&text);
    strbuf_masklist(&text, bound ? bound : poor);
    snprintf(list, sizeof(list), "%s", text.text);
    strbuf_done(&text);
    if (!bound) {
        finding_detail(c,
                       "Node %s has fewer than it asked for: who is bound there (numactl "
                       "--membind, a cpuset, set_mempolicy) is refused, whatever the other nodes "
                       "have. Put pages there: "
                       "/sys/devices/system/node/node%d/hugepages/hugepages-%llukB/nr_hugepages.",
                       list, __builtin_ctzll(poor), (unsigned long long)(page / KIB));
        return false;
    }
    finding_title(c,
                  "%s did not get its huge pages: node %s, to which it is bound, has %s of the "
                  "pool's %s free pages",
                  refused_said(r, name), list, there ? AMOUNT(number_of(there), IN_COUNT) : "none",
                  AMOUNT(number_of(p->left), IN_COUNT));
    finding_detail(c,
                   "Put pages there: "
                   "/sys/devices/system/node/node%d/hugepages/hugepages-%llukB/nr_hugepages; or "
                   "let it have them of any node.",
                   __builtin_ctzll(bound), (unsigned long long)(page / KIB));
    evidence_shown(c, "free pages of the pool there", number_of(there), IN_COUNT,
                   part_names[PART_NODES]);
    return true;
}

/* A limit of the hugetlb controller in the text that has no room for it. */
static bool tell_limit(struct rule_context *c, const struct refusal *r, u64 page)
{
    const struct group_huge_view *v;
    char name[sizeof(r->program)];
    bool reserved;
    const struct cgroup_view *g =
        hugetlb_limit_met(c->s, page, figure_or(r->bytes, 1), &v, &reserved);
    u64 max, used;

    if (!g)
        return false;
    max = reserved ? v->rsvd_max : v->max;
    used = reserved ? v->rsvd_current : v->current;
    finding_title(
        c, "%s %s: the limit of huge pages of %s (hugetlb.*.%s, %s) %s", refused_said(r, name),
        r->kind == REFUSED_BUS ? "was ended by SIGBUS (signal 7)" : "did not get its huge pages",
        group_said(c, g), reserved ? "rsvd.max" : "max", SIZE(max),
        known(r->bytes) ? "has no room for them" : "is full");
    vec_last(&c->out->items).cause = CAUSE_POOL_LIMIT;
    evidence_shown(c, "limit of huge pages", number_of(max), IN_BYTES,
                   group_file(g, reserved ? "hugetlb.*.rsvd.max" : "hugetlb.*.max"));
    if (known(used))
        evidence_shown(c, "of it used", number_of(used), IN_BYTES,
                       group_file(g, reserved ? "hugetlb.*.rsvd.current" : "hugetlb.*.current"));
    return true;
}

static bool is_of_segment(const struct refusal *r)
{
    return strstr(r->words, "shared memory") || strstr(r->words, "shmget") ||
           strcmp(r->program, "mysqld") == 0;
}

/* A setting in the text below what was asked for. */
static bool tell_segment(struct rule_context *c, const struct refusal *r)
{
    u64 max = c->s->shm_max, all = c->s->shm_all;
    char name[sizeof(r->program)];

    if (known(all) && all < UNKNOWN / c->s->page_bytes)
        all *= c->s->page_bytes;
    if (!is_of_segment(r) || !known(r->bytes) ||
        !((known(max) && max < r->bytes) || (known(all) && all < r->bytes)))
        return false;
    if (known(max) && max < r->bytes) {
        finding_title(c, "%s did not get its huge pages: kernel.shmmax allows segments of %s",
                      refused_said(r, name), SIZE(max));
        evidence_shown(c, "kernel.shmmax", number_of(max), IN_BYTES, "/proc/sys/kernel/shmmax");
    } else {
        finding_title(c, "%s did not get its huge pages: kernel.shmall allows %s of segments",
                      refused_said(r, name), SIZE(all));
        evidence_shown(c, "kernel.shmall", number_of(all), IN_BYTES, "/proc/sys/kernel/shmall");
    }
    return true;
}

/* What the error says, where nothing of the text says more. */
static void tell_error(struct rule_context *c, const struct refusal *r, bool enough)
{
    char name[sizeof(r->program)];

    switch (refused_errno(r->words)) {
    case ERR_PERM:
        finding_title(c,
                      "%s may not have huge pages (EPERM)%s: its group is not "
                      "vm.hugetlb_shm_group",
                      refused_said(r, name), enough ? ", though the pool has enough" : "");
        finding_detail(c,
                       "A segment of huge pages (SHM_HUGETLB) takes a group that is "
                       "vm.hugetlb_shm_group, CAP_IPC_LOCK, or a limit of locked memory "
                       "(ulimit -l) as large as the segment%s.",
                       c->s->lock_limit == NO_LIMIT ? "; a shell of this text has no such limit, "
                                                      "and a service has its own"
                                                    : "");
        return;
    case ERR_INVAL:
        finding_detail(c, "EINVAL is the size: more than kernel.shmmax, or no multiple of a huge "
                          "page that the kernel has.");
        return;
    case ERR_NOSPC:
        finding_detail(c, "ENOSPC is kernel.shmall or kernel.shmmni, of shared memory segments.");
        return;
    default:
        finding_detail(c, "Look for a limit of its cgroup (hugetlb.*.max, rsvd.max), the nodes "
                          "that it may use (their own nr_hugepages), another size of pages than "
                          "it asks for (/sys/kernel/mm/hugepages), and address space (ulimit -v). "
                          "Or pages came free, or were added, after it asked.");
    }
}

/* The pool has what it asked for: what refused is something else. */
static void tell_enough(struct rule_context *c, const struct refusal *r, const struct pool *p,
                        u64 needed)
{
    char name[sizeof(r->program)];

    finding_add(c, SEV_WARNING, CONF_MEDIUM, "host", cause_weight(c, 0.5, 100),
                "%s did not get its huge pages, though the pool has enough: it asked for %s, and "
                "%s are left",
                refused_said(r, name), AMOUNT(number_of(needed), IN_COUNT),
                AMOUNT(number_of(p->left), IN_COUNT));
    vec_last(&c->out->items).cause = CAUSE_POOL_REFUSED;
    if (!tell_node(c, r, p) && !tell_limit(c, r, p->page) && !tell_segment(c, r))
        tell_error(c, r, true);
}

/* How many it asked for, its words do not say. */
static void tell_some(struct rule_context *c, const struct refusal *r, const struct pool *p)
{
    char name[sizeof(r->program)];

    finding_add(c, SEV_WARNING, CONF_LOW, "host", cause_weight(c, 0.5, 100),
                "%s did not get its huge pages, and %s are left in the pool: it asked for more, or "
                "something else refused",
                refused_said(r, name), AMOUNT(number_of(p->left), IN_COUNT));
    vec_last(&c->out->items).cause = CAUSE_POOL_SHORT;
    if (!tell_node(c, r, p) && !tell_limit(c, r, p->page))
        tell_error(c, r, false);
}

/* The right to ask is looked at before the pool is. */
static void tell_permission(struct rule_context *c, const struct refusal *r, bool enough)
{
    finding_add(c, SEV_WARNING, CONF_HIGH, "host", cause_weight(c, 0.5, 100), "%s", "");
    vec_last(&c->out->items).cause = CAUSE_POOL_REFUSED;
    tell_error(c, r, enough);
}

/* Where pages of that size and node are added, and that the program goes on. */
static void tell_where(struct rule_context *c, const struct refusal *r, const struct pool *p)
{
    static const char *const goes_on[] = {"conventional memory pool", "continuing to smaller size"};
    u64 bound = nodes_bound(r), page = figure_or(p->page, UNKNOWN);
    u64 usual = figure_or(c->s->meminfo[MI_HUGE_PAGE_SIZE], PAGE_USUAL);
    char list[64];
    struct strbuf text;

    if (bound) {
        strbuf_init(&text);
        strbuf_masklist(&text, bound);
        snprintf(list, sizeof(list), "%s", text.text);
        strbuf_done(&text);
        finding_detail(c,
                       "It asked for pages of node %s: a write to "
                       "/sys/devices/system/node/node%d/hugepages/hugepages-%llukB/nr_hugepages "
                       "adds to those.",
                       list, __builtin_ctzll(bound),
                       (unsigned long long)(figure_or(page, usual) / KIB));
    } else if (known(page) && page != usual) {
        finding_detail(c,
                       "Pages of that size are added by a write to "
                       "/sys/kernel/mm/hugepages/hugepages-%llukB/nr_hugepages; vm.nr_hugepages is "
                       "of the usual size.",
                       (unsigned long long)(page / KIB));
    }
    for (unsigned i = 0; i < ARRAY_SIZE(goes_on); i++)
        vec_for_each (&c->s->refusals, other)
            if (strstr(other->words, goes_on[i])) {
                finding_detail(c, "It goes on with small pages: slower, and nothing has failed.");
                return;
            }
}

/* After a fork parent and child share pages of a private mapping. Who reserved them gets its copy
 * of the pool; when that is empty, the page is taken from the other, who is ended on its next
 * touch. */
static bool is_of_fork(const struct refusal *r)
{
    return strstr(r->words, "killed due to inadequate hugepage pool") != NULL;
}

/* " of node 1"; "" for any. Returns buf. */
static const char *node_said(char buf[static 32], u64 bound)
{
    buf[0] = '\0';
    if (bound && (bound & (bound - 1)) == 0)
        snprintf(buf, 32, " of node %d", __builtin_ctzll(bound));
    return buf;
}

/* The size that its words name. DPDK tells the size in a line of its own, of each size that it
 * finds none of. */
static u64 page_named(const struct snapshot *s, const struct refusal *r)
{
    u64 page = figure_or(r->page, refused_page_named(r->words)), one = UNKNOWN;

    if (known(page) || !strstr(r->words, "EAL: "))
        return page;
    vec_for_each (&s->refusals, other) {
        u64 named = strstr(other->words, "EAL: ") ? refused_page_named(other->words) : UNKNOWN;

        if (known(named) && known(one) && named != one)
            return UNKNOWN;
        one = known(named) ? named : one;
    }
    return one;
}

/* Promised pages are free and taken: what the pool has left is less than HugePages_Free. */
static void tell_pool(struct rule_context *c, const struct refusal *r, const char *what)
{
    const struct pool p = pool_of(c->s, page_named(c->s, r));
    u64 bytes = pool_left_bytes(&p), needed = pages_needed(r, &p);
    char name[sizeof(r->program)];
    bool giant = known(p.page) && p.page >= GIB;
    char node[32];

    /* What a fork took, or who was ended, found none whatever is left now. */
    bool left = known(p.left) && p.left > 0 && !is_of_fork(r);

    if (refused_errno(r->words) == ERR_PERM) {
        tell_permission(c, r, left && known(needed) && needed <= p.left);
    } else if (left && known(needed) && needed <= p.left) {
        tell_enough(c, r, &p, needed);
    } else if (left && !known(needed)) {
        tell_some(c, r, &p);
    } else {
        bool told = known(p.left) || p.total == 0 || is_of_fork(r);

        finding_add(c, SEV_WARNING, told ? CONF_HIGH : CONF_MEDIUM, "host",
                    cause_weight(c, 0.5, 100), "%s %s: the pool%s%s %s", refused_said(r, name),
                    what,
                    giant            ? " of 1 GiB pages"
                    : nodes_bound(r) ? ""
                                     : " (vm.nr_hugepages)",
                    node_said(node, nodes_bound(r)),
                    is_of_fork(r)  ? "had none left for the other's copy"
                    : p.total == 0 ? "is empty"
                    : p.left == 0  ? "has none left"
                                   : "has too few");
        vec_last(&c->out->items).cause = CAUSE_POOL_SHORT;
        if (!told)
            finding_detail(c, "How many it has left, the text does not say (HugePages_Free less "
                              "HugePages_Rsvd).");
    }
    if (known(r->bytes)) {
        finding_detail(c, "It asked for %s.", SIZE(r->bytes));
        evidence(c, "asked for", number_of(r->bytes), IN_BYTES, "the message", "%s", "");
    }
    if (known(r->bytes) && known(p.page) && p.page && known(p.left)) {
        finding_detail(c, "That is %s pages of %s, and %s are neither in use nor promised.",
                       AMOUNT(number_of(needed), IN_COUNT), SIZE(p.page),
                       AMOUNT(number_of(p.left), IN_COUNT));
        evidence(c, "pages asked for", number_of(needed), IN_COUNT, "the message", "%s", "");
        evidence_shown(c, "pages left of the pool", number_of(p.left), IN_COUNT, p.from);
        evidence_shown(c, "size of a page", number_of(p.page), IN_BYTES, p.from);
    } else if (known(bytes) && known(p.total) && p.total > 0) {
        finding_detail(c,
                       bytes ? "%s of the pool is neither in use nor promised."
                             : "All of the pool is in use or promised.",
                       SIZE(bytes));
    }
    if (giant)
        finding_detail(c, "Pages of 1 GiB are had at boot (hugepagesz=1G hugepages=N on the "
                          "kernel's command line; hugepages=NODE:N,... for each node, where the "
                          "kernel takes that), and hardly ever later.");
    if (giant)
        evidence_shown(c, "size of a page", number_of(p.page), IN_BYTES, "the message");
    tell_where(c, r, &p);
    evidence_shown(c, "left of the pool", number_of(bytes), IN_BYTES, p.from);
    evidence_shown(c, "HugePages_Total", number_of(p.total), IN_COUNT, p.from);
    evidence_shown(c, "HugePages_Free", number_of(p.free), IN_COUNT, p.from);
    evidence_shown(c, "HugePages_Rsvd", number_of(p.promised), IN_COUNT, p.from);
}

/* PostgreSQL's words for a refused segment are the same with and without huge pages: a pool that
 * has less left than it asked for, while memory is not short as far as the text says, tells
 * which. */
bool refused_is_of_pool(const struct rule_context *c, const struct refusal *r)
{
    const struct pool p = pool_of(c->s, UNKNOWN);
    u64 left = pool_left_bytes(&p);

    if (r->kind == REFUSED_HUGE)
        return true;
    if (r->kind != REFUSED_COMMIT || strcmp(r->program, "postgres") != 0 || !known(p.total) ||
        !known(left) || (known(r->bytes) && left >= r->bytes))
        return false;
    /* With huge_pages = try, as it is by default, it goes on without: an empty pool refuses nothing
     * then. */
    if (c->s->pool_required)
        return true;
    return p.total > 0 && known(r->bytes) &&
           (!known(c->f->available) || r->bytes < c->f->available);
}

/* PostgreSQL asks for huge pages unless told not to (huge_pages=try), as initdb does, whatever
 * postgresql.conf says: it starts the server with the defaults of postgresql.conf.sample. Where the
 * node has a pool and the pod no hugepages-2Mi, the mapping succeeds and the first touch is SIGBUS.
 * Mirrors: initdb(1) of PostgreSQL 16 (--set); reports crunchydata/postgres-operator 3477,
 * docker-library/postgres 451 */
static bool is_postgres(const struct refusal *r)
{
    return strcmp(r->program, "postgres") == 0 || strcmp(r->program, "initdb") == 0;
}

static void tell_postgres_bus(struct rule_context *c, const struct refusal *r)
{
    char name[sizeof(r->program)];

    finding_title(
        c,
        "%s was ended by SIGBUS (signal 7): most often a huge page that its container may "
        "not have, which PostgreSQL asks for by default",
        refused_said(r, name));
    vec_last(&c->out->items).cause = CAUSE_POOL_LIMIT;
    finding_detail(c,
                   "In Kubernetes: a pod without hugepages-2Mi under limits: has a limit of none, "
                   "and PostgreSQL sees the pool of the node. Set huge_pages=off, or "
                   "limits: hugepages-2Mi: beside memory:. initdb reads no postgresql.conf: since "
                   "PostgreSQL 16 it takes --set huge_pages=off, before that the line goes into "
                   "postgresql.conf.sample.");
}

/* SIGBUS has several causes; a pool that is used up is one that shows. */
void refused_tell_bus(struct rule_context *c, const struct refusal *r)
{
    const struct pool p = pool_of(c->s, UNKNOWN);
    char name[sizeof(r->program)];

    if (known(p.total) && p.total > 0 && p.left == 0) {
        tell_pool(c, r,
                  "was ended by SIGBUS (signal 7), as who touches a huge page that cannot be had");
        return;
    }
    finding_add(c, SEV_WARNING, CONF_LOW, "host", 0.35,
                "%s was ended by SIGBUS (signal 7): a page of what it had mapped could not be had",
                refused_said(r, name));
    finding_detail(c, "That is a full /dev/shm or file system behind the mapping, a file that was "
                      "cut short, a pool of huge pages without a free page or a limit of it "
                      "(hugetlb.*.max), or broken memory. It is no kill for want of memory.");
    if (is_postgres(r) && p.total != 0)
        tell_postgres_bus(c, r);
    if (tell_limit(c, r, UNKNOWN)) {
        vec_last(&c->out->items).confidence = CONF_MEDIUM;
        vec_last(&c->out->items).weight = 0.55;
    }
}

bool refused_found_too_few(const struct refusal *r)
{
    return known(r->told_left) && known(r->bytes) && known(r->page) && r->page &&
           r->told_left < r->bytes / r->page;
}

/* Who tells how many it expects, found and got. */
static void tell_counts(struct rule_context *c, const struct refusal *r)
{
    u64 expected = r->bytes / r->page, had = r->had / r->page;
    bool few = refused_found_too_few(r);
    char name[sizeof(r->program)];

    finding_add(c, SEV_WARNING, CONF_HIGH, "host", cause_weight(c, 0.5, 100),
                few ? "%s got %s of the %s huge pages that it expects: the pool had %s"
                    : "%s got %s of the %s huge pages that it expects, though the pool had %s",
                refused_said(r, name), AMOUNT(number_of(had), IN_COUNT),
                AMOUNT(number_of(expected), IN_COUNT), AMOUNT(number_of(r->told_left), IN_COUNT));
    vec_last(&c->out->items).cause = few ? CAUSE_POOL_SHORT : CAUSE_POOL_REFUSED;
    if (!few && r->limit) {
        finding_title(c,
                      "%s got %s of the %s huge pages that it expects, though the pool had %s: its "
                      "limit of locked memory (ulimit -l) is too small",
                      refused_said(r, name), AMOUNT(number_of(had), IN_COUNT),
                      AMOUNT(number_of(expected), IN_COUNT),
                      AMOUNT(number_of(r->told_left), IN_COUNT));
        vec_last(&c->out->items).cause = CAUSE_LOCK_LIMIT;
    }
    finding_detail(
        c,
        few ? "vm.nr_hugepages takes %s more pages of %s, best at boot: who starts before "
              "the rest is used up finds them."
            : "%s pages of %s are missing: its limit of locked memory (ulimit -l, memlock "
              "of the user that starts it), kernel.shmmax, or vm.hugetlb_shm_group "
              "refused.",
        AMOUNT(number_of(expected - (few ? r->told_left : had)), IN_COUNT), SIZE(r->page));
    finding_detail(c,
                   "Unless it was told USE_LARGE_PAGES=ONLY, it goes on with small pages for the "
                   "rest: more page tables, and the part of the pool that it does not use is lost "
                   "to all others.");
    evidence_shown(c, "pages expected", number_of(expected), IN_COUNT, "the text");
    evidence_shown(c, "pages got", number_of(had), IN_COUNT, "the text");
    evidence_shown(c, "pages of the pool that it found", number_of(r->told_left), IN_COUNT,
                   "the text");
    evidence_shown(c, "pages missing", number_of(expected - (few ? r->told_left : had)), IN_COUNT,
                   "the text");
    evidence_shown(c, "size of a page", number_of(r->page), IN_BYTES, "the text");
}

void refused_tell_pool(struct rule_context *c, const struct refusal *r)
{
    if (known(r->told_left) && known(r->had)) {
        tell_counts(c, r);
        return;
    }
    tell_pool(c, r,
              is_of_fork(r) ? "was ended by SIGBUS for a huge page that it shared after a fork"
                            : "did not get its huge pages");
}

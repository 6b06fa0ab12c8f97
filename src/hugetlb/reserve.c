/* reserve.c - see reserve.h. */
#include "hugetlb/reserve.h"

#include "base/alloc.h"
#include "base/bitmap.h"
#include "hugetlb/hugetlb_int.h"

/* --- who pays --------------------------------------------------------------------------------- */
/* In frame.private: the group charged for the page, and the one charged for reserving it, where
 * that was not done at mmap. */
#define PAYER_BITS 16u

static u32 payers_make(const struct group *used, const struct group *reserved)
{
    return (u32)used->id | (reserved ? (u32)reserved->id << PAYER_BITS : 0);
}

static void uncharge(const struct hugetlb *h, u32 id, enum hugetlb_charge which, u64 nr)
{
    struct group *g = group_get(h->mem->groups, (u16)id);

    if (g)
        group_uncharge_hugetlb(g, which, nr * HPAGE_PMD_NR);
}

void hugetlb_put_page(struct hugetlb *h, pfn_t pfn)
{
    struct frame *f = frames_get(h->mem->frames, pfn);

    assert(f->mapcount == 0);
    uncharge(h, f->private & UINT16_MAX, HUGETLB_IN_USE, 1);
    uncharge(h, f->private >> PAYER_BITS, HUGETLB_RSVD, 1);
    f->private = 0;
    f->mapping = 0;
    frame_set_index(f, 0);
    hugetlb_put(h, pfn);
}

u64 hugetlb_count_charged(const struct hugetlb *h, const struct group *g, unsigned nid, bool below)
{
    const struct frames *fr = h->mem->frames;
    u64 nr = 0;

    for (pfn_t pfn = h->nodes[nid].active.head; pfn != PFN_NONE; pfn = frames_get(fr, pfn)->next) {
        const struct group *payer =
            group_get(h->mem->groups, (u16)(frames_get(fr, pfn)->private & UINT16_MAX));

        nr += payer && (below ? group_is_below(payer, g) : payer == g);
    }
    return nr;
}

/* --- files ------------------------------------------------------------------------------------ */
struct hugetlb_file *hugetlb_file_new(struct hugetlb *h, u64 nr, bool shared)
{
    struct hugetlb_file *file = xcalloc(1, sizeof(*file));

    file->shared = shared;
    file->nr = nr;
    file->map = xcalloc(BITMAP_WORDS(nr), sizeof(u64));
    file->pages = shared ? xcalloc(nr, sizeof(pfn_t)) : NULL;
    list_add_tail(&file->link, &h->files);
    return file;
}

static void file_delete(struct hugetlb_file *file)
{
    list_del(&file->link);
    free(file->map);
    free(file->pages);
    free(file);
}

void hugetlb_files_done(struct hugetlb *h)
{
    while (!list_empty(&h->files))
        file_delete(list_first_entry(&h->files, struct hugetlb_file, link));
}

/* Of a shared file: reserved, and no page there. */
static u64 shared_left(const struct hugetlb_file *file)
{
    u64 left = 0;

    for (u64 i = 0; i < file->nr; i++)
        left += bitmap_test(file->map, i) && file->pages[i] == PFN_NONE;
    return left;
}

u64 hugetlb_count_reserved(const struct hugetlb *h)
{
    const struct hugetlb_file *file;
    u64 nr = 0;

    list_for_each_entry (file, &h->files, link)
        nr += file->shared ? shared_left(file) : file->left;
    return nr;
}

/* Promises end; surplus pages that were made for them go. (return_unused_surplus_pages) */
static void give_back(struct hugetlb *h, u64 nr)
{
    assert(h->resv >= nr);
    h->resv -= nr;
    hugetlb_return_surplus(h, nr);
}

void hugetlb_file_free(struct hugetlb *h, struct hugetlb_file *file)
{
    u64 left = file->shared ? shared_left(file) : file->left;

    for (u64 i = 0; file->shared && i < file->nr; i++)
        if (file->pages[i] != PFN_NONE)
            hugetlb_put_page(h, file->pages[i]);
    if (file->shared)
        uncharge(h, file->rsvd_memcg, HUGETLB_RSVD, file->nr);
    give_back(h, left);
    file_delete(file);
}

/* --- refusals --------------------------------------------------------------------------------- */
static u64 free_on(const struct hugetlb *h, u64 nodes)
{
    u64 nr = 0;

    for (unsigned nid = 0; nid < h->mem->frames->nr_nodes; nid++)
        if (nodes >> nid & 1)
            nr += h->nodes[nid].free.count;
    return nr;
}

static u64 all_nodes(const struct hugetlb *h)
{
    return NODES_ALL >> (MAX_NUMNODES - h->mem->frames->nr_nodes);
}

/* nodes: where its policy lets it have them. */
static void refused_for_want(struct hugetlb *h, enum hugetlb_refusal why, u64 wanted, u64 policy)
{
    struct hugetlb_refused *r = &h->refused[why];
    u64 nodes = policy & h->mem->mems_allowed;
    u64 here = free_on(h, nodes);
    bool some = (nodes & all_nodes(h)) != all_nodes(h) && here < wanted;

    *r = (struct hugetlb_refused){.count = r->count + 1,
                                  .wanted = wanted,
                                  .pool = h->nr,
                                  .surplus = h->surplus,
                                  .overcommit = h->mem->tunables->nr_overcommit_hugepages,
                                  .left = some ? here : hugetlb_unreserved(h),
                                  .elsewhere = some ? h->free - here : 0,
                                  .nodes = some ? nodes & all_nodes(h) : 0,
                                  .is_cpuset = some && nodes != policy};
}

static void refused_by_limit(struct hugetlb *h, enum hugetlb_refusal why, u64 wanted,
                             const struct group *over, enum hugetlb_charge which)
{
    struct hugetlb_refused *r = &h->refused[why];

    *r = (struct hugetlb_refused){.count = r->count + 1,
                                  .wanted = wanted,
                                  .pool = h->nr,
                                  .limit = over->hugetlb[which].max / HPAGE_PMD_NR,
                                  .is_rsvd = which == HUGETLB_RSVD};
    group_path(over, r->group, sizeof(r->group));
}

void hugetlb_refuse_touch(struct hugetlb *h, u64 nodes)
{
    refused_for_want(h, HUGETLB_PAGE, 1, nodes);
}

/* --- promises --------------------------------------------------------------------------------- */
/* The nodes that the task is bound to; all of them. */
static u64 nodes_allowed(const struct hugetlb *h)
{
    const struct task_mempolicy *t = h->mem->policy;

    return t && t->policy.mode == MPOL_BIND ? t->policy.nodes : all_nodes(h);
}

/* Surplus pages until nr more can be promised. They count as free while they gather: whoever waits
 * goes on from there. */
static enum balance_result gather_surplus(struct hugetlb *h, u64 nr, struct attempt *at,
                                          struct wait *ret_wait)
{
    while (h->resv + nr > h->free) {
        enum balance_result r;
        pfn_t pfn;

        r = hugetlb_new_surplus(h, at, mem_nodes(h->mem), &pfn, ret_wait);
        if (r == BALANCE_FAIL)
            hugetlb_return_surplus(h, hugetlb_unreserved(h));
        if (r != BALANCE_OK)
            return r;
        hugetlb_enqueue(h, pfn);
    }
    return BALANCE_OK;
}

/* (hugetlb_acct_memory) */
static enum balance_result promise(struct hugetlb *h, u64 nr, struct attempt *at,
                                   struct wait *ret_wait)
{
    enum balance_result r = gather_surplus(h, nr, at, ret_wait);

    if (r != BALANCE_OK)
        return r;
    h->resv += nr;
    /* (allowed_mems_nr) */
    if (nr <= free_on(h, nodes_allowed(h) & h->mem->mems_allowed))
        return BALANCE_OK;
    give_back(h, nr);
    return BALANCE_FAIL;
}

enum balance_result hugetlb_reserve(struct hugetlb *h, struct hugetlb_file *file, struct group *g,
                                    struct attempt *at, struct wait *ret_wait)
{
    const struct group *over = group_try_charge_hugetlb(g, HUGETLB_RSVD, file->nr * HPAGE_PMD_NR);
    enum balance_result r;

    if (over) {
        refused_by_limit(h, HUGETLB_MAP_LIMIT, file->nr, over, HUGETLB_RSVD);
        return BALANCE_FAIL;
    }
    r = promise(h, file->nr, at, ret_wait);
    if (r != BALANCE_OK) {
        if (r == BALANCE_FAIL)
            refused_for_want(h, HUGETLB_MAP, file->nr, nodes_allowed(h));
        group_uncharge_hugetlb(g, HUGETLB_RSVD, file->nr * HPAGE_PMD_NR);
        return r;
    }
    file->rsvd_memcg = g->id;
    if (file->shared)
        bitmap_set_range(file->map, 0, file->nr);
    else
        file->left = file->nr;
    return BALANCE_OK;
}

void hugetlb_note_missing(struct hugetlb *h, u64 missing)
{
    h->refused[HUGETLB_PAGE].rest = missing;
}

void hugetlb_note_refused(struct hugetlb *h, u64 had)
{
    h->refused[HUGETLB_MAP].had = had;
}

void hugetlb_unreserve(struct hugetlb *h, struct hugetlb_file *file, u64 first, u64 end)
{
    u64 left = 0;

    assert(!file->shared && file->rsvd_memcg && end <= file->nr);
    for (u64 i = first; i < end; i++)
        left += !bitmap_test(file->map, i);
    bitmap_set_range(file->map, first, end - first);
    file->left -= left;
    uncharge(h, file->rsvd_memcg, HUGETLB_RSVD, end - first);
    give_back(h, left);
}

/* --- a page for a fault ----------------------------------------------------------------------- */
/* Is the page one that nothing was promised for? (vma_needs_reservation) */
static bool is_unpromised(const struct hugetlb_request *req)
{
    if (req->flags & VM_SHARED)
        return !bitmap_test(req->file->map, req->index);
    return !(req->flags & VM_RESV_OWNER) || bitmap_test(req->file->map, req->index);
}

/* A page of the pool, or a surplus one. `promised`: the reservation is used for it. */
static enum balance_result take(struct hugetlb *h, const struct hugetlb_request *req, bool promised,
                                pfn_t *ret_pfn, struct wait *ret_wait)
{
    struct alloc_nodes nodes = {req->nodes.mask & h->mem->mems_allowed, req->nodes.nid};
    enum balance_result r = BALANCE_OK;

    *ret_pfn = promised || hugetlb_unreserved(h) ? hugetlb_dequeue(h, nodes) : PFN_NONE;
    if (*ret_pfn == PFN_NONE)
        r = hugetlb_new_surplus(h, req->attempt, req->nodes, ret_pfn, ret_wait);
    if (r == BALANCE_OK && promised)
        h->resv--;
    return r;
}

/* The page belongs to the mapping now. (vma_commit_reservation) */
static void commit(const struct hugetlb_request *req, bool promised)
{
    if ((req->flags & VM_SHARED) || (req->flags & VM_RESV_OWNER))
        bitmap_set(req->file->map, req->index);
    if (promised && !(req->flags & VM_SHARED))
        req->file->left--;
}

static void uncharge_page(struct group *g, struct group *reserver)
{
    group_uncharge_hugetlb(g, HUGETLB_IN_USE, HPAGE_PMD_NR);
    if (reserver)
        group_uncharge_hugetlb(reserver, HUGETLB_RSVD, HPAGE_PMD_NR);
}

/* A page in use, and what reserver would have reserved; NULL: it has. */
static enum balance_result charge(struct hugetlb *h, const struct hugetlb_request *req,
                                  struct group *reserver)
{
    enum hugetlb_charge which = HUGETLB_RSVD;
    const struct group *over =
        reserver ? group_try_charge_hugetlb(reserver, HUGETLB_RSVD, HPAGE_PMD_NR) : NULL;

    if (!over) {
        which = HUGETLB_IN_USE;
        over = group_try_charge_hugetlb(req->group, HUGETLB_IN_USE, HPAGE_PMD_NR);
        if (over && reserver)
            group_uncharge_hugetlb(reserver, HUGETLB_RSVD, HPAGE_PMD_NR);
    }
    if (over && !req->leave_reserve)
        refused_by_limit(h, HUGETLB_PAGE_LIMIT, 1, over, which);
    return over ? BALANCE_FAIL : BALANCE_OK;
}

enum balance_result hugetlb_get_page(struct hugetlb *h, const struct hugetlb_request *req,
                                     pfn_t *ret_pfn, struct wait *ret_wait)
{
    bool promised = !req->leave_reserve && !is_unpromised(req);
    struct group *reserver = promised ? NULL : req->group;
    enum balance_result r;
    struct frame *f;

    r = charge(h, req, reserver);
    if (r != BALANCE_OK)
        return r;
    r = take(h, req, promised, ret_pfn, ret_wait);
    if (r != BALANCE_OK) {
        uncharge_page(req->group, reserver);
        if (r == BALANCE_FAIL && !req->leave_reserve)
            hugetlb_refuse_touch(h, req->nodes.mask);
        return r;
    }
    commit(req, promised);
    h->most_used = MAX(h->most_used, h->nr - h->free);
    f = frames_get(h->mem->frames, *ret_pfn);
    f->private = payers_make(req->group, reserver);
    f->mapping = req->inode;
    frame_set_index(f, req->index);
    return BALANCE_OK;
}

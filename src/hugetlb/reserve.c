/* reserve.c - see reserve.h. */
#include "hugetlb/reserve.h"

#include "base/alloc.h"
#include "base/bitmap.h"
#include "hugetlb/hugetlb_int.h"

/* --- who pays -------------------------------------------------------------------------------------- */
/* In frame.private: the group charged for the page, and the one charged for reserving it, where that was not done at mmap. */
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

/* --- files ----------------------------------------------------------------------------------------- */
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

/* --- promises -------------------------------------------------------------------------------------- */
/* Free pages on the nodes that the task is bound to. (allowed_mems_nr) */
static u64 allowed_free(const struct hugetlb *h)
{
    const struct task_mempolicy *t = h->mem->policy;
    u64 nr = 0;

    if (!t || t->policy.mode != MPOL_BIND)
        return h->free;
    for (unsigned nid = 0; nid < h->mem->frames->nr_nodes; nid++)
        if (t->policy.nodes >> nid & 1)
            nr += h->nodes[nid].free.count;
    return nr;
}

/* Surplus pages until nr more can be promised. They count as free while they gather: whoever waits goes on from there. */
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
    if (nr <= allowed_free(h))
        return BALANCE_OK;
    h->bound.nodes = h->mem->policy->policy.nodes;
    h->bound.wanted = nr;
    h->bound.here = allowed_free(h);
    h->bound.anywhere = h->free;
    give_back(h, nr);
    return BALANCE_FAIL;
}

enum balance_result hugetlb_reserve(struct hugetlb *h, struct hugetlb_file *file, struct group *g,
                                    struct attempt *at, struct wait *ret_wait)
{
    enum balance_result r;

    if (!group_try_charge_hugetlb(g, HUGETLB_RSVD, file->nr * HPAGE_PMD_NR)) {
        h->refused[HUGETLB_MAP_LIMIT]++;
        return BALANCE_FAIL;
    }
    r = promise(h, file->nr, at, ret_wait);
    if (r != BALANCE_OK) {
        h->refused[HUGETLB_MAP] += r == BALANCE_FAIL;
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

/* --- a page for a fault ------------------------------------------------------------------------------ */
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
    enum balance_result r = BALANCE_OK;

    *ret_pfn = promised || hugetlb_unreserved(h) ? hugetlb_dequeue(h, req->nodes) : PFN_NONE;
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

enum balance_result hugetlb_get_page(struct hugetlb *h, const struct hugetlb_request *req,
                                     pfn_t *ret_pfn, struct wait *ret_wait)
{
    bool promised = !req->leave_reserve && !is_unpromised(req);
    struct group *reserver = promised ? NULL : req->group;
    enum balance_result r;
    struct frame *f;

    h->why = HUGETLB_PAGE_LIMIT;
    if (reserver && !group_try_charge_hugetlb(reserver, HUGETLB_RSVD, HPAGE_PMD_NR))
        return BALANCE_FAIL;
    r = group_try_charge_hugetlb(req->group, HUGETLB_IN_USE, HPAGE_PMD_NR) ? BALANCE_OK
                                                                           : BALANCE_FAIL;
    if (r == BALANCE_OK) {
        h->why = HUGETLB_PAGE;
        r = take(h, req, promised, ret_pfn, ret_wait);
        if (r != BALANCE_OK)
            group_uncharge_hugetlb(req->group, HUGETLB_IN_USE, HPAGE_PMD_NR);
    }
    if (r != BALANCE_OK) {
        if (reserver)
            group_uncharge_hugetlb(reserver, HUGETLB_RSVD, HPAGE_PMD_NR);
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

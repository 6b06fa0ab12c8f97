/* access_int.h - between the files of access/: one fault on its way through them. */
#ifndef ACCESS_ACCESS_INT_H
#define ACCESS_ACCESS_INT_H

#include "access/access.h"
#include "reclaim/io.h"
#include "reclaim/lru.h"
#include "reclaim/page.h"
#include "reclaim/workingset.h"

struct fault {
    struct access_ctx *ac;
    struct vma *vma;
    vpn_t vpn;
    pte_t *slot;
    enum access_kind kind;
    bool major;
    bool alone; /* swapped in without others beside it */
};

static inline struct frame *fault_frame(const struct fault *f, pfn_t pfn)
{
    return frames_get(f->ac->mem->frames, pfn);
}

/* Of the folio that has the page. */
static inline struct frame *fault_folio(const struct fault *f, pfn_t pfn)
{
    return folio_head(f->ac->mem->frames, pfn);
}

/* access.c */
enum access_result access_from_balance(enum balance_result r);
/* A frame, charged to the context's group; it may not be evicted before it is used. On which node
 * says access_place() or access_place_shared(), else the task. */
enum access_result access_get_page(struct access_ctx *ac, enum purpose why, pfn_t *ret_pfn);
/* The same on a node that the policy of the mapping says. */
enum access_result access_get_vma_page(struct access_ctx *ac, const struct vma *vma, vpn_t vpn,
                                       enum purpose why, pfn_t *ret_pfn);
/* The same for what is in slot e: charged to the group that has the slot, or the context's when
 * that is gone. */
enum access_result swapin_get_page(struct access_ctx *ac, swp_t e, enum purpose why,
                                   pfn_t *ret_pfn);

/* The next page of this attempt is for a mapping (NULL: for none). On one node there is nothing to
 * choose. */
void access_place(struct mem *mem, struct attempt *at, const struct vma *vma, vpn_t vpn);
void access_place_shared(struct access_ctx *ac, const struct inode *inode, u64 index);
struct group *swapin_group(const struct access_ctx *ac, swp_t e);
/* A frame for a page table, charged; give it back unused; keep it for the huge leaf that comes at
 * vpn. */
enum access_result access_get_table(struct access_ctx *ac, pfn_t *ret_pfn);
void access_put_table(struct mem *mem, pfn_t pfn);
void access_deposit(struct access_ctx *ac, struct mm *mm, vpn_t vpn, pfn_t table);
/* Copy the bytes of a page, and what that costs. */
void access_copy_page(struct mem *mem, pfn_t to, pfn_t from);
void access_count_fault(struct access_ctx *ac, enum counter id);
/* Say that the I/O on pfn is waited for. */
void access_wait_io(struct access_ctx *ac, pfn_t pfn, enum wait_cause cause);
/* Wait until it completes; the fault is then retried and counts as major. */
enum access_result access_wait_page(struct access_ctx *ac, pfn_t pfn, enum wait_cause cause);

/* page_mark_dirty() of a file page that somebody stores to. */
void access_dirty_page(struct access_ctx *ac, pfn_t pfn);

/* thp.c */
/* Nothing maps the page: a huge page, or *ret_small. */
enum access_result fault_huge_new(struct fault *f, bool *ret_small);
/* A huge leaf maps it. Afterwards it may have been split. */
void fault_huge_present(struct fault *f);

void access_clear_folio(struct mem *mem, pfn_t head);
void access_copy_folio(struct mem *mem, pfn_t from, pfn_t to);

/* hugetlb.c */
enum access_result fault_hugetlb(struct fault *f);
/* The huge page at vpn, in the child too; one entry goes. */
enum access_result hugetlb_fork(struct access_ctx *ac, struct mm *child, vpn_t vpn);
void hugetlb_zap(struct mem *mem, const struct vma *vma, vpn_t vpn, pte_t pte);

/* numa.c */
/* The entry is a hint of NUMA balancing: it works again, and the page may move. */
void fault_numa(struct fault *f);
void fault_numa_huge(struct fault *f, pte_t *leaf);

/* anon.c */
/* Of a new entry in a private mapping. */
pte_t access_user_bits(const struct vma *vma, bool write);
enum access_result fault_anon(struct fault *f);
enum access_result fault_write_protected(struct fault *f);
/* swapin.c */
enum access_result fault_swap(struct fault *f);
/* Read slot e into frame pfn, which goes into the swap cache, and what lies beside it: by the
 * address of the fault where swap has no seeks, by slot without one. False: the window is the page
 * itself. */
bool swapin_window(struct access_ctx *ac, swp_t e, pfn_t pfn, struct fault *f);

/* filemap.c */
enum access_result fault_file(struct fault *f);
/* shmem.c */
/* Page `index` of shared memory into the page cache, there and uptodate on ACCESS_OK. For a fault:
 * it becomes a major one when the page is read from swap. f is NULL for read(2) and write(2). */
enum access_result shmem_get_page(struct access_ctx *ac, struct inode *inode, u64 index,
                                  struct fault *f);
/* Give back the slots of the pages [from, to] that are in swap. */
void shmem_free_swap(struct mem *mem, struct inode *inode, u64 from, u64 to);

#endif

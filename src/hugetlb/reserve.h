/* reserve.h - mappings of huge pages: what is promised to each, and pages by their offset.
 *
 *                       reserved at mmap      a page of it
 *     private, owner    the whole range       takes from the reservation the first time, from what is free of promises later
 *     private, forked   nothing               from what is free of promises
 *     shared            the whole range       stays in the file until that is gone
 *     MAP_NORESERVE     nothing               from what is free of promises
 *
 * Who finds no page, and no surplus page, gets SIGBUS. A private mapping keeps its reservation on
 * fork, its copy in the child has none (VM_RESV_OWNER says which is which).
 *
 * Mirrors:    mm/hugetlb.c (hugetlb_reserve_pages, alloc_huge_page, vma_needs_reservation,
 *             hugetlb_vm_op_close), Linux 6.1. Differs: each mapping is a file of its own, reserved
 *             whole; so a bit for each page does for the map of regions.
 * Owns:       struct hugetlb_file, which an inode of INODE_HUGETLB has.
 */
#ifndef HUGETLB_RESERVE_H
#define HUGETLB_RESERVE_H

#include "hugetlb/hugetlb.h"
#include "space/vma.h"

struct hugetlb_file {
    struct list_head link; /* in hugetlb.files */
    bool shared;
    u64 nr; /* huge pages from its start to its end */
    /* A bit for each: of a shared file, the page is reserved or there; of a private one, its
     * reservation has been used. */
    u64 *map;
    u64 left;       /* of a private one: reserved and not used yet */
    pfn_t *pages;   /* of a shared one; PFN_NONE: not there */
    u16 rsvd_memcg; /* group that is charged for the reservation, 0: nothing was reserved */
};

/* The file of inode `id`, which is a new one. */
struct hugetlb_file *hugetlb_file_new(struct hugetlb *h, u64 nr, bool shared);
/* Its pages are free and its reservation is given back.   pre: nothing maps it */
void hugetlb_file_free(struct hugetlb *h, struct hugetlb_file *file);

/* mmap: reserve all of it, for g to be charged. BALANCE_FAIL: the pool, surplus pages included, has
 * not so many, or a limit is in the way. */
enum balance_result hugetlb_reserve(struct hugetlb *h, struct hugetlb_file *file, struct group *g,
                                    struct attempt *at, struct wait *ret_wait);
/* The mapping that was refused last is of a process that had mapped so many huge pages before. */
void hugetlb_note_refused(struct hugetlb *h, u64 had);
/* The touch that was refused last is in a mapping of which so many huge pages are missing. */
void hugetlb_note_missing(struct hugetlb *h, u64 missing);
/* munmap of huge pages [first, end) of a private mapping that has the reservation. */
void hugetlb_unreserve(struct hugetlb *h, struct hugetlb_file *file, u64 first, u64 end);

struct hugetlb_request {
    struct hugetlb_file *file;
    u64 index; /* of the page in the file */
    u32 flags; /* of the mapping: VM_SHARED, VM_NORESERVE, VM_RESV_OWNER */
    u32 inode;
    bool leave_reserve; /* copy-on-write by the owner: it has had its page of the reservation */
    struct alloc_nodes nodes;
    struct group *group;
    struct attempt *attempt;
};
/* A page for a fault: charged to the group of the hugetlb controller. BALANCE_FAIL: there is none,
 * or a limit is in the way. */
enum balance_result hugetlb_get_page(struct hugetlb *h, const struct hugetlb_request *req,
                                     pfn_t *ret_pfn, struct wait *ret_wait);
/* A touch that is refused before anybody is asked for a page; nodes: where it might have one. */
void hugetlb_refuse_touch(struct hugetlb *h, u64 nodes);
/* The last user of a page is gone.   pre: nothing maps it and no file has it */
void hugetlb_put_page(struct hugetlb *h, pfn_t pfn);
/* Huge pages of the node that are charged to g, and with `below` to the groups below. */
u64 hugetlb_count_charged(const struct hugetlb *h, const struct group *g, unsigned nid, bool below);

#endif

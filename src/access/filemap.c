/* filemap.c - pages of files: faults, and the pages that read(2) and write(2) work on.
 *
 *   fault:  map what is cached around the address (fault-around)
 *           not cached:  pgmajfault, read a window, wait, again
 *           cached:      maybe start the next window, and then again; map it, or copy it for a private write
 *
 * A page being read is PG_LOCKED in the page cache; whoever needs it waits for its completion and
 * looks again. Mirrors filemap_fault(), filemap_map_pages(), filemap_get_pages() of mm/filemap.c,
 * page_cache_ra_unbounded() of mm/readahead.c, do_read_fault(), do_cow_fault(), do_shared_fault()
 * of mm/memory.c, Linux 6.1. */
#include <string.h>

#include "access/access_int.h"

static struct inode *fault_inode(const struct fault *f)
{
    return inode_get(f->ac->mem->backing, f->vma->inode);
}

/* Put a frame into the cache, locked and on its way to the LRU; false when it is a page that
 * reclaim threw out lately. */
static bool add_locked(struct mem *mem, struct inode *inode, u64 index, pfn_t pfn, bool for_write)
{
    u64 shadow;

    frame_set(frames_get(mem->frames, pfn), PG_LOCKED);
    shadow = page_cache_add(mem, inode, index, pfn);
    if (for_write) {
        page_use(mem, pfn, FILE_USED);
    } else if (shadow) {
        const s64 *refaults = &mem->backing->counters->v[WORKINGSET_REFAULT_FILE];
        s64 before = *refaults;

        workingset_refault(mem, pfn, shadow);
        /* The policy does not count what left too long ago. */
        inode->use.lost += (u64)(*refaults - before);
    }
    lru_add(mem, pfn);
    return shadow != 0;
}

/* Submit the *nr pages before row_end. */
static void submit_row(struct mem *mem, struct inode *inode, u64 row_end, u32 *nr)
{
    if (*nr)
        io_read_file(mem, inode, row_end - *nr, *nr);
    *nr = 0;
}

/* Without memory it ends. A page that the group's limit has no room for is left out: what was got
 * so far is submitted, and may make room once it is read. */
void filemap_readahead(struct access_ctx *ac, struct inode *inode, const struct ra_plan *plan)
{
    struct mem *mem = ac->mem;
    u64 end = plan->start + plan->nr, mark = plan->async_size ? end - plan->async_size : UINT64_MAX;
    u64 i;
    u32 nr = 0; /* pages of the row that is not yet submitted */

    if (!inode->device) /* shared memory */
        return;
    for (i = plan->start; i < end; i++) {
        struct attempt at = {.noretry = true};
        struct wait w;
        pfn_t pfn;

        if (pagecache_find(inode, i) != PFN_NONE) {
            submit_row(mem, inode, i, &nr);
            continue;
        }
        if (balance_alloc(mem, &at, 0, ALLOC_MOVABLE, &pfn, &w) != BALANCE_OK)
            break;
        if (balance_charge_page(mem, &at, ac->group, 0, pfn, &w) != BALANCE_OK) {
            submit_row(mem, inode, i, &nr);
            if (kernel_has(mem->kernel, KERNEL_READAHEAD_REFAULTS))
                break;
            continue;
        }
        ac->refault |= add_locked(mem, inode, i, pfn, false);
        if (i == mark)
            frame_set(frames_get(mem->frames, pfn), PG_READAHEAD);
        nr++;
    }
    submit_row(mem, inode, i, &nr);
}

/* A page that nothing need be read for: new, or all of it will be written. */
static bool add_zeroed(struct mem *mem, struct inode *inode, u64 index, pfn_t pfn)
{
    bool shadow = add_locked(mem, inode, index, pfn, true);

    if (mem->frames->bytes)
        memset(frames_bytes(mem->frames, pfn), 0, PAGE_SIZE);
    frame_clear(frames_get(mem->frames, pfn), PG_LOCKED);
    frame_set(frames_get(mem->frames, pfn), PG_UPTODATE);
    return shadow;
}

/* Read one page that no readahead brought. */
static enum access_result read_one(struct access_ctx *ac, struct inode *inode, u64 index,
                                   enum purpose why)
{
    pfn_t pfn = pagecache_find(inode, index);
    enum access_result r = ACCESS_OK;

    if (pfn != PFN_NONE)
        return ACCESS_OK;
    if (!inode->device)
        return shmem_get_page(ac, inode, index, NULL);
    r = access_get_page(ac, why, &pfn);
    if (r != ACCESS_OK)
        return r;
    ac->refault |= add_locked(ac->mem, inode, index, pfn, false);
    io_read_file(ac->mem, inode, index, 1);
    return ACCESS_OK;
}

/* A page whose read failed may be tried again once; it leaves the cache so that the next look
 * starts anew. */
static void drop_failed(struct mem *mem, pfn_t pfn)
{
    if (frames_get(mem->frames, pfn)->mapcount)
        return;
    page_cache_del(mem, pfn, 0);
    page_free(mem, pfn);
}

/* Before a stream's next window: what an earlier one read again says nothing of this one. A stream
 * that readahead keeps up with misses no page, so that nothing else would end it. */
static void read_on(struct access_ctx *ac, const struct ra_plan *plan)
{
    if (plan->nr)
        ac->refault = false;
}

static enum wait_cause read_cause(const struct access_ctx *ac)
{
    return ac->refault ? WAIT_REFAULT : WAIT_READ;
}

/* The page of the file behind the mapping, of a kernel that reads text to there; else 0. */
static u64 text_end(const struct fault *f)
{
    if (!(f->vma->flags & VM_EXEC) || !kernel_has(f->ac->mem->kernel, KERNEL_READAHEAD_TEXT))
        return 0;
    return f->vma->pgoff + (f->vma->end - f->vma->start);
}

/* The page of the file at the fault's address, uptodate and unlocked. */
static enum access_result filemap_fault(struct fault *f, pfn_t *ret_pfn)
{
    struct access_ctx *ac = f->ac;
    struct mem *mem = ac->mem;
    struct inode *inode = fault_inode(f);
    struct file *file = file_get(mem->backing, f->vma->file);
    u64 index = vma_index(f->vma, f->vpn);
    bool retried = *ac->fault_retried || f->major, dropped = false;

    if (index >= inode_nr_pages(inode))
        return ACCESS_SIGBUS;
    if (!inode->device) {
        enum access_result r = shmem_get_page(ac, inode, index, f);

        *ret_pfn = pagecache_find(inode, index);
        return r;
    }
    for (;;) {
        pfn_t pfn = pagecache_find(inode, index);
        struct frame *fr = frames_get(mem->frames, pfn);
        struct ra_plan plan;
        enum access_result r;

        if (pfn == PFN_NONE) {
            access_count_fault(ac, PGMAJFAULT);
            f->major = dropped = true;
            ac->refault = false;
            plan = readahead_mmap_sync(file, inode, index, f->vma->flags, text_end(f));
            filemap_readahead(ac, inode, &plan);
            r = read_one(ac, inode, index, PURPOSE_FILE_FAULT);
            if (r != ACCESS_OK)
                return r;
        } else if (!retried) {
            bool marked = frame_test(fr, PG_READAHEAD) && !frame_test(fr, PG_WRITEBACK);

            /* The kernel drops mmap_lock to read ahead: major for the process, though pgmajfault
             * does not count it. */
            if (frame_test(fr, PG_READAHEAD) && !(f->vma->flags & VM_RAND_READ) &&
                file->ra.ra_pages)
                f->major = dropped = true;
            plan = readahead_mmap_async(file, inode, index, f->vma->flags, marked);
            if (marked && (plan.nr || (!(f->vma->flags & VM_RAND_READ) && file->ra.ra_pages)))
                frame_clear(fr, PG_READAHEAD);
            read_on(ac, &plan);
            filemap_readahead(ac, inode, &plan);
        }
        pfn = pagecache_find(inode, index);
        if (pfn == PFN_NONE) { /* evicted by the readahead it started */
            retried = true;
            continue;
        }
        fr = frames_get(mem->frames, pfn);
        if (frame_test(fr, PG_LOCKED))
            return access_wait_page(ac, pfn, read_cause(ac));
        if (frame_test(fr, PG_UPTODATE)) {
            if (dropped && !kernel_has(mem->kernel, KERNEL_FAULT_ONCE)) /* it is made again */
                access_count_fault(ac, PGFAULT);
            *ret_pfn = pfn;
            return ACCESS_OK;
        }
        drop_failed(mem, pfn);
        return ACCESS_SIGBUS;
    }
}

/* --- mapping ---------------------------------------------------------------------------------- */
static pte_t file_bits(const struct vma *vma, bool write)
{
    pte_t bits = PTE_PRESENT | PTE_USER | PTE_ACCESSED;

    (void)vma;
    return write ? bits | PTE_WRITE | PTE_DIRTY : bits;
}

static void map_page(struct fault *f, vpn_t vpn, pte_t *slot, pfn_t pfn, bool write)
{
    page_map(f->ac->mem, f->ac->mm, pfn);
    pagetable_set(f->ac->mm, vpn, slot, pte_make(pfn, file_bits(f->vma, write)));
}

/* Map the cached pages of the aligned window around the address that lie in the vma and in this
 * page table. */
static bool fault_around(struct fault *f)
{
    struct mem *mem = f->ac->mem;
    struct inode *inode = fault_inode(f);
    u64 pages = MAX(mem->tunables->x_fault_around_bytes >> PAGE_SHIFT, (u64)1);
    vpn_t start = MAX(f->vpn & ~(pages - 1), f->vma->start);
    vpn_t end = MIN(MIN(start + pages, f->vma->end), (start | (TABLE_ENTRIES - 1)) + 1);
    const bool strict = kernel_has(mem->kernel, KERNEL_READAHEAD_REFAULTS);
    u32 mapped = 0;
    u64 last = vma_index(f->vma, end - 1), nr_pages = inode_nr_pages(inode);

    if (pages <= 1 || !nr_pages)
        return false;
    last = MIN(last, nr_pages - 1);
    for (u64 i = vma_index(f->vma, start); i <= last; i++) {
        vpn_t vpn = f->vma->start + (i - f->vma->pgoff);
        pte_t *slot = f->slot + (s64)(vpn - f->vpn);
        pfn_t pfn = pagecache_find(inode, i);
        struct frame *fr = frames_get(mem->frames, pfn);

        if (pfn == PFN_NONE || frame_test(fr, PG_LOCKED | PG_READAHEAD) ||
            !frame_test(fr, PG_UPTODATE))
            continue;
        mapped += !strict || !frame_test(fr, PG_WORKINGSET);
        if (!pte_none(*slot))
            continue;
        map_page(f, vpn, slot, pfn, false);
        mem_cost(mem, mem->cost->fault_around);
    }
    readahead_mmap_mapped(file_get(mem->backing, f->vma->file), mapped);
    return !pte_none(*f->slot);
}

/* A fault that had to read, or that began to read ahead, is made again from the start, so its
 * fault-around finds what readahead brought. */
static enum access_result fault_read(struct fault *f)
{
    for (;;) {
        bool was_major = f->major;
        enum access_result r;
        pfn_t pfn;

        if (fault_around(f))
            return ACCESS_OK;
        r = filemap_fault(f, &pfn);
        if (r != ACCESS_OK)
            return r;
        if (f->major == was_major) {
            map_page(f, f->vpn, f->slot, pfn, false);
            return ACCESS_OK;
        }
    }
}

/* A private write: the file's page is only copied from. */
static enum access_result fault_cow(struct fault *f)
{
    struct mem *mem = f->ac->mem;
    enum access_result r;
    pfn_t file_pfn, pfn;

    r = filemap_fault(f, &file_pfn);
    if (r != ACCESS_OK)
        return r;
    anon_vma_prepare(f->vma);
    frame_set(fault_frame(f, file_pfn), PG_LOCKED); /* stays while the copy is allocated */
    r = access_get_vma_page(f->ac, f->vma, f->vpn, PURPOSE_ANON_COPY, &pfn);
    frame_clear(fault_frame(f, file_pfn), PG_LOCKED);
    if (r != ACCESS_OK)
        return r;
    if (mem->frames->bytes)
        memcpy(frames_bytes(mem->frames, pfn), frames_bytes(mem->frames, file_pfn), PAGE_SIZE);
    mem_cost(mem, mem->cost->copy_page);
    page_use(mem, file_pfn, 1);
    frame_set(fault_frame(f, pfn), PG_UPTODATE | PG_SWAPBACKED);
    page_map_new_anon(mem, f->vma, f->vpn, pfn);
    lru_add(mem, pfn);
    pagetable_set(f->ac->mm, f->vpn, f->slot, pte_make(pfn, file_bits(f->vma, true)));
    return ACCESS_OK;
}

static enum access_result fault_shared(struct fault *f)
{
    enum access_result r;
    pfn_t pfn;

    r = filemap_fault(f, &pfn);
    if (r != ACCESS_OK)
        return r;
    access_dirty_page(f->ac, pfn);
    map_page(f, f->vpn, f->slot, pfn, true);
    return ACCESS_OK;
}

enum access_result fault_file(struct fault *f)
{
    if (f->kind != ACCESS_WRITE)
        return fault_read(f);
    return f->vma->flags & VM_SHARED ? fault_shared(f) : fault_cow(f);
}

/* --- read(2) and write(2) --------------------------------------------------------------------- */
enum access_result access_file_page(struct access_ctx *ac, struct file *file, u64 index,
                                    u32 req_count, pfn_t *ret_pfn)
{
    struct mem *mem = ac->mem;
    struct inode *inode = inode_get(mem->backing, file->inode);
    pfn_t pfn = pagecache_find(inode, index);
    struct ra_plan plan;
    bool missed = pfn == PFN_NONE;
    enum access_result r;

    if (missed) {
        ac->refault = false;
        plan = readahead_sync(file, inode, index, req_count);
        filemap_readahead(ac, inode, &plan);
        r = read_one(ac, inode, index, PURPOSE_FILE_READ);
        if (r != ACCESS_OK)
            return r;
        pfn = pagecache_find(inode, index);
    }
    if (readahead_take_mark(frames_get(mem->frames, pfn))) {
        plan = readahead_async(file, inode, index, req_count);
        if (!missed)
            read_on(ac, &plan);
        filemap_readahead(ac, inode, &plan);
        pfn = pagecache_find(inode, index);
        if (pfn == PFN_NONE) {
            r = read_one(ac, inode, index, PURPOSE_FILE_READ);
            if (r != ACCESS_OK)
                return r;
            pfn = pagecache_find(inode, index);
        }
    }
    if (frame_test(frames_get(mem->frames, pfn), PG_LOCKED)) {
        access_wait_io(ac, pfn, read_cause(ac));
        return ACCESS_WAIT;
    }
    if (!frame_test(frames_get(mem->frames, pfn), PG_UPTODATE)) {
        drop_failed(mem, pfn);
        return ACCESS_SIGBUS; /* EIO for read(2) */
    }
    *ret_pfn = pfn;
    return ACCESS_OK;
}

enum access_result access_file_write_page(struct access_ctx *ac, struct file *file, u64 index,
                                          bool whole, pfn_t *ret_pfn)
{
    struct mem *mem = ac->mem;
    struct inode *inode = inode_get(mem->backing, file->inode);
    pfn_t pfn = pagecache_find(inode, index);
    struct frame *fr;
    enum access_result r;

    if (pfn == PFN_NONE && !inode->device) {
        r = read_one(ac, inode, index, PURPOSE_FILE_READ);
        ac->attempt->resumed = false;
        if (r != ACCESS_OK)
            return r;
        pfn = pagecache_find(inode, index);
    } else if (pfn == PFN_NONE) {
        r = access_get_page(ac, PURPOSE_FILE_WRITE, &pfn);
        ac->attempt->resumed = false;
        if (r != ACCESS_OK)
            return r;
        if (!whole && index < inode_nr_pages(inode)) {
            ac->refault = add_locked(mem, inode, index, pfn, true);
            io_read_file(mem, inode, index, 1);
        } else {
            ac->refault = add_zeroed(mem, inode, index, pfn);
        }
    }
    fr = frames_get(mem->frames, pfn);
    if (frame_test(fr, PG_LOCKED)) {
        access_wait_io(ac, pfn, read_cause(ac));
        return ACCESS_WAIT;
    }
    if (!frame_test(fr, PG_UPTODATE)) {
        drop_failed(mem, pfn);
        return ACCESS_SIGBUS;
    }
    *ret_pfn = pfn;
    return ACCESS_OK;
}

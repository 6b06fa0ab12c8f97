/* pid_smaps.c - /proc/PID/smaps and smaps_rollup: every present page of a process, classified, by
 * mapping and in all.
 *
 * A page mapped once is private, more often shared; each mapping carries its part of a shared page
 * (Pss, kept in 1/4096 bytes as the kernel does). Dirty is what the entry or the frame says. The
 * zero page counts nowhere. Swap of a shared mapping is that of the file's pages in its range which
 * no entry remembers.
 */
#include "procfs/procfs.h"

#include "access/thp.h"
#include "procfs/pid_maps.h"

#include <inttypes.h>

#define PSS_SHIFT 12

struct mem_size_stats { /* bytes; pss_* in 1/4096 bytes */
    u64 rss, pss, pss_dirty, pss_anon, pss_file, pss_shmem;
    u64 shared_clean, shared_dirty, private_clean, private_dirty;
    u64 referenced, anonymous, lazyfree, anon_huge;
    u64 swap, swap_pss, locked;
    u64 shared_hugetlb, private_hugetlb;
};

/* `size` bytes of folio f, each page of which `mapcount` entries map. */
static void add_present(struct mem_size_stats *r, const struct frame *f, u32 mapcount, pte_t pte,
                        u64 size, bool locked)
{
    bool dirty = (pte & PTE_DIRTY) || frame_test(f, PG_DIRTY);
    u64 pss = size << PSS_SHIFT;

    if (mapcount > 1)
        pss /= mapcount;
    r->rss += size;
    r->pss += pss;
    if (frame_test(f, PG_ANON)) {
        r->anonymous += size;
        r->pss_anon += pss;
        if (!frame_test(f, PG_SWAPBACKED) && !dirty)
            r->lazyfree += size;
    } else if (frame_test(f, PG_SWAPBACKED)) {
        r->pss_shmem += pss;
    } else {
        r->pss_file += pss;
    }
    if ((pte & PTE_ACCESSED) || frame_test(f, PG_REFERENCED))
        r->referenced += size;
    if (locked)
        r->locked += pss;
    if (dirty) {
        r->pss_dirty += pss;
        *(mapcount > 1 ? &r->shared_dirty : &r->private_dirty) += size;
    } else {
        *(mapcount > 1 ? &r->shared_clean : &r->private_clean) += size;
    }
}

static void add_swapped(struct mem_size_stats *r, u32 references)
{
    u64 pss = (u64)PAGE_SIZE << PSS_SHIFT;

    r->swap += PAGE_SIZE;
    r->swap_pss += references > 1 ? pss / references : pss;
}

/* Pages of a tmpfs file that are in swap: its entries, not those of the page table, say so. */
static void add_shmem_swap(struct mem_size_stats *r, const struct system *s, const struct vma *v)
{
    const struct inode *inode = v->inode ? inode_get(&s->backing, v->inode) : NULL;
    u64 index, entry;

    if (!inode || inode->device || !inode->nr_shadows)
        return;
    xa_for_each_range (&inode->pages, index, entry, vma_index(v, v->start),
                       vma_index(v, v->end - 1))
        if (entry_is_shadow(entry))
            r->swap += PAGE_SIZE;
}

/* Of a huge leaf, entries that map the folio whole are told from others by the first page alone
 * (page_mapcount of it). */
static u32 entry_mapcount(const struct system *s, struct pte_ref ref)
{
    return page_mapcount(&s->frames, frames_get(&s->frames, pte_pfn(*ref.slot)));
}

static void add_vma(struct mem_size_stats *r, const struct system *s, const struct vma *v)
{
    struct pte_ref ref;

    pagetable_for_each (v->mm, at, ref, v->start, v->end) {
        pte_t pte = *ref.slot;
        u64 size = (u64)PAGE_SIZE << ref.order;

        if (pte & PTE_HUGETLB) {
            *(entry_mapcount(s, ref) > 1 ? &r->shared_hugetlb : &r->private_hugetlb) += size;
        } else if (pte_is_swap(pte) && pte_swp(pte) != SWP_ERROR) {
            add_swapped(r, swap_count(&s->swap, pte_swp(pte)));
        } else if (pte_has_frame(pte)) {
            add_present(r, folio_head(&s->frames, pte_pfn(pte)), entry_mapcount(s, ref), pte, size,
                        (v->flags & VM_LOCKED) != 0);
            r->anon_huge += ref.order ? size : 0;
        }
    }
    add_shmem_swap(r, s, v);
}

static void render_line(struct strbuf *out, const char *key, u64 bytes)
{
    strbuf_printf(out, "%-16s%8" PRIu64 " kB\n", key, bytes / 1024);
}

static void render_stats(const struct system *s, const struct mem_size_stats *r, bool rollup,
                         struct strbuf *out)
{
    render_line(out, "Rss:", r->rss);
    render_line(out, "Pss:", r->pss >> PSS_SHIFT);
    render_line(out, "Pss_Dirty:", r->pss_dirty >> PSS_SHIFT);
    if (rollup) {
        render_line(out, "Pss_Anon:", r->pss_anon >> PSS_SHIFT);
        render_line(out, "Pss_File:", r->pss_file >> PSS_SHIFT);
        render_line(out, "Pss_Shmem:", r->pss_shmem >> PSS_SHIFT);
    }
    render_line(out, "Shared_Clean:", r->shared_clean);
    render_line(out, "Shared_Dirty:", r->shared_dirty);
    render_line(out, "Private_Clean:", r->private_clean);
    render_line(out, "Private_Dirty:", r->private_dirty);
    render_line(out, "Referenced:", r->referenced);
    render_line(out, "Anonymous:", r->anonymous);
    if (kernel_has(&s->kernel, KERNEL_KSM_LINE))
        render_line(out, "KSM:", 0);
    render_line(out, "LazyFree:", r->lazyfree);
    render_line(out, "AnonHugePages:", r->anon_huge);
    render_line(out, "ShmemPmdMapped:", 0);
    render_line(out, "FilePmdMapped:", 0);
    render_line(out, "Shared_Hugetlb:", r->shared_hugetlb);
    render_line(out, "Private_Hugetlb:", r->private_hugetlb);
    render_line(out, "Swap:", r->swap);
    render_line(out, "SwapPss:", r->swap_pss >> PSS_SHIFT);
    render_line(out, "Locked:", r->locked >> PSS_SHIFT);
}

void render_pid_smaps_rollup(const struct system *s, const struct task *t, struct strbuf *out)
{
    const struct mm *mm = t->mm;
    struct mem_size_stats r = {0};

    if (!mm || !mm->nr_vmas)
        return;
    for (u32 i = 0; i < mm->nr_vmas; i++)
        add_vma(&r, s, mm->vmas[i]);
    maps_render_line(
        &(struct maps_line){
            .start = mm->vmas[0]->start << PAGE_SHIFT,
            .end = mm->vmas[mm->nr_vmas - 1]->end << PAGE_SHIFT,
            .name = "[rollup]",
            .suffix = "",
        },
        out);
    render_stats(s, &r, true, out);
}

/* --- by mapping ------------------------------------------------------------------------------- */
/* Flags of the kernel that are ours, in its order; what a mapping may become is known but for files
 * opened read-only. */
static void render_flags(const struct system *s, const struct vma *v, struct strbuf *out)
{
    const struct inode *inode = v->inode ? inode_get(&s->backing, v->inode) : NULL;
    bool shared = (v->flags & VM_SHARED) != 0;
    bool read_only = shared && !(v->flags & VM_WRITE) && inode && inode->device;
    const struct {
        bool on;
        const char *name;
    } flags[] = {
        {(v->flags & VM_READ) != 0, "rd"},
        {(v->flags & VM_WRITE) != 0, "wr"},
        {(v->flags & VM_EXEC) != 0, "ex"},
        {shared && !read_only, "sh"},
        {true, "mr"},
        {!read_only, "mw"},
        {true, "me"},
        {shared, "ms"},
        {(v->flags & VM_GROWSDOWN) != 0, "gd"},
        {(v->flags & VM_LOCKED) != 0, "lo"},
        {(v->flags & VM_SEQ_READ) != 0, "sr"},
        {(v->flags & VM_RAND_READ) != 0, "rr"},
        {(v->flags & VM_DONTFORK) != 0, "dc"},
        {(v->flags & VM_HUGETLB) != 0, "de"},
        {(v->flags & VM_LOCKONFAULT) != 0, "lf"},
        {(v->flags & VM_ACCOUNT) != 0, "ac"},
        {(v->flags & VM_NORESERVE) != 0, "nr"},
        {(v->flags & VM_HUGETLB) != 0, "ht"},
        {(v->flags & VM_WIPEONFORK) != 0, "wf"},
        {!(v->flags & VM_GROWSDOWN), "sd"},
        {(v->flags & VM_HUGEPAGE) != 0, "hg"},
        {(v->flags & VM_NOHUGEPAGE) != 0, "nh"},
    };

    strbuf_append(out, "VmFlags: ");
    for (unsigned i = 0; i < ARRAY_SIZE(flags); i++)
        if (flags[i].on)
            strbuf_printf(out, "%s ", flags[i].name);
    strbuf_appendc(out, '\n');
}

void render_pid_smaps(const struct system *s, const struct task *t, struct strbuf *out)
{
    for (u32 i = 0; t->mm && i < t->mm->nr_vmas; i++) {
        const struct vma *v = t->mm->vmas[i];
        u64 page = v->flags & VM_HUGETLB ? HPAGE_PMD_SIZE : PAGE_SIZE;
        struct mem_size_stats r = {0};

        add_vma(&r, s, v);
        maps_render_vma(s, v, out);
        render_line(out, "Size:", vma_pages(v) * PAGE_SIZE);
        render_line(out, "KernelPageSize:", page);
        render_line(out, "MMUPageSize:", page);
        render_stats(s, &r, false, out);
        strbuf_printf(out, "THPeligible:    %d\n", thp_vma_eligible(&s->mem, v));
        render_flags(s, v, out);
    }
}

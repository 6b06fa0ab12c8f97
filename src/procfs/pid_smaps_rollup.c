/* pid_smaps_rollup.c - /proc/PID/smaps_rollup: every present page of a process, classified.
 *
 * A page mapped once is private, more often shared; each mapping carries its part of a shared page (Pss, kept in 1/4096
 * bytes as the kernel does). Dirty is what the entry or the frame says. The zero page counts nowhere.
 */
#include "procfs/procfs.h"

#include "procfs/pid_maps.h"

#include <inttypes.h>

#define PSS_SHIFT 12

struct rollup { /* bytes; pss_* in 1/4096 bytes */
    u64 rss, pss, pss_dirty, pss_anon, pss_file, pss_shmem;
    u64 shared_clean, shared_dirty, private_clean, private_dirty;
    u64 referenced, anonymous, lazyfree;
    u64 swap, swap_pss, locked;
};

static void add_present(struct rollup *r, const struct frame *f, pte_t pte, bool locked)
{
    bool dirty = (pte & PTE_DIRTY) || frame_test(f, PG_DIRTY);
    u64 pss = (u64)PAGE_SIZE << PSS_SHIFT;

    if (f->mapcount > 1)
        pss /= f->mapcount;
    r->rss += PAGE_SIZE;
    r->pss += pss;
    if (frame_test(f, PG_ANON)) {
        r->anonymous += PAGE_SIZE;
        r->pss_anon += pss;
        if (!frame_test(f, PG_SWAPBACKED) && !dirty)
            r->lazyfree += PAGE_SIZE;
    } else if (frame_test(f, PG_SWAPBACKED)) {
        r->pss_shmem += pss;
    } else {
        r->pss_file += pss;
    }
    if ((pte & PTE_ACCESSED) || frame_test(f, PG_REFERENCED))
        r->referenced += PAGE_SIZE;
    if (locked)
        r->locked += pss;
    if (dirty) {
        r->pss_dirty += pss;
        *(f->mapcount > 1 ? &r->shared_dirty : &r->private_dirty) += PAGE_SIZE;
    } else {
        *(f->mapcount > 1 ? &r->shared_clean : &r->private_clean) += PAGE_SIZE;
    }
}

static void add_swapped(struct rollup *r, u32 references)
{
    u64 pss = (u64)PAGE_SIZE << PSS_SHIFT;

    r->swap += PAGE_SIZE;
    r->swap_pss += references > 1 ? pss / references : pss;
}

static void add_vma(struct rollup *r, const struct system *s, const struct vma *v)
{
    pte_t *slot;

    for (vpn_t at = v->start; (at = pagetable_next(v->mm, at, v->end, &slot)) < v->end; at++) {
        pte_t pte = *slot;

        if (pte_is_swap(pte))
            add_swapped(r, swap_count(&s->swap, pte_swp(pte)));
        else if (pte_present(pte) && !pte_is_zero_page(pte))
            add_present(r, frames_get(&s->frames, pte_pfn(pte)), pte, (v->flags & VM_LOCKED) != 0);
    }
}

static void render_line(struct strbuf *out, const char *key, u64 bytes)
{
    strbuf_printf(out, "%-16s%8" PRIu64 " kB\n", key, bytes / 1024);
}

static void render_rollup(const struct rollup *r, struct strbuf *out)
{
    render_line(out, "Rss:", r->rss);
    render_line(out, "Pss:", r->pss >> PSS_SHIFT);
    render_line(out, "Pss_Dirty:", r->pss_dirty >> PSS_SHIFT);
    render_line(out, "Pss_Anon:", r->pss_anon >> PSS_SHIFT);
    render_line(out, "Pss_File:", r->pss_file >> PSS_SHIFT);
    render_line(out, "Pss_Shmem:", r->pss_shmem >> PSS_SHIFT);
    render_line(out, "Shared_Clean:", r->shared_clean);
    render_line(out, "Shared_Dirty:", r->shared_dirty);
    render_line(out, "Private_Clean:", r->private_clean);
    render_line(out, "Private_Dirty:", r->private_dirty);
    render_line(out, "Referenced:", r->referenced);
    render_line(out, "Anonymous:", r->anonymous);
    render_line(out, "LazyFree:", r->lazyfree);
    render_line(out, "AnonHugePages:", 0);
    render_line(out, "ShmemPmdMapped:", 0);
    render_line(out, "FilePmdMapped:", 0);
    render_line(out, "Shared_Hugetlb:", 0);
    render_line(out, "Private_Hugetlb:", 0);
    render_line(out, "Swap:", r->swap);
    render_line(out, "SwapPss:", r->swap_pss >> PSS_SHIFT);
    render_line(out, "Locked:", r->locked >> PSS_SHIFT);
}

void render_pid_smaps_rollup(const struct system *s, const struct task *t, struct strbuf *out)
{
    const struct mm *mm = t->mm;
    struct rollup r = {0};

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
    render_rollup(&r, out);
}

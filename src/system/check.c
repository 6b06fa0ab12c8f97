/* check.c - every invariant of every room, and those between rooms.
 *
 * Between rooms: a frame in use is a page of user memory (mapped or in a cache, and on a list or in
 * a batch), a page table or kernel memory; counters of machine and groups equal a recount over
 * frames; references to swap slots equal the entries that hold them. */
#include "base/alloc.h"
#include "base/bitmap.h"
#include "base/hash.h"
#include "hugetlb/reserve.h"
#include "reclaim/pin.h"
#include "system/pin.h"
#include "system/pressure.h"
#include "system/system_int.h"

/* Counters that a walk over all frames can find out. */
static const enum counter recounted[] = {
    NR_ANON_PAGES, NR_MAPPED,    NR_FILE_PAGES,       NR_SWAPCACHED, NR_SHMEM,
    NR_DIRTY,      NR_WRITEBACK, NR_PAGE_TABLE_PAGES, NR_MLOCK,      NR_ANON_TRANSPARENT_HUGEPAGES};
enum {
    ANON,
    MAPPED,
    FILE_PAGES,
    SWAPCACHED,
    SHMEM,
    DIRTY,
    WRITEBACK,
    TABLES,
    MLOCKED,
    ANON_THPS,
    NR_RECOUNTED
};
_Static_assert(ARRAY_SIZE(recounted) == NR_RECOUNTED, "one row each");

struct recount {
    s64 n[NR_RECOUNTED];
};

static bool is_shmem(const struct frame *f)
{
    return frame_test(f, PG_PAGECACHE) && frame_test(f, PG_SWAPBACKED);
}

static void recount_user_page(const struct system *s, const struct frame *f, struct recount *r)
{
    bool anon = frame_test(f, PG_ANON), file = frame_test(f, PG_PAGECACHE);
    bool cached = file || frame_test(f, PG_SWAPCACHE);
    s64 nr = frame_nr_pages(f);
    bool large = folio_is_large(f);
    s64 mapped = large ? (s64)folio_count_mapped(f) : f->mapcount != 0;

    assert(f->mapcount || cached || folio_is_pinned(&s->mem, (pfn_t)(f - s->frames.frame)));
    assert(!(anon && file));
    assert(frame_test(f, PG_LRU) != frame_test(f, PG_BATCHED));
    assert(!(f->mapcount && frame_test(f, PG_LOCKED)));
    r->n[ANON] += anon ? mapped : 0;
    r->n[MAPPED] += anon ? 0 : mapped;
    r->n[FILE_PAGES] += file ? nr : 0;
    r->n[SWAPCACHED] += frame_test(f, PG_SWAPCACHE) ? nr : 0;
    r->n[SHMEM] += is_shmem(f) ? nr : 0;
    r->n[ANON_THPS] += large && folio_pmd_mapcount(f) ? nr : 0;
    r->n[DIRTY] += file && !is_shmem(f) && frame_test(f, PG_DIRTY) &&
                   inode_get(&s->backing, f->mapping)->kind != INODE_RAMFS;
    r->n[WRITEBACK] += frame_test(f, PG_WRITEBACK) ? nr : 0;
    r->n[MLOCKED] += frame_test(f, PG_MLOCKED) ? nr : 0;
}

/* Of each group and node: [id * nr_nodes + nid]. */
static struct recount *recount_frames(const struct system *s)
{
    struct recount *by = xcalloc((s->groups.nr_groups + 1) * s->frames.nr_nodes, sizeof(*by));

    for (pfn_t p = 1; p < s->frames.end_pfn; p++) {
        const struct frame *f = frames_get(&s->frames, p);
        bool used = frame_test(f, PG_ANON | PG_PAGECACHE | PG_SWAPCACHE);
        u32 id = f->memcg ? f->memcg : GROUP_ROOT;
        struct recount *r;

        assert(!used || frame_is(f, FRAME_PAGE));
        if (!used && !frame_is(f, FRAME_TABLE))
            continue;
        r = &by[id * s->frames.nr_nodes + frame_nid(&s->frames, p)];
        if (frame_is(f, FRAME_TABLE))
            r->n[TABLES]++;
        else
            recount_user_page(s, f, r);
    }
    return by;
}

static void check_frames(const struct system *s)
{
    struct recount *by = recount_frames(s), all = {0};
    unsigned nr = s->frames.nr_nodes;

    for (u32 id = 1; id <= s->groups.nr_groups; id++) {
        struct group *g = s->groups.by_id[id];

        for (unsigned i = 0; i < NR_RECOUNTED; i++) {
            enum counter c = recounted[i];
            s64 sum = 0;

            for (unsigned nid = 0; nid < nr; nid++) {
                s64 here = by[id * nr + nid].n[i];

                sum += here;
                assert(nr == 1 || c == NR_MLOCK || group_own_node_counter(g, nid, c) == here);
            }
            all.n[i] += sum;
            assert(c == NR_MLOCK || g->counters.v[c] == sum);
        }
    }
    all.n[FILE_PAGES] += all.n[SWAPCACHED]; /* the swap cache counts machine-wide only */
    for (unsigned i = 0; i < NR_RECOUNTED; i++)
        assert(s->counters.v[recounted[i]] == all.n[i]);
    for (unsigned nid = 0; nid < nr; nid++) {
        struct recount node = {0};

        for (u32 id = 1; id <= s->groups.nr_groups; id++)
            for (unsigned i = 0; i < NR_RECOUNTED; i++)
                node.n[i] += by[id * nr + nid].n[i];
        node.n[FILE_PAGES] += node.n[SWAPCACHED];
        for (unsigned i = 0; i < NR_RECOUNTED; i++)
            assert(node_counter(&s->frames, nid, recounted[i]) == node.n[i]);
    }
    free(by);
}

/* Nodes add up to the machine, and the nodes of a group to what the group counts by itself. */
static void check_nodes(const struct system *s)
{
    for (unsigned id = 0; id < NR_COUNTERS; id++) {
        s64 sum = 0;

        if (!(counter_info[id].scopes & SCOPE_NODE))
            continue;
        for (unsigned nid = 0; nid < s->frames.nr_nodes; nid++)
            sum += node_counter(&s->frames, nid, (enum counter)id);
        assert(sum == s->counters.v[id]);
    }
    for (u32 i = 1; s->frames.nr_nodes > 1 && i <= s->groups.nr_groups; i++) {
        struct group *g = s->groups.by_id[i];

        for (unsigned id = NODE_COUNTER_FIRST; id <= NODE_COUNTER_LAST; id++) {
            s64 sum = 0;

            /* Objects are charged by bytes, of frames that nobody asks for. */
            if (!(counter_info[id].scopes & SCOPE_CGROUP) || id == NR_SLAB_RECLAIMABLE ||
                id == NR_SLAB_UNRECLAIMABLE)
                continue;
            for (unsigned nid = 0; nid < s->frames.nr_nodes; nid++)
                sum += group_own_node_counter(g, nid, (enum counter)id);
            assert(sum == g->counters.v[id]);
        }
    }
}

static void count_swap_entries(struct mm *mm, struct u64map *refs)
{
    struct pte_ref ref;

    pagetable_for_each (mm, v, ref, 0, VPN_END)
        if (pte_is_swap(*ref.slot) && pte_swp(*ref.slot) != SWP_ERROR)
            u64map_add(refs, pte_swp(*ref.slot), 1);
}

static void check_swap(const struct system *s)
{
    struct u64map refs;
    u64 total = 0, cursor, slot, n;

    u64map_init(&refs);
    for (u32 id = 1; id < s->space.next_mm_id; id++)
        if (mm_get(&s->space, id))
            count_swap_entries(mm_get(&s->space, id), &refs);
    for (u32 id = 1; id < s->backing.nr_inodes; id++) {
        const struct inode *inode = s->backing.inodes[id];
        u64 index, e;

        if (!inode || inode->kind != INODE_SHMEM)
            continue;
        xa_for_each (&inode->pages, index, e)
            if (entry_is_shadow(e) && entry_swap(e) != SWP_ERROR)
                u64map_add(&refs, entry_swap(e), 1);
    }
    u64map_for_each (&refs, cursor, slot, n) {
        assert(swap_count(&s->swap, (swp_t)slot) == n);
        total += n;
    }
    u64map_done(&refs);
    for (unsigned a = 0; a < s->swap.nr_areas; a++)
        for (u32 i = 1; i <= s->swap.areas[a].nr_slots; i++)
            total -= swap_count(&s->swap, swp_make(a, i));
    assert(total == 0);
}

/* What is promised to shared memory, and how full each tmpfs is. */
static void check_shmem(const struct system *s)
{
    u64 committed = 0, mounted = 0, used = 0;

    for (u32 id = 1; id < s->backing.nr_inodes; id++) {
        const struct inode *inode = s->backing.inodes[id];

        if (!inode || inode->kind != INODE_SHMEM)
            continue;
        if (inode->committed)
            committed += inode->committed;
        else
            committed += shmem_blocks(inode);
        if (inode->mount)
            mounted += shmem_blocks(inode);
    }
    for (const struct shmem_mount *m = s->backing.mounts; m; m = m->next) {
        assert(!m->max_blocks || m->used_blocks <= m->max_blocks);
        used += m->used_blocks;
    }
    assert(committed == s->backing.shmem_committed && mounted == used);
}

/* What private mappings may still take of their reservations: where the owner's mapping has not
 * used a page. */
static u64 count_owned(const struct system *s, struct mm *mm)
{
    u64 left = 0;

    for (u32 i = 0; i < mm->nr_vmas; i++) {
        const struct vma *v = mm->vmas[i];
        const struct hugetlb_file *file =
            v->flags & VM_RESV_OWNER ? inode_get(&s->backing, v->inode)->hugetlb : NULL;

        assert(!(v->flags & VM_HUGETLB) || !(v->start % HPAGE_PMD_NR || v->end % HPAGE_PMD_NR));
        for (u64 at = v->start; file && at < v->end; at += HPAGE_PMD_NR)
            left += !bitmap_test(file->map, vma_index(v, at) >> HPAGE_PMD_ORDER);
    }
    return left;
}

static void check_reservations(const struct system *s)
{
    const struct hugetlb_file *file;
    u64 left = 0;

    list_for_each_entry (file, &s->hugetlb.files, link)
        left += file->shared ? 0 : file->left;
    for (u32 id = 1; id < s->space.next_mm_id; id++)
        if (mm_get(&s->space, id))
            left -= count_owned(s, mm_get(&s->space, id));
    assert(left == 0);
}

static void check_tasks(const struct system *s)
{
    u32 *users = xcalloc(s->space.next_mm_id, sizeof(*users));
    u32 *members = xcalloc(s->groups.nr_groups + 1, sizeof(*members));

    for (u32 i = 0; i < s->nr_tasks; i++) {
        const struct task *t = s->tasks[i];

        assert((t->mm != NULL) == (t->state < TASK_ZOMBIE));
        if (!t->mm)
            continue;
        users[t->mm->id]++;
        members[t->group->id]++;
        if (t->fork_child) {
            users[t->fork_child->mm->id]++;
            members[t->group->id]++;
        }
    }
    for (u32 id = 1; id < s->space.next_mm_id; id++)
        assert(!mm_get(&s->space, id) || mm_get(&s->space, id)->users == users[id]);
    for (u32 id = 1; id <= s->groups.nr_groups; id++)
        assert(s->groups.by_id[id]->nr_tasks == members[id]);
    free(users);
    free(members);
}

/* A translation in a TLB is a translation in a page table, and one for writing is for writing
 * there. Of huge pages, it is a huge leaf. */
static void check_tlb(const struct system *s, const struct tlb *t, bool huge)
{
    for (u64 i = 0; i < (t->sets_mask + 1) * TLB_SLOTS; i++) {
        u64 tag = t->tags[i], vpn = tag >> 29;
        const pte_t *slot;
        struct mm *mm;

        if (!tag || tag == TLB_NO_WAY)
            continue;
        mm = mm_get(&s->space, (u32)(tag >> 1 & ((1u << MM_ID_BITS) - 1)));
        if (!mm)
            continue; /* ids are never used again */
        slot =
            huge ? pagetable_find_huge(mm, vpn << TLB_HUGE_SHIFT) : pagetable_lookup(mm, vpn).slot;
        assert(slot && pte_present(*slot) && !(*slot & PTE_PROTNONE));
        if (tag & TLB_WRITE)
            assert((*slot & (PTE_WRITE | PTE_DIRTY)) == (PTE_WRITE | PTE_DIRTY));
    }
}

static void check_tlbs(const struct system *s)
{
    for (unsigned cpu = 0; cpu < s->config.nr_cpus; cpu++) {
        check_tlb(s, &s->space.tlbs[cpu], false);
        check_tlb(s, &s->space.tlbs[cpu].huge->t, true);
    }
}

/* Every tree node and written page of the page cache and every open file has its kernel objects. */
static void check_objects(const struct system *s)
{
    u64 nodes = 0, filps = 0, heads = 0, files = 0, pages = 0;

    for (u32 id = 1; id <= s->groups.nr_groups; id++) {
        nodes += slab_count(&s->slab, SLAB_RADIX_TREE_NODE, s->groups.by_id[id]);
        filps += slab_count(&s->slab, SLAB_FILP, s->groups.by_id[id]);
        heads += slab_count(&s->slab, SLAB_BUFFER_HEAD, s->groups.by_id[id]);
    }
    for (u32 id = 1; id < s->backing.nr_files; id++)
        files += s->backing.files[id] != NULL;
    for (pfn_t p = 1; p < s->frames.end_pfn; p++)
        pages += (frames_get(&s->frames, p)->flags & (PG_PAGECACHE | PG_PRIVATE)) ==
                 (PG_PAGECACHE | PG_PRIVATE);
    assert(nodes == s->backing.xa_nodes && filps >= files && heads == pages);
}

void system_check(struct system *s)
{
    frame_check(&s->frames);
    buddy_check(&s->frames);
    space_check(&s->space);
    pagecache_check(&s->backing);
    swap_check(&s->swap);
    lru_check(&s->mem);
    group_check(&s->groups);
    hugetlb_check(&s->hugetlb);
    slab_check(&s->slab);
    check_objects(s);
    clock_check(&s->clock);
    device_check(&s->disk);
    for (unsigned i = 0; i < s->config.nr_disks; i++)
        device_check(&s->disks[i]);
    for (unsigned i = 0; i < s->config.nr_swaps; i++)
        if (s->swap_devices[i].profile)
            device_check(&s->swap_devices[i]);
    for (unsigned i = 0; i < s->config.nr_swaps; i++)
        if (s->zrams[i])
            zram_check(s->zrams[i]);
    if (s->swap.zswap)
        zswap_check(&s->zswap);
    check_frames(s);
    check_nodes(s);
    deferred_split_check(&s->mem);
    check_swap(s);
    check_shmem(s);
    check_reservations(s);
    check_tasks(s);
    pins_check(s);
    check_tlbs(s);
    pressure_check(s);
}

/* A check walks all frames; so often that a run takes some ten times as long, whatever the size of
 * the machine. At the start it doubles its distance: tests that make hundreds of machines would
 * else do nothing but check new ones. */
#define CHECK_FIRST_STEPS 32u
#define CHECK_STRIDE_MIN  1021u

void system_check_step(struct system *s)
{
    s->steps++;
#ifdef HW_CHECKS
    bool first = s->steps <= CHECK_FIRST_STEPS && (s->steps & (s->steps - 1)) == 0;

    if (first || s->steps % (CHECK_STRIDE_MIN + s->frames.end_pfn / 8) == 0)
        system_check(s);
#endif
}

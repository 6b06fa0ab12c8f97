/* pagetable.c - radix tree of page tables, which lie in chunks.
 *
 * A chunk is 4 MiB of address space that the host backs when it is first touched: a table costs the
 * host what it costs the machine. An entry above the leaves is the address of a table, 0 when
 * absent.
 *
 * A table leaves the tree only when all its entries are 0, so nothing needs clearing: fresh tables
 * are zero pages of the host, and free ones are zero already.
 *
 * The walk cache is what hardware has too: a few upper-level results. Caching the PMD table rather
 * than the leaf serves scattered access, where the leaf changes every time and the PMD table hardly
 * ever does.
 */
#include "space/pagetable.h"

#include "base/alloc.h"
#include "space/vma.h"

_Static_assert(sizeof(struct table_chunk) == CHUNK_BYTES, "the header is as long as a table");

static unsigned entry_of(vpn_t vpn, unsigned level)
{
    return (unsigned)(vpn >> (level * TABLE_SHIFT)) & (TABLE_ENTRIES - 1);
}

/* Pages that one entry of a table at this level serves. */
static u64 pages_per_entry(unsigned level)
{
    return 1ull << (level * TABLE_SHIFT);
}

/* 0 is none: what would be table 0 of a chunk is its header. */
static u32 table_number(const u64 *table)
{
    uintptr_t at = (uintptr_t)table, start = at & ~(CHUNK_BYTES - 1);

    return ((const struct table_chunk *)start)->index * TABLES_PER_CHUNK +
           (u32)((at - start) / PAGE_SIZE);
}

static u64 *table_at(const struct space *s, u32 number)
{
    return s->table_chunks[number / TABLES_PER_CHUNK]->entries[number % TABLES_PER_CHUNK - 1];
}

static u64 *nr_tables_at(struct mm *mm, unsigned level)
{
    switch (level) {
    case 0:
        return &mm->nr_ptes;
    case 1:
        return &mm->nr_pmds;
    case 2:
        return &mm->nr_puds;
    default:
        return &mm->nr_pgds;
    }
}

pte_t *pagetable_walk(struct mm *mm, vpn_t vpn)
{
    vpn_t base = vpn >> (2 * TABLE_SHIFT);
    u64 *table = mm->pgd;

    assert(vpn < VPN_END);
    for (unsigned level = 3; level > 1; level--) {
        if (!table)
            return NULL;
        table = table_of(table[entry_of(vpn, level)]);
    }
    if (!table)
        return NULL;
    mm->walk[base % WALK_CACHE] = (struct walk_cache){base, table};
    if (!entry_is_table(table[entry_of(vpn, 1)]))
        return NULL;
    return table_of(table[entry_of(vpn, 1)]) + entry_of(vpn, 0);
}

u64 *pagetable_pmd(struct mm *mm, vpn_t vpn)
{
    vpn_t base = vpn >> (2 * TABLE_SHIFT);
    const struct walk_cache *walk = &mm->walk[base % WALK_CACHE];

    if (unlikely(walk->base != base))
        pagetable_walk(mm, vpn);
    return walk->base == base ? &walk->pmd[entry_of(vpn, 1)] : NULL;
}

/* Walk down to the lowest table that exists. Returns how many are missing below it; *ret_table is
 * NULL when there is no root. Below a huge leaf, the table that is not needed counts as missing. */
static unsigned walk_to_missing(const struct mm *mm, vpn_t vpn, u64 **ret_table)
{
    u64 *table = mm->pgd;
    unsigned missing = TABLE_LEVELS;

    *ret_table = table;
    while (table) {
        *ret_table = table;
        u64 entry;

        missing--;
        if (!missing)
            break;
        entry = table[entry_of(vpn, missing)];
        if (missing == 1 && pte_is_huge(entry))
            break;
        table = table_of(entry);
    }
    return missing;
}

unsigned pagetable_missing(struct mm *mm, vpn_t vpn)
{
    u64 *table;

    if (pagetable_find(mm, vpn) || pagetable_find_huge(mm, vpn))
        return 0;
    return walk_to_missing(mm, vpn, &table);
}

static void chunk_add(struct space *s)
{
    struct table_chunk *chunk = region_reserve_aligned(CHUNK_BYTES, CHUNK_BYTES);

    if (s->nr_table_chunks == s->cap_table_chunks) {
        s->cap_table_chunks = MAX(16u, s->cap_table_chunks * 2);
        s->table_chunks =
            xrealloc_array(s->table_chunks, s->cap_table_chunks, sizeof(struct table_chunk *));
    }
    chunk->index = s->nr_table_chunks;
    s->table_chunks[s->nr_table_chunks++] = chunk;
}

void pagetable_done(struct space *s)
{
    for (u32 i = 0; i < s->nr_table_chunks; i++)
        region_release(s->table_chunks[i], CHUNK_BYTES);
    free(s->table_chunks);
}

static u64 *table_new(struct space *s, pfn_t pfn)
{
    u64 *table;

    if (s->free_table) {
        table = table_at(s, s->free_table);
        s->free_table = *table_pfn(table);
    } else {
        u32 made = s->nr_tables++ - 1, at = made % (TABLES_PER_CHUNK - 1);

        if (at == 0)
            chunk_add(s);
        table = s->table_chunks[made / (TABLES_PER_CHUNK - 1)]->entries[at];
    }
    *table_pfn(table) = pfn;
    s->used_tables++;
    return table;
}

/* A table for vpn at this level, in a frame that is not in use. */
static u64 *table_make(struct mm *mm, pfn_t pfn, vpn_t vpn, unsigned level)
{
    struct frame *f = frames_get(mm->space->frames, pfn);
    u64 *table = table_new(mm->space, pfn);

    assert(frame_is(f, FRAME_PAGE) && f->mapcount == 0);
    frame_set_kind(f, FRAME_TABLE);
    f->mapping = mm->id;
    f->private = table_number(table);
    f->next = PFN_NONE;
    frame_set_index(f, ROUND_DOWN(vpn, pages_per_entry(level + 1)) >> TABLE_SHIFT);
    (*nr_tables_at(mm, level))++;
    return table;
}

/* The frame is one like others again. */
static void table_unmake(struct mm *mm, u64 *table, unsigned level)
{
    struct space *s = mm->space;
    struct frame *f = frames_get(s->frames, *table_pfn(table));

    assert(f->mapcount == 0 && f->private == table_number(table));
    frame_set_kind(f, FRAME_PAGE);
    f->mapping = 0;
    f->private = 0;
    frame_set_index(f, 0);
    *table_pfn(table) = s->free_table;
    s->free_table = table_number(table);
    s->used_tables--;
    (*nr_tables_at(mm, level))--;
}

void pagetable_install(struct mm *mm, vpn_t vpn, pfn_t pfn)
{
    struct space *s = mm->space;
    u64 *parent, *table;
    unsigned level = walk_to_missing(mm, vpn, &parent);

    assert(level > 0 && !(level == 1 && parent[entry_of(vpn, 1)]));
    level--;
    table = table_make(mm, pfn, vpn, level);
    if (!parent) {
        mm->pgd = table;
        return;
    }
    parent[entry_of(vpn, level + 1)] = (uintptr_t)table | PTE_ACCESSED; /* as _PAGE_TABLE has it */
    pagetable_frame(s, parent)->mapcount++;
}

/* First entry that is not 0 in [from, end), or end. */
static unsigned next_used(const u64 *entries, unsigned from, unsigned end)
{
    const u64 *e = entries + from;

    for (; from + 4 <= end && !(e[0] | e[1] | e[2] | e[3]); e += 4)
        from += 4; /* most tables of sparse memory are empty almost everywhere */
    while (from < end && !entries[from])
        from++;
    return from;
}

vpn_t pagetable_next(struct mm *mm, vpn_t from, vpn_t end, struct pte_ref *ret)
{
    *ret = (struct pte_ref){NULL, 0};
    end = MIN(end, VPN_END);
    while (from < end) {
        u64 *table, *entries;
        pte_t *slot = pagetable_find(mm, from);
        unsigned level = slot ? 0 : walk_to_missing(mm, from, &table), at, stop;
        vpn_t base = ROUND_DOWN(from, pages_per_entry(level + 1)); /* of the table to search */
        u64 step = pages_per_entry(level);

        if (level == TABLE_LEVELS) /* no root */
            return VPN_END;
        entries = slot ? slot - entry_of(from, 0) : table;
        stop = (unsigned)MIN((u64)TABLE_ENTRIES, (end - base + step - 1) / step);
        at = next_used(entries, entry_of(from, level), stop);
        if (level == 0 && at < stop) {
            *ret = (struct pte_ref){&entries[at], 0};
            return base + at;
        }
        if (level == 1 && at < stop && pte_is_huge(entries[at])) {
            *ret = (struct pte_ref){&entries[at], TABLE_SHIFT};
            return MAX(from, base + at * step);
        }
        /* Above the leaves the entry at `from` is absent, so this always goes forward. */
        from = base + at * step;
    }
    return VPN_END;
}

vpn_t pagetable_move(struct mm *mm, vpn_t from, vpn_t end, vpn_t to)
{
    struct pte_ref ref;

    assert(from + (end - from) <= VPN_END && to + (end - from) <= VPN_END);
    assert(to >= end || from >= to + (end - from));
    pagetable_for_each (mm, vpn, ref, from, end) {
        vpn_t target = to + (vpn - from);
        pte_t *target_slot;

        if (ref.order) {
            if (!pagetable_pmd(mm, target))
                return vpn;
            assert(pte_ref_end(ref, vpn) <= end);
            pagetable_move_huge(mm, vpn, target);
            continue;
        }
        target_slot = pagetable_find(mm, target);
        if (!target_slot)
            return vpn;
        assert(pte_none(*target_slot));
        pagetable_set(mm, target, target_slot, *ref.slot);
        pagetable_set(mm, vpn, ref.slot, 0);
    }
    return end;
}

/* --- huge leaves ------------------------------------------------------------------------------ */

/* The frame of the PMD table, whose list of deposited tables serves all its huge leaves. */
static struct frame *pmd_frame(struct mm *mm, vpn_t vpn)
{
    return pagetable_frame(mm->space, pagetable_pmd(mm, vpn));
}

static void deposit(struct mm *mm, vpn_t vpn, pfn_t pfn)
{
    struct frame *pmd = pmd_frame(mm, vpn);

    frames_get(mm->space->frames, pfn)->next = pmd->next;
    pmd->next = pfn;
}

static pfn_t withdraw(struct mm *mm, vpn_t vpn)
{
    struct frame *pmd = pmd_frame(mm, vpn);
    pfn_t pfn = pmd->next;

    assert(pfn != PFN_NONE);
    pmd->next = frames_get(mm->space->frames, pfn)->next;
    frames_get(mm->space->frames, pfn)->next = PFN_NONE;
    return pfn;
}

void pagetable_deposit(struct mm *mm, vpn_t vpn, pfn_t pfn)
{
    table_make(mm, pfn, vpn, 0);
    deposit(mm, vpn, pfn);
}

void pagetable_set_huge(struct mm *mm, vpn_t vpn, pte_t value)
{
    u64 *pmd = pagetable_pmd(mm, vpn);

    assert(*pmd == 0 && pte_is_huge(value));
    pagetable_set(mm, vpn, pmd, value);
}

pfn_t pagetable_clear_huge(struct mm *mm, vpn_t vpn)
{
    u64 *pmd = pagetable_pmd(mm, vpn);
    struct frame *f;
    pfn_t pfn;

    assert(pte_is_huge(*pmd));
    if (*pmd & PTE_HUGETLB) {
        pagetable_set(mm, vpn, pmd, 0);
        return PFN_NONE;
    }
    pfn = withdraw(mm, vpn);
    f = frames_get(mm->space->frames, pfn);
    pagetable_set(mm, vpn, pmd, 0);
    table_unmake(mm, table_at(mm->space, f->private), 0);
    return pfn;
}

pte_t *pagetable_split_huge(struct mm *mm, vpn_t vpn)
{
    u64 *pmd = pagetable_pmd(mm, vpn);
    struct frame *f;

    assert(pte_is_huge(*pmd) && !(*pmd & PTE_HUGETLB));
    f = frames_get(mm->space->frames, withdraw(mm, vpn));
    frame_set_index(f, vpn >> TABLE_SHIFT);
    *pmd = (uintptr_t)table_at(mm->space, f->private) | PTE_ACCESSED;
    return table_of(*pmd);
}

void pagetable_deposit_leaf(struct mm *mm, vpn_t vpn)
{
    u64 *pmd = pagetable_pmd(mm, vpn);
    u64 *leaf = table_of(*pmd);

    assert(entry_is_table(*pmd) && pagetable_frame(mm->space, leaf)->mapcount == 0);
    deposit(mm, vpn, *table_pfn(leaf));
    pagetable_set(mm, vpn, pmd, 0);
}

void pagetable_move_huge(struct mm *mm, vpn_t from, vpn_t to)
{
    u64 *source = pagetable_pmd(mm, from), *target = pagetable_pmd(mm, to);

    assert(from % TABLE_ENTRIES == 0 && to % TABLE_ENTRIES == 0);
    assert(pte_is_huge(*source) && *target == 0);
    if (!(*source & PTE_HUGETLB))
        deposit(mm, to, withdraw(mm, from));
    pagetable_set(mm, to, target, *source);
    pagetable_set(mm, from, source, 0);
}

/* --- freeing ---------------------------------------------------------------------------------- */

struct free_range {
    struct mm *mm;
    vpn_t floor, ceiling;
    void (*release)(void *ctx, pfn_t pfn);
    void *ctx;
};

static void table_free(const struct free_range *range, u64 *table, unsigned level)
{
    pfn_t pfn = *table_pfn(table);

    assert(frames_get(range->mm->space->frames, pfn)->next == PFN_NONE);
    table_unmake(range->mm, table, level);
    range->release(range->ctx, pfn);
}

/* Free what may go of the table at `level` whose first page is base. True when it went itself. */
static bool free_tables(const struct free_range *range, u64 *table, unsigned level, vpn_t base)
{
    u64 step = pages_per_entry(level);

    if (level > 0) {
        unsigned from = range->floor > base ? entry_of(range->floor, level) : 0;

        for (unsigned i = from; i < TABLE_ENTRIES && base + i * step < range->ceiling; i++) {
            if (!table[i] || !free_tables(range, table_of(table[i]), level - 1, base + i * step))
                continue;
            table[i] = 0;
            pagetable_frame(range->mm->space, table)->mapcount--;
        }
    }
    if (base < range->floor || MIN(base + TABLE_ENTRIES * step, VPN_END) > range->ceiling)
        return false;
    table_free(range, table, level);
    return true;
}

void pagetable_free_range(struct mm *mm, vpn_t floor, vpn_t ceiling,
                          void (*release)(void *ctx, pfn_t pfn), void *ctx)
{
    struct free_range range = {mm, floor, ceiling, release, ctx};

    assert(floor <= ceiling && ceiling <= VPN_END);
    if (!mm->pgd)
        return;
    for (unsigned i = 0; i < WALK_CACHE; i++)
        mm->walk[i].base = WALK_NONE;
    if (free_tables(&range, mm->pgd, TABLE_LEVELS - 1, 0))
        mm->pgd = NULL;
}

/* --- check ------------------------------------------------------------------------------------ */

/* As many tables as huge leaves that can be split. */
static void check_deposited(const struct mm *mm, const struct frame *pmd, u32 huge,
                            u64 nr[TABLE_LEVELS])
{
    u32 deposited = 0;

    for (pfn_t pfn = pmd->next; pfn != PFN_NONE; deposited++) {
        const struct frame *f = frames_get(mm->space->frames, pfn);
        const u64 *table = table_at(mm->space, f->private);

        assert(frame_is(f, FRAME_TABLE) && f->mapping == mm->id && f->mapcount == 0);
        assert(*table_pfn(table) == pfn);
        for (unsigned i = 0; i < TABLE_ENTRIES; i++)
            assert(!table[i]);
        pfn = f->next;
    }
    assert(deposited == huge);
    nr[0] += deposited;
}

static void check_table(const struct mm *mm, const u64 *entries, unsigned level, vpn_t base,
                        u64 nr[TABLE_LEVELS])
{
    const struct space *s = mm->space;
    const struct frame *f = pagetable_frame(s, entries);
    u32 used = 0, huge = 0;

    assert(table_at(s, table_number(entries)) == entries);
    assert(frame_is(f, FRAME_TABLE) && f->mapping == mm->id && f->private == table_number(entries));
    assert(frame_index(f) == base >> TABLE_SHIFT);
    nr[level]++;
    for (unsigned i = 0; i < TABLE_ENTRIES; i++) {
        if (!entries[i])
            continue;
        used++;
        if (level == 1 && pte_is_huge(entries[i]))
            huge += !(entries[i] & PTE_HUGETLB);
        else if (level > 0)
            check_table(mm, table_of(entries[i]), level - 1, base + i * pages_per_entry(level), nr);
    }
    assert(used == f->mapcount);
    if (level == 1)
        check_deposited(mm, f, huge, nr);
}

void pagetable_check(const struct mm *mm)
{
    u64 nr[TABLE_LEVELS] = {0};

    if (mm->pgd)
        check_table(mm, mm->pgd, TABLE_LEVELS - 1, 0, nr);
    assert(nr[0] == mm->nr_ptes && nr[1] == mm->nr_pmds);
    assert(nr[2] == mm->nr_puds && nr[3] == mm->nr_pgds);
    for (unsigned i = 0; i < WALK_CACHE; i++) {
        u64 *table;
        vpn_t vpn = mm->walk[i].base << (2 * TABLE_SHIFT);

        if (mm->walk[i].base == WALK_NONE)
            continue;
        assert(walk_to_missing(mm, vpn, &table) <= 1);
        table = table_of(mm->pgd[entry_of(vpn, 3)]);
        table = table_of(table[entry_of(vpn, 2)]);
        assert(mm->walk[i].pmd == table);
    }
}

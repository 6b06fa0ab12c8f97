/* place_op.c - what each operation of a recording does to the place of mappings.
 *
 * Fields of operations are rewritten in place. A range that was one piece for the recorder and is
 * several here becomes a list of parts; one that is nowhere gets the length 0, with which a replay
 * does nothing. Ranges that make no sense stay as they are: the replay counts them.
 */
#include "workload/place_int.h"

#include "space/vma.h"

#include <stdlib.h>

#define TASK_END     ((vpn_t)0x7ffffffff) /* above the stack */
#define DYN_BASE     ((vpn_t)0x555555554) /* ELF_ET_DYN_BASE: position-independent programs */
#define VDSO_PAGES   6u                   /* the kernel's own mapping of a new image */
#define HPAGE_NR     512u
/* As far below a stack as Linux lets it grow by default (ulimit -s). */
#define STACK_GROWTH (8 * MIB / PAGE_SIZE)
#define PARTS_MAX    (1u << 24)
/* So many operations of a thread after its mmap show whether it looks for huge pages in there. */
#define OPS_AHEAD    64u

struct pages { /* [start, end) */
    vpn_t start, end;
};

/* What place_op() works on. */
struct op_place {
    struct placing *p;
    struct place_mm *pm;
    const struct trace_stream *stream;
    size_t at;
    struct trace_op *op;
};

static bool range_ok(u64 addr, u64 len)
{
    return len > 0 && addr < VPN_END << PAGE_SHIFT && len <= (VPN_END << PAGE_SHIFT) - addr;
}

static struct pages pages_of(u64 addr, u64 len)
{
    return (struct pages){addr >> PAGE_SHIFT, DIV_ROUND_UP(addr + len, PAGE_SIZE)};
}

static u64 move_bytes(u64 addr, s64 moved)
{
    return addr + ((u64)moved << PAGE_SHIFT);
}

static bool is_free(const struct place_mm *pm, vpn_t start, u64 nr)
{
    return start > 0 && start < TASK_END && nr <= TASK_END - start &&
           vma_range_is_free(pm->mm, start, start + nr);
}

/* --- the machine's side ----------------------------------------------------------------------- */

static void machine_unmap(struct place_mm *pm, vpn_t start, u64 nr)
{
    vma_remove(pm->mm, start, start + nr);
}

/* What is in the way goes. */
static void machine_map(struct place_mm *pm, vpn_t start, u64 nr)
{
    const struct vma_spec spec = {.start = start, .end = start + nr, .flags = VM_READ};

    machine_unmap(pm, start, nr);
    vma_add(pm->mm, &spec);
}

/* A place as far from a huge page's first page as `page` is. 0: no room. */
static vpn_t find_congruent(struct place_mm *pm, u64 nr, u64 page)
{
    vpn_t found = vma_find_gap(pm->mm, nr + HPAGE_NR);

    return found ? found + ((page - found) & (HPAGE_NR - 1)) : 0;
}

/* A file's pages lie on its huge pages if that is possible at all. 0: it is not. */
static vpn_t find_aligned(struct place_mm *pm, u64 nr, u64 offset)
{
    u64 first = ROUND_UP(offset, (u64)HPAGE_NR);

    if (offset + nr <= first || offset + nr - first < HPAGE_NR)
        return 0;
    return find_congruent(pm, nr, offset);
}

/* The highest place for huge pages of the pool. */
static vpn_t find_huge_place(struct place_mm *pm, u64 nr)
{
    vpn_t found = vma_find_gap(pm->mm, nr + HPAGE_NR - 1);

    return ROUND_UP(found, (vpn_t)HPAGE_NR);
}

/* 0: no room. offset: in pages, of a regular file; else NULL. */
static vpn_t find_place(struct place_mm *pm, u64 nr, const u64 *offset)
{
    vpn_t aligned = offset ? find_aligned(pm, nr, *offset) : 0;

    return aligned ? aligned : vma_find_gap(pm->mm, nr);
}

/* --- parts ------------------------------------------------------------------------------------ */

static void push_part(struct trace *t, u64 addr, u64 len)
{
    if (t->nr_parts == t->cap_parts) {
        t->cap_parts = MAX(t->cap_parts * 2, (size_t)64);
        t->parts = xrealloc_array(t->parts, t->cap_parts, sizeof(*t->parts));
    }
    if (t->nr_parts == 0)
        t->parts[t->nr_parts++] = (struct trace_part){.last = true};
    t->parts[t->nr_parts++] = (struct trace_part){.addr = addr, .len = len};
}

/* Where the bytes of a mapped range lie now: one part for each piece, in the order of the
 * recording. Returns how many; the first is parts[*ret_first]. */
static size_t find_parts(struct op_place *o, u64 addr, u64 len, size_t *ret_first)
{
    struct trace *t = o->p->trace;
    u64 end = addr + len, last_end = 0;
    size_t before = MAX(t->nr_parts, (size_t)1);

    for (const struct addr_range *r = addrmap_find_after(&o->pm->map, addr >> PAGE_SHIFT);
         r && r->start << PAGE_SHIFT < end; r = addrmap_next(&o->pm->map, r)) {
        u64 from = MAX(addr, r->start << PAGE_SHIFT), to = MIN(end, r->end << PAGE_SHIFT);
        u64 here = move_bytes(from, r->moved);

        if (!r->mapped)
            continue;
        if (t->nr_parts > before && here == last_end)
            t->parts[t->nr_parts - 1].len += to - from;
        else
            push_part(t, here, to - from);
        last_end = here + (to - from);
    }
    *ret_first = before;
    return MAX(t->nr_parts, (size_t)1) - before;
}

/* The range [field[a], + field[l]) of the operation to where it is. */
static void rewrite_range(struct op_place *o, unsigned a, unsigned l)
{
    struct trace *t = o->p->trace;
    size_t first, nr = find_parts(o, o->op->field[a], o->op->field[l], &first);

    if (nr == 0) {
        o->op->field[l] = 0;
        return;
    }
    o->op->field[a] = t->parts[first].addr;
    o->op->field[l] = t->parts[first].len;
    if (nr == 1 ||
        first >= PARTS_MAX) { /* it fits, or there is no number for it: its first part has to do */
        t->nr_parts = first;
        return;
    }
    t->parts[t->nr_parts - 1].last = true;
    o->op->parts = first & (PARTS_MAX - 1);
}

/* --- mmap ------------------------------------------------------------------------------------- */

/* Does [start, end), moved as a whole, replace nothing but what it stands for? */
static bool replaces_itself(const struct place_mm *pm, struct pages r, s64 moved)
{
    vpn_t at = r.start;

    for (const struct addr_range *x = addrmap_find_after(&pm->map, r.start);
         x && x->start < r.end && at < r.end; x = addrmap_next(&pm->map, x)) {
        vpn_t start = MAX(x->start, r.start), end = MIN(x->end, r.end);

        if (!x->mapped)
            continue;
        if (x->moved != moved || (start > at && !is_free(pm, at + (u64)moved, start - at)))
            return false;
        at = end;
    }
    return at >= r.end || is_free(pm, at + (u64)moved, r.end - at);
}

/* An address that the program chose: how far it moves. False: it has to be placed like any
 * other. */
static bool chosen_moves(struct op_place *o, struct pages r, s64 *ret)
{
    const struct addrmap *map = &o->pm->map;
    const struct addr_range *here = addrmap_find_after(map, r.start);
    const struct addr_range *before = addrmap_find_after(map, r.start - 1);

    if (here && here->start > r.start)
        here = NULL;
    if (before && before->start > r.start - 1)
        before = NULL;
    if (here && replaces_itself(o->pm, r, here->moved))
        *ret = here->moved;
    else if (before && replaces_itself(o->pm, r, before->moved))
        *ret = before->moved;
    else if (replaces_itself(o->pm, r, 0))
        *ret = 0;
    else
        return false;
    o->p->result.kept += !here && *ret == 0;
    return true;
}

/* What lies where the recorder mapped something new is gone from wherever it is here, too. */
static void unmap_replaced(struct op_place *o, struct pages r, vpn_t start)
{
    struct trace *t = o->p->trace;
    size_t first,
        nr = find_parts(o, r.start << PAGE_SHIFT, (r.end - r.start) << PAGE_SHIFT, &first);
    bool covered = true;

    for (size_t i = 0; i < nr; i++) {
        const struct trace_part *part = &t->parts[first + i];
        vpn_t at = part->addr >> PAGE_SHIFT;

        covered &= at >= start && at + (part->len >> PAGE_SHIFT) <= start + (r.end - r.start);
        machine_unmap(o->pm, at, part->len >> PAGE_SHIFT);
    }
    if (covered || first >= PARTS_MAX) {
        t->nr_parts = MIN(t->nr_parts, first);
        return;
    }
    t->parts[t->nr_parts - 1].last = true;
    o->op->parts = first & (PARTS_MAX - 1);
}

static void map_at(struct op_place *o, struct pages r, vpn_t start)
{
    unmap_replaced(o, r, start);
    machine_map(o->pm, start, r.end - r.start);
    addrmap_map(&o->pm->map, r.start, r.end, (s64)(start - r.start));
    o->op->field[0] = start << PAGE_SHIFT;
}

/* A bound of a huge page that is inside the mapping, not its edge. */
static bool is_bound_inside(struct pages r, u64 addr)
{
    return addr % (HPAGE_NR * PAGE_SIZE) == 0 && addr >> PAGE_SHIFT > r.start &&
           addr >> PAGE_SHIFT < r.end;
}

/* Does the program look for the huge pages in its new mapping? Allocators map more than they need,
 * then unmap, advise or protect up to the bound of one, which is elsewhere when the mapping is. */
static bool program_aligns(const struct op_place *o, struct pages r)
{
    size_t end = MIN(o->stream->nr_decoded_ops, o->at + 1 + OPS_AHEAD);

    if (r.end - r.start < HPAGE_NR)
        return false;
    for (size_t i = o->at + 1; i < end; i++) {
        const struct trace_op *op = &o->stream->ops[i];

        if (op->opcode != HWT_OP_MUNMAP && op->opcode != HWT_OP_MADVISE &&
            op->opcode != HWT_OP_MPROTECT)
            continue;
        if (op->opcode == HWT_OP_MUNMAP && op->field[0] >> PAGE_SHIFT == r.start &&
            op->field[1] >> PAGE_SHIFT >= r.end - r.start)
            return false;
        if (range_ok(op->field[0], op->field[1]) &&
            (is_bound_inside(r, op->field[0]) || is_bound_inside(r, op->field[0] + op->field[1])))
            return true;
    }
    return false;
}

static void place_anywhere(struct op_place *o, struct pages r)
{
    u64 offset = o->op->field[5] >> PAGE_SHIFT, nr = r.end - r.start;
    bool file = o->op->field[4] && u64map_get(&o->pm->regular, o->op->field[4], NULL);
    bool huge = (o->op->field[3] & HWT_MAP_HUGETLB) && !o->op->field[4];
    vpn_t start = huge ? find_huge_place(o->pm, nr) : 0;

    if (!file && !huge && program_aligns(o, r))
        start = find_congruent(o->pm, nr, r.start);
    if (!start)
        start = find_place(o->pm, nr, file ? &offset : NULL);
    if (!start)
        start = r.start;
    map_at(o, r, start);
    o->p->result.mappings++;
}

static void place_chosen(struct op_place *o, struct pages r)
{
    s64 moved;

    if (chosen_moves(o, r, &moved)) {
        map_at(o, r, r.start + (u64)moved);
    } else {
        o->p->result.evaded++;
        place_anywhere(o, r);
    }
}

/* --- a new image ------------------------------------------------------------------------------ */

/* The end of the group of initial mappings that begins with this operation, in pages of the
 * recording. */
static vpn_t group_end(const struct op_place *o, bool *ret_more)
{
    u64 fid = o->op->field[4];
    vpn_t end = 0;

    *ret_more = false;
    for (size_t i = o->at; i < o->stream->nr_decoded_ops; i++) {
        const struct trace_op *op = &o->stream->ops[i];

        if (op->opcode == TRACE_OP_ADVANCE || op->opcode == HWT_OP_FILE)
            continue;
        if (op->opcode != HWT_OP_MMAP || !(op->field[3] & HWT_MAP_INITIAL) ||
            (op->field[3] & HWT_MAP_STACK))
            break;
        if (op->field[4] != fid && op->field[4] != 0) {
            *ret_more = true;
            break;
        }
        end = MAX(end, pages_of(op->field[0], op->field[1]).end);
    }
    return end;
}

/* The program comes first, then its interpreter. A program without one is loaded like an
 * interpreter. */
static vpn_t group_place(struct op_place *o, vpn_t start)
{
    bool interpreted;
    vpn_t end = group_end(o, &interpreted);
    vpn_t place;

    if (o->pm->groups == 1 && interpreted)
        return DYN_BASE;
    if (o->pm->groups == 1)
        o->pm->program_end = DYN_BASE; /* its heap lies where programs usually do */
    place = vma_find_gap(o->pm->mm, MAX(end, start + 1) - start);
    return place ? place : start;
}

static void place_stack(struct op_place *o, struct pages r)
{
    vpn_t start = TASK_END - (r.end - r.start);
    const struct addr_range *below = NULL;
    vpn_t low = r.start > STACK_GROWTH ? r.start - STACK_GROWTH : 0;

    map_at(o, r, start);
    for (const struct addr_range *x = addrmap_find_after(&o->pm->map, low); x && x->start < r.start;
         x = addrmap_next(&o->pm->map, x))
        below = x;
    low = MAX(low, below ? below->end : 0);
    if (low < r.start) /* accesses there make it grow */
        addrmap_map(&o->pm->map, low, r.start, (s64)(start - r.start));
}

static void place_initial(struct op_place *o, struct pages r)
{
    struct place_mm *pm = o->pm;
    u64 fid = o->op->field[4], flags = o->op->field[3], nr = r.end - r.start;

    if (nr >= TASK_END)
        return; /* no address space holds it */
    if (flags & HWT_MAP_STACK) {
        place_stack(o, r);
        return;
    }
    if (pm->groups == 0 || (fid && fid != pm->group_fid)) {
        pm->groups++;
        pm->group_fid = fid;
        pm->group_moved = flags & HWT_MAP_ANYWHERE ? (s64)(group_place(o, r.start) - r.start) : 0;
    }
    if (r.start + (u64)pm->group_moved > TASK_END - nr) /* no image is as large as that */
        pm->group_moved = 0;
    map_at(o, r, r.start + (u64)pm->group_moved);
    if (pm->groups == 1 && pm->program_end != DYN_BASE)
        pm->program_end = MAX(pm->program_end, r.end + (u64)pm->group_moved);
}

/* The image is complete: the kernel's own mapping comes last. */
static void end_image(struct place_mm *pm)
{
    vpn_t place = pm->has_vdso ? 0 : vma_find_gap(pm->mm, VDSO_PAGES);

    if (place)
        machine_map(pm, place, VDSO_PAGES);
    pm->has_vdso = true;
}

static void place_mmap(struct op_place *o)
{
    u64 flags = o->op->field[3];
    struct pages r;

    if (!range_ok(o->op->field[0], o->op->field[1]) || o->pm->map.ranges.count > PLACE_RANGES_MAX)
        return;
    r = pages_of(o->op->field[0], o->op->field[1]);
    if ((flags & HWT_MAP_HUGETLB) && !o->op->field[4])
        r.end = r.start + ROUND_UP(r.end - r.start, (vpn_t)HPAGE_NR);
    if (flags & HWT_MAP_INITIAL) {
        place_initial(o, r);
        return;
    }
    end_image(o->pm);
    if (flags & HWT_MAP_ANYWHERE)
        place_anywhere(o, r);
    else
        place_chosen(o, r);
}

/* --- the heap --------------------------------------------------------------------------------- */

static void begin_heap(struct place_mm *pm, vpn_t start)
{
    vpn_t place = pm->program_end ? pm->program_end : start;

    end_image(pm);
    pm->has_heap = true;
    pm->heap_start = pm->heap_end = start;
    pm->heap_moved = (s64)(place - start);
}

static void place_brk(struct op_place *o)
{
    u64 start = o->op->field[0], end = o->op->field[1];
    struct place_mm *pm = o->pm;
    struct pages r = {DIV_ROUND_UP(start, PAGE_SIZE), DIV_ROUND_UP(end, PAGE_SIZE)};
    u64 moved;

    if (end < start || r.end >= VPN_END || pm->map.ranges.count > PLACE_RANGES_MAX)
        return;
    if (!pm->has_heap)
        begin_heap(pm, r.start);
    if (r.start != pm->heap_start || r.end + (u64)pm->heap_moved >= TASK_END)
        return;
    moved = (u64)pm->heap_moved;
    if (r.end < pm->heap_end) {
        machine_unmap(pm, r.end + moved, pm->heap_end - r.end);
        addrmap_unmap(&pm->map, r.end, pm->heap_end);
    } else if (r.end > pm->heap_end) {
        machine_map(pm, pm->heap_end + moved, r.end - pm->heap_end);
        addrmap_map(&pm->map, pm->heap_end, r.end, pm->heap_moved);
    }
    pm->heap_end = r.end;
    o->op->field[0] = move_bytes(start, pm->heap_moved);
    o->op->field[1] = move_bytes(end, pm->heap_moved);
}

/* --- other calls ------------------------------------------------------------------------------ */

static void place_munmap(struct op_place *o)
{
    struct pages r = pages_of(o->op->field[0], o->op->field[1]);
    struct trace *t = o->p->trace;

    rewrite_range(o, 0, 1);
    if (o->op->parts)
        for (const struct trace_part *part = &t->parts[o->op->parts];; part++) {
            machine_unmap(o->pm, part->addr >> PAGE_SHIFT, part->len >> PAGE_SHIFT);
            if (part->last)
                break;
        }
    else if (o->op->field[1])
        machine_unmap(o->pm, o->op->field[0] >> PAGE_SHIFT, o->op->field[1] >> PAGE_SHIFT);
    addrmap_unmap(&o->pm->map, r.start, r.end);
}

/* A buffer of user memory, which may lie where the stack has not grown yet. */
static void place_buffer(struct op_place *o)
{
    u64 *f = o->op->field;
    struct trace *t = o->p->trace;
    struct pages r = pages_of(f[4], f[3]);
    const struct addr_range *x = addrmap_find_after(&o->pm->map, r.start);
    u64 found = 0;
    size_t first, nr;

    if (x && x->start <= r.start && x->end >= r.end) {
        f[4] = move_bytes(f[4], x->moved);
        return;
    }
    nr = find_parts(o, f[4], f[3], &first);
    for (size_t i = 0; i < nr; i++)
        found += t->parts[first + i].len;
    f[4] = move_bytes(f[4], addrmap_moved(&o->pm->map, r.start));
    if (nr < 2 || found < f[3] || first >= PARTS_MAX) {
        t->nr_parts = MIN(t->nr_parts, first);
        return;
    }
    t->parts[t->nr_parts - 1].last = true;
    o->op->parts = first & (PARTS_MAX - 1);
}

/* Where mremap puts the mapping that lies at `from` on the machine. */
static vpn_t choose_remap(struct op_place *o, struct pages old, struct pages new, vpn_t from)
{
    u64 nr = new.end - new.start, was = old.end - old.start;
    bool stays = new.start == old.start;
    s64 moved;
    vpn_t found;

    if ((stays || (o->op->field[4] & HWT_MREMAP_ANYWHERE)) && was > 0 &&
        (nr <= was ? stays : is_free(o->pm, from + was, nr - was)))
        return from;
    if (!stays && !(o->op->field[4] & HWT_MREMAP_ANYWHERE) && chosen_moves(o, new, &moved))
        return new.start + (u64)moved;
    found = vma_find_gap(o->pm->mm, nr);
    return found ? found : new.start;
}

static void place_mremap(struct op_place *o)
{
    u64 *f = o->op->field;
    const struct addr_range *x;
    struct pages old, new;
    vpn_t from, to;

    if (f[0] >= VPN_END << PAGE_SHIFT || (f[1] && !range_ok(f[0], f[1])) || !range_ok(f[2], f[3]) ||
        o->pm->map.ranges.count > PLACE_RANGES_MAX)
        return;
    old = pages_of(f[0], f[1]);
    new = pages_of(f[2], f[3]);
    x = addrmap_find_after(&o->pm->map, old.start);
    if (!x || x->start > old.start || !x->mapped)
        return;
    from = old.start + (u64)x->moved;
    old.end = MIN(old.end, x->end); /* the kernel takes one mapping */
    to = choose_remap(o, old, new, from);
    if (f[1]) {
        machine_unmap(o->pm, from, old.end - old.start);
        addrmap_unmap(&o->pm->map, old.start, old.end);
    }
    machine_map(o->pm, to, new.end - new.start);
    addrmap_map(&o->pm->map, new.start, new.end, (s64)(to - new.start));
    f[0] = from << PAGE_SHIFT;
    f[1] = f[1] ? (old.end - old.start) << PAGE_SHIFT : 0;
    f[2] = to << PAGE_SHIFT;
}

/* Pages that lie in the address space of another process, perhaps. */
static void place_moved_pages(struct op_place *o)
{
    struct op_place owner = *o;

    if (o->op->field[3])
        owner.pm = place_mm_of(o->p, o->op->field[3]);
    if (owner.pm)
        rewrite_range(&owner, 0, 1);
}

void place_op(struct placing *p, struct place_mm *pm, u32 stream, size_t at)
{
    struct trace_stream *s = &p->trace->streams[stream];
    struct op_place o = {.p = p, .pm = pm, .stream = s, .at = at, .op = &s->ops[at]};
    const u64 *f = o.op->field;

    switch ((enum hwt_op)o.op->opcode) {
    case HWT_OP_FILE:
        if (f[4] == HWT_FILE_REGULAR)
            u64map_put(&pm->regular, f[0], 1);
        else
            u64map_del(&pm->regular, f[0], NULL);
        break;
    case HWT_OP_MMAP:
        place_mmap(&o);
        break;
    case HWT_OP_MUNMAP:
        if (range_ok(f[0], f[1]))
            place_munmap(&o);
        break;
    case HWT_OP_MREMAP:
        place_mremap(&o);
        break;
    case HWT_OP_BRK:
        place_brk(&o);
        break;
    case HWT_OP_MPROTECT:
    case HWT_OP_MADVISE:
    case HWT_OP_MLOCK:
    case HWT_OP_MUNLOCK:
    case HWT_OP_MBIND:
    case HWT_OP_HOME_NODE:
        if (range_ok(f[0], f[1]))
            rewrite_range(&o, 0, 1);
        break;
    case HWT_OP_MOVE_PAGES:
        if (range_ok(f[0], f[1]))
            place_moved_pages(&o);
        break;
    case HWT_OP_READ:
    case HWT_OP_WRITE:
        if (f[4] && range_ok(f[4], f[3]))
            place_buffer(&o);
        break;
    default:
        break;
    }
}

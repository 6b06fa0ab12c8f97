/* system_fuzz.c - random programs on a machine that holds bytes, against a plain shadow of what
 * they should see.
 *
 * Several processes in small groups map, store, load, fork, exit, move, protect, advise, read,
 * write, truncate, while memory runs short, swap fills up, processes are killed for memory and
 * devices fail. Every word that a process loads must be the one that it, or who it shares the page
 * with, stored last.
 *
 * Shadow:  shadow_testing.h.
 * Epochs:  each EPOCH operations a new machine, whose size, devices, limits and choice of
 *          operations (swarm) come from the seed.
 * Waiting: an operation that waits stays pending in its process while others go on; a lock per file
 *          keeps what is not atomic in Linux either from being looked at half done.
 * Memory is compacted, and large blocks are asked for, while all this goes on; how often is
 * counted, and must not be too seldom.
 * Canaries: the same run with one rule of the machine broken must fail; main() sees to it first. */

#include <signal.h>
#include <unistd.h>

#include "balance/writeback.h"
#include "system/access.h"
#include "system/blocks_testing.h"
#include "system/cgroup.h"
#include "system/control.h"
#include "system/file.h"
#include "system/mempolicy.h"
#include "system/mmap.h"
#include "system/shadow_testing.h"
#include "system/swap.h"

#ifdef HW_CHECKS
#define SMOKE 200000u
#else
#define SMOKE 2000000u
#endif
/* How often the run must have compacted and moved pages, for its silence to mean something. */
#define COMPACTIONS_MIN (SMOKE / 2000) /* 1,000 of 2,000,000 operations */
#define MIGRATIONS_MIN  (SMOKE / 200)  /* 10,000 */
#define EPOCH           8000u
#define CHECK_STRIDE    1000u

/* --- choosing an operation -------------------------------------------------------------------- */
static bool pick_pages(const struct proc *pr, struct op *op, u32 most)
{
    op->page = below(ARENA);
    op->nr = 1 + below(chance(70) ? MIN(8u, most) : most);
    op->nr = MIN(op->nr, ARENA - op->page);
    (void)pr;
    return true;
}

/* A run of pages that can be a buffer: nobody else can change what they are meanwhile. */
static bool pick_buffer(struct proc *pr, struct op *op, bool write_to)
{
    for (u32 tries = 0; tries < 16; tries++) {
        u32 page = below(PAGES), nr = 0;

        while (page + nr < PAGES && nr < 5) {
            struct spage *p = &pr->p[page + nr];

            if (p->kind != ANON || !(write_to ? writable_now(p) : readable_now(p)))
                break;
            nr++;
        }
        if (!nr)
            continue;
        op->page = page;
        op->nr = nr;
        op->slot = below(WORDS);
        op->units = 1 + below(nr * WORDS - op->slot);
        return true;
    }
    return false;
}

static bool pick_access(struct proc *pr, struct op *op, bool write)
{
    for (u32 tries = 0; tries < 24; tries++) {
        struct spage *p;

        op->page = chance(10) ? ARENA + below(HEAP) : below(ARENA);
        p = &pr->p[op->page];
        if (!(write ? writable_now(p) : readable_now(p)))
            continue;
        op->slot = below(WORDS);
        if (write && !p->own && p->index * WORDS + op->slot >= objects[p->object].units)
            continue; /* behind the end of the file: undefined */
        op->value = ++next_value;
        op->object = p->own ? -1 : p->object;
        op->shared_lock = op->object >= 0;
        return true;
    }
    return false;
}

static bool pick_mmap(struct proc *pr, struct op *op)
{
    pick_pages(pr, op, 64);
    op->arg = 1 + below(3); /* ANON PRIVATE SHARED */
    op->value = below(4) ? ABI_PROT_READ | ABI_PROT_WRITE : below(8);
    op->object = -1;
    op->slot = chance(8) && !errors ? HWT_MAP_POPULATE : chance(3) && !errors ? HWT_MAP_LOCKED : 0;
    if (op->arg == ANON)
        return true;
    if (op->arg == SHARED && chance(30)) {
        op->object = free_object();
        if (op->object < 0)
            return false;
        op->unit = 0;
        op->nr = MIN(op->nr, (u32)FILE_PAGES);
        objects[op->object].used = true;
        objects[op->object].linked = true; /* not free until the call is done */
        objects[op->object].shm = true;
        return true;
    }
    op->object = some_file();
    if (op->object < 0 || objects[op->object].shm || !objects[op->object].file)
        return false;
    op->unit = below(FILE_PAGES); /* page of the file */
    op->nr = MIN(op->nr, FILE_PAGES - op->unit);
    op->own_lock = op->slot && op->arg == PRIVATE;
    op->shared_lock = !op->own_lock;
    return true;
}

static bool pick_mremap(struct proc *pr, struct op *op)
{
    const struct vma *vma;
    vpn_t start;

    pick_pages(pr, op, 32);
    if (pr->p[op->page].kind == NOTHING)
        return false;
    start = BASE_VPN + op->page;
    vma = vma_find(pr->task->mm, start);
    if (!vma)
        wrong("a mapping is missing");
    if (vma->flags & VM_LOCKED)
        return false;
    op->nr = MIN(op->nr, (u32)(vma->end - start));
    op->nr = MIN(op->nr, ARENA - op->page);
    op->nr2 = chance(60) ? op->nr : 1 + below(40);
    op->page2 = chance(30) ? op->page : below(ARENA);
    if (op->page2 == op->page && start + op->nr != vma->end && op->nr2 > op->nr)
        return false; /* grows only at its end */
    op->nr2 = MIN(op->nr2, ARENA - op->page2);
    if (op->page2 != op->page && op->page2 < op->page + MAX(op->nr, op->nr2) &&
        op->page < op->page2 + MAX(op->nr, op->nr2))
        return false;
    for (u32 i = 0; i < op->nr2 && op->nr2 > op->nr; i++) { /* a file must reach that far */
        const struct spage *p = &pr->p[op->page];

        if (p->kind >= PRIVATE && p->index + i >= FILE_PAGES)
            return false;
    }
    return true;
}

static const u32 advices[] = {ABI_MADV_NORMAL,   ABI_MADV_RANDOM,     ABI_MADV_SEQUENTIAL,
                              ABI_MADV_WILLNEED, ABI_MADV_DONTNEED,   ABI_MADV_FREE,
                              ABI_MADV_COLD,     ABI_MADV_PAGEOUT,    ABI_MADV_DONTFORK,
                              ABI_MADV_DOFORK,   ABI_MADV_WIPEONFORK, ABI_MADV_KEEPONFORK};

static bool pick_io(struct proc *pr, struct op *op, bool write)
{
    if (!pick_buffer(pr, op, !write))
        return false;
    op->object = some_file();
    if (op->object < 0 || objects[op->object].shm || !objects[op->object].file)
        return false;
    op->unit = below(FILE_WORDS);
    op->units = MIN(op->units, FILE_WORDS - op->unit);
    op->own_lock = true;
    return true;
}

/* Would populating make private copies of file pages? */
static bool would_copy(const struct proc *pr, const struct op *op)
{
    for (u32 i = op->page; i < op->page + op->nr; i++)
        if (pr->p[i].kind == PRIVATE && !pr->p[i].own)
            return true;
    return false;
}

/* long: one row for each operation */
static bool pick(struct proc *pr, struct op *op)
{
    switch (op->kind) {
    case OP_LOAD:
        return pick_access(pr, op, false);
    case OP_STORE:
        return pick_access(pr, op, true);
    case OP_MMAP:
        return pick_mmap(pr, op);
    case OP_MUNMAP:
        return pick_pages(pr, op, 64);
    case OP_MPROTECT:
        op->arg = chance(60) ? 3 : below(8);
        return pick_pages(pr, op, 64);
    case OP_MREMAP:
        return pick_mremap(pr, op);
    case OP_BRK:
        op->nr = below(HEAP + 1);
        return true;
    case OP_MADVISE:
        op->arg = advices[below(ARRAY_SIZE(advices))];
        return pick_pages(pr, op, 64);
    case OP_MLOCK:
        op->arg = below(2);
        return pick_pages(pr, op, 6) && !would_copy(pr, op) && !errors;
    case OP_MUNLOCK:
        return pick_pages(pr, op, 64);
    case OP_THREAD:
        op->arg = below(2); /* a new one, or one ends */
        return op->arg == (pr->thread != NULL);
    case OP_FORK:
        for (op->arg = 0; op->arg < PROCS; op->arg++)
            if (!procs[op->arg].task)
                return true;
        return false;
    case OP_READ:
        return pick_io(pr, op, false);
    case OP_WRITE:
        return pick_io(pr, op, true);
    case OP_FSYNC:
    case OP_FADVISE:
        op->object = some_file();
        op->arg = below(6);
        op->shared_lock = true;
        return op->object >= 0 && !objects[op->object].shm;
    case OP_TRUNCATE:
    case OP_PUNCH:
        op->object = some_file();
        op->unit = below(FILE_WORDS + 1);
        op->units = 1 + below(64);
        op->own_lock = true;
        return op->object >= 0 && !objects[op->object].shm;
    case OP_UNLINK:
        op->object = some_file();
        op->own_lock = true;
        return op->object >= 0 && !objects[op->object].shm;
    case OP_BAD:
        op->page = below(ARENA);
        return pr->p[op->page].kind == NOTHING || !pr->p[op->page].prot;
    case OP_EXIT:
    case OP_EXEC:
    case OP_SYNC:
    case OP_LIMIT:
        return true;
    case OP_MBIND:
        op->arg = below(64);
        return sys->frames.nr_nodes > 1 && pick_pages(pr, op, 64);
    case OP_COMPACT:
        op->arg = below(16);
        op->nr = below(3);
        return true;
    case OP_SWAPOFF:
        op->arg = below(MAX(sys->config.nr_swaps, 1u));
        return sys->config.nr_swaps > 0;
    case NR_OPS:
        break;
    }
    return false;
}

/* --- doing it --------------------------------------------------------------------------------- */
/* arg: mode, nodes, and whether it is the task's. */
static enum step do_mbind(struct task *t, vaddr_t addr, u64 len, u32 arg)
{
    static const enum mpol_mode modes[] = {MPOL_DEFAULT, MPOL_INTERLEAVE, MPOL_PREFERRED,
                                           MPOL_LOCAL};
    struct mempolicy p = {.mode =
                              (u16)(arg % 16 == 15 ? MPOL_BIND : modes[arg % ARRAY_SIZE(modes)])};

    if (p.mode != MPOL_DEFAULT && p.mode != MPOL_LOCAL)
        p.nodes = 1 + arg / 8 % 7;
    return arg & 32 ? system_set_mempolicy(sys, t, p) : system_mbind(sys, t, addr, len, p, 0);
}

static enum step do_mmap(struct proc *pr, const struct op *op)
{
    struct mmap_args a = {.addr = addr_of(op->page), .len = (u64)op->nr * PAGE_SIZE};

    a.prot = (u32)op->value;
    a.mflags = op->slot | (op->arg == SHARED ? HWT_MAP_SHARED : 0);
    if (op->object >= 0 && !objects[op->object].shm) {
        a.file = objects[op->object].file->id;
        a.offset = (u64)op->unit * PAGE_SIZE;
    }
    return system_mmap(sys, pr->task, &a);
}

/* vm.* while the machine runs. */
static void change_sysctls(void)
{
    if (chance(50)) {
        system_drop_caches(sys, 1 + below(3));
        return;
    }
    sys->tunables.dirty_bytes = chance(50) ? PAGE_SIZE * (16 + below(200)) : 0;
    sys->tunables.dirty_ratio = sys->tunables.dirty_bytes ? 0 : 1 + below(40);
    writeback_set_ratelimit(&sys->mem);
}

/* What an administrator does: writes to cgroup.procs, the limits and memory.reclaim; a group that
 * comes, is used and goes. */
static void change_groups(struct group *g)
{
    struct proc *pr = &procs[below(PROCS)];
    struct group *guest;

    switch (below(5)) {
    case 0:
        change_sysctls();
        return;
    case 1:
        if (pr->task && pr->task->state < TASK_ZOMBIE)
            system_task_move(sys, pr->task, chance(50) ? g : system_group(sys, "/c/guest"));
        return;
    case 2:
        guest = group_find(&sys->groups, "/c/guest");
        if (guest && system_group_remove(sys, guest) == 0)
            guests_gone++;
        return;
    case 3:
        group_set_limit(g, LIMIT_MIN, below(100));
        group_set_limit(g, LIMIT_LOW, below(200));
        system_group_reclaim(sys, g, below(100), -1, NULL);
        return;
    default:
        system_group_set_limit(sys, g, LIMIT_HIGH, chance(50) ? PAGE_COUNTER_MAX : 30 + below(200));
    }
}

static void change_limits(void)
{
    struct group *g = leaf[below(ARRAY_SIZE(leaf))];

    if (chance(30))
        change_groups(g);
    else if (chance(50))
        group_set_limit(g, LIMIT_MAX, 40 + below(400));
    else if (chance(50))
        group_set_limit(g, LIMIT_SWAP_MAX, chance(50) ? PAGE_COUNTER_MAX : below(300));
    else if (chance(30))
        group_set_limit(g, LIMIT_ZSWAP_MAX, chance(50) ? PAGE_COUNTER_MAX : below(40));
    else
        group_set_limit(g, LIMIT_HIGH, chance(50) ? PAGE_COUNTER_MAX : 30 + below(200));
}

/* An area goes on if it is off, and off if it is on. */
static enum step change_swap(struct task *t, unsigned i)
{
    enum step step;
    int error;

    if (!t->progress && system_swapon(sys, i) == 0) {
        swapons++;
        return STEP_DONE;
    }
    step = system_swapoff(sys, t, sys->config.swaps[i].name, &error);
    if (step == STEP_DONE && error && error != -EINVAL && error != -ENOMEM)
        wrong("swapoff failed in a way it cannot");
    swapoffs += step == STEP_DONE && !error;
    return step;
}

/* long: one row for each operation */
static enum step do_op(struct proc *pr, struct op *op)
{
    struct task *t = pr->task;
    vaddr_t addr = addr_of(op->page);
    u64 len = (u64)op->nr * PAGE_SIZE;
    struct object *o = op->object >= 0 ? &objects[op->object] : NULL;
    struct inode *inode = o && !o->shm ? inode_get(&sys->backing, o->inode) : NULL;
    struct task *child;
    enum step step;
    int error;

    switch (op->kind) {
    case OP_LOAD:
        return system_load(sys, t, addr + op->slot * UNIT, &op->value, sizeof(op->value));
    case OP_STORE:
        return system_store(sys, t, addr + op->slot * UNIT, &op->value, sizeof(op->value));
    case OP_MMAP:
        return do_mmap(pr, op);
    case OP_MUNMAP:
        return system_munmap(sys, t, addr, len);
    case OP_MPROTECT:
        return system_mprotect(sys, t, addr, len, op->arg);
    case OP_MREMAP:
        return system_mremap(sys, t, addr, len, addr_of(op->page2), (u64)op->nr2 * PAGE_SIZE);
    case OP_BRK:
        return system_brk(sys, t, addr_of(ARENA), addr_of(ARENA + op->nr));
    case OP_MADVISE:
        return system_madvise(sys, t, addr, len, op->arg);
    case OP_MBIND:
        return do_mbind(pr->task, addr, len, op->arg);
    case OP_MLOCK:
        return system_mlock(sys, t, addr, len, op->arg);
    case OP_MUNLOCK:
        return system_munlock(sys, t, addr, len);
    case OP_FORK:
        step = system_fork(sys, t, next_pid, false, &child);
        if (step != STEP_DONE || !child)
            return step;
        next_pid++;
        for (op->arg = 0; op->arg < PROCS && procs[op->arg].task; op->arg++)
            ;
        if (op->arg < PROCS)
            procs[op->arg].task = child;
        else
            system_exit(sys, child, 0, true);
        return step;
    case OP_THREAD:
        if (op->arg) {
            system_exit(sys, t, 0, false);
            pr->task = pr->thread;
            pr->thread = NULL;
        } else {
            pr->thread = system_thread_new(sys, t, next_pid++);
        }
        return STEP_DONE;
    case OP_EXIT:
        system_exit(sys, t, 0, true);
        return STEP_DONE;
    case OP_EXEC:
        step = system_exec(sys, t, "again");
        if (step == STEP_DONE)
            pr->thread = NULL;
        return step;
    case OP_READ:
        return system_read(sys, t, o->file, (u64)op->unit * UNIT, (u64)op->units * UNIT,
                           addr + op->slot * UNIT);
    case OP_WRITE:
        return system_write(sys, t, o->file, (u64)op->unit * UNIT, (u64)op->units * UNIT,
                            addr + op->slot * UNIT);
    case OP_FSYNC:
        step = system_fsync(sys, t, inode, o->file, &error);
        o->poisoned |= step == STEP_DONE && error;
        return step;
    case OP_SYNC:
        return system_sync(sys, t);
    case OP_TRUNCATE:
        return system_truncate(sys, t, inode, (u64)op->unit * UNIT);
    case OP_PUNCH:
        return system_punch(sys, t, inode, (u64)op->unit * UNIT, (u64)op->units * UNIT);
    case OP_UNLINK:
        if (o->file)
            system_close(sys, o->file);
        o->file = NULL;
        system_unlink(sys, inode);
        return STEP_DONE;
    case OP_FADVISE:
        return o->file ? system_fadvise(sys, t, o->file, 0, 0, op->arg) : STEP_DONE;
    case OP_LIMIT:
        change_limits();
        return STEP_DONE;
    case OP_COMPACT:
        compact(op);
        return STEP_DONE;
    case OP_SWAPOFF:
        return change_swap(t, op->arg);
    case OP_BAD:
        step = system_access(sys, t, addr >> PAGE_SHIFT, ACCESS_READ);
        if (step == STEP_DONE)
            wrong("a bad access was allowed");
        return step;
    case NR_OPS:
        break;
    }
    return STEP_DONE;
}

/* --- locks and deaths ------------------------------------------------------------------------- */
static bool try_lock(const struct op *op)
{
    struct object *o = op->object >= 0 ? &objects[op->object] : NULL;

    if (!o || (!op->shared_lock && !op->own_lock))
        return true;
    if (o->writer || (op->own_lock && o->readers))
        return false;
    if (op->own_lock)
        o->writer = true;
    else
        o->readers++;
    return true;
}

static void unlock(const struct op *op)
{
    struct object *o = op->object >= 0 ? &objects[op->object] : NULL;

    if (o && op->own_lock)
        o->writer = false;
    else if (o && op->shared_lock)
        o->readers--;
}

/* It may be dead by its own fault or for memory, in the middle of what it did. */
static void bury(struct proc *pr)
{
    struct word words[5 * WORDS];
    const struct op *op = &pr->op;

    if (pr->pending) {
        if (op->kind == OP_WRITE) {
            u32 units = objects[op->object].units;

            buffer_words(pr, op, words);
            write_words(&objects[op->object], op->unit, words, op->units, true);
            /* how far it came is to be seen */
            objects[op->object].units =
                (u32)(inode_get(&sys->backing, objects[op->object].inode)->size / UNIT);
            for (u32 i = units; i < objects[op->object].units; i++)
                objects[op->object].w[i].state = ANY;
            for (u32 i = objects[op->object].units; i < FILE_WORDS; i++)
                set_word(&objects[op->object].w[i], 0);
        }
        if (op->kind == OP_MMAP && objects[MAX(op->object, (s16)0)].shm && op->object >= 0)
            objects[op->object].linked = false;
        unlock(op);
    }
    memset(pr, 0, sizeof(*pr));
}

static void bury_all(void)
{
    for (u32 i = 0; i < PROCS; i++)
        if (procs[i].task && procs[i].task->state >= TASK_ZOMBIE) {
            deaths[procs[i].task->outcome]++;
            bury(&procs[i]);
        }
}

/* --- the canaries ----------------------------------------------------------------------------- */
static bool flushes(const struct op *op)
{
    return op->kind == OP_FORK || op->kind == OP_MPROTECT || op->kind == OP_MUNMAP ||
           op->kind == OP_MREMAP;
}

static size_t tags_count(void)
{
    return (size_t)(sys->space.tlbs[0].sets_mask + 1) * TLB_SLOTS;
}

static void canary_before(const struct op *op)
{
    if (canary == CANARY_RMAP && op->kind == OP_COMPACT)
        choose_overlooked();
    if (canary == CANARY_TLB && flushes(op)) {
        stale_tags = xrealloc_array(stale_tags, tags_count(), sizeof(*stale_tags));
        memcpy(stale_tags, sys->space.tlbs[0].tags, tags_count() * sizeof(*stale_tags));
    }
}

/* CANARY_TLB: CPU 0 was not told to flush. CANARY_DIRTY: a dirty bit got lost. */
static void canary_after(const struct proc *pr, const struct op *op, enum step step)
{
    if (canary == CANARY_TLB && flushes(op) && step == STEP_DONE)
        memcpy(sys->space.tlbs[0].tags, stale_tags, tags_count() * sizeof(*stale_tags));
    if (canary == CANARY_RMAP && op->kind == OP_COMPACT && overlooked.slot &&
        pte_has_frame(*overlooked.slot)) /* the translation was flushed, the entry is the old one */
        *overlooked.slot = overlooked.was;
    if (canary == CANARY_DIRTY && op->kind == OP_STORE && step == STEP_DONE && chance(10)) {
        pte_t *slot = pagetable_find(pr->task->mm, BASE_VPN + op->page);

        *slot &= ~PTE_DIRTY;
        frame_clear(frames_get(&sys->frames, pte_pfn(*slot)), PG_DIRTY);
        tlb_flush_page(&sys->space.tlbs[pr->task->cpu], pr->task->mm->id, BASE_VPN + op->page);
    }
}

/* Not promised: nothing changed, but that mmap had made room, and mprotect got as far as it
 * could. */
static void refused(struct proc *pr, const struct op *op)
{
    refusals++;
    for (u32 i = op->page; op->kind == OP_MPROTECT && i < op->page + op->nr; i++) {
        const struct vma *vma = vma_find(pr->task->mm, BASE_VPN + i);

        if (vma)
            pr->p[i].prot = (u8)(vma->flags & VM_ACCESS_FLAGS);
    }
    if (op->kind != OP_MMAP)
        return;
    memset(&pr->p[op->page], 0, op->nr * sizeof(struct spage));
    if (op->object >= 0 && objects[op->object].shm)
        objects[op->object].linked = false;
}

/* --- running ---------------------------------------------------------------------------------- */
static void step_proc(struct proc *pr)
{
    struct op op = pr->op;
    enum step step;

    pr->task->cpu = below(sys->config.nr_cpus);
    pr->task->error = 0; /* what is no call leaves it as it was */
    canary_before(&op);
    step = do_op(pr, &op);
    canary_after(pr, &op, step);
    note_errors();
    waits += step == STEP_WAIT;
    if (step == STEP_WAIT)
        return;
    if (step == STEP_DONE) {
        done[op.kind]++;
        if (op.kind == OP_BRK && !pr->task)
            wrong("gone");
        if (pr->task->state < TASK_ZOMBIE && pr->task->error)
            refused(pr, &op);
        else
            apply(pr, &op);
        unlock(&op);
        pr->pending = false;
    }
}

static enum op_kind choose_kind(void)
{
    u32 at = below(weight_sum), kind = 0;

    while (at >= weight[kind])
        at -= weight[kind++];
    return (enum op_kind)kind;
}

static void start_op(struct proc *pr)
{
    struct op op = {.kind = choose_kind(), .object = -1};

    if (!pick(pr, &op))
        return;
    if (!try_lock(&op)) {
        if (op.kind == OP_MMAP && objects[op.object].shm)
            objects[op.object].linked = false;
        return;
    }
    pr->op = op;
    pr->pending = true;
}

static void spawn(struct proc *pr)
{
    memset(pr, 0, sizeof(*pr));
    pr->task = system_task_new(sys, leaf[below(ARRAY_SIZE(leaf))], next_pid++, 1, "fuzz");
}

/* Everybody waits: time goes on to the first who need not any more. */
static void advance(void)
{
    ns_t first = NS_NEVER;

    for (u32 i = 0; i < PROCS; i++) {
        if (!procs[i].task)
            continue;
        if (!procs[i].pending || procs[i].task->state != TASK_WAITING ||
            procs[i].task->wait.until <= sys->clock.now)
            return;
        first = MIN(first, procs[i].task->wait.until);
    }
    test_sleep(sys, first);
}

static void verify_all(void)
{
    for (u32 i = 0; i < PROCS; i++) {
        struct proc *pr = &procs[i];

        if (!pr->task || pr->pending)
            continue;
        for (u32 k = 0; k < PAGES && pr->task; k++) {
            struct spage *p = &pr->p[k];
            u32 slot = below(WORDS);
            u64 got;
            enum step step;

            if (!readable_now(p) || (!p->own && objects[p->object].writer))
                continue;
            step = test_run(sys, pr->task,
                            system_load(sys, pr->task, addr_of(k) + slot * UNIT, &got, 8));
            note_errors();
            if (step == STEP_DONE)
                check_word(p, slot, got);
            bury_all();
        }
    }
}

static void one_operation(void)
{
    struct proc *pr = &procs[below(PROCS)];

    if (!pr->task) {
        if (chance(10))
            spawn(pr);
        return;
    }
    if (!pr->pending && pr->thread && chance(50)) {
        struct task *other = pr->task;

        pr->task = pr->thread;
        pr->thread = other;
    }
    if (!pr->pending)
        start_op(pr);
    if (!pr->pending)
        return;
    if (pr->task->state == TASK_WAITING && pr->task->wait.until > sys->clock.now) {
        advance();
        return;
    }
    operation++;
    step_proc(pr);
    test_pass(sys);
    bury_all();
    if (some_file() < 0) {
        s16 id = free_object();

        if (id >= 0)
            object_new(id, false, below(FILE_WORDS));
    }
    if (operation % CHECK_STRIDE == 0) {
        system_check(sys);
        verify_all();
        system_check(sys);
    }
}

/* --- the swarm -------------------------------------------------------------------------------- */
static void choose_weights(void)
{
    static const u8 usual[NR_OPS] = {
        [OP_LOAD] = 200, [OP_STORE] = 240, [OP_MMAP] = 8,    [OP_MUNMAP] = 2,   [OP_MPROTECT] = 4,
        [OP_MREMAP] = 4, [OP_BRK] = 2,     [OP_MADVISE] = 6, [OP_MLOCK] = 1,    [OP_MUNLOCK] = 2,
        [OP_FORK] = 2,   [OP_THREAD] = 2,  [OP_EXIT] = 1,    [OP_EXEC] = 1,     [OP_READ] = 12,
        [OP_WRITE] = 12, [OP_FSYNC] = 2,   [OP_SYNC] = 1,    [OP_TRUNCATE] = 2, [OP_PUNCH] = 1,
        [OP_UNLINK] = 1, [OP_FADVISE] = 3, [OP_LIMIT] = 2,   [OP_SWAPOFF] = 1,  [OP_COMPACT] = 8,
        [OP_MBIND] = 4,  [OP_BAD] = 1};

    weight_sum = 0;
    for (u32 i = 0; i < NR_OPS; i++) {
        bool always = i == OP_LOAD || i == OP_STORE || i == OP_MMAP;

        weight[i] = always || chance(75) ? usual[i] * (1 + below(4)) : 0;
        weight_sum += weight[i];
    }
}

static const char *some_device(bool swap)
{
    static const char *const names[] = {"nvme", "ssd", "hdd", "ram", "zram"};

    return names[below(swap ? 5 : 4)];
}

static void inject_errors(void)
{
    errors = chance(20);
    if (!errors)
        return;
    sys->disk.fail_every[DEVICE_READ] = chance(50) ? 20 + below(100) : 0;
    sys->disk.fail_every[DEVICE_WRITE] = chance(50) ? 5 + below(50) : 0;
    sys->disks[0].fail_every[DEVICE_WRITE] = chance(50) ? 5 + below(50) : 0;
    for (unsigned i = 0; i < sys->config.nr_swaps; i++) {
        sys->swap_devices[i].fail_every[DEVICE_READ] = chance(50) ? 50 + below(200) : 0;
        sys->swap_devices[i].fail_every[DEVICE_WRITE] = chance(50) ? 5 + below(50) : 0;
    }
}

/* Half of the machines have two or three nodes, of which the last ones may have no CPU. */
static void choose_nodes(struct system_config *c)
{
    unsigned nr = chance(50) ? 1 : 2 + below(2);

    if (nr == 1)
        return;
    c->nr_nodes = nr;
    c->ram_bytes = (64 + (nr - 1) * 32) * MIB;
    for (unsigned nid = 0; nid < nr; nid++) {
        c->topology.node[nid].has_ram = true;
        c->topology.node[nid].ram_bytes = (nid ? 32 : 64) * MIB;
    }
    c->topology.nr = nr;
}

static void epoch_begin(u64 n)
{
    static const char *const swap_names[] = {"/dev/swap0", "/dev/swap1"};
    struct system_config c;

    prng_seed(&rng, hash_u64_pair(seed, n));
    system_config_init(&c);
    c.ram_bytes = 64 * MIB;
    c.nr_cpus = 1 + below(3);
    choose_nodes(&c);
    c.disk = some_device(false);
    c.bytes = true;
    c.nr_disks = 1;
    c.disks[0] = (struct disk_spec){.device = some_device(false), .dev = 2};
    c.seed = seed;
    c.lru = lru_policy_name[n % NR_LRU_POLICIES];
    c.tunables.swappiness = chance(50) ? 60 : below(201);
    c.tunables.page_cluster = below(5);
    c.tunables.dirty_bytes = chance(50) ? PAGE_SIZE * (16 + below(200)) : 0;
    c.tunables.overcommit_memory = chance(30) ? 2 : below(2);
    c.tunables.overcommit_kbytes = 4 * (60 + below(500)); /* and swap; of up to 6 * 288 pages */
    c.tunables.x_tlb_entries = chance(50) ? 1536 : 48;
    c.tunables.zswap_enabled = chance(30);
    c.tunables.zswap_zpool = below(2);
    c.tunables.zswap_compressor = below(NR_COMPRESSORS);
    c.tunables.zswap_max_pool_percent = chance(30) ? 20 : below(3);
    c.tunables.zswap_accept_threshold_percent = below(101);
    c.tunables.zswap_same_filled_pages_enabled = chance(80);
    c.tunables.zswap_non_same_filled_pages_enabled = chance(90);
    c.tunables.x_zswap_writeback = below(2);
    c.nr_swaps = below(3);
    for (unsigned i = 0; i < c.nr_swaps; i++)
        c.swaps[i] = (struct swap_spec){.name = swap_names[i],
                                        .bytes = (u64)PAGE_SIZE * (20 + below(1500)),
                                        .priority = chance(50) ? -1 : (s32)below(3),
                                        .compressor = compressor_info[below(NR_COMPRESSORS)].name,
                                        .mem_limit = chance(20) ? PAGE_SIZE * (1 + below(50)) : 0,
                                        .device = some_device(true)};
    sys = test_system_new(&c);
    leaf[0] = system_group(sys, "/a");
    leaf[1] = system_group(sys, "/a/b");
    leaf[2] = system_group(sys, "/c");
    group_set_limit(leaf[0], LIMIT_MAX, 200 + below(300));
    group_set_limit(leaf[1], LIMIT_MAX, 60 + below(300));
    group_set_limit(leaf[2], LIMIT_MAX, chance(50) ? PAGE_COUNTER_MAX : 60 + below(300));
    leaf[0]->oom_group = chance(20);
    memset(procs, 0, sizeof(procs));
    memset(blocks, 0, sizeof(blocks));
    memset(objects, 0, sizeof(objects));
    next_pid = 100;
    scatter_balloon();
    inject_errors();
    choose_weights();
    spawn(&procs[0]);
    for (s16 i = 0; i < 4; i++)
        object_new(i, false, below(FILE_WORDS));
}

/* Half of the machines get the other reclaim policy on the way, and some of those only parts of
 * it. */
static void switch_policy(u64 n)
{
    static const char *const parts[] = {"y", "1", "3", "5"};
    struct control_state st = {0};
    struct control c;

    if (n % 4 < 2)
        return;
    control_parse("/sys/kernel/mm/lru_gen/enabled",
                  sys->kernel.lru == LRU_POLICY_MGLRU ? "n" : parts[n / 4 % ARRAY_SIZE(parts)], &c,
                  NULL);
    control_write(sys, &c, &st);
}

static void epoch_end(void)
{
    for (u32 i = 0; i < PROCS; i++) {
        if (procs[i].task) {
            system_exit(sys, procs[i].task, 0, true);
            bury(&procs[i]);
        }
    }
    system_check(sys);
    if (getenv("HW_FUZZ_STATS")) {
        for (u32 i = 0; i < NR_OPS; i++)
            fprintf(stderr, "%llu ", (unsigned long long)done[i]);
        fprintf(
            stderr,
            "waits %llu oom %llu segv %llu bus %llu, swpout %lld in %lld fault %lld maj %lld "
            "ns %llu, groups gone %llu, zswpout %lld zswpin %lld written back %llu, swapoff "
            "%llu swapon %llu, refused %llu, compactions %llu migrations %llu\n",
            (unsigned long long)waits, (unsigned long long)deaths[OUTCOME_OOM_KILLED],
            (unsigned long long)deaths[OUTCOME_SIGSEGV], (unsigned long long)deaths[OUTCOME_SIGBUS],
            (long long)sys->counters.v[PSWPOUT], (long long)sys->counters.v[PSWPIN],
            (long long)sys->counters.v[PGFAULT], (long long)sys->counters.v[PGMAJFAULT],
            (unsigned long long)sys->clock.now, (unsigned long long)guests_gone,
            (long long)sys->counters.v[ZSWPOUT], (long long)sys->counters.v[ZSWPIN],
            (unsigned long long)sys->zswap.stats.written_back_pages, (unsigned long long)swapoffs,
            (unsigned long long)swapons, (unsigned long long)refusals,
            (unsigned long long)compactions, (unsigned long long)migrations);
    }
    test_system_free(sys);
}

static void run(u64 operations)
{
    u64 end = operation + operations;

    for (u64 n = operation / EPOCH; operation < end; n++) {
        u64 stop = MIN(end, (n + 1) * EPOCH);

        epoch_begin(n);
        while (operation < stop) {
            if (operation % EPOCH == EPOCH / 2)
                switch_policy(n);
            one_operation();
        }
        epoch_end();
    }
}

/* True when the run with a broken rule failed. */
static bool is_caught(enum canary which)
{
    bool caught;

    canary = which;
    caught = fuzz_fails(run, EPOCH * 20);
    canary = CANARY_NONE;
    return caught;
}

int main(int argc, char **argv)
{
    struct fuzz_args args = fuzz_parse_args(argc, argv, SMOKE);

    seed = args.seed;
    signal(SIGABRT, on_abort);
    signal(SIGSEGV, on_abort);
    if (getenv("HW_FUZZ_FROM")) /* to look at a failure: the first operation of its epoch */
        operation = strtoull(getenv("HW_FUZZ_FROM"), NULL, 10);
    for (unsigned c = CANARY_NONE + 1; c < NR_CANARIES && !getenv("HW_NO_CANARY"); c++)
        if (!is_caught((enum canary)c)) {
            fprintf(stderr, "system_fuzz: seed %llu: canary %u was not caught\n",
                    (unsigned long long)seed, c);
            return 1;
        }
    run(args.operations);
    if (args.operations >= SMOKE &&
        (compactions < COMPACTIONS_MIN || migrations < MIGRATIONS_MIN)) {
        fprintf(stderr, "system_fuzz: seed %llu: only %llu compactions and %llu migrations\n",
                (unsigned long long)seed, (unsigned long long)compactions,
                (unsigned long long)migrations);
        return 1;
    }
    free(stale_tags);
    return 0;
}

/* system_fuzz.c - random programs on a machine that holds bytes, against a plain shadow of what they should see.
 *
 * Several processes in small groups map, store, load, fork, exit, move, protect, advise, read, write, truncate, while memory runs short,
 * swap fills up, processes are killed for memory and devices fail. Every word that a process loads must be the one that
 * it, or who it shares the page with, stored last.
 *
 * Shadow:  a page has WORDS words, one per unit of 512 bytes. An anonymous page, and a private file page once written, has
 *          words of its own; other file pages have the words of the file. A word can be unsure: after a failed read, a write whose
 *          writer was killed, MADV_FREE.
 * Epochs:  each EPOCH operations a new machine, whose size, devices, limits and choice of operations (swarm) come from the
 *          seed.
 * Waiting: an operation that waits stays pending in its process while others go on; a lock per file keeps what is not atomic in
 *          Linux either from being looked at half done.
 * Canaries: the same run with one rule of the machine broken must fail; main() sees to it first. */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/test.h"

#include "system/testing.h"

#ifdef HW_CHECKS
#define SMOKE 40000u
#else
#define SMOKE 1000000u
#endif
#define EPOCH        8000u
#define CHECK_STRIDE 1000u

#define PROCS      6
#define ARENA      256 /* pages for mappings; the heap lies behind */
#define HEAP       32
#define PAGES      (ARENA + HEAP)
#define BASE_VPN   0x10000ull
#define OBJECTS    24 /* files and shared memory */
#define FILE_PAGES 48
#define WORDS      8
#define UNIT       (PAGE_SIZE / WORDS)
#define FILE_WORDS (FILE_PAGES * WORDS)

enum canary { CANARY_NONE, CANARY_TLB, CANARY_DIRTY, NR_CANARIES };
enum word_state { SURE, EITHER, ANY };
struct word {
    u64 v, alt;
    enum word_state state;
};

enum kind { NOTHING, ANON, PRIVATE, SHARED };
struct spage {
    enum kind kind;
    u8 prot;
    bool own;  /* has words of its own */
    bool lazy; /* MADV_FREE: may become zeros at any time */
    bool dontfork, wipe;
    s16 object;
    u16 index; /* in the object */
    struct word w[WORDS];
};

struct object {
    bool used, linked, shm;
    bool poisoned; /* a write failed: anything may be in it */
    u32 units;     /* size */
    u32 inode;
    struct file *file; /* NULL: closed */
    struct word w[FILE_WORDS];
    u32 readers; /* pending operations that look at it, */
    bool writer; /* or that need it for themselves */
};

enum op_kind {
    OP_LOAD,
    OP_STORE,
    OP_MMAP,
    OP_MUNMAP,
    OP_MPROTECT,
    OP_MREMAP,
    OP_BRK,
    OP_MADVISE,
    OP_MLOCK,
    OP_MUNLOCK,
    OP_FORK,
    OP_EXIT,
    OP_EXEC,
    OP_READ,
    OP_WRITE,
    OP_FSYNC,
    OP_SYNC,
    OP_TRUNCATE,
    OP_PUNCH,
    OP_UNLINK,
    OP_FADVISE,
    OP_LIMIT,
    OP_BAD, /* an access that must be fatal */
    NR_OPS
};

struct op {
    enum op_kind kind;
    u32 page, nr, slot; /* of the arena */
    u32 page2, nr2;
    s16 object;
    u32 unit, units; /* of the object */
    u32 arg;
    u64 value;
    bool shared_lock, own_lock;
};

struct proc {
    struct task *task; /* NULL: free */
    struct spage p[PAGES];
    u32 heap; /* pages */
    bool pending;
    struct op op;
};

static struct system *sys;
static struct prng rng;
static struct proc procs[PROCS];
static struct object objects[OBJECTS];
static struct group *leaf[3];
static u64 operation, seed;
static u32 next_pid;
static u64 next_ino, next_value;
static u32 weight[NR_OPS], weight_sum;
static bool errors; /* devices fail */
static enum canary canary;
static u64 done[NR_OPS], waits, deaths[8];
static u64 *stale_tags; /* CANARY_TLB: what should have been flushed */

static void wrong(const char *what)
{
    fprintf(stderr, "system_fuzz: seed %llu operation %llu: %s\n", (unsigned long long)seed,
            (unsigned long long)operation, what);
    exit(1);
}

static void on_abort(int sig)
{
    (void)sig;
    fprintf(stderr, "system_fuzz: seed %llu operation %llu\n", (unsigned long long)seed,
            (unsigned long long)operation);
    _exit(3);
}

static u32 below(u32 n)
{
    return (u32)prng_below(&rng, n);
}

static bool chance(u32 percent)
{
    return below(100) < percent;
}

static vaddr_t addr_of(u32 page)
{
    return (BASE_VPN + page) << PAGE_SHIFT;
}

/* --- the shadow ------------------------------------------------------------------------------------------------------ */
static u32 object_pages(const struct object *o)
{
    return DIV_ROUND_UP(o->units, WORDS);
}

static void set_word(struct word *w, u64 v)
{
    *w = (struct word){.v = v};
}

static struct word *words_of(struct spage *p)
{
    return p->own ? p->w : &objects[p->object].w[p->index * WORDS];
}

static bool readable_now(const struct spage *p)
{
    if (p->kind == NOTHING || !p->prot)
        return false;
    return p->kind == ANON || p->own || p->index < object_pages(&objects[p->object]);
}

static bool writable_now(const struct spage *p)
{
    return readable_now(p) && (p->prot & PROT_BIT_WRITE);
}

static bool poisoned(const struct spage *p)
{
    return !p->own && objects[p->object].poisoned;
}

static void make_own(struct spage *p)
{
    const struct word *from = words_of(p);

    if (p->own)
        return;
    for (u32 i = 0; i < WORDS; i++) {
        p->w[i] = from[i];
        if (objects[p->object].poisoned)
            p->w[i].state = ANY;
    }
    p->own = true;
    p->lazy = false;
}

static void zero_own(struct spage *p)
{
    memset(p->w, 0, sizeof(p->w));
    p->own = true;
    p->lazy = false;
}

/* The page was written to: what MADV_FREE did to it is decided. */
static void unlazy(struct spage *p)
{
    if (!p->lazy)
        return;
    p->lazy = false;
    for (u32 i = 0; i < WORDS; i++) {
        if (p->w[i].state == SURE && p->w[i].v)
            p->w[i] = (struct word){p->w[i].v, 0, EITHER};
        else if (p->w[i].state == EITHER)
            p->w[i].state = ANY;
    }
}

static void check_word(struct spage *p, u32 slot, u64 got)
{
    struct word *w = &words_of(p)[slot];

    if (poisoned(p) || (p->lazy && got == 0))
        return;
    if ((w->state == SURE && got != w->v) || (w->state == EITHER && got != w->v && got != w->alt))
        fprintf(stderr,
                "kind %d prot %u own %d lazy %d object %d page %u slot %u: want %llx or %llx, got "
                "%llx\n",
                (int)p->kind, p->prot, p->own, p->lazy, p->object, p->index, slot,
                (unsigned long long)w->v, (unsigned long long)w->alt, (unsigned long long)got);
    switch (w->state) {
    case SURE:
        if (got != w->v)
            wrong("a load saw another value than was stored last");
        break;
    case EITHER:
        if (got != w->v && got != w->alt)
            wrong("a load saw neither of two possible values");
        break;
    case ANY:
        break;
    }
    if (!p->lazy)
        set_word(w, got);
}

static void object_new(s16 id, bool shm, u32 units)
{
    struct object *o = &objects[id];
    u8 page[PAGE_SIZE];
    struct inode *inode;

    memset(o, 0, sizeof(*o));
    o->used = true;
    o->shm = shm;
    o->linked = !shm;
    o->units = units;
    if (shm)
        return;
    next_ino++;
    inode = system_inode(sys, INODE_REGULAR, 1, next_ino, "file", (u64)units * UNIT);
    o->inode = inode->id;
    o->file = system_open(sys, inode, 0);
    for (u32 i = 0; i < object_pages(o); i++) {
        inode_generate_bytes(1, next_ino, i, page);
        for (u32 k = 0; k < WORDS && i * WORDS + k < units; k++)
            memcpy(&o->w[i * WORDS + k].v, page + k * UNIT, sizeof(u64));
    }
}

static bool object_mapped(s16 id)
{
    for (u32 i = 0; i < PROCS; i++) {
        if (!procs[i].task)
            continue;
        if (procs[i].pending && procs[i].op.object == id)
            return true;
        for (u32 k = 0; k < ARENA; k++)
            if (procs[i].p[k].kind >= PRIVATE && procs[i].p[k].object == id)
                return true;
    }
    return false;
}

static s16 free_object(void)
{
    for (s16 i = 0; i < OBJECTS; i++) {
        if (objects[i].used && !objects[i].linked && !object_mapped(i))
            objects[i].used = false;
        if (!objects[i].used)
            return i;
    }
    return -1;
}

static s16 some_file(void)
{
    for (u32 tries = 0; tries < 8; tries++) {
        s16 i = (s16)below(OBJECTS);

        if (objects[i].used && objects[i].linked)
            return i;
    }
    return -1;
}

static void note_errors(void)
{
    for (u32 i = 0; errors && i < OBJECTS; i++) {
        struct object *o = &objects[i];
        const struct inode *inode = o->used && !o->shm ? inode_get(&sys->backing, o->inode) : NULL;

        if (inode && inode->error)
            o->poisoned = true;
    }
}

/* --- choosing an operation --------------------------------------------------------------------------------------------- */
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
    op->value = below(4) ? PROT_BIT_READ | PROT_BIT_WRITE : below(8);
    op->object = -1;
    op->slot = chance(8) && !errors ? MAP_BIT_POPULATE : chance(3) && !errors ? MAP_BIT_LOCKED : 0;
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

static const u32 advices[] = {MADVISE_NORMAL,   MADVISE_RANDOM,     MADVISE_SEQUENTIAL,
                              MADVISE_WILLNEED, MADVISE_DONTNEED,   MADVISE_FREE,
                              MADVISE_COLD,     MADVISE_PAGEOUT,    MADVISE_DONTFORK,
                              MADVISE_DOFORK,   MADVISE_WIPEONFORK, MADVISE_KEEPONFORK};

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
    case NR_OPS:
        break;
    }
    return false;
}

/* --- doing it ------------------------------------------------------------------------------------------------------------ */
static enum step do_mmap(struct proc *pr, const struct op *op)
{
    struct mmap_args a = {.addr = addr_of(op->page), .len = (u64)op->nr * PAGE_SIZE};

    a.prot = (u32)op->value;
    a.mflags = op->slot | (op->arg == SHARED ? MAP_BIT_SHARED : 0);
    if (op->object >= 0 && !objects[op->object].shm) {
        a.file = objects[op->object].file->id;
        a.offset = (u64)op->unit * PAGE_SIZE;
    }
    return system_mmap(sys, pr->task, &a);
}

static void change_limits(void)
{
    struct group *g = leaf[below(ARRAY_SIZE(leaf))];

    if (chance(50))
        g->memory.max = 40 + below(400);
    else if (chance(50))
        g->swap.max = chance(50) ? PAGE_COUNTER_MAX : below(300);
    else
        g->memory.high = chance(50) ? PAGE_COUNTER_MAX : 30 + below(200);
}

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
    case OP_MLOCK:
        return system_mlock(sys, t, addr, len, op->arg);
    case OP_MUNLOCK:
        return system_munlock(sys, t, addr, len);
    case OP_FORK:
        step = system_fork(sys, t, next_pid, false, &child);
        if (step != STEP_DONE)
            return step;
        next_pid++;
        for (op->arg = 0; op->arg < PROCS && procs[op->arg].task; op->arg++)
            ;
        if (op->arg < PROCS)
            procs[op->arg].task = child;
        else
            system_exit(sys, child, 0, true);
        return step;
    case OP_EXIT:
        system_exit(sys, t, 0, true);
        return STEP_DONE;
    case OP_EXEC:
        return system_exec(sys, t, "again");
    case OP_READ:
        return system_read(sys, t, o->file, (u64)op->unit * UNIT, (u64)op->units * UNIT,
                           addr + op->slot * UNIT);
    case OP_WRITE:
        return system_write(sys, t, o->file, (u64)op->unit * UNIT, (u64)op->units * UNIT,
                            addr + op->slot * UNIT);
    case OP_FSYNC:
        step = system_fsync(sys, t, inode, 0, &error);
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

/* --- what it should have done ----------------------------------------------------------------------------------------------- */
static void apply_mmap(struct proc *pr, const struct op *op)
{
    if (op->object >= 0 && objects[op->object].shm) {
        object_new(op->object, true, op->nr * WORDS);
        objects[op->object].linked = false;
    }
    for (u32 i = 0; i < op->nr; i++) {
        struct spage *p = &pr->p[op->page + i];

        memset(p, 0, sizeof(*p));
        p->kind = (enum kind)op->arg;
        p->prot = (u8)op->value;
        p->object = op->object;
        p->index = (u16)(op->unit + i);
        if (p->kind == ANON)
            p->own = true;
        else if (p->kind == PRIVATE && op->slot && writable_now(p))
            make_own(p);
    }
}

static void apply_mremap(struct proc *pr, const struct op *op)
{
    static struct spage moved[PAGES];
    struct spage like = pr->p[op->page];
    u32 keep = MIN(op->nr, op->nr2);

    memcpy(moved, &pr->p[op->page], op->nr * sizeof(*moved));
    memset(&pr->p[op->page], 0, op->nr * sizeof(*moved));
    memset(&pr->p[op->page2], 0, op->nr2 * sizeof(*moved));
    memcpy(&pr->p[op->page2], moved, keep * sizeof(*moved));
    for (u32 i = keep; i < op->nr2; i++) {
        struct spage *p = &pr->p[op->page2 + i];

        *p = like;
        p->own = p->lazy = false;
        p->index = (u16)(like.index + i);
        memset(p->w, 0, sizeof(p->w));
        p->own = p->kind == ANON;
    }
    for (u32 i = 0; i < op->nr2; i++) { /* shared memory ends where it was made to end */
        struct spage *p = &pr->p[op->page2 + i];

        p->dontfork = like.dontfork;
        p->wipe = like.wipe;
    }
}

static void apply_advice(struct spage *p, u32 advice, bool locked)
{
    switch (advice) {
    case MADVISE_DONTNEED:
        if (locked)
            break;
        if (p->kind == ANON)
            zero_own(p);
        else if (p->kind == PRIVATE)
            p->own = p->lazy = false;
        break;
    case MADVISE_FREE:
        if (p->kind == ANON && !locked)
            p->lazy = true;
        break;
    case MADVISE_DONTFORK:
        p->dontfork = true;
        break;
    case MADVISE_DOFORK:
        p->dontfork = false;
        break;
    case MADVISE_WIPEONFORK:
        p->wipe = true;
        break;
    case MADVISE_KEEPONFORK:
        p->wipe = false;
        break;
    default:
        break;
    }
}

static bool is_locked(const struct proc *pr, u32 page)
{
    const struct vma *vma = vma_find(pr->task->mm, BASE_VPN + page);

    return vma && (vma->flags & VM_LOCKED);
}

static void apply_fork(const struct proc *pr, struct proc *child)
{
    memcpy(child->p, pr->p, sizeof(child->p));
    child->heap = pr->heap;
    child->pending = false;
    for (u32 i = 0; i < PAGES; i++) {
        struct spage *p = &child->p[i];

        if (p->dontfork)
            memset(p, 0, sizeof(*p));
        else if (p->wipe && p->kind == ANON)
            zero_own(p);
        else if (p->wipe && p->kind == PRIVATE)
            p->own = false;
    }
}

/* In an object: [unit, unit + n) take these values, or perhaps. */
static void write_words(struct object *o, u32 unit, const struct word *from, u32 n, bool perhaps)
{
    if (unit > o->units) /* a hole */
        for (u32 i = o->units; i < unit; i++)
            set_word(&o->w[i], 0);
    for (u32 i = 0; i < n; i++) {
        struct word *w = &o->w[unit + i];

        if (!perhaps)
            *w = from[i];
        else if (w->state == SURE && from[i].state == SURE)
            *w = (struct word){w->v, from[i].v, EITHER};
        else
            w->state = ANY;
    }
    o->units = MAX(o->units, unit + n);
}

static void buffer_words(struct proc *pr, const struct op *op, struct word *w)
{
    for (u32 i = 0; i < op->units; i++) {
        u32 at = op->slot + i;
        struct spage *p = &pr->p[op->page + at / WORDS];

        w[i] = p->w[at % WORDS];
        if (p->lazy)
            w[i] = (struct word){w[i].v, 0, w[i].state == SURE ? EITHER : ANY};
    }
}

static void apply_read(struct proc *pr, const struct op *op)
{
    struct object *o = &objects[op->object];

    for (u32 i = 0; i < op->units && op->unit + i < o->units; i++) {
        u32 at = op->slot + i;
        struct spage *p = &pr->p[op->page + at / WORDS];
        struct word *w = &p->w[at % WORDS];
        const struct word *from = &o->w[op->unit + i];

        if (!errors)
            unlazy(p);
        if (!errors)
            *w = *from;
        else if (!o->poisoned && w->state == SURE && from->state == SURE && !p->lazy)
            *w = (struct word){w->v, from->v, EITHER};
        else
            w->state = ANY;
    }
    for (u32 i = op->page; errors && i < op->page + op->nr;
         i++) { /* was the page written at all? */
        for (u32 k = 0; k < WORDS && pr->p[i].lazy; k++)
            pr->p[i].w[k].state = ANY;
        pr->p[i].lazy = false;
    }
}

static void drop_private(s16 object, u32 from, u32 to)
{
    for (u32 i = 0; i < PROCS; i++) {
        for (u32 k = 0; procs[i].task && k < ARENA; k++) {
            struct spage *p = &procs[i].p[k];

            if (p->kind == PRIVATE && p->object == object && p->index >= from && p->index <= to)
                p->own = p->lazy = false;
        }
    }
}

static void apply_truncate(const struct op *op)
{
    struct object *o = &objects[op->object];

    for (u32 i = MIN(op->unit, o->units); i < FILE_WORDS; i++)
        set_word(&o->w[i], 0);
    if (op->unit < o->units)
        drop_private(op->object, DIV_ROUND_UP(op->unit, WORDS), FILE_PAGES);
    o->units = op->unit;
}

static void apply_punch(const struct op *op)
{
    struct object *o = &objects[op->object];
    u32 end = MIN(op->unit + op->units, o->units);
    u32 last = end == o->units ? DIV_ROUND_UP(end, WORDS) : end / WORDS;

    if (op->unit >= end)
        return;
    for (u32 i = op->unit; i < end; i++)
        set_word(&o->w[i], 0);
    if (DIV_ROUND_UP(op->unit, WORDS) < last)
        drop_private(op->object, DIV_ROUND_UP(op->unit, WORDS), last - 1);
}

static void apply_store(struct proc *pr, const struct op *op)
{
    struct spage *p = &pr->p[op->page];

    if (p->kind == PRIVATE)
        make_own(p);
    unlazy(p);
    set_word(&words_of(p)[op->slot], op->value);
}

static void apply(struct proc *pr, const struct op *op)
{
    struct word words[5 * WORDS];

    switch (op->kind) {
    case OP_LOAD:
        check_word(&pr->p[op->page], op->slot, op->value);
        break;
    case OP_STORE:
        apply_store(pr, op);
        break;
    case OP_MMAP:
        apply_mmap(pr, op);
        break;
    case OP_MUNMAP:
        memset(&pr->p[op->page], 0, op->nr * sizeof(struct spage));
        break;
    case OP_MPROTECT:
        for (u32 i = op->page; i < op->page + op->nr; i++)
            pr->p[i].prot = (u8)op->arg;
        break;
    case OP_MREMAP:
        apply_mremap(pr, op);
        break;
    case OP_BRK:
        for (u32 i = 0; i < HEAP; i++) {
            struct spage *p = &pr->p[ARENA + i];

            if (i >= op->nr || i >= pr->heap)
                *p = (struct spage){.kind = i < op->nr ? ANON : NOTHING, .prot = 3, .own = true};
        }
        pr->heap = op->nr;
        break;
    case OP_MADVISE:
        for (u32 i = op->page; i < op->page + op->nr; i++)
            if (pr->p[i].kind != NOTHING)
                apply_advice(&pr->p[i], op->arg, is_locked(pr, i));
        break;
    case OP_FORK:
        if (op->arg < PROCS)
            apply_fork(pr, &procs[op->arg]);
        break;
    case OP_EXIT:
        break;
    case OP_EXEC:
        memset(pr->p, 0, sizeof(pr->p));
        pr->heap = 0;
        break;
    case OP_READ:
        apply_read(pr, op);
        break;
    case OP_WRITE:
        buffer_words(pr, op, words);
        write_words(&objects[op->object], op->unit, words, op->units, errors);
        break;
    case OP_TRUNCATE:
        apply_truncate(op);
        break;
    case OP_PUNCH:
        apply_punch(op);
        break;
    case OP_UNLINK:
        objects[op->object].linked = false;
        break;
    case OP_MLOCK:
    case OP_MUNLOCK:
    case OP_FSYNC:
    case OP_SYNC:
    case OP_FADVISE:
    case OP_LIMIT:
    case OP_BAD:
    case NR_OPS:
        break;
    }
}

/* --- locks and deaths ---------------------------------------------------------------------------------------------------------- */
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

/* --- the canaries ---------------------------------------------------------------------------------------------------------------- */
static bool flushes(const struct op *op)
{
    return op->kind == OP_FORK || op->kind == OP_MPROTECT || op->kind == OP_MUNMAP ||
           op->kind == OP_MREMAP;
}

static size_t tags_count(void)
{
    return (size_t)(sys->tlbs[0].sets_mask + 1) * TLB_SLOTS;
}

static void canary_before(const struct op *op)
{
    if (canary == CANARY_TLB && flushes(op)) {
        stale_tags = xrealloc_array(stale_tags, tags_count(), sizeof(*stale_tags));
        memcpy(stale_tags, sys->tlbs[0].tags, tags_count() * sizeof(*stale_tags));
    }
}

/* CANARY_TLB: CPU 0 was not told to flush. CANARY_DIRTY: a dirty bit got lost. */
static void canary_after(const struct proc *pr, const struct op *op, enum step step)
{
    if (canary == CANARY_TLB && flushes(op) && step == STEP_DONE)
        memcpy(sys->tlbs[0].tags, stale_tags, tags_count() * sizeof(*stale_tags));
    if (canary == CANARY_DIRTY && op->kind == OP_STORE && step == STEP_DONE && chance(10)) {
        pte_t *slot = pagetable_find(pr->task->mm, BASE_VPN + op->page);

        *slot &= ~PTE_DIRTY;
        frame_clear(frames_get(&sys->frames, pte_pfn(*slot)), PG_DIRTY);
        tlb_flush_page(&sys->tlbs[pr->task->cpu], pr->task->mm->id, BASE_VPN + op->page);
    }
}

/* --- running ------------------------------------------------------------------------------------------------------------------------ */
static void step_proc(struct proc *pr)
{
    struct op op = pr->op;
    enum step step;

    pr->task->cpu = below(sys->config.nr_cpus);
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

/* --- the swarm ------------------------------------------------------------------------------------------------------------------------ */
static void choose_weights(void)
{
    static const u8 usual[NR_OPS] = {
        [OP_LOAD] = 200,  [OP_STORE] = 240, [OP_MMAP] = 8,     [OP_MUNMAP] = 2, [OP_MPROTECT] = 4,
        [OP_MREMAP] = 4,  [OP_BRK] = 2,     [OP_MADVISE] = 6,  [OP_MLOCK] = 1,  [OP_MUNLOCK] = 2,
        [OP_FORK] = 2,    [OP_EXIT] = 1,    [OP_EXEC] = 1,     [OP_READ] = 12,  [OP_WRITE] = 12,
        [OP_FSYNC] = 2,   [OP_SYNC] = 1,    [OP_TRUNCATE] = 2, [OP_PUNCH] = 1,  [OP_UNLINK] = 1,
        [OP_FADVISE] = 3, [OP_LIMIT] = 1,   [OP_BAD] = 1};

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
    for (unsigned i = 0; i < sys->config.nr_swaps; i++) {
        sys->swap_devices[i].fail_every[DEVICE_READ] = chance(50) ? 50 + below(200) : 0;
        sys->swap_devices[i].fail_every[DEVICE_WRITE] = chance(50) ? 5 + below(50) : 0;
    }
}

/* Make the machine small: the kernel keeps all but some pages. */
static void inflate_balloon(void)
{
    u64 leave = chance(40) ? 450 + below(1200) : 4000;

    sys->frames.watermark_boost_factor = 0; /* its steps are as large as what is left */
    while (frames_count_free(&sys->frames) > leave) {
        pfn_t pfn =
            frames_try_alloc(&sys->frames, 0, MT_UNMOVABLE, ALLOC_NO_WATERMARKS | ALLOC_MOVABLE, 0);

        if (pfn == PFN_NONE)
            break;
        frame_set(frames_get(&sys->frames, pfn), PG_KERNEL);
    }
}

static void epoch_begin(u64 n)
{
    static const char *const swap_names[] = {"/dev/swap0", "/dev/swap1"};
    struct system_config c;

    prng_seed(&rng, hash_u64_pair(seed, n));
    system_config_init(&c);
    c.ram_bytes = 64 * MIB;
    c.nr_cpus = 1 + below(3);
    c.disk = some_device(false);
    c.bytes = true;
    c.seed = seed;
    c.tunables.swappiness = chance(50) ? 60 : below(201);
    c.tunables.page_cluster = below(5);
    c.tunables.dirty_bytes = chance(50) ? PAGE_SIZE * (16 + below(200)) : 0;
    c.tunables.x_tlb_entries = chance(50) ? 1536 : 48;
    c.nr_swaps = below(3);
    for (unsigned i = 0; i < c.nr_swaps; i++)
        c.swaps[i] = (struct swap_spec){.name = swap_names[i],
                                        .bytes = (u64)PAGE_SIZE * (20 + below(1500)),
                                        .priority = chance(50) ? -1 : (s32)below(3),
                                        .device = some_device(true)};
    sys = test_system_new(&c);
    leaf[0] = system_group(sys, "/a");
    leaf[1] = system_group(sys, "/a/b");
    leaf[2] = system_group(sys, "/c");
    leaf[0]->memory.max = 200 + below(300);
    leaf[1]->memory.max = 60 + below(300);
    leaf[2]->memory.max = chance(50) ? PAGE_COUNTER_MAX : 60 + below(300);
    leaf[0]->oom_group = chance(20);
    memset(procs, 0, sizeof(procs));
    memset(objects, 0, sizeof(objects));
    next_pid = 100;
    inflate_balloon();
    inject_errors();
    choose_weights();
    spawn(&procs[0]);
    for (s16 i = 0; i < 4; i++)
        object_new(i, false, below(FILE_WORDS));
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
        fprintf(stderr,
                "waits %llu oom %llu segv %llu bus %llu, swpout %lld in %lld fault %lld maj %lld "
                "ns %llu\n",
                (unsigned long long)waits, (unsigned long long)deaths[OUTCOME_OOM_KILLED],
                (unsigned long long)deaths[OUTCOME_SIGSEGV],
                (unsigned long long)deaths[OUTCOME_SIGBUS], (long long)sys->counters.v[PSWPOUT],
                (long long)sys->counters.v[PSWPIN], (long long)sys->counters.v[PGFAULT],
                (long long)sys->counters.v[PGMAJFAULT], (unsigned long long)sys->clock.now);
    }
    test_system_free(sys);
}

static void run(u64 operations)
{
    u64 end = operation + operations;

    for (u64 n = operation / EPOCH; operation < end; n++) {
        u64 stop = MIN(end, (n + 1) * EPOCH);

        epoch_begin(n);
        while (operation < stop)
            one_operation();
        epoch_end();
    }
}

/* True when the run with a broken rule failed. */
static bool is_caught(enum canary which)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        canary = which;
        if (!freopen("/dev/null", "w", stderr))
            _exit(0);
        run(EPOCH * 20);
        _exit(0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return false;
    return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
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
    free(stale_tags);
    return 0;
}

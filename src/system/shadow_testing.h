/* shadow_testing.h - what the programs of system_fuzz.c should see: the plain shadow of their
 * memory and files.
 *
 * A page has WORDS words, one per unit of 512 bytes. An anonymous page, and a private file page
 * once written, has words of its own; other file pages have the words of the file. A word can be
 * unsure: after a failed read, a write whose writer was killed, MADV_FREE.
 *
 * Never: included by anything but system_fuzz.c.
 */
#ifndef SYSTEM_SHADOW_TESTING_H
#define SYSTEM_SHADOW_TESTING_H

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/test.h"

#include "system/file.h"
#include "system/machine_testing.h"

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

enum canary { CANARY_NONE, CANARY_TLB, CANARY_DIRTY, CANARY_RMAP, NR_CANARIES };
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
    OP_THREAD,
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
    OP_MBIND, /* a memory policy of a range, or of the task */
    OP_SWAPOFF,
    OP_COMPACT, /* memory is compacted, or a large block asked for */
    OP_BAD,     /* an access that must be fatal */
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
    struct task *task;   /* which one runs the operation; NULL: free */
    struct task *thread; /* the other one of two, or NULL */
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
static u64 guests_gone; /* groups removed */
static u64 swapoffs, swapons, refusals;
static u64 compactions, migrations;
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

/* --- the shadow ------------------------------------------------------------------------------- */
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
    return readable_now(p) && (p->prot & ABI_PROT_WRITE);
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
    u64 dev;

    memset(o, 0, sizeof(*o));
    o->used = true;
    o->shm = shm;
    o->linked = !shm;
    o->units = units;
    if (shm)
        return;
    next_ino++;
    dev = 1 + below(2);
    inode = system_inode(sys, INODE_REGULAR, dev, next_ino, "file", (u64)units * UNIT);
    o->inode = inode->id;
    o->file =
        system_open(sys, inode, (chance(30) ? FILE_DIRECT : 0) | (chance(10) ? FILE_SYNC : 0));
    for (u32 i = 0; i < object_pages(o); i++) {
        inode_generate_bytes(dev, next_ino, i, page);
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

/* A write that failed may have lost bytes only if the next fsync of the file says so (or nobody has
 * it open). */
static bool is_error_told(const struct object *o, const struct inode *inode)
{
    struct errseq err = inode->wb_err;
    u32 since = o->file ? o->file->wb_err : 0;

    return errseq_check_and_advance(&err, &since) != 0;
}

static void note_errors(void)
{
    for (u32 i = 0; errors && i < OBJECTS; i++) {
        struct object *o = &objects[i];
        const struct inode *inode = o->used && !o->shm ? inode_get(&sys->backing, o->inode) : NULL;

        if (inode && is_error_told(o, inode))
            o->poisoned = true;
    }
}

/* --- what it should have done ----------------------------------------------------------------- */
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
    case ABI_MADV_DONTNEED:
        if (locked)
            break;
        if (p->kind == ANON)
            zero_own(p);
        else if (p->kind == PRIVATE)
            p->own = p->lazy = false;
        break;
    case ABI_MADV_FREE:
        if (p->kind == ANON && !locked)
            p->lazy = true;
        break;
    case ABI_MADV_DONTFORK:
        p->dontfork = true;
        break;
    case ABI_MADV_DOFORK:
        p->dontfork = false;
        break;
    case ABI_MADV_WIPEONFORK:
        p->wipe = true;
        break;
    case ABI_MADV_KEEPONFORK:
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

/* long: one row for each operation */
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
    case OP_THREAD:
    case OP_FSYNC:
    case OP_SYNC:
    case OP_FADVISE:
    case OP_LIMIT:
    case OP_MBIND:
    case OP_SWAPOFF:
    case OP_COMPACT:
    case OP_BAD:
    case NR_OPS:
        break;
    }
}

#endif

/* call.c - the frame of every system call and access: begin, touch memory, wait, run out of memory,
 * end.
 *
 *   access_page -> done -> wait: the task sleeps and makes the call again -> out of memory:
 *               somebody is killed, then the access is made again; when nobody can be killed the
 *               access may
 *                  use the reserves; when these are gone the task itself dies
 *               -> bad address: the process dies of a signal (an access), or the call ends (a system call) */
#include <string.h>

#include "balance/writeback.h"
#include "system/access.h"
#include "system/oom_request.h"
#include "system/system_int.h"

/* While a thread forks, the others of its process look again this often. */
#define MMAP_LOCK_POLL_NS (20 * NS_PER_US)

struct access_ctx *task_access(struct system *s, struct task *t)
{
    struct access_ctx *ac = &t->access;

    ac->mem = &s->mem;
    ac->mm = t->mm;
    ac->group = t->group;
    ac->admin = t->uid == 0;
    ac->attempt = &t->attempt;
    ac->wait = &t->wait;
    ac->minflt = &t->minflt;
    ac->majflt = &t->majflt;
    ac->fault_retried = &t->fault_retried;
    ac->nodes = t->nodes;
    ac->numa = s->mem.numa_last ? &t->numa : NULL;
    t->attempt.dying |= t->killed;
    return ac;
}

enum step call_wait(struct task *t, struct wait wait)
{
    t->wait = wait;
    t->state = TASK_WAITING;
    return STEP_WAIT;
}

/* What Linux does on return to user mode is done before the next call. */
static bool throttled(struct system *s, struct task *t)
{
    struct wait wait;

    u64 ns = s->mem.cpu_ns;
    u32 nr = t->over_high;
    bool pause;

    t->over_high = 0;
    pause = balance_over_high(&s->mem, &t->attempt, t->group, nr, &wait);
    t->reclaim_ns += s->mem.cpu_ns - ns;
    if (!pause)
        return false;
    call_wait(t, wait);
    return true;
}

bool call_dirty_pause(struct system *s, struct task *t, struct wait *ret_wait)
{
    return t->dirtier.bdi && balance_dirty_pages(&s->mem, &t->dirtier, t->group, ret_wait);
}

/* Is this the second half of a call or a fault? */
static bool in_progress(const struct task *t)
{
    return t->progress || t->fault_retried || t->attempt.resumed;
}

bool call_begin(struct system *s, struct task *t, enum step *ret_step)
{
    struct wait wait;

    assert(t->mm || t->state >= TASK_ZOMBIE);
    s->mem.cpu = t->cpu;
    s->running = t->group;
    s->mem.over_high = &t->over_high;
    s->mem.mems_allowed = t->group->mems_effective;
    s->mem.policy = t->mempolicy.policy.mode == MPOL_DEFAULT ? NULL : &t->mempolicy;
    if (unlikely(s->panicked)) {
        *ret_step =
            t->state >= TASK_ZOMBIE ? STEP_DEAD : call_wait(t, (struct wait){WAIT_OOM, NS_NEVER});
        return false;
    }
    if (unlikely(s->idle_inodes.count))
        inodes_reap(s);
    if (unlikely(t->killed && t->state < TASK_ZOMBIE))
        process_exit(s, t, OUTCOME_KILLED, ABI_SIGKILL);
    if (unlikely(t->state >= TASK_ZOMBIE)) {
        *ret_step = STEP_DEAD;
        return false;
    }
    t->state = TASK_RUNNING;
    t->attempt.dying = t->killed; /* leave to use the reserves ends with the call */
    if (unlikely(t->mm->locked_by && t->mm->locked_by != t)) {
        *ret_step = call_wait(t, (struct wait){WAIT_RECLAIM, s->clock.now + MMAP_LOCK_POLL_NS});
        return false;
    }
    if (!t->progress)
        t->error = 0;
    if (in_progress(t)) /* a pause now could undo what it waited for */
        return true;
    if (unlikely(t->over_high) && throttled(s, t)) {
        *ret_step = STEP_WAIT;
        return false;
    }
    if (unlikely(call_dirty_pause(s, t, &wait))) {
        *ret_step = call_wait(t, wait);
        return false;
    }
    return true;
}

enum step call_end(struct system *s, struct task *t)
{
    t->progress = 0;
    t->direct_buffered = false;
    t->wait.cause = WAIT_NOTHING;
    if (t->mm)
        mm_objects_update(s, t->mm);
    if (unlikely(s->idle_inodes.count))
        inodes_reap(s);
    system_check_step(s);
    return STEP_DONE;
}

enum step call_refuse(struct system *s, struct task *t, int error)
{
    enum step step = call_end(s, t);

    t->error = error;
    return step;
}

static enum step out_of_memory(struct system *s, struct task *t)
{
    const struct attempt *at = &t->attempt;
    const struct oom_control oc = {.group = at->oom_group,
                                   .nodes = at->oom_nodes,
                                   .purpose = (enum purpose)at->purpose,
                                   .order = at->oom_order,
                                   .interleaved = at->oom_interleaved};
    bool killed;

    t->attempt.oom_group = NULL;
    if (!oc.group && !t->attempt.dying && !request_may_kill(oc.purpose))
        return call_wait(t, (struct wait){WAIT_RECLAIM, s->clock.now + NS_PER_S / HZ});
    if (t->attempt.dying) /* not even the reserves were enough */
        process_exit(s, t, OUTCOME_OOM_KILLED, ABI_SIGKILL);
    else {
        killed = oom_kill(s, t, &oc);
        if (s->panicked)
            return call_wait(t, (struct wait){WAIT_OOM, NS_NEVER});
        if (!killed)
            t->attempt.dying = true; /* Linux would go on trying for ever */
    }
    return t->state >= TASK_ZOMBIE ? STEP_DEAD : STEP_DONE;
}

enum step access_step(struct system *s, struct task *t, enum access_result r)
{
    switch (r) {
    case ACCESS_WAIT:
        return call_wait(t, t->wait);
    case ACCESS_OOM:
        return out_of_memory(s, t);
    case ACCESS_SIGBUS:
        if (unlikely(s->hugetlb.taken_touched))
            log_line(s, "PID %u killed due to inadequate hugepage pool", t->pid);
        s->hugetlb.taken_touched = false;
        break;
    case ACCESS_OK:
    case ACCESS_SIGSEGV:
        break;
    }
    return STEP_DONE;
}

/* One access until it is done, waits or is impossible; *ret_result is one of OK, SIGSEGV, SIGBUS
 * with STEP_DONE. */
static enum step access_until(struct system *s, struct task *t, vpn_t vpn, enum access_kind kind,
                              enum access_result *ret_result)
{
    struct mem *mem = &s->mem;
    struct access_ctx *ac = task_access(s, t);
    enum step step = STEP_DONE;

    do {
        struct effort_mark effort = effort_begin(s, t);

        *ret_result = access_page(ac, vpn, kind);
        effort_end(s, t, &effort);
        if (likely(*ret_result == ACCESS_OK)) {
            if (unlikely(ac->dirtied))
                dirtier_add(mem, &t->dirtier, ac->dirtied);
            ac->dirtied = NULL;
            if (unlikely(t->mm->locked_vm))
                mlock_new_page(s, t->mm, vpn);
            return STEP_DONE;
        }
        step = access_step(s, t, *ret_result);
    } while (step == STEP_DONE && *ret_result == ACCESS_OOM);
    return step;
}

enum step user_access(struct system *s, struct task *t, vpn_t vpn, enum access_kind kind,
                      bool *ret_bad)
{
    enum access_result r;
    enum step step;

    *ret_bad = false;
    if (tlb_hit(&s->space.tlbs[s->mem.cpu], t->mm->id, vpn, kind == ACCESS_WRITE))
        return STEP_DONE;
    step = access_until(s, t, vpn, kind, &r);
    *ret_bad = step == STEP_DONE && r != ACCESS_OK;
    return step;
}

enum step system_access(struct system *s, struct task *t, vpn_t vpn, enum access_kind kind)
{
    enum access_result r;
    enum step step;

    if (!call_begin(s, t, &step))
        return step;
    step = access_until(s, t, vpn, kind, &r);
    if (step == STEP_DONE && r != ACCESS_OK) {
        bool segv = r == ACCESS_SIGSEGV;

        process_exit(s, t, segv ? OUTCOME_SIGSEGV : OUTCOME_SIGBUS,
                     segv ? ABI_SIGSEGV : ABI_SIGBUS);
        step = STEP_DEAD;
    }
    if (step == STEP_DONE) {
        t->wait.cause = WAIT_NOTHING;
        mm_objects_update(s, t->mm); /* a first anonymous page brings an anon_vma */
    }
    system_check_step(s);
    return step;
}

/* --- bytes=on --------------------------------------------------------------------------------- */
u8 *user_bytes(const struct system *s, const struct task *t, vaddr_t addr)
{
    vpn_t vpn = addr >> PAGE_SHIFT;
    pfn_t pfn = pte_ref_pfn(pagetable_lookup(t->mm, vpn), vpn);

    return pfn == PFN_NONE ? NULL : frames_bytes(&s->frames, pfn) + addr % PAGE_SIZE;
}

static enum step reach(struct system *s, struct task *t, vaddr_t addr, u32 len,
                       enum access_kind kind, u8 **ret_bytes)
{
    vpn_t vpn = addr >> PAGE_SHIFT;

    assert(s->frames.bytes && (addr + len - 1) >> PAGE_SHIFT == vpn);
    if (t->state >= TASK_ZOMBIE)
        return STEP_DEAD;
    s->mem.cpu = t->cpu;
    if (!tlb_hit(&s->space.tlbs[t->cpu], t->mm->id, vpn, kind == ACCESS_WRITE)) {
        enum step step = system_access(s, t, vpn, kind);

        if (step != STEP_DONE)
            return step;
    }
    *ret_bytes = user_bytes(s, t, addr);
    return STEP_DONE;
}

/* lint: only with bytes=on, where tests prove that no content is lost */
enum step system_load(struct system *s, struct task *t, vaddr_t addr, void *buf, u32 len)
{
    u8 *bytes;
    enum step step = reach(s, t, addr, len, ACCESS_READ, &bytes);

    if (step == STEP_DONE && bytes)
        memcpy(buf, bytes, len);
    else if (step == STEP_DONE)
        memset(buf, 0, len); /* the zero page */
    return step;
}

/* lint: only with bytes=on, where tests prove that no content is lost */
enum step system_store(struct system *s, struct task *t, vaddr_t addr, const void *buf, u32 len)
{
    u8 *bytes;
    enum step step = reach(s, t, addr, len, ACCESS_WRITE, &bytes);

    if (step != STEP_DONE)
        return step;
    assert(bytes);
    memcpy(bytes, buf, len);
    return STEP_DONE;
}

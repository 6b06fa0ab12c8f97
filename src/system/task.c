/* task.c - processes and threads: how they begin, copy themselves, become another program and end.
 *
 * A task costs its group kernel memory: a stack of 16 KiB in frames of its own, and kernel objects
 * (objects.c). A zombie keeps neither here (Linux keeps both until wait(2), some microseconds in
 * most programs).
 *
 *   fork:  child made -> its vmas and tables copied (may wait) -> child joins the table of tasks
 *   exit:  pages, mappings, tables, address space; the task stays as a zombie for its rusage */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "balance/overcommit.h"
#include "balance/writeback.h"
#include "base/alloc.h"
#include "system/block.h"
#include "system/cpuset.h"
#include "system/kobject.h"
#include "system/pin.h"
#include "system/system_int.h"

#define STACK_KIB 16

/* A stack counts where its first frame is. */
static void count_stack(struct system *s, const struct task *t, struct group *g, s64 kib)
{
    group_count_frame(&s->groups, g, t->stack[0], NR_KERNEL_STACK, kib);
}

static void stack_new(struct system *s, struct task *t)
{
    for (unsigned i = 0; i < ARRAY_SIZE(t->stack); i++) {
        pfn_t pfn = frames_try_alloc(&s->frames, nodes_near(s->frames.cpu_nid[t->cpu]), 0,
                                     MT_UNMOVABLE, ALLOC_NO_WATERMARKS, t->cpu);

        t->stack[i] = pfn;
        if (pfn == PFN_NONE)
            continue;
        frame_set_kind(frames_get(&s->frames, pfn), FRAME_KERNEL);
        frames_get(&s->frames, pfn)->memcg = t->group->id;
        group_force_charge(&s->groups, t->group, 1);
    }
    count_stack(s, t, t->group, STACK_KIB);
}

static void stack_free(struct system *s, struct task *t)
{
    struct group *payer = group_get(&s->groups, t->objects_memcg);

    count_stack(s, t, group_unreleased(payer), -STACK_KIB);
    for (unsigned i = 0; i < ARRAY_SIZE(t->stack); i++) {
        struct frame *f = frames_get(&s->frames, t->stack[i]);

        if (t->stack[i] == PFN_NONE)
            continue;
        frame_set_kind(f, FRAME_PAGE);
        f->memcg = 0;
        frames_free(&s->frames, t->stack[i], 0, s->mem.cpu);
        group_uncharge(&s->groups, payer, 1);
        t->stack[i] = PFN_NONE;
    }
}

static struct task *task_make(struct system *s, struct group *g, u32 pid, u32 tgid, u32 ppid,
                              const char *comm)
{
    struct task *t = xcalloc(1, sizeof(*t));

    t->pid = pid;
    t->tgid = tgid;
    t->ppid = ppid;
    t->group = g;
    t->cpu = s->mem.cpu;
    t->cpus_asked = UINT64_MAX >> (64 - s->frames.nr_cpus);
    t->cpus_allowed = cpuset_cpus_of(s, g);
    if (s->frames.nr_nodes > 1)
        t->nodes = xcalloc(1, sizeof(*t->nodes));
    t->start_ns = s->clock.now;
    task_numa_init(&t->numa, &s->tunables, pid);
    dirtier_init(&t->dirtier);
    snprintf(t->comm, sizeof(t->comm), "%s", comm);
    stack_new(s, t);
    task_objects_new(s, t);
    g->nr_tasks++;
    return t;
}

void task_free(struct task *t)
{
    if (!t)
        return;
    task_numa_done(&t->numa);
    free(t->nodes);
    free(t);
}

static void inherit_placement(struct task *t, const struct task *from)
{
    t->mempolicy = from->mempolicy;
    t->cpus_allowed = from->cpus_allowed;
    t->cpus_asked = from->cpus_asked;
    if (!(t->cpus_allowed >> t->cpu & 1))
        t->cpu = (unsigned)__builtin_ctzll(t->cpus_allowed);
}

static void task_publish(struct system *s, struct task *t)
{
    if (s->nr_tasks == s->cap_tasks) {
        s->cap_tasks = s->cap_tasks ? s->cap_tasks * 2 : 16;
        s->tasks = xrealloc_array(s->tasks, s->cap_tasks, sizeof(*s->tasks));
    }
    s->tasks[s->nr_tasks++] = t;
}

static void mm_share(struct task *t, struct mm *mm)
{
    t->mm = mm;
    mm->users++;
}

struct task *system_task_new(struct system *s, struct group *g, u32 pid, u32 ppid, const char *comm)
{
    struct task *t = task_make(s, g, pid, pid, ppid, comm);

    t->mm = mm_new(&s->space, g->id);
    mglru_mm_add(&s->mem, t->mm);
    mm_objects_new(s, t->mm);
    task_publish(s, t);
    return t;
}

struct task *system_thread_new(struct system *s, struct task *leader, u32 tid)
{
    struct task *t = task_make(s, leader->group, tid, leader->tgid, leader->ppid, leader->comm);

    assert(leader->mm);
    t->oom_score_adj = leader->oom_score_adj;
    t->oom_score_adj_min = leader->oom_score_adj_min;
    t->uid = leader->uid;
    inherit_placement(t, leader);
    t->nice = leader->nice;
    mm_share(t, leader->mm);
    task_publish(s, t);
    return t;
}

/* --- address spaces --------------------------------------------------------------------------- */
void mm_put(struct system *s, struct mm *mm)
{
    assert(mm->users > 0);
    if (--mm->users)
        return;
    if (s->leaving)
        s->leaving(s->leaving_ctx);
    mglru_mm_del(mm);
    unmap_range(s, mm, (struct span){0, VPN_END});
    pins_release(s, mm);
    thp_zero_put(&s->mem, mm);
    khugepaged_exit(&s->khugepaged, mm);
    mm_objects_free(s, mm);
    mm_free(mm);
}

/* --- fork and exec ---------------------------------------------------------------------------- */
static struct task *fork_begin(struct system *s, struct task *t, u32 child_pid)
{
    struct task *child = task_make(s, t->group, child_pid, child_pid, t->tgid, t->comm);

    child->oom_score_adj = t->oom_score_adj;
    child->oom_score_adj_min = t->oom_score_adj_min;
    child->uid = t->uid;
    child->nice = t->nice;
    inherit_placement(child, t);
    mem_cost(&s->mem, s->cost.fork_base);
    return child;
}

/* Each private writable mapping is promised once more (dup_mmap). */
static bool fork_refused(struct system *s, const struct task *t)
{
    u64 sum = 0;

    for (u32 i = 0; i < t->mm->nr_vmas; i++) {
        const struct vma *v = t->mm->vmas[i];

        if ((v->flags & (VM_ACCOUNT | VM_DONTFORK)) != VM_ACCOUNT)
            continue;
        sum += vma_pages(v);
        /* By itself it must be sane; with those before it, within the limit. */
        if (!overcommit_allows(&s->mem, t->mm, overcommit_strict(&s->mem) ? sum : vma_pages(v),
                               t->uid == 0))
            return true;
    }
    return false;
}

enum step system_fork(struct system *s, struct task *t, u32 child_pid, bool share_vm,
                      struct task **ret_child)
{
    enum access_result r;
    enum step step;
    u64 vpn;

    if (!call_begin(s, t, &step))
        return step;
    if (!t->fork_child) {
        if (!share_vm && fork_refused(s, t)) {
            *ret_child = NULL;
            return call_refuse(s, t, -ENOMEM);
        }
        t->fork_child = fork_begin(s, t, child_pid);
        if (share_vm) {
            mm_share(t->fork_child, t->mm);
        } else {
            t->fork_child->mm = mm_new(&s->space, t->group->id);
            mm_objects_new(s, t->fork_child->mm);
            t->fork_child->mm->thp_disabled = t->mm->thp_disabled;
            khugepaged_fork(&s->mem, t->fork_child->mm, t->mm);
            t->fork_child->mm->start_brk = t->mm->start_brk;
            t->fork_child->mm->brk = t->mm->brk;
            t->fork_child->mm->start_stack = t->mm->start_stack;
            t->fork_child->mm->numa.next_scan =
                s->clock.now + s->tunables.numa_scan_delay_ms * NS_PER_MS;
            vma_fork(t->fork_child->mm, t->mm);
            mm_objects_update(s, t->fork_child->mm);
        }
        t->mm->locked_by = t;
    }
    vpn = t->progress;
    while (!share_vm) {
        r = access_fork(task_access(s, t), t->fork_child->mm, &vpn);
        t->progress = vpn;
        if (r == ACCESS_OK)
            break;
        step = access_step(s, t, r);
        if (step != STEP_DONE)
            return step;
    }
    t->mm->locked_by = NULL;
    *ret_child = t->fork_child;
    t->fork_child = NULL;
    (*ret_child)->start_ns = s->clock.now;
    if (!share_vm)
        mglru_mm_add(&s->mem, (*ret_child)->mm);
    task_publish(s, *ret_child);
    return call_end(s, t);
}

/* The other threads of the process end (de_thread). */
static void end_threads(struct system *s, const struct task *survivor, enum task_outcome outcome,
                        s32 status);

enum step system_exec(struct system *s, struct task *t, const char *comm)
{
    struct mm *old = t->mm;
    enum step step;

    if (!call_begin(s, t, &step))
        return step;
    end_threads(s, t, OUTCOME_EXITED, 0);
    if (t->pid != t->tgid) { /* whoever calls exec is the leader from now on */
        t->pid = t->tgid;
        task_objects_lead(s, t);
    }
    t->maxrss_pages = MAX(t->maxrss_pages, old->hiwater_rss);
    t->max_hugetlb_pages = MAX(t->max_hugetlb_pages, old->hiwater_hugetlb);
    task_numa_done(&t->numa);
    t->mm = mm_new(&s->space, t->group->id);
    t->mm->thp_disabled = old->thp_disabled;
    mm_objects_new(s, t->mm);
    mglru_mm_add(&s->mem, t->mm);
    mm_put(s, old);
    snprintf(t->comm, sizeof(t->comm), "%s", comm);
    mem_cost(&s->mem, s->cost.exec_base);
    return call_end(s, t);
}

/* --- the end ---------------------------------------------------------------------------------- */
/* A child that never came to life. */
static void fork_abandon(struct system *s, struct task *t)
{
    struct task *child = t->fork_child;

    if (!child)
        return;
    t->fork_child = NULL;
    t->mm->locked_by = NULL;
    mm_put(s, child->mm);
    stack_free(s, child);
    task_objects_free(s, child);
    child->group->nr_tasks--;
    task_free(child);
}

static void task_exit(struct system *s, struct task *t, enum task_outcome outcome, s32 status)
{
    assert(t->state < TASK_ZOMBIE && !t->kthread);
    fork_abandon(s, t);
    t->maxrss_pages = MAX(t->maxrss_pages, t->mm->hiwater_rss);
    t->max_hugetlb_pages = MAX(t->max_hugetlb_pages, t->mm->hiwater_hugetlb);
    mm_put(s, t->mm);
    t->mm = NULL;
    t->access.mm = NULL;
    task_numa_done(&t->numa);
    dirtier_exit(&s->mem, &t->dirtier);
    swapoff_abandon(s, t);
    system_close_sockets(s, t, t->nr_sockets);
    system_free_blocks(s, t);
    stack_free(s, t);
    task_objects_free(s, t);
    t->group->nr_tasks--;
    t->state = TASK_ZOMBIE;
    t->outcome = outcome;
    t->exit_status = status;
    t->end_ns = s->clock.now;
}

static void end_threads(struct system *s, const struct task *survivor, enum task_outcome outcome,
                        s32 status)
{
    for (u32 i = 0; i < s->nr_tasks; i++) {
        struct task *t = s->tasks[i];

        if (t != survivor && t->tgid == survivor->tgid && t->state < TASK_ZOMBIE)
            task_exit(s, t, outcome, status);
    }
}

void process_exit(struct system *s, struct task *t, enum task_outcome outcome, s32 status)
{
    end_threads(s, t, outcome, status);
    task_exit(s, t, outcome, status);
}

void system_give_up(struct system *s, struct task *t)
{
    if (t->state >= TASK_ZOMBIE)
        return;
    s->mem.cpu = t->cpu;
    process_exit(s, t, OUTCOME_REFUSED, 1 << 8);
    inodes_reap(s);
    system_check_step(s);
}

void system_exit(struct system *s, struct task *t, s32 status, bool group)
{
    if (t->state >= TASK_ZOMBIE)
        return;
    s->mem.cpu = t->cpu;
    mem_cost(&s->mem, s->cost.syscall);
    if (group)
        process_exit(s, t, OUTCOME_EXITED, status);
    else
        task_exit(s, t, OUTCOME_EXITED, status);
    inodes_reap(s);
    system_check_step(s);
}

void system_kill(struct system *s, struct task *t)
{
    if (t->kthread || t->state >= TASK_ZOMBIE)
        return;
    s->kills++;
    process_exit(s, t, OUTCOME_KILLED, ABI_SIGKILL);
    inodes_reap(s);
    system_check_step(s);
}

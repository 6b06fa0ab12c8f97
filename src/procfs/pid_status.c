/* pid_status.c - /proc/PID/{status,statm,comm,oom_score_adj,oom_adj,cgroup}.
 *
 * What the machine has no notion of (users, signals, capabilities) is shown as for a process of
 * root that touched none of it. VmExe is the executable part of the program's own file, taken to be
 * the file with the lowest executable mapping; VmLib is the rest of the executable memory.
 */
#include "base/masklist.h"
#include "procfs/procfs.h"

#include "system/cpuset.h"
#include <inttypes.h>
#include <string.h>

#define KIB_PER_PAGE     4u
#define ALL_CAPABILITIES "000001ffffffffff"
#define NO_CAPABILITIES  "0000000000000000"

static const char *state_text(const struct task *t)
{
    switch (t->state) {
    case TASK_RUNNING:
        return "R (running)";
    case TASK_WAITING:
        return t->wait.cause == WAIT_SLEEP ? "S (sleeping)" : "D (disk sleep)";
    case TASK_ZOMBIE:
        return "Z (zombie)";
    case TASK_DEAD:
        return "X (dead)";
    }
    hw_unreachable();
}

static unsigned count_threads(const struct system *s, const struct task *t)
{
    unsigned n = 0;

    for (u32 i = 0; i < s->nr_tasks; i++) {
        const struct task *other = s->tasks[i];

        n += other->tgid == t->tgid && other->state != TASK_DEAD && other->state != TASK_ZOMBIE;
    }
    return MAX(n, 1u);
}

static u64 text_pages(const struct mm *mm)
{
    u64 pages = 0;
    u32 program = 0;

    for (u32 i = 0; i < mm->nr_vmas; i++) {
        const struct vma *v = mm->vmas[i];

        if (!(v->flags & VM_EXEC) || v->inode == 0 || (v->flags & VM_SPECIAL))
            continue;
        if (!program)
            program = v->inode;
        if (v->inode == program)
            pages += v->end - v->start;
    }
    return pages;
}

static u64 rss_pages(const struct mm *mm)
{
    return mm->rss_anon + mm->rss_file + mm->rss_shmem;
}

static void vm_line(struct strbuf *out, const char *key, u64 pages)
{
    strbuf_printf(out, "%s:\t%8" PRIu64 " kB\n", key, pages * KIB_PER_PAGE);
}

static void render_memory(const struct mm *mm, struct strbuf *out)
{
    u64 rss = rss_pages(mm), text = text_pages(mm);

    vm_line(out, "VmPeak", MAX(mm->hiwater_vm, mm->total_vm));
    vm_line(out, "VmSize", mm->total_vm);
    vm_line(out, "VmLck", mm->locked_vm);
    vm_line(out, "VmPin", mm->pinned_vm);
    vm_line(out, "VmHWM", MAX(mm->hiwater_rss, rss));
    vm_line(out, "VmRSS", rss);
    vm_line(out, "RssAnon", mm->rss_anon);
    vm_line(out, "RssFile", mm->rss_file);
    vm_line(out, "RssShmem", mm->rss_shmem);
    vm_line(out, "VmData", mm->data_vm);
    vm_line(out, "VmStk", mm->stack_vm);
    vm_line(out, "VmExe", text);
    vm_line(out, "VmLib", mm->exec_vm > text ? mm->exec_vm - text : 0);
    vm_line(out, "VmPTE", mm->nr_ptes + mm->nr_pmds + mm->nr_puds);
    vm_line(out, "VmSwap", mm->swapents);
    vm_line(out, "HugetlbPages", mm->hugetlb_pages);
    strbuf_printf(out, "CoreDumping:\t0\nTHP_enabled:\t%d\n", !mm->thp_disabled);
}

static void render_allowed(const struct system *s, const struct task *t, struct strbuf *out)
{
    unsigned cpus = MAX(s->frames.nr_cpus, 1u);
    u64 allowed = t->cpus_allowed ? t->cpus_allowed : UINT64_MAX >> (64 - cpus), mems;

    strbuf_append(out, "Cpus_allowed:\t");
    strbuf_maskhex(out, allowed, cpus);
    strbuf_append(out, "\nCpus_allowed_list:\t");
    strbuf_masklist(out, allowed);
    strbuf_append(out, "\nMems_allowed:\t");
    mems = t->group ? cpuset_mems_allowed(s, t) : topology_memory_nodes(&s->frames.topology);
    for (unsigned word = 0; word < 30; word++)
        strbuf_append(out, "00000000,"); /* 1,024 possible nodes */
    strbuf_printf(out, "%08x,%08x\nMems_allowed_list:\t", (unsigned)(mems >> 32),
                  (unsigned)(mems & UINT32_MAX));
    strbuf_masklist(out, mems);
    strbuf_appendc(out, '\n');
}

void render_pid_status(const struct system *s, const struct task *t, struct strbuf *out)
{
    /* max_threads / 2, with stacks of 16 KiB taking at most an eighth of memory. */
    u64 signals_max = s->frames.managed_pages / (8 * 16384 / PAGE_SIZE) / 2;
    bool more_lines = kernel_has(&s->kernel, KERNEL_STATUS_LINES);

    strbuf_printf(out,
                  "Name:\t%s\nUmask:\t0022\nState:\t%s\nTgid:\t%u\nNgid:\t0\nPid:\t%u\nPPid:\t%u\n",
                  t->comm, state_text(t), t->tgid, t->pid, t->ppid);
    strbuf_printf(
        out,
        "TracerPid:\t0\nUid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\nFDSize:\t64\nGroups:\t "
        "\n",
        t->uid, t->uid, t->uid, t->uid, t->uid, t->uid, t->uid, t->uid);
    strbuf_printf(out, "NStgid:\t%u\nNSpid:\t%u\nNSpgid:\t%u\nNSsid:\t%u\n", t->tgid, t->pid,
                  t->tgid, t->tgid);
    if (more_lines)
        strbuf_append(out, "Kthread:\t0\n");
    if (t->mm)
        render_memory(t->mm, out);
    if (t->mm && more_lines)
        strbuf_append(out, "untag_mask:\t0xffffffffffffffff\n");
    strbuf_printf(out, "Threads:\t%u\nSigQ:\t0/%" PRIu64 "\n", count_threads(s, t), signals_max);
    strbuf_append(
        out, "SigPnd:\t0000000000000000\nShdPnd:\t0000000000000000\nSigBlk:\t0000000000000000\n"
             "SigIgn:\t0000000000000000\nSigCgt:\t0000000000000000\nCapInh:\t0000000000000000\n");
    strbuf_printf(out, "CapPrm:\t%s\nCapEff:\t%s\n", t->uid ? NO_CAPABILITIES : ALL_CAPABILITIES,
                  t->uid ? NO_CAPABILITIES : ALL_CAPABILITIES);
    strbuf_append(
        out,
        "CapBnd:\t" ALL_CAPABILITIES "\nCapAmb:\t" NO_CAPABILITIES "\n"
        "NoNewPrivs:\t0\nSeccomp:\t0\nSeccomp_filters:\t0\n"
        "Speculation_Store_Bypass:\tnot vulnerable\nSpeculationIndirectBranch:\talways enabled\n");
    render_allowed(s, t, out);
    strbuf_printf(
        out, "voluntary_ctxt_switches:\t%" PRIu64 "\nnonvoluntary_ctxt_switches:\t%" PRIu64 "\n",
        t->nvcsw, t->nivcsw);
    if (more_lines)
        strbuf_append(out, "x86_Thread_features:\t\nx86_Thread_features_locked:\t\n");
}

void render_pid_statm(const struct system *s HW_UNUSED, const struct task *t, struct strbuf *out)
{
    const struct mm *mm = t->mm;

    if (!mm) {
        strbuf_append(out, "0 0 0 0 0 0 0\n");
        return;
    }
    strbuf_printf(out, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " 0 %" PRIu64 " 0\n",
                  mm->total_vm, rss_pages(mm), mm->rss_file + mm->rss_shmem, text_pages(mm),
                  mm->data_vm + mm->stack_vm);
}

void render_pid_comm(const struct system *s HW_UNUSED, const struct task *t, struct strbuf *out)
{
    strbuf_printf(out, "%s\n", t->comm);
}

void render_pid_oom_score_adj(const struct system *s HW_UNUSED, const struct task *t,
                              struct strbuf *out)
{
    strbuf_printf(out, "%d\n", t->oom_score_adj);
}

/* In seventeenths, for programs older than oom_score_adj. */
void render_pid_oom_adj(const struct system *s HW_UNUSED, const struct task *t, struct strbuf *out)
{
    strbuf_printf(
        out, "%d\n",
        t->oom_score_adj == OOM_SCORE_ADJ_MAX ? 15 : t->oom_score_adj * 17 / OOM_SCORE_ADJ_MAX);
}

void render_pid_cgroup(const struct system *s HW_UNUSED, const struct task *t, struct strbuf *out)
{
    char path[4096] = "/";

    if (t->group)
        group_path(t->group, path, sizeof(path));
    strbuf_printf(out, "0::%s\n", path);
}

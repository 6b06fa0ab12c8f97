/* pid_stat.c - /proc/PID/{stat,oom_score,cmdline,numa_maps}.
 *
 * Fields of stat that the machine has no notion of (terminals, signals, addresses of arguments) are
 * 0, as for a process that has none. The command line is the program's name: arguments are not
 * known.
 */
#include "procfs/pid_maps.h"
#include "procfs/procfs.h"

#include <inttypes.h>
#include <string.h>

#define USER_HZ_NS (NS_PER_S / 100)
#define SIGCHLD    17

/* --- stat ------------------------------------------------------------------------------------- */
struct process { /* sums over its threads, and where its program lies */
    u64 minflt, majflt, user_ns, system_ns;
    unsigned threads;
    vaddr_t start_code, end_code, start_data, end_data;
};

static void sum_threads(const struct system *s, const struct task *leader, struct process *p)
{
    for (u32 i = 0; i < s->nr_tasks; i++) {
        const struct task *t = s->tasks[i];

        if (t->tgid != leader->tgid || t->start_ns < leader->start_ns)
            continue;
        p->minflt += t->minflt;
        p->majflt += t->majflt;
        p->user_ns += t->cpu_user_ns;
        p->system_ns += t->cpu_sys_ns;
        p->threads += t->state < TASK_ZOMBIE;
    }
}

/* Code and data of the file with the lowest executable mapping. */
static void find_program(const struct mm *mm, struct process *p)
{
    u32 program = 0;

    for (u32 i = 0; i < mm->nr_vmas; i++) {
        const struct vma *v = mm->vmas[i];

        if (!v->inode || (program && v->inode != program))
            continue;
        if (v->flags & VM_EXEC) {
            program = v->inode;
            if (!p->start_code)
                p->start_code = v->start << PAGE_SHIFT;
            p->end_code = v->end << PAGE_SHIFT;
        } else if (program && (v->flags & VM_WRITE)) {
            if (!p->start_data)
                p->start_data = v->start << PAGE_SHIFT;
            p->end_data = v->end << PAGE_SHIFT;
        }
    }
}

static char state_letter(const struct task *t)
{
    if (t->state == TASK_WAITING)
        return t->wait.cause == WAIT_SLEEP ? 'S' : 'D';
    return t->state == TASK_RUNNING ? 'R' : 'Z';
}

/* The process that leads the session: the forebear that the init of the machine started. */
static u32 session_of(const struct system *s, const struct task *t)
{
    const struct task *up = t;

    for (u32 i = s->nr_tasks; i-- > 0 && up->ppid > 1;) /* parents come before their children */
        if (s->tasks[i]->pid == up->ppid && s->tasks[i] != up)
            up = s->tasks[i];
    return up->tgid;
}

void render_pid_stat(const struct system *s, const struct task *t, struct strbuf *out)
{
    const struct mm *mm = t->mm;
    u32 session = session_of(s, t);
    struct process p = {0};

    sum_threads(s, t, &p);
    if (mm)
        find_program(mm, &p);
    strbuf_printf(out,
                  "%u (%s) %c %u %u %u 0 -1 0 %" PRIu64 " 0 %" PRIu64 " 0 %" PRIu64 " %" PRIu64,
                  t->tgid, t->comm, state_letter(t), t->ppid, session, session, p.minflt, p.majflt,
                  p.user_ns / USER_HZ_NS, p.system_ns / USER_HZ_NS);
    strbuf_printf(out, " 0 0 %d %d %u 0 %" PRIu64 " %" PRIu64 " %" PRIu64 " 18446744073709551615",
                  20 + t->nice, t->nice, MAX(p.threads, 1u), t->start_ns / USER_HZ_NS,
                  mm ? mm->total_vm * PAGE_SIZE : 0, mm ? mm_rss(mm) : 0);
    strbuf_printf(out, " %" PRIu64 " %" PRIu64 " %" PRIu64 " 0 0 0 0 0 0 %d 0 0 %d %u 0 0 0 0 0",
                  p.start_code, p.end_code, mm ? mm->start_stack : 0, t->state == TASK_WAITING,
                  SIGCHLD, t->cpu);
    strbuf_printf(out, " %" PRIu64 " %" PRIu64 " %" PRIu64 " 0 0 0 0 %d\n", p.start_data,
                  p.end_data, mm ? mm->start_brk : 0, t->exit_status);
}

/* --- oom_score, cmdline ----------------------------------------------------------------------- */
void render_pid_oom_score(const struct system *s, const struct task *t, struct strbuf *out)
{
    s64 usable = (s64)(s->frames.managed_pages + s->swap.total_pages);
    s64 badness = oom_badness(s, t, (u64)usable);

    strbuf_printf(out, "%" PRId64 "\n",
                  badness == OOM_NEVER ? 0 : (1000 + badness * 1000 / MAX(usable, 1)) * 2 / 3);
}

void render_pid_cmdline(const struct system *s HW_UNUSED, const struct task *t, struct strbuf *out)
{
    strbuf_append_bytes(out, t->comm, strlen(t->comm) + 1);
}

/* --- numa_maps -------------------------------------------------------------------------------- */
struct numa_maps {
    u64 pages, anon, dirty, active, writeback, swapcache;
    u64 node[MAX_NUMNODES]; /* of `pages` */
    u32 mapcount_max;
};

static void gather(const struct system *s, const struct vma *v, struct numa_maps *md)
{
    struct pte_ref ref;

    pagetable_for_each (v->mm, at, ref, v->start, v->end) {
        bool pool = (*ref.slot & PTE_HUGETLB) != 0;
        u64 nr = pool ? 1 : 1u << ref.order; /* in pages of the mapping's size */
        const struct frame *f;

        if (!pte_has_frame(*ref.slot))
            continue;
        f = folio_head(&s->frames, pte_pfn(*ref.slot));
        md->pages += nr;
        md->node[frame_nid(&s->frames, pte_pfn(*ref.slot))] += nr;
        md->anon += (frame_test(f, PG_ANON) || (pool && !(v->flags & VM_SHARED))) * nr;
        md->dirty += ((*ref.slot & PTE_DIRTY) || frame_test(f, PG_DIRTY)) * nr;
        md->active += (frame_test(f, PG_ACTIVE) || frame_test(f, PG_UNEVICTABLE)) * nr;
        md->writeback += frame_test(f, PG_WRITEBACK) * nr;
        md->swapcache += frame_test(f, PG_SWAPCACHE) * nr;
        md->mapcount_max =
            MAX(md->mapcount_max,
                page_mapcount(&s->frames, frames_get(&s->frames, pte_pfn(*ref.slot))));
    }
}

static void render_name(const struct system *s, const struct vma *v, struct strbuf *out)
{
    const struct inode *inode = v->inode ? inode_get(&s->backing, v->inode) : NULL;

    if (!inode) {
        strbuf_append(out, maps_is_heap(v) ? " heap" : maps_is_stack(v) ? " stack" : "");
        return;
    }
    strbuf_append(out, " file=");
    for (const char *c = inode->path ? inode->path : ""; *c; c++) {
        if (strchr("\n\t= ", *c))
            strbuf_printf(out, "\\%03o", (unsigned)(unsigned char)*c);
        else
            strbuf_appendc(out, *c);
    }
    if (!inode->nlink)
        strbuf_append(out, "\\040(deleted)");
}

static void render_count(struct strbuf *out, const char *key, u64 n)
{
    if (n)
        strbuf_printf(out, " %s=%" PRIu64, key, n);
}

void render_pid_numa_maps(const struct system *s, const struct task *t, struct strbuf *out)
{
    for (u32 i = 0; t->mm && i < t->mm->nr_vmas; i++) {
        const struct vma *v = t->mm->vmas[i];
        struct numa_maps md = {0};
        const struct mempolicy *policy;

        strbuf_printf(out, "%08" PRIx64 " ", v->start << PAGE_SHIFT);
        policy = vma_policy_at(&s->backing, v, v->start);
        mempolicy_render(policy ? policy : &t->mempolicy.policy, out);
        render_name(s, v, out);
        if (v->flags & VM_HUGETLB)
            strbuf_append(out, " huge");
        gather(s, v, &md);
        render_count(out, "anon", md.anon);
        render_count(out, "dirty", md.dirty);
        if (md.pages != md.anon && md.pages != md.dirty)
            render_count(out, "mapped", md.pages);
        if (md.mapcount_max > 1)
            render_count(out, "mapmax", md.mapcount_max);
        render_count(out, "swapcache", md.swapcache);
        /* Huge pages of the pool are on no list. */
        if (md.active < md.pages && !(v->flags & VM_HUGETLB))
            strbuf_printf(out, " active=%" PRIu64, md.active);
        render_count(out, "writeback", md.writeback);
        for (unsigned nid = 0; nid < s->frames.nr_nodes; nid++)
            if (md.node[nid])
                strbuf_printf(out, " N%u=%" PRIu64, nid, md.node[nid]);
        if (md.pages)
            strbuf_append(out, v->flags & VM_HUGETLB ? " kernelpagesize_kB=2048"
                                                     : " kernelpagesize_kB=4");
        strbuf_appendc(out, '\n');
    }
}

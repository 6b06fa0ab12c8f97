/* klog_fuzz.c - the kernel log parser against mutated OOM reports of 3.10 and 6.1, in several
 * wrappings. */
#include "base/test.h"

#include "observe/text_testing.h"

#define G "tests/diff/fixtures-6.1/384M/"

static void run(struct span text)
{
    struct snapshot s;
    size_t tasks = 0;

    snapshot_init(&s);
    parse_kernel_log(text, &s);
    assert(s.log.count <= 1024);
    vec_for_each (&s.log, event) {
        assert(event->kind < NR_LOG_EVENT_KINDS && event->order < 64);
        assert(memchr(event->comm, '\0', sizeof(event->comm)));
        assert(memchr(event->invoker, '\0', sizeof(event->invoker)));
        assert(memchr(event->constraint, '\0', sizeof(event->constraint)));
        assert(memchr(event->killer, '\0', sizeof(event->killer)));
        vec_for_each (&event->more, victim)
            assert(memchr(victim->comm, '\0', sizeof(victim->comm)));
        if (!event->report)
            continue;
        oom_report_check(event->report);
        tasks += event->report->tasks.count;
    }
    assert(tasks <= 65536);
    snapshot_done(&s);
}

int main(int argc, char **argv)
{
    struct fuzz_args args = fuzz_parse_args(argc, argv, 8000);
    static const struct fuzz_parser parsers[] = {
        {"reports of 6.1",
         run,
         {G "dmesg-oom-memcg-group.txt", G "dmesg-oom-memcg-swap.txt",
          G "dmesg-oom-global-swap.txt", "tests/observe/fixtures/3.10/var/log/dmesg"},
         NULL},
        {"other wrappings",
         run,
         {NULL},
         "6,1,5000,-;a invoked oom-killer: order=0\n SUBSYSTEM=x\n"
         "Nov 25 03:10:00 h kernel: [ 5.0] memory: usage 8kB, limit 8kB, failcnt 1\n"
         "2025-11-25T03:10:00 h kernel: [  pid  ]   uid  tgid total_vm rss swapents oom_score_adj "
         "name\n"
         "[    5.1] [  T7] [     7]     0     7      8    4 0   -5 x) (y\n"
         "<4>[    5.2] "
         "oom-kill:constraint=CONSTRAINT_MEMCG,oom_memcg=/a,task_memcg=/a/b,task=x,pid=7,uid=0\n"
         "[    5.3] h kernel: Killed process 7, UID 3, (x) total-vm:8kB, anon-rss:4kB, "
         "pgtables:99kB\n"
         "[    5.4] x: page allocation failure: order:4, mode:0x1\n"
         "[    5.5] INFO: task a:b:9 blocked for more than 120 seconds.\n"
         "[    5.6] oom_reaper: reaped process 7 (x), now anon-rss:0kB\n"},
        {"other killers",
         run,
         {NULL},
         "[ 5.0] Out of memory in UB 5299: OOM killed process 77 (mysqld) score 0 vm:1372104kB, "
         "rss:211232kB, swap:0kB\n"
         "[ 5.1] cma: cma_alloc: linux,cma: alloc failed, req-size: 62864 pages, ret: -12\n"
         "[ 5.2] cma: cma_alloc: alloc failed, req-size: 8 pages, ret: -16\n"
         "Jan 1 00:00:00 h systemd-oomd[7]: Considered 45 cgroups for killing, top candidates "
         "were:\n"
         "Jan 1 00:00:00 h systemd-oomd[7]: Path: /a/b.scope\n"
         "Jan 1 00:00:00 h systemd-oomd[7]: Swap Usage: 477.8M\n"
         "Jan 1 00:00:00 h systemd-oomd[7]: Current Memory Usage: 5.1G\n"
         "Jan 1 00:00:00 h systemd-oomd[7]: Failed to kill any cgroups based on swap: Invalid\n"
         "[ 6.0] Out of memory! avail: 94 MiB < min: 95 MiB\n"
         "[ 6.1] Killing process 2874 (firefox)\n"
         "[ 6.2] killing process 27541 \"bash\" with signal 15: badness 550, VmRSS 7609 MiB\n"
         "[ 6.3] SLUB: Unable to allocate memory on node -1, gfp=0xa20(GFP_ATOMIC)\n"
         "[ 6.4]   cache: dentry(7:a), object size: 192, buffer size: 192, default order: 0\n"
         "[ 6.5] Active:248000 inactive:241000 dirty:1 free:4 slab:4400 mapped:1044 pagetables:3\n"
         "[ 6.6] __alloc_pages: 0-order allocation failed (gfp=0x1d2/0)\n"
         "[ 6.7] VM: killing process httpd\n"},
    };

    return fuzz_parsers(parsers, ARRAY_SIZE(parsers), args.operations, args.seed);
}

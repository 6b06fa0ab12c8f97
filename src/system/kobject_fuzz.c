/* kobject_fuzz.c - kernel memory made and given back at random by tasks of several groups, beside
 * anonymous memory and files, on machines that are too small for it: whatever is killed, shrunk or
 * refused, system_check() holds, and when all tasks are gone only leaks and what can be shrunk are
 * left. */
#include "base/prng.h"
#include "base/test.h"

#include "system/access.h"
#include "system/cgroup.h"
#include "system/file.h"
#include "system/kobject.h"
#include "system/machine_testing.h"
#include "system/mmap.h"

#define SMOKE      20000u
#define EPOCH      1000u
#define CHECK_EACH 125u
#define NR_TASKS   5u
#define NR_GROUPS  4u
#define MEMORY     (24 * MIB) /* of user memory that a task may touch */

static struct system *s;
static struct task *tasks[NR_TASKS];
static u64 pids, leaked;

static struct group *some_group(struct prng *p)
{
    static const char *const paths[NR_GROUPS] = {"/", "/a", "/a/b", "/c"};

    return system_group(s, paths[prng_below(p, NR_GROUPS)]);
}

static struct task *spawn(struct prng *p)
{
    const struct mmap_args map = {
        .addr = TEST_BASE, .len = MEMORY, .prot = ABI_PROT_READ | ABI_PROT_WRITE};
    struct task *t = system_task_new(s, some_group(p), (u32)(100 + pids++), 1, "fuzz");

    t->cpu = (unsigned)prng_below(p, s->config.nr_cpus);
    return test_run(s, t, system_mmap(s, t, &map)) == STEP_DONE ? t : NULL;
}

static enum step use_memory(struct prng *p, struct task *t)
{
    u64 at = prng_below(p, MEMORY / PAGE_SIZE - 256), n = 1 + prng_below(p, 256);
    enum step step = STEP_DONE;

    for (u64 i = 0; i < n && step == STEP_DONE; i++)
        step = test_run(s, t, system_access(s, t, TEST_BASE / PAGE_SIZE + at + i, ACCESS_WRITE));
    return step;
}

static enum step use_file(struct prng *p, struct task *t)
{
    struct inode *inode = system_inode(s, INODE_REGULAR, 7, 1 + prng_below(p, 4), NULL, 8 * MIB);
    struct file *f = system_open(s, inode, 0);
    u64 offset = prng_below(p, 7 * MIB), len = 1 + prng_below(p, MIB);
    enum step step;

    if (prng_below(p, 2))
        step = test_run(s, t, system_write(s, t, f, offset, len, 0));
    else
        step = test_run(s, t, system_read(s, t, f, offset, len, 0));
    system_close(s, f);
    return step;
}

/* Returns STEP_DEAD when the task is gone. */
static enum step one_operation(struct prng *p, struct task *t)
{
    u64 n = 1 + prng_below(p, 600);
    u32 bytes = 1 + (u32)prng_below(p, 2048);

    switch (prng_below(p, 13)) {
    case 0:
    case 1:
        return test_run(s, t, system_walk_directory(s, t, n));
    case 2:
        if (leaked + n * bytes > 4 * MIB) /* of one machine's life */
            return STEP_DONE;
        leaked += n * bytes;
        return test_run(s, t, system_leak_objects(s, t, n, bytes, prng_below(p, 2)));
    case 3:
    case 4:
        return test_run(s, t, system_open_sockets(s, t, n / 20, prng_below(p, 40000)));
    case 5:
        system_close_sockets(s, t, n);
        return STEP_DONE;
    case 6:
        return test_run(s, t, system_pin_pages(s, t, n / 4));
    case 7:
        system_unpin_pages(s, n);
        return STEP_DONE;
    case 8:
        if (prng_below(p, 4))
            return STEP_DONE;
        system_exit(s, t, 0, true);
        return STEP_DEAD;
    case 9:
        return use_file(p, t);
    case 10:
        system_task_move(s, t, some_group(p)); /* what it has made stays with the old group */
        if (prng_below(p, 2))
            system_group_remove(s, system_group(s, "/a/b")); /* when nobody is in it */
        return STEP_DONE;
    default:
        return use_memory(p, t);
    }
}

static void machine(struct prng *p)
{
    struct system_config c;

    system_config_init(&c);
    c.thp = "never";
    c.ram_bytes = (64 + prng_below(p, 64)) * MIB;
    c.nr_cpus = 1 + (unsigned)prng_below(p, 3);
    if (prng_below(p, 2)) {
        c.swaps[0] =
            (struct swap_spec){.name = "swap", .bytes = 32 * MIB, .priority = -1, .device = "ram"};
        c.nr_swaps = 1;
    }
    s = test_system_new(&c);
    group_set_limit(system_group(s, "/a"), LIMIT_MAX, 2000 + prng_below(p, 8000));
    group_set_limit(system_group(s, "/c"), LIMIT_MAX, 1000 + prng_below(p, 8000));
    pids = 0;
    leaked = 0;
    for (unsigned i = 0; i < NR_TASKS; i++)
        tasks[i] = spawn(p);
}

static u64 count_objects(enum slab_id id)
{
    u64 n = 0;

    for (u32 g = 1; g <= s->groups.nr_groups; g++)
        n += slab_count(&s->slab, id, s->groups.by_id[g]);
    return n;
}

/* All tasks end, shrinkers take all they may. */
static void close_down(void)
{
    static const enum slab_id gone[] = {SLAB_TASK_STRUCT,    SLAB_MM_STRUCT, SLAB_VM_AREA_STRUCT,
                                        SLAB_ANON_VMA_CHAIN, SLAB_TCP,       SLAB_SKBUFF_HEAD_CACHE,
                                        SLAB_SIGNAL_CACHE};

    u64 inodes = 0;

    for (unsigned i = 0; i < NR_TASKS; i++)
        if (tasks[i])
            system_exit(s, tasks[i], 0, true);
    system_unpin_pages(s, UINT64_MAX);
    slab_drop(&s->slab);
    system_check(s);
    for (unsigned i = 0; i < ARRAY_SIZE(gone); i++)
        assert(count_objects(gone[i]) == 0);
    for (u32 id = 1; id < s->backing.nr_inodes; id++)
        inodes += s->backing.inodes[id] != NULL;
    assert(count_objects(SLAB_DENTRY) == inodes); /* names that are known, no walk's */
    test_system_free(s);
}

int main(int argc, char **argv)
{
    struct fuzz_args args = fuzz_parse_args(argc, argv, SMOKE);
    struct prng p;

    prng_seed(&p, args.seed);
    for (u64 done = 0; done < args.operations;) {
        u64 epoch = MIN(args.operations - done, (u64)EPOCH);

        machine(&p);
        for (u64 i = 1; i <= epoch; i++) {
            unsigned who = (unsigned)prng_below(&p, NR_TASKS);

            if (!tasks[who] || tasks[who]->state >= TASK_ZOMBIE)
                tasks[who] = spawn(&p);
            else if (one_operation(&p, tasks[who]) == STEP_DEAD)
                tasks[who] = NULL;
            if (i % CHECK_EACH == 0)
                system_check(s);
        }
        close_down();
        done += epoch;
    }
    return 0;
}

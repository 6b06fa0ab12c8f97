/* slab_fuzz.c - random allocation, freeing, shrinking and reparenting by groups on several CPUs,
 * beside a table that only counts objects; every room's check now and then, and memory that runs
 * short. */
#include <string.h>

#include "base/prng.h"
#include "slab/machine_testing.h"

#define NR_GROUPS  12u
#define BATCH_MAX  64u
#define SMOKE      1000000u
#define EPOCH      50000u /* operations on one machine */
#define CHECK_EACH 4096u
#define KEEP_MAX   3000u /* objects of one group and cache */

/* Some small, some large, paid for and not, reclaimable and not. */
static const enum slab_id used[] = {
    SLAB_DENTRY,    SLAB_EXT4_INODE_CACHE, SLAB_RADIX_TREE_NODE, SLAB_TASK_STRUCT,    SLAB_FILP,
    SLAB_KMALLOC_8, SLAB_KMALLOC_8K,       SLAB_KMALLOC_CG_192,  SLAB_LSM_INODE_CACHE};
#define NR_USED ARRAY_SIZE(used)

static struct slab_machine m;
static struct group *groups[NR_GROUPS];
static u64 shadow[NR_GROUPS][NR_USED]; /* objects in use, those of walks among them */
static unsigned owner[NR_GROUPS];      /* whom objects made for a group belong to */

static unsigned owner_of(unsigned g)
{
    while (owner[g] != g)
        g = owner[g];
    return g;
}

static void compare(void)
{
    for (unsigned g = 0; g < NR_GROUPS; g++)
        for (unsigned c = 0; c < NR_USED; c++)
            if (slab_count(&m.slab, used[c], groups[g]) != shadow[g][c]) {
                fprintf(stderr, "group %u, %s: %llu objects, not %llu\n", g,
                        slab_cache_info[used[c]].name,
                        (unsigned long long)slab_count(&m.slab, used[c], groups[g]),
                        (unsigned long long)shadow[g][c]);
                abort();
            }
    slab_machine_check(&m);
}

/* A walk's objects go when shrinkers like: read off what went. */
static void shrink(unsigned g, int priority)
{
    struct slab_group *sg = slab_group_of(&m.slab, groups[g]);
    u64 dentries = sg->unused_dentries, both = dentries + sg->unused_inodes;

    slab_shrink(&m.slab, groups[g], 0, priority);
    shadow[g][0] -= dentries - sg->unused_dentries;
    shadow[g][1] -= both - sg->unused_dentries - sg->unused_inodes;
    shadow[g][8] -= both - sg->unused_dentries - sg->unused_inodes;
}

static void walk(unsigned g, u64 names)
{
    slab_alloc(&m.slab, SLAB_DENTRY, groups[g], names);
    slab_alloc(&m.slab, SLAB_EXT4_INODE_CACHE, groups[g], names);
    slab_alloc(&m.slab, SLAB_LSM_INODE_CACHE, groups[g], names);
    slab_note_unused(&m.slab, groups[g], names);
    shadow[owner_of(g)][0] += names;
    shadow[owner_of(g)][1] += names;
    shadow[owner_of(g)][8] += names;
}

/* What may be freed by name: all but what the shrinkers own. */
static u64 freeable(unsigned g, unsigned c)
{
    const struct slab_group *sg = slab_group_of(&m.slab, groups[g]);

    if (c == 0)
        return shadow[g][0] - sg->unused_dentries;
    if (c == 1 || c == 8)
        return shadow[g][c] - sg->unused_dentries - sg->unused_inodes;
    return shadow[g][c];
}

static void reparent(struct prng *p)
{
    unsigned from = 1 + (unsigned)prng_below(p, NR_GROUPS - 1), to;

    if (owner[from] != from || prng_below(p, 2000))
        return;
    for (to = from; groups[to] != groups[from]->parent; to = (to + 1) % NR_GROUPS)
        ;
    to = owner_of(to);
    slab_reparent(&m.slab, groups[from], groups[to]);
    owner[from] = to;
    for (unsigned c = 0; c < NR_USED; c++) {
        shadow[to][c] += shadow[from][c];
        shadow[from][c] = 0;
    }
}

static void one_operation(struct prng *p)
{
    unsigned g = (unsigned)prng_below(p, NR_GROUPS), o = owner_of(g);
    unsigned c = (unsigned)prng_below(p, NR_USED);
    u64 n = prng_below(p, BATCH_MAX);

    m.mem.cpu = (unsigned)prng_below(p, m.mem.nr_cpus);
    switch (prng_below(p, 8)) {
    case 0:
    case 1:
    case 2:
        if (shadow[o][c] + n > KEEP_MAX)
            return;
        slab_alloc(&m.slab, used[c], groups[g], n);
        shadow[o][c] += n;
        break;
    case 3:
    case 4:
    case 5:
        n = MIN(n, freeable(o, c));
        slab_free(&m.slab, used[c], groups[g], n);
        shadow[o][c] -= n;
        break;
    case 6:
        if (shadow[o][0] + n <= KEEP_MAX && shadow[o][1] + n <= KEEP_MAX)
            walk(g, n);
        break;
    default:
        shrink(o, (int)prng_below(p, 13));
        reparent(p);
        break;
    }
}

static void machine_of(struct prng *p)
{
    memset(shadow, 0, sizeof(shadow));
    /* Small machines run out of frames, and objects are nowhere. */
    slab_machine_init(&m, (64 + prng_below(p, 100)) * MIB, 1 + (unsigned)prng_below(p, 4));
    groups[0] = m.groups.root;
    owner[0] = 0;
    for (unsigned i = 1; i < NR_GROUPS; i++) {
        char name[8];

        snprintf(name, sizeof(name), "g%u", i);
        groups[i] = group_new(&m.groups, groups[prng_below(p, i)], name);
        if (prng_below(p, 3) == 0)
            group_set_limit(groups[i], LIMIT_MAX,
                            prng_below(p, 500)); /* forced charges go over it */
        owner[i] = i;
    }
}

int main(int argc, char **argv)
{
    struct fuzz_args args = fuzz_parse_args(argc, argv, SMOKE);
    struct prng p;

    prng_seed(&p, args.seed);
    for (u64 done = 0; done < args.operations;) {
        u64 epoch = MIN(args.operations - done, (u64)EPOCH);

        machine_of(&p);
        for (u64 i = 1; i <= epoch; i++) {
            one_operation(&p);
            if (i % CHECK_EACH == 0 || i == epoch)
                compare();
        }
        slab_machine_done(&m);
        done += epoch;
    }
    return 0;
}

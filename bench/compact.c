/* compact.c - compaction of a large machine whose memory is in the smallest pieces.
 *
 * compact_64g_s A program touches 56 GiB of 64 GiB page by page and gives half of them back, at
 *                     random; then compact_memory is written. (Not every second one: a free scanner
 *                     that looks at every 32nd frame would see none of them, as in Linux.)
 * compact_page_ns The same by page moved: scanning, isolation, copying of a descriptor, entries by
 * the reverse map.
 */
#include "bench.h"

#include "base/abi.h"
#include "base/alloc.h"
#include "base/err.h"
#include "base/prng.h"
#include "frames/fragmentation.h"
#include "system/access.h"
#include "system/cgroup.h"
#include "system/compact.h"
#include "system/mmap.h"
#include "system/task.h"

#include <stdio.h>

#define RAM   (64 * GIB)
#define PAGES (56 * GIB / PAGE_SIZE)
#define BASE  0x10000000ull

static struct system *machine(void)
{
    struct system *s = xcalloc(1, sizeof(*s));
    struct system_config c;
    struct err e = {0};

    system_config_init(&c);
    c.ram_bytes = RAM;
    c.nr_cpus = 1;
    c.thp = "never";
    c.tunables.overcommit_memory = 1;
    if (system_init(s, &c, &e)) {
        fprintf(stderr, "bench: %s\n", e.text);
        exit(1);
    }
    return s;
}

static void must(enum step step)
{
    assert(step == STEP_DONE);
}

static void fragment(struct system *s)
{
    struct task *t = system_task_new(s, system_group(s, "/g"), 10, 1, "work");
    const struct mmap_args map = {
        .addr = BASE, .len = PAGES * PAGE_SIZE, .prot = ABI_PROT_READ | ABI_PROT_WRITE};

    struct prng prng;

    must(system_mmap(s, t, &map));
    for (u64 i = 0; i < PAGES; i++)
        must(system_access(s, t, (BASE >> PAGE_SHIFT) + i, ACCESS_WRITE));
    prng_seed(&prng, 1);
    for (u64 i = 0; i < PAGES; i++)
        if (prng_below(&prng, 2))
            must(system_madvise(s, t, BASE + i * PAGE_SIZE, PAGE_SIZE, ABI_MADV_DONTNEED));
}

void bench_compact(struct bench *b)
{
    struct system *s = machine();
    const struct zone *z = &s->frames.zones[ZONE_NORMAL];
    double start, seconds;
    u32 before;
    s64 moved;

    fragment(s);
    before = zone_unusable_index(z, 9);
    start = bench_seconds();
    system_compact(s, MAX_NUMNODES);
    seconds = bench_seconds() - start;
    moved = s->counters.v[PGMIGRATE_SUCCESS];
    /* Half of what is left goes into the holes of the other half. */
    assert(moved > (s64)(PAGES / 8) && zone_unusable_index(z, 9) < before / 4);
    bench_figure(b, "compact_64g_s", seconds, "s",
                 "compact_memory of 64 GiB, half of it free, page by page at random");
    bench_figure(b, "compact_page_ns", seconds * 1e9 / (double)moved, "ns",
                 "the same by page moved");
    system_done(s);
    free(s);
}

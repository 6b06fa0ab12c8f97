/* needed.h - how much memory a group or the machine needs: the smallest limit under which what was
 * seen would run without losing much time.
 *
 * Meaning:  the limit (for the machine: the RAM) that `size` calls usable: a run under it takes at
 *           most 1.1 times as long, which is to lose a share of NEED_LOST percent of the time to
 *           memory. Counters do not tell how often a page is used, so `needed` is a range.
 *
 * From one look, with the names of memory.stat (of the machine those of /proc/meminfo):
 *
 *     held     = current - inactive_file - active_file - reclaimable slab
 *                anonymous, shmem, mlocked, stacks, page tables, per-CPU, sockets, unreclaimable slab: no reclaim gives it back without swap
 *     low      = held - anonymous memory and shmem that swap has room for, but for what is pinned
 *     high     = held + active_file + what of inactive_file is mapped, dirty or being written + what is in swap
 *
 *     active_file was used at least twice, and nothing says how often; a page that is used through a mapping stays inactive until reclaim looks
 *     at it; a dirty page has to be written first, and programs wait where the disk is slower than they are.
 *
 * Where memory is evicted (a limit is met, or the machine reclaims), two looks tell whether that
 * costs time: refaults R (pages/s that come back), of these activated ones A (the kernel works out
 * that they would have stayed with at most W more, W being the lists they compete with), and the
 * share of time p lost to memory. What is evicted next is used at least as often as what was
 * evicted before, on average over W at A / W per second and page, and each refault costs p / R. So,
 * with P = NEED_LOST:
 *
 *     p < P    it is enough:      high = current at most;  low >= current - (P - p) R W / (A p)
 *     p > P    it is not enough:  low >= current;          high = current + (p - P) R W / (A p), if that is within W
 *
 * inactive_file counts as in use when a share of what is evicted comes back, or most of it had been
 * written; where nothing is evicted, when its pages become active at a rate that, each read from
 * the disk instead, would lose more than P. Who waits for the disk to write may have less to wait
 * for under a larger limit, because more may stay dirty: then high is not told. A killed group
 * needed more than its limit. Pages of the pools of huge pages are under no memory.max
 * (hugetlb.*.max limits them, since 6.7 a mount option makes memory.current count them): what a
 * group uses of them is told beside its range. The machine needs besides what the kernel keeps free
 * (high watermarks), and not the huge pages that nobody uses or was promised.
 *
 * Never:    a constant that was fitted to recordings.
 */
#ifndef DIAGNOSE_NEEDED_H
#define DIAGNOSE_NEEDED_H

#include "diagnose/figures.h"

/* Percent of the time: a run that loses it takes 1.1 times as long. */
#define NEED_LOST (100.0 * (1 - 1 / 1.1))

/* What is between low and high: bytes of which counters do not tell whether they are in use. */
enum need_open {
    NEED_OPEN_ANON,   /* swap has room for it */
    NEED_OPEN_ACTIVE, /* active file cache */
    NEED_OPEN_MAPPED, /* mapped file pages that reclaim has not looked at */
    NEED_OPEN_DIRTY,  /* dirty or being written */
    /* other inactive cache, where it is used again or comes back after it was evicted */
    NEED_OPEN_INACTIVE,
    NEED_OPEN_SWAPPED, /* in swap */
    NR_NEED_OPEN
};

enum need_state {
    NEED_UNWATCHED, /* nothing is evicted, or one look cannot tell */
    NEED_ENOUGH,    /* memory is evicted, and little time is lost */
    NEED_SHORT,     /* too much time is lost: it needs more than it has */
    NEED_BETWEEN,   /* some of its tasks lose too much time, not all */
    /* its tasks wait for the disk to write: more could stay dirty under a larger limit */
    NEED_WRITING,
    NEED_KILLED /* it reached its limit and was killed there */
};

struct need {
    u32 group;               /* index; GROUP_NONE: the machine */
    u64 low, high;           /* bytes; high UNKNOWN: more than low, not told how much */
    u64 low_seen, high_seen; /* the largest of all looks */
    u64 current, without_inactive, without_file;
    u64 held, shmem, inactive, active, slab; /* slab: reclaimable */
    u64 reserve, idle_huge;                  /* of the machine; 0 */
    /* Of a group: pages of the pools of huge pages, beside all the others; 0 where there are none,
     * or nothing tells. */
    u64 pool;
    bool generations; /* multi-generational LRU is on: active is the two youngest generations */
    u64 open[NR_NEED_OPEN];
    enum need_state state;
    double lost;     /* percent of the time; NAN */
    double refaults; /* pages/s; NAN */
};

/* The terms as `explain` tells them. */
struct need_term {
    const char *name, *doc;
};
extern const struct need_term need_terms[];
extern const unsigned nr_need_terms;
extern const char need_doc[], need_formula[];

/* low is UNKNOWN where the figures are not there.   pre: f is figured out but for needs */
void need_of_host(struct need *n, const struct snapshot *s, const struct figures *f,
                  const struct history *h);
void need_of_group(struct need *n, const struct snapshot *s, const struct figures *f,
                   const struct history *h, u32 group);

/* Of one look alone: low and high, as need_of_group() has them before it asks what comes back.
 * False without the figures. */
bool need_at_a_look(const struct snapshot *s, const struct cgroup_view *g, u64 *ret_low,
                    u64 *ret_high);

/* "31.0 MiB to 83.2 MiB", "83.2 MiB", "more than 31.0 MiB". Returns buf. */
char *need_format(char buf[64], u64 low, u64 high);
/* Sentences: what leaves the range open, and why the other figures mislead here. */
void need_say(const struct need *n, struct strbuf *out);

#endif

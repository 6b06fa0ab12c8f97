/* swap_fuzz.c - random operations on swap, against plain arrays of what each slot should hold.
 *
 * Three areas (seeks, no seeks twice with equal priority), two CPUs. The shadow copy knows who
 * holds each slot: nobody, a reservation, a page in the cache, so many references. It catches a
 * slot handed out twice, one lost, and a free count that is wrong; swap_check() recounts the rest.
 */
#include "base/test.h"

#include "backing/machine_testing.h"
#include "base/prng.h"

#define AREAS 3u
#define SLOTS 3000u
#define HELD  6000u

struct plain_slot {
    bool reserved;
    pfn_t pfn;
    u32 refs;
    u64 shadow;
    u16 memcg;
};

static struct plain_slot plain[AREAS][SLOTS];
static swp_t held[HELD]; /* the slots that somebody holds, in no order */
static u32 nr_held;
static struct machine m;
static struct swap s;
static u64 operation, seed;

#define EXPECT(condition)                                                                  \
    do {                                                                                   \
        if (!(condition)) {                                                                \
            fprintf(stderr, "seed %lu operation %lu: not true: %s\n", (unsigned long)seed, \
                    (unsigned long)operation, #condition);                                 \
            exit(1);                                                                       \
        }                                                                                  \
    } while (0)

static struct plain_slot *slot_of(swp_t e)
{
    return &plain[swp_area(e)][swp_slot(e)];
}

static void forget(u32 at)
{
    *slot_of(held[at]) = (struct plain_slot){0};
    held[at] = held[--nr_held];
}

static void free_page(pfn_t pfn)
{
    frame_clear(frames_get(&m.frames, pfn), PG_DIRTY);
    frames_free(&m.frames, pfn, 0, 0);
}

/* The allocator takes an idle page's slot. */
static bool free_idle(void *ctx, pfn_t pfn)
{
    swp_t e = frames_get(&m.frames, pfn)->private;
    u16 memcg = 0;
    u32 at = 0;

    (void)ctx;
    while (at < nr_held && held[at] != e)
        at++;
    EXPECT(at < nr_held && slot_of(e)->pfn == pfn && slot_of(e)->refs == 0);
    EXPECT(swap_is_full(&s));
    EXPECT(swapcache_del(&s, pfn, 0, &memcg) && memcg == slot_of(e)->memcg);
    free_page(pfn);
    forget(at);
    return true;
}

static void allocate(struct prng *p)
{
    u64 free_before = s.free_pages;
    swp_t e = nr_held < HELD ? swap_slot_try_alloc_cpu(&s, (unsigned)prng_below(p, 2)) : SWP_NONE;

    if (nr_held == HELD)
        return;
    if (e == SWP_NONE) {
        EXPECT(free_before == 0);
        return;
    }
    EXPECT(swp_area(e) < AREAS && swp_slot(e) > 0 && swp_slot(e) < SLOTS);
    EXPECT(!slot_of(e)->reserved && !slot_of(e)->pfn && !slot_of(e)->refs);
    EXPECT(swap_count(&s, e) == 0 && swapcache_entry(&s, e) == 0 && swap_memcg(&s, e) == 0);
    slot_of(e)->reserved = true;
    held[nr_held++] = e;
}

static void change(u32 at, bool drain, struct prng *p)
{
    swp_t e = held[at];
    struct plain_slot *slot = slot_of(e);
    u16 memcg = 0;

    EXPECT(swap_count(&s, e) == slot->refs && swapcache_find(&s, e) == slot->pfn);
    EXPECT(swap_memcg(&s, e) == slot->memcg);
    switch (drain ? 1 + 4 * prng_below(p, 2) : prng_below(p, 6)) {
    case 0: /* into the cache */
        if (slot->pfn == PFN_NONE && (slot->pfn = machine_take(&m)) != PFN_NONE) {
            EXPECT(swapcache_add(&s, e, slot->pfn) == slot->shadow);
            slot->shadow = 0;
            if (slot->reserved) {
                slot->memcg = (u16)(1 + prng_below(p, 9));
                swap_set_memcg(&s, e, slot->memcg);
            }
            slot->reserved = false;
        }
        break;
    case 1: /* out of it */
        if (slot->pfn != PFN_NONE) {
            u64 shadow = prng_below(p, 2) ? prng_next(p) | 1 : 0;

            EXPECT(swapcache_del(&s, slot->pfn, shadow, &memcg) == (slot->refs == 0));
            free_page(slot->pfn);
            slot->pfn = PFN_NONE;
            slot->shadow = shadow;
            EXPECT(memcg == (slot->refs ? 0 : slot->memcg));
            if (!slot->refs)
                forget(at);
        } else if (slot->reserved) {
            swap_slot_free(&s, e);
            forget(at);
        }
        break;
    case 2:
        if (!slot->reserved) {
            swap_dup(&s, e);
            slot->refs++;
        }
        break;
    default:
        if (slot->refs) {
            EXPECT(swap_put(&s, e, &memcg) == (slot->refs == 1 && !slot->pfn));
            if (--slot->refs == 0 && !slot->pfn) {
                EXPECT(memcg == slot->memcg);
                forget(at);
            }
        }
    }
}

static u64 plain_free(void)
{
    u64 cached_ahead = 0;

    for (unsigned cpu = 0; cpu < s.nr_cpus; cpu++)
        cached_ahead += s.slots_cache[cpu].nr;
    return s.total_pages - nr_held - cached_ahead;
}

int main(int argc, char **argv)
{
    struct fuzz_args args = fuzz_parse_args(argc, argv, 1000000);
    struct prng p;
    u64 phase = 0;

    seed = args.seed;
    prng_seed(&p, seed);
    machine_init(&m, 2);
    swap_init(&s, &m.frames, &m.counters);
    s.free_idle = free_idle;
    if (swap_on(&s, "a", SLOTS * PAGE_SIZE, 1, &m.hdd, false, NULL) ||
        swap_on(&s, "b", SLOTS / 3 * PAGE_SIZE, 5, &m.disk, false, NULL) ||
        swap_on(&s, "c", SLOTS / 2 * PAGE_SIZE, 5, &m.ram, true, NULL))
        return 1;
    for (operation = 0; operation < args.operations; operation++) {
        if (operation % 20000 == 0)
            phase = prng_below(&p, 110); /* per cent of allocations for a while; a low one drains */
        if ((prng_below(&p, 100) < phase && phase >= 30) || !nr_held)
            allocate(&p);
        else
            change((u32)prng_below(&p, nr_held), phase < 30, &p);
        if (operation % 64 == 0)
            EXPECT(s.free_pages == plain_free());
        if (operation % 5000 == 0)
            swap_check(&s);
    }
    swap_check(&s);
    swap_done(&s);
    machine_done(&m);
    return 0;
}

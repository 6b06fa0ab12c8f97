/* geometry.c - how large a slab of a cache is, and how many a CPU keeps.
 *
 * A slab should hold enough objects that many CPUs seldom meet on the node's list: 4 * (log2(CPUs)
 * + 1), and waste little: the smallest order is taken at which no more than a sixteenth is left
 * over, else an eighth, else a quarter; if no order up to 3 does that, with fewer objects. Should
 * memory be short of blocks of this order, the smallest order that holds one object serves.
 *
 * Mirrors calculate_sizes(), calculate_order(), calc_slab_order(), set_cpu_partial() of mm/slub.c,
 * Linux 6.1. */
#include "base/units.h"
#include "slab/slab_int.h"

#define SLUB_MAX_ORDER    3u /* PAGE_ALLOC_COSTLY_ORDER */
#define FRACTION_MAX      16u
#define FRACTION_MIN      4u
#define FREE_POINTER      8u
#define MIN_PARTIAL       5u
#define MAX_PARTIAL       10u
#define CPU_PARTIAL_SMALL 120u /* objects a CPU keeps, by their size */
#define CPU_PARTIAL_256   52u
#define CPU_PARTIAL_1024  24u
#define CPU_PARTIAL_PAGE  6u

static unsigned bits_of(u32 n) /* fls() */
{
    return n ? 32u - (unsigned)__builtin_clz(n) : 0;
}

static unsigned order_of(u32 bytes) /* get_order() */
{
    return bits_of((bytes - 1) >> PAGE_SHIFT);
}

static u32 objects_in(unsigned order, u32 size)
{
    return (PAGE_SIZE << order) / size;
}

/* The smallest order for so many objects that wastes at most 1/fraction; may be above max_order. */
static unsigned choose_slab_order(u32 size, u32 objects, unsigned max_order, u32 fraction)
{
    unsigned order = order_of(objects * size);

    for (; order <= max_order; order++) {
        u32 bytes = PAGE_SIZE << order;

        if (bytes % size <= bytes / fraction)
            break;
    }
    return order;
}

static unsigned choose_order(u32 size, unsigned nr_cpus)
{
    u32 objects = MIN(4 * (bits_of(nr_cpus) + 1), objects_in(SLUB_MAX_ORDER, size));

    for (; objects > 1; objects--) {
        for (u32 fraction = FRACTION_MAX; fraction >= FRACTION_MIN; fraction /= 2) {
            unsigned order = choose_slab_order(size, objects, SLUB_MAX_ORDER, fraction);

            if (order <= SLUB_MAX_ORDER)
                return order;
        }
    }
    return choose_slab_order(size, 1, ORDER_MAX - 1, 1);
}

static u32 choose_cpu_partial_objects(u32 size)
{
    if (size >= PAGE_SIZE)
        return CPU_PARTIAL_PAGE;
    if (size >= 1024)
        return CPU_PARTIAL_1024;
    return size >= 256 ? CPU_PARTIAL_256 : CPU_PARTIAL_SMALL;
}

void slab_geometry_init(struct slab_geometry *geo, const struct slab_cache_info *info,
                        unsigned nr_cpus)
{
    u32 size = ROUND_UP(info->object_size, 8u) + (info->flags & SLAB_CTOR ? FREE_POINTER : 0);

    *geo = (struct slab_geometry){
        .size = size,
        .order = (u8)choose_order(size, nr_cpus),
        .min_order = (u8)order_of(size),
        .min_partial = MIN(MAX((bits_of(size) - 1) / 2, MIN_PARTIAL), MAX_PARTIAL),
    };
    geo->objects = objects_in(geo->order, size);
    geo->min_objects = objects_in(geo->min_order, size);
    /* Slabs on a CPU's list are taken to be half full. */
    geo->cpu_partial_slabs = DIV_ROUND_UP(2 * choose_cpu_partial_objects(size), geo->objects);
}

/* geometry_test.c - every cache of a real kernel's /proc/slabinfo is cut as that kernel cuts it. */
#include "base/test.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "slab/slab.h"

/* tests/diff/fixtures-6.1/384M/proc/slabinfo of one CPU, sought upwards from where this program
 * lies. */
static FILE *open_fixture(void)
{
    char path[PATH_MAX], at[PATH_MAX - 64];
    ssize_t n = readlink("/proc/self/exe", at, sizeof(at) - 1);

    if (n <= 0)
        return NULL;
    at[n] = '\0';
    for (char *slash = strrchr(at, '/'); slash; slash = strrchr(at, '/')) {
        FILE *f;

        *slash = '\0';
        snprintf(path, sizeof(path), "%s/tests/diff/fixtures-6.1/384M/proc/slabinfo", at);
        f = fopen(path, "r");
        if (f)
            return f;
    }
    return NULL;
}

static const struct slab_cache_info *find_cache(const char *name)
{
    for (unsigned id = 0; id < NR_SLAB_CACHES; id++)
        if (strcmp(slab_cache_info[id].name, name) == 0)
            return &slab_cache_info[id];
    return NULL;
}

TEST(caches_are_cut_as_a_real_kernel_cuts_them)
{
    FILE *f = open_fixture();
    unsigned rows = 0;
    char line[512];

    if (!f)
        skip();
    while (fgets(line, sizeof(line), f)) {
        char name[64];
        unsigned active, total, size, objects, pages;
        struct slab_geometry geo;

        if (sscanf(line, "%63s %u %u %u %u %u", name, &active, &total, &size, &objects, &pages) !=
            6)
            continue;
        assert_non_null(find_cache(name));
        slab_geometry_init(&geo, find_cache(name), 1);
        if (geo.size != size || geo.objects != objects || 1u << geo.order != pages)
            fail_msg("%s: %u bytes, %u in %u pages; Linux has %s", name, geo.size, geo.objects,
                     1u << geo.order, line);
        rows++;
    }
    fclose(f);
    assert_int_equal(rows, 155);
}

TEST(more_cpus_make_larger_slabs)
{
    struct slab_geometry one, many;

    slab_geometry_init(&one, &slab_cache_info[SLAB_KMALLOC_256], 1);
    slab_geometry_init(&many, &slab_cache_info[SLAB_KMALLOC_256], 64);
    assert_int_equal(one.order, 0);
    assert_int_equal(many.objects, 32); /* 4 * (7 + 1) */
    assert_int_equal(many.order, 1);
}

TEST(a_cpu_keeps_more_of_small_objects)
{
    struct slab_geometry geo;

    slab_geometry_init(&geo, &slab_cache_info[SLAB_DENTRY], 1);
    assert_int_equal(geo.cpu_partial_slabs, 12); /* 2 * 120 / 21 */
    assert_int_equal(geo.min_partial, 5);
    slab_geometry_init(&geo, &slab_cache_info[SLAB_TASK_STRUCT], 1);
    assert_int_equal(geo.cpu_partial_slabs, 3); /* 2 * 6 / 5 */
    assert_int_equal(geo.min_partial, 6);
    assert_int_equal(geo.min_order, 1);
    assert_int_equal(geo.min_objects, 1);
}

TEST(kmalloc_takes_the_smallest_cache_that_fits)
{
    assert_int_equal(slab_kmalloc(1, false), SLAB_KMALLOC_8);
    assert_int_equal(slab_kmalloc(8, false), SLAB_KMALLOC_8);
    assert_int_equal(slab_kmalloc(9, true), SLAB_KMALLOC_CG_16);
    assert_int_equal(slab_kmalloc(65, false), SLAB_KMALLOC_96);
    assert_int_equal(slab_kmalloc(129, false), SLAB_KMALLOC_192);
    assert_int_equal(slab_kmalloc(8192, true), SLAB_KMALLOC_CG_8K);
}

TEST_MAIN()

/* arena_test.c - zeroed, aligned, apart from each other, freed together (the sanitizer build sees
 * leaks). */
#include "base/arena.h"

#include "base/prng.h"
#include "base/test.h"

#include <string.h>

TEST(allocations_are_zero_aligned_and_apart)
{
    static u8 *found[2000];
    static size_t sizes[2000];
    struct arena a;
    struct prng p;

    arena_init(&a);
    prng_seed(&p, 5);
    for (size_t i = 0; i < ARRAY_SIZE(found); i++) {
        sizes[i] = prng_below(&p, 20) ? prng_below(&p, 100) : prng_below(&p, 3000000);
        found[i] = arena_alloc(&a, sizes[i]);
        assert_int_equal((uintptr_t)found[i] % _Alignof(max_align_t), 0);
        for (size_t n = 0; n < sizes[i]; n += 61)
            assert_int_equal(found[i][n], 0);
        memset(found[i], (int)(i % 251), sizes[i]);
    }
    for (size_t i = 0; i < ARRAY_SIZE(found); i++)
        for (size_t n = 0; n < sizes[i]; n += 61)
            assert_int_equal(found[i][n], i % 251);
    arena_done(&a);
    assert_int_equal(a.bytes_used, 0);
}

TEST(strings_are_copies)
{
    struct arena a;
    char text[] = "task";
    char *copy, *made;

    arena_init(&a);
    copy = arena_strdup(&a, text);
    made = arena_printf(&a, "%s-%d", text, 7);
    text[0] = 'b';
    assert_string_equal(copy, "task");
    assert_string_equal(made, "task-7");
    assert_int_equal(arena_array(&a, u64, 10)[9], 0);
    arena_done(&a);
}

TEST_MAIN()

/* hash_test.c - the map against a plain array, with the key 0 and with keys that collide. */
#include "base/hash.h"

#include "base/prng.h"
#include "base/test.h"

#define KEYS 600

struct plain {
    bool present[KEYS];
    u64 value[KEYS];
    u64 count;
};

static void random_step(struct u64map *m, struct plain *plain, struct prng *p, u64 stride)
{
    u64 i = prng_below(p, KEYS);
    u64 key = i * stride;
    u64 value = prng_next(p);
    u64 got = 99;

    switch (prng_below(p, 4)) {
    case 0:
        assert_int_equal(u64map_put(m, key, value), !plain->present[i]);
        plain->count += !plain->present[i];
        plain->present[i] = true;
        plain->value[i] = value;
        break;
    case 1:
        assert_int_equal(u64map_del(m, key, &got), plain->present[i]);
        assert_true(got == (plain->present[i] ? plain->value[i] : 99));
        plain->count -= plain->present[i];
        plain->present[i] = false;
        break;
    case 2:
        plain->value[i] = plain->present[i] ? plain->value[i] + value : value;
        plain->count += !plain->present[i];
        plain->present[i] = true;
        assert_true(u64map_add(m, key, value) == plain->value[i]);
        break;
    default:
        assert_int_equal(u64map_get(m, key, &got), plain->present[i]);
        assert_true(got == (plain->present[i] ? plain->value[i] : 99));
        assert_int_equal(u64map_get(m, key, NULL), plain->present[i]);
        break;
    }
}

TEST(random_operations_agree_with_a_plain_array)
{
    /* The last stride puts keys far apart whose low bits are all zero. */
    static const u64 strides[] = {1, 4096, (u64)1 << 50};

    for (size_t s = 0; s < ARRAY_SIZE(strides); s++) {
        static struct plain plain;
        struct u64map m;
        struct prng p;
        u64 cursor, key, value, visits = 0;

        plain = (struct plain){0};
        u64map_init(&m);
        prng_seed(&p, s);
        for (unsigned step = 0; step < 50000; step++) {
            random_step(&m, &plain, &p, strides[s]);
            assert_int_equal(m.count, plain.count);
            if (step % 1000 == 0)
                u64map_check(&m);
        }
        u64map_check(&m);
        u64map_for_each (&m, cursor, key, value) {
            assert_true(plain.present[key / strides[s]]);
            assert_true(plain.value[key / strides[s]] == value);
            visits++;
        }
        assert_int_equal(visits, plain.count);
        u64map_done(&m);
    }
}

TEST(empty_map_has_nothing)
{
    struct u64map m;
    u64 cursor = 0, key, value;

    u64map_init(&m);
    assert_false(u64map_get(&m, 0, NULL));
    assert_false(u64map_get(&m, 1, NULL));
    assert_false(u64map_del(&m, 0, NULL));
    assert_false(u64map_next(&m, &cursor, &key, &value));
    u64map_check(&m);
    u64map_done(&m);
}

TEST(bytes_hash_apart)
{
    assert_true(hash_bytes("a", 1) != hash_bytes("b", 1));
    assert_true(hash_bytes("ab", 2) != hash_bytes("ba", 2));
    assert_true(hash_bytes("", 0) == hash_bytes("x", 0));
    assert_true(hash_u64_pair(1, 2) != hash_u64_pair(2, 1));
}

TEST_MAIN()

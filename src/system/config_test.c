/* config_test.c - options of a machine from text: every row, its bounds, and keys of all three
 * tables. */
#include "base/test.h"

#include "system/config.h"

#include <stdio.h>
#include <string.h>

/* Where the default is a value, reading it gives the machine that is there without it. */
TEST(defaults_say_what_they_are)
{
    for (unsigned i = 0; i < NR_MACHINE_OPTIONS; i++) {
        const struct machine_option_info *info = &machine_option_info[i];
        struct system_config c, d;
        struct err e = {0};

        system_config_init(&c);
        d = c;
        if (system_config_set(&d, info->name, info->default_text, &e))
            continue; /* in words: "as disk" */
        if (info->kind == MACHINE_COMPRESSOR)
            continue; /* NULL leaves it to zswap.compressor, whose default has this name */
        if (info->kind == MACHINE_POLICY)
            assert_memory_equal((char *)&c + info->offset, (char *)&d + info->offset,
                                sizeof(struct mempolicy));
        else if (info->kind >= MACHINE_DISK &&
                 info->kind != MACHINE_NODES) /* the table's own copy of the name */
            assert_string_equal(*(const char **)((char *)&c + info->offset),
                                *(const char **)((char *)&d + info->offset));
        else
            assert_memory_equal((char *)&c + info->offset, (char *)&d + info->offset,
                                info->kind == MACHINE_BOOL    ? sizeof(bool)
                                : info->kind == MACHINE_COUNT ? sizeof(u32)
                                                              : sizeof(u64));
    }
}

/* The values of other kinds are told by one word for all of them, such as SIZE. */
static bool is_list_of_names(enum machine_kind kind)
{
    return kind == MACHINE_BOOL || (kind >= MACHINE_DISK && kind != MACHINE_POLICY &&
                                    kind != MACHINE_NODES && kind != MACHINE_POOL);
}

TEST(every_choice_is_taken_and_nothing_else)
{
    for (unsigned i = 0; i < NR_MACHINE_OPTIONS; i++) {
        enum machine_option option = (enum machine_option)i;
        struct system_config c;
        struct err e = {0};
        char values[256], *rest = NULL;

        system_config_init(&c);
        machine_option_values(option, values, sizeof(values));
        assert_true(*values);
        if (is_list_of_names(machine_option_info[i].kind))
            for (char *one = strtok_r(values, "|", &rest); one; one = strtok_r(NULL, "|", &rest))
                assert_int_equal(machine_option_set(&c, option, "x", one, &e), 0);
        assert_int_not_equal(machine_option_set(&c, option, "--x", "no such thing", &e), 0);
        assert_int_equal(strncmp(e.text, "--x", 3), 0);
        assert_int_not_equal(machine_option_set(&c, option, "--x", "", &e), 0);
    }
}

TEST(amounts_keep_to_their_bounds)
{
    struct system_config c;
    struct err e = {0};

    system_config_init(&c);
    assert_int_equal(system_config_set(&c, "cpus", "64", &e), 0);
    assert_int_equal(c.nr_cpus, 64);
    assert_int_equal(system_config_set(&c, "cpus", "65", &e), -ERANGE);
    assert_string_equal(e.text, "cpus goes from 1 to 64, not 65");
    assert_int_equal(c.nr_cpus, 64);
    assert_int_equal(system_config_set(&c, "swap", "1G", &e), 0);
    assert_int_equal(c.swap_bytes, GIB);
    assert_int_equal(system_config_set(&c, "seed", "18446744073709551615", &e), 0);
    assert_int_equal(c.seed, UINT64_MAX);
}

TEST(a_key_may_be_an_option_a_tunable_or_a_cost)
{
    struct system_config c;
    struct err e = {0};

    system_config_init(&c);
    assert_int_equal(machine_option_find("swap-device"), MACHINE_OPTION_swap_device);
    assert_int_equal(machine_option_find("swap_device"), MACHINE_OPTION_swap_device);
    assert_int_equal(machine_option_find("swap_devic"), NR_MACHINE_OPTIONS);
    assert_int_equal(system_config_set(&c, "disk", "hdd", &e), 0);
    assert_string_equal(c.disk, "hdd");
    assert_int_equal(system_config_set(&c, "vm.swappiness", "10", &e), 0);
    assert_int_equal(c.tunables.swappiness, 10);
    assert_int_equal(system_config_set(&c, "cost.minor_fault", "700", &e), 0);
    assert_int_equal(c.cost.minor_fault, 700);
    assert_int_equal(system_config_set(&c, "vm.swapiness", "10", &e), -ENOENT);
    assert_non_null(strstr(e.text, "did you mean 'vm.swappiness'?"));
    assert_int_equal(system_config_set(&c, "dsik", "hdd", &e), -ENOENT);
    assert_string_equal(e.text, "unknown key 'dsik'; did you mean 'disk'?");
    assert_int_equal(system_config_set(&c, "cost.minor_fualt", "1", &e), -ENOENT);
    assert_string_equal(e.text,
                        "unknown cost 'cost.minor_fualt'; did you mean 'cost.minor_fault'?");
    assert_int_equal(system_config_set(&c, "disk", "zram", &e), -EINVAL);
    assert_string_equal(e.text, "disk: files cannot be on zram");
}

TEST(the_last_word_is_that_of_either_name)
{
    struct system_config c;

    system_config_init(&c);
    assert_string_equal(system_config_twin("thp"), "transparent_hugepage/enabled");
    assert_string_equal(system_config_twin("transparent_hugepage/enabled"), "thp");
    assert_string_equal(system_config_twin("zswap.compressor"), "zswap_compressor");
    assert_null(system_config_twin("ram"));
    assert_null(system_config_twin("vm.swappiness"));
    assert_int_equal(system_config_set(&c, "thp", "never", NULL), 0);
    assert_int_equal(system_config_set(&c, "transparent_hugepage/enabled", "madvise", NULL), 0);
    assert_int_equal(system_config_thp(&c), THP_MADVISE);
    assert_int_equal(system_config_set(&c, "thp", "always", NULL), 0);
    assert_int_equal(system_config_thp(&c), THP_ALWAYS);
    assert_int_equal(system_config_set(&c, "zswap.enabled", "1", NULL), 0);
    assert_int_equal(system_config_set(&c, "zswap", "no", NULL), 0);
    assert_int_equal(c.zswap || c.tunables.zswap_enabled, false);
    assert_int_equal(system_config_set(&c, "readahead", "64K", NULL), 0);
    assert_int_equal(system_config_set(&c, "queue.read_ahead_kb", "32", NULL), 0);
    assert_int_equal(c.readahead_bytes, 0);
    assert_int_equal(c.tunables.read_ahead_kb, 32);
}

static void check_swap(const char *value, u64 bytes, const char *device, bool zswap)
{
    struct system_config c;

    system_config_init(&c);
    assert_int_equal(system_config_set(&c, "swap_device", "hdd", NULL), 0);
    assert_int_equal(system_config_set(&c, "swap", value, NULL), 0);
    system_config_settle_swap(&c, 8 * GIB);
    assert_int_equal(c.swap_bytes, bytes);
    assert_string_equal(c.swap_device, device);
    assert_int_equal(c.zswap, zswap);
    system_config_settle_swap(&c, GIB); /* the second time changes nothing */
    assert_int_equal(c.swap_bytes, bytes);
}

TEST(swap_is_a_size_or_a_kind_with_its_size)
{
    check_swap("3G", 3 * GIB, "hdd", false);
    check_swap("none", 0, "hdd", false);
    check_swap("disk", 8 * GIB, "hdd", false);
    check_swap("disk:1G", GIB, "hdd", false);
    check_swap("zram", 4 * GIB, "zram", false);
    check_swap("zram:25%", 2 * GIB, "zram", false);
    check_swap("zram:512M", 512 * MIB, "zram", false);
    check_swap("zram:0", 0, "hdd", false);
    check_swap("zswap:2G", 2 * GIB, "hdd", true);
}

TEST(disk_swap_is_not_on_a_compressed_device_and_without_zswap)
{
    struct system_config c;

    system_config_init(&c);
    system_config_set(&c, "swap_device", "zram", NULL); /* the recording's host */
    system_config_set(&c, "zswap", "yes", NULL);
    assert_int_equal(system_config_set(&c, "swap", "disk", NULL), 0);
    system_config_settle_swap(&c, GIB);
    assert_null(c.swap_device);
    assert_false(c.zswap);
}

TEST(a_swap_that_is_wrong_changes_nothing)
{
    static const char *const wrong[] = {"zrma",   "none:1G",  "zram:",   "zram:0%",
                                        "zram:%", "zram:-1",  "zram:1X", "disk:1001%",
                                        "17T",    "zram:17T", ""};

    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        struct system_config c;
        struct err e = {0};

        system_config_init(&c);
        assert_true(system_config_set(&c, "swap", wrong[i], &e) < 0);
        assert_true(*e.text);
        assert_int_equal(c.swap_bytes, 0);
        assert_int_equal(c.swap_choice, SWAP_SIZE_ALONE);
    }
}

TEST_MAIN()

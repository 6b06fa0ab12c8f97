/* units_test.c - what people write for sizes and times, what they mistype, and what is shown to
 * them. */
#include "base/units.h"

#include "base/prng.h"
#include "base/test.h"

#include <string.h>

TEST(sizes_are_read_in_every_spelling)
{
    static const struct {
        const char *text;
        u64 bytes;
    } cases[] = {
        {"0", 0},
        {"4096", 4096},
        {"512B", 512},
        {"96M", 96 * MIB},
        {"96m", 96 * MIB},
        {"96MB", 96 * MIB},
        {"96MiB", 96 * MIB},
        {"96mib", 96 * MIB},
        {"1K", KIB},
        {"2G", 2 * GIB},
        {"3T", 3 * TIB},
        {"1P", 1024 * TIB},
        {"1.5G", 3 * GIB / 2},
        {".5K", 512},
        {"0.1K", 102},
        {"18446744073709551615", UINT64_MAX},
        {"15.999999999999999E", 18446744073709550463u},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        u64 bytes = 1;

        assert_int_equal(parse_size(cases[i].text, &bytes, NULL), 0);
        assert_int_equal(bytes, cases[i].bytes);
    }
}

TEST(wrong_sizes_are_refused_with_a_hint)
{
    static const struct {
        const char *text;
        int code;
        const char *hint;
    } cases[] = {
        {"", -EINVAL, "such as 96M"},
        {"M", -EINVAL, "such as 96M"},
        {".", -EINVAL, "such as 96M"},
        {"-1", -EINVAL, "such as 96M"},
        {" 1", -EINVAL, "such as 96M"},
        {"1 M", -EINVAL, "unknown unit ' M'"},
        {"12X", -EINVAL, "unknown unit 'X'"},
        {"12KK", -EINVAL, "unknown unit 'KK'"},
        {"1Bi", -EINVAL, "unknown unit 'Bi'"},
        {"0x10", -EINVAL, "unknown unit 'x10'"},
        {"16E", -ERANGE, "64 bits"},
        {"18446744073709551616", -ERANGE, "64 bits"},
        {"99999999999999999999999M", -ERANGE, "64 bits"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct err e = {0};
        u64 bytes = 123;

        assert_int_equal(parse_size(cases[i].text, &bytes, &e), cases[i].code);
        assert_int_equal(bytes, 123);
        assert_non_null(strstr(e.text, cases[i].hint));
    }
}

TEST(durations_are_read_and_refused)
{
    static const struct {
        const char *text;
        int code;
        ns_t ns;
    } cases[] = {
        {"1", 0, NS_PER_S},
        {"1s", 0, NS_PER_S},
        {"0.25", 0, NS_PER_S / 4},
        {"100ns", 0, 100},
        {"3us", 0, 3000},
        {"5ms", 0, 5000000},
        {"2m", 0, 120 * NS_PER_S},
        {"2min", 0, 120 * NS_PER_S},
        {"1.5h", 0, 5400 * NS_PER_S},
        {"", -EINVAL, 0},
        {"fast", -EINVAL, 0},
        {"1S", -EINVAL, 0},
        {"9999999999h", -ERANGE, 0},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        ns_t ns = 0;

        assert_int_equal(parse_duration(cases[i].text, &ns, NULL), cases[i].code);
        assert_int_equal(ns, cases[i].ns);
    }
}

TEST(numbers_are_read_whole_or_not_at_all)
{
    static const char *const bad[] = {"", "-1", "+1", " 1", "1 ", "1x", "0x", "0xg", "1e3"};
    static const char *const bad_f64[] = {"", "nan", "inf", "-inf", "1..2", "1x", "0x1p3", "1e999"};
    u64 n = 0;
    double f = 0;

    assert_int_equal(parse_u64("18446744073709551615", &n, NULL), 0);
    assert_true(n == UINT64_MAX);
    assert_int_equal(parse_u64("0xff", &n, NULL), 0);
    assert_int_equal(n, 255);
    assert_int_equal(parse_u64("010", &n, NULL), 0);
    assert_int_equal(n, 10);
    assert_int_equal(parse_u64("18446744073709551616", &n, NULL), -ERANGE);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_int_equal(parse_u64(bad[i], &n, NULL), -EINVAL);
    assert_int_equal(parse_f64("0.95", &f, NULL), 0);
    assert_true(f == 0.95);
    assert_int_equal(parse_f64("-1e-3", &f, NULL), 0);
    assert_true(f == -1e-3);
    for (size_t i = 0; i < ARRAY_SIZE(bad_f64); i++)
        assert_true(parse_f64(bad_f64[i], &f, NULL) < 0);
}

TEST(bytes_are_shown_with_one_decimal)
{
    static const struct {
        u64 bytes;
        const char *text;
    } cases[] = {
        {0, "0 B"},
        {1023, "1023 B"},
        {1024, "1.0 KiB"},
        {1536, "1.5 KiB"},
        {96 * MIB, "96.0 MiB"},
        {MIB - 1, "1.0 MiB"}, /* not 1024.0 KiB */
        {3 * GIB / 2, "1.5 GiB"},
        {UINT64_MAX, "16.0 EiB"},
    };
    char buf[UNITS_TEXT_MAX];

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        assert_string_equal(format_bytes(buf, cases[i].bytes), cases[i].text);
}

TEST(limits_are_told_within_half_a_percent)
{
    static const struct {
        u64 bytes;
        const char *text;
    } cases[] = {
        {0, "0 B"},
        {1023, "1023 B"},
        {1025, "1.0 KiB"},
        {96 * MIB, "96.0 MiB"},
        {3 * GIB / 2, "1.5 GiB"},
        {1164 * MIB, "1.14 GiB"}, /* not 1.1 GiB, which is less */
        {1056 * MIB, "1.03 GiB"},
        {4416 * KIB, "4.3 MiB"},
        {1728 * KIB, "1.69 MiB"},
        {10 * GIB + 40 * MIB, "10.0 GiB"},
        {UINT64_MAX, "16.0 EiB"},
    };
    char buf[UNITS_TEXT_MAX], other[UNITS_TEXT_MAX];

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        assert_string_equal(format_limit(buf, cases[i].bytes), cases[i].text);
    format_two_bytes(buf, 1081344 * KIB, other, 1056768 * KIB);
    assert_string_equal(buf, "1.03 GiB");
    assert_string_equal(other, "1.01 GiB");
}

TEST(times_are_shown_with_three_digits)
{
    static const struct {
        ns_t ns;
        const char *text;
    } cases[] = {
        {0, "0 ns"},
        {999, "999 ns"},
        {1000, "1.00 us"},
        {12345, "12.3 us"},
        {123456, "123 us"},
        {999499, "999 us"},
        {999500, "1.00 ms"},
        {4560000, "4.56 ms"},
        {1234567890, "1.23 s"},
        {59940 * NS_PER_MS, "59.9 s"},
        {59990 * NS_PER_MS, "1 min 00 s"},
        {123 * NS_PER_S, "2 min 03 s"},
        {3720 * NS_PER_S, "1 h 02 min"},
    };
    char buf[UNITS_TEXT_MAX];

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        assert_string_equal(format_ns(buf, cases[i].ns), cases[i].text);
}

TEST(counts_are_shown_in_groups_of_three)
{
    char buf[UNITS_TEXT_MAX];

    assert_string_equal(format_count(buf, 0), "0");
    assert_string_equal(format_count(buf, 999), "999");
    assert_string_equal(format_count(buf, 1000), "1,000");
    assert_string_equal(format_count(buf, UINT64_MAX), "18,446,744,073,709,551,615");
    assert_string_equal(format_short_count(buf, 999), "999");
    assert_string_equal(format_short_count(buf, 1000), "1.0k");
    assert_string_equal(format_short_count(buf, 12345), "12k");
    assert_string_equal(format_short_count(buf, 999499), "999k");
    assert_string_equal(format_short_count(buf, 999500), "1.0M");
    assert_string_equal(format_short_count(buf, UINT64_MAX), "18446744T");
}

TEST(formatted_sizes_parse_back)
{
    struct prng p;
    char buf[UNITS_TEXT_MAX];
    u64 back;

    assert_string_equal(format_size(buf, 96 * MIB), "96M");
    assert_string_equal(format_size(buf, 1000), "1000");
    assert_string_equal(format_size(buf, 0), "0");
    prng_seed(&p, 11);
    for (unsigned i = 0; i < 10000; i++) {
        u64 bytes = prng_next(&p) >> prng_below(&p, 64) << prng_below(&p, 64);

        assert_int_equal(parse_size(format_size(buf, bytes), &back, NULL), 0);
        assert_true(back == bytes);
    }
}

TEST(sizes_of_cgroup_files_are_read_as_linux_does)
{
    static const struct {
        const char *text;
        u64 bytes;
    } good[] = {{"", 0},           {"0", 0},   {"4096", 4096},      {"64k", 64 * KIB},  {"1G", GIB},
                {"0x1000", 4096},  {"010", 8}, {"0x10M", 16 * MIB}, {"8E", 8ull << 60}, {"16E", 0},
                {"1t", 1024 * GIB}};
    static const char *const bad[] = {"1.5G", "100MB", "-1", "G1", "0x", "08", "1 G", "1KK", "k1"};
    u64 bytes;

    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        assert_int_equal(parse_kernel_size(good[i].text, &bytes), 0);
        assert_int_equal(bytes, good[i].bytes);
    }
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_int_equal(parse_kernel_size(bad[i], &bytes), -EINVAL);
}

TEST(numbers_of_kernel_files_are_read_as_linux_does)
{
    static const struct {
        const char *text;
        unsigned base;
        int rc;
        u64 number;
    } cases[] = {{"16", 0, 0, 16},
                 {"0x10", 0, 0, 16},
                 {"010", 0, 0, 8},
                 {"0", 0, 0, 0},
                 {"+1", 0, 0, 1},
                 {"010", 10, 0, 10},
                 {"18446744073709551615", 0, 0, UINT64_MAX},
                 {"18446744073709551616", 0, -ERANGE, 0},
                 {"0x10", 10, -EINVAL, 0},
                 {"08", 0, -EINVAL, 0},
                 {"0x", 0, -EINVAL, 0},
                 {"1 2", 0, -EINVAL, 0},
                 {"1M", 0, -EINVAL, 0},
                 {"-1", 0, -EINVAL, 0},
                 {"", 0, -EINVAL, 0},
                 {"99999999999999999999x", 0, -EINVAL, 0}};
    u64 number;

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        number = 0;
        assert_int_equal(parse_kernel_u64(cases[i].text, cases[i].base, &number), cases[i].rc);
        assert_int_equal(number, cases[i].number);
    }
}

/* What a 6.18 kernel said to writes of these texts to sysctls of a network namespace. */
TEST(sysctls_are_read_as_linux_does)
{
    static const struct {
        const char *text;
        u64 number;
    } good[] = {{"0x10", 16}, {"010", 8}, {"1 2", 1}, {"1 x", 1},
                {" 3 ", 3},   {"0X2", 2}, {"3\t", 3}, {"5\n\n", 5}};
    static const char *const bad[] = {
        "1M", "+1", "-1", "", "0x", "08", "1,2", "x", "99999999999999999999999"};
    u64 number;

    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        assert_int_equal(parse_kernel_sysctl(good[i].text, &number), 0);
        assert_int_equal(number, good[i].number);
    }
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_int_equal(parse_kernel_sysctl(bad[i], &number), -EINVAL);
}

TEST(switches_are_read_as_linux_does)
{
    static const char *const on[] = {"1", "y", "Y", "yes", "true", "T", "on", "ON"},
                             *const off[] = {"0", "n", "N", "no", "false", "off", "Of"},
                             *const bad[] = {"", "2", "maybe", "o", "or", "always"};
    bool value;

    for (size_t i = 0; i < ARRAY_SIZE(on); i++)
        assert_true(parse_kernel_bool(on[i], &value) == 0 && value);
    for (size_t i = 0; i < ARRAY_SIZE(off); i++)
        assert_true(parse_kernel_bool(off[i], &value) == 0 && !value);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_int_equal(parse_kernel_bool(bad[i], &value), -EINVAL);
}

TEST_MAIN()

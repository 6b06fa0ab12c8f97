/* amount_test.c - unit tests of top/amount.c */
#include "top/amount.h"

#include "base/test.h"
#include "observe/snapshot.h"

#include <math.h>

static char buf[AMOUNT_MAX];

TEST(bytes_take_six_columns_at_most)
{
    assert_string_equal(amount_bytes(buf, 0), "0");
    assert_string_equal(amount_bytes(buf, 1023), "1023B");
    assert_string_equal(amount_bytes(buf, 1536), "1.5K");
    assert_string_equal(amount_bytes(buf, MIB - 1), "1.0M");
    assert_string_equal(amount_bytes(buf, 15 * GIB + 620 * MIB), "15.6G");
    assert_string_equal(amount_bytes(buf, 1023 * MIB), "1023M");
    assert_string_equal(amount_bytes(buf, 128 * TIB), "128T");
    assert_string_equal(amount_bytes(buf, UINT64_MAX - 2), "16.0E");
    assert_string_equal(amount_bytes(buf, NO_LIMIT), "max");
    assert_string_equal(amount_bytes(buf, UNKNOWN), "-");
}

TEST(counts_keep_what_a_reader_can_use)
{
    assert_string_equal(amount_count(buf, 0), "0");
    assert_string_equal(amount_count(buf, 0.4), "0.4");
    assert_string_equal(amount_count(buf, 3), "3");
    assert_string_equal(amount_count(buf, 12.6), "13");
    assert_string_equal(amount_count(buf, 999.6), "1.0k");
    assert_string_equal(amount_count(buf, 3204), "3.2k");
    assert_string_equal(amount_count(buf, -120e6), "-120M");
    assert_string_equal(amount_count(buf, NAN), "-");
}

TEST(percents_and_times_read_well)
{
    assert_string_equal(amount_percent(buf, 0), "0.0");
    assert_string_equal(amount_percent(buf, 99.96), "100");
    assert_string_equal(amount_percent(buf, NAN), "-");
    assert_string_equal(amount_time(buf, 12500000), "12 s");
    assert_string_equal(amount_time(buf, 200 * 1000000ull), "3 min 20 s");
    assert_string_equal(amount_time(buf, 18180 * 1000000ull), "5 h 03 min");
    assert_string_equal(amount_time(buf, (12 * 86400 + 4 * 3600) * 1000000ull), "12 d 4 h");
    assert_string_equal(amount_time(buf, UNKNOWN), "-");
    assert_string_equal(amount_byte_rate(buf, 12.0 * MIB), "12.0 MiB/s");
    assert_string_equal(amount_byte_rate(buf, NAN), "-");
}

TEST_MAIN()

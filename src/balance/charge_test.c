/* charge_test.c - the pause of memory.high, against the kernel's table. */
#include "balance/balance_int.h"
#include "base/test.h"

/* From the comment above calculate_high_delay() in mm/memcontrol.c: memory.high 200M, usage, ms of
 * sleep for one batch. There the sleep is in jiffies of HZ=1000. */
TEST(the_penalty_grows_as_the_kernels_table_says)
{
    static const struct {
        u64 usage_mib, ms;
    } table[] = {{120, 0},    {125, 0},    {200, 0},    {202, 6},    {204, 25},
                 {206, 57},   {208, 102},  {210, 160},  {212, 230},  {214, 313},
                 {216, 409},  {218, 518},  {220, 639},  {222, 774},  {224, 921},
                 {226, 1081}, {228, 1254}, {230, 1439}, {232, 1638}, {234, 1849}};

    for (unsigned i = 0; i < ARRAY_SIZE(table); i++) {
        u64 over = table[i].usage_mib > 200 ? ((table[i].usage_mib - 200) << 20) / 200 : 0;
        u64 ms = high_delay_jiffies(over, 64, 64) * 4;

        assert_in_range(ms + 4, table[i].ms, table[i].ms + 8);
    }
}

TEST(the_penalty_is_in_proportion_to_what_was_charged)
{
    assert_int_equal(high_delay_jiffies(1 << 20, 64, 64), 16000); /* twice the limit: 64 s */
    assert_int_equal(high_delay_jiffies(1 << 20, 128, 64), 32000);
    assert_int_equal(high_delay_jiffies(1 << 20, 16, 64), 4000);
    assert_true(high_delay_jiffies(UINT64_MAX, 64, 64) > 16000);
}

TEST_MAIN()

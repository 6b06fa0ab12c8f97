/* wait_test.c - the table of wait causes is whole and does not contradict itself. */
#include "base/test.h"
#include "reclaim/wait.h"
#include "stats/psi.h"

#include <string.h>

TEST(every_cause_says_what_it_is)
{
    for (unsigned i = 0; i < NR_WAIT_CAUSES; i++) {
        assert_non_null(wait_cause_info[i].name);
        assert_true(strlen(wait_cause_info[i].doc) > 8);
        assert_int_equal(*wait_cause_info[i].name == '\0', i == WAIT_NOTHING);
    }
}

TEST(lost_for_memory_is_what_pressure_may_call_memory)
{
    for (unsigned i = 0; i < NR_WAIT_CAUSES; i++) {
        const struct wait_cause_info *w = &wait_cause_info[i];
        bool always = w->psi & PSI_TSK_MEMSTALL;

        assert_int_equal(w->psi & ~(PSI_TSK_IOWAIT | PSI_TSK_MEMSTALL), 0);
        if (always)
            assert_true(w->is_memory);
        if (w->is_memory)
            assert_true(always || w->is_workingset);
        if (w->is_workingset) /* it waits for a page to be read */
            assert_int_equal(w->psi, PSI_TSK_IOWAIT);
    }
}

TEST(memory_is_the_sum_of_its_causes)
{
    u64 ns[NR_WAIT_CAUSES] = {0};

    ns[WAIT_READ] = ns[WAIT_DIRTY] = ns[WAIT_WRITE] = ns[WAIT_OOM] = ns[WAIT_SLEEP] = 1000;
    assert_int_equal(wait_memory_ns(ns), 0);
    ns[WAIT_REFAULT] = 1;
    ns[WAIT_SWAPIN] = 2;
    ns[WAIT_RECLAIM] = 4;
    ns[WAIT_REQUEST] = 8;
    ns[WAIT_HIGH] = 16;
    assert_int_equal(wait_memory_ns(ns), 31);
}

TEST_MAIN()

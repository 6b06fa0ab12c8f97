/* machine_testing.h - a small machine and the loop that a scheduler would be, for the tests of this
 * room.
 *
 * Never: included by anything but *_test.c and *_fuzz.c.
 */
#ifndef SYSTEM_MACHINE_TESTING_H
#define SYSTEM_MACHINE_TESTING_H

#include "base/alloc.h"
#include "base/err.h"
#include "system/system_int.h"

#define TEST_RAM  (64 * MIB)
#define TEST_BASE 0x10000000ull

static inline struct system *test_system_new(const struct system_config *c)
{
    struct system *s = xcalloc(1, sizeof(*s));
    struct err e = {0};

    if (system_init(s, c, &e)) {
        fprintf(stderr, "%s\n", e.text);
        abort();
    }
    return s;
}

static inline void test_system_free(struct system *s)
{
    system_done(s);
    free(s);
}

/* The time that the calls so far have cost passes. */
static inline void test_pass(struct system *s)
{
    u64 ns = system_take_cpu_ns(s), daemon_ns;

    system_run_until(s, s->clock.now + ns, &daemon_ns);
}

static inline void test_sleep(struct system *s, ns_t until)
{
    u64 daemon_ns;

    system_run_until(s, MAX(until, s->clock.now), &daemon_ns);
}

/* True when the call must be made again, after the task has waited. */
static inline bool test_again(struct system *s, const struct task *t, enum step step)
{
    test_pass(s);
    if (step != STEP_WAIT)
        return false;
    test_sleep(s, t->wait.until);
    return true;
}

/* Make the call until it is done; the value is its last result. */
#define test_run(s, t, call)                     \
    __extension__({                              \
        enum step test_step;                     \
        do                                       \
            test_step = (call);                  \
        while (test_again((s), (t), test_step)); \
        test_step;                               \
    })

#endif

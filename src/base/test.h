/* test.h - what every *_test.c and *_fuzz.c includes; nothing else does.
 *
 * cmocka.h needs four headers before it, in this order, whatever a formatter thinks.
 *
 * A unit test is one program per *_test.c: tests whose names are sentences, each written once, and
 * one main:
 *
 *     TEST(freed_frames_remember_nothing)
 *     {
 *         assert_int_equal(...);
 *     }
 *
 *     TEST_MAIN()
 *
 * They run in the order in which they stand.
 *
 * A property program is one per *_fuzz.c: `program [OPERATIONS [SEED]]`, where "x100" is 100 times
 * the smoke. Without arguments it runs the smoke of `./dev test`, some seconds long; `./dev fuzz`
 * gives it more operations and another seed. It says on stderr what failed and with which seed and
 * operation, and exits non-zero. Same arguments, same run.
 */
#ifndef BASE_TEST_H
#define BASE_TEST_H

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "base/types.h"
#include "base/units.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Exit code of a test that cannot run here; the last line of its stdout says why. */
#define TEST_SKIPPED 77

/* More tests than any program has. */
#define TEST_MAX 256

struct test_list {
    struct CMUnitTest tests[TEST_MAX];
    size_t nr;
};

/* The tests of this program. */
static inline struct test_list *test_list(void)
{
    static struct test_list list;

    return &list;
}

static inline void test_add(const char *name, CMUnitTestFunction run, CMFixtureFunction set_up,
                            CMFixtureFunction tear_down)
{
    struct test_list *list = test_list();

    if (list->nr == TEST_MAX)
        abort();
    list->tests[list->nr++] = (struct CMUnitTest){name, run, set_up, tear_down, NULL};
}

/* A test that runs between set_up and tear_down (NULL: none); they stand above it. `state` is what
 * set_up left there. */
#define TEST_WITH(name, set_up, tear_down)                    \
    static void name(void **state);                           \
    __attribute__((constructor)) static void name##_add(void) \
    {                                                         \
        test_add(#name, name, set_up, tear_down);             \
    }                                                         \
    static void name(HW_UNUSED void **state)

#define TEST(name) TEST_WITH(name, NULL, NULL)

/* Run every test of this program between the two (NULL: none). Returns the number that failed. */
static inline int tests_run(CMFixtureFunction set_up, CMFixtureFunction tear_down)
{
    const struct test_list *list = test_list();

    return _cmocka_run_group_tests("tests", list->tests, list->nr, set_up, tear_down);
}

#define TEST_MAIN()                   \
    int main(void)                    \
    {                                 \
        return tests_run(NULL, NULL); \
    }

struct fuzz_args {
    u64 operations;
    u64 seed;
};

/* The arguments of a property program. Wrong ones end it with 2. */
static inline struct fuzz_args fuzz_parse_args(int argc, char **argv, u64 smoke_operations)
{
    struct fuzz_args args = {.operations = smoke_operations, .seed = 1};
    struct err e = {0};
    bool times = argc > 1 && argv[1][0] == 'x';

    if (argc > 3 || (argc > 1 && parse_u64(argv[1] + times, &args.operations, &e)) ||
        (argc > 2 && parse_u64(argv[2], &args.seed, &e))) {
        fprintf(stderr, "usage: %s [OPERATIONS [SEED]]%s%s\n", argv[0], e.text[0] ? ": " : "",
                e.text);
        exit(2);
    }
    if (times)
        args.operations *= smoke_operations;
    return args;
}

/* CPU time of one run with a broken rule; the slowest needs a second of it with sanitizers. */
#define FUZZ_CANARY_CPU_S 60

/* Does the run end in any way but well? It runs in a child, silently: a property program breaks a
 * rule on purpose (a canary) and must answer yes. A run that does not end within its CPU time has
 * not noticed the broken rule. */
static inline bool fuzz_fails_within(void (*run)(u64 operations), u64 operations, unsigned cpu_s)
{
    const struct rlimit cpu = {cpu_s, cpu_s + 1};
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        if (setrlimit(RLIMIT_CPU, &cpu) || !freopen("/dev/null", "w", stderr))
            _exit(0);
        run(operations);
        _exit(0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return false;
    if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL)) {
        fprintf(stderr, "a run with a broken rule was stopped after %u s of CPU time\n", cpu_s);
        return false;
    }
    return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

static inline bool fuzz_fails(void (*run)(u64 operations), u64 operations)
{
    return fuzz_fails_within(run, operations, FUZZ_CANARY_CPU_S);
}

#endif

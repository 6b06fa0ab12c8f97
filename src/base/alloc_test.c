/* alloc_test.c - regions are zero and lazily taken; failure ends the program with one line. */
#include "base/alloc.h"

#include "base/test.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static long resident_pages(void)
{
    long total, resident = 0;
    FILE *statm = fopen("/proc/self/statm", "r");

    assert_non_null(statm);
    assert_int_equal(fscanf(statm, "%ld %ld", &total, &resident), 2);
    fclose(statm);
    return resident;
}

TEST(region_is_zero_and_costs_what_is_touched)
{
    size_t bytes = (size_t)8 << 30;
    long before = resident_pages();
    u8 *region = region_reserve(bytes);

    assert_int_equal(region[0], 0);
    assert_int_equal(region[bytes - 1], 0);
    region[bytes / 2] = 1;
    assert_true(resident_pages() - before < 4096);
    region_release(region, bytes);
    region_release(NULL, bytes);
}

TEST(nothing_asked_is_still_something)
{
    void *ptr = xmalloc(0);

    ptr = xrealloc(ptr, 0);
    assert_non_null(ptr);
    free(ptr);
    ptr = xcalloc(0, 8);
    assert_non_null(ptr);
    free(ptr);
    region_release(region_reserve(0), 0);
}

/* Run `doomed` in a child with stderr in `line`; returns the signal that ended it. */
static int run_failing(void (*doomed)(void), char *line, size_t size)
{
    int fds[2], status;
    ssize_t length;
    pid_t child;

    assert_int_equal(pipe(fds), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct rlimit no_core = {0, 0};

        setrlimit(RLIMIT_CORE, &no_core);
        signal(SIGABRT, SIG_DFL);
        dup2(fds[1], 2);
        doomed();
        _exit(0);
    }
    close(fds[1]);
    length = read(fds[0], line, size - 1);
    line[length > 0 ? length : 0] = '\0';
    close(fds[0]);
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void ask_for_too_many(void)
{
    xrealloc_array(NULL, SIZE_MAX / 2, 4);
}

TEST(overflow_aborts_with_one_line)
{
    char line[256];

    assert_int_equal(run_failing(ask_for_too_many, line, sizeof(line)), SIGABRT);
    assert_non_null(strstr(line, "the host has no memory"));
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
}

TEST_MAIN()

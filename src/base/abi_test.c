/* abi_test.c - the numbers are those of the host's headers, which a program here is built with as
 * well. */
#include "base/abi.h"
#include "base/test.h"

#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/mempolicy.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>

#define SAME(name)                          \
    {                                       \
#name, ABI_##name, (unsigned)(name) \
    }

/* All of abi.h (tests/tools/tables_test.py sees to it). The C library's O_TMPFILE has O_DIRECTORY
 * in it. */
static const struct {
    const char *name;
    unsigned ours, host;
} numbers[] = {
    SAME(PROT_READ),
    SAME(PROT_WRITE),
    SAME(PROT_EXEC),
    {"PROT_*", ABI_PROT_ALL, PROT_READ | PROT_WRITE | PROT_EXEC},
    SAME(MAP_SHARED),
    SAME(MAP_SHARED_VALIDATE),
    SAME(MAP_TYPE),
    SAME(MAP_GROWSDOWN),
    SAME(MAP_LOCKED),
    SAME(MAP_NORESERVE),
    SAME(MAP_POPULATE),
    SAME(MAP_HUGETLB),
    SAME(MAP_FIXED_NOREPLACE),
    SAME(MREMAP_DONTUNMAP),
    SAME(FALLOC_FL_KEEP_SIZE),
    SAME(FALLOC_FL_PUNCH_HOLE),
    SAME(FALLOC_FL_COLLAPSE_RANGE),
    SAME(FALLOC_FL_ZERO_RANGE),
    SAME(FALLOC_FL_INSERT_RANGE),
    SAME(MADV_NORMAL),
    SAME(MADV_RANDOM),
    SAME(MADV_SEQUENTIAL),
    SAME(MADV_WILLNEED),
    SAME(MADV_DONTNEED),
    SAME(MADV_FREE),
    SAME(MADV_REMOVE),
    SAME(MADV_DONTFORK),
    SAME(MADV_DOFORK),
    SAME(MADV_HUGEPAGE),
    SAME(MADV_NOHUGEPAGE),
    SAME(MADV_WIPEONFORK),
    SAME(MADV_KEEPONFORK),
    SAME(MADV_COLD),
    SAME(MADV_PAGEOUT),
    SAME(MADV_POPULATE_READ),
    SAME(MADV_POPULATE_WRITE),
#ifdef MADV_DONTNEED_LOCKED
    SAME(MADV_DONTNEED_LOCKED),
#endif
#ifdef MADV_COLLAPSE
    SAME(MADV_COLLAPSE),
#endif
    SAME(PR_SET_THP_DISABLE),
    {"POSIX_FADV_NORMAL", ABI_FADV_NORMAL, POSIX_FADV_NORMAL},
    {"POSIX_FADV_RANDOM", ABI_FADV_RANDOM, POSIX_FADV_RANDOM},
    {"POSIX_FADV_SEQUENTIAL", ABI_FADV_SEQUENTIAL, POSIX_FADV_SEQUENTIAL},
    {"POSIX_FADV_WILLNEED", ABI_FADV_WILLNEED, POSIX_FADV_WILLNEED},
    {"POSIX_FADV_DONTNEED", ABI_FADV_DONTNEED, POSIX_FADV_DONTNEED},
    {"POSIX_FADV_NOREUSE", ABI_FADV_NOREUSE, POSIX_FADV_NOREUSE},
    SAME(MPOL_F_NUMA_BALANCING),
    SAME(MPOL_F_RELATIVE_NODES),
    SAME(MPOL_F_STATIC_NODES),
    {"MPOL_MODE_FLAGS", ABI_MPOL_MODE_FLAGS, MPOL_MODE_FLAGS},
    SAME(MPOL_MF_STRICT),
    SAME(MPOL_MF_MOVE),
    SAME(MPOL_MF_MOVE_ALL),
    SAME(MCL_CURRENT),
    SAME(MCL_FUTURE),
    SAME(MCL_ONFAULT),
    {"MCL_*", ABI_MCL_ALL, MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT},
    SAME(MLOCK_ONFAULT),
    SAME(MS_SYNC),
    SAME(SHM_RDONLY),
    SAME(O_ACCMODE),
    SAME(O_RDONLY),
    SAME(O_WRONLY),
    SAME(O_DSYNC),
    SAME(O_DIRECT),
    {"O_TMPFILE", ABI_O_TMPFILE, O_TMPFILE & ~O_DIRECTORY},
    SAME(SIGBUS),
    SAME(SIGKILL),
    SAME(SIGSEGV),
};

TEST(every_number_is_the_hosts)
{
    for (unsigned i = 0; i < ARRAY_SIZE(numbers); i++) {
        if (numbers[i].ours != numbers[i].host)
            fail_msg("%s is %#x here, %#x on this host", numbers[i].name, numbers[i].ours,
                     numbers[i].host);
    }
}

TEST(a_synchronous_open_has_the_bit_of_o_dsync)
{
    assert_int_equal(O_SYNC & ABI_O_DSYNC, ABI_O_DSYNC);
}

TEST_MAIN()

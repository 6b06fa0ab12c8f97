/* abi.h - numbers that recordings, the recorder and the machine share.
 *
 * ABI_*: Linux's interface to programs on x86-64. HWT_MAP_*: what a mapping is, as recordings say
 * it and the machine takes it.
 * Mirrors: include/uapi/asm-generic/{mman-common,mman,fcntl,signal-defs}.h,
 *          include/uapi/linux/{fadvise,mempolicy,shm}.h, Linux 6.1. Numbers only, and only those
 *          that somebody here uses; base/abi_test.c compares them with the host's headers.
 * Never:   includes anything: the recorder's tool has no C library. SPDX-License-Identifier: MIT */
#ifndef BASE_ABI_H
#define BASE_ABI_H

enum abi_prot { ABI_PROT_READ = 1, ABI_PROT_WRITE = 2, ABI_PROT_EXEC = 4, ABI_PROT_ALL = 7 };

enum abi_map { /* of mmap(2) */
               ABI_MAP_SHARED = 1,
               ABI_MAP_SHARED_VALIDATE = 3,
               ABI_MAP_TYPE = 0xf,
               ABI_MAP_GROWSDOWN = 0x100,
               ABI_MAP_LOCKED = 0x2000,
               ABI_MAP_NORESERVE = 0x4000,
               ABI_MAP_POPULATE = 0x8000,
               ABI_MAP_HUGETLB = 0x40000,
               ABI_MAP_FIXED_NOREPLACE = 0x100000
};

enum abi_mremap { ABI_MREMAP_DONTUNMAP = 4 };
enum abi_prctl { ABI_PR_SET_THP_DISABLE = 41 };

enum abi_madv {
    ABI_MADV_NORMAL = 0,
    ABI_MADV_RANDOM = 1,
    ABI_MADV_SEQUENTIAL = 2,
    ABI_MADV_WILLNEED = 3,
    ABI_MADV_DONTNEED = 4,
    ABI_MADV_FREE = 8,
    ABI_MADV_REMOVE = 9,
    ABI_MADV_DONTFORK = 10,
    ABI_MADV_DOFORK = 11,
    ABI_MADV_HUGEPAGE = 14,
    ABI_MADV_NOHUGEPAGE = 15,
    ABI_MADV_WIPEONFORK = 18,
    ABI_MADV_KEEPONFORK = 19,
    ABI_MADV_COLD = 20,
    ABI_MADV_PAGEOUT = 21,
    ABI_MADV_POPULATE_READ = 22,
    ABI_MADV_POPULATE_WRITE = 23,
    ABI_MADV_DONTNEED_LOCKED = 24,
    ABI_MADV_COLLAPSE = 25,
};

enum abi_fadv {
    ABI_FADV_NORMAL = 0,
    ABI_FADV_RANDOM = 1,
    ABI_FADV_SEQUENTIAL = 2,
    ABI_FADV_WILLNEED = 3,
    ABI_FADV_DONTNEED = 4,
    ABI_FADV_NOREUSE = 5,
};

enum abi_mpol_flag { /* of set_mempolicy(2) and mbind(2), in their mode */
                     ABI_MPOL_F_NUMA_BALANCING = 1 << 13,
                     ABI_MPOL_F_RELATIVE_NODES = 1 << 14,
                     ABI_MPOL_F_STATIC_NODES = 1 << 15,
                     ABI_MPOL_MODE_FLAGS = 7 << 13
};
enum abi_mpol_mf { /* of mbind(2) and move_pages(2) */
                   ABI_MPOL_MF_STRICT = 1,
                   ABI_MPOL_MF_MOVE = 2,
                   ABI_MPOL_MF_MOVE_ALL = 4
};

enum abi_falloc {
    ABI_FALLOC_FL_KEEP_SIZE = 1,
    ABI_FALLOC_FL_PUNCH_HOLE = 2,
    ABI_FALLOC_FL_COLLAPSE_RANGE = 8,
    ABI_FALLOC_FL_ZERO_RANGE = 16,
    ABI_FALLOC_FL_INSERT_RANGE = 32,
};

enum abi_mcl { ABI_MCL_CURRENT = 1, ABI_MCL_FUTURE = 2, ABI_MCL_ONFAULT = 4, ABI_MCL_ALL = 7 };
enum abi_mlock { ABI_MLOCK_ONFAULT = 1 };
enum abi_msync { ABI_MS_SYNC = 4 };
enum abi_shm { ABI_SHM_RDONLY = 010000 };

enum abi_open {
    ABI_O_ACCMODE = 3,
    ABI_O_RDONLY = 0,
    ABI_O_WRONLY = 1,
    ABI_O_DSYNC = 010000, /* part of O_SYNC */
    ABI_O_DIRECT = 040000,
    ABI_O_TMPFILE = 020000000, /* the bit alone, without O_DIRECTORY */
};

enum abi_signal { ABI_SIGBUS = 7, ABI_SIGKILL = 9, ABI_SIGSEGV = 11 };

enum hwt_map_flag {
    HWT_MAP_SHARED = 1,
    HWT_MAP_STACK = 2,
    HWT_MAP_LOCKED = 4,
    HWT_MAP_POPULATE = 8,
    HWT_MAP_NORESERVE = 16,
    HWT_MAP_INITIAL = 32,
    HWT_MAP_HEAP = 64,
    HWT_MAP_HUGETLB = 128,
    HWT_MAP_ANYWHERE = 256, /* the kernel chose the address */
};

#endif

/* trace_format.h - constants of the trace format (.hwt), version 2.
 *
 * Source: docs/trace-format.md. Shared by the reader and by the recorders, so it includes nothing
 * of the project but base/abi.h and needs only <stdint.h> types. SPDX-License-Identifier: MIT */
#ifndef TRACE_TRACE_FORMAT_H
#define TRACE_TRACE_FORMAT_H

#include "base/abi.h"

#define HWT_MAGIC               0x43545748u /* "HWTC" read as little-endian */
#define HWT_VERSION             2u /* written; readers take every version from the first on */
#define HWT_VERSION_FIRST       1u
#define HWT_HEADER_BYTES        48u
#define HWT_HASHED_HEADER_BYTES 40u
#define HWT_RAW_LEN_MAX         (1u << 20)
#define HWT_STORED_LEN_MAX      ((1u << 20) + (64u << 10))
#define HWT_STRING_MAX          4096u
#define HWT_PAGE_SHIFT          12u
#define HWT_PAGE_MAX            ((1ull << 35) - 1) /* 47-bit user addresses */
#define HWT_VARINT_MAX          10u

enum hwt_chunk_type {
    HWT_CHUNK_META = 1,
    HWT_CHUNK_STREAM = 2,
    HWT_CHUNK_END = 3,
    HWT_CHUNK_HOST = 4,
    HWT_CHUNK_MARK = 5,
    HWT_CHUNK_TYPE_MAX = 6,
};
#define HWT_CHUNK_TYPE_MAX_VERSION_1 4
enum hwt_codec { HWT_CODEC_STORED = 0, HWT_CODEC_ZSTD = 1 };

/* Byte offsets of the chunk header's fields. */
enum hwt_header_offset {
    HWT_OFF_MAGIC = 0,
    HWT_OFF_VERSION = 4,
    HWT_OFF_TYPE = 6,
    HWT_OFF_CODEC = 7,
    HWT_OFF_STREAM = 8,
    HWT_OFF_SEQ = 12,
    HWT_OFF_ORDER = 16,
    HWT_OFF_RAW_LEN = 24,
    HWT_OFF_STORED_LEN = 28,
    HWT_OFF_NR_ACCESSES = 32,
    HWT_OFF_NR_OPS = 36,
    HWT_OFF_HASH = 40,
};

/* Low two bits of a record's first varint. */
enum hwt_kind { HWT_READ = 0, HWT_WRITE = 1, HWT_EXEC = 2, HWT_OP = 3 };

/* code, id, name, varint fields, 1 if a string follows them, fields after the string that a record
 * may lack (then they are 0): an operation grows there. */
#define HWT_OPS(X)                                 \
    X(1, PROC_START, "proc_start", 4, 1, 0)        \
    X(2, THREAD_START, "thread_start", 2, 0, 0)    \
    X(3, FILE, "file", 5, 1, 1)                    \
    X(4, MMAP, "mmap", 6, 0, 0)                    \
    X(5, MUNMAP, "munmap", 2, 0, 0)                \
    X(6, MPROTECT, "mprotect", 3, 0, 0)            \
    X(7, MREMAP, "mremap", 4, 0, 1)                \
    X(8, MADVISE, "madvise", 3, 0, 0)              \
    X(9, BRK, "brk", 2, 0, 0)                      \
    X(10, MLOCK, "mlock", 3, 0, 0)                 \
    X(11, MUNLOCK, "munlock", 2, 0, 0)             \
    X(12, MLOCKALL, "mlockall", 1, 0, 0)           \
    X(13, OPEN, "open", 3, 0, 0)                   \
    X(14, CLOSE, "close", 1, 0, 0)                 \
    X(15, READ, "read", 5, 0, 0)                   \
    X(16, WRITE, "write", 5, 0, 0)                 \
    X(17, FSYNC, "fsync", 2, 0, 0)                 \
    X(18, TRUNCATE, "truncate", 2, 0, 0)           \
    X(19, UNLINK, "unlink", 1, 0, 0)               \
    X(20, FADVISE, "fadvise", 5, 0, 0)             \
    X(21, FORK, "fork", 2, 0, 0)                   \
    X(22, EXEC, "exec", 0, 1, 0)                   \
    X(23, EXIT, "exit", 1, 0, 0)                   \
    X(24, EXIT_GROUP, "exit_group", 1, 0, 0)       \
    X(25, WAIT, "wait", 3, 0, 0)                   \
    X(26, COMM, "comm", 0, 1, 0)                   \
    X(27, OOM_SCORE_ADJ, "oom_score_adj", 1, 0, 0) \
    X(28, PUNCH, "punch", 3, 0, 0)                 \
    X(29, LOST, "lost", 1, 0, 0)                   \
    X(30, INCOMPLETE, "incomplete", 2, 1, 0)       \
    X(31, THP_DISABLE, "thp_disable", 1, 0, 0)     \
    X(32, SET_MEMPOLICY, "set_mempolicy", 2, 0, 0) \
    X(33, MBIND, "mbind", 5, 0, 0)                 \
    X(34, HOME_NODE, "home_node", 3, 0, 0)         \
    X(35, MIGRATE_PAGES, "migrate_pages", 3, 0, 0) \
    X(36, MOVE_PAGES, "move_pages", 5, 0, 0)       \
    X(37, AFFINITY, "affinity", 2, 0, 0)           \
    X(38, SETTING, "setting", 0, 1, 0)             \
    X(39, NUMA_REFUSED, "numa_refused", 4, 0, 0)   \
    X(40, HUGETLB_REFUSED, "hugetlb_refused", 2, 0, 0)

#define HWT_OP_ENUM(code, id, name, fields, string, optional) HWT_OP_##id = (code),
enum hwt_op { HWT_OPS(HWT_OP_ENUM) HWT_OP_MAX = 41 };
#undef HWT_OP_ENUM

#define HWT_OP_FIELDS_MAX 6u /* with the optional ones */

enum hwt_proc_flag { HWT_PROC_EXEC = 1, HWT_PROC_FORKED = 2 };
enum hwt_mremap_flag { HWT_MREMAP_ANYWHERE = 1 };
enum hwt_file_kind {
    HWT_FILE_REGULAR = 0,
    HWT_FILE_SHMEM = 1,
    HWT_FILE_DEVICE = 2,
    HWT_FILE_OTHER = 3
};
enum hwt_open_flag {
    HWT_OPEN_READ = 1,
    HWT_OPEN_WRITE = 2,
    HWT_OPEN_TRUNC = 4,
    HWT_OPEN_DIRECT = 8,
    HWT_OPEN_SYNC = 16,
};
enum hwt_fsync_flag { HWT_FSYNC_DATA = 1, HWT_FSYNC_RANGE = 2, HWT_FSYNC_ALL = 4 };
enum hwt_fork_flag { HWT_FORK_VM = 1 };
enum hwt_wait_kind {
    HWT_WAIT_SLEEP = 1,
    HWT_WAIT_POLL = 2,
    HWT_WAIT_PIPE = 3,
    HWT_WAIT_SOCKET = 4,
    HWT_WAIT_LOCK = 5,
    HWT_WAIT_CHILD = 6,
    HWT_WAIT_SIGNAL = 7,
    HWT_WAIT_OTHER = 8,
};

/* Why a recording lacks something: first field of INCOMPLETE. Last column: what is missing, for
 * people. */
#define HWT_INCOMPLETE(X)                                                        \
    X(1, IO_URING, "io_uring", "reads and writes through io_uring")              \
    X(2, CALLS, "calls", "system calls that the recorder could not follow")      \
    X(3, FILES, "files", "operations on files that the recorder could not name") \
    X(4, PROCESSES, "processes", "processes that ran unrecorded")                \
    X(5, MEMORY, "memory", "memory that changed behind the recorder's back")     \
    X(6, RECORDS, "records", "records that were dropped")                        \
    X(7, SIZE, "size", "what came after the file had reached --max-size")

#define HWT_INCOMPLETE_ENUM(code, id, name, text) HWT_INCOMPLETE_##id = (code),
enum hwt_incomplete { HWT_INCOMPLETE(HWT_INCOMPLETE_ENUM) HWT_INCOMPLETE_MAX = 8 };
#undef HWT_INCOMPLETE_ENUM

/* Keys of the host chunk. DEV stands for a device number as in FILE; kind is that of the value. */
#define HWT_HOST_KEYS(X)                                                                    \
    X("kernel", TEXT, "release of the kernel, as uname -r")                                 \
    X("machine", TEXT, "architecture, as uname -m")                                         \
    X("ram", BYTES, "memory of the machine (MemTotal)")                                     \
    X("cpus", COUNT, "CPUs that are online")                                                \
    X("nodes", COUNT, "NUMA nodes with memory")                                             \
    X("swap", BYTES, "swap of the machine (SwapTotal)")                                     \
    X("swap_kind", TEXT, "disk, file or zram of the area used first; none")                 \
    X("swap_device", TEXT, "path of the area used first")                                   \
    X("zswap", TEXT, "yes or no")                                                           \
    X("thp", TEXT, "transparent huge pages: always, madvise or never")                      \
    X("lru_gen", TEXT, "multi-generational LRU, as lru_gen/enabled says: 0x0000 is none")   \
    X("vm.swappiness", COUNT, "")                                                           \
    X("vm.overcommit_memory", COUNT, "")                                                    \
    X("vm.overcommit_ratio", COUNT, "")                                                     \
    X("cgroup", COUNT, "version of the cgroup hierarchy that limits the memory: 1 or 2")    \
    X("memory.max", BYTES, "lowest memory.max from the program's cgroup upwards")           \
    X("memory.high", BYTES, "lowest memory.high from the program's cgroup upwards")         \
    X("memory.swap.max", BYTES, "lowest memory.swap.max from the program's cgroup upwards") \
    X("cpu.max", TEXT, "lowest cpu.max from the program's cgroup upwards: QUOTA PERIOD")    \
    X("readahead.DEV", BYTES, "readahead of the device")                                    \
    X("rotational.DEV", COUNT, "1: the device is a disk that turns")                        \
    X("filesystem.DEV", TEXT, "type of the file system on the device")

enum hwt_host_kind { HWT_HOST_TEXT, HWT_HOST_BYTES, HWT_HOST_COUNT };

#endif

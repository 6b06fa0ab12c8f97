/* hw_tool.h - the inside of the exact recorder, a Valgrind tool.
 *
 * Copyright (C) 2026 the highwater developers
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The tool's life:
 *
 *   hw_instrument.c writes, into each superblock, code that appends the addresses it touches to the
 *                    thread's buffer: one word an access, no call, no branch
 *   hw_filter.c      drains the buffer: a page that the thread touched lately is dropped, the rest
 *                    becomes access records
 *   hw_emit.c        encodes records into a slot of the shared channel (record/channel.h)
 *   hw_syscall.c     sees every system call before and after; hw_file.c, hw_map.c, hw_wait.c turn
 *                    those that matter into operations
 *   hw_process.c     threads, fork, exec, exit
 *   hw_core.c        what is changed of Valgrind's core, by the linker's --wrap
 *   hw_table.c       system calls done in the place of the core: hw_space.c maps memory,
 *                    hw_limits.c answers for limits and locks, hw_unknown.c for calls of later kernels
 *
 * Valgrind runs one thread at a time under its own lock, so nothing here locks; only the channel is
 * shared with other processes.
 */
#ifndef HW_TOOL_H
#define HW_TOOL_H

#include "pub_tool_aspacehl.h"
#include "pub_tool_aspacemgr.h"
#include "pub_tool_basics.h"
#include "pub_tool_guest.h"
#include "pub_tool_libcassert.h"
#include "pub_tool_libcbase.h"
#include "pub_tool_libcfile.h"
#include "pub_tool_libcprint.h"
#include "pub_tool_libcproc.h"
#include "pub_tool_machine.h"
#include "pub_tool_mallocfree.h"
#include "pub_tool_options.h"
#include "pub_tool_threadstate.h"
#include "pub_tool_tooliface.h"
#include "pub_tool_vki.h"
#include "pub_tool_vkiscnums.h"

#include "record/channel.h"
#include "trace/trace_format.h"

/* ---- the access buffer ----
 * One word:  bits 0-46 address, 48-53 bytes after the first, 62-63 kind (enum hwt_kind; 3 is
 *            nothing). */
#define WORD_COUNT_SHIFT 48
#define WORD_COUNT_MAX   63
#define WORD_KIND_SHIFT  62
#define WORD_PAGE_MASK   (HWT_PAGE_MAX << 12)
#define WORD_KEY_MASK    (WORD_PAGE_MASK | 3ULL << WORD_KIND_SHIFT) /* what the filter compares */
/* Kind 3, and far from the end of its page: a word that seemed to reach into the next would be told
 * as page 0. */
#define WORD_IGNORE      (~4095ULL)

#define BUFFER_WORDS    1024 /* drained when so many are there */
#define BUFFER_HEADROOM 512  /* more than one superblock can add between two checks */
#define BLOCK_WORDS_MAX (BUFFER_HEADROOM - 64)

/* Per-thread words in Valgrind's first shadow of the guest state: code reaches them off one
 * register. */
#define SHADOW_POS          0  /* next free word of the buffer */
#define SHADOW_LIMIT        8  /* drain when pos reaches it */
#define SHADOW_INSTRUCTIONS 16 /* executed since the last drain */
#define SHADOW_EXEC         24 /* kind to add to a code address */
#define SHADOW_BYTES        32

/* ---- the filter ---- */
#define NEAR_BITS    11 /* log2 entries of the direct-mapped front */
#define NEAR_ENTRIES (1u << NEAR_BITS)
#define SETS         256 /* the filter proper: 256 sets of 4, move to front */
#define WAYS         4

enum filter_perm { PERM_READ = 1, PERM_WRITE = 2, PERM_EXEC = 4 };

struct stream {
    struct channel_slot *slot; /* NULL: none, or the recording is over */
    Bool parked;               /* the parent may take what is in the slot */
    UChar *bytes;
    UInt room; /* bytes that may be in it */
    UInt id;
    UInt seq;
    ULong last_stamp;
    ULong last_data, last_fetch;     /* pages */
    ULong first_icount, last_icount; /* of the thread: so far counted; at the last record */
};

struct call {
    ULong began_ns; /* 0: not a call that may wait */
    ULong began_stamp;
    UInt wait_kind;     /* enum hwt_wait_kind */
    Bool quiet_buffers; /* the user buffers are implied by a READ or WRITE */
    struct description *closing;
    ULong range;              /* bytes that shmdt will unmap */
    ULong dev, ino, instance; /* victim of an unlink or rename */
    Bool victim;
    Long victim_size;
    const HChar *exec_path; /* of an execve that may succeed */
};

struct thread {
    ThreadId tid;
    Bool leader;
    Bool started;
    Bool exiting; /* has called exit */
    Bool silent;  /* its guest state is gone */
    ULong exit_status;
    struct stream out;
    struct call call;
    ULong icount;
    ULong window_end;
    UInt misses_left;
    UInt flush;      /* the channel's number when it was last followed */
    UChar *declared; /* bit per fid that this stream has named */
    UInt declared_bits;
    ULong batch_instructions, batch_words; /* of the drain in progress */
    const ULong *batch_word;
    ULong near[NEAR_ENTRIES]; /* words under WORD_KEY_MASK */
    ULong sets[SETS][WAYS];   /* page << 3 | perms; 0 empty */
    ULong buffer[BUFFER_WORDS + BUFFER_HEADROOM];
};

/* hw_main.c */
extern struct channel *hw_channel; /* NULL: not recording */
extern Bool hw_off;                /* the recording is over or the recorder is gone */
ULong hw_now_ns(void);
void hw_complain(const HChar *format, ...) PRINTF_CHECK(1, 2);

/* hw_instrument.c */
IRSB *hw_instrument(VgCallbackClosure *closure, IRSB *in, const VexGuestLayout *layout,
                    const VexGuestExtents *extents, const VexArchInfo *host, IRType guest_word,
                    IRType host_word);

/* hw_filter.c */
void hw_buffer_attach(struct thread *t); /* point the guest's shadow at this thread's buffer */
void hw_drain(struct thread *t);         /* what is in the buffer goes through the filter */
void hw_touch(struct thread *t, Addr a, SizeT len, enum hwt_kind kind);
void hw_forget_all(struct thread *t);
void hw_forget_range(Addr a, SizeT len); /* in every thread of the process */
void hw_drain_from_code(void);           /* called at the start of a superblock */
void hw_touch_code(struct thread *t);    /* the page that the thread executes */

/* hw_emit.c */
ULong hw_stamp(void);     /* a new order stamp */
ULong hw_stamp_now(void); /* the last one given out by anyone */
void hw_stream_open(struct thread *t);
void hw_stream_close(struct thread *t);
void hw_stream_park(struct thread *t);
void hw_stream_flush(struct thread *t); /* publish what there is */
void hw_incomplete(struct thread *t, enum hwt_incomplete reason, const HChar *what);
void hw_reserve(struct thread *t); /* room for the records of one system call */
void hw_emit_access(struct thread *t, ULong page, enum hwt_kind kind, ULong icount);
void hw_emit_op(struct thread *t, enum hwt_op op, UInt nr, const ULong *fields,
                const HChar *string);
void hw_emit_op_at(struct thread *t, ULong stamp, enum hwt_op op, UInt nr, const ULong *fields,
                   const HChar *string);
#define hw_op(t, op, ...) \
    hw_emit_op(t, op, sizeof((ULong[]){__VA_ARGS__}) / sizeof(ULong), (ULong[]){__VA_ARGS__}, NULL)

/* hw_process.c */
struct thread *hw_thread(ThreadId tid);      /* made at first sight */
struct thread *hw_thread_find(ThreadId tid); /* NULL: unknown or ended */
void hw_thread_drop(struct thread *t);
void hw_process_init(void);
void hw_thread_begin(ThreadId tid); /* before its first instruction */
void hw_thread_end(ThreadId tid);
void hw_process_end(Int status); /* as from wait(2); only the first call counts */
void hw_fork_done(struct thread *t, ULong child_pid, UInt flags);
void hw_exec(struct thread *t, const HChar *path, Bool followed); /* it is about to happen */
extern HChar hw_comm[16];
UInt hw_threads_alive(void);

/* hw_map.c */
void hw_map_initial(struct thread *t);
void hw_map_call(struct thread *t, UInt nr, const UWord *args, UWord result);
void hw_map_before(struct thread *t, UInt nr, const UWord *args);

/* hw_numa.c */
void hw_numa_initial(struct thread *t); /* the policy that it had before its first instruction */
void hw_numa_call(struct thread *t, UInt nr, const UWord *args);
void hw_numa_failed(struct thread *t, UInt nr, const UWord *args, UWord error);
void hw_map_failed(struct thread *t, UInt nr, const UWord *args, UWord error);

/* hw_fd.c */
enum file_class { CLASS_FILE, CLASS_PIPE, CLASS_SOCKET, CLASS_TERMINAL, CLASS_OTHER, CLASS_BAD };
struct description { /* an open file description */
    UInt refs;
    enum file_class cls;
    UInt kind;    /* enum hwt_file_kind */
    UInt fid;     /* 0: no file that can be mapped */
    ULong handle; /* 0: no pages to read or write */
    UInt flags;   /* O_ flags */
    Bool oom_score_adj;
    Bool memory; /* of a process: /proc/PID/mem */
};
struct description *hw_fd(struct thread *t, Int fd); /* resolved if need be; NULL: not open */
struct description *hw_fd_open(struct thread *t, Int fd, Bool truncated); /* resolved anew */
struct description *hw_fd_take(Int fd);                   /* out of the table; NULL: not there */
void hw_fd_drop(struct thread *t, struct description *d); /* one reference; NULL is none */
void hw_fd_share(struct thread *t, Int from, Int to);
void hw_fd_close_range(struct thread *t, UInt first, UInt last);
enum file_class hw_fd_class(struct thread *t, Int fd);
UInt hw_fid(struct thread *t, ULong dev, ULong ino, ULong instance, Long size, UInt kind,
            const HChar *path);
/* What tells a file from one that had its inode number before; flags: AT_EMPTY_PATH,
 * AT_SYMLINK_FOLLOW. */
ULong hw_instance(Int dir, UWord path, UInt flags);
UInt hw_fd_fid(struct thread *t, Int fd); /* named in this stream; 0: no file that can be mapped */

/* hw_file.c */
void hw_file_before(struct thread *t, UInt nr, const UWord *args);
void hw_file_after(struct thread *t, UInt nr, const UWord *args, UWord result);

/* hw_wait.c */
void hw_wait_before(struct thread *t, UInt nr, const UWord *args);
void hw_wait_after(struct thread *t, UInt nr, Bool failed, UWord result);

/* hw_syscall.c */
void hw_syscall_before(ThreadId tid, UInt nr, UWord *args, UInt nr_args);
void hw_syscall_after(ThreadId tid, UInt nr, UWord *args, UInt nr_args, SysRes result);

/* hw_core.c */
void hw_environment_clean(ThreadId tid);
/* hw_settings.c: what the program is told of memory, by argument and variable */
void hw_settings_initial(struct thread *t);
SysRes hw_map_channel(Int fd, SizeT bytes);
Long hw_syscall(UInt nr, UWord a, UWord b, UWord c, UWord d, UWord e, UWord f);
Bool hw_position_independent(ThreadId tid); /* the program; before its first instruction */
#endif

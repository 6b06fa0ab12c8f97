/* hw_valgrind.h - what is used of Valgrind's core beyond pub_tool_*.h.
 *
 * Copyright (C) 2026 the highwater developers
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The core is linked statically, so its internal functions can be called and, with the linker's
 * --wrap, replaced. Debian's package ships no headers for them: the declarations here state their
 * binary interface, unchanged from Valgrind 3.15 to 3.24.
 */
#ifndef HW_VALGRIND_H
#define HW_VALGRIND_H

#include "hw_tool.h"

#include "pub_tool_clientstate.h"
#include "pub_tool_xarray.h"

/* ---- a system call in progress ---- */

struct core_args {
    Word nr;
    UWord a[8];
};

enum core_status_what { CORE_COMPLETE = 1, CORE_HAND_TO_KERNEL = 2 };

struct core_status {
    UInt what; /* enum core_status_what */
    SysRes result;
};

struct core_entry {
    void (*before)(ThreadId tid, void *layout, struct core_args *args, struct core_status *status,
                   UWord *flags);
    void (*after)(ThreadId tid, struct core_args *args, struct core_status *status);
};

#define HW_FAILED(result) ((ULong)(result) > -4096ULL) /* an errno of the kernel's */

SysRes VG_(mk_SysRes_Success)(UWord value);
SysRes VG_(mk_SysRes_Error)(UWord error);

/* ---- the client's address space ---- */

extern Addr VG_(brk_base);
extern Addr VG_(brk_limit);
extern struct vki_rlimit VG_(client_rlimit_data);
extern Int VG_(fd_soft_limit);
extern Int VG_(fd_hard_limit); /* the first descriptor of the core's own */

/* None of these tells the kernel; VG_(am_do_mmap_NO_NOTIFY) tells nobody but the kernel. */
Addr VG_(am_get_advisory_client_simple)(Addr start, SizeT len, Bool *ok);
Bool VG_(am_is_free_or_resvn)(Addr start, SizeT len);
Bool VG_(am_notify_client_mmap)(Addr a, SizeT len, UInt prot, UInt flags, Int fd, Off64T offset);
Bool VG_(am_notify_munmap)(Addr a, SizeT len);
SysRes VG_(am_do_mmap_NO_NOTIFY)(Addr a, SizeT len, UInt prot, UInt flags, Int fd, Off64T offset);

/* These do both. */
SysRes VG_(am_mmap_anon_fixed_client)(Addr start, SizeT len, UInt prot);
SysRes VG_(am_munmap_client)(Bool *need_discard, Addr start, SizeT len);
Bool VG_(am_relocate_nooverlap_client)(Bool *need_discard, Addr old, SizeT old_len, Addr new_addr,
                                       SizeT new_len);
SysRes VG_(am_shared_mmap_file_float_valgrind)(SizeT length, UInt prot, Int fd, Off64T offset);

void VG_(discard_translations)(Addr start, ULong len, const HChar *who);

Bool VG_(is_valid_tid)(ThreadId tid); /* taken, by one that lives or is to be buried */
extern const HChar *VG_(name_of_launcher);
Int VG_(safe_fd)(Int fd); /* moved out of the program's way */
extern Int VG_(clo_sanity_level);
extern Int VG_(cl_exec_fd); /* the program's file */

/* ioctl of /dev/userfaultfd */
#define HW_USERFAULTFD_IOC_NEW 0xaa00u

/* hw_main.c: an exec is about to happen */
void hw_channel_exec(Bool followed);

/* hw_core.c: a segment of the program, if it is linked for one address; NULL: it lies anywhere */
const NSegment *hw_linked_program(ThreadId tid);

/* hw_space.c: the answers of the kernel, or -errno */
void hw_heap_init(Bool position_independent);
Long hw_call_mmap(const UWord *a);
Long hw_call_brk(const UWord *a);
Long hw_call_mremap(const UWord *a);

#define HW_NR_HOME_NODE 450 /* set_mempolicy_home_node */
/* hw_numa.c: likewise, of calls that the core does not know */
Long hw_call_migrate_pages(const UWord *a);
Long hw_call_home_node(const UWord *a);

/* hw_unknown.c: of calls that the core has no entry for */
extern struct core_entry hw_unknown_entry;

/* hw_limits.c */
#define HW_NOFILE_OPTION "--nofile"
#define HW_ROOM_OPTION   "--room"
#define RLIMIT_AS        9
void hw_limits_init(const HChar *files, const HChar *rooms);
void hw_limits_exec(Bool followed);
void hw_hand_on(const HChar *option,
                const HChar *name);      /* to the next image, for one of that name */
Bool hw_has_room(SizeT more, Bool data); /* for so many bytes, which are private and writable */
Bool hw_call_limit(ThreadId tid, UInt nr, const UWord *a, Long *result);
Long hw_call_mlock2(const UWord *a);
Long hw_call_mlockall(const UWord *a);
Long hw_call_munlockall(const UWord *a);
void hw_lock_future(Addr a, SizeT len); /* a new mapping, which mlockall may have spoken for */
void hw_lock_forget(void);              /* in a forked child */

#endif

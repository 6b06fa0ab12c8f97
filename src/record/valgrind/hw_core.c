/* hw_core.c - what is changed of Valgrind's core, and what is asked of it beyond pub_tool_*.h.
 *
 * Copyright (C) 2026 the highwater developers
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The core comes as a static library, so the linker's --wrap redirects calls between its objects:
 *
 *   di_notify_mmap             no symbols or line numbers are read: the recorder names no function
 *   env_setenv                 an exec starts this very program again, not an installed `valgrind`
 *   should_we_trace_this_child what cannot run under Valgrind (set-user-id, capabilities, 32-bit)
 *   runs natively
 *   env_remove_valgrind_env_stuff  not from the environment of what runs natively
 *   pre_exec_check             whether an exec would fail, asked as the kernel asks
 *   nuke_all_threads_except    the last call before an exec that will succeed
 *   kill                       the process dies of a signal
 *   release_BigLock            a thread is about to wait
 *   sanityCheckIRSB, isFlatIRSB    no checks of each translated block at --sanity-level=0
 *   am_mmap_anon_float_valgrind  tables that are filled at once get their pages at once
 *   am_*, get_linux_syscall_entry   in hw_space.c and hw_table.c
 *
 * The client's environment is given back as it was: Valgrind preloads a library that only its heap
 * checkers need.
 */
#include "hw_valgrind.h"

Long hw_syscall(UInt nr, UWord a, UWord b, UWord c, UWord d, UWord e, UWord f)
{
    Long result;
    register UWord r10 __asm__("r10") = d;
    register UWord r8 __asm__("r8") = e;
    register UWord r9 __asm__("r9") = f;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"((UWord)nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

SysRes hw_map_channel(Int fd, SizeT bytes)
{
    return VG_(am_shared_mmap_file_float_valgrind)(bytes, VKI_PROT_READ | VKI_PROT_WRITE, fd, 0);
}

/* ---- translation ---- */

/* VEX looks for its own bugs and the tool's in each block: an eleventh of what starting a program
 * costs. */
void __real_sanityCheckIRSB(const IRSB *block, const HChar *caller, Bool flat, IRType guest_word);
void __wrap_sanityCheckIRSB(const IRSB *block, const HChar *caller, Bool flat, IRType guest_word);
void __wrap_sanityCheckIRSB(const IRSB *block, const HChar *caller, Bool flat, IRType guest_word)
{
    if (VG_(clo_sanity_level) > 0)
        __real_sanityCheckIRSB(block, caller, flat, guest_word);
}

Bool __real_isFlatIRSB(const IRSB *block);
Bool __wrap_isFlatIRSB(const IRSB *block);
Bool __wrap_isFlatIRSB(const IRSB *block)
{
    return VG_(clo_sanity_level) == 0 || __real_isFlatIRSB(block);
}

/* ---- the client's environment ---- */

/* "LD_PRELOAD=.../vgpreload_core-amd64-linux.so[:rest]": drop that part. True: nothing is left. */
static Bool preload_strip(HChar *entry)
{
    HChar *value = entry + VG_(strlen)("LD_PRELOAD=");
    HChar *rest = VG_(strchr)(value, ':');

    if (VG_(strstr)(value, "vgpreload_core") == NULL)
        return False;
    if (rest == NULL)
        return True;
    VG_(memmove)(value, rest + 1, VG_(strlen)(rest + 1) + 1);
    return False;
}

#define AT_PHDR 3

/* The ELF header of the program, which its program headers follow. NULL: it is not to be found. */
static const UChar *program_header(ThreadId tid)
{
    const UWord *p = (const UWord *)VG_(get_SP)(tid);
    const UChar *elf;

    for (p += 1 + p[0] + 1; *p != 0; p++) /* to the end of the environment */
        ;
    for (p++; p[0] != 0 && p[0] != AT_PHDR; p += 2)
        ;
    elf = (const UChar *)(p[1] & ~(UWord)(VKI_PAGE_SIZE - 1));
    return p[0] == AT_PHDR && VG_(am_is_valid_for_client)((Addr)elf, 64, VKI_PROT_READ) &&
                   VG_(memcmp)(elf, "\177ELF", 4) == 0
               ? elf
               : NULL;
}

static Bool is_position_independent(const UChar *elf)
{
    return elf[16] == 3 /* ET_DYN */;
}

Bool hw_position_independent(ThreadId tid)
{
    const UChar *elf = program_header(tid);

    return elf != NULL && is_position_independent(elf);
}

const NSegment *hw_linked_program(ThreadId tid)
{
    const UChar *elf = program_header(tid);

    return elf != NULL && !is_position_independent(elf) ? VG_(am_find_nsegment)((Addr)elf) : NULL;
}

/* The initial stack is: argc, argv..., 0, envp..., 0, auxv pairs..., 0 0. Take one entry out of
 * envp. */
void hw_environment_clean(ThreadId tid)
{
    UWord *p = (UWord *)VG_(get_SP)(tid);
    UWord *gone = NULL;

    p += 1 + p[0] + 1;
    for (; *p != 0; p++)
        if (VG_(strncmp)((HChar *)*p, "LD_PRELOAD=", 11) == 0 && preload_strip((HChar *)*p))
            gone = p;
    if (gone == NULL)
        return;
    for (p++; p[0] != 0; p += 2) /* to the end of auxv */
        ;
    p += 2;
    VG_(memmove)(gone, gone + 1, (SizeT)((HChar *)p - (HChar *)(gone + 1)));
}

/* ---- wrapped functions ---- */

#define FILLED_MIN \
    (1u << 20) /* thread records, translation tables, stacks: all of each is written; */
#define FILLED_MAX (8u << 20) /* not so room for translated code */

/* A new image fills 12 MiB of tables. A fault for each of their pages was a tenth of what starting
 * a program costs. A kernel before 5.14 refuses, and they are faulted in. */
SysRes __real_vgPlain_am_mmap_anon_float_valgrind(SizeT len);
SysRes __wrap_vgPlain_am_mmap_anon_float_valgrind(SizeT len);
SysRes __wrap_vgPlain_am_mmap_anon_float_valgrind(SizeT len)
{
    SysRes r = __real_vgPlain_am_mmap_anon_float_valgrind(len);

    if (!sr_isError(r) && len > FILLED_MIN && len <= FILLED_MAX)
        hw_syscall(__NR_madvise, sr_Res(r), len, ABI_MADV_POPULATE_WRITE, 0, 0, 0);
    return r;
}

ULong __wrap_vgPlain_di_notify_mmap(Addr a, Bool allow_valgrind, Int fd);
ULong __wrap_vgPlain_di_notify_mmap(Addr a, Bool allow_valgrind, Int fd)
{
    (void)a, (void)allow_valgrind, (void)fd;
    return 0;
}

HChar **__real_vgPlain_env_setenv(HChar ***env, const HChar *name, const HChar *value);
HChar **__wrap_vgPlain_env_setenv(HChar ***env, const HChar *name, const HChar *value);
HChar **__wrap_vgPlain_env_setenv(HChar ***env, const HChar *name, const HChar *value)
{
    if (VG_(strcmp)(name, "VALGRIND_LIB") == 0)
        return __real_vgPlain_env_setenv(env, "VALGRIND_LAUNCHER", VG_(name_of_launcher));
    return __real_vgPlain_env_setenv(env, name, value);
}

static Bool exec_followed = True;

/* The kernel's: bytes of a script's first line, and scripts whose interpreter is a script. */
#define SCRIPT_LINE  256
#define SCRIPT_DEPTH 5

/* The interpreter of a script, whose first bytes these are, in the place of them. False: it is no
 * script. */
static Bool interpreter_of(HChar *head)
{
    HChar *from = head + 2, *to = head;

    if (head[0] != '#' || head[1] != '!')
        return False;
    while (*from == ' ' || *from == '\t')
        from++;
    while (*from != '\0' && *from != ' ' && *from != '\t' && *from != '\n')
        *to++ = *from++;
    *to = '\0';
    return True;
}

static Bool has_privilege(const HChar *path, UInt mode)
{
    return (mode & (VKI_S_ISUID | VKI_S_ISGID)) ||
           hw_syscall(__NR_getxattr, (UWord)path, (UWord) "security.capability", 0, 0, 0, 0) > 0;
}

#define AT_EACCESS    0x200
#define NR_FACCESSAT2 439

/* A program may have given up the user or the root directory that the tool's file can be had
 * with. */
static Bool tool_is_there(void)
{
    Long r = hw_syscall(NR_FACCESSAT2, (UWord)VKI_AT_FDCWD, (UWord)VG_(name_of_launcher),
                        1 /* X_OK */, AT_EACCESS, 0, 0);

    return r != -VKI_ENOENT && r != -VKI_EACCES;
}

/* For another architecture, or linked where the tool lies. */
static Bool is_foreign(const UChar *elf)
{
    UWord entry;

    if (VG_(memcmp)(elf, "\177ELF", 4) != 0)
        return False;
    VG_(memcpy)(&entry, elf + 24, sizeof(entry));
    return elf[4] != 2 /* 64-bit */ || elf[18] != 62 /* x86-64 */ || elf[19] != 0 ||
           (!is_position_independent(elf) && entry - CHANNEL_TOOL_BASE < CHANNEL_TOOL_BYTES);
}

/* The first bytes of a file, with a 0 after them. Returns their number; negative: it cannot be
 * read. */
static Int read_head(const HChar *path, HChar *head)
{
    Int fd = VG_(fd_open)(path, VKI_O_RDONLY | VKI_O_NONBLOCK, 0);
    Int n = fd < 0 ? -1 : VG_(read)(fd, head, SCRIPT_LINE);

    if (fd >= 0)
        VG_(close)(fd);
    head[n < 0 ? 0 : n] = '\0';
    return n;
}

/* A program with privileges of its own, for another architecture, or that may be executed and not
 * read; a script that such a one interprets. */
static Bool must_run_natively(const HChar *path)
{
    HChar head[SCRIPT_LINE + 1], interpreter[SCRIPT_LINE + 1];
    struct vg_stat st;
    Int n;

    for (UInt i = 0; i <= SCRIPT_DEPTH; i++) {
        if (sr_isError(VG_(stat)(path, &st)))
            return False;
        n = read_head(path, head);
        if (n < 0)
            return True;
        if (!interpreter_of(head)) /* the privileges of a script do not count */
            return has_privilege(path, st.mode) || (n >= 32 && is_foreign((const UChar *)head));
        VG_(strcpy)(interpreter, head);
        path = interpreter;
    }
    return False;
}

Bool __real_vgPlain_should_we_trace_this_child(const HChar *name, const HChar **argv);
Bool __wrap_vgPlain_should_we_trace_this_child(const HChar *name, const HChar **argv);
Bool __wrap_vgPlain_should_we_trace_this_child(const HChar *name, const HChar **argv)
{
    exec_followed = __real_vgPlain_should_we_trace_this_child(name, argv) && tool_is_there() &&
                    (name == NULL || !must_run_natively(name));
    return exec_followed;
}

/* The kernel's answer to an exec as far as it can be had beforehand, of the file and of its
 * interpreters. */
static Long exec_error(const HChar *path)
{
    HChar head[SCRIPT_LINE + 1], interpreter[SCRIPT_LINE + 1];
    struct vg_stat st;

    for (UInt i = 0; i <= SCRIPT_DEPTH; i++) {
        Long r = hw_syscall(NR_FACCESSAT2, (UWord)VKI_AT_FDCWD, (UWord)path, 1 /* X_OK */,
                            AT_EACCESS, 0, 0);

        if (r < 0 && r != -VKI_ENOSYS)
            return r;
        if (!sr_isError(VG_(stat)(path, &st)) && !VKI_S_ISREG(st.mode))
            return -VKI_EACCES;
        if (read_head(path, head) < 0 || !interpreter_of(head))
            return 0;
        VG_(strcpy)(interpreter, head);
        path = interpreter;
    }
    return -VKI_ELOOP;
}

/* The core opens the file for that, which can be one that may only be executed. */
SysRes __real_vgPlain_pre_exec_check(const HChar *name, Int *fd, Bool allow_setuid);
SysRes __wrap_vgPlain_pre_exec_check(const HChar *name, Int *fd, Bool allow_setuid);
SysRes __wrap_vgPlain_pre_exec_check(const HChar *name, Int *fd, Bool allow_setuid)
{
    Long error = fd == NULL ? exec_error(name) : 0;

    if (error < 0)
        return VG_(mk_SysRes_Error)((UWord)-error);
    return fd == NULL && !exec_followed ? VG_(mk_SysRes_Success)(0)
                                        : __real_vgPlain_pre_exec_check(name, fd, allow_setuid);
}

/* The program's environment has nothing of this Valgrind in it (hw_environment_clean); of another,
 * it is for what runs natively. */
void __real_vgPlain_env_remove_valgrind_env_stuff(HChar **env, Bool ro_strings,
                                                  void (*release)(void *));
void __wrap_vgPlain_env_remove_valgrind_env_stuff(HChar **env, Bool ro_strings,
                                                  void (*release)(void *));
void __wrap_vgPlain_env_remove_valgrind_env_stuff(HChar **env, Bool ro_strings,
                                                  void (*release)(void *))
{
    if (exec_followed)
        __real_vgPlain_env_remove_valgrind_env_stuff(env, ro_strings, release);
}

void __real_vgPlain_nuke_all_threads_except(ThreadId me, UInt reason);
void __wrap_vgPlain_nuke_all_threads_except(ThreadId me, UInt reason);
void __wrap_vgPlain_nuke_all_threads_except(ThreadId me, UInt reason)
{
    struct thread *t = hw_thread_find(me);

    if (t != NULL && t->call.exec_path != NULL) {
        hw_exec(t, t->call.exec_path, exec_followed);
        hw_limits_exec(exec_followed);
        hw_channel_exec(exec_followed);
    }
    __real_vgPlain_nuke_all_threads_except(me, reason);
}

void __real_vgPlain_release_BigLock(ThreadId tid, UInt status, const HChar *who);
void __wrap_vgPlain_release_BigLock(ThreadId tid, UInt status, const HChar *who);
void __wrap_vgPlain_release_BigLock(ThreadId tid, UInt status, const HChar *who)
{
    struct thread *t = hw_thread_find(tid);

    if (t != NULL && hw_channel != NULL)
        hw_stream_park(t);
    __real_vgPlain_release_BigLock(tid, status, who);
}

Int __real_vgPlain_kill(Int pid, Int signo);
Int __wrap_vgPlain_kill(Int pid, Int signo);
Int __wrap_vgPlain_kill(Int pid, Int signo)
{
    if (pid == VG_(getpid)() && signo != 0 && signo != VKI_SIGSTOP)
        hw_process_end(signo);
    return __real_vgPlain_kill(pid, signo);
}

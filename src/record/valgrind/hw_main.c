/* hw_main.c - registration, options and the channel of the exact recorder.
 *
 * Copyright (C) 2026 the highwater developers
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw_valgrind.h"

struct channel *hw_channel;
Bool hw_off;

#define CHANNEL_FD_OPTION "--channel-fd"

static const HChar *channel_path = NULL;
static Long channel_fd = -1; /* of the image before, which this one inherits; then its own */
static HChar channel_fd_option[32];
static const HChar *nofile = NULL, *room = NULL;

ULong hw_now_ns(void)
{
    struct vki_timespec now;

    hw_syscall(__NR_clock_gettime, VKI_CLOCK_MONOTONIC, (UWord)&now, 0, 0, 0, 0);
    return (ULong)now.tv_sec * 1000000000ULL + (ULong)now.tv_nsec;
}

/* The first complaint of all processes reaches the person; later ones are lost. */
void hw_complain(const HChar *format, ...)
{
    HChar text[CHANNEL_LOG_BYTES];
    va_list args;

    va_start(args, format);
    VG_(vsnprintf)(text, (Int)sizeof(text), format, args);
    va_end(args);
    VG_(umsg)("highwater: %s\n", text);
    if (hw_channel != NULL && hw_channel->log[0] == '\0')
        VG_(strncpy)(hw_channel->log, text, sizeof(text) - 1);
}

static Bool option(const HChar *arg)
{
    if VG_STR_CLO (arg, "--channel", channel_path) {
    } else if VG_BINT_CLO (arg, CHANNEL_FD_OPTION, channel_fd, 0, 0x7fffffff) {
    } else if VG_STR_CLO (arg, HW_NOFILE_OPTION, nofile) {
    } else if VG_STR_CLO (arg, HW_ROOM_OPTION, room) {
    } else {
        return False;
    }
    return True;
}

static void usage(void)
{
    VG_(printf)
    ("    --channel=PATH    memory shared with the recorder that started this\n"
     "    --channel-fd=N    an open descriptor of it, where PATH cannot be opened\n"
     "    --nofile=N:N      the program's limits of open files, soft and hard\n"
     "    --room=N:N:N:N    the same of its data and of its address space\n");
}

static void debug_usage(void)
{
}

static struct channel *map_channel(Int fd)
{
    SysRes r = hw_map_channel(fd, CHANNEL_BYTES);
    struct channel *c = sr_isError(r) ? NULL : (struct channel *)sr_Res(r);

    return c == NULL || c->magic != CHANNEL_MAGIC || c->version != CHANNEL_VERSION || c->closed
               ? NULL
               : c;
}

/* The path is another process's: a program that has given up its user, or its /proc, cannot open
 * it. It inherits the descriptor, which stands above the program's own and is closed by every exec
 * but that of the next image. */
static void join_channel(void)
{
    if (channel_fd >= 0)
        hw_channel = map_channel((Int)channel_fd);
    if (hw_channel == NULL && channel_path != NULL) {
        channel_fd = VG_(fd_open)(channel_path, VKI_O_RDWR, 0);
        if (channel_fd >= 0) {
            channel_fd = VG_(safe_fd)((Int)channel_fd);
            hw_channel = map_channel((Int)channel_fd);
        }
    }
    hw_off = hw_channel == NULL;
    if (channel_fd < 0)
        return;
    hw_syscall(__NR_fcntl, (UWord)channel_fd, VKI_F_SETFD, VKI_FD_CLOEXEC, 0, 0, 0);
    VG_(sprintf)(channel_fd_option, CHANNEL_FD_OPTION "=%d", (Int)channel_fd);
    hw_hand_on(channel_fd_option, CHANNEL_FD_OPTION);
}

void hw_channel_exec(Bool followed)
{
    if (followed && channel_fd >= 0)
        hw_syscall(__NR_fcntl, (UWord)channel_fd, VKI_F_SETFD, 0, 0, 0, 0);
}

/* The core opens its log at the lowest free descriptor and copies it out of the program's way, but
 * leaves the original open. */
static Int log_fd;

static Bool is_open(Int fd)
{
    return hw_syscall(__NR_fcntl, (UWord)fd, VKI_F_GETFD, 0, 0, 0, 0) >= 0;
}

static void find_log_fd(void)
{
    for (log_fd = 0; is_open(log_fd); log_fd++)
        continue;
}

static void after_options(void)
{
    if (is_open(log_fd))
        VG_(close)(log_fd);
    join_channel();
    hw_limits_init(nofile, room);
    hw_process_init();
}

static void finish(Int exit_code)
{
    (void)exit_code;
    /* The end of a process by a signal is told by hw_core.c, which knows the signal; by exit_group,
     * by hw_syscall.c. What is left is the exit of the last thread. */
}

static void pre_mem_read(CorePart part, ThreadId tid, const HChar *what, Addr a, SizeT size)
{
    struct thread *t = hw_thread_find(tid);

    (void)part;
    if (t == NULL || hw_off || size == 0)
        return;
    if (t->call.quiet_buffers && (VG_(strstr)(what, "(buf)") || VG_(strstr)(what, "[")))
        return;
    if (size > VKI_PAGE_SIZE && !VG_(am_is_valid_for_client)(a, size, VKI_PROT_READ))
        return;
    hw_touch(t, a, size, HWT_READ);
}

static void pre_mem_read_string(CorePart part, ThreadId tid, const HChar *what, Addr a)
{
    SizeT len = 0;

    if (a == 0 || !VG_(am_is_valid_for_client)(a, 1, VKI_PROT_READ))
        return;
    while (((const HChar *)a)[len] != '\0') {
        len++;
        if (((a + len) & (VKI_PAGE_SIZE - 1)) == 0 &&
            !VG_(am_is_valid_for_client)(a + len, 1, VKI_PROT_READ))
            return;
    }
    pre_mem_read(part, tid, what, a, len + 1);
}

static void post_mem_write(CorePart part, ThreadId tid, Addr a, SizeT size)
{
    struct thread *t = hw_thread_find(tid);

    (void)part;
    if (t == NULL || hw_off || size == 0 || t->call.quiet_buffers)
        return;
    if (size > VKI_PAGE_SIZE && !VG_(am_is_valid_for_client)(a, size, VKI_PROT_WRITE))
        return;
    hw_touch(t, a, size, HWT_WRITE);
}

static void start_code(ThreadId tid, ULong blocks)
{
    (void)blocks;
    hw_thread_begin(tid);
}

static void before_options(void)
{
    find_log_fd();
    VG_(details_name)("highwater recorder");
    VG_(details_version)(NULL);
    VG_(details_description)("records page accesses and system calls");
    VG_(details_copyright_author)("Copyright (C) 2026 the highwater developers, and GNU GPL'd.");
    VG_(details_bug_reports_to)("the highwater project");
    VG_(details_avg_translation_sizeB)(400);
    VG_(basic_tool_funcs)(after_options, hw_instrument, finish);
    VG_(needs_command_line_options)(option, usage, debug_usage);
    VG_(needs_syscall_wrapper)(hw_syscall_before, hw_syscall_after);
    VG_(track_pre_mem_read)(pre_mem_read);
    VG_(track_pre_mem_read_asciiz)(pre_mem_read_string);
    VG_(track_post_mem_write)(post_mem_write);
    VG_(track_start_client_code)(start_code);
    VG_(track_pre_thread_ll_exit)(hw_thread_end);
}

VG_DETERMINE_INTERFACE_VERSION(before_options)

/* hw_file.c - file input and output as operations.
 *
 * Copyright (C) 2026 the highwater developers
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A READ or WRITE says which bytes of which file went to or came from which memory; the accesses to
 * that memory are implied, so Valgrind's reports about the buffers are kept quiet during the call.
 * Offsets of calls at the file position are asked of the kernel after the call: position - result.
 */
#include "hw_tool.h"

#define POSITION (-1) /* at the file position */

/* The kernel moves no more in one call. */
#define TRANSFER_MAX 0x7ffff000u

struct io {
    Int fd;
    Bool write;
    UWord buffer; /* or the iovec */
    UWord iov_count;
    Bool vector;
    Long offset;
};

/* Which input or output a call is. False: none of these. */
static Bool io_of(UInt nr, const UWord *a, struct io *io)
{
    *io = (struct io){.fd = (Int)a[0], .buffer = a[1], .iov_count = a[2], .offset = POSITION};
    switch (nr) {
    case __NR_write:
        io->write = True;
        return True;
    case __NR_read:
        return True;
    case __NR_pwrite64:
        io->write = True;
        io->offset = (Long)a[3];
        return True;
    case __NR_pread64:
        io->offset = (Long)a[3];
        return True;
    case __NR_writev:
        io->write = io->vector = True;
        return True;
    case __NR_readv:
        io->vector = True;
        return True;
    case __NR_pwritev:
    case __NR_pwritev2:
        io->write = io->vector = True;
        io->offset = (Long)a[3];
        return True;
    case __NR_preadv:
    case __NR_preadv2:
        io->vector = True;
        io->offset = (Long)a[3];
        return True;
    default:
        return False;
    }
}

static void transfer(struct thread *t, const struct description *d, Bool write, ULong offset,
                     ULong len, UWord addr)
{
    if (len == 0)
        return;
    hw_op(t, write ? HWT_OP_WRITE : HWT_OP_READ, d->handle, d->fid, offset, len, addr);
}

static Long size_of(Int fd)
{
    struct vki_stat st;

    return hw_syscall(__NR_fstat, (UWord)fd, (UWord)&st, 0, 0, 0, 0) == 0 ? st.st_size : 0;
}

/* Where the `done` bytes began that were moved just now. */
static ULong began_at(const struct description *d, Int fd, Bool write, Long offset, UWord done)
{
    Long end;

    if (write && (d->flags & VKI_O_APPEND))
        end = size_of(fd);
    else if (offset != POSITION)
        return (ULong)offset;
    else
        end = hw_syscall(__NR_lseek, (UWord)fd, 0, 1 /* SEEK_CUR */, 0, 0, 0);
    return end >= (Long)done ? (ULong)end - done : 0;
}

static void io_done(struct thread *t, const struct io *io, UWord done)
{
    struct description *d = hw_fd(t, io->fd);
    const struct vki_iovec *iov = (const struct vki_iovec *)io->buffer;
    ULong offset;

    if (d == NULL || d->cls != CLASS_FILE || done == 0)
        return;
    hw_fd_fid(t, io->fd);
    offset = began_at(d, io->fd, io->write, io->offset, done);
    if (!io->vector) {
        transfer(t, d, io->write, offset, done, io->buffer);
        return;
    }
    for (UWord i = 0; i < io->iov_count && done > 0; i++) {
        UWord part = iov[i].iov_len < done ? iov[i].iov_len : done;

        transfer(t, d, io->write, offset, part, (UWord)iov[i].iov_base);
        offset += part;
        done -= part;
    }
}

/* One end of sendfile, splice or copy_file_range. */
static void end_moved(struct thread *t, Int fd, Bool write, UWord offset_at, UWord done)
{
    struct description *d = hw_fd(t, fd);
    Long offset = POSITION;

    if (d == NULL || d->cls != CLASS_FILE || done == 0)
        return;
    hw_fd_fid(t, fd);
    if (offset_at != 0)
        offset = *(const Long *)offset_at - (Long)done;
    transfer(t, d, write, began_at(d, fd, write, offset, done), done, 0);
}

/* ---- names ---- */

static void victim_find(struct thread *t, Int dir, UWord path)
{
    struct vki_stat st;

    if (hw_syscall(__NR_newfstatat, (UWord)dir, path, (UWord)&st, 0x100 /* no follow */, 0, 0) != 0)
        return;
    if ((st.st_mode & 0170000) != 0100000 || st.st_nlink != 1)
        return;
    t->call.victim = True;
    t->call.dev = st.st_dev;
    t->call.ino = st.st_ino;
    t->call.instance = hw_instance(dir, path, 0);
    t->call.victim_size = st.st_size;
}

static void victim_gone(struct thread *t)
{
    if (t->call.victim)
        hw_op(t, HWT_OP_UNLINK,
              hw_fid(t, t->call.dev, t->call.ino, t->call.instance, t->call.victim_size,
                     HWT_FILE_REGULAR, ""));
}

void hw_file_before(struct thread *t, UInt nr, const UWord *a)
{
    struct io io;

    if (io_of(nr, a, &io)) {
        t->call.quiet_buffers = hw_fd_class(t, io.fd) == CLASS_FILE;
        return;
    }
    switch (nr) {
    case __NR_close: /* taken now: another thread may get the number before this call returns */
        t->call.closing = hw_fd_take((Int)a[0]);
        break;
    case __NR_unlink:
        victim_find(t, VKI_AT_FDCWD, a[0]);
        break;
    case __NR_unlinkat:
        victim_find(t, (Int)a[0], a[1]);
        break;
    case __NR_rename:
        victim_find(t, VKI_AT_FDCWD, a[1]);
        break;
    case __NR_renameat:
        victim_find(t, (Int)a[2], a[3]);
        break;
    case __NR_renameat2:
        if (!(a[4] & 2 /* exchange */))
            victim_find(t, (Int)a[2], a[3]);
        break;
    default:
        break;
    }
}

/* ---- after the call ---- */

static void opened(struct thread *t, Int fd, UWord flags)
{
    struct description *d = hw_fd_open(t, fd, (flags & VKI_O_TRUNC) != 0);

    if (d != NULL && d->cls == CLASS_FILE && (flags & ABI_O_TMPFILE))
        hw_op(t, HWT_OP_UNLINK, d->fid);
}

static void truncated(struct thread *t, UInt fid, ULong size)
{
    if (fid == 0)
        return;
    hw_op(t, HWT_OP_TRUNCATE, fid, size);
    hw_drain(t);
    hw_forget_all(t);
}

/* Memory of a tmpfs is there at once, as if it were written. */
static void memory_allocated(struct thread *t, const struct description *d, ULong offset, ULong len)
{
    while (len > 0) {
        ULong part = len < TRANSFER_MAX ? len : TRANSFER_MAX;

        transfer(t, d, True, offset, part, 0);
        offset += part;
        len -= part;
    }
}

static void allocated(struct thread *t, const UWord *a)
{
    UInt fid = hw_fd_fid(t, (Int)a[0]);
    const struct description *d = hw_fd(t, (Int)a[0]);
    ULong size;

    if (fid == 0 || d == NULL)
        return;
    size = (ULong)size_of((Int)a[0]);
    /* What is cached there is dropped; where the rest of the file moves, what is cached of that
     * too. */
    if (a[1] & (ABI_FALLOC_FL_PUNCH_HOLE | ABI_FALLOC_FL_ZERO_RANGE))
        hw_op(t, HWT_OP_PUNCH, fid, a[2], a[3]);
    else if (a[1] & (ABI_FALLOC_FL_COLLAPSE_RANGE | ABI_FALLOC_FL_INSERT_RANGE))
        hw_op(t, HWT_OP_PUNCH, fid, a[2], size + a[3] - a[2]);
    if (!(a[1] & ABI_FALLOC_FL_KEEP_SIZE))
        truncated(t, fid, size);
    if (d->kind == HWT_FILE_SHMEM && !(a[1] & ~(UWord)ABI_FALLOC_FL_KEEP_SIZE))
        memory_allocated(t, d, a[2], a[3]);
}

static void advised(struct thread *t, Int fd, UWord offset, UWord len, UWord advice)
{
    struct description *d = hw_fd(t, fd);

    if (d != NULL && d->cls == CLASS_FILE) {
        hw_fd_fid(t, fd);
        hw_op(t, HWT_OP_FADVISE, d->handle, d->fid, offset, len, advice);
    }
}

static void synced(struct thread *t, Int fd, UInt flags)
{
    UInt fid = hw_fd_fid(t, fd);

    if (fid != 0)
        hw_op(t, HWT_OP_FSYNC, fid, flags);
}

static void path_truncated(struct thread *t, UWord path, UWord size)
{
    struct vki_stat st;

    if (hw_syscall(__NR_stat, path, (UWord)&st, 0, 0, 0, 0) == 0)
        truncated(t,
                  hw_fid(t, st.st_dev, st.st_ino, hw_instance(VKI_AT_FDCWD, path, 0x400),
                         st.st_size, HWT_FILE_REGULAR, ""),
                  size);
}

static void memfd_made(struct thread *t, Int fd)
{
    struct description *d = hw_fd_open(t, fd, False);

    if (d != NULL && d->fid != 0)
        hw_op(t, HWT_OP_UNLINK, d->fid);
}

/* The kernel's number as the program wrote it. */
static void oom_score_adj_written(struct thread *t, UWord text, UWord len)
{
    HChar copy[16] = {0};

    VG_(memcpy)(copy, (const void *)text, len < 15 ? len : 15);
    hw_op(t, HWT_OP_OOM_SCORE_ADJ, (ULong)(VG_(strtoll10)(copy, NULL) + 1000));
}

static void written_elsewhere(struct thread *t, const struct io *io, UWord done)
{
    struct description *d = hw_fd(t, io->fd);

    if (d != NULL && d->oom_score_adj && io->write && !io->vector)
        oom_score_adj_written(t, io->buffer, done);
    if (d != NULL && d->memory && io->write && done > 0)
        hw_incomplete(t, HWT_INCOMPLETE_MEMORY, "/proc/PID/mem");
}

/* Descriptors: opened, doubled, closed. False: not one of these. */
static Bool descriptors_after(struct thread *t, UInt nr, const UWord *a, UWord result)
{
    switch (nr) {
    case __NR_open:
        opened(t, (Int)result, a[1]);
        return True;
    case __NR_creat:
        opened(t, (Int)result, VKI_O_TRUNC);
        return True;
    case __NR_openat:
        opened(t, (Int)result, a[2]);
        return True;
    case 437: /* openat2 */
        opened(t, (Int)result, (UWord) * (const ULong *)a[2]);
        return True;
    case __NR_memfd_create:
        memfd_made(t, (Int)result);
        return True;
    case __NR_close:
        hw_fd_drop(t, t->call.closing);
        t->call.closing = NULL;
        return True;
    case __NR_close_range:
        if (!(a[2] & 4 /* close on exec */))
            hw_fd_close_range(t, (UInt)a[0], (UInt)a[1]);
        return True;
    case __NR_dup:
    case __NR_dup2:
    case __NR_dup3:
        hw_fd_share(t, (Int)a[0], (Int)result);
        return True;
    case __NR_fcntl:
        if (a[1] == VKI_F_DUPFD || a[1] == VKI_F_DUPFD_CLOEXEC)
            hw_fd_share(t, (Int)a[0], (Int)result);
        if (a[1] == VKI_F_SETFL && hw_fd(t, (Int)a[0]) != NULL)
            hw_fd(t, (Int)a[0])->flags =
                (UInt)hw_syscall(__NR_fcntl, a[0], VKI_F_GETFL, 0, 0, 0, 0);
        return True;
    default:
        return False;
    }
}

void hw_file_after(struct thread *t, UInt nr, const UWord *a, UWord result)
{
    struct io io;

    if (io_of(nr, a, &io)) {
        io_done(t, &io, result);
        written_elsewhere(t, &io, result);
        return;
    }
    if (descriptors_after(t, nr, a, result))
        return;
    switch (nr) {
    case __NR_sendfile:
        end_moved(t, (Int)a[1], False, a[2], result);
        end_moved(t, (Int)a[0], True, 0, result);
        break;
    case __NR_splice:
    case __NR_copy_file_range:
        end_moved(t, (Int)a[0], False, a[1], result);
        end_moved(t, (Int)a[2], True, a[3], result);
        break;
    case __NR_ftruncate:
        truncated(t, hw_fd_fid(t, (Int)a[0]), a[1]);
        break;
    case __NR_truncate:
        path_truncated(t, a[0], a[1]);
        break;
    case __NR_fallocate:
        allocated(t, a);
        break;
    case __NR_fsync:
        synced(t, (Int)a[0], 0);
        break;
    case __NR_fdatasync:
        synced(t, (Int)a[0], HWT_FSYNC_DATA);
        break;
    case __NR_sync_file_range:
        synced(t, (Int)a[0], HWT_FSYNC_RANGE);
        break;
    case __NR_sync:
    case __NR_syncfs:
        hw_op(t, HWT_OP_FSYNC, 0, HWT_FSYNC_ALL);
        break;
    case __NR_fadvise64:
        advised(t, (Int)a[0], a[1], a[2], a[3]);
        break;
    case __NR_readahead:
        advised(t, (Int)a[0], a[1], a[2], 3 /* will need */);
        break;
    case __NR_unlink:
    case __NR_unlinkat:
    case __NR_rename:
    case __NR_renameat:
    case __NR_renameat2:
        victim_gone(t);
        break;
    case __NR_shmctl:
        if ((a[1] & 0xff) == 0 /* IPC_RMID */)
            hw_op(t, HWT_OP_UNLINK, hw_fid(t, 0, a[0], 0, 0, HWT_FILE_SHMEM, "SYSV"));
        break;
    default:
        break;
    }
}

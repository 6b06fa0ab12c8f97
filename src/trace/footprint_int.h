/* footprint_int.h - the state of one pass over a recording, shared by the files footprint*.c.
 *
 * An address space is ranges and bits per page; a file is bits per page; both count into struct
 * footprint as they change.
 */
#ifndef TRACE_FOOTPRINT_INT_H
#define TRACE_FOOTPRINT_INT_H

#include "base/hash.h"
#include "base/heap.h"
#include "base/vec.h"
#include "trace/footprint.h"
#include "trace/pageset.h"

#define PAGES_OF(bytes) (((bytes) + 4095) >> HWT_PAGE_SHIFT)

struct range { /* a mapping, in pages */
    u64 start, end;
    u32 file; /* index + 1, 0 anonymous */
    bool shared, locked;
    u8 prot; /* the kernel's PROT_ bits */
    u64 pgoff;
};

struct fp_file {
    struct footprint_file info;
    struct pageset pages;           /* there now */
    struct pageset touched, mapped; /* counted in info */
    u64 end_page;                   /* pages as of now; a fault behind them fails */
    bool was_mapped;                /* some process may have seen pages through a mapping */
    u32 maps, opens;                /* mappings, and descriptions that are open in some process */
    bool nameless; /* it goes with the last of these: removed, or shared anonymous memory */
};

struct fp_mm {
    u32 users;
    VEC(struct range) ranges; /* sorted, disjoint */
    struct pageset seen;      /* pages accessed: nothing new to learn from a read */
    struct pageset written;   /* pages written */
    struct pageset anon;      /* anonymous pages now */
    struct pageset anon_ever; /* counted in anon_pages */
    struct u64map fids;       /* fid -> file index + 1 */
    struct u64map open;       /* handle -> file index + 1 */
    u64 heap_start, heap_end; /* as brk left it, in pages; 0: it has none */
    u32 lock_future;          /* the kernel's MCL_ bits, as mlockall left them */
    u32 process;              /* index + 1; 0: none as yet */
};

struct fp_process {
    struct footprint_process info;
    struct pageset files; /* file index << 37 | page */
};

#define FILE_SHIFT 37u

struct fp_stream {
    struct trace_cursor cursor;
    size_t at;
    struct fp_mm *mm;
    u32 process; /* index + 1 */
    u64 instructions;
    bool begun, over;
};

struct fp {
    const struct trace *t;
    struct footprint *out;
    struct fp_stream *streams;
    struct heap order;
    VEC(struct fp_file) files;
    VEC(struct fp_process) processes;
    struct u64map process_by_pid; /* pid -> index + 1 of the last one */
    struct u64map by_number;      /* hash of (dev, ino, instance) -> file index + 1 */
    struct u64map by_pid;         /* pid -> address of its fp_mm */
    struct u64map handles;        /* handle -> (file index + 1) << 1 | O_DIRECT */
    u64 anon_now, cache_now;
    u64 pages_left; /* that calls may still touch, before they are no longer followed */
    const struct footprint_window *window;
    u64 events;   /* so far */
    u64 begun_at; /* of these came before the window */
    u64 instructions;
    u64 next_place;  /* so many of them come before the next place; ~0: none, or it is a stamp */
    u64 stamp_place; /* the stamp of the next place; ~0: none, or it is a number of events */
};

/* ---- peaks (footprint.c) ---- */

void fp_note_peak(struct fp *fp);
void fp_note_process_peak(struct fp *fp, const struct fp_mm *mm);

/* ---- address spaces (footprint_space.c) ---- */

struct fp_mm *fp_mm_new(void);
struct fp_mm *fp_mm_copy(struct fp *fp,
                         const struct fp_mm *from); /* as a fork does; no pages yet */
void fp_mm_put(struct fp *fp, struct fp_mm *mm);    /* one user less */
void fp_unmap(struct fp *fp, struct fp_mm *mm, u64 start, u64 end);

/* No process has accessed these pages of the file: their next access counts. */
void fp_forget_file_pages(struct fp *fp, u32 file, u64 first, u64 end);

/* How many of so many pages (or mappings to copy) a call may touch. A recording from anywhere can
 * ask for any number. */
u64 fp_take_pages(struct fp *fp, u64 pages);
/* A page that this process had not read, or not written, before. */
void fp_first_access(struct fp *fp, struct fp_mm *mm, u64 page, bool write);
/* Tell who wants to know of an access; of a page of a file that a call transfers. */
void fp_see_access(struct fp *fp, const struct fp_stream *s, u64 page, enum hwt_kind kind);
void fp_see_transfer(struct fp *fp, const struct fp_stream *s, u32 file, u64 page, bool read);

static inline bool fp_sees(const struct fp *fp, const struct fp_stream *s)
{
    const struct footprint_window *w = fp->window;

    return (w->heat || w->set || w->touch) && fp->out->begun &&
           (!w->streams || w->streams[s - fp->streams]);
}

void fp_touch_range(struct fp *fp, struct fp_mm *mm, u64 addr, u64 len, bool write);

static inline void fp_touch(struct fp *fp, struct fp_mm *mm, u64 page, bool write)
{
    if (!pageset_test_and_set(write ? &mm->written : &mm->seen, page))
        fp_first_access(fp, mm, page, write);
}

/* MMAP; MREMAP; MUNMAP, MPROTECT, MADVISE and BRK; MLOCK, MUNLOCK and MLOCKALL. */
void fp_op_mmap(struct fp *fp, struct fp_stream *s, const struct trace_op *op);
void fp_op_mremap(struct fp *fp, struct fp_stream *s, const struct trace_op *op);
void fp_op_memory(struct fp *fp, struct fp_stream *s, const struct trace_op *op);
void fp_op_lock(struct fp *fp, struct fp_stream *s, const struct trace_op *op);

/* ---- files (footprint_file.c); a file is its index + 1, 0 is none ---- */

/* The file behind a shared anonymous mapping. */
u32 fp_new_shared_memory(struct fp *fp, u64 bytes);
/* 0: no file, which is counted unless the operation names none. */
u32 fp_file_by_fid(struct fp *fp, const struct fp_mm *mm, u64 fid);
u32 fp_file_by_handle(struct fp *fp, const struct fp_mm *mm, u64 handle, u64 fid);
bool fp_cached_kind(const struct fp_file *f); /* its pages are memory */
void fp_file_page(struct fp *fp, const struct fp_mm *mm, u32 file, u64 index, bool mapped);
/* Whole pages [first, end) leave the cache, and every mapping. */
void fp_drop_file_pages(struct fp *fp, u32 index, u64 first, u64 end);
void fp_cut_file(struct fp *fp, u32 index, u64 from_page);
void fp_file_resize(struct fp *fp, u32 index, u64 bytes);
void fp_file_put(struct fp *fp, u32 index); /* it lost a mapping, a description or its name */
void fp_close_all(struct fp *fp, struct fp_mm *mm); /* what the process has open */

/* FILE; OPEN; CLOSE; UNLINK; READ and WRITE; PUNCH. */
void fp_op_file(struct fp *fp, struct fp_stream *s, const struct trace_op *op);
void fp_op_open(struct fp *fp, struct fp_stream *s, const struct trace_op *op);
void fp_op_close(struct fp *fp, struct fp_stream *s, const struct trace_op *op);
void fp_op_unlink(struct fp *fp, struct fp_stream *s, const struct trace_op *op);
void fp_op_io(struct fp *fp, struct fp_stream *s, const struct trace_op *op);
void fp_op_punch(struct fp *fp, struct fp_stream *s, const struct trace_op *op);

#endif

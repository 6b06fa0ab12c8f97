/* sample.h - what the files of one cgroup v2 say at one moment, as far as sizing a live service
 * asks.
 *
 * Seam:   struct squeeze_host is all that the room knows of the world: files of one group by name,
 *         and a clock. A live kernel, a machine of ours behind `mount`, and a fake in a test are
 *         three of them.
 * Names:  "memory.stat" is a file of the group's directory, "../memory.max" one of the group above,
 *         "/proc/swaps" one of the machine.
 */
#ifndef SQUEEZE_SAMPLE_H
#define SQUEEZE_SAMPLE_H

#include "base/err.h"
#include "base/strbuf.h"

#define SQUEEZE_PAGE ((u64)4096)
#define SQUEEZE_NONE UINT64_MAX /* "max" of a limit; of a counter: the kernel does not have it */

struct squeeze_host {
    void *ctx;
    /* The file's text into an empty `out`. 0 or a negative errno. */
    int (*read)(void *ctx, const char *name, struct strbuf *out);
    /* One write(2) of the text. 0 or a negative errno. */
    int (*write)(void *ctx, const char *name, const char *text);
    ns_t (*now)(void *ctx);
    /* Each group right below this one, as a host that can only read; NULL: not told. */
    void (*below)(void *ctx, void (*each)(void *each_ctx, const struct squeeze_host *below),
                  void *each_ctx);
};

/* Counters are totals since the group was made. Pages, but for those that say bytes or ns. */
struct squeeze_sample {
    ns_t at;
    u64 size_bytes; /* memory.current */
    u64 swap_bytes; /* memory.swap.current; 0 without swap accounting */
    u64 high_bytes; /* memory.high; SQUEEZE_NONE: max */
    u64 anon_bytes, file_bytes, shmem_bytes,
        mapped_bytes; /* file_bytes: with shmem, as the kernel counts */
    u64 unevictable_bytes;
    u64 refault_anon, refault_file;
    u64 majflt;
    u64 swap_in;  /* pswpin of memory.stat; where the kernel has none there: refault_anon */
    u64 stall_ns; /* memory.pressure, some; SQUEEZE_NONE: pressure is not measured */
    u64 events_low, events_max, oom, oom_kill;
    u64 swap_fail; /* memory.swap.events: max + fail */
    bool empty;    /* cgroup.events: no process is left in it or below */
};

/* 0, or a negative errno with the file in *e. */
int squeeze_look(const struct squeeze_host *host, struct squeeze_sample *ret, struct err *e);

/* A file of one number or "max". 0, -ENOENT and the like, -EINVAL for another text. */
int squeeze_read_number(const struct squeeze_host *host, const char *name, u64 *ret);

/* The number after a key of "key value" lines; SQUEEZE_NONE where the key is missing or its value
 * is no number. */
u64 squeeze_find_value(const char *text, const char *key);

/* "max" or the bytes, as memory.high takes them. Returns buf. */
char *squeeze_limit_text(char buf[32], u64 bytes);

#endif

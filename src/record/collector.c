/* collector.c - slots to chunks.
 *
 * Tickets order publication, so the chunks of one stream are written in their order: of all full
 * slots the one with the lowest ticket goes first. A slot still being filled is read only when its
 * owner is dead or the recording is over; its len covers whole records at any moment.
 */
#include "record/collector.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Misses after which the filter forgets: eight times its size, so that a scan does not undo its
 * use. */
#define WINDOW_MISSES 8192

#define WINDOW_MAX (1u << 30)

/* Room in a bounded file for the end chunk. */
#define END_RESERVE    8192
#define SLOT_BYTES_MIN (32u << 10)

#define EXIT_KILLED 9

int collector_init(struct collector *c, struct hwt_writer *writer, u32 window, u64 max_bytes,
                   struct err *e)
{
    void *memory;

    memset(c, 0, sizeof(*c));
    c->writer = writer;
    c->max_bytes = max_bytes;
    c->widen_bytes = max_bytes / 2;
    c->fd = memfd_create("highwater-record", MFD_CLOEXEC);
    if (c->fd < 0 || ftruncate(c->fd, (off_t)CHANNEL_BYTES) != 0)
        return err_set(e, -errno, "cannot make shared memory: %s%s", strerror(errno),
                       errno == EFBIG ? "; it takes a limit of file sizes (ulimit -f) of 257 MiB"
                                      : "");
    memory = mmap(NULL, CHANNEL_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, c->fd, 0);
    if (memory == MAP_FAILED) {
        int error = -errno;

        close(c->fd);
        return err_set(e, error, "cannot map shared memory: %s", strerror(-error));
    }
    c->channel = memory;
    c->channel->magic = CHANNEL_MAGIC;
    c->channel->version = CHANNEL_VERSION;
    c->channel->nr_slots = CHANNEL_SLOTS;
    c->channel->slot_bytes = CHANNEL_SLOT_BYTES;
    if (max_bytes) { /* the last chunk that fits is small, so that little is left */
        hwt_writer_bound(writer, max_bytes - MIN(max_bytes, (u64)END_RESERVE));
        c->channel->slot_bytes =
            (u32)CLAMP(max_bytes / 16, (u64)SLOT_BYTES_MIN, (u64)CHANNEL_SLOT_BYTES);
    }
    c->channel->parent_pid = (u32)getpid();
    c->channel->window_instructions = window;
    c->channel->window_misses = WINDOW_MISSES;
    return 0;
}

void collector_done(struct collector *c)
{
    u64map_done(&c->next_seq);
    munmap(c->channel, CHANNEL_BYTES);
    close(c->fd);
}

static u8 *slot_bytes(struct collector *c, const struct channel_slot *s)
{
    return (u8 *)c->channel + CHANNEL_DATA_OFFSET +
           (size_t)(s - c->channel->slots) * CHANNEL_SLOT_BYTES;
}

/* Each time half of the room that was left is used, the window becomes four times as long. */
static void window_widen(struct collector *c)
{
    struct channel *ch = c->channel;
    u64 bytes = hwt_writer_bytes(c->writer);

    if (c->max_bytes == 0 || bytes < c->widen_bytes)
        return;
    c->widen_bytes = bytes + (c->max_bytes - bytes) / 2 + 1;
    if (ch->window_instructions < WINDOW_MAX / 4) {
        ch->window_instructions *= 4;
        ch->window_misses *= 4;
    }
}

/* A reader uses nothing behind a gap. */
static void check_seq(struct collector *c, const struct hwt_chunk *chunk)
{
    u64 next = 0;

    u64map_get(&c->next_seq, chunk->stream, &next);
    c->gaps += chunk->seq != next;
    u64map_put(&c->next_seq, chunk->stream, chunk->seq + 1ULL);
}

struct counts {
    u32 accesses, ops;
};

/* Nothing in the slot is trusted: the recorded program can write to it. */
static void slot_write(struct collector *c, struct channel_slot *s, u32 len, struct counts n)
{
    struct hwt_chunk chunk = {
        .type = HWT_CHUNK_STREAM,
        .stream = s->stream,
        .seq = s->seq,
        .order = s->order,
        .nr_accesses = n.accesses,
        .nr_ops = n.ops,
        .raw = slot_bytes(c, s),
        .raw_len = len,
    };
    int error;

    if (len == 0 || len > CHANNEL_SLOT_BYTES)
        return;
    if (c->full)
        return;
    error = hwt_writer_put(c->writer, &chunk);
    c->full = error == 1;
    if (error) {
        __atomic_store_n(&c->channel->closed, 1, __ATOMIC_RELEASE);
        return;
    }
    check_seq(c, &chunk);
    c->accesses += chunk.nr_accesses;
    c->ops += chunk.nr_ops;
    c->raw_bytes += len;
    window_widen(c);
}

/* As the thread counted: of a slot that it does not write to. */
static struct counts slot_counts(const struct channel_slot *s)
{
    return (struct counts){s->nr_accesses, s->nr_ops};
}

static bool slot_move(struct channel_slot *s, u32 from, u32 to)
{
    return __atomic_compare_exchange_n(&s->state, &from, to, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_RELAXED);
}

static void slot_free(struct collector *c, struct channel_slot *s)
{
    s->pid = 0;
    s->len = 0;
    __atomic_store_n(&s->state, CHANNEL_FREE, __ATOMIC_RELEASE);
    __atomic_add_fetch(&c->channel->freed, 1, __ATOMIC_SEQ_CST);
    syscall(SYS_futex, &c->channel->freed, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static struct channel_slot *slot_oldest_full(struct collector *c)
{
    struct channel_slot *oldest = NULL;

    for (u32 i = 0; i < CHANNEL_SLOTS; i++) {
        struct channel_slot *s = &c->channel->slots[i];

        if (__atomic_load_n(&s->state, __ATOMIC_ACQUIRE) != CHANNEL_FULL || c->taken[i])
            continue;
        if (oldest == NULL || s->ticket < oldest->ticket)
            oldest = s;
    }
    return oldest;
}

unsigned collector_drain(struct collector *c)
{
    struct channel_slot *s;
    unsigned n = 0;

    while ((s = slot_oldest_full(c)) != NULL) {
        slot_write(c, s, s->len, slot_counts(s));
        slot_free(c, s);
        n++;
    }
    return n;
}

void collector_wait(struct collector *c, ns_t timeout_ns)
{
    struct timespec timeout = {(time_t)(timeout_ns / NS_PER_S), (long)(timeout_ns % NS_PER_S)};
    u32 seen = __atomic_load_n(&c->channel->wake, __ATOMIC_ACQUIRE);

    if (slot_oldest_full(c) != NULL)
        return;
    syscall(SYS_futex, &c->channel->wake, FUTEX_WAIT, seen, &timeout, NULL, 0);
}

static u64 take_varint(const u8 *bytes, u32 len, u32 *at)
{
    u64 value = 0;

    for (unsigned shift = 0; *at < len && shift < 64; shift += 7) {
        u8 byte = bytes[(*at)++];

        value |= (u64)(byte & 0x7f) << shift;
        if (byte < 0x80)
            break;
    }
    return value;
}

/* The owner may have died, or be running, between a record and its counters: count what is in len
 * bytes. */
static struct counts slot_recount(struct collector *c, const struct channel_slot *s, u32 len)
{
    const u8 *bytes = slot_bytes(c, s);
    struct counts n = {0, 0};
    u32 at = 0;

    while (at < len) {
        u64 first = take_varint(bytes, len, &at);

        take_varint(bytes, len, &at); /* instructions */
        if ((first & 3) != HWT_OP) {
            n.accesses++;
            continue;
        }
        take_varint(bytes, len, &at); /* stamp */
        u64 body = take_varint(bytes, len, &at);

        at = body > len - at ? len : at + (u32)body;
        n.ops++;
    }
    return n;
}

/* Append EXIT_GROUP to a slot nobody fills any more. */
static void slot_add_exit(struct collector *c, struct channel_slot *s, int wait_status,
                          struct counts *counts)
{
    u8 *bytes = slot_bytes(c, s);
    u8 record[32];
    u8 *p = record;
    u64 status = (u64)(u32)wait_status;
    u8 body[HWT_VARINT_MAX];
    u8 n = 0;

    do {
        body[n++] = (u8)((status & 0x7f) | (status > 0x7f ? 0x80 : 0));
        status >>= 7;
    } while (status > 0);
    *p++ = HWT_OP_EXIT_GROUP << 2 | HWT_OP;
    *p++ = 0; /* instructions */
    *p++ = 0; /* stamp: as the record before, or the chunk's */
    *p++ = n;
    memcpy(p, body, n);
    p += n;
    if (s->len + (u32)(p - record) > CHANNEL_SLOT_BYTES)
        return;
    if (s->len == 0) /* what it did is in the file: this chunk has the end alone */
        s->order = __atomic_add_fetch(&c->channel->order, 1, __ATOMIC_SEQ_CST);
    memcpy(bytes + s->len, record, (size_t)(p - record));
    s->len += (u32)(p - record);
    counts->ops++;
}

/* Write what a waiting thread left in its slot. It finds the slot empty when it goes on. What its
 * stream published since the last drain comes before this in the file. */
static void slot_take(struct collector *c, struct channel_slot *s)
{
    if (!slot_move(s, CHANNEL_PARKED, CHANNEL_TAKING))
        return;
    collector_drain(c);
    if (s->len > 0 && s->len <= CHANNEL_SLOT_BYTES) {
        slot_write(c, s, s->len, slot_counts(s));
        s->seq++;
        s->nr_accesses = s->nr_ops = 0;
        s->order = c->channel->order;
        __atomic_store_n(&s->len, 0, __ATOMIC_RELEASE);
    }
    __atomic_store_n(&s->state, CHANNEL_PARKED, __ATOMIC_RELEASE);
}

void collector_flush(struct collector *c)
{
    __atomic_add_fetch(&c->channel->flush, 1, __ATOMIC_RELEASE);
    collector_drain(c);
    for (u32 i = 0; i < CHANNEL_SLOTS; i++)
        if (__atomic_load_n(&c->channel->slots[i].state, __ATOMIC_ACQUIRE) == CHANNEL_PARKED)
            slot_take(c, &c->channel->slots[i]);
}

static bool is_dead(u32 pid)
{
    return pid != 0 && kill((pid_t)pid, 0) != 0 && errno == ESRCH;
}

/* All that a dead process left. Nothing of it changes any more, so what it published is written
 * before what it still held. */
static void process_take(struct collector *c, u32 pid, int wait_status)
{
    collector_drain(c);
    for (u32 i = 0; i < CHANNEL_SLOTS; i++) {
        struct channel_slot *s = &c->channel->slots[i];
        u32 state = __atomic_load_n(&s->state, __ATOMIC_ACQUIRE);
        struct counts counts;

        if (s->pid != pid || (state != CHANNEL_FILLING && state != CHANNEL_PARKED))
            continue;
        if (s->len > CHANNEL_SLOT_BYTES)
            s->len = 0;
        counts = slot_recount(c, s, s->len);
        if (s->leader) {
            slot_add_exit(c, s, wait_status, &counts);
            c->broken += WIFEXITED(wait_status);
        }
        slot_write(c, s, s->len, counts);
        slot_free(c, s);
    }
}

/* A thread that is killed between two stores has claimed a slot without telling its name. It is
 * found when the recording is closed. */
void collector_reap(struct collector *c, int pid, int wait_status)
{
    if (pid != 0)
        process_take(c, (u32)pid, wait_status);
    for (u32 i = 0; i < CHANNEL_SLOTS; i++) {
        const struct channel_slot *s = &c->channel->slots[i];
        u32 state = __atomic_load_n(&s->state, __ATOMIC_ACQUIRE);
        u32 owner = s->pid;

        if ((state == CHANNEL_FILLING || state == CHANNEL_PARKED) && is_dead(owner))
            process_take(c, owner, EXIT_KILLED);
    }
}

/* A thread that still runs goes on writing to its slot behind len, and may publish it, until it
 * sees that the recording is over. */
void collector_close(struct collector *c)
{
    __atomic_store_n(&c->channel->closed, 1, __ATOMIC_RELEASE);
    collector_reap(c, 0, 0);
    for (u32 i = 0; i < CHANNEL_SLOTS; i++) {
        struct channel_slot *s = &c->channel->slots[i];
        u32 len;

        slot_take(c, s);
        collector_drain(c);
        if (__atomic_load_n(&s->state, __ATOMIC_ACQUIRE) != CHANNEL_FILLING)
            continue;
        len = __atomic_load_n(&s->len, __ATOMIC_ACQUIRE);
        if (len > CHANNEL_SLOT_BYTES)
            continue;
        slot_write(c, s, len, slot_recount(c, s, len));
        c->taken[i] = true;
    }
}

/* collector_test.c - chunks of one stream reach the file in their order, whenever its thread does
 * what.
 *
 * The recorded threads are played by this program. What they do in the middle of the collector's
 * work happens in pwrite() and kill(), which the collector calls there and which are replaced here.
 */
#include "base/test.h"
#include "record/collector.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define WINDOW    (1u << 20)
#define PID_DEAD  4000001u /* above the largest pid_max, so nobody has it */
#define STREAMS   4
#define TERMINATE 15

static struct collector collector;
static struct hwt_writer *writer;
static char path[64];
static void (*in_write)(void), (*in_kill)(void); /* each runs once */

static void run_once(void (**hook)(void))
{
    void (*fn)(void) = *hook;

    *hook = NULL;
    if (fn)
        fn();
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at)
{
    run_once(&in_write);
    return syscall(SYS_pwrite64, fd, bytes, count, at);
}

int kill(pid_t pid, int sig)
{
    run_once(&in_kill);
    return (int)syscall(SYS_kill, pid, sig);
}

/* ---- what a recorded thread does (record/valgrind/hw_emit.c) ---- */

static struct channel_slot *claim(u32 index, u32 pid, u32 stream, u32 seq)
{
    struct channel_slot *s = &collector.channel->slots[index];

    assert_int_equal(s->state, CHANNEL_FREE);
    s->state = CHANNEL_FILLING;
    s->pid = pid;
    s->stream = stream;
    s->seq = seq;
    s->order = collector.channel->order;
    s->nr_accesses = s->nr_ops = s->len = s->leader = 0;
    return s;
}

/* One access: page 1, read, no instructions. */
static void fill(struct channel_slot *s)
{
    u8 *bytes = (u8 *)collector.channel + CHANNEL_DATA_OFFSET +
                (size_t)(s - collector.channel->slots) * CHANNEL_SLOT_BYTES;

    bytes[s->len] = 1 << 3;
    bytes[s->len + 1] = 0;
    s->nr_accesses++;
    s->len += 2;
}

static void publish(struct channel_slot *s)
{
    s->ticket = ++collector.channel->publications;
    s->state = CHANNEL_FULL;
}

/* ---- the file ---- */

struct file {
    u32 seqs[STREAMS][8];
    u32 nr[STREAMS];
    u32 ops[STREAMS];
    u32 accesses[STREAMS];
};

static u32 field(const u8 *header, size_t offset)
{
    u32 value;

    memcpy(&value, header + offset, sizeof(value));
    return value;
}

static struct file file_read(void)
{
    struct file f = {0};
    u8 header[HWT_HEADER_BYTES];
    int fd = open(path, O_RDONLY);
    off_t at = 0;

    assert_true(fd >= 0);
    while (pread(fd, header, sizeof(header), at) == (ssize_t)sizeof(header)) {
        u32 stream = field(header, HWT_OFF_STREAM);

        assert_int_equal(field(header, HWT_OFF_MAGIC), HWT_MAGIC);
        assert_true(stream < STREAMS && f.nr[stream] < 8);
        f.seqs[stream][f.nr[stream]++] = field(header, HWT_OFF_SEQ);
        f.ops[stream] += field(header, HWT_OFF_NR_OPS);
        f.accesses[stream] += field(header, HWT_OFF_NR_ACCESSES);
        at += HWT_HEADER_BYTES + field(header, HWT_OFF_STORED_LEN);
    }
    close(fd);
    return f;
}

/* The stream's chunks in the file are 0, 1, ... nr - 1. */
static void in_order(const struct file *f, u32 stream, u32 nr)
{
    assert_int_equal(f->nr[stream], nr);
    for (u32 i = 0; i < nr; i++)
        assert_int_equal(f->seqs[stream][i], i);
}

static int setup(void **state)
{
    struct err e = {0};

    (void)state;
    in_write = in_kill = NULL;
    snprintf(path, sizeof(path), "/tmp/hw-collector-%ld.hwt", (long)getpid());
    assert_int_equal(hwt_writer_new(path, 0600, true, &writer, &e), 0);
    assert_int_equal(collector_init(&collector, writer, WINDOW, 0, &e), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    collector_done(&collector);
    unlink(path);
    return 0;
}

static struct file close_and_read(void)
{
    assert_int_equal(hwt_writer_close(writer), 0);
    return file_read();
}

/* ---- tests ---- */

static void stream_2_publishes_and_parks_again(void)
{
    struct channel_slot *held = &collector.channel->slots[1];

    held->state = CHANNEL_FILLING; /* it goes on, */
    fill(held);
    publish(held); /* has filled its slot, */
    held = claim(2, 1, 2, 1);
    fill(held);
    held->state = CHANNEL_PARKED; /* and waits anew with another */
}

TEST_WITH(chunk_published_during_a_flush_comes_before_the_parked_one, setup, teardown)
{
    for (u32 i = 0; i < 2; i++) {
        struct channel_slot *s = claim(i, 1, i + 1, 0);

        fill(s);
        s->state = CHANNEL_PARKED;
    }
    in_write = stream_2_publishes_and_parks_again; /* while slot 0 is being written */
    collector_flush(&collector);
    assert_null(in_write);
    struct file f = close_and_read();

    in_order(&f, 1, 1);
    in_order(&f, 2, 2);
}

static void process_publishes_and_dies(void)
{
    publish(&collector.channel->slots[1]);
    fill(claim(0, PID_DEAD, 1, 1));
    collector.channel->slots[0].leader = 1;
}

TEST_WITH(chunk_published_before_a_death_comes_before_the_held_one, setup, teardown)
{
    struct channel_slot *s;

    s = claim(1, PID_DEAD, 1, 0);
    s->leader = 1;
    fill(s);
    in_kill = process_publishes_and_dies; /* after its slot was seen being filled */
    collector_reap(&collector, 0, 0);
    assert_null(in_kill);
    for (u32 i = 0; i < 2; i++)
        assert_int_equal(collector.channel->slots[i].state, CHANNEL_FREE);
    struct file f = close_and_read();

    in_order(&f, 1, 2);
    assert_int_equal(f.ops[1], 1); /* one EXIT_GROUP */
}

TEST_WITH(end_of_a_process_is_in_its_last_chunk_alone, setup, teardown)
{
    struct channel_slot *s = claim(3, PID_DEAD, 1, 0);

    s->leader = 1;
    fill(s);
    publish(s);
    s = claim(0, PID_DEAD, 1, 1);
    s->leader = 1;
    collector_reap(&collector, PID_DEAD, TERMINATE);
    collector_reap(&collector, 0, 0);
    struct file f = close_and_read();

    in_order(&f, 1, 2);
    assert_int_equal(f.ops[1], 1);
}

static void stream_1_publishes(void)
{
    fill(&collector.channel->slots[0]);
    publish(&collector.channel->slots[0]);
}

TEST_WITH(chunk_taken_unfinished_at_the_end_is_not_written_again, setup, teardown)
{
    fill(claim(0, (u32)getpid(), 1, 0));
    fill(claim(1, (u32)getpid(), 2, 0));
    in_write = stream_1_publishes; /* after the collector read how much is there */
    collector_close(&collector);
    assert_null(in_write);
    struct file f = close_and_read();

    in_order(&f, 1, 1);
    in_order(&f, 2, 1);
}

/* Its thread is at work, between a record and its counter: what is there is counted, and the
 * counter is the thread's own. */
TEST_WITH(chunk_taken_unfinished_has_the_counts_of_its_records, setup, teardown)
{
    struct channel_slot *s = claim(0, (u32)getpid(), 1, 0);

    fill(s);
    fill(s);
    s->nr_accesses = 3;
    collector_close(&collector);
    assert_int_equal(s->nr_accesses, 3);
    struct file f = close_and_read();

    in_order(&f, 1, 1);
    assert_int_equal(f.accesses[1], 2);
}

TEST_WITH(chunk_that_never_came_is_counted, setup, teardown)
{
    for (u32 seq = 0; seq < 4; seq += 2) {
        struct channel_slot *s = claim(0, 1, 1, seq);

        fill(s);
        publish(s);
        collector_drain(&collector);
    }
    assert_int_equal(collector.gaps, 1);
    hwt_writer_abort(writer);
}

TEST_WITH(exit_that_the_tool_did_not_tell_is_its_failure, setup, teardown)
{
    claim(0, PID_DEAD, 1, 0)->leader = 1;
    collector_reap(&collector, PID_DEAD, TERMINATE);
    assert_int_equal(collector.broken, 0);
    claim(0, PID_DEAD, 1, 1)->leader = 1;
    collector_reap(&collector, PID_DEAD, 1 << 8);
    assert_int_equal(collector.broken, 1);
    hwt_writer_abort(writer);
}

TEST_MAIN()

/* device.c - when a request is done, given those before it.
 *
 * A request starts when the first of the queue's slots falls free, is ready for its data after its
 * latency (and a seek, where there is one), and then waits for the data path, which carries one
 * request at a time. So latencies overlap and transfers do not: at depth 1 the device gives 1 /
 * (latency + transfer) requests a second, with a full queue min(depth / latency, rate / bytes).
 *
 * Times in the future are known at submission, and so are the sums of diskstats; device_stats_now
 * takes the part of requests in flight out again.
 */
#include "machine/device.h"

#include "base/alloc.h"

#include <stdio.h>
#include <string.h>

#define READAHEAD_KB 128u

const struct device_profile device_profiles[] = {
#define DEVICE(id, major, read_ns, write_ns, read_rate, write_rate, depth, seek_ns, sync, rot, \
               stats, compressed, node, doc)                                                   \
    {#id,     doc,  major, read_ns, write_ns,   read_rate,    write_rate, depth,               \
     seek_ns, sync, rot,   stats,   compressed, READAHEAD_KB, node},
#include "machine/devices.def"
#undef DEVICE
};
const unsigned nr_device_profiles = ARRAY_SIZE(device_profiles);

const struct device_profile *device_profile_find(const char *name)
{
    for (unsigned i = 0; i < nr_device_profiles; i++) {
        if (strcmp(device_profiles[i].name, name) == 0)
            return &device_profiles[i];
    }
    return NULL;
}

char *device_profile_names(char *buf, size_t size, bool compressed)
{
    size_t len = 0;

    *buf = '\0';
    for (unsigned i = 0; i < nr_device_profiles && len < size; i++) {
        if (device_profiles[i].compressed && !compressed)
            continue;
        len += (size_t)snprintf(buf + len, size - len, "%s%s", len ? ", " : "",
                                device_profiles[i].name);
    }
    return buf;
}

/* a ... z, aa ... */
static void append_letters(char *buf, size_t size, unsigned n)
{
    size_t len = strlen(buf);

    if (n >= 26)
        snprintf(buf + len, size - len, "%c%c", 'a' + n / 26 % 26 - 1, 'a' + n % 26);
    else
        snprintf(buf + len, size - len, "%c", 'a' + n);
}

char *device_node_name(char *buf, size_t size, const struct device_profile *p, unsigned n)
{
    buf[0] = '\0';
    for (const char *at = p->node; *at; at++) {
        size_t len = strlen(buf);

        if (*at == '@')
            append_letters(buf, size, n);
        else if (*at == '#')
            snprintf(buf + len, size - len, "%u", n);
        else
            snprintf(buf + len, size - len, "%c", *at);
    }
    return buf;
}

void device_init(struct device *d, const char *name, const struct device_profile *p,
                 struct clock *c, struct counters *counters)
{
    *d = (struct device){.profile = p, .clock = c, .counters = counters, .major = p->major};
    snprintf(d->name, sizeof(d->name), "%s", name);
    d->slot_free = xcalloc(p->queue_depth, sizeof(*d->slot_free));
    d->last_end = UINT64_MAX; /* the first request seeks */
    heap_init(&d->in_flight);
}

void device_done(struct device *d)
{
    heap_done(&d->in_flight);
    free(d->slot_free);
    d->slot_free = NULL;
}

static ns_t transfer_ns(const struct device_profile *p, enum device_op op, u64 bytes)
{
    u64 rate = op == DEVICE_READ ? p->read_bytes_per_s : p->write_bytes_per_s;

    if (!rate)
        return 0;
    /* In two steps, since bytes x 10^9 may overflow. No rate is above 18 GB/s. */
    return bytes / rate * NS_PER_S + bytes % rate * NS_PER_S / rate;
}

/* The queue slot that falls free first; of equals, the lowest. */
static ns_t *choose_slot(const struct device *d)
{
    ns_t *best = &d->slot_free[0];

    for (u32 i = 1; i < d->profile->queue_depth; i++) {
        if (d->slot_free[i] < *best)
            best = &d->slot_free[i];
    }
    return best;
}

static ns_t serve(struct device *d, enum device_op op, u64 position, u64 bytes, ns_t at)
{
    const struct device_profile *p = d->profile;
    ns_t latency = op == DEVICE_READ ? p->read_latency : p->write_latency;
    ns_t transfer = transfer_ns(p, op, bytes);
    ns_t *slot, ready, done;

    if (p->synchronous)
        return at + latency + transfer;
    if (position != d->last_end)
        latency += p->seek;
    slot = choose_slot(d);
    ready = MAX(*slot, at) + latency;
    done = MAX(ready, d->path_free) + transfer;
    *slot = done;
    d->path_free = done;
    return done;
}

static void forget_completed(struct device *d)
{
    const struct heap_item *first;

    while ((first = heap_peek(&d->in_flight)) && first->key <= d->clock->now)
        heap_pop(&d->in_flight);
}

static void account(struct device *d, enum device_op op, u64 sectors, ns_t at, ns_t done)
{
    d->stats.ios[op]++;
    d->stats.sectors[op] += sectors;
    d->stats.ticks_ns[op] += done - at;
    d->stats.time_in_queue += done - at;
    if (done > d->busy_until) {
        d->stats.io_ticks += done - MAX(at, d->busy_until);
        d->busy_until = done;
    }
    if (d->profile->synchronous)
        return; /* over before anybody can look */
    forget_completed(d);
    heap_push(&d->in_flight, done, (void *)(uintptr_t)at, sectors << 1 | op);
}

static bool choose_failure(struct device *d, enum device_op op)
{
    if (!d->fail_every[op] || ++d->fail_count[op] < d->fail_every[op])
        return false;
    d->fail_count[op] = 0;
    return true;
}

static ns_t request(struct device *d, enum device_op op, u64 position, u64 bytes, ns_t at,
                    ns_t work_ns, bool *ret_failed)
{
    ns_t done = serve(d, op, position, bytes, at) + work_ns;

    assert(bytes > 0 && at >= d->clock->now);
    d->last_end = position + bytes;
    if (d->profile->diskstats)
        account(d, op, DIV_ROUND_UP(bytes, SECTOR_SIZE), at, done);
    *ret_failed = choose_failure(d, op);
    return done;
}

ns_t device_submit(struct device *d, enum device_op op, u64 position, u64 bytes, ns_t at,
                   bool *ret_failed)
{
    count(d->counters, op == DEVICE_READ ? PGPGIN : PGPGOUT, (s64)DIV_ROUND_UP(bytes, SECTOR_SIZE));
    return request(d, op, position, bytes, at, 0, ret_failed);
}

ns_t device_rw_page(struct device *d, enum device_op op, u64 position, ns_t work_ns,
                    bool *ret_failed)
{
    assert(d->profile->synchronous);
    return request(d, op, position, 4096, d->clock->now, work_ns, ret_failed);
}

void device_stats_now(const struct device *d, struct device_stats *ret_stats)
{
    struct device_stats s = d->stats;
    ns_t now = d->clock->now;

    for (size_t i = 0; i < d->in_flight.count; i++) {
        const struct heap_item *item = &d->in_flight.items[i];
        ns_t submitted = (uintptr_t)item->ptr;
        unsigned op = item->num & 1;

        if (item->key <= now)
            continue;
        s.ios[op]--;
        s.sectors[op] -= item->num >> 1;
        s.ticks_ns[op] -= item->key - submitted;
        s.time_in_queue -= item->key - submitted;
        s.in_flight++;
    }
    if (d->busy_until > now && !d->profile->synchronous)
        s.io_ticks -= MIN(s.io_ticks, d->busy_until - now); /* or it starts a little later */
    *ret_stats = s;
}

void device_check(const struct device *d)
{
    struct device_stats now;

    heap_check(&d->in_flight);
    device_stats_now(d, &now);
    for (unsigned op = 0; op < 2; op++) {
        assert(now.ios[op] <= d->stats.ios[op]);
        assert(now.sectors[op] <= d->stats.sectors[op]);
        assert(now.ticks_ns[op] <= d->stats.ticks_ns[op]);
    }
    if (d->profile->synchronous)
        assert(heap_empty(&d->in_flight));
    else
        assert(now.io_ticks <= d->clock->now);
}

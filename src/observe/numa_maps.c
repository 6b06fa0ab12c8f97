/* numa_maps.c - /proc/PID/numa_maps: on which nodes the memory of the largest processes lies, and
 * by which policy.
 *
 *   7f2c40000000 interleave:0-1 anon=2048 dirty=2048 active=0 N0=1024 N1=1024 kernelpagesize_kB=4
 *
 * N<node> counts pages of kernelpagesize_kB, of the program's own memory and of files alike. To
 * print the file the kernel walks all page tables of the process, so that few processes are looked
 * at, seldom, and none on a machine of one node.
 */
#include "observe/reading_int.h"

#include <stdio.h>

#define PROCESSES_LOOKED_AT 16

struct line {
    u64 page_bytes;
    bool interleaved, bound, preferred, pool;
    struct {
        u32 node;
        u64 pages;
    } on[64];
    unsigned count;
};

static bool parse_line(struct span text, u64 page_bytes, struct line *ret)
{
    struct span word, policy;

    *ret = (struct line){.page_bytes = page_bytes};
    if (!span_take_word(&text, &word) || !span_take_word(&text, &policy))
        return false;
    ret->interleaved = span_begins(policy, "interleave") || span_begins(policy, "weighted");
    ret->bound = span_begins(policy, "bind");
    ret->preferred = span_begins(policy, "prefer");
    while (span_take_word(&text, &word)) {
        u64 node, number;

        ret->pool |= span_is(word, "huge");
        if (span_take(&word, "kernelpagesize_kB=") && span_take_u64(&word, &number) && number > 0 &&
            number <= (u64)1 << 24)
            ret->page_bytes = number * KIB;
        if (ret->count < ARRAY_SIZE(ret->on) && span_take(&word, "N") &&
            span_take_u64(&word, &node) && node < NODES_MAX && span_take(&word, "=") &&
            span_take_u64(&word, &number) && number < (u64)1 << 36) {
            ret->on[ret->count].node = (u32)node;
            ret->on[ret->count++].pages = number;
        }
    }
    return true;
}

static struct process_node_view *row_of(struct snapshot *s, size_t first, u32 pid, u32 node)
{
    size_t at = first;

    while (at < s->process_nodes.count && s->process_nodes.items[at].node < node)
        at++;
    if (at == s->process_nodes.count || s->process_nodes.items[at].node != node) {
        vec_push(&s->process_nodes, ((struct process_node_view){0}));
        memmove(&s->process_nodes.items[at + 1], &s->process_nodes.items[at],
                (s->process_nodes.count - 1 - at) * sizeof(s->process_nodes.items[0]));
        s->process_nodes.items[at] =
            (struct process_node_view){.pid = pid, .node = node, .policies = true};
    }
    return &s->process_nodes.items[at];
}

unsigned snapshot_add_numa_maps(struct snapshot *s, struct span text, u32 pid)
{
    size_t first = s->process_nodes.count;
    struct span line;
    unsigned found = 0;

    while (span_take_line(&text, &line)) {
        struct line parsed;

        if (!parse_line(line, s->page_bytes, &parsed))
            continue;
        found++;
        for (unsigned i = 0; i < parsed.count; i++) {
            struct process_node_view *row = row_of(s, first, pid, parsed.on[i].node);
            u64 bytes = MIN(parsed.on[i].pages * parsed.page_bytes, (u64)1 << 50);

            /* No machine has more: sums of such rows cannot overflow. */
            row->bytes = MIN(row->bytes + bytes, (u64)1 << 50);
            if (parsed.interleaved)
                row->interleaved = MIN(row->interleaved + bytes, row->bytes);
            if (parsed.bound)
                row->bound = MIN(row->bound + bytes, row->bytes);
            if (parsed.pool) {
                row->pool = MIN(row->pool + bytes, row->bytes);
                row->pool_page = MAX(row->pool_page, parsed.page_bytes);
            }
            if (parsed.preferred)
                row->preferred = MIN(row->preferred + bytes, row->bytes);
        }
    }
    return found;
}

static bool has_several_nodes(const struct reading *r)
{
    const struct snapshot *of = reading_wants(r, PART_NODES) || !r->before ? r->s : r->before;

    return of->nodes.count > 1;
}

static int by_pid(const void *a, const void *b)
{
    const struct process_view *x = *(struct process_view *const *)a;
    const struct process_view *y = *(struct process_view *const *)b;

    return x->pid < y->pid ? -1 : x->pid > y->pid;
}

void read_numa_maps(struct reading *r)
{
    struct process_view *largest[PROCESSES_LOOKED_AT];
    unsigned done = 0, denied = 0;
    size_t count;

    if (!has_several_nodes(r)) {
        reading_mark(r, PART_NUMA_MAPS, r->s->processes.count > 0 ? 0 : -ENOENT);
        return;
    }
    count = processes_largest(r->s, largest, ARRAY_SIZE(largest));
    qsort(largest, count, sizeof(largest[0]), by_pid);
    for (size_t i = 0; i < count; i++) {
        char path[64];
        struct span text;
        int rc;

        snprintf(path, sizeof(path), "proc/%u/numa_maps", largest[i]->pid);
        rc = reading_file(r, path, FILE_MAX_LARGE, &text);
        denied += rc == -EACCES || rc == -EPERM;
        if (rc == 0 || rc == -EFBIG)
            done += snapshot_add_numa_maps(r->s, text, largest[i]->pid) > 0;
    }
    if (denied > 0 && done > 0)
        reading_mark_why(r, PART_NUMA_MAPS, PART_CUT, "needs root for other users' processes");
    else
        reading_mark(r, PART_NUMA_MAPS, denied > 0 ? -EACCES : done > 0 ? 0 : -ENOENT);
}

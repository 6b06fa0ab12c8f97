/* format_metrics.c - what exporters print for Prometheus, a JVM's crash file, and uname. */
#include "paste/block.h"
#include "paste/state_int.h"

#include <stdio.h>
#include <stdlib.h>

#define NAME_MAX_ 200

/* --- metrics ---------------------------------------------------------------------------------- */

static bool is_metric(struct span line)
{
    static const char *const beginnings[] = {"node_memory_",        "node_vmstat_",
                                             "container_memory_",   "container_spec_memory_",
                                             "container_oom_",      "kube_pod_container_status_",
                                             "node_pressure_memory"};

    for (unsigned i = 0; i < ARRAY_SIZE(beginnings); i++)
        if (span_begins(line, beginnings[i]))
            return true;
    return false;
}

bool metrics_begins(const struct block *b, struct span line)
{
    (void)b;
    return is_metric(line);
}

bool metrics_goes_on(const struct block *b, struct span line)
{
    (void)b;
    return is_metric(line) || span_begins(line, "# HELP") || span_begins(line, "# TYPE") ||
           span_begins(line, "node_") || span_begins(line, "container_");
}

/* "1.665656e+10", "0", "NaN". */
static bool metric_value(struct span text, double *ret)
{
    char buf[64];
    char *end;

    span_copy(span_trim(text), buf, sizeof(buf));
    *ret = strtod(buf, &end);
    return end != buf && *ret >= 0 && *ret < 1e18;
}

/* The value of a label, "pod=\"web\"". */
static bool label_of(struct span labels, const char *key, char *buf, size_t size)
{
    char pattern[40];
    const char *at, *end;

    snprintf(pattern, sizeof(pattern), "%s=\"", key);
    at = span_find(labels, pattern);
    if (!at)
        return false;
    at += strlen(pattern);
    end = memchr(at, '"', (size_t)(labels.end - at));
    if (!end || end == at)
        return false;
    span_copy((struct span){at, end}, buf, size);
    return true;
}

static void take_node_memory(struct block *b, struct span name, double value)
{
    char key[80];
    size_t len;

    name.at += strlen("node_memory_");
    if (span_ends(name, "_bytes"))
        name.end -= strlen("_bytes");
    span_copy(name, key, sizeof(key));
    len = strlen(key);
    /* Active_anon is Active(anon). */
    for (unsigned i = 0; i < NR_MEMINFO_FIELDS; i++) {
        char want[80];

        snprintf(want, sizeof(want), "%s", meminfo_keys[i]);
        for (char *at = want; *at; at++)
            if (*at == '(')
                *at = '_';
        if (strlen(want) && want[strlen(want) - 1] == ')')
            want[strlen(want) - 1] = '\0';
        if (len == strlen(want) && strcmp(want, key) == 0)
            block_meminfo(b, (enum meminfo_field)i, (u64)value, RANK_FILE);
    }
}

static void take_container(struct block *b, struct span name, struct span labels, double value,
                           bool *told)
{
    char pod[NAME_MAX_] = "", container[NAME_MAX_] = "", space[NAME_MAX_] = "",
         path[NAME_MAX_ * 3 + 8];

    label_of(labels, "namespace", space, sizeof(space));
    label_of(labels, "pod", pod, sizeof(pod));
    label_of(labels, "container", container, sizeof(container));
    if (!*container && !*pod && !label_of(labels, "name", container, sizeof(container)) &&
        label_of(labels, "id", path, sizeof(path)) && path[0] == '/' && path[1]) {
        ;
    } else if (*container || *pod) {
        snprintf(path, sizeof(path), "/%s%s%s%s%s", space, *space ? "/" : "", pod,
                 *pod && *container ? "/" : "", container);
        if (path[0] == '/' && path[1] == '/')
            memmove(path, path + 1, strlen(path));
    } else {
        return;
    }
    if (span_is(name, "container_memory_usage_bytes"))
        block_group(b, path, (u64)value, UNKNOWN);
    else if (span_is(name, "container_memory_working_set_bytes") && value > 0) {
        char file[NAME_MAX_ * 3 + 64];

        snprintf(file, sizeof(file), "sys/fs/cgroup/%s/memory.current", path);
        if (!tree_find(&b->p->state->tree, file))
            block_group(b, path, (u64)value, UNKNOWN);
    } else if (span_is(name, "container_spec_memory_limit_bytes"))
        block_group(b, path, UNKNOWN, value > 0 ? (u64)value : NO_LIMIT);
    else if (span_is(name, "container_memory_rss")) {
        char file[NAME_MAX_ * 3 + 64];

        snprintf(file, sizeof(file), "sys/fs/cgroup/%s/memory.stat", path);
        block_file_add(b, file, "anon %llu\n", (unsigned long long)value);
    } else if (value > 0 && (span_is(name, "container_oom_events_total") ||
                             (span_is(name, "kube_pod_container_status_last_terminated_reason") &&
                              span_find(labels, "OOMKilled")))) {
        if (!*told)
            block_told(b, &(struct told){.killer = "kubernetes",
                                         .scope = path,
                                         .limit = UNKNOWN,
                                         .words = labels,
                                         .wall_us = UNKNOWN});
        *told = true;
    }
}

unsigned metrics_parse(struct block *b, struct span text)
{
    struct span line;
    unsigned found = 0;
    bool told = false;

    while (span_take_line(&text, &line)) {
        struct span rest = line, name, labels = span_of("", 0);
        const char *brace = memchr(line.at, '{', span_len(line)), *close;
        double value;

        if (!is_metric(line))
            continue;
        if (brace) {
            close = memrchr(line.at, '}', span_len(line));
            if (!close || close < brace)
                continue;
            name = (struct span){line.at, brace};
            labels = (struct span){brace + 1, close};
            rest = (struct span){close + 1, line.end};
        } else if (!span_take_word(&rest, &name)) {
            continue;
        }
        if (!metric_value(rest, &value))
            continue;
        found++;
        if (span_begins(name, "node_memory_"))
            take_node_memory(b, name, value);
        else if (span_begins(name, "node_vmstat_"))
            block_file_add(b, "proc/vmstat", "%.*s %.0f\n",
                           (int)MIN(span_len(name) - 12, (size_t)80), name.at + 12, value);
        else
            take_container(b, name, labels, value, &told);
    }
    return found;
}

/* --- a JVM's crash file ----------------------------------------------------------------------- */

/* "Memory: 4k page, physical 16266172k(231456k free), swap 0k(0k free)" */
bool jvm_begins(const struct block *b, struct span line)
{
    (void)b;
    return span_begins(span_trim(line), "Memory: ") && span_find(line, "k page, physical");
}

bool jvm_goes_on(const struct block *b, struct span line)
{
    (void)b;
    (void)line;
    return false;
}

unsigned jvm_parse(struct block *b, struct span text)
{
    u64 total = amount_after(text, "physical "), swap = amount_after(text, "swap ");
    const char *open = span_find(text, "physical ");
    struct span rest = {open ? open : text.end, text.end};
    const char *paren = memchr(rest.at, '(', span_len(rest));
    u64 free_bytes;

    block_meminfo(b, MI_MEM_TOTAL, total, RANK_TABLE);
    rest.at = paren ? paren + 1 : rest.end;
    if (amount_take(&rest, KIB, &free_bytes))
        block_meminfo(b, MI_MEM_FREE, free_bytes, RANK_TABLE);
    if (known(swap)) {
        const char *at = span_find(text, "swap ");

        block_meminfo(b, MI_SWAP_TOTAL, swap, RANK_TABLE);
        rest = (struct span){at, text.end};
        paren = memchr(rest.at, '(', span_len(rest));
        rest.at = paren ? paren + 1 : rest.end;
        if (amount_take(&rest, KIB, &free_bytes))
            block_meminfo(b, MI_SWAP_FREE, free_bytes, RANK_TABLE);
    }
    return known(total);
}

/* "Linux db1 5.4.0-42-generic #46-Ubuntu SMP Fri Jul 10 00:24:02 UTC 2020 x86_64 GNU/Linux" */
bool uname_begins(const struct block *b, struct span line)
{
    (void)b;
    return span_begins(line, "Linux ") && span_find(line, " #") &&
           (span_find(line, "SMP") || span_find(line, "GNU/Linux") || span_find(line, "PREEMPT"));
}

bool uname_goes_on(const struct block *b, struct span line)
{
    (void)b;
    (void)line;
    return false;
}

unsigned uname_parse(struct block *b, struct span text)
{
    struct fields f;
    struct span line;

    if (!span_take_line(&text, &line))
        return 0;
    fields_split(line, &f);
    if (f.count < 4)
        return 0;
    span_copy(f.at[1], b->p->s.hostname, sizeof(b->p->s.hostname));
    return block_file_printf(b, "proc/version", "Linux version %.*s (paste)\n",
                             (int)MIN(span_len(f.at[2]), (size_t)60), f.at[2].at);
}

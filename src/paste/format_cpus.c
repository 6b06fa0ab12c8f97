/* format_cpus.c - lscpu and numactl --show: which processors a node has, and where programs of a
 * shell may run and have memory. */
#include "paste/block.h"
#include "paste/state_int.h"

#include <stdio.h>

/* --- lscpu ------------------------------------------------------------------------------------ */

/* "  NUMA node0 CPU(s):     0-15,32-47": the node and its list, which may be empty. */
static bool take_node_cpus(struct span line, u64 *ret_node, struct span *ret_cpus)
{
    span_skip_blanks(&line);
    if (!span_take(&line, "NUMA node") || !span_take_u64(&line, ret_node) ||
        !span_take(&line, "CPU(s):") || *ret_node >= NODES_MAX)
        return false;
    *ret_cpus = span_trim(line);
    return true;
}

bool lscpu_begins(const struct block *b, struct span line)
{
    struct span cpus;
    u64 node;

    (void)b;
    line = span_trim(line);
    return span_begins(line, "Architecture:") || span_begins(line, "NUMA node(s):") ||
           take_node_cpus(line, &node, &cpus);
}

bool lscpu_goes_on(const struct block *b, struct span line)
{
    static const char *const keys[] = {"Architecture:",
                                       "CPU",
                                       "Address sizes:",
                                       "Byte Order:",
                                       "On-line CPU",
                                       "Off-line CPU",
                                       "Vendor ID",
                                       "BIOS",
                                       "Model",
                                       "Thread(s) per",
                                       "Core(s) per",
                                       "Socket(s)",
                                       "Cluster(s)",
                                       "Stepping:",
                                       "Frequency",
                                       "BogoMIPS",
                                       "Flags:",
                                       "Virtualization",
                                       "Hypervisor",
                                       "L1",
                                       "L2",
                                       "L3",
                                       "NUMA",
                                       "Caches",
                                       "Vulnerabilit"};

    (void)b;
    line = span_trim(line);
    for (unsigned i = 0; i < ARRAY_SIZE(keys); i++)
        if (span_begins(line, keys[i]) && memchr(line.at, ':', span_len(line)))
            return true;
    return false;
}

/* A list of processors and nothing else. */
static bool is_list(struct span text)
{
    for (; !span_empty(text); text.at++)
        if (!is_digit(*text.at) && *text.at != '-' && *text.at != ',')
            return false;
    return true;
}

unsigned lscpu_parse(struct block *b, struct span text)
{
    struct span line, cpus;
    unsigned found = 0, lines = 0;
    char file[96];
    u64 node;

    while (span_take_line(&text, &line)) {
        lines++;
        if (!take_node_cpus(line, &node, &cpus) || !is_list(cpus))
            continue;
        snprintf(file, sizeof(file), "sys/devices/system/node/node%llu/cpulist",
                 (unsigned long long)node);
        block_file_printf(b, file, "%.*s\n", (int)MIN(span_len(cpus), (size_t)512), cpus.at);
        found++;
    }
    /* "Architecture:" alone is a line of many a tool (lxc info, hostnamectl). */
    return lines > 1 ? MAX(found, 1u) : found;
}

/* --- numactl --show --------------------------------------------------------------------------- */

bool numactl_s_begins(const struct block *b, struct span line)
{
    static const char *const policies[] = {"default", "bind",  "interleave",         "preferred",
                                           "local",   "prefe", "weighted interleave"};
    struct span rest = span_trim(line);

    (void)b;
    if (!span_take(&rest, "policy: "))
        return false;
    for (unsigned i = 0; i < ARRAY_SIZE(policies); i++)
        if (span_begins(rest, policies[i]) && span_len(rest) < 24)
            return true;
    return false;
}

bool numactl_s_goes_on(const struct block *b, struct span line)
{
    static const char *const keys[] = {
        "preferred", "interleave", "weightedinterleave", "physcpub",
        "cpubind:",  "nodebind:",  "membind:",           "balancing"};

    (void)b;
    for (unsigned i = 0; i < ARRAY_SIZE(keys); i++)
        if (span_begins(line, keys[i]) && memchr(line.at, ':', span_len(line)))
            return true;
    return false;
}

unsigned numactl_s_parse(struct block *b, struct span text)
{
    struct shell_policy *shell = &b->p->s.shell;
    struct span line, key;

    *shell = (struct shell_policy){.told = true};
    while (span_take_line(&text, &line)) {
        if (!span_take_until(&line, ':', &key))
            continue;
        line = span_trim(line);
        if (span_is(key, "policy"))
            span_copy(line, shell->policy, sizeof(shell->policy));
        else if (span_is(key, "membind"))
            numbers_to_list(line, shell->membind, sizeof(shell->membind));
        else if (span_is(key, "nodebind"))
            numbers_to_list(line, shell->nodebind, sizeof(shell->nodebind));
        else if (span_is(key, "interleavemask") ||
                 (span_is(key, "preferred node") && !shell->nodes[0]))
            numbers_to_list(line, shell->nodes, sizeof(shell->nodes));
    }
    return 1;
}

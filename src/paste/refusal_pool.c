/* refusal_pool.c - what a refusal says of huge pages beside the words that are kept: of which size,
 * and on which node.
 *
 *   ...
 *   memory-backend-file,id=ram-node0,mem-path=/dev/hugepages1G/libvirt,size=8589934592,host-nodes=1,policy=bind:
 *   unable to map ... ...
 *   {"qom-type":"memory-backend-file","mem-path":"/dev/hugepages1G","size":17179869184,"host-nodes":[1],"policy":"bind"}:
 *   unable ... EAL: No free 1048576 kB hugepages reported on node 1 EAL: Not enough memory
 *   available on socket 1! Requested: 4096MB, available: 0MB
 */
#include "paste/state_int.h"

#define NODES_NAMED 64

/* The number behind a mark, with quotes, brackets and blanks before it, and what follows it. */
static bool number_behind(struct span line, const char *mark, u64 *ret, struct span *behind)
{
    const char *at = span_find(line, mark);
    struct span rest = {at ? at + strlen(mark) : line.end, line.end};

    while (!span_empty(rest) && strchr("\":=[ ", *rest.at))
        rest.at++;
    if (!at || !span_take_u64(&rest, ret))
        return false;
    *behind = rest;
    return true;
}

/* "host-nodes=0-1", "\"host-nodes\":[0,1]": bits of the nodes; 0: none. */
static u64 host_nodes(struct span line)
{
    const char *at = span_find(line, "host-nodes");
    struct span rest = {at ? at + strlen("host-nodes") : line.end, line.end};
    u64 nodes = 0, first, last;

    while (!span_empty(rest) && strchr(".0\":=[ ", *rest.at) &&
           !(is_digit(*rest.at) && rest.at[-1] != '.'))
        rest.at++;
    while (span_take_u64(&rest, &first) && first < NODES_NAMED) {
        last = first;
        if (span_take(&rest, "-") && !span_take_u64(&rest, &last))
            break;
        for (u64 node = first; node <= last && node < NODES_NAMED; node++)
            nodes |= BIT_ULL(node);
        if (!span_take(&rest, ",") || span_empty(rest) || !is_digit(*rest.at))
            break;
    }
    return nodes;
}

u64 refusal_nodes(struct span line)
{
    static const char *const marks[] = {"on socket ", "reported on node "};
    u64 nodes = host_nodes(line), node;
    struct span behind;

    for (unsigned i = 0; i < ARRAY_SIZE(marks) && !nodes; i++)
        if (number_behind(line, marks[i], &node, &behind) && node < NODES_NAMED)
            nodes = BIT_ULL(node);
    return nodes;
}

u64 refusal_page(struct span line)
{
    static const char *const giant[] = {"hugepages1G", "hugepages-1G",     "hugepages_1G",
                                        "huge1G",      "hugepages/1G",     "1048576kB",
                                        "1048576 kB",  "1024MB_hugepages", "hugetlbfs1G",
                                        "huge-1G",     "HugePages1G",      "hugepages1g"};
    static const char *const usual[] = {"hugepages2M", "hugepages-2M", "hugepages_2M", "huge2M",
                                        "2048kB",      "2048 kB",      "hugepages2m"};

    for (unsigned i = 0; i < ARRAY_SIZE(giant); i++)
        if (span_find(line, giant[i]))
            return GIB;
    for (unsigned i = 0; i < ARRAY_SIZE(usual); i++)
        if (span_find(line, usual[i]))
            return 2 * MIB;
    return UNKNOWN;
}

/* As QEMU takes it: bytes, or with one of its suffixes (size=16384M, size=16G). */
static bool size_behind(struct span line, const char *mark, u64 *ret)
{
    static const char suffixes[] = "KMGTP";
    struct span rest;
    const char *suffix;
    u64 number;

    if (!number_behind(line, mark, &number, &rest))
        return false;
    suffix = span_empty(rest) ? NULL : memchr(suffixes, *rest.at & ~0x20, sizeof(suffixes) - 1);
    if (suffix)
        for (const char *unit = suffixes; unit <= suffix; unit++)
            if (__builtin_mul_overflow(number, KIB, &number))
                return false;
    *ret = number;
    return true;
}

u64 refusal_backend_size(struct span line)
{
    static const char *const marks[] = {"\"size\"", ",size="};
    u64 bytes;

    if (!span_find(line, "memory-backend-"))
        return UNKNOWN;
    for (unsigned i = 0; i < ARRAY_SIZE(marks); i++)
        if (size_behind(line, marks[i], &bytes) && bytes >= MIB)
            return bytes;
    return UNKNOWN;
}

/* hugetlb.c - /sys/kernel/mm/hugepages, the same of each node, and what the hugetlb controller says
 * of a group. */
#include "hugetlb/reserve.h"
#include "procfs/procfs.h"

#include <inttypes.h>

static void render_number(struct strbuf *out, u64 n)
{
    strbuf_printf(out, "%" PRIu64 "\n", n);
}

static void render_nr(const struct system *s, struct strbuf *out)
{
    render_number(out, s->hugetlb.nr);
}

static void render_free(const struct system *s, struct strbuf *out)
{
    render_number(out, s->hugetlb.free);
}

static void render_resv(const struct system *s, struct strbuf *out)
{
    render_number(out, s->hugetlb.resv);
}

static void render_surplus(const struct system *s, struct strbuf *out)
{
    render_number(out, s->hugetlb.surplus);
}

static void render_overcommit(const struct system *s, struct strbuf *out)
{
    render_number(out, s->tunables.nr_overcommit_hugepages);
}

static void render_max(const struct system *s, struct strbuf *out)
{
    render_number(out, s->hugetlb.max);
}

#define POOL_DIR "sys/kernel/mm/" HUGEPAGES_2M
const struct machine_file hugetlb_files[] = {
    {POOL_DIR "nr_hugepages", render_nr},
    {POOL_DIR "nr_hugepages_mempolicy", render_nr},
    {POOL_DIR "nr_overcommit_hugepages", render_overcommit},
    {POOL_DIR "free_hugepages", render_free},
    {POOL_DIR "resv_hugepages", render_resv},
    {POOL_DIR "surplus_hugepages", render_surplus},
    {"proc/sys/vm/nr_hugepages_mempolicy", render_max},
};
const unsigned nr_hugetlb_files = ARRAY_SIZE(hugetlb_files);

void render_node_nr_hugepages(const struct system *s, unsigned nid, struct strbuf *out)
{
    render_number(out, hugetlb_node_total(&s->hugetlb, nid));
}

void render_node_free_hugepages(const struct system *s, unsigned nid, struct strbuf *out)
{
    render_number(out, s->hugetlb.nodes[nid].free.count);
}

void render_node_surplus_hugepages(const struct system *s, unsigned nid, struct strbuf *out)
{
    render_number(out, s->hugetlb.nodes[nid].surplus);
}

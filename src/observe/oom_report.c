/* oom_report.c - names of the parts and figures of a report, and its life. */
#include "observe/oom_report.h"

#include <string.h>

const char *const oom_part_names[NR_OOM_PARTS] = {
#define PART(id, name) name,
    OOM_PARTS(PART)
#undef PART
};

const char *const oom_figure_names[NR_OOM_FIGURES] = {
#define X(id, name) name,
    OOM_FIGURES(X)
#undef X
};

const char *const oom_group_figure_names[NR_OOM_GROUP_FIGURES] = {
#define X(id, name) name,
    OOM_GROUP_FIGURES(X)
#undef X
};

static void set_unknown(u64 *figures, size_t count)
{
    for (size_t i = 0; i < count; i++)
        figures[i] = UINT64_MAX;
}

struct oom_report *oom_report_new(void)
{
    struct oom_report *r = xcalloc(1, sizeof(*r));

    r->refs = 1;
    set_unknown(r->figures, NR_OOM_FIGURES);
    set_unknown(r->group, NR_OOM_GROUP_FIGURES);
    for (unsigned i = 0; i < NR_OOM_LEVELS; i++)
        r->limits[i] = (struct oom_limit){UINT64_MAX, UINT64_MAX, UINT64_MAX};
    r->page_cache = r->swap_cache = r->swap_free = r->swap_total = UINT64_MAX;
    r->ram = r->highmem = r->reserved = r->cma_reserved = r->poisoned = UINT64_MAX;
    r->score = UINT64_MAX;
    return r;
}

struct oom_report *oom_report_get(struct oom_report *r)
{
    if (r)
        r->refs++;
    return r;
}

void oom_report_put(struct oom_report *r)
{
    if (!r || --r->refs > 0)
        return;
    vec_for_each (&r->frames, frame)
        free(*frame);
    vec_done(&r->frames);
    vec_done(&r->nodes);
    vec_done(&r->zones);
    vec_done(&r->slabs);
    vec_done(&r->tasks);
    free(r->nodemask);
    free(r->cpuset);
    free(r->mems_allowed);
    free(r->stats_of);
    free(r);
}

void oom_report_check(const struct oom_report *r)
{
    assert(r->refs > 0);
    assert(r->tasks.count <= OOM_TASKS_MAX && r->zones.count <= OOM_ZONES_MAX);
    assert(r->nodes.count <= OOM_NODES_MAX && r->slabs.count <= OOM_SLABS_MAX);
    assert(r->frames.count <= OOM_FRAMES_MAX && r->order < 64);
    assert(memchr(r->gfp, '\0', sizeof(r->gfp)) && memchr(r->release, '\0', sizeof(r->release)));
    vec_for_each (&r->tasks, task)
        assert(memchr(task->comm, '\0', sizeof(task->comm)));
    vec_for_each (&r->slabs, slab)
        assert(memchr(slab->name, '\0', sizeof(slab->name)));
    vec_for_each (&r->zones, zone)
        assert(memchr(zone->name, '\0', sizeof(zone->name)));
}

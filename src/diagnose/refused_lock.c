/* refused_lock.c - memory that could not be locked, pinned or mapped for a device: RLIMIT_MEMLOCK,
 * unless the text shows that it allows it.
 *
 * A driver answers ENOMEM for that limit and for much else. Where the text has the limit and there
 * is none (or it is above all memory), the limit is told to be excluded, with what else is known to
 * answer so: by whom was asked.
 */
#include "diagnose/refused.h"

#include "diagnose/left.h"
#include "diagnose/oom_zone.h"

#include <string.h>

static bool has(const struct refusal *r, const char *words)
{
    return strstr(r->words, words) != NULL;
}

/* What else answers ENOMEM, by who was asked. */
static const char *other_reason(const struct refusal *r)
{
    if (has(r, "VFIO") || has(r, "vfio") || has(r, "DMA remapping"))
        return "VFIO answers so too when the IOMMU's tables or the pages cannot be had (memory, or "
               "memory.max of the cgroup of its first user), or when that range of addresses is "
               "not the device's; too many mappings (vfio_iommu_type1.dma_entry_limit) are ENOSPC.";
    if (has(r, "io_uring"))
        return "io_uring takes its rings as blocks of neighbouring pages in many kernels, "
               "which fail where memory is in pieces: ask for fewer entries, and look at "
               "memory.max of the group.";
    if (has(r, "ibv_") || has(r, "fi_mr") || has(r, "RDMA") || has(r, "MR"))
        return "A registration is refused so too by the adapter's own tables (max_mr and "
               "max_mr_size of ibv_devinfo -v, log_num_mtt of mlx4), by the rdma controller of the "
               "cgroup (rdma.max), or where its pages cannot be had.";
    return "ENOMEM is answered too where pages cannot be had (memory, memory.max of the cgroup), "
           "and where the address space has no room (ulimit -v, vm.max_map_count).";
}

/* It has what no limit of locked memory could want more of. */
static bool is_excluded(const struct rule_context *c, const struct refusal *r)
{
    u64 limit = c->s->lock_limit;

    return !known(r->bytes) && known(limit) &&
           (limit == NO_LIMIT || (known(c->f->total) && limit >= c->f->total));
}

static void tell_excluded(struct rule_context *c, const struct refusal *r)
{
    const struct cgroup_view *g = refused_full_group(c);
    u64 limit = c->s->lock_limit;
    char name[sizeof(r->program)];

    finding_add(c, SEV_WARNING, CONF_MEDIUM, "host", 0.5,
                "%s could not lock or map memory, and its limit of locked memory is not why: that "
                "is %s here",
                refused_said(r, name), limit == NO_LIMIT ? "unlimited" : SIZE(limit));
    vec_last(&c->out->items).cause = CAUSE_LOCK_OTHER;
    if (g) {
        finding_title(c,
                      "%s could not lock or map memory: %s stands at its limit of memory, and the "
                      "limit of locked memory is not why",
                      refused_said(r, name), group_said(c, g));
        evidence_shown(c, "memory.current", number_of(g->current), IN_BYTES,
                       group_file(g, "memory.current"));
        evidence_shown(c, "memory.max", number_of(g->max), IN_BYTES, group_file(g, "memory.max"));
    }
    finding_detail(c, "%s", other_reason(r));
    if (!c->s->lock_limit_of_process)
        finding_detail(c, "The limit of this text is a shell's: a service has its own (Max locked "
                          "memory in /proc/PID/limits, LimitMEMLOCK= of its unit).");
    if (limit != NO_LIMIT) {
        evidence_shown(c, "limit of locked memory", number_of(limit), IN_BYTES, "ulimit");
        evidence_shown(c, "MemTotal", number_of(c->f->total), IN_BYTES, "/proc/meminfo");
    }
}

/* The limit of a login or a service that nobody raised: 64 KiB, 8 MiB since 5.16 (9dcc38e2813e,
 * "Increase default MLOCK_LIMIT to 8 MiB"). */
#define LOCK_SMALL (8 * MIB)

bool refused_is_of_lock(const struct rule_context *c, const struct refusal *r)
{
    /* "Os { code: 12, ...", "OSError: [Errno 12]": a call that has no size. */
    bool bare = has(r, "code: 12") || has(r, "rrno 12]");

    return r->kind == REFUSED_COMMIT && !known(r->bytes) && bare && known(c->s->lock_limit) &&
           c->s->lock_limit <= LOCK_SMALL && !known(c->s->address_limit) &&
           !(known(c->f->available) && left_is_scarce(c->f));
}

/* Rings of io_uring count against the limit before 5.12 (io_uring_mlock_size(3) of liburing) and
 * again since 6.14, whose rings are regions, until a fix of October 2026 ("do not charge the SQ/CQ
 * rings to RLIMIT_MEMLOCK") that stable releases take too: so from 6.14 on they may. What is
 * registered counts always; who has CAP_IPC_LOCK is not asked.
 *   Mirrors: io_uring/io_uring.c (io_uring_create), io_uring/memmap.c (io_create_region) */
static void tell_uring(struct rule_context *c, const struct refusal *r)
{
    static const char *const signs[] = {"uring", "glommio", "ring. Skipping", "event notification",
                                        "monoio"};
    const char *release = c->s->release;
    bool of_uring = false, counted = !*release || oom_release_before(release, 5, 12) ||
                                     !oom_release_before(release, 6, 14);

    for (unsigned i = 0; i < ARRAY_SIZE(signs); i++)
        of_uring |= has(r, signs[i]);
    if (!of_uring)
        return;
    finding_detail(c, counted ? "Rings of io_uring may count against this limit (by the kernel's "
                                "release), buffers that are registered with it do: those of all "
                                "programs of the user together, and root's (CAP_IPC_LOCK) not."
                              : "In this kernel the rings of io_uring do not count against this "
                                "limit, buffers that are registered with it do. A ring itself is "
                                "charged to the cgroup.");
    if (has(r, "Skipping"))
        finding_detail(c, "It goes on without registered buffers, slower.");
}

void refused_tell_lock(struct rule_context *c, const struct refusal *r)
{
    u64 limit = known(r->bytes) ? r->bytes : c->s->lock_limit;
    char name[sizeof(r->program)];

    if (is_excluded(c, r)) {
        tell_excluded(c, r);
        return;
    }
    /* ENOMEM alone has other reasons, too. */
    bool told = known(limit) || has(r, "MEMLOCK") || has(r, "memlock") || has(r, "locked") ||
                has(r, "lock");

    finding_add(c, SEV_WARNING, told ? CONF_HIGH : CONF_MEDIUM, "host", 0.5,
                "%s could not lock memory: its limit (RLIMIT_MEMLOCK, ulimit -l) is too small, "
                "whatever the machine has",
                refused_said(r, name));
    vec_last(&c->out->items).cause = CAUSE_LOCK_LIMIT;
    tell_uring(c, r);
    if (!told)
        finding_detail(c, "Which limit it has, the text does not say (Max locked memory in "
                          "/proc/PID/limits): where that is unlimited, something else refused.");
    if (!known(limit) || limit == NO_LIMIT)
        return;
    finding_detail(c, "The limit is %s.", SIZE(limit));
    evidence(c, "limit of locked memory", number_of(limit), IN_BYTES,
             known(r->bytes) ? "the message" : "ulimit", "%s", "");
}

/* rule_hugetlb_limit.c - a limit of the hugetlb controller refuses a cgroup huge pages.
 *
 * The event counts where it was asked, whichever limit of the groups above refused. Two limits
 * count as one event: that of reservations (rsvd.max), at which the mapping fails, and that of use
 * (max), at which whoever touches a page ends with SIGBUS.
 */
#include "diagnose/refused.h"

#include <stdio.h>

#define RECENT_US (3600ull * 1000 * 1000)

/* A limit that a request of one page more would pass. */
static bool is_met(u64 current, u64 max, u64 page)
{
    return known(current) && known(max) && max < NO_LIMIT && current + page > max;
}

static const struct group_huge_view *view_of(const struct cgroup_view *g, u64 page)
{
    for (u32 i = 0; i < g->nr_huge; i++)
        if (g->huge[i].page_bytes == page)
            return &g->huge[i];
    return NULL;
}

const struct cgroup_view *hugetlb_limit_met(const struct snapshot *s, u64 page, u64 more,
                                            const struct group_huge_view **ret_view,
                                            bool *ret_reserved)
{
    vec_for_each (&s->cgroups, g) {
        for (u32 i = 0; i < g->nr_huge; i++) {
            const struct group_huge_view *v = &g->huge[i];

            if (known(page) && v->page_bytes != page)
                continue;
            *ret_view = v;
            *ret_reserved = is_met(v->rsvd_current, v->rsvd_max, more);
            if (*ret_reserved || is_met(v->current, v->max, more))
                return g;
        }
    }
    return NULL;
}

/* Whose limit is met, from the group upwards; the group itself where none is. */
static u32 find_limit(const struct snapshot *s, u32 group, u64 page, bool *ret_reserved)
{
    bool tightest_rsvd = false;
    u32 limited = GROUP_NONE;

    for (u32 at = group; at != GROUP_NONE; at = s->cgroups.items[at].parent) {
        const struct group_huge_view *v = view_of(&s->cgroups.items[at], page);

        if (!v)
            continue;
        if (is_met(v->rsvd_current, v->rsvd_max, page) || is_met(v->current, v->max, page)) {
            *ret_reserved = is_met(v->rsvd_current, v->rsvd_max, page);
            return at;
        }
        /* A request of many pages meets a limit that has room for one. */
        if (limited == GROUP_NONE && ((known(v->max) && v->max < NO_LIMIT) ||
                                      (known(v->rsvd_max) && v->rsvd_max < NO_LIMIT))) {
            limited = at;
            tightest_rsvd = known(v->rsvd_max) && v->rsvd_max <= v->max;
        }
    }
    *ret_reserved = tightest_rsvd;
    return limited == GROUP_NONE ? group : limited;
}

static void tell(struct rule_context *c, u32 group, const struct group_huge_view *v, u64 refused)
{
    const struct cgroup_view *g = &c->s->cgroups.items[group];
    double now = c->f->groups[group].huge_refused;
    bool reserved;
    const struct cgroup_view *owner =
        &c->s->cgroups.items[find_limit(c->s, group, v->page_bytes, &reserved)];
    const struct group_huge_view *limit = view_of(owner, v->page_bytes);
    u64 max = reserved ? limit->rsvd_max : limit->max,
        current = reserved ? limit->rsvd_current : limit->current;
    char size[UNITS_TEXT_MAX], name[64];

    format_bytes(size, v->page_bytes);
    /* One look: what happened since boot is news on a machine that has just booted. */
    bool recent = isnan(now) && known(c->s->uptime_us) && c->s->uptime_us < RECENT_US;
    /* One look at a limit that has no room: the next one is refused as these were. */
    bool full = isnan(now) && c->s->pasted && is_met(current, max, v->page_bytes);

    finding_add(c, now > 0 || recent || full ? SEV_WARNING : SEV_INFO,
                now > 0 ? CONF_HIGH : CONF_MEDIUM, g->path, now > 0 ? 0.6 : 0.4,
                now > 0 ? "%s is refused huge pages of %s by a limit of the hugetlb controller"
                        : "%s was refused huge pages of %s by a limit of the hugetlb controller",
                group_said(c, g), size);
    finding_detail(c, "That was %s since the cgroup was made.", TIMES(refused));
    if (isnan(now))
        finding_detail(c, "Whether it still is, one look does not tell: two do (highwater diagnose "
                          "on the machine itself, or a capture).");
    if (known(max) && max < NO_LIMIT && known(current))
        finding_detail(c, "%s of %s is %s, of which %s are %s.",
                       reserved ? "The limit of reservations (rsvd.max)" : "The limit of use (max)",
                       group_said(c, owner), SIZE(max), SIZE(current),
                       reserved ? "reserved" : "in use");
    if (!known(max) || max >= NO_LIMIT)
        finding_detail(c, "At rsvd.max a mapping fails with ENOMEM; at max whoever touches a page "
                          "ends with SIGBUS.");
    else if (reserved)
        finding_detail(c, "A mapping beyond it fails with ENOMEM.");
    else
        finding_detail(c, "Whoever touches a page beyond it ends with SIGBUS; with rsvd.max the "
                          "mapping would fail instead.");
    evidence(c, "max", (double)refused, IN_COUNT, group_file(g, "hugetlb.*.events.local"),
             "over 0");
    evidence(c, "refused now", now, IN_EVENTS_PER_S, group_file(g, "hugetlb.*.events.local"), "%s",
             "");
    snprintf(name, sizeof(name), "limit of huge pages %s", reserved ? "reserved" : "in use");
    if (known(max) && max < NO_LIMIT) {
        evidence_shown(c, name, number_of(max), IN_BYTES,
                       group_file(owner, reserved ? "hugetlb.*.rsvd.max" : "hugetlb.*.max"));
        evidence_shown(
            c, reserved ? "reserved" : "in use", number_of(current), IN_BYTES,
            group_file(owner, reserved ? "hugetlb.*.rsvd.current" : "hugetlb.*.current"));
    }
    evidence_shown(c, "size of a page", (double)v->page_bytes, IN_BYTES,
                   group_file(g, "hugetlb.*.events.local"));
}

/* Nobody has been refused yet, as far as the text says: who pastes a limit asks of it. */
static void tell_full(struct rule_context *c, u32 group, const struct group_huge_view *v)
{
    const struct cgroup_view *g = &c->s->cgroups.items[group];
    bool reserved = is_met(v->rsvd_current, v->rsvd_max, v->page_bytes);
    u64 max = reserved ? v->rsvd_max : v->max, current = reserved ? v->rsvd_current : v->current;

    if (!c->s->pasted || max == 0 || (!reserved && !is_met(v->current, v->max, v->page_bytes)))
        return;
    finding_add(c, SEV_INFO, CONF_HIGH, g->path, 0.35,
                "%s has all huge pages of %s that its limit allows (%s): the next is refused (%s)",
                group_said(c, g), SIZE(v->page_bytes), SIZE(max),
                reserved ? "ENOMEM at the mapping" : "SIGBUS at the touch");
    evidence(c, reserved ? "hugetlb.*.rsvd.max" : "hugetlb.*.max", number_of(max), IN_BYTES,
             group_file(g, reserved ? "hugetlb.*.rsvd.max" : "hugetlb.*.max"), "%s", "");
    evidence(c, reserved ? "reserved" : "in use", number_of(current), IN_BYTES,
             group_file(g, reserved ? "hugetlb.*.rsvd.current" : "hugetlb.*.current"), "%s", "");
    evidence_shown(c, "size of a page", (double)v->page_bytes, IN_BYTES,
                   group_file(g, "hugetlb.*.max"));
}

void rule_hugetlb_limit(struct rule_context *c)
{
    for (u32 i = 0; i < c->s->cgroups.count; i++) {
        const struct cgroup_view *g = &c->s->cgroups.items[i];

        if (!wants_group(c, g))
            continue;
        for (u32 k = 0; k < g->nr_huge; k++) {
            const struct group_huge_view *v = &g->huge[k];
            u64 refused = known(v->refused_local) ? v->refused_local : v->refused;

            if (known(refused) && refused > 0)
                tell(c, i, v, refused);
            else
                tell_full(c, i, v);
        }
    }
}

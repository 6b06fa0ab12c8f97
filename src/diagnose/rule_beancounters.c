/* rule_beancounters.c - limits of an OpenVZ container that refused something, or that stand full.
 *
 * A container has a limit for each of two dozen resources, and each counts how often more of it was
 * refused. The count is never reset while the container runs: it tells that a limit was reached,
 * not when. What is held now tells whether the limit is full still.
 */
#include "diagnose/rule.h"

#include "observe/span.h"

#define PAGE         4096u /* OpenVZ is of x86 alone */
#define FULL         95.0  /* percent of the limit: the next request is refused */
#define UNLIMITED    ((u64)INT32_MAX)
#define OTHERS_SHOWN 4

static bool has_limit(u64 limit)
{
    /* LONG_MAX of 32 and 64 bits, and what tools round it to. */
    return limit > 0 && limit < UNLIMITED;
}

/* What programs are refused at. */
static u64 limit_of(const struct beancounter_view *v)
{
    u64 limit = v->counter->at_barrier && v->barrier ? v->barrier : v->limit;

    return has_limit(limit) ? limit : has_limit(v->limit) ? v->limit : UNKNOWN;
}

static double in_unit(const struct beancounter_view *v, u64 amount)
{
    if (!known(amount))
        return NAN;
    return (double)amount * (v->counter->unit == BEANS_PAGES ? PAGE : 1);
}

static enum evidence_unit unit_of(const struct beancounter_view *v)
{
    return v->counter->unit == BEANS_COUNT ? IN_COUNT : IN_BYTES;
}

/* A guarantee is no limit: only that what was killed or refused beyond it counts. */
static bool is_guarantee(const struct beancounter_view *v)
{
    return span_ends(span_of(v->counter->name, strlen(v->counter->name)), "guarpages");
}

static double fullness(const struct beancounter_view *v)
{
    return is_guarantee(v) ? NAN : share_of(v->held, limit_of(v));
}

/* The first of the table that refused; of those of one kind the one that refused most often is no
 * worse. */
static const struct beancounter_view *worst_of(const struct snapshot *s, u64 container)
{
    const struct beancounter_view *worst = NULL;

    vec_for_each (&s->beancounters, v)
        if (v->container == container && v->failed &&
            (!worst || v->counter < worst->counter ||
             (fullness(v) >= FULL && !(fullness(worst) >= FULL))))
            worst = v;
    return worst;
}

static const char *container_said(char buf[48], u64 container)
{
    if (known(container) && container)
        snprintf(buf, 48, "Container %u", (unsigned)container);
    else
        snprintf(buf, 48, "%s", known(container) ? "The node itself" : "The container");
    return buf;
}

static void show(struct rule_context *c, const struct beancounter_view *v)
{
    char name[80];

    snprintf(name, sizeof(name), "%s failcnt", v->counter->name);
    evidence(c, name, (double)v->failed, IN_COUNT, "/proc/user_beancounters", "over 0");
    snprintf(name, sizeof(name), "%s held", v->counter->name);
    evidence_shown(c, name, in_unit(v, v->held), unit_of(v), "/proc/user_beancounters");
    snprintf(name, sizeof(name), "%s %s", v->counter->name,
             v->counter->at_barrier ? "barrier" : "limit");
    evidence_shown(c, name, in_unit(v, limit_of(v)), unit_of(v), "/proc/user_beancounters");
}

static void advise(struct rule_context *c, const struct beancounter_view *v)
{
    if (is_guarantee(v))
        finding_detail(c, "The node was short of memory, and what the container held above its "
                          "guarantee was taken from it.");
    else if (fullness(v) >= FULL)
        finding_detail(c, "That limit is full now: the next request is refused.");
    else if (fullness(v) >= 0)
        finding_detail(c, "The count is since the container started; less is held now.");
    finding_detail(c,
                   "Whoever runs the node raises it (vzctl set CTID --%s BARRIER:LIMIT --save); "
                   "inside, use less.",
                   v->counter->name);
}

static void tell_refused(struct rule_context *c, const struct beancounter_view *worst)
{
    const char *what = worst->counter->means, *name = worst->counter->name;
    char who[48];
    unsigned others = 0;
    double limit = in_unit(worst, limit_of(worst));

    container_said(who, worst->container);
    finding_add(c, fullness(worst) >= FULL ? SEV_CRITICAL : SEV_WARNING, CONF_HIGH, "host",
                fullness(worst) >= FULL ? 0.9 : 0.6, "%s was refused %s (%s) %s%s%s", who, what,
                name, TIMES(worst->failed), limit > 0 ? ": the limit is " : "",
                limit > 0 ? AMOUNT(limit, unit_of(worst)) : "");
    advise(c, worst);
    show(c, worst);
    vec_for_each (&c->s->beancounters, v)
        if (v != worst && v->container == worst->container && v->failed && others++ < OTHERS_SHOWN)
            show(c, v);
}

/* Nobody was refused anything: how full the fullest limit is. */
static void tell_fullest(struct rule_context *c)
{
    const struct beancounter_view *most = NULL;

    vec_for_each (&c->s->beancounters, v)
        if (fullness(v) >= 0 && (!most || fullness(v) > fullness(most)))
            most = v;
    if (!most)
        return;
    finding_add(c, fullness(most) >= FULL ? SEV_WARNING : SEV_INFO, CONF_HIGH, "host", 0.3,
                "No limit of the container refused anything; the fullest is %s, %s of %s",
                most->counter->name, AMOUNT(in_unit(most, most->held), unit_of(most)),
                AMOUNT(in_unit(most, limit_of(most)), unit_of(most)));
    show(c, most);
}

void rule_beancounters(struct rule_context *c)
{
    bool refused = false;

    if (!wants_host(c))
        return;
    vec_for_each (&c->s->beancounters, v) {
        if (!v->failed || worst_of(c->s, v->container) != v)
            continue;
        tell_refused(c, v);
        refused = true;
    }
    if (!refused)
        tell_fullest(c);
}

/* pattern.c - drawing the next one.
 *
 * Zipf is drawn by rejection-inversion (W. Hormann, G. Derflinger: "Rejection-inversion to generate
 * variates from monotone discrete distributions", ACM TOMACS 6, 1996): invert the integral of x^-s,
 * round to the nearest rank and reject the little by which the integral over a rank's interval
 * exceeds its probability. No table, so n may be anything and may grow; a table of n cumulative
 * sums was rejected for its memory. Rank k becomes place k * A mod n with a large prime A, a
 * permutation, so that the hot ones do not lie together. */
#include "workload/pattern.h"

#include "base/units.h"

#include <math.h>
#include <string.h>

#define SCATTER   4294967291ull /* the largest prime below 2^32 */
#define THETA_MAX 10.0
#define STEP_MAX  512u /* pages of a huge page */

/* --- reading one ------------------------------------------------------------------------------ */

static int parse_zipf(const char *text, struct pattern *p, struct err *e)
{
    if (parse_f64(text, &p->theta, e))
        return -EINVAL;
    if (p->theta <= 0 || p->theta > THETA_MAX)
        return err_set(e, -EINVAL, "the exponent of zipf is above 0 and at most 10, not %s", text);
    return 0;
}

static int parse_percent(const char *text, size_t len, double *ret, struct err *e)
{
    char copy[32];
    double percent;

    if (len >= sizeof(copy))
        return err_set(e, -EINVAL, "hotspot wants two percentages, as in hotspot:90:10");
    memcpy(copy, text, len);
    copy[len] = '\0';
    if (len && copy[len - 1] == '%')
        copy[len - 1] = '\0';
    if (parse_f64(copy, &percent, e))
        return -EINVAL;
    if (percent <= 0 || percent > 100)
        return err_set(e, -EINVAL, "a percentage of hotspot is above 0 and at most 100, not %s",
                       copy);
    *ret = percent / 100;
    return 0;
}

static int parse_hotspot(const char *text, struct pattern *p, struct err *e)
{
    const char *colon = strchr(text, ':');

    if (!colon)
        return err_set(e, -EINVAL,
                       "hotspot wants USES:HOT in percent: hotspot:90:10 sends 90 %% of the uses "
                       "to a tenth");
    if (parse_percent(text, (size_t)(colon - text), &p->uses, e))
        return -EINVAL;
    return parse_percent(colon + 1, strlen(colon + 1), &p->hot, e);
}

static int parse_sparse(const char *text, struct pattern *p, struct err *e)
{
    if (parse_u64(text, &p->step, NULL) || p->step < 1 || p->step > STEP_MAX)
        return err_set(e, -EINVAL, "sparse wants a step from 1 to %u, as in sparse:2, not '%s'",
                       STEP_MAX, text);
    return 0;
}

int pattern_parse(const char *text, struct pattern *ret, struct err *e)
{
    struct pattern p = {0};

    if (strcmp(text, "seq") == 0)
        p.kind = PATTERN_SEQ;
    else if (strcmp(text, "random") == 0)
        p.kind = PATTERN_RANDOM;
    else if (strcmp(text, "append") == 0)
        p.kind = PATTERN_APPEND;
    else if (strncmp(text, "zipf:", 5) == 0)
        p.kind = PATTERN_ZIPF;
    else if (strncmp(text, "hotspot:", 8) == 0)
        p.kind = PATTERN_HOTSPOT;
    else if (strncmp(text, "sparse:", 7) == 0)
        p.kind = PATTERN_SPARSE;
    else
        return err_set(e, -EINVAL,
                       "no such pattern '%s': want seq, random, zipf:0.9, hotspot:90:10, sparse:2 "
                       "or append",
                       text);
    if (p.kind == PATTERN_ZIPF && parse_zipf(text + 5, &p, e))
        return -EINVAL;
    if (p.kind == PATTERN_HOTSPOT && parse_hotspot(text + 8, &p, e))
        return -EINVAL;
    if (p.kind == PATTERN_SPARSE && parse_sparse(text + 7, &p, e))
        return -EINVAL;
    *ret = p;
    return 0;
}

/* --- zipf ------------------------------------------------------------------------------------- */

/* (e^x - 1) / x and log(1 + x) / x, also near 0. */
static double expm1_over(double x)
{
    return fabs(x) > 1e-8 ? expm1(x) / x : 1 + x / 2;
}

static double log1p_over(double x)
{
    return fabs(x) > 1e-8 ? log1p(x) / x : 1 - x / 2;
}

static double density(double s, double x)
{
    return exp(-s * log(x));
}

/* The integral of the density, and its inverse. */
static double integral(double s, double x)
{
    double lx = log(x);

    return expm1_over((1 - s) * lx) * lx;
}

static double integral_inverse(double s, double y)
{
    double t = y * (1 - s);

    return exp(log1p_over(MAX(t, -1)) * y);
}

static void zipf_prepare(double s, struct pattern_state *st, u64 n)
{
    if (!st->n) {
        st->scattered = n;
        st->h_first = integral(s, 1.5) - 1;
        st->short_cut = 2 - integral_inverse(s, integral(s, 2.5) - density(s, 2));
    }
    st->n = n;
    st->scattered = MIN(st->scattered, n);
    st->h_last = integral(s, (double)n + 0.5);
}

static u64 zipf_rank(double s, const struct pattern_state *st, struct prng *prng)
{
    for (;;) {
        double u = st->h_last + prng_f64(prng) * (st->h_first - st->h_last);
        double x = integral_inverse(s, u);
        u64 k = x < 1 ? 1 : (u64)(x + 0.5);

        k = CLAMP(k, 1, st->n);
        if ((double)k - x <= st->short_cut ||
            u >= integral(s, (double)k + 0.5) - density(s, (double)k))
            return k - 1;
    }
}

static u64 zipf_next(const struct pattern *p, struct pattern_state *st, u64 n, struct prng *prng)
{
    u64 rank;

    if (st->n != n)
        zipf_prepare(p->theta, st, n);
    rank = zipf_rank(p->theta, st, prng);
    if (rank >= st->scattered)
        return rank;
    return (rank % st->scattered * (SCATTER % st->scattered) + st->shift) % st->scattered;
}

/* --- all -------------------------------------------------------------------------------------- */

static u64 hotspot_next(const struct pattern *p, const struct pattern_state *st, u64 n,
                        struct prng *prng)
{
    u64 hot = MAX((u64)((double)n * p->hot), 1);

    if (prng_f64(prng) >= p->uses)
        return prng_below(prng, n);
    return (st->shift % n + prng_below(prng, hot)) % n;
}

u64 pattern_next(const struct pattern *p, struct pattern_state *st, u64 n, struct prng *prng)
{
    assert(n > 0);
    switch (p->kind) {
    case PATTERN_NONE:
        break;
    case PATTERN_SEQ:
        return (st->next++ + st->shift % n) % n;
    case PATTERN_RANDOM:
        return prng_below(prng, n);
    case PATTERN_ZIPF:
        return zipf_next(p, st, n, prng);
    case PATTERN_HOTSPOT:
        return hotspot_next(p, st, n, prng);
    case PATTERN_SPARSE:
        return prng_below(prng, DIV_ROUND_UP(n, p->step)) * p->step;
    case PATTERN_APPEND:
        return st->next++;
    }
    hw_unreachable();
}

void pattern_change_phase(struct pattern_state *st, struct prng *prng)
{
    st->shift = prng_next(prng) >> 24;
}

/* left.h - when little memory is left: the same for all rules that ask. */
#ifndef DIAGNOSE_LEFT_H
#define DIAGNOSE_LEFT_H

#include "diagnose/rule.h"

/* The end is near when a single new program of ordinary size would reach it: 5 % of memory, and
 * never more than 1 GiB, of which a machine of any size can still start something. A fifth of that,
 * and the next burst is the last. */
#define LEFT_LITTLE_PERCENT 5.0
#define LEFT_LITTLE_MAX     (1.0 * GIB)
#define LEFT_NOTHING_PART   0.2

static inline double left_little(const struct figures *f)
{
    return known(f->total) ? MIN((double)f->total * LEFT_LITTLE_PERCENT / 100, LEFT_LITTLE_MAX)
                           : NAN;
}

static inline bool left_is_little(const struct figures *f)
{
    return number_of(f->available) < left_little(f);
}

/* Twice that: usage alone begins to matter to other findings. */
static inline bool left_is_scarce(const struct figures *f)
{
    return number_of(f->available) < 2 * left_little(f);
}

static inline bool left_is_nothing(const struct figures *f)
{
    return !f->available_below && number_of(f->available) < LEFT_NOTHING_PART * left_little(f);
}

/* A reserve that is so large a part of memory was set by somebody: the kernel's own is 5 % at
 * most. */
#define LEFT_RESERVE_PART 0.15

/* Say of the last finding that memory is free which programs may not have. */
static inline void left_tell_reserve(struct rule_context *c)
{
    double free_bytes = number_of(c->s->meminfo[MI_MEM_FREE]);

    if (free_bytes - number_of(c->f->available) > LEFT_RESERVE_PART * number_of(c->f->total)) {
        finding_detail(c,
                       "%s is free, but the kernel keeps it as a reserve that programs may not "
                       "have: see vm.min_free_kbytes and vm.lowmem_reserve_ratio.",
                       SIZE(c->s->meminfo[MI_MEM_FREE]));
        evidence_shown(c, "MemFree", free_bytes, IN_BYTES, "/proc/meminfo");
    }
}

#endif

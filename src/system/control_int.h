/* control_int.h - between control.c (files, what a write does) and control_value.c (what may be
 * written). */
#ifndef SYSTEM_CONTROL_INT_H
#define SYSTEM_CONTROL_INT_H

#include "system/control.h"

#define CONTROL_DEMOTION_FILE "sys/kernel/mm/numa/demotion_enabled"
#define CONTROL_RATIOS_MAX    5 /* as many numbers as the kernel takes: its zones */

enum value_kind {
    VALUE_LIMIT,
    VALUE_SIZE,
    VALUE_RECLAIM, /* a size, then swappiness=N */
    VALUE_BOOL,
    VALUE_SWITCH,
    VALUE_WORD, /* as kstrtobool() */
    VALUE_PID,
    VALUE_TRIGGER,
    VALUE_SCORE_ADJ,
    VALUE_OOM_ADJ,
    VALUE_RATIOS,
    VALUE_CPUS,
    VALUE_NODES,
    VALUE_DROP,
    VALUE_ANY, /* what is written says nothing */
    VALUE_KILL,
    VALUE_HUGE_PAGES,
    VALUE_LRU_GEN,
    VALUE_CONTROLLERS
};

struct control_file {
    const char *name;
    enum value_kind kind;
    bool in_root; /* of cgroup files */
    int (*write)(struct system *s, const struct control *c, struct group *g,
                 struct control_state *st);
    enum group_limit limit; /* of VALUE_LIMIT */
    u32 needs;              /* see control_needs() */
};

/* c->text into c->number, or canonical text of a tunable. 0, or what write(2) says.   pre:
 * c->file */
int control_parse_value(struct control *c, const char *path, struct err *e);

/* Of lowmem_reserve_ratio: the count of numbers, or -EINVAL. */
int control_parse_ratios(const char *text, u64 ret[CONTROL_RATIOS_MAX]);

#endif

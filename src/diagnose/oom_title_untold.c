/* oom_title_untold.c - the first line of a kill whose text has lost what filled memory, or whether
 * a limit or the machine ran out.
 *
 * What little is there is said: the victim, a zone, the largest task of a part of a report.
 */
#include "diagnose/oom_tell_int.h"

#include <stdio.h>
#include <string.h>

/* A program that holds less is not why the memory of a machine is full. */
#define WORTH_NAMING (64 * MIB)
/* An ARC with this share of memory is named beside the victim. */
#define ARC_BESIDE   0.2
/* The largest process of a machine that holds less does not explain why its memory is full. */
#define HOLDS_LITTLE (32 * MIB)
/* ... unless it is this share of the machine. */
#define LITTLE_SHARE 0.125

/* Neither a limit nor the machine is named: a line of a kill alone, or a report that was cut before
 * it says. */
static void title_no_scope(const struct telling *t, struct strbuf *out)
{
    if (!*t->e->comm && !t->e->pid) {
        strbuf_append(out, "the kernel looked for a process to kill for lack of memory");
    } else {
        strbuf_append(out, "the kernel killed ");
        oom_say_victim(t, out);
        strbuf_append(out, " for lack of memory");
    }
    strbuf_append(out, "; whether the machine or a limit ran out is not in this text");
}

/* What part of a report says of the largest zone in it: its reserve against what was free. */
static bool say_zone(const struct telling *t, struct strbuf *out)
{
    const struct oom_zone *largest = NULL;

    if (!t->f->r || t->f->processes)
        return false;
    vec_for_each (&t->f->r->zones, z)
        if (known(z->figures[OOM_MANAGED]) && known(z->figures[OOM_FREE]) &&
            known(z->figures[OOM_LOW]) &&
            (!largest || z->figures[OOM_MANAGED] > largest->figures[OOM_MANAGED]))
            largest = z;
    /* Where the lists hold more than it, the zone that matters was cut. */
    if (!largest ||
        figure_or(t->f->anon, 0) + figure_or(t->f->file, 0) > largest->figures[OOM_MANAGED])
        return false;
    strbuf_printf(out, "%s of zone %s",
                  BYTES(ZONES, "free of the zone", largest->figures[OOM_FREE]), largest->name);
    strbuf_printf(out, " (%s) was free", BYTES(ZONES, "the zone", largest->figures[OOM_MANAGED]));
    strbuf_printf(out,
                  largest->figures[OOM_FREE] < largest->figures[OOM_LOW]
                      ? ", below its low watermark of %s: the zone was full"
                      : ", above its low watermark of %s",
                  BYTES(ZONES, "low watermark", largest->figures[OOM_LOW]));
    strbuf_append(out, "; the lines that say what filled memory are missing");
    return true;
}

/* Of a report of which neither the beginning nor the end is there. */
static bool title_part(const struct telling *t, struct strbuf *out)
{
    if (say_zone(t, out))
        return true;
    if (t->ruling->program && t->ruling->program->bytes >= WORTH_NAMING) {
        oom_say_program(t, out, t->ruling->program);
        strbuf_printf(out, " holds the most of the tasks in this part of a report: %s",
                      BYTES(TASKS, "held by the largest program", t->ruling->program->bytes));
        strbuf_append(out, "; the lines that say what filled memory are missing");
        return true;
    }
    if (t->f->r && t->f->r->zones.count && !known(t->f->anon)) {
        strbuf_append(out, "a part of the kernel's report on memory");
        if (known(t->f->free))
            strbuf_printf(out, ": %s were free in the zones that it has",
                          BYTES(MEM_INFO, "free", t->f->free));
        strbuf_append(out, "; whether anything ran out or was killed is not in this text");
        return true;
    }
    return false;
}

/* So little is no reason on a machine of today; on a router it is much of all. */
static void say_little(const struct telling *t, struct strbuf *out, u64 bytes)
{
    u64 all = known(t->f->total) ? t->f->total : t->f->machine;

    if (known(all) && bytes >= (u64)(LITTLE_SHARE * (double)all)) {
        strbuf_printf(out, " of %s", SIZE(all));
        evidence(t->c, "MemTotal", number_of(all), IN_BYTES, "/proc/meminfo", "%s", "");
        return;
    }
    strbuf_append(out, ": so little that no program filled memory, or memory was free");
    if (!known(all))
        strbuf_append(out, ", unless there is little of it");
}

void oom_title_untold(const struct telling *t, struct strbuf *out)
{
    u64 bytes = oom_victim_bytes(t);
    struct oom_outside outside;

    if (known(t->ruling->bytes) && oom_is_outside(t->f, &outside)) {
        oom_say_outside(t, &outside, out);
        oom_say_of_total(t, out);
        strbuf_printf(out, "; programs hold %s", BYTES(MEM_INFO, "anonymous memory", t->f->anon));
        return;
    }
    if (known(t->ruling->bytes)) {
        strbuf_printf(out, "programs hold only %s",
                      BYTES(MEM_INFO, "anonymous memory", t->f->anon));
        oom_say_of_total(t, out);
        strbuf_printf(out,
                      "; %s is kernel memory%s or in no counter (ZFS, a driver): "
                      "the lines that say which are missing",
                      BYTES(MEM_INFO, "not told", t->ruling->bytes),
                      known(t->f->file) ? "" : ", file cache");
        return;
    }
    if (t->e->kind == LOG_OOM_NO_VICTIM) {
        strbuf_append(out, "the machine ran out of memory");
        return;
    }
    if (t->e->kind == LOG_MEM_INFO && title_part(t, out))
        return;
    if (!t->f->of_machine) {
        title_no_scope(t, out);
        return;
    }
    if (!*t->e->comm && !t->e->pid) {
        strbuf_append(out, "the machine ran out of memory");
        if (known(t->f->anon))
            strbuf_printf(out, ": programs hold %s anonymous",
                          BYTES(MEM_INFO, "anonymous memory", t->f->anon));
        if (known(t->f->anon) && known(t->f->file) && t->f->file > t->f->anon)
            strbuf_printf(out, ", file cache %s", BYTES(MEM_INFO, "file cache", t->f->file));
        oom_say_swap(t, out);
        strbuf_append(out, known(t->f->anon) ? "; what else filled it, the text does not say"
                                             : "; the text does not say what filled it");
        return;
    }
    strbuf_append(out, "the machine ran out of memory and killed ");
    oom_say_burst(t, out);
    oom_say_victim(t, out);
    if (out->len && out->text[out->len - 1] == ',')
        out->text[--out->len] = '\0';
    if (t->f->processes > 1 && !known(t->f->anon) && t->f->programs_bytes < HOLDS_LITTLE) {
        strbuf_printf(out, "; the %s processes in the text",
                      COUNT(TASKS, "processes", t->f->processes));
        strbuf_printf(out, " hold %s together: what holds the rest, it does not say",
                      BYTES(TASKS, "held by all processes", t->f->programs_bytes));
    } else if (known(bytes) && bytes < HOLDS_LITTLE)
        say_little(t, out, bytes);
    if (known(t->f->arc) && known(t->c->f->total) &&
        (double)t->f->arc >= ARC_BESIDE * (double)t->c->f->total) {
        strbuf_printf(out, "; the ARC of ZFS, in the same text, holds %s", SIZE(t->f->arc));
        evidence(t->c, "ARC size", number_of(t->f->arc), IN_BYTES, "arcstats", "%s", "");
        strbuf_printf(out, " of %s", SIZE(t->c->f->total));
        evidence(t->c, "MemTotal", number_of(t->c->f->total), IN_BYTES, "/proc/meminfo", "%s", "");
    }
}

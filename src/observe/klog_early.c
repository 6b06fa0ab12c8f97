/* klog_early.c - what kernels 2.4 and 2.6 print and later ones do not. People still paste it.
 *
 *   oom-killer: gfp_mask=0x1d2                                        before "NAME invoked
 *   oom-killer", 2.6.0 to 2.6.10
 *   Active:248000 inactive:241000 ... slab:4400 mapped:1044 ...       Mem-Info, until 2.6.28;
 *   mapped-anon from 2.6.16 on
 *   Free swap:            0kB
 *   215 pages of slabcache                                            2.4
 *   __alloc_pages: 0-order allocation failed (gfp=0x1d2/0)            2.4
 *   VM: killing process httpd                                         2.4 and 2.6: a fault got no
 *   memory
 *   Out of Memory: Killed process 2411 (httpd).                       until 2.6.27; ", UID 48,
 *   (httpd)." of RHEL 5
 *   Out of memory in UB 5299: OOM killed process 77 (mysqld) score 0 vm:1372104kB, rss:211232kB,
 *   swap:0kB      OpenVZ
 *
 * These kernels keep one list of anonymous and file pages together, and do not say how much of the
 * slab can be reclaimed: what stands there at a kill is counted as what could not.
 */
#include "observe/klog_int.h"

#include "observe/reading_int.h"

#include <stdio.h>

static bool parse_anonymous_invoker(struct klog *k, struct span text,
                                    const struct klog_stamp *stamp)
{
    struct oom_report *r;
    struct span rest = text;
    u64 number;

    if (!span_take(&rest, "oom-killer: gfp_mask="))
        return false;
    klog_begin(k, LOG_OOM_KILL, stamp);
    k->invoked = true;
    r = k->open.report;
    if (klog_take_hex(&rest, &number)) {
        r->gfp_mask = number;
        r->has_mask = true;
    }
    oom_note(r, OOM_PART_INVOKED, stamp->place);
    return true;
}

/* "Out of Memory: Killed process 2411 (httpd)." without any figure. */
static bool parse_bare_kill(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    struct span rest = text, name;
    u64 pid;
    /* Until 2.6.31 the line before it says that memory ran out. */
    bool bare = !klog_is_past(k, stamp) && !k->killed && k->open.kind == LOG_OOM_KILL &&
                oom_has(k->open.report, OOM_PART_CHOICE) && span_take(&rest, "Killed process ");

    if (!(bare || span_take(&rest, "Out of Memory: Killed process ") ||
          span_take(&rest, "Out of memory: Killed process ")) ||
        span_find(rest, "-vm:") || !span_take_u64(&rest, &pid) ||
        !klog_between(rest, "(", ")", &name))
        return false;
    if (!bare &&
        (klog_is_past(k, stamp) || k->killed || k->of_group || k->open.kind != LOG_OOM_KILL))
        klog_begin(k, LOG_OOM_KILL, stamp);
    k->of_machine |= !k->of_group;
    k->killed = k->invoked = true;
    k->open.pid = (u32)pid;
    span_copy(name, k->open.comm, sizeof(k->open.comm));
    k->open.kill = stamp->place;
    oom_note(k->open.report, OOM_PART_KILL, stamp->place);
    return true;
}

/* OpenVZ: the limit of a container, which it calls a user beancounter. */
static bool parse_beancounter(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    struct span rest = text, name, group;
    u64 number, pid;

    if (!span_take(&rest, "Out of memory in UB ") || !span_take_u64(&rest, &number) ||
        !klog_after(rest, "OOM killed process ", &rest) || !span_take_u64(&rest, &pid) ||
        !klog_between(rest, "(", ") score", &name))
        return false;
    /* "UB 5299", up to the colon behind the number. */
    group = (struct span){span_find(text, "UB "), NULL};
    group.end = span_find((struct span){group.at, text.end}, ":");
    if (!group.end)
        return false;
    klog_begin(k, LOG_OOM_KILL, stamp);
    k->of_group = k->killed = k->invoked = true;
    k->open.pid = (u32)pid;
    span_copy(name, k->open.comm, sizeof(k->open.comm));
    klog_set_path(&k->open.oom_memcg, group);
    k->open.total_vm = klog_kib_after(rest, "vm:");
    k->open.anon_rss = klog_kib_after(rest, "rss:");
    k->open.kill = stamp->place;
    oom_note(k->open.report, OOM_PART_KILL, stamp->place);
    return true;
}

/* A page fault that got no memory ends the program that it was for. */
static bool parse_vm_kill(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    struct span rest = text;

    if (!span_take(&rest, "VM: killing process "))
        return false;
    if (klog_is_past(k, stamp) || k->killed || k->of_group || k->open.kind != LOG_OOM_KILL)
        klog_begin(k, LOG_OOM_KILL, stamp);
    k->of_machine = k->killed = k->invoked = true;
    span_copy(span_trim(rest), k->open.comm, sizeof(k->open.comm));
    k->open.kill = stamp->place;
    oom_note(k->open.report, OOM_PART_KILL, stamp->place);
    return true;
}

/* "__alloc_pages: 0-order allocation failed (gfp=0x1d2/0)" */
static bool parse_old_failure(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    struct span rest = text;
    u64 order, number;

    if (!span_take(&rest, "__alloc_pages: ") || !span_take_u64(&rest, &order) || order >= 64 ||
        !span_take(&rest, "-order allocation failed"))
        return false;
    if (!klog_is_past(k, stamp) && k->open.kind == LOG_ALLOC_FAILURE && k->open.order == order) {
        k->open.repeats += k->open.repeats < 1000000;
        return true;
    }
    klog_begin(k, LOG_ALLOC_FAILURE, stamp);
    k->open.report->order = k->open.order = (u32)order;
    if (klog_after(rest, "gfp=", &rest) && klog_take_hex(&rest, &number)) {
        k->open.report->gfp_mask = number;
        k->open.report->has_mask = true;
    }
    k->open.kill = stamp->place;
    oom_note(k->open.report, OOM_PART_INVOKED, stamp->place);
    return true;
}

bool klog_parse_early(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    return parse_anonymous_invoker(k, text, stamp) || parse_beancounter(k, text, stamp) ||
           parse_bare_kill(k, text, stamp) || parse_vm_kill(k, text, stamp) ||
           parse_old_failure(k, text, stamp);
}

/* --- the body --------------------------------------------------------------------------------- */

static u64 pages_after(struct span line, const char *literal)
{
    struct span rest;
    u64 pages;

    return klog_after(line, literal, &rest) && span_take_u64(&rest, &pages) &&
                   pages <= OOM_PAGES_MAX
               ? pages
               : UNKNOWN;
}

/* "Active:248000 inactive:241000 dirty:0 ..." of 2.6, "( Active: 215711/3244, inactive_laundry: 41,
 * ..., free: 9934 )" of 2.4. */
static bool take_lists(struct oom_report *r, struct span line)
{
    u64 active = pages_after(line, "Active:"), inactive = pages_after(line, "inactive:"), anon;

    if (!known(active))
        return false;
    r->figures[OOM_FREE] = pages_after(line, " free:");
    if (!known(inactive))
        return true;
    r->figures[OOM_DIRTY] = pages_after(line, " dirty:");
    r->figures[OOM_WRITEBACK] = pages_after(line, " writeback:");
    r->figures[OOM_UNSTABLE] = pages_after(line, " unstable:");
    r->figures[OOM_PAGETABLES] = pages_after(line, " pagetables:");
    r->figures[OOM_SLAB_UNRECLAIMABLE] = pages_after(line, " slab:");
    if (known(r->figures[OOM_SLAB_UNRECLAIMABLE]))
        r->figures[OOM_SLAB_RECLAIMABLE] = 0;
    anon = pages_after(line, " mapped-anon:");
    if (known(anon) && anon <= active + inactive) {
        r->figures[OOM_ACTIVE_ANON] = anon;
        r->figures[OOM_ACTIVE_FILE] = active + inactive - anon;
        r->figures[OOM_INACTIVE_ANON] = r->figures[OOM_INACTIVE_FILE] = 0;
    }
    return true;
}

bool oom_take_early(struct oom_body *b, struct span line, struct klog_place place)
{
    struct oom_report *r = b->report;
    struct span rest = line;
    u64 number;

    if (span_begins(line, "Mem-info:")) {
        oom_note(r, OOM_PART_MEM_INFO, place);
        return true;
    }
    if (span_begins(line, "Active:") || span_begins(line, "( Active:")) {
        if (!take_lists(r, line))
            return false;
        oom_note(r, OOM_PART_MEM_INFO, place);
        return true;
    }
    if (span_take(&rest, "Free swap:") && span_take_u64(&rest, &number) && span_take(&rest, "kB")) {
        r->swap_free = kib_to_bytes(number);
        oom_note(r, OOM_PART_SWAP, place);
        return true;
    }
    rest = line;
    if (is_digit(*line.at) && span_take_u64(&rest, &number) && number <= OOM_PAGES_MAX &&
        span_begins(span_trim(rest), "pages of slabcache")) {
        r->figures[OOM_SLAB_UNRECLAIMABLE] = number;
        r->figures[OOM_SLAB_RECLAIMABLE] = 0;
        return true;
    }
    return false;
}

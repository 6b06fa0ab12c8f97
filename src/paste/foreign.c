/* foreign.c - text of other systems than Linux: named, so that nobody takes its figures for Linux's. One row a sign.
 *
 * Their kernels count memory by other rules: what is "inactive" or "wired" there is no counter of Linux. None of these lines is read.
 */
#include "paste/state_int.h"

struct sign {
    const char *has, *also; /* both stand in the line; also: NULL for nothing */
    const char *system;
};

static const struct sign signs[] = {
    {"was killed: out of swap space", "pid ", "FreeBSD"},
    {"was killed: failed to reclaim memory", "pid ", "FreeBSD"},
    {"was killed: a thread waited too long to allocate a page", NULL, "FreeBSD"},
    {"swap_pager_getswapspace", NULL, "FreeBSD"},
    {"swp_pager_getswapspace", NULL, "FreeBSD"},
    {"swap_pager: out of swap space", NULL, "FreeBSD"},
    {"swap_pager: indefinite wait buffer", NULL, "FreeBSD"},
    {"Mem: ", " Wired, ", "FreeBSD"},
    {"vm.stats.vm.v_", NULL, "FreeBSD"},
    {"UVM: pid ", " killed: out of swap", "OpenBSD or NetBSD"},
    {"Mach Virtual Memory Statistics", NULL, "macOS"},
    {"PhysMem: ", " wired", "macOS"},
    {"memorystatus: killing", NULL, "macOS"},
    {"memorystatus_", "pid", "macOS"},
    {"low swap: killing largest compressed process", NULL, "macOS"},
    {"The system has ", "pages with a page size of", "macOS"},
    {"vm.swapusage: total", NULL, "macOS"},
    {"Microsoft-Windows-Resource-Exhaustion", NULL, "Windows"},
    {"Windows successfully diagnosed a low virtual memory", NULL, "Windows"},
    {"Total Physical Memory: ", NULL, "Windows"},
    {"Available Physical Memory: ", NULL, "Windows"},
    {"Image Name ", "Mem Usage", "Windows"},
};

const char *foreign_sign(unsigned sign)
{
    return sign < ARRAY_SIZE(signs) ? signs[sign].has : NULL;
}

bool foreign_take(struct paste *p, struct span line)
{
    for (unsigned i = 0; i < ARRAY_SIZE(signs); i++) {
        if (!span_find(line, signs[i].has) || (signs[i].also && !span_find(line, signs[i].also)))
            continue;
        if (!p->s.foreign)
            p->s.foreign = signs[i].system;
        return true;
    }
    return false;
}

/* foreign.c - text of other systems than Linux: named, so that nobody takes its figures for
 * Linux's. One row a sign.
 *
 * Their kernels count memory by other rules: what is "inactive" or "wired" there is no counter of
 * Linux. None of these lines is read.
 */
#include "paste/state_int.h"

#include <stdio.h>

struct sign {
    const char *has, *also; /* both stand in the line; also: NULL for nothing */
    const char *system;
};

#define SHORT 60 /* bytes of a line, of which two may stand side by side */
#define APPLE "macOS or iOS"

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
    {"Mach Virtual Memory Statistics", NULL, APPLE},
    {"PhysMem: ", " wired", APPLE},
    {"memorystatus: killing", NULL, APPLE},
    {"memorystatus_", "pid", APPLE},
    {"low swap: killing largest compressed process", NULL, APPLE},
    {"memorystatus: exceeded mem limit", NULL, APPLE},
    {"jetsam reason ", NULL, APPLE},
    {"\"largestProcess\"", NULL, APPLE},
    {"\"reason\" : \"per-process-limit\"", NULL, APPLE},
    {"\"reason\" : \"vm-", NULL, APPLE},
    {"\"reason\" : \"highwater\"", NULL, APPLE},
    {"\"killDelta\"", NULL, APPLE},
    {"The system has ", "pages with a page size of", APPLE},
    {"vm.swapusage: total", NULL, APPLE},
    {"Microsoft-Windows-Resource-Exhaustion", NULL, "Windows"},
    {"Windows successfully diagnosed a low virtual memory", NULL, "Windows"},
    {"Total Physical Memory: ", NULL, "Windows"},
    {"Available Physical Memory: ", NULL, "Windows"},
    {"Image Name ", "Mem Usage", "Windows"},
};

/* What says whom such a system ended for memory, or why: these words are shown. */
static const char *const reasons[] = {"memorystatus: killing",
                                      "low swap: killing largest compressed process",
                                      "memorystatus: exceeded mem limit",
                                      "jetsam reason ",
                                      "\"largestProcess\"",
                                      "\"reason\" : \""};

const char *foreign_sign(unsigned sign)
{
    return sign < ARRAY_SIZE(signs) ? signs[sign].has : NULL;
}

/* The first such line; a report in JSON has who was the largest and why one was ended in two short
 * ones. */
static void note_words(struct snapshot *s, struct span line, const char *from)
{
    size_t len = strlen(s->foreign_words);
    struct span words = {from, line.end};
    const char *dash = span_find(words, " - ");
    char piece[100];

    if (dash)
        words.end = dash;
    words = span_trim(words);
    if (!span_empty(words) && words.end[-1] == ',')
        words.end--;
    if (len && (len > SHORT || span_len(words) > SHORT || strstr(s->foreign_words, "; ")))
        return;
    span_copy(words, piece, sizeof(piece));
    snprintf(s->foreign_words + len, sizeof(s->foreign_words) - len, "%s%s", len ? "; " : "",
             piece);
}

bool foreign_take(struct paste *p, struct span line)
{
    for (unsigned i = 0; i < ARRAY_SIZE(signs); i++) {
        if (!span_find(line, signs[i].has) || (signs[i].also && !span_find(line, signs[i].also)))
            continue;
        if (!p->s.foreign)
            p->s.foreign = signs[i].system;
        for (unsigned r = 0; r < ARRAY_SIZE(reasons) && strcmp(signs[i].system, APPLE) == 0; r++) {
            const char *at = span_find(line, reasons[r]);

            if (at) {
                note_words(&p->s, line, at);
                break;
            }
        }
        return true;
    }
    return false;
}

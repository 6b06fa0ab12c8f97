/* oom_title_reason.c - why a daemon killed, by the figures of its own message: memory left, memory
 * used, a threshold that was met.
 *
 * Each daemon has words of its own. A figure in them becomes evidence and is printed as others are,
 * in KiB, MiB or GiB.
 */
#include "diagnose/oom_tell_int.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REASON_MAX 240

double oom_percent_after(const char *words, const char *mark)
{
    const char *at = strstr(words, mark);
    double number;

    return at && sscanf(at + strlen(mark), "%lf", &number) == 1 && number >= 0 && number < 1e6
               ? number
               : NAN;
}

static bool is_percent(double number)
{
    return number >= 0 && number <= 100;
}

static void say_share_left(const struct telling *t, double memory, double swap, bool no_swap,
                           struct strbuf *out)
{
    strbuf_printf(out, "%s of memory was left", PERCENT(KILL, "memory left", memory));
    if (no_swap)
        strbuf_append(out, ", and there is no swap");
    else if (is_percent(swap))
        strbuf_printf(out, ", and %s of swap", PERCENT(KILL, "swap left", swap));
}

/* What earlyoom saw left: "mem avail: 19 of 950 MiB ( 2.10%), swap free: 153 of 1023 MiB (14.96%)",
 * until 1.2 without "of 950". */
static bool say_earlyoom(const struct telling *t, const char *words, const char *lead,
                         struct strbuf *out)
{
    const char *mem = words, *swap = strstr(words, "swap free:"), *total;
    double mem_left, swap_left;
    unsigned avail, min;
    bool no_swap;

    /* As earlyoom wrote until 1.0. */
    if (sscanf(words, "Out of memory! avail: %9u MiB < min: %9u MiB", &avail, &min) == 2) {
        strbuf_printf(out, "%s%s were available", lead, BYTES(KILL, "available", avail * MIB));
        strbuf_printf(out, ", under its minimum of %s", BYTES(KILL, "minimum", min * MIB));
        return true;
    }

    /* From 1.6 on only its limits. */
    if (sscanf(words, "low memory! at or below SIG%*4s limits: mem %lf%%, swap %lf%%", &mem_left,
               &swap_left) == 2 &&
        is_percent(mem_left) && is_percent(swap_left)) {
        strbuf_printf(out, "%sno more than %s of memory was available", lead,
                      PERCENT(KILL, "limit of memory", mem_left));
        strbuf_printf(out, ", and no more than %s of swap free",
                      PERCENT(KILL, "limit of swap", swap_left));
        return true;
    }

    if (!swap || !(mem = strchr(mem, '(')) || mem > swap || !strchr(swap, '(') ||
        sscanf(mem + 1, "%lf", &mem_left) != 1 ||
        sscanf(strchr(swap, '(') + 1, "%lf", &swap_left) != 1 || !is_percent(mem_left) ||
        !is_percent(swap_left))
        return false;
    /* "0 of 0 MiB (0 %)", and of old versions "0 MiB (0 %)", which is said of a full swap as
     * well. */
    total = strstr(swap, "of ");
    no_swap = total && strtoull(total + 3, NULL, 10) == 0;
    strbuf_append(out, lead);
    say_share_left(t, mem_left, total || swap_left > 0 ? swap_left : NAN, no_swap, out);
    return true;
}

/* "MemAvailable [160 MiB, 2.0 %] <= soft_threshold_min_mem [395 MiB, 5.0 %]": what nohang saw. */
static bool say_nohang(const struct telling *t, const char *words, const char *lead,
                       struct strbuf *out)
{
    static const struct {
        const char *mark, *what, *name;
    } kinds[] = {{"MemAvailable [", "available", "memory available"},
                 {"SwapFree [", "of swap free", "free swap"}};

    for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++) {
        const char *at = strstr(words, kinds[i].mark), *than = at ? strstr(at, "] <= ") : NULL;
        double share, limit;
        unsigned mib, limit_mib;

        than = than ? strchr(than + 5, '[') : NULL;
        if (!than || sscanf(at + strlen(kinds[i].mark), "%9u MiB, %lf", &mib, &share) != 2 ||
            sscanf(than + 1, "%9u MiB, %lf", &limit_mib, &limit) != 2 || !is_percent(limit))
            continue;
        strbuf_printf(out, "%s%s %s", lead, BYTES(KILL, kinds[i].name, mib * MIB), kinds[i].what);
        strbuf_printf(out, ", and its threshold is %s", BYTES(KILL, "threshold", limit_mib * MIB));
        return true;
    }
    return false;
}

/* "16313356288)" of systemd before version 250, "15.2G)" of later ones; UNKNOWN. */
static double size_at(const char *text)
{
    static const char units[] = "BKMGT";
    char *end;
    double number = strtod(text, &end);
    const char *unit;

    if (end == text || !(number >= 0 && number < 1e18))
        return NAN;
    if (*end == ')')
        return number;
    unit = *end ? strchr(units, *end) : NULL;
    return unit && end[1] == ')' ? number * (double)((u64)1 << 10 * (unit - units)) : NAN;
}

/* "memory used (X) / total (Y) and swap used (X) / total (Y) being more than 90.00%": what
 * systemd-oomd saw. */
static bool say_systemd_oomd(const struct telling *t, const char *words, const char *lead,
                             struct strbuf *out)
{
    static const char *const marks[] = {"memory used (", "swap used ("};
    static const char *const names[] = {"of memory", "of swap"};
    double limit = oom_percent_after(words, "more than ");
    bool any = false;

    for (unsigned i = 0; i < ARRAY_SIZE(marks); i++) {
        const char *at = strstr(words, marks[i]);
        const char *slash = at ? strstr(at, ") / total (") : NULL;
        double used = slash ? size_at(at + strlen(marks[i])) : NAN,
               total = slash ? size_at(slash + strlen(") / total (")) : NAN;

        if (isnan(limit) || !(total > 0) || !(used <= total))
            continue;
        strbuf_printf(out, "%s%s %s", any ? " and " : lead,
                      PERCENT(KILL, i ? "swap used" : "memory used", 100 * used / total), names[i]);
        any = true;
    }
    if (any)
        strbuf_printf(out, " were used, and its limit is %s", PERCENT(KILL, "limit", limit));
    return any;
}

/* The text with its figures as evidence: "(91200kB < 291276kB)" becomes "(89.1 MiB < 284.4
 * MiB)". */
static void say_with_figures(const struct telling *t, const char *text, size_t len,
                             struct strbuf *out)
{
    const char *end = text + len;
    unsigned count = 0;
    char name[32];

    while (text < end) {
        char *after;
        unsigned long long number;
        bool in_word = out->len && strchr("abcdefghijklmnopqrstuvwxyz_", out->text[out->len - 1]);

        if (*text < '0' || *text > '9' || in_word) {
            /* "min2x" is a word. */
            strbuf_append_bytes(out, text++, 1);
            continue;
        }
        number = strtoull(text, &after, 10);
        if (after > end || number >= (u64)1 << 53) {
            strbuf_append_bytes(out, text++, 1);
            continue;
        }
        snprintf(name, sizeof(name), "its reason, figure %u", ++count);
        if (end - after >= 2 && (strncmp(after, "kB", 2) == 0 || strncmp(after, "KB", 2) == 0)) {
            strbuf_append(out, BYTES(KILL, name, (u64)number * KIB));
            after += 2;
        } else if (after < end && *after == '%') {
            strbuf_append(out, PERCENT(KILL, name, (double)number));
            after++;
        } else {
            strbuf_append(out, oom_figure((char[48]){0}, t->c, t->e, OOM_PART_KILL, name,
                                          (double)number, IN_ID));
        }
        text = after;
    }
}

/*
 * "reason: min watermark is breached and swap is low (91200kB < 291276kB)" of Android's lmkd,
 * "because cache 51200kB is below limit 55296kB for oom_score_adj 529" of the killer in its older
 * kernels.
 */
static bool say_android(const struct telling *t, const char *words, const char *lead,
                        struct strbuf *out)
{
    static const char *const marks[] = {"reason: ", " because "};

    (void)lead;
    for (unsigned i = 0; i < ARRAY_SIZE(marks); i++) {
        const char *at = strstr(words, marks[i]), *rest;
        size_t len;

        if (!at)
            continue;
        at += strlen(marks[i]);
        len = strcspn(at, "\"\n;");
        rest = strstr(at, "Free memory is");
        if (rest && (size_t)(rest - at) < len)
            len = (size_t)(rest - at);
        while (len && (at[len - 1] == ' ' || at[len - 1] == '.' || at[len - 1] == ','))
            len--;
        if (len == 0 || len > REASON_MAX)
            continue;
        strbuf_printf(out, "; its reason%s: ", *lead == ';' ? " for the last" : "");
        say_with_figures(t, at, len, out);
        return true;
    }
    return false;
}

/* Talos kills by the pressure of the machine, and says no figure of it. */
static bool say_talos(const struct telling *t, struct strbuf *out)
{
    if (strcmp(t->e->killer, "Talos") != 0)
        return false;
    strbuf_append(out, ": its OOM controller acts when time is lost waiting for memory (pressure) "
                       "and that rises, not at a limit; memory itself need not have been full");
    return true;
}

void oom_say_reason(const struct telling *t, const char *words, bool several, struct strbuf *out)
{
    const char *lead = several ? "; at the last, " : ": ";

    if (say_earlyoom(t, words, lead, out) || say_nohang(t, words, lead, out) ||
        say_systemd_oomd(t, words, lead, out) || say_android(t, words, lead, out) ||
        say_talos(t, out))
        return;
    strbuf_append(out, ", by its own rule: what it saw, is not in this text");
}

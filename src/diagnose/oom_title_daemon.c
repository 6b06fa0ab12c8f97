/* oom_title_daemon.c - the first line of what a daemon did: whom systemd-oomd, earlyoom, Talos or
 * Android's killer ended.
 *
 * Why it did: oom_title_reason.c. What the node agent of Kubernetes evicts: oom_title_eviction.c.
 */
#include "diagnose/oom_tell_int.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A name that the kernel would have cut stands whole in the message. */
const char *oom_whole_name(char buf[128], const struct log_event *e)
{
    const char *words = e->words ? e->words : "";
    size_t cut = strlen(e->comm), len;
    const char *at = cut ? strstr(words, e->comm) : NULL;

    if (at && at > words && at[-1] == ' ' && strcmp(e->killer, "lmkd") == 0) {
        snprintf(buf, 128, "%.*s", (int)MIN(strcspn(at, " "), (size_t)127), at);
        return buf;
    }
    if (!at || at == words || at[-1] != '\'')
        return e->comm;
    len = strcspn(at, "'");
    snprintf(buf, 128, "%.*s", (int)MIN(len, (size_t)127), at);
    return len >= cut && at[len] == '\'' ? buf : e->comm;
}

bool oom_killer_is_batch(const char *killer)
{
    return strcmp(killer, "slurm") == 0 || strcmp(killer, "PBS") == 0 ||
           strcmp(killer, "YARN") == 0;
}

/* Names beyond these are counted. */
#define NAMES_SHOWN 3

static const char *victim_name(char buf[128], const struct log_event *e)
{
    char label[96];
    const char *name;

    if (!e->task_memcg)
        return oom_whole_name(buf, e);
    name = group_label(label, e->task_memcg);
    /* Who runs pods has names of them and no paths; "/pod" is one whose name is not told. */
    name += *name == '/' && strcmp(e->killer, "kubelet") == 0;
    if (strcmp(e->killer, "kubelet") == 0 && strcmp(name, "pod") == 0)
        name = "a pod";
    snprintf(buf, 128, "%s", name);
    return buf;
}

/* Another kill by the same daemon of which the text says whom. */
static bool is_of_list(const struct telling *t, const struct incident *i)
{
    return i->e->kind == LOG_KILLED_BY && strcmp(i->e->killer, t->e->killer) == 0 &&
           (i->e->task_memcg || *i->e->comm) && !incident_is_repeated(t->c->incidents, i);
}

u64 oom_say_victims(const struct telling *t, struct strbuf *out)
{
    bool groups = true, pods = strcmp(t->e->killer, "kubelet") == 0;
    u64 count = 0, at = 0;
    char name[128];

    vec_for_each (&t->c->incidents->items, i)
        if (is_of_list(t, i)) {
            groups &= i->e->task_memcg != NULL;
            count++;
        }
    if (count < 2) {
        if (t->e->task_memcg || *t->e->comm)
            strbuf_append(out, victim_name(name, t->e));
        return count ? count : (t->e->task_memcg || *t->e->comm);
    }
    strbuf_printf(out, "%s %s (", COUNT(KILL, "kills in the log", count),
                  pods     ? "pods"
                  : groups ? "groups"
                           : "processes");
    if (count > NAMES_SHOWN)
        strbuf_append(out, "the last ");
    vec_for_each (&t->c->incidents->items, i) {
        if (!is_of_list(t, i) || ++at + NAMES_SHOWN <= count)
            continue;
        strbuf_printf(out, "%s%s",
                      at == MAX(count, (u64)NAMES_SHOWN) - NAMES_SHOWN + 1 ? ""
                      : at == count                                        ? " and "
                                                                           : ", ",
                      victim_name(name, i->e));
    }
    strbuf_appendc(out, ')');
    return count;
}

/* "8650752kb", "1.2 GB", "8388608": of batch systems a bare number is of KiB; NAN where none
 * stands. */
static double size_in(const char *text)
{
    static const char units[] = "kmgt";
    char *end;
    double number = strtod(text, &end);
    const char *unit;

    if (end == text || !(number >= 0 && number < 1e15))
        return NAN;
    while (*end == ' ')
        end++;
    unit = *end ? strchr(units, *end | 0x20) : NULL;
    return number * (unit && *unit && (end[1] | 0x20) == 'b' ? (double)(KIB << 10 * (unit - units))
                                                             : (double)KIB);
}

/* ", 8.2 GiB of 8.0 GiB": the sizes before `at` and at `behind`; false where they are not those of
 * a limit that was met. */
static bool say_used(const struct telling *t, const char *words, const char *at, const char *behind,
                     struct strbuf *out)
{
    double limit = size_in(behind), used = NAN;

    if (!(limit > 0))
        return false;
    for (const char *from = at; from > words && isnan(used); from--)
        if ((from == words + 1 || from[-1] == ' ' || from[-1] == '(') && *from >= '0' &&
            *from <= '9')
            used = size_in(from);
    if (!(used >= limit * 0.9))
        return false;
    strbuf_printf(out, ", %s", BYTES(KILL, "used", (u64)used));
    strbuf_printf(out, " of %s", BYTES(KILL, "limit", (u64)limit));
    return true;
}

/* Who runs jobs ends those that use more than they asked for. */
static void title_batch(const struct telling *t, struct strbuf *out)
{
    static const char *const between[] = {" exceeded limit ", " > ", " of "};
    char label[96], *end;
    double number = (double)strtoull(t->e->comm, &end, 10);
    const char *words = t->e->words ? t->e->words : "";

    strbuf_printf(out, "%s killed %s%s: it used more memory than it was given", t->e->killer,
                  *t->e->comm ? "job " : "",
                  *t->e->comm        ? t->e->comm
                  : t->e->task_memcg ? group_label(label, t->e->task_memcg)
                                     : "a job");
    if (number > 0 && !*end)
        (void)oom_figure((char[48]){0}, t->c, t->e, OOM_PART_KILL, "job", number, IN_ID);
    for (unsigned i = 0; i < ARRAY_SIZE(between); i++)
        /* " of " stands in sentences, too: "one of the running tasks". */
        for (const char *at = strstr(words, between[i]); at; at = strstr(at + 1, between[i]))
            if (say_used(t, words, at, at + strlen(between[i]), out))
                return;
}

void oom_title_daemon(const struct telling *t, struct strbuf *out)
{
    const char *words = t->e->words ? t->e->words : "";
    double is = oom_percent_after(words, " being "), over = oom_percent_after(words, "% > ");
    char label[96];
    u64 victims;

    if (t->ruling->cause == CAUSE_EVICTION) {
        oom_title_eviction(t, words, out);
        return;
    }
    if (oom_killer_is_batch(t->e->killer)) {
        title_batch(t, out);
        return;
    }
    if (strcmp(t->e->killer, "Ray") == 0) {
        strbuf_append(out, "Ray killed a task because its node ran low on memory: what the node "
                           "used was over the threshold that Ray keeps");
        return;
    }
    strbuf_printf(out, "%s killed ", t->e->killer);
    victims = oom_say_victims(t, out);
    if (victims == 0)
        strbuf_append(out, "to free memory");
    if (!strstr(words, "memory pressure") || isnan(is) || isnan(over)) {
        oom_say_reason(t, words, victims > 1, out);
        return;
    }
    strbuf_printf(out, " for memory pressure: %s", PERCENT(KILL, "memory pressure", is));
    strbuf_printf(out, ", and its limit is %s", PERCENT(KILL, "pressure limit", over));
    if (t->e->oom_memcg && t->e->task_memcg && known(t->e->usage) &&
        strcmp(t->e->oom_memcg, t->e->task_memcg) != 0)
        strbuf_printf(out, "; the largest that it looked at was %s with %s",
                      group_label(label, t->e->oom_memcg),
                      BYTES(KILL, "largest candidate", t->e->usage));
    else
        strbuf_append(out, "; memory itself need not have been full");
}

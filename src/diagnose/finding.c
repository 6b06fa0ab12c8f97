/* finding.c - names, order and amounts of findings. */
#include "diagnose/finding.h"

#include "base/units.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const struct rule_info rule_info[NR_RULES] = {
#define RULE(id, function, name, family, title, meaning, look_next, change, disproof, teach) \
    {name, family, title, meaning, look_next, change, disproof, teach},
#include "diagnose/rules.def"
#undef RULE
};

const struct cause_info cause_info[NR_CAUSES] = {
#define CAUSE(id, name, meaning, look_next, change, disproof) \
    {name, {meaning, look_next, change, disproof}},
#include "diagnose/causes.def"
#undef CAUSE
};

struct advice finding_advice(const struct finding *f)
{
    const struct rule_info *rule = &rule_info[f->rule];

    if (f->cause < NR_CAUSES)
        return cause_info[f->cause].advice;
    return (struct advice){rule->meaning, rule->look_next, rule->change, rule->disproof};
}

const char *const evidence_units[NR_EVIDENCE_UNITS] = {
    [IN_BYTES] = "bytes",
    [IN_BYTES_PER_S] = "bytes/s",
    [IN_PAGES_PER_S] = "pages/s",
    [IN_EVENTS_PER_S] = "1/s",
    [IN_PERCENT] = "percent",
    [IN_COUNT] = "count",
    [IN_MS] = "ms",
    [IN_SECONDS] = "s",
    [IN_TIMES] = "ratio",
    [IN_ID] = "id",
};

enum rule rule_find(const char *name)
{
    unsigned i = 0;

    while (i < NR_RULES && strcmp(rule_info[i].name, name) != 0)
        i++;
    return (enum rule)i;
}

bool rule_is_family(const char *name)
{
    for (unsigned i = 0; i < NR_RULES; i++) {
        if (strcmp(rule_info[i].family, name) == 0)
            return true;
    }
    return false;
}

const char *severity_name(enum severity severity)
{
    static const char *const names[] = {
        [SEV_GOOD] = "good",
        [SEV_INFO] = "info",
        [SEV_WARNING] = "warning",
        [SEV_CRITICAL] = "critical",
    };

    return names[severity];
}

const char *confidence_name(enum confidence confidence)
{
    static const char *const names[] = {
        [CONF_LOW] = "low",
        [CONF_MEDIUM] = "medium",
        [CONF_HIGH] = "high",
    };

    return names[confidence];
}

static void format_seconds(char buf[48], double seconds)
{
    char text[UNITS_TEXT_MAX];

    /* Days and more: hours are no help. 2^64 ns are 584 years. */
    if (seconds < 0 || seconds > 1e9)
        snprintf(buf, 48, "%.0f s", seconds);
    else if (seconds >= 2 * 86400)
        snprintf(buf, 48, "%.1f days", seconds / 86400);
    else
        snprintf(buf, 48, "%s", format_ns(text, (ns_t)(seconds * 1e9)));
}

/* Three digits or a whole number with commas. */
static void format_amount(char buf[48], double number, const char *unit)
{
    char text[UNITS_TEXT_MAX];

    if (number < 0 || number > 1e18)
        snprintf(buf, 48, "%.3g%s", number, unit);
    else if (number > 0 && number < 10 && number != floor(number))
        snprintf(buf, 48, "%.1f%s", number, unit);
    else
        snprintf(buf, 48, "%s%s", format_count(text, (u64)(number + 0.5)), unit);
}

char *format_evidence(char buf[48], double number, enum evidence_unit unit)
{
    char text[UNITS_TEXT_MAX];

    if (isnan(number)) {
        snprintf(buf, 48, "unknown");
        return buf;
    }
    switch (unit) {
    case IN_BYTES:
    case IN_BYTES_PER_S:
        snprintf(buf, 48, "%s%s%s", number < 0 ? "-" : "",
                 format_bytes(text, (u64)MIN(fabs(number), 1e19)),
                 unit == IN_BYTES_PER_S ? "/s" : "");
        break;
    case IN_PAGES_PER_S:
        format_amount(buf, number, " pages/s");
        break;
    case IN_EVENTS_PER_S:
        format_amount(buf, number, " /s");
        break;
    case IN_PERCENT:
        snprintf(buf, 48, "%.*f %%", number < 10 ? 1 : 0, number);
        break;
    case IN_COUNT:
        format_amount(buf, number, "");
        break;
    case IN_MS:
        snprintf(buf, 48, "%.3g ms", number);
        break;
    case IN_SECONDS:
        format_seconds(buf, number);
        break;
    case IN_TIMES:
        snprintf(buf, 48, "%.2f", number);
        break;
    case IN_ID:
        snprintf(buf, 48, "%.0f", number);
        break;
    case NR_EVIDENCE_UNITS:
        hw_unreachable();
    }
    return buf;
}

static int compare_findings(const void *a, const void *b)
{
    const struct finding *x = a, *y = b;

    if (x->severity != y->severity)
        return x->severity > y->severity ? -1 : 1;
    if (x->weight != y->weight)
        return x->weight > y->weight ? -1 : 1;
    if (x->rule != y->rule)
        return x->rule < y->rule ? -1 : 1;
    return strcmp(x->scope, y->scope);
}

void findings_sort(struct findings *f)
{
    if (f->items.count)
        qsort(f->items.items, f->items.count, sizeof(f->items.items[0]), compare_findings);
}

void finding_done(struct finding *f)
{
    free(f->title);
    free(f->detail);
    vec_done(&f->evidence);
}

void findings_cut(struct findings *f)
{
    u32 seen[NR_RULES] = {0};
    size_t kept = 0;

    vec_for_each (&f->items, at) {
        if (seen[at->rule]++ < FINDINGS_PER_RULE) {
            f->items.items[kept++] = *at;
        } else {
            f->left_out[at->rule]++;
            finding_done(at);
        }
    }
    f->items.count = kept;
}

void findings_done(struct findings *f)
{
    vec_for_each (&f->items, at)
        finding_done(at);
    vec_done(&f->items);
    vec_done(&f->gaps);
    memset(f->left_out, 0, sizeof(f->left_out));
}

/* deployment.c - see deployment.h.
 *
 * Kubernetes' request is what the scheduler counts and what evictions go by, so it is the need; its
 * limit is memory.max. It has no word for memory.high, nor have docker and Slurm. Comments stand on
 * lines of their own: systemd takes no others, and the five share '#'.
 */
#include "report/deployment_int.h"

#include "base/units.h"
#include "base/utf8.h"
#include "report/envelope_report.h"
#include "report/text_wrap.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define COMMENT_COLUMNS 90u
#define DOCKER_MIN      (6 * MIB)

u64 deployment_mib(u64 bytes)
{
    return (bytes + MIB - 1) / MIB;
}

/* --- what to set --- */

static bool is_short(const struct size_report *reports, unsigned nr, struct strbuf *why)
{
    for (unsigned i = 0; i < nr; i++) {
        if (!size_base_is_short(&reports[i].result->unlimited))
            continue;
        utf8_append_clean(why, reports[i].input);
        strbuf_append(why,
                      " waits for memory even without a limit, so that no limit can be judged; "
                      "size it on a machine with more (--ram)");
        return true;
    }
    return false;
}

static void explain_one(const struct size_report *r, struct strbuf *out)
{
    char need[UNITS_TEXT_MAX], peak[UNITS_TEXT_MAX];

    utf8_append_clean(out, r->input);
    strbuf_printf(out,
                  " needs %s to take at most %.2f times its time without a limit, and grows to %s "
                  "without one.",
                  format_limit(need, envelope_need(r->result)), r->config->usable_slowdown,
                  format_bytes(peak, r->result->unlimited.peak_bytes));
}

bool deployment_init(struct deployment *d, const struct size_report *reports, unsigned nr,
                     const struct size_envelope *envelope, struct strbuf *why)
{
    const struct size_config *config = reports->config;
    const struct size_advice *a = &reports->result->advice;

    *d = (struct deployment){0};
    if (envelope && envelope->outcome != ENVELOPE_FOUND) {
        envelope_reason(reports, nr, envelope, why);
        return false;
    }
    if (!envelope && !a->found) {
        strbuf_append(why, a->reason);
        return false;
    }
    if (is_short(reports, nr, why))
        return false;
    strbuf_init(&d->why);
    strbuf_init(&d->notes);
    if (envelope) {
        d->need_bytes = envelope->need_bytes;
        d->max_bytes = envelope->max_bytes;
        d->high_bytes = envelope->high_bytes;
        d->has_high = envelope->has_high;
        envelope_spread(reports, nr, envelope, &d->why);
        strbuf_append(&d->why, ". The largest counts.");
    } else {
        d->need_bytes = envelope_need(reports->result);
        d->max_bytes = a->max_bytes;
        d->high_bytes = a->high_bytes;
        d->has_high = a->has_high;
        explain_one(reports, &d->why);
    }
    d->has_swap = config->machine->nr_swaps > 0 || config->machine->swap_bytes > 0;
    d->has_swap_max = config->has_swap_max;
    d->swap_max_bytes = config->swap_max_bytes;
    return true;
}

void deployment_done(struct deployment *d)
{
    strbuf_done(&d->why);
    strbuf_done(&d->notes);
}

/* --- in whose words --- */

void deployment_comment(struct strbuf *out, const char *indent, const char *text)
{
    struct strbuf wrapped;

    strbuf_init(&wrapped);
    text_wrap(&wrapped, text, 0, COMMENT_COLUMNS);
    for (char *at = wrapped.text; *at;) {
        size_t len = strcspn(at, "\n");

        if (len)
            strbuf_printf(out, "%s# %.*s\n", indent, (int)len, at);
        at += len + (at[len] == '\n');
    }
    strbuf_done(&wrapped);
}

/* Memory that is swapped out counts to no limit of memory, so a sizing with swap holds only where
 * there is as much. */
void deployment_swap_comment(const struct deployment *d, const char *indent, struct strbuf *out)
{
    deployment_comment(out, indent,
                       !d->has_swap ? "Sized without swap."
                       : d->live    ? "Sized on a machine with swap: without as much swap it needs "
                                      "more memory."
                                    : "Sized on a machine with swap: without as much swap it needs "
                                      "more memory (size it with --swap 0).");
}

void deployment_resources(const struct deployment *d, unsigned indent, struct strbuf *out)
{
    char pad[32];

    snprintf(pad, sizeof(pad), "%*s", (int)indent + 4, "");
    strbuf_printf(out, "%*sresources:\n%*srequests:\n", (int)indent, "", (int)indent + 2, "");
    deployment_comment(out, pad,
                       "What it needs: the scheduler keeps this much of a node for it, and a "
                       "container within it is evicted last.");
    strbuf_printf(out, "%smemory: %" PRIu64 "Mi\n%*slimits:\n", pad, deployment_mib(d->need_bytes),
                  (int)indent + 2, "");
    deployment_comment(out, pad,
                       d->live ? "The kernel kills what grows beyond this (memory.max); the "
                                 "difference is for times that need more than this one."
                               : "The kernel kills what grows beyond this (memory.max); the "
                                 "difference is for runs that need more than the recorded ones.");
    strbuf_printf(out, "%smemory: %" PRIu64 "Mi\n", pad, deployment_mib(d->max_bytes));
}

static void render_kubernetes(const struct deployment *d, struct strbuf *out)
{
    if (d->has_swap)
        deployment_swap_comment(d, "", out);
    deployment_resources(d, 0, out);
}

static void render_systemd(const struct deployment *d, struct strbuf *out)
{
    deployment_comment(out, "", "A drop-in: systemctl edit NAME.service");
    strbuf_append(out, "[Service]\n");
    if (d->has_high) {
        deployment_comment(out, "",
                           "From here on the kernel reclaims from it and slows it, and kills "
                           "nothing.");
        strbuf_printf(out, "MemoryHigh=%" PRIu64 "M\n", deployment_mib(d->high_bytes));
    }
    deployment_comment(out, "", "The kernel kills what grows beyond this.");
    strbuf_printf(out, "MemoryMax=%" PRIu64 "M\n", deployment_mib(d->max_bytes));
    deployment_swap_comment(d, "", out);
    if (!d->has_swap)
        strbuf_append(out, "MemorySwapMax=0\n");
    else if (d->has_swap_max)
        strbuf_printf(out, "MemorySwapMax=%" PRIu64 "M\n", deployment_mib(d->swap_max_bytes));
}

static u64 docker_mib(const struct deployment *d)
{
    return deployment_mib(MAX(d->max_bytes, (u64)DOCKER_MIN));
}

/* Memory and swap together, as docker counts them: "60m", "-1" for any. */
static void append_memory_swap(const struct deployment *d, struct strbuf *out)
{
    if (d->has_swap && !d->has_swap_max)
        strbuf_append(out, "-1");
    else
        strbuf_printf(out, "%" PRIu64 "m",
                      docker_mib(d) + (d->has_swap ? deployment_mib(d->swap_max_bytes) : 0));
}

static void docker_comment(const struct deployment *d, const char *indent, struct strbuf *out)
{
    if (d->max_bytes < DOCKER_MIN)
        deployment_comment(out, indent, "It needs less; docker takes no limit below 6 MiB.");
    deployment_swap_comment(d, indent, out);
}

static void render_docker(const struct deployment *d, struct strbuf *out)
{
    docker_comment(d, "", out);
    strbuf_printf(out, "docker run -m %" PRIu64 "m --memory-swap ", docker_mib(d));
    append_memory_swap(d, out);
    strbuf_append(out, " IMAGE\n");
}

static void render_compose(const struct deployment *d, struct strbuf *out)
{
    strbuf_append(out, "services:\n  NAME:\n");
    docker_comment(d, "    ", out);
    strbuf_printf(out, "    mem_limit: %" PRIu64 "m\n    memswap_limit: ", docker_mib(d));
    append_memory_swap(d, out);
    strbuf_appendc(out, '\n');
}

static void render_slurm(const struct deployment *d, struct strbuf *out)
{
    deployment_comment(
        out, "",
        "Of each node, for all tasks of the job on it; Slurm kills what grows beyond "
        "this where it confines memory (ConstrainRAMSpace).");
    if (d->has_swap)
        deployment_swap_comment(d, "", out);
    strbuf_printf(out, "#SBATCH --mem=%" PRIu64 "M\n", deployment_mib(d->max_bytes));
}

static const struct {
    const char *name;
    void (*render)(const struct deployment *d, struct strbuf *out);
} formats[NR_DEPLOYMENT_FORMATS] = {
    [DEPLOYMENT_KUBERNETES] = {"kubernetes", render_kubernetes},
    [DEPLOYMENT_SYSTEMD] = {"systemd", render_systemd},
    [DEPLOYMENT_DOCKER] = {"docker", render_docker},
    [DEPLOYMENT_COMPOSE] = {"compose", render_compose},
    [DEPLOYMENT_SLURM] = {"slurm", render_slurm},
};

enum deployment_format deployment_format(const char *name)
{
    unsigned i = 0;

    while (i < NR_DEPLOYMENT_FORMATS && strcmp(formats[i].name, name) != 0)
        i++;
    assert(i < NR_DEPLOYMENT_FORMATS);
    return (enum deployment_format)i;
}

void deployment_head(const struct deployment *d, struct strbuf *out)
{
    deployment_comment(out, "", d->why.text);
    for (char *at = d->notes.text; *at;) {
        size_t len = strcspn(at, "\n");

        if (len)
            strbuf_printf(out, "# %.*s\n", (int)len, at);
        at += len + (at[len] == '\n');
    }
}

void deployment_render(const struct deployment *d, enum deployment_format format,
                       struct strbuf *out)
{
    deployment_head(d, out);
    formats[format].render(d, out);
}

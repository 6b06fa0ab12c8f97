/* deployment.h - an advice in the words of what runs a service: what to paste into a manifest, a
 * unit, a command or a batch script.
 *
 * Rounding: upward to MiB, which all of them take, so that no limit is below the one that was found
 *           to be enough; docker takes none below 6 MiB.
 * Use:      struct deployment d; if (deployment_init(&d, reports, nr, envelope, &why)) {
 *           deployment_render(&d, format, &out); deployment_done(&d); }
 */
#ifndef REPORT_DEPLOYMENT_H
#define REPORT_DEPLOYMENT_H

#include "base/strbuf.h"
#include "report/manifest.h"
#include "report/size_report.h"
#include "size/envelope.h"

enum deployment_format {
    DEPLOYMENT_KUBERNETES,
    DEPLOYMENT_SYSTEMD,
    DEPLOYMENT_DOCKER,
    DEPLOYMENT_COMPOSE,
    DEPLOYMENT_SLURM,
    NR_DEPLOYMENT_FORMATS
};
#define DEPLOYMENT_FORMATS "kubernetes|systemd|docker|compose|slurm"

struct deployment {
    u64 need_bytes, max_bytes, high_bytes;
    bool has_high;
    bool has_swap; /* the machine had some */
    bool has_swap_max;
    bool live; /* sized while it ran (live_report.h): there is no recording to size again */
    u64 swap_max_bytes;
    struct strbuf why; /* what the limits stand on, one sentence or two */
    /* what makes them ones to distrust, with newlines; to be added to by the caller */
    struct strbuf notes;
};

/* From one recording (envelope NULL), or from several with their envelope. False, with the reason
 * in *why: there is no limit that could be pasted without being wrong. */
bool deployment_init(struct deployment *d, const struct size_report *reports, unsigned nr,
                     const struct size_envelope *envelope, struct strbuf *why);
void deployment_done(struct deployment *d);

/* pre: name is one of DEPLOYMENT_FORMATS */
enum deployment_format deployment_format(const char *name);

void deployment_render(const struct deployment *d, enum deployment_format format,
                       struct strbuf *out);

/* A strategic-merge patch of one container of the manifest called `path`: as kubectl patch
 * --patch-file and kustomize take it. What it changes there is said in comments. */
void deployment_render_patch(const struct deployment *d, const struct manifest_container *c,
                             const char *path, struct strbuf *out);

#endif

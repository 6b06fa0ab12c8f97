/* sizing.h - recordings opened to be sized, and swept as one service: what size and check share.
 *
 * Use:  struct sizing s; if (sizing_open(&s, cli, &request)) ... sizing_envelope(&s, ...);
 *       sizing_close(&s);
 */
#ifndef CLI_SIZING_H
#define CLI_SIZING_H

#include "base/vec.h"
#include "cli/cli.h"
#include "cli/host.h"
#include "cli/window.h"
#include "report/manifest.h"
#include "report/size_report.h"
#include "size/envelope.h"

#define SIZING_RECORDINGS_MAX 64u

/* Options of every verb that sizes; their ids are above those of a verb's own and above all
 * letters. */
enum {
    SIZING_OPT_JOBS = 500,
    SIZING_OPT_FROM,
    SIZING_OPT_TO,
    SIZING_OPT_PROCESS,
    SIZING_OPT_ALLOW_INCOMPLETE,
    SIZING_OPT_STORE,
    SIZING_OPT_SERVICE
};

#define SIZING_STORE_OPTIONS                                             \
    {SIZING_OPT_STORE, "store", 0, "FILE",                               \
     "keep the result in this store as well, for 'highwater fleet'"},    \
    {                                                                    \
        SIZING_OPT_SERVICE, "service", 0, "NAME",                        \
            "with --store: whose result it is (the name of the program)" \
    }

struct sizing_request {
    VEC(u64) limits; /* --limits; none: a search */
    u64 also_bytes;  /* with a search: one to try beside; 0: none */
    u64 grid, jobs;
    double max_slowdown, usable_slowdown;
    struct cli_window window;
    const char *process;
    const char *store, *service; /* --store, --service; NULL: not given */
    bool allow_incomplete;
    const char *manifest;                       /* of size --patch; NULL: none */
    const struct manifest_container *container; /* in it */
};

/* Take the option SIZING_OPT_* with cli->arg; another id is ignored. */
void sizing_take_option(struct sizing_request *req, struct cli *cli, int id);

/* One operand: what belongs to it until its answer is printed. */
struct sizing_recording {
    struct trace *trace;
    bool *only;
    struct runtimes runtimes;
    struct system_config machine;
    struct host_taken host;
};

struct sizing {
    struct cli *cli;
    const struct sizing_request *req;
    unsigned nr; /* recordings */
    struct sizing_recording *recordings;
    struct size_config *configs; /* one for each */
};

/* Open all operands. A recording that is given twice is refused, since it would tell nothing of how
 * much runs differ. False: a failure or a usage error was reported, and cli->exit_code says which.
 * SIGINT and SIGTERM stop the sweeps from here on. */
bool sizing_open(struct sizing *s, struct cli *cli, const struct sizing_request *req);
void sizing_close(struct sizing *s);

struct size_report sizing_report(const struct sizing *s, unsigned i,
                                 const struct size_config *config,
                                 const struct size_result *result);

/* Were all recordings made with the same settings of their programs' own (-Xmx and the like)? Then
 * they are runs of one service. */
bool sizing_has_same_settings(const struct sizing *s);

/* Each recording as by itself, then all of them with the limits that serve all. results: s->nr
 * zeroed ones, to be freed by size_result_done() in any case. 0 or a negative errno, as size_run()
 * has it. */
int sizing_envelope(const struct sizing *s, struct size_result *results, struct size_envelope *ret,
                    struct err *e);

/* The exit code for a sweep that failed: interrupted, or what e says. */
int sizing_fail(const struct sizing *s, int rc, const struct err *e);

#endif

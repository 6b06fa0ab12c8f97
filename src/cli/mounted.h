/* mounted.h - the machine of a scenario, a recording or a capture, made to be stood in front of:
 * what mount and enter share. */
#ifndef CLI_MOUNTED_H
#define CLI_MOUNTED_H

#include "cli/cli.h"
#include "cli/played.h"
#include "mount/live.h"

enum { MOUNTED_OPT_SPEED = 100, MOUNTED_OPT_PAUSE, MOUNTED_OPT_SKIP, MOUNTED_OPT_SCRIPT };

#define MOUNTED_OPTIONS                                                                            \
    {MOUNTED_OPT_SPEED, "speed", 's', "N", "virtual time for one of the clock's, as in 10x (1x)"}, \
        {MOUNTED_OPT_PAUSE, "pause", 0, NULL,                                                      \
         "time stands still until something is written to highwater/speed or highwater/step"},     \
        {MOUNTED_OPT_SKIP, "skip", 0, "TIME", "run to TIME before anybody looks"},                 \
    {                                                                                              \
        MOUNTED_OPT_SCRIPT, "script", 0, "FILE",                                                   \
            "write to the machine at given times, as noted in highwater/writes"                    \
    }

struct mounted {
    struct cli *cli;
    double speed;
    bool paused;
    ns_t skip;
    const char *script;

    struct scenario sc;
    struct scenario_traces traces;
    struct system system;
    struct scenario_run run;
    struct live live;
    struct played played; /* of a capture, which has none of the above */
    bool has_scenario, has_system, has_run, has_live, has_played;
    struct view *view;
};

/* The command line of a verb that has these options alone. False: the verb is done, with
 * cli->exit_code; `done`, as in "mounted", is what is said to happen to one machine where several
 * are asked for. */
bool mounted_begin(struct mounted *m, struct cli *cli, const struct cli_spec *spec, int argc,
                   char **argv, const char *done);
/* CLI_OK and m->view, or what went wrong is said and this is the exit code. */
int mounted_open(struct mounted *m, const char *path);
void mounted_close(struct mounted *m);

/* No process of the machine has a higher number. */
u32 mounted_last_pid(const struct mounted *m);

u64 mounted_clock(void);

#endif

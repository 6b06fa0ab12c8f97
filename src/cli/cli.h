/* cli.h - what all verbs share: options, help, colours, progress, output files, errors.
 *
 * Only this room prints and exits. stdout is the result, stderr everything else. Exit codes: 0
 * done; 1 failed; 2 what the user wants is wrong, on the command line or in a scenario file. A verb
 * declares its options once, in a table: parsing, --help and the completion of the shell come from
 * it. Common options are those of cli_options.def; a verb says by `takes` which groups of them it
 * accepts, and cli_next() stores them.
 *
 *     static const struct cli_option options[] = {{OPT_PROC, "proc", 0, "DIR", "write the machine's files to DIR"}};
 *     static const struct cli_spec spec = {"run", "FILE", "...", CLI_OUTPUT | CLI_MACHINE, options, 1, ...};
 *     int cmd_run(int argc, char **argv)
 *     {
 *         struct cli cli;
 *         cli_init(&cli, &spec, argc, argv);
 *         for (int id; (id = cli_next(&cli)) > 0;) switch (id) { case OPT_PROC: dir = cli.arg; }
 *         if (cli.done) return cli_done(&cli, cli.exit_code);   // --help was shown, or an option was wrong
 *         ... cli.operands, cli.nr_operands ...
 *         return cli_done(&cli, cli_emit(&cli, &text));
 *     }
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "base/err.h"
#include "base/strbuf.h"
#include "base/types.h"
#include "base/vec.h"
#include "page/page.h"
#include "report/axes.h"
#include "system/config.h"

#include <json-c/json.h>

enum { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

enum cli_format {
    CLI_TEXT,
    CLI_JSON,
    CLI_MARKDOWN,
    CLI_HTML,
    CLI_CSV,
    CLI_OWN, /* one of the verb's own: format_name */
};

/* Groups of common options. --help and --quiet are taken by every verb. */
enum cli_takes {
    CLI_OUTPUT = 1,       /* --format --output --no-color */
    CLI_PROGRESS = 2,     /* --progress */
    CLI_MACHINE = 4,      /* --set, and the options of machine.def */
    CLI_COMMAND = 8,      /* what follows the options is a command: its options are not ours */
    CLI_MODE = 16,        /* --mode */
    CLI_HOST = 64,        /* --host-memory */
    CLI_PAGE = 32,        /* with CLI_OUTPUT: --format markdown too */
    CLI_LIMITS = 128,     /* --memory-max --memory-high */
    CLI_SWAP_LIMIT = 256, /* --swap-max */
    CLI_PICTURES = 512,   /* with CLI_OUTPUT: --format html, or an output of that name, too */
    CLI_COMPARE = 1024,   /* --compare */
    CLI_SHEET = 2048,     /* with CLI_OUTPUT: --format csv too */
    /* what follows the first operand and options of ours is a command, as with CLI_COMMAND */
    CLI_THEN_COMMAND = 4096,
};

struct cli_option {
    int id;           /* > 0, the verb's own */
    const char *name; /* without -- */
    char letter;      /* 0: none */
    const char *arg;  /* NULL: a switch */
    /* one line, no full stop; NULL: known, to be refused with a reason, and listed nowhere */
    const char *help;
};

struct cli_spec {
    const char *verb;
    const char *operands; /* "FILE" */
    const char *summary;  /* one sentence */
    unsigned takes;       /* enum cli_takes */
    const char *formats; /* with CLI_OUTPUT: of --format, the verb's own: "junit|tap"; NULL: none */
    const struct cli_option *options;
    unsigned nr_options;
    const char *notes;                   /* more help after the options: examples; may be NULL */
    unsigned min_operands, max_operands; /* checked by cli_next; UINT_MAX: any */
    int failed;                          /* exit code when the host has no memory; 0: CLI_FAILED */
};

#define CLI_SIZE_MAX UINT64_MAX /* "max" */

struct cli_profile;

/* KEY=VALUE for system_config_set(). */
struct cli_setting {
    const char *key, *value;
};

#define CLI_VARIANTS_MAX 256u

/* The machine the user asked for, or with --compare several of them: variants, numbered as
 * axes_value() does. */
struct cli_machine {
    u64 memory_max, memory_high, swap_max; /* bytes or CLI_SIZE_MAX; 0 when not given */
    bool has_memory_max, has_memory_high, has_swap_max;
    bool no_host; /* take nothing from the host of a recording */
    /* Options, tunables and costs as given, in order; and keys and values of --compare. All of them
     * are right. */
    VEC(struct cli_setting) settings;
    VEC(struct axis) compared;
    struct system_config config; /* the default machine with these settings */
};

struct cli {
    const struct cli_spec *spec;
    int argc;
    char **argv;
    const char *arg; /* of the option cli_next() returned */
    bool done;       /* do not go on: return exit_code */
    int exit_code;
    char **operands;     /* after cli_next() returned 0 */
    char *first_operand; /* of CLI_THEN_COMMAND, as soon as it is seen */
    unsigned nr_operands;

    enum cli_format format;
    const char *format_name; /* of CLI_OWN */
    bool format_given;
    const char *output; /* NULL: stdout */
    unsigned mode;      /* permissions of recordings and captures */
    bool quiet, color;
    bool progress;   /* show it */
    u64 host_memory; /* --host-memory; 0: the default */
    struct cli_machine machine;
    struct cli_profile *profile; /* --host (profile.h); NULL: none */

    /* private */
    const char *policy_option; /* the one that was given of --numa, --membind and the like; NULL */
    const char *cpunodebind_option; /* "--cpunodebind" if it was given; NULL */
    VEC(void *) owned;              /* to free */
    struct option *long_options;
    char *letters;
    bool no_color, progress_forced, progress_shown;
    ns_t progress_began, progress_at;
};

/* The name that the program is called by, and what it is for: the first lines of its --help. */
extern const char cli_program[], cli_purpose[];

/* The parts that a program may lack and this one has, each in spaces: " pages " (with pictures), "
 * archives " (and compressors other than gzip and zstd), " http ". In summary, notes and help of
 * options "{http?TEXT}" is said where the program has the part, "{!http?TEXT}" where it lacks it;
 * TEXT has no '}'. An option with nothing else in its help is not listed then. */
extern const char cli_parts[];

/* A verb of the program: verbs.def. */
struct cli_verb {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
};
extern const struct cli_verb cli_verbs[];
extern const unsigned nr_cli_verbs;

void cli_init(struct cli *cli, const struct cli_spec *spec, int argc, char **argv);

/* The id of the next option of the verb's own; 0 when all options are read (then look at
 * cli->done). */
int cli_next(struct cli *cli);

/* Free what cli_init() took and end the progress line. Returns exit_code. */
int cli_done(struct cli *cli, int exit_code);

/* "highwater VERB: text" on stderr. Returns CLI_FAILED. */
int cli_fail(struct cli *cli, const char *fmt, ...) HW_PRINTF(2, 3);
int cli_fail_err(struct cli *cli, const struct err *e);
/* The same for a failure rc. Returns CLI_USAGE for -EINVAL: what the user wants of the machine, or
 * writes in a scenario, is wrong. */
int cli_fail_for(struct cli *cli, int rc, const struct err *e);
/* The same with a hint at --help. Returns CLI_USAGE and sets cli->done. */
int cli_usage(struct cli *cli, const char *fmt, ...) HW_PRINTF(2, 3);
/* A note on stderr, not with --quiet. */
void cli_note(struct cli *cli, const char *fmt, ...) HW_PRINTF(2, 3);
/* Which of the tunables that a file sets change nothing here. */
void cli_note_kept(struct cli *cli, const struct tunables *t);

/* Parse the argument of an option; on failure a usage error was reported and false is returned.
 * "max" gives CLI_SIZE_MAX. */
bool cli_parse_size(struct cli *cli, const char *option, u64 *ret);
bool cli_parse_u64(struct cli *cli, const char *option, u64 *ret);
bool cli_parse_f64(struct cli *cli, const char *option, double *ret);
/* --jobs N; and how many threads that is: for 0 as many as there are CPUs. */
bool cli_parse_jobs(struct cli *cli, u64 *ret);
unsigned cli_jobs(u64 given);
/* Set an option of the machine to cli->arg, or report a usage error. */
void cli_choose(struct cli *cli, enum machine_option option);

/* Write the result to --output (whole or not at all) or stdout. What could command a terminal or
 * mislead its reader is shown as '?' (base/utf8.h), but for newlines, tabs and, where there is
 * colour, colours. Returns CLI_OK or CLI_FAILED. */
int cli_emit(struct cli *cli, const struct strbuf *text);
/* Whether the result is a document: JSON, or the page of one; and the same for it, which is freed.
 * `name` is of what it is about. */
bool cli_wants_document(const struct cli *cli);
int cli_emit_document(struct cli *cli, enum page_kind kind, const char *name, json_object *o);
/* The same for JSON that is printed already. */
int cli_emit_json(struct cli *cli, enum page_kind kind, const char *name,
                  const struct strbuf *json);
/* The same for bytes of a file: only a terminal gets them cleaned. */
int cli_emit_file(struct cli *cli, const struct strbuf *bytes);

/* "verb: what 42 %" on a terminal's line, and the seconds once it takes long; at most ten times a
 * second. Nothing elsewhere unless --progress. total 0: unknown. */
void cli_progress(struct cli *cli, const char *what, u64 done, u64 total);
void cli_progress_end(struct cli *cli);

/* Escape sequences that are "" without colour: cli_style(cli, CLI_BOLD). */
enum cli_style { CLI_PLAIN, CLI_BOLD, CLI_RED, CLI_GREEN, CLI_YELLOW, CLI_DIM };
const char *cli_style(const struct cli *cli, enum cli_style style);

#endif

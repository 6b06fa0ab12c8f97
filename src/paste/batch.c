/* batch.c - what systems that run jobs say of one that ended: what it used and what it had asked
 * for, each in a line of its own.
 *
 *     resources_used.mem=16120012kb      Resource_List.mem=16gb              PBS, Torque (qstat -f, tracejob)
 *     maxvmem  16.012G                   category -l h_vmem=16G              SGE (qacct)
 *     Max Memory : 8201 MB               Total Requested Memory : 8192 MB    LSF (bjobs -l, the mail at the end)
 *     Memory Utilized: 3.99 GB           Memory Efficiency: 99 % of 4 GB     Slurm (seff), and State of sacct
 *
 * Figures alone mean nothing: a job is told to have met its limit where a line says so, or where it
 * used all of it and was killed.
 */
#include "paste/state_int.h"

#include <stdio.h>

/* Use is sampled: so much of the limit is all of it. */
#define NEARLY_ALL 0.97

enum of_figure { USED, LIMIT, NAME, NEITHER };

static const struct {
    const char *key, *system, *option; /* option: what the limit is called */
    enum of_figure what;
    bool over; /* the line says that the limit was met, or that the job was killed */
} keys[] = {
    {"Job Id:", "PBS", NULL, NAME, false},
    {"jobnumber  ", "SGE", NULL, NAME, false},
    {"Job ID:", "Slurm", NULL, NAME, false},
    {"#SBATCH --mem=", "Slurm", "--mem", LIMIT, false},
    {"resources_used.vmem", "PBS", NULL, USED, false},
    {"resources_used.mem", "PBS", NULL, USED, false},
    {"Resource_List.vmem", "PBS", "its vmem", LIMIT, false},
    {"Resource_List.mem", "PBS", "its mem", LIMIT, false},
    {"Exit_status = 271", "PBS", NULL, NEITHER, true},
    {"exit_status=271", "PBS", NULL, NEITHER, true},
    {"Exit_status = 137", "PBS", NULL, NEITHER, true},
    {"maxvmem ", "SGE", NULL, USED, false},
    {"h_vmem=", "SGE", "h_vmem", LIMIT, false},
    {"exit_status  137", "SGE", NULL, NEITHER, true},
    {"exceeds job hard limit \"h_", "SGE", "h_vmem", NEITHER, true},
    {"exceeds job slave hard limit \"h_", "SGE", "h_vmem", NEITHER, true},
    {"Max Memory :", "LSF", NULL, USED, false},
    {"Total Requested Memory :", "LSF", "bsub -M", LIMIT, false},
    {"TERM_MEMLIMIT", "LSF", "bsub -M", NEITHER, true},
    {"Memory Utilized:", "Slurm", NULL, USED, false},
    {"Memory Efficiency:", "Slurm", "--mem", LIMIT, false},
    {"State: OUT_OF_MEMORY", "Slurm", "--mem", NEITHER, true},
    {" OUT_OF_ME", "Slurm", "--mem", NEITHER, true},
};

/* The head of sacct, whose columns end where their values do. */
#define HEAD_LIMIT "ReqMem"
#define HEAD_USED  "MaxRSS"

const char *batch_sign(unsigned sign)
{
    if (sign < ARRAY_SIZE(keys))
        return keys[sign].key;
    return sign == ARRAY_SIZE(keys) ? HEAD_LIMIT : NULL;
}

/* "  : 8201 MB", " = 16120012kb", "99.87% of 4.00 GB" */
static u64 figure_behind(struct span rest)
{
    const char *of = span_find(rest, "% of ");
    u64 bytes;

    if (of)
        rest.at = of + strlen("% of ");
    while (!span_empty(rest) && strchr(" \t:=", *rest.at))
        rest.at++;
    return amount_take(&rest, 1, &bytes) && bytes > 0 ? bytes : UNKNOWN;
}

/* "(17412345856.00000 > limit:17179869184.00000)" of SGE. */
static void take_compared(struct batch_job *job, struct span line)
{
    const char *mark = span_find(line, " > limit:"), *open;
    struct span used, limit;
    u64 bytes;

    if (!mark || !(open = memrchr(line.at, '(', (size_t)(mark - line.at))))
        return;
    used = (struct span){open + 1, mark};
    limit = (struct span){mark + strlen(" > limit:"), line.end};
    if (amount_take(&used, 1, &bytes))
        job->used = bytes;
    if (amount_take(&limit, 1, &bytes))
        job->limit = bytes;
}

/* The word of the row that ends in this column of the line; UNKNOWN. */
static u64 in_column(struct span line, size_t end)
{
    struct span word;
    u64 bytes;

    /* Where a value goes on behind the column, the row is not aligned as its head is. */
    if (end == 0 || end > span_len(line) || (end < span_len(line) && line.at[end] != ' '))
        return UNKNOWN;
    word = (struct span){line.at + end, line.at + end};
    while (word.at > line.at && word.at[-1] != ' ')
        word.at--;
    /* "4Gn" is of a node; "4Gc", of a processor, says nothing without their number. */
    if (!amount_take(&word, 1, &bytes) || (!span_empty(word) && *word.at == 'c') || bytes == 0)
        return UNKNOWN;
    return bytes;
}

static void take_row(struct batch_job *job, struct span line)
{
    u64 limit = in_column(line, job->limit_column), used = in_column(line, job->used_column);

    if (known(limit))
        job->limit = limit;
    if (known(used) && (!known(job->used) || used > job->used))
        job->used = used;
}

/* "5512.batch        batch OUT_OF_ME+": the job of a row of sacct. */
static void name_by_row(struct batch_job *job, struct span line)
{
    struct span word;

    /* Quotes of mail stand before the row as they stand before its head. */
    while (!span_empty(line) && (is_blank(*line.at) || *line.at == '>'))
        line.at++;
    if (*job->name || !job->limit_column || !span_take_word(&line, &word) || !is_digit(*word.at))
        return;
    for (const char *at = word.at; at < word.end; at++)
        if (*at == '.') {
            word.end = at;
            break;
        }
    span_copy(word, job->name, sizeof(job->name));
}

static void take_head(struct batch_job *job, struct span line)
{
    const char *limit = span_find(line, HEAD_LIMIT), *used = span_find(line, HEAD_USED);

    job->limit_column = limit ? (size_t)(limit - line.at) + strlen(HEAD_LIMIT) : 0;
    job->used_column = used ? (size_t)(used - line.at) + strlen(HEAD_USED) : 0;
}

/* "Job ID: 5512", "Job Id: 812.server": of which job the account is. */
static void take_name(struct paste *p, const char *system, struct span rest)
{
    struct batch_job *job = &p->state->job, fresh = {.used = UNKNOWN, .limit = UNKNOWN};
    struct span word;

    if (!span_take_word(&rest, &word) || !is_digit(*word.at))
        return;
    /* The account before ends where another one begins; a limit may stand before both. */
    if (*job->name)
        batch_finish(p);
    if (*job->name || (job->system && strcmp(job->system, system) != 0)) {
        fresh.account = job->account;
        *job = fresh;
    }
    job->system = system;
    span_copy(word, job->name, sizeof(job->name));
}

/* --- lines of an account ---------------------------------------------------------------------- */

/* "Cores per node: 4", "Exit_status = 271", "qname all.q", "------------": as accounts have
 * them. */
static bool is_account_line(struct span line)
{
    struct span near = {line.at, line.at + MIN(span_len(line), (size_t)48)};

    return span_len(near) > 2 &&
           (memchr(near.at, ':', span_len(near)) || memchr(near.at, '=', span_len(near)) ||
            span_begins(near, "---") || memmem(near.at, span_len(near), "  ", 2));
}

/* Lines of an account before the first that is known. */
#define ABOVE_MAX 12u

/* A line of the account, which has a figure of memory or not: what stood right above it and was not
 * understood is of it, too. */
static void account_goes_on(struct paste *p)
{
    struct paste_state *st = p->state;
    struct batch_account *a = &st->job.account;

    if (!a->open && a->file == st->file && st->line - a->line <= 1) {
        u32 above = (u32)MIN((u64)MIN(a->above, ABOVE_MAX), p->not_understood);

        p->not_understood -= above;
        p->log_lines += above;
    }
    *a = (struct batch_account){.open = true, .file = st->file, .line = st->line};
}

bool batch_has_line(struct paste *p, struct span line)
{
    struct paste_state *st = p->state;
    struct batch_account *a = &st->job.account;
    bool adjacent = a->file == st->file && st->line - a->line <= 1;

    /* Most lines are of no account: before one is known they are only counted. */
    if (!adjacent || (a->open && !is_account_line(line)))
        *a = (struct batch_account){0};
    a->file = st->file;
    a->line = st->line;
    a->above += !a->open;
    p->log_lines += a->open;
    return a->open;
}

void batch_take(struct paste *p, struct span line)
{
    struct batch_job *job = &p->state->job;

    if (span_find(line, HEAD_LIMIT) && span_find(line, "State")) {
        take_head(job, line);
        account_goes_on(p);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(keys); i++) {
        const char *at = span_find(line, keys[i].key);
        u64 bytes;

        if (!at)
            continue;
        account_goes_on(p);
        if (keys[i].what == NAME) {
            take_name(p, keys[i].system, (struct span){at + strlen(keys[i].key), line.end});
            continue;
        }
        /* What other systems said before is of another job. */
        if (job->system && strcmp(job->system, keys[i].system) != 0)
            *job = (struct batch_job){.used = UNKNOWN, .limit = UNKNOWN, .account = job->account};
        job->system = keys[i].system;
        if (keys[i].option)
            job->option = keys[i].option;
        job->over |= keys[i].over;
        if (keys[i].over)
            span_copy(span_trim(line), job->words, sizeof(job->words));
        if (keys[i].what == NEITHER) {
            take_compared(job, line);
            take_row(job, line);
            name_by_row(job, line);
            continue;
        }
        bytes = figure_behind((struct span){at + strlen(keys[i].key), line.end});
        if (!known(bytes))
            continue;
        /* Virtual memory comes before what is resident where both are told: the first that stands
         * is kept. */
        if (keys[i].what == USED && (!known(job->used) || bytes > job->used))
            job->used = bytes;
        if (keys[i].what == LIMIT)
            job->limit = bytes;
    }
}

static bool used_it_all(const struct batch_job *job)
{
    return known(job->used) && known(job->limit) &&
           (double)job->used >= NEARLY_ALL * (double)job->limit;
}

/* Does the line of that system say by itself that it was for memory, or only that the job ended? */
static bool says_memory(const struct batch_job *job)
{
    return strstr(job->words, "MEM") || strstr(job->words, "OUT_OF_ME") ||
           strstr(job->words, "exceeds job");
}

/* What one job had asked for is the limit of its step, which the kernel enforced. */
static void name_limit(struct paste *p)
{
    const struct batch_job *job = &p->state->job;

    if (!job->system || strcmp(job->system, "Slurm") != 0 || !known(job->limit))
        return;
    vec_for_each (&p->s.log, e) {
        size_t len = strlen(job->name);

        if (e->kind == LOG_OOM_TOLD && strcmp(e->killer, "slurm") == 0 && !known(e->limit) &&
            (len == 0 || (e->task_memcg && strncmp(e->task_memcg, job->name, len) == 0 &&
                          (e->task_memcg[len] == '.' || e->task_memcg[len] == '\0'))))
            e->limit = job->limit;
    }
}

void batch_finish(struct paste *p)
{
    const struct batch_job *job = &p->state->job;
    struct refusal fresh = {.kind = REFUSED_PLATFORM, .place = {p->state->klog_file, 0}};

    name_limit(p);
    if (!job->system || !job->over || (!says_memory(job) && !used_it_all(job)))
        return;
    if (*job->name)
        snprintf(fresh.program, sizeof(fresh.program), "job %.16s of %s", job->name, job->system);
    else
        snprintf(fresh.program, sizeof(fresh.program), "a job of %s", job->system);
    fresh.limit = job->option ? job->option : "what it had asked for";
    fresh.bytes = job->limit;
    fresh.used = job->used;
    snprintf(fresh.words, sizeof(fresh.words), "%s", job->words);
    vec_for_each (&p->s.refusals, r)
        if (strcmp(r->program, fresh.program) == 0) {
            r->bytes = fresh.bytes;
            r->used = fresh.used;
            return;
        }
    vec_push(&p->s.refusals, fresh);
}

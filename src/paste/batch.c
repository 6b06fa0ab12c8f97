/* batch.c - what systems that run jobs say of one that ended: what it used and what it had asked for, each in a line of its own.
 *
 *     resources_used.mem=16120012kb      Resource_List.mem=16gb              PBS, Torque (qstat -f, tracejob)
 *     maxvmem  16.012G                   category -l h_vmem=16G              SGE (qacct)
 *     Max Memory : 8201 MB               Total Requested Memory : 8192 MB    LSF (bjobs -l, the mail at the end)
 *     Memory Utilized: 3.99 GB           Memory Efficiency: 99 % of 4 GB     Slurm (seff), and State of sacct
 *
 * Figures alone mean nothing: a job is told to have met its limit where a line says so, or where it used all of it and was killed.
 */
#include "paste/state_int.h"

#include <stdio.h>

/* Use is sampled: so much of the limit is all of it. */
#define NEARLY_ALL 0.97

enum of_figure { USED, LIMIT, NEITHER };

static const struct {
    const char *key, *system, *option; /* option: what the limit is called */
    enum of_figure what;
    bool over; /* the line says that the limit was met, or that the job was killed */
} keys[] = {
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

static void take_head(struct batch_job *job, struct span line)
{
    const char *limit = span_find(line, HEAD_LIMIT), *used = span_find(line, HEAD_USED);

    job->limit_column = limit ? (size_t)(limit - line.at) + strlen(HEAD_LIMIT) : 0;
    job->used_column = used ? (size_t)(used - line.at) + strlen(HEAD_USED) : 0;
}

void batch_take(struct paste *p, struct span line)
{
    struct batch_job *job = &p->state->job;

    if (span_find(line, HEAD_LIMIT) && span_find(line, "State"))
        take_head(job, line);
    for (unsigned i = 0; i < ARRAY_SIZE(keys); i++) {
        const char *at = span_find(line, keys[i].key);
        u64 bytes;

        if (!at)
            continue;
        /* What other systems said before is of another job. */
        if (job->system && strcmp(job->system, keys[i].system) != 0)
            *job = (struct batch_job){.used = UNKNOWN, .limit = UNKNOWN};
        job->system = keys[i].system;
        if (keys[i].option)
            job->option = keys[i].option;
        job->over |= keys[i].over;
        if (keys[i].over)
            span_copy(span_trim(line), job->words, sizeof(job->words));
        if (keys[i].what == NEITHER) {
            take_compared(job, line);
            take_row(job, line);
            continue;
        }
        bytes = figure_behind((struct span){at + strlen(keys[i].key), line.end});
        if (!known(bytes))
            continue;
        /* Virtual memory comes before what is resident where both are told: the first that stands is kept. */
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

void batch_finish(struct paste *p)
{
    const struct batch_job *job = &p->state->job;
    struct refusal fresh = {.kind = REFUSED_PLATFORM, .place = {p->state->klog_file, 0}};

    if (!job->system || !job->over || (!says_memory(job) && !used_it_all(job)))
        return;
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

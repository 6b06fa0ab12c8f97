/* format_process.c - tables of processes: of top, ps in any choice of columns, smem and htop;
 * /proc/PID/status.
 *
 * The head names the columns. The command is the one column that may have blanks: what stands
 * behind it is read from the end.
 */
#include "paste/block.h"
#include "paste/state_int.h"

#include <stdio.h>

enum column {
    PID,
    VIRT,
    RES,
    SHR,
    SWAP,
    PSS,
    USS,
    SHARE,
    CPU,
    THREADS,
    COMMAND,
    USER_COLUMN,
    NR_PROCESS_COLUMNS
};

static const struct {
    const char *name;
    enum column column;
} names[] = {
    {"PID", PID},          {"VIRT", VIRT},       {"VSZ", VIRT},         {"VSIZE", VIRT},
    {"SIZE", VIRT},        {"RES", RES},         {"RSS", RES},          {"RSZ", RES},
    {"RSIZE", RES},        {"SHR", SHR},         {"SWAP", SWAP},        {"Swap", SWAP},
    {"PSS", PSS},          {"USS", USS},         {"%MEM", SHARE},       {"MEM%", SHARE},
    {"%CPU", CPU},         {"CPU%", CPU},        {"NLWP", THREADS},     {"nTH", THREADS},
    {"COMMAND", COMMAND},  {"Command", COMMAND}, {"CMD", COMMAND},      {"ARGS", COMMAND},
    {"COMM", COMMAND},     {"NAME", COMMAND},    {"PROCESS", COMMAND},  {"BEFEHL", COMMAND},
    {"COMMANDE", COMMAND}, {"COM.", COMMAND},    {"ORDEN", COMMAND},    {"COMANDO", COMMAND},
    {"Команда", COMMAND},  {"命令", COMMAND},    {"USER", USER_COLUMN}, {"User", USER_COLUMN},
};

struct layout {
    unsigned at[NR_PROCESS_COLUMNS]; /* FIELDS_MAX: no such column */
    unsigned count;
    bool by_user; /* rows are of users: smem -u */
};

static bool take_head(struct span line, struct layout *ret)
{
    struct fields f;

    fields_split(line, &f);
    for (unsigned i = 0; i < NR_PROCESS_COLUMNS; i++)
        ret->at[i] = FIELDS_MAX;
    ret->count = f.count;
    for (unsigned i = 0; i < f.count; i++)
        for (unsigned n = 0; n < ARRAY_SIZE(names); n++)
            if (span_is(f.at[i], names[n].name) && ret->at[names[n].column] == FIELDS_MAX)
                ret->at[names[n].column] = i;
    /* "User Count Swap USS PSS RSS" of smem -u: all programs of a user are one row. */
    ret->by_user = ret->at[COMMAND] == FIELDS_MAX && ret->at[PID] == FIELDS_MAX &&
                   ret->at[USER_COLUMN] == 0 && ret->at[PSS] != FIELDS_MAX;
    if (ret->by_user)
        ret->at[COMMAND] = 0;
    /* "TIME+ COMMAND" of top, "UTENTE PR NI VIRT" of others: numbers are found by the names that
     * all languages share. */
    if (ret->at[COMMAND] == FIELDS_MAX && ret->at[PID] != FIELDS_MAX && ret->at[RES] != FIELDS_MAX)
        ret->at[COMMAND] = f.count - 1;
    return ret->at[COMMAND] != FIELDS_MAX &&
           (ret->at[RES] != FIELDS_MAX || ret->at[PSS] != FIELDS_MAX ||
            ret->at[SHARE] != FIELDS_MAX ||
            (ret->at[VIRT] != FIELDS_MAX && ret->at[CPU] != FIELDS_MAX)) &&
           (ret->at[PID] != FIELDS_MAX || f.count <= 6);
}

/* "ps -eo pid,rss,comm": the columns that were asked for, for rows whose head was cut off. False:
 * no such command. */
static bool take_command(struct span command, struct layout *ret)
{
    static const struct {
        const char *name;
        enum column column;
    } asked[] = {{"pid", PID},      {"rss", RES},         {"rssize", RES},   {"rsz", RES},
                 {"vsz", VIRT},     {"vsize", VIRT},      {"pmem", SHARE},   {"%mem", SHARE},
                 {"nlwp", THREADS}, {"thcount", THREADS}, {"comm", COMMAND}, {"cmd", COMMAND},
                 {"args", COMMAND}, {"command", COMMAND}, {"ucmd", COMMAND}, {"user", USER_COLUMN}};
    struct span word, name;
    bool is_ps = false, spec = false;

    for (unsigned i = 0; i < NR_PROCESS_COLUMNS; i++)
        ret->at[i] = FIELDS_MAX;
    ret->count = 0;
    ret->by_user = false;
    while (span_take_word(&command, &word) && *word.at != '|') {
        is_ps |= span_is(word, "ps") || span_ends(word, "/ps");
        if (spec && *word.at != '-') {
            while (!span_empty(word)) {
                if (!span_take_until(&word, ',', &name)) {
                    name = word;
                    word.at = word.end;
                }
                if (!span_empty(name) && name.end[-1] == '=')
                    name.end--;
                for (unsigned i = 0; i < ARRAY_SIZE(asked); i++)
                    if (span_is(name, asked[i].name) && ret->at[asked[i].column] == FIELDS_MAX)
                        ret->at[asked[i].column] = ret->count;
                ret->count++;
            }
        }
        spec = is_ps && word.end > word.at && word.end[-1] == 'o';
    }
    return is_ps && ret->count >= 2 && ret->at[COMMAND] == ret->count - 1 &&
           (ret->at[RES] != FIELDS_MAX || ret->at[SHARE] != FIELDS_MAX);
}

/* The line is a row of what that command prints. */
static bool is_row_of(const struct layout *l, struct span line)
{
    static const enum column numbers[] = {PID, VIRT, RES, SHARE, THREADS};
    struct fields f;

    fields_split(line, &f);
    if (f.count < l->count)
        return false;
    for (unsigned i = 0; i < ARRAY_SIZE(numbers); i++)
        if (l->at[numbers[i]] != FIELDS_MAX && !is_digit(*f.at[l->at[numbers[i]]].at))
            return false;
    return true;
}

bool processes_begins(const struct block *b, struct span line)
{
    struct layout l;
    struct span rest = line;

    span_skip_blanks(&rest);
    if (take_command(b->command, &l) && is_row_of(&l, line))
        return true;
    return !span_empty(rest) && *rest.at != '[' && take_head(line, &l) && l.count >= 2;
}

/* The word of a column: those behind the command are counted from the end. */
static struct span word_of(const struct layout *l, const struct fields *f, unsigned column)
{
    if (column == FIELDS_MAX)
        return span_of("", 0);
    if (column <= l->at[COMMAND])
        return column < f->count ? f->at[column] : span_of("", 0);
    unsigned from_end = l->count - column;

    return from_end <= f->count ? f->at[f->count - from_end] : span_of("", 0);
}

static struct span command_of(const struct layout *l, const struct fields *f)
{
    unsigned first = l->at[COMMAND], behind = l->count - 1 - first;

    if (first >= f->count || f->count <= behind)
        return span_of("", 0);
    return (struct span){f->at[first].at, f->at[MAX(f->count - 1 - behind, first)].end};
}

static u64 amount_or_unknown(struct span word, u64 unit)
{
    u64 value;

    return !span_empty(word) && amount_of(word, unit, &value) ? value : UNKNOWN;
}

/* "kswapd0", "[kcompactd1]": how much of a CPU such a thread of the kernel takes; of several the
 * busiest. */
static bool take_kthread(struct block *b, struct span comm, struct span share)
{
    static const char *const threads[NR_KTHREADS] = {[KTHREAD_KCOMPACTD] = "kcompactd",
                                                     [KTHREAD_KHUGEPAGED] = "khugepaged",
                                                     [KTHREAD_KSMD] = "ksmd"};
    double percent, *at = NULL;

    span_take(&comm, "[");
    if (span_begins(comm, "kswapd"))
        at = &b->p->s.kswapd_cpu;
    for (unsigned i = 0; i < NR_KTHREADS && !at; i++)
        if (span_begins(comm, threads[i]))
            at = &b->p->s.kthread_cpu[i];
    if (!at)
        return false;
    if (decimal_take(&share, &percent) && percent <= 1000)
        *at = MAX(*at, percent);
    return true;
}

static bool take_row(struct block *b, const struct layout *l, struct span line)
{
    struct process_row row = {0};
    char user[64];
    struct fields f;
    u64 pid = 0, total = b->p->state->meminfo[MI_MEM_TOTAL];
    struct span word;
    double share;

    fields_split(line, &f);
    if (f.count < l->count)
        return false;
    word = word_of(l, &f, l->at[PID]);
    if (l->at[PID] != FIELDS_MAX &&
        (!span_take_u64(&word, &pid) || !span_empty(word) || pid > UINT32_MAX - ROWS_NO_PID))
        return false;
    row.pid = (u32)pid;
    row.comm = command_of(l, &f);
    if (l->by_user) {
        snprintf(user, sizeof(user), "user:%.*s", (int)MIN(span_len(row.comm), (size_t)40),
                 row.comm.at);
        row.comm = span_empty(row.comm) ? row.comm : span_of(user, strlen(user));
    }
    row.vm_size = amount_or_unknown(word_of(l, &f, l->at[VIRT]), KIB);
    row.rss = amount_or_unknown(word_of(l, &f, l->at[RES]), KIB);
    row.shared = amount_or_unknown(word_of(l, &f, l->at[SHR]), KIB);
    row.swap = amount_or_unknown(word_of(l, &f, l->at[SWAP]), KIB);
    row.pss = amount_or_unknown(word_of(l, &f, l->at[PSS]), KIB);
    /* The resident memory of several processes has what they share several times. */
    if (l->by_user && known(row.pss))
        row.rss = row.pss;
    row.uss = amount_or_unknown(word_of(l, &f, l->at[USS]), KIB);
    row.nr_threads = amount_or_unknown(word_of(l, &f, l->at[THREADS]), 1);
    word = word_of(l, &f, l->at[SHARE]);
    if (!known(row.rss) && known(total) && decimal_take(&word, &share) && share <= 100)
        row.rss = (u64)(share / 100 * (double)total);
    if (span_empty(row.comm))
        return false;
    /* The head of busybox's top has sizes of address space alone. */
    if (take_kthread(b, row.comm, word_of(l, &f, l->at[CPU])) && !known(row.rss))
        return true;
    if (!known(row.rss) && !known(row.pss) && !known(row.swap)) {
        word = word_of(l, &f, l->at[SHARE]);
        if (span_empty(word) && figure_or(row.vm_size, 0) > 0) {
            block_process(b, &row);
            return true;
        }
        return decimal_take(&word, &share) && share <= 100 && block_share(b, row.comm, share);
    }
    block_process(b, &row);
    return true;
}

/* A row begins with a number or a user's name and has numbers; a line of dashes is one of
 * smem's. */
bool processes_goes_on(const struct block *b, struct span line)
{
    struct fields f;
    struct span rest = span_trim(line);
    unsigned numbers = 0;

    if (processes_begins(b, line))
        return true;
    if (span_empty(rest))
        return false;
    if (*rest.at == '-' && span_len(rest) > 10)
        return true;
    fields_split(line, &f);
    for (unsigned i = 0; i < MIN(f.count, 12u); i++)
        numbers += is_digit(*f.at[i].at);
    return f.count >= 2 && numbers >= 1 && *rest.at != '[' &&
           (is_digit(*rest.at) || f.count >= 4) && f.at[0].end[-1] != ':';
}

/* Rows in the order of what is resident are the largest ones, unless somebody wanted to see the
 * smallest. */
struct order {
    u64 last, first;
    unsigned rows;
    bool up, down;
};

/* Fewer may be in order by chance. */
#define ORDERED_ROWS 5

static void note_order(struct order *o, const struct paste_state *st)
{
    u64 rss = st->rows.count ? vec_last(&st->rows).view.rss : UNKNOWN;

    if (!known(rss))
        return;
    if (o->rows++ == 0) {
        *o = (struct order){rss, rss, 1, true, true};
        return;
    }
    o->up &= rss >= o->last;
    o->down &= rss <= o->last;
    o->last = rss;
}

static bool is_ordered(const struct order *o)
{
    return o->rows >= ORDERED_ROWS && o->first != o->last && (o->down || (o->up && o->first > 0));
}

unsigned processes_parse(struct block *b, struct span text)
{
    struct order order = {0};
    struct layout l = {.count = 0};
    struct span line;
    unsigned rows = 0;
    bool has_head = take_command(b->command, &l);

    block_processes_whole(b, false);
    while (span_take_line(&text, &line)) {
        struct layout next;
        struct span rest = span_trim(line);

        /* Below a line of dashes smem adds up. */
        if (!span_empty(rest) && span_begins(rest, "-----"))
            has_head = false;
        if (take_head(line, &next)) {
            l = next;
            has_head = true;
            /* "top -b -n 3": each table is a look of its own. */
            if (rows)
                block_processes_whole(b, false);
            continue;
        }
        if (has_head && take_row(b, &l, line)) {
            note_order(&order, b->p->state);
            rows++;
        }
    }
    b->p->state->rows_largest = is_ordered(&order);
    return rows;
}

/* "root 1234 0.5 45.2 8123456 3712345 ? Sl Jan01 12:34 java -jar app.jar": ps aux without its head,
 * as grep leaves it. */
static bool is_ps_row(const struct fields *f)
{
    static const unsigned numbers[] = {1, 2, 3, 4, 5};

    if (f->count < 11)
        return false;
    /* A user without a name is a number: then the terminal tells that it is such a row. */
    if (is_digit(*f->at[0].at) && !span_is(f->at[6], "?") && !span_begins(f->at[6], "pts/") &&
        !span_begins(f->at[6], "tty"))
        return false;
    for (unsigned i = 0; i < ARRAY_SIZE(numbers); i++)
        if (!is_digit(*f->at[numbers[i]].at))
            return false;
    return strchr("RSDTZIXWt", *f->at[7].at) && (span_find(f->at[9], ":") != NULL);
}

bool ps_rows_begins(const struct block *b, struct span line)
{
    struct fields f;

    (void)b;
    fields_split(line, &f);
    return is_ps_row(&f);
}

bool ps_rows_goes_on(const struct block *b, struct span line)
{
    return ps_rows_begins(b, line);
}

unsigned ps_rows_parse(struct block *b, struct span text)
{
    struct layout l = {.count = 11};
    struct span line;
    unsigned rows = 0;

    for (unsigned i = 0; i < NR_PROCESS_COLUMNS; i++)
        l.at[i] = FIELDS_MAX;
    l.at[PID] = 1;
    l.at[SHARE] = 3;
    l.at[VIRT] = 4;
    l.at[RES] = 5;
    l.at[COMMAND] = 10;
    block_processes_whole(b, false);
    while (span_take_line(&text, &line))
        rows += take_row(b, &l, line);
    return rows;
}

/* --- /proc/PID/status ------------------------------------------------------------------------- */

bool pid_status_begins(const struct block *b, struct span line)
{
    struct span rest = line, word;

    (void)b;
    return (span_begins(line, "Name:\t") || span_begins(line, "Name:  "))
               ? span_take(&rest, "Name:") && span_take_word(&rest, &word) &&
                     span_empty(span_trim(rest)) && span_begins(line, "Name:\t") &&
                     !span_begins(line, "Name:\t\t") /* kubectl of 2015 */
               : span_begins(line, "VmPeak:") || span_begins(line, "VmRSS:") ||
                     span_begins(line, "VmSize:") || span_begins(line, "Cpus_allowed") ||
                     span_begins(line, "Mems_allowed");
}

bool pid_status_goes_on(const struct block *b, struct span line)
{
    const char *colon = memchr(line.at, ':', span_len(line));

    (void)b;
    return colon && colon - line.at < 32 && !memchr(line.at, ' ', (size_t)(colon - line.at));
}

/* Of "/proc/1000/status" in the command or the path; 0: there is none. */
static u64 pid_of_status(const struct block *b)
{
    const struct span places[] = {b->path, b->command};
    u64 pid;

    for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
        const char *at = span_empty(places[i]) ? NULL : span_find(places[i], "/proc/");
        struct span rest = at ? (struct span){at + 6, places[i].end} : span_of("", 0);

        if (span_take_u64(&rest, &pid) && span_begins(rest, "/status"))
            return pid;
    }
    return 0;
}

unsigned pid_status_parse(struct block *b, struct span text)
{
    struct process_row row = process_row_unknown();
    u64 file = UNKNOWN, shmem = UNKNOWN, pid = 0;
    struct span line, key, cpus = span_of("", 0), mems = cpus;
    unsigned found = 0;

    while (span_take_line(&text, &line)) {
        struct span rest = line;
        u64 *to = NULL;

        if (!span_take_until(&rest, ':', &key))
            continue;
        rest = span_trim(rest);
        if (span_is(key, "Name"))
            row.comm = rest;
        else if (span_is(key, "Pid"))
            span_take_u64(&rest, &pid);
        else if (span_is(key, "Cpus_allowed_list"))
            cpus = rest;
        else if (span_is(key, "Mems_allowed_list"))
            mems = rest;
        else if (span_is(key, "VmRSS"))
            to = &row.rss;
        else if (span_is(key, "VmSize"))
            to = &row.vm_size;
        else if (span_is(key, "VmSwap"))
            to = &row.swap;
        else if (span_is(key, "RssFile"))
            to = &file;
        else if (span_is(key, "RssShmem"))
            to = &shmem;
        if (to && amount_take(&rest, KIB, to))
            found++;
    }
    pid = pid ? pid : pid_of_status(b);
    row.pid = (u32)MIN(pid, (u64)UINT32_MAX - ROWS_NO_PID);
    if (!found && pid && !(span_empty(cpus) && span_empty(mems))) {
        block_affinity(b, row.pid, cpus, mems);
        return 1;
    }
    if (!found)
        return 0;
    row.shared = figure_add(file, shmem);
    block_processes_whole(b, false);
    block_process(b, &row);
    if (pid)
        block_affinity(b, row.pid, cpus, mems);
    return found;
}

/* --- pmap ------------------------------------------------------------------------------------- */
/*
 * 2222:   java -Xmx12g -jar app.jar
 * Address           Kbytes     RSS   Dirty Mode  Mapping
 * 00000004c0000000 12582912 12500000 12500000 rw---   [ anon ]
 * total kB         16882340 13526630 13400000
 */
static bool take_pmap_head(struct span line, u64 *pid, struct span *command)
{
    struct span rest = line;

    if (!span_take_u64(&rest, pid) || *pid == 0 || *pid > 1u << 22 || !span_take(&rest, ":") ||
        span_empty(rest) || !is_blank(*rest.at))
        return false;
    *command = span_trim(rest);
    return !span_empty(*command);
}

bool pmap_begins(const struct block *b, struct span line)
{
    struct span command;
    u64 pid;

    if (words_begin(line, "Address Kbytes RSS"))
        return true;
    return span_find(b->command, "pmap") && take_pmap_head(line, &pid, &command);
}

bool pmap_goes_on(const struct block *b, struct span line)
{
    struct span rest = span_trim(line);
    struct fields f;

    (void)b;
    fields_split(line, &f);
    return words_begin(line, "Address Kbytes RSS") || span_begins(rest, "-----") ||
           words_begin(line, "total kB") ||
           (f.count >= 4 && span_len(f.at[0]) >= 8 && is_digit(*f.at[1].at));
}

unsigned pmap_parse(struct block *b, struct span text)
{
    struct process_row row = process_row_unknown();
    struct span line, command;
    unsigned rows = 0;
    u64 pid;

    while (span_take_line(&text, &line)) {
        struct fields f;
        u64 dirty;

        if (take_pmap_head(line, &pid, &command)) {
            row.pid = (u32)pid;
            row.comm = command;
            continue;
        }
        fields_split(line, &f);
        if (!words_begin(line, "total kB") || f.count < 4)
            continue;
        row.vm_size = amount_or_unknown(f.at[2], KIB);
        row.rss = amount_or_unknown(f.at[3], KIB);
        if (f.count > 4 && amount_of(f.at[4], KIB, &dirty) && known(row.rss) && dirty <= row.rss)
            row.shared = row.rss - dirty;
        block_processes_whole(b, false);
        block_process(b, &row);
        rows++;
    }
    return rows;
}

/* --- smem -w ---------------------------------------------------------------------------------- */
/*
 * Area                           Used      Cache   Noncache
 * kernel dynamic memory      24104020    1735176   22368844
 * userspace memory            1017764     318360     699404
 * free memory               171566560  171566560          0      counted as cache
 */
bool smem_w_begins(const struct block *b, struct span line)
{
    (void)b;
    return words_begin(line, "Area Used Cache Noncache");
}

bool smem_w_goes_on(const struct block *b, struct span line)
{
    struct fields f;

    (void)b;
    fields_split(line, &f);
    return f.count >= 4 && is_digit(*f.at[f.count - 1].at) && is_digit(*f.at[f.count - 3].at);
}

unsigned smem_w_parse(struct block *b, struct span text)
{
    u64 total = 0, cached = 0, left = UNKNOWN, user = UNKNOWN, used = 0, kernel = UNKNOWN;
    struct process_row row = {.comm = span_of("all", 3),
                              .vm_size = UNKNOWN,
                              .shared = UNKNOWN,
                              .swap = UNKNOWN,
                              .pss = UNKNOWN,
                              .uss = UNKNOWN,
                              .nr_threads = UNKNOWN};
    struct span line;

    while (span_take_line(&text, &line)) {
        struct fields f;
        u64 all, cache, rest;

        fields_split(line, &f);
        if (f.count < 4 || !amount_of(f.at[f.count - 3], KIB, &all) ||
            !amount_of(f.at[f.count - 2], KIB, &cache) || !amount_of(f.at[f.count - 1], KIB, &rest))
            continue;
        total += all;
        if (words_begin(line, "free memory")) {
            left = all;
            continue;
        }
        cached += cache;
        used += rest;
        if (words_begin(line, "userspace memory"))
            user = rest;
        else if (words_begin(line, "kernel dynamic memory"))
            kernel = rest;
    }
    if (!known(left) || !known(user) || total > (u64)1 << 56)
        return 0;
    block_meminfo(b, MI_MEM_TOTAL, total, RANK_ROUNDED);
    block_meminfo(b, MI_MEM_FREE, left, RANK_ROUNDED);
    block_meminfo(b, MI_CACHED, cached, RANK_ROUNDED);
    b->p->s.used = used;
    b->p->s.kernel_used = kernel;
    row.rss = user;
    block_processes_whole(b, true);
    block_process(b, &row);
    return 1;
}

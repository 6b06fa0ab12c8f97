/* format_table.c - free, vmstat and the heads of top and htop: the machine's memory in a few
 * numbers. */
#include "paste/block.h"
#include "paste/state_int.h"

#include <math.h>
#include <stdio.h>

static bool has_digit(struct span line)
{
    for (const char *at = line.at; at < line.end; at++)
        if (is_digit(*at))
            return true;
    return false;
}

static bool command_has(const struct block *b, const char *option)
{
    return !span_empty(b->command) && span_find(b->command, option);
}

/* --- free ------------------------------------------------------------------------------------- */
/*
 *                total        used        free      shared  buff/cache   available
 * Mem:           31Gi        29Gi       412Mi       1.2Gi       1.9Gi       820Mi
 * -/+ buffers/cache:         27Gi       2.1Gi                                            of
 *                            versions before 3.3.10
 * Swap:         8.0Gi       8.0Gi          0B
 *
 * The words are translated, and so are "Mem:" and "Swap:"; the order is not. A number without a
 * unit is in KiB, unless an option says MiB or GiB; where no command is there to say, the size of
 * machines does.
 */

/* "Mem:", "Speicher:", "内存：", "Partition d'échange:": words up to a colon, before the first
 * number. */
static bool take_label(struct span *line, struct span *ret)
{
    struct span rest = *line, word;
    const char *start = NULL;

    for (unsigned words = 0; words < 4 && span_take_word(&rest, &word); words++) {
        if (!start)
            start = word.at;
        if (is_digit(*word.at))
            return false;
        if (word.end[-1] != ':' && !span_ends(word, "："))
            continue;
        *ret = (struct span){start, word.end};
        *line = rest;
        return true;
    }
    return false;
}

/* Its numbers; 0 when a word is none. */
static unsigned row_amounts(struct span line, u64 unit, u64 values[8], bool *ret_bare)
{
    struct span word;
    unsigned count = 0;

    while (count < 8 && span_take_word(&line, &word)) {
        if (!amount_of(word, unit, &values[count]))
            return 0;
        *ret_bare &= is_digit(word.end[-1]);
        count++;
    }
    return count;
}

static bool is_free_head(struct span line)
{
    struct fields f;

    if (has_digit(line) || memchr(line.at, ':', span_len(line)))
        return false;
    fields_split(line, &f);
    if (f.count < 5 || f.count > 7)
        return false;
    if (words_begin(line, "total used free"))
        return true;
    for (unsigned i = 3; i < f.count; i++)
        if (span_find(f.at[i], "/") && span_len(f.at[i]) >= 6 && !span_begins(f.at[i], "/") &&
            (span_find(f.at[i], "ach") || span_find(f.at[i], "/缓存") ||
             span_find(f.at[i], "/キャッシュ") || span_find(f.at[i], "кэш") ||
             span_find(f.at[i], "/快取")))
            return true;
    return span_begins(span_trim(line), "total") || span_begins(span_trim(line), "gesamt") ||
           span_begins(span_trim(line), "合計") || span_begins(span_trim(line), "总计") ||
           span_begins(span_trim(line), "totale") || span_begins(span_trim(line), "всего");
}

bool free_begins(const struct block *b, struct span line)
{
    u64 values[8];
    struct span label, rest = line;
    bool bare = true;

    (void)b;
    if (is_free_head(line))
        return true;
    /* Without its head: "Mem:" and six numbers. */
    return span_begins(span_trim(line), "Mem:") && take_label(&rest, &label) &&
           row_amounts(rest, KIB, values, &bare) >= 5;
}

bool free_goes_on(const struct block *b, struct span line)
{
    u64 values[8];
    struct span label;
    bool bare = true;

    if (span_find(line, "buffers/cache:") || (b->lines < 5 && span_begins(span_trim(line), "-/+")))
        return true;
    return b->lines < 6 && take_label(&line, &label) && row_amounts(line, KIB, values, &bare) >= 2;
}

/* What an option of free says of its numbers, alone or among others: "-m", "-bt", "--giga"; 0:
 * nothing. */
static u64 unit_of_option(struct span word)
{
    static const struct {
        const char *name;
        u64 unit;
    } names[] = {{"--bytes", 1},          {"--kibi", KIB},          {"--mebi", MIB},
                 {"--gibi", GIB},         {"--tebi", (u64)1 << 40}, {"--kilo", 1000},
                 {"--mega", 1000 * 1000}, {"--giga", 1000000000},   {"--tera", 1000000000000}};

    for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
        if (span_is(word, names[i].name))
            return names[i].unit;
    if (span_len(word) < 2 || *word.at != '-' || word.at[1] == '-')
        return 0;
    for (const char *at = word.at + 1; at < word.end; at++) {
        switch (*at) {
        case 'b':
            return 1;
        case 'k':
            return KIB;
        case 'm':
            return MIB;
        case 'g':
            return GIB;
        case 's': /* the rest is their number */
        case 'c':
            return 0;
        }
    }
    return 0;
}

/* A whole number without a unit: of KiB, MiB or GiB. `total` is the machine's. */
static u64 guess_unit(const struct block *b, u64 total)
{
    struct span rest = b->command, word;
    u64 exact = b->p->state->meminfo[MI_MEM_TOTAL];

    /* Of "cat x; free -m | head -2" the options of free alone. */
    if (span_find(rest, "free"))
        rest.at = span_find(rest, "free");
    while (span_take_word(&rest, &word) && *word.at != '|') {
        u64 unit = unit_of_option(word);

        if (unit)
            return unit;
        if (word.end[-1] == ';')
            break;
    }
    if (!span_empty(b->command) && span_find(b->command, "free"))
        return KIB;
    if (known(exact) && total > 0) {
        static const u64 units[] = {KIB, MIB, GIB, 1};

        for (unsigned i = 0; i < ARRAY_SIZE(units); i++)
            if (total < UINT64_MAX / units[i] && total * units[i] < exact + exact / 8 &&
                total * units[i] > exact - exact / 4)
                return units[i];
    }
    if (total >= (u64)1 << 32)
        return 1;
    /* 1,000,000 KiB is a small machine, 1,000,000 MiB none of today's. */
    if (total >= 1000000)
        return KIB;
    return total >= 128 ? MIB : GIB;
}

/* Units of a machine's memory: with fewer, a figure of 0 may be a good part of it. */
#define COARSE_MAX 10

/* One in the last digit of an amount as -h prints it: tenths below 10, then whole ones. */
static u64 step_of(u64 amount)
{
    u64 unit = 1;

    while (known(amount) && amount / 1024 >= unit)
        unit *= 1024;
    return amount < 10 * unit ? unit / 10 : unit;
}

/* Whole GiB and more are cut off and not rounded. */
static bool is_coarse(bool bare, u64 unit)
{
    return bare && unit >= 1000000000;
}

/* Less than `end` is available. Of a machine with many such units that is as good as the figure. */
static void take_available_below(struct block *b, u64 end, u64 total, u64 unit)
{
    b->p->s.available_below = end - KIB;
    if (total / COARSE_MAX >= unit)
        block_meminfo(b, MI_MEM_AVAILABLE, end - KIB, RANK_ROUNDED);
}

/* A row of such units: 0 is less than one. What is available is then told as the end of what it may
 * be, the rest is not. */
static void take_coarse_row(struct block *b, u64 v[8], unsigned n, unsigned columns, bool combined,
                            u64 unit)
{
    unsigned available = columns == 7 ? 6 : 5;

    /* Before 3.3.10 the last one is what is cached; how much is available the row below says. */
    b->p->s.available_below = 0;
    if ((columns == 7 || combined) && available < n && v[available] == 0)
        take_available_below(b, unit, v[0], unit);
    for (unsigned i = 0; i < n; i++)
        if (v[i] == 0)
            v[i] = UNKNOWN;
}

/* "-/+ buffers/cache: 60 1" of such units: free but for what is cached, so that at most one more
 * than that is available. */
static void take_coarse_rest(struct block *b, struct span line, u64 unit)
{
    u64 used, rest, total = b->p->state->meminfo[MI_MEM_TOTAL];
    const char *colon = memchr(line.at, ':', span_len(line));

    line.at = colon ? colon + 1 : line.end;
    if (!span_take_u64(&line, &used) || !span_take_u64(&line, &rest) || !known(total) ||
        rest > total / unit)
        return;
    if (rest == 0 || rest < total / unit / COARSE_MAX) {
        take_available_below(b, (rest + 1) * unit, total, unit);
    } else {
        block_meminfo(b, MI_MEM_AVAILABLE, rest * unit, RANK_ROUNDED);
        b->p->s.available_estimated = true;
    }
}

static void take_free_row(struct block *b, const u64 v[8], unsigned n, unsigned columns, bool bare,
                          u64 unit, bool combined)
{
    enum rank rank = bare && !is_coarse(bare, unit) ? RANK_TABLE : RANK_ROUNDED;
    u64 cache = UNKNOWN;

    block_meminfo(b, MI_MEM_TOTAL, v[0], rank);
    block_meminfo(b, MI_MEM_FREE, v[2], rank);
    if (n >= 4)
        block_meminfo(b, MI_SHMEM, v[3], rank);
    if (known(v[1])) {
        b->p->s.free_used = v[1];
        b->p->s.free_step =
            bare ? 3 * unit : step_of(v[0]) + step_of(v[1]) + (n >= 6 ? step_of(v[n - 1]) : 0);
    }
    if (columns == 7 && n == 7) { /* -w: buffers, cache, available */
        block_meminfo(b, MI_BUFFERS, v[4], rank);
        cache = v[5];
        block_meminfo(b, MI_MEM_AVAILABLE, v[6], rank);
    } else if (combined && n >= 5) {
        cache = v[4];
        if (n >= 6)
            block_meminfo(b, MI_MEM_AVAILABLE, v[5], rank);
    } else if (n >= 6) { /* buffers, cached */
        block_meminfo(b, MI_BUFFERS, v[4], rank);
        cache = v[5];
    }
    if (known(cache))
        block_meminfo(b, MI_CACHED, cache, RANK_ROUNDED);
    if (n >= 5 && known(cache) && known(v[2])) {
        u64 rest = v[2] + cache + (combined ? 0 : v[4]);

        b->p->s.used = v[0] > rest ? v[0] - rest : 0;
    }
}

unsigned free_parse(struct block *b, struct span text)
{
    struct span line, label;
    unsigned rows = 0, columns = 6;
    bool combined = true, bare_memory = false;
    u64 unit = KIB;

    while (span_take_line(&text, &line)) {
        u64 v[8];
        bool bare = true;
        unsigned n;
        struct fields head;

        if (is_free_head(line)) {
            fields_split(line, &head);
            columns = head.count;
            combined = columns <= 6 && memchr(line.at, '/', span_len(line));
            rows = 0;
            continue;
        }
        if (span_find(line, "-/+") && is_coarse(bare_memory, unit))
            take_coarse_rest(b, line, unit);
        if (span_find(line, "-/+") || !take_label(&line, &label))
            continue;
        n = row_amounts(line, 1, v, &bare);
        if (n < 2)
            continue;
        if (bare) {
            unit = rows == 0 ? guess_unit(b, v[0]) : unit;
            for (unsigned i = 0; i < n; i++)
                v[i] = v[i] < UINT64_MAX / unit ? v[i] * unit : UNKNOWN;
            if (is_coarse(bare, unit) && rows == 0)
                take_coarse_row(b, v, n, columns, combined, unit);
        }
        if (rows == 0)
            bare_memory = bare;
        /* The first row is memory and one of three numbers is swap. "Total:" adds them up. */
        if (rows == 0 && n >= 3) {
            take_free_row(b, v, n, columns, bare, unit, combined);
        } else if (n == 3 && !span_begins(label, "Tot") && !span_begins(label, "High") &&
                   !span_begins(label, "Low")) {
            bool coarse = is_coarse(bare, unit);
            enum rank rank = bare && !coarse ? RANK_TABLE : RANK_ROUNDED;

            /* 0 of swap is less than one unit, which beside many of them is none. Of a few, the
             * part of one that is cut off may be free. */
            if (coarse && v[0] == 0 && !(b->p->state->meminfo[MI_MEM_TOTAL] / COARSE_MAX >= unit))
                continue;
            block_meminfo(b, MI_SWAP_TOTAL, v[0], rank);
            if (!(coarse && v[2] == 0 && v[1] < v[0] && v[0] / COARSE_MAX < unit))
                block_meminfo(b, MI_SWAP_FREE, v[2], rank);
        } else {
            continue;
        }
        rows++;
    }
    return rows;
}

/* --- vmstat N --------------------------------------------------------------------------------- */
/*
 * procs -----------memory---------- ---swap-- -----io---- -system-- ------cpu-----
 *  r  b   swpd   free   buff  cache   si   so    bi    bo   in   cs us sy id wa st
 *  3  1 823412 121512   1204 401232  512 1024  2048  1400 1034 2211 12  8 40 40  0
 *
 * The first row is since boot; the rest are each of one interval.
 */
bool vmstat_begins(const struct block *b, struct span line)
{
    (void)b;
    return (span_begins(span_trim(line), "procs -") && span_find(line, "memory")) ||
           words_have(line, "r b swpd free");
}

bool vmstat_goes_on(const struct block *b, struct span line)
{
    struct fields f;

    if (vmstat_begins(b, line))
        return true;
    fields_split(line, &f);
    if (f.count < 12)
        return false;
    for (unsigned i = 0; i < 12; i++)
        if (!is_digit(*f.at[i].at))
            return false;
    return true;
}

static u64 vmstat_unit(const struct block *b)
{
    if (command_has(b, "-S M") || command_has(b, "-SM"))
        return MIB;
    return command_has(b, "-S m") ? 1000000 : KIB;
}

/* "vmstat 5 10", "vmstat -w 2": the first number is the delay. */
static double delay_of(struct span command)
{
    struct span word;
    u64 delay;

    while (span_take_word(&command, &word)) {
        struct span number = word;

        if (span_take_u64(&number, &delay) && span_empty(number) && delay > 0 && delay < 86400)
            return (double)delay;
    }
    return NAN;
}

unsigned vmstat_parse(struct block *b, struct span text)
{
    static const struct {
        const char *name;
        enum counter counter;
        double factor; /* of a page: the table has KiB */
    } rated[] = {
        {"si", PSWPIN, 0.25}, {"so", PSWPOUT, 0.25}, {"bi", PGPGIN, 1}, {"bo", PGPGOUT, 1}};
    double sums[ARRAY_SIZE(rated)] = {0}, iowait = 0, steal = 0;
    struct fields head = {.count = 0}, f;
    u64 unit = vmstat_unit(b);
    unsigned rows = 0;
    struct span line;

    while (span_take_line(&text, &line)) {
        fields_split(line, &f);
        if (words_have(line, "r b swpd free")) {
            head = f;
            continue;
        }
        if (f.count < 12 || head.count < 12 || !is_digit(*f.at[0].at))
            continue;
        for (unsigned i = 2; i < MIN(f.count, head.count); i++) {
            u64 value;
            struct span word = f.at[i];

            if (!span_take_u64(&word, &value) || value > (u64)1 << 40)
                continue;
            if (span_is(head.at[i], "free"))
                block_meminfo(b, MI_MEM_FREE, value * unit, RANK_TABLE);
            else if (span_is(head.at[i], "buff"))
                block_meminfo(b, MI_BUFFERS, value * unit, RANK_TABLE);
            else if (span_is(head.at[i], "cache"))
                block_meminfo(b, MI_CACHED, value * unit, RANK_ROUNDED);
            if (span_is(head.at[i], "wa") && rows > 0)
                iowait += (double)value;
            if (span_is(head.at[i], "st") && rows > 0)
                steal += (double)value;
            for (unsigned r = 0; r < ARRAY_SIZE(rated) && rows > 0; r++)
                if (span_is(head.at[i], rated[r].name))
                    sums[r] += (double)value * rated[r].factor;
        }
        rows++;
    }
    if (rows > 1) {
        double delay = delay_of(b->command);

        for (unsigned r = 0; r < ARRAY_SIZE(rated); r++)
            block_rate(b, rated[r].counter, sums[r] / (rows - 1));
        block_iowait(b, iowait / (rows - 1));
        block_cpu(b, NAN, steal / (rows - 1));
        block_interval(b, (isnan(delay) ? 1 : delay) * (rows - 1));
        b->p->s.interval_untold = isnan(delay);
    }
    return rows;
}

/* "     16266172 K total memory"; k, m and M after -S. 0: no amount of memory. */
static u64 vmstat_s_unit(struct span *line)
{
    static const struct {
        const char *letter;
        u64 unit;
    } units[] = {{"K ", KIB}, {"M ", MIB}, {"k ", 1000}, {"m ", 1000000}};

    for (unsigned i = 0; i < ARRAY_SIZE(units); i++)
        if (span_take(line, units[i].letter))
            return units[i].unit;
    return 0;
}

bool vmstat_s_begins(const struct block *b, struct span line)
{
    struct span rest = line;
    u64 value;

    (void)b;
    if (!span_take_u64(&rest, &value))
        return false;
    span_skip_blanks(&rest);
    return vmstat_s_unit(&rest) && span_take(&rest, "total memory");
}

bool vmstat_s_goes_on(const struct block *b, struct span line)
{
    u64 value;
    struct span word;

    (void)b;
    return span_take_u64(&line, &value) && span_take_word(&line, &word);
}

unsigned vmstat_s_parse(struct block *b, struct span text)
{
    static const struct {
        const char *name;
        enum meminfo_field field;
    } rows[] = {{"total memory", MI_MEM_TOTAL}, {"free memory", MI_MEM_FREE},
                {"buffer memory", MI_BUFFERS},  {"swap cache", MI_CACHED},
                {"total swap", MI_SWAP_TOTAL},  {"free swap", MI_SWAP_FREE},
                {"active memory", MI_ACTIVE},   {"inactive memory", MI_INACTIVE}};
    struct span line;
    unsigned found = 0;

    while (span_take_line(&text, &line)) {
        u64 value, unit;

        if (!span_take_u64(&line, &value) || value > (u64)1 << 40)
            continue;
        line = span_trim(line);
        unit = vmstat_s_unit(&line);
        if (!unit)
            continue;
        for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
            if (span_is(line, rows[i].name)) {
                block_meminfo(b, rows[i].field, value * unit, RANK_TABLE);
                found++;
            }
        }
    }
    return found;
}

/* --- heads of top ----------------------------------------------------------------------------- */
/*
 * MiB Mem :  15884.6 total,    312.4 free,  14021.8 used,   1550.4 buff/cache
 * MiB Swap:   2048.0 total,      0.0 free,   2048.0 used.    982.1 avail Mem
 * KiB Mem : 16266172 total,   319900 free, 14358300 used,  1587972 buff/cache          3.3.10 to
 *                             3.3.12
 * Mem:  16332156k total, 16158324k used,   173832k free,   205212k buffers             before
 * Swap:  4194300k total,  1048576k used,  3145724k free,  2513124k cached
 * Mem: 110268K used, 4864K free, 1424K shrd, 0K buff, 18236K cached                    busybox
 */
bool top_begins(const struct block *b, struct span line)
{
    struct span rest = span_trim(line);

    (void)b;
    if (span_begins(rest, "top - ") || span_begins(rest, "MiB Mem") ||
        span_begins(rest, "KiB Mem") || span_begins(rest, "GiB Mem") ||
        span_begins(rest, "MiB Spch") || span_begins(rest, "MiB Spei") ||
        span_begins(rest, "MiB Sp"))
        return true;
    return span_begins(rest, "Mem:") && span_find(rest, "used") && span_find(rest, "free") &&
           span_find(rest, ",");
}

bool top_goes_on(const struct block *b, struct span line)
{
    struct span rest = span_trim(line);

    return b->lines < 8 && !span_empty(rest) && !span_find(rest, "PID") &&
           (memchr(rest.at, ':', span_len(rest)) || span_begins(rest, "top - "));
}

/* "13200355+total": top had no room for the last digit. */
static bool take_lost_digit(struct span *rest, u64 *value)
{
    if (!span_empty(*rest) && *rest->at == '+' && *value < (u64)1 << 56) {
        rest->at++;
        *value *= 10;
    }
    return true;
}

/* Each "NUMBER WORD" of a line; false at its end. */
static bool take_amount_word(struct span *line, u64 unit, u64 *ret, struct span *ret_word)
{
    while (!span_empty(*line)) {
        struct span rest = *line;

        span_skip_blanks(&rest);
        if (!span_empty(rest) && is_digit(*rest.at) && amount_take(&rest, unit, ret) &&
            take_lost_digit(&rest, ret) && span_take_word(&rest, ret_word)) {
            *line = rest;
            while (
                span_len(*ret_word) > 1 &&
                (ret_word->end[-1] == ',' || ret_word->end[-1] == '.' || ret_word->end[-1] == '+'))
                ret_word->end--;
            return true;
        }
        if (!span_take_word(line, ret_word))
            return false;
    }
    return false;
}

static void take_top_line(struct block *b, struct span line, bool swap, u64 unit, unsigned *found)
{
    struct span word;
    u64 value;
    unsigned at = 0;
    enum rank rank = RANK_TABLE;
    u64 total = UNKNOWN, free_bytes = UNKNOWN, used = UNKNOWN, cache = UNKNOWN;

    while (take_amount_word(&line, unit, &value, &word)) {
        bool is_total = span_begins(word, "total") || span_begins(word, "gesa") ||
                        span_begins(word, "всего") || span_begins(word, "合計");
        bool is_free = span_begins(word, "free") || span_begins(word, "frei") ||
                       span_begins(word, "libr") || span_begins(word, "livre") ||
                       span_begins(word, "liber");
        bool is_used = span_begins(word, "used") || span_begins(word, "belegt") ||
                       span_begins(word, "util") || span_begins(word, "usad") ||
                       span_begins(word, "usat");

        if (is_total)
            total = value;
        else if (is_free)
            free_bytes = value;
        else if (is_used)
            used = value;
        else if (span_begins(word, "buff/") || span_begins(word, "tamp/") ||
                 span_begins(word, "Puff") || span_begins(word, "búf"))
            cache = value;
        else if (span_begins(word, "buff"))
            block_meminfo(b, MI_BUFFERS, value, rank);
        else if (span_begins(word, "cached"))
            block_meminfo(b, MI_CACHED, value, RANK_ROUNDED);
        else if (span_begins(word, "avail") || span_begins(word, "dispo") ||
                 span_begins(word, "verf"))
            block_meminfo(b, MI_MEM_AVAILABLE, value, rank);
        else if (swap && at == 3)
            block_meminfo(b, MI_MEM_AVAILABLE, value, rank);
        at++;
        (*found)++;
    }
    if (!known(total) && !swap)
        total = figure_add(used, free_bytes); /* busybox: used holds the cache */
    block_meminfo(b, swap ? MI_SWAP_TOTAL : MI_MEM_TOTAL, total, rank);
    block_meminfo(b, swap ? MI_SWAP_FREE : MI_MEM_FREE, free_bytes, rank);
    if (!swap && known(cache)) {
        block_meminfo(b, MI_CACHED, cache, RANK_ROUNDED);
        if (known(used))
            b->p->s.used = used;
    }
}

/* "74.2 wa" of "%Cpu(s):", "55% io" of busybox; "62.0 st" of a guest. */
static void take_top_cpu(struct block *b, struct span line)
{
    struct span word;
    double percent, last = -1, wait = NAN, steal = NAN;

    while (span_take_word(&line, &word)) {
        struct span rest = word;

        while (!span_empty(word) && (word.end[-1] == ',' || word.end[-1] == '.'))
            word.end--;
        if (last >= 0 && (span_is(word, "wa") || span_is(word, "io")))
            wait = last;
        if (last >= 0 && span_is(word, "st"))
            steal = last;
        /* "74.2%wa," of older ones. */
        last = decimal_take(&rest, &percent) ? percent : -1;
        if (last >= 0 && span_begins(rest, "%wa"))
            wait = last;
        if (last >= 0 && span_begins(rest, "%st"))
            steal = last;
    }
    block_cpu(b, wait, steal);
}

unsigned top_parse(struct block *b, struct span text)
{
    struct span line;
    unsigned found = 0;

    while (span_take_line(&text, &line)) {
        struct span rest = span_trim(line);
        u64 unit = span_begins(rest, "MiB") ? MIB : span_begins(rest, "GiB") ? GIB : KIB;
        const char *colon;

        if (span_begins(rest, "%C") || span_begins(rest, "Cpu(s)") || span_begins(rest, "CPU:"))
            take_top_cpu(b, rest);
        if (span_begins(rest, "top - ") || span_begins(rest, "Tasks:") || span_begins(rest, "%C") ||
            span_begins(rest, "Cpu(s)") || span_begins(rest, "Threads:") ||
            span_begins(rest, "CPU:") || span_begins(rest, "Load average"))
            continue;
        colon = memchr(rest.at, ':', span_len(rest));
        if (!colon)
            continue;
        take_top_line(b, (struct span){colon + 1, rest.end},
                      span_find((struct span){rest.at, colon}, "Swap") != NULL ||
                          span_find((struct span){rest.at, colon}, "Éch") ||
                          span_find((struct span){rest.at, colon}, "Inter"),
                      unit, &found);
    }
    return found;
}

/* "Mem[|||||||||  3.52G/7.63G]   Swp[  0K/0K]" */
bool htop_begins(const struct block *b, struct span line)
{
    (void)b;
    return (span_find(line, "Mem[") || span_find(line, "Swp[")) &&
           memchr(line.at, '/', span_len(line));
}

bool htop_goes_on(const struct block *b, struct span line)
{
    return htop_begins(b, line);
}

static bool htop_bar(struct span line, const char *name, u64 *ret_used, u64 *ret_total)
{
    const char *at = span_find(line, name);
    struct span rest;

    if (!at)
        return false;
    rest = (struct span){at + strlen(name), line.end};
    while (!span_empty(rest) && !is_digit(*rest.at) && *rest.at != ']')
        rest.at++;
    return amount_take(&rest, KIB, ret_used) && span_take(&rest, "/") &&
           amount_take(&rest, KIB, ret_total);
}

unsigned htop_parse(struct block *b, struct span text)
{
    struct span line;
    unsigned found = 0;
    u64 used, total;

    while (span_take_line(&text, &line)) {
        if (htop_bar(line, "Mem[", &used, &total) && used <= total) {
            block_meminfo(b, MI_MEM_TOTAL, total, RANK_ROUNDED);
            block_meminfo(b, MI_MEM_AVAILABLE, total - used, RANK_ROUNDED);
            found++;
        }
        if (htop_bar(line, "Swp[", &used, &total) && used <= total) {
            block_meminfo(b, MI_SWAP_TOTAL, total, RANK_ROUNDED);
            block_meminfo(b, MI_SWAP_FREE, total - used, RANK_ROUNDED);
            found++;
        }
    }
    return found;
}

/* --- tegrastats ------------------------------------------------------------------------------- */
/*
 * RAM 7412/7765MB (lfb 2x1MB) SWAP 3801/3882MB (cached 12MB) CPU [82%@1420,...
 *
 * Used is neither free nor cache. Programs, the GPU and the rest of the machine share it.
 */
bool tegrastats_begins(const struct block *b, struct span line)
{
    const char *at = span_find(line, "RAM ");

    (void)b;
    return at && at + 4 < line.end && is_digit(at[4]) && span_find(line, "MB (lfb ");
}

bool tegrastats_goes_on(const struct block *b, struct span line)
{
    return tegrastats_begins(b, line);
}

/* "RAM 7412/7765MB" */
static bool take_pair(struct span line, const char *key, u64 *ret_used, u64 *ret_total)
{
    const char *at = span_find(line, key);
    struct span rest = {at ? at + strlen(key) : line.end, line.end};

    return at && span_take_u64(&rest, ret_used) && span_take(&rest, "/") &&
           span_take_u64(&rest, ret_total) && *ret_used <= *ret_total &&
           *ret_total < UINT64_MAX / MIB;
}

/* The last of several rows. */
unsigned tegrastats_parse(struct block *b, struct span text)
{
    struct span line;
    unsigned rows = 0;

    while (span_take_line(&text, &line)) {
        u64 used, total;

        if (!take_pair(line, "RAM ", &used, &total))
            continue;
        rows++;
        block_meminfo(b, MI_MEM_TOTAL, total * MIB, RANK_ROUNDED);
        block_meminfo(b, MI_MEM_AVAILABLE, (total - used) * MIB, RANK_ROUNDED);
        b->p->s.used = used * MIB;
        if (!take_pair(line, "SWAP ", &used, &total))
            continue;
        block_meminfo(b, MI_SWAP_TOTAL, total * MIB, RANK_ROUNDED);
        block_meminfo(b, MI_SWAP_FREE, (total - used) * MIB, RANK_ROUNDED);
    }
    return rows;
}

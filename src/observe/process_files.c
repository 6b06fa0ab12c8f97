/* process_files.c - the texts of /proc/PID as figures.
 *
 * stat is one line whose second field is the name in brackets, and a name may hold anything: ") R
 * 1", newlines. The last bracket of the whole text ends it, for nothing behind it has one. status
 * gives the same name escaped, and memory by kind since 4.5; before that only VmRSS.
 */
#include "observe/reading_int.h"

#define US_PER_TICK 10000

/* Fields of stat behind the name, counted from 3 as proc(5) does. */
enum {
    STAT_PPID = 4,
    STAT_MINFLT = 10,
    STAT_MAJFLT = 12,
    STAT_UTIME = 14,
    STAT_STIME = 15,
    STAT_THREADS = 20,
    STAT_START = 22,
    STAT_VSIZE = 23,
    STAT_RSS = 24,
    STAT_BLKIO = 42,
    NR_STAT
};

static const char *last_bracket(struct span text)
{
    return span_empty(text) ? NULL : memrchr(text.at, ')', span_len(text));
}

/* Numbers from field 4 on; what is no number (negative ones of tty, priority) is UNKNOWN. */
static void take_fields(struct span line, u64 fields[NR_STAT])
{
    struct span word;

    for (unsigned i = 0; i < NR_STAT; i++)
        fields[i] = UNKNOWN;
    for (unsigned i = STAT_PPID; i < NR_STAT && span_take_word(&line, &word); i++)
        span_take_u64(&word, &fields[i]);
}

static u64 ticks_to_us(u64 ticks)
{
    return known(ticks) && ticks < (u64)1 << 48 ? ticks * US_PER_TICK : UNKNOWN;
}

bool parse_pid_stat(struct span text, u64 page_bytes, struct process_view *process)
{
    const char *close = last_bracket(text);
    u64 f[NR_STAT], pid;
    struct span name, word;

    if (!close || !span_take_u64(&text, &pid) || !span_take(&text, "(") || text.at > close)
        return false;
    name = (struct span){text.at, close};

    struct span rest = {close + 1, text.end};

    if (!span_take_word(&rest, &word) || span_len(word) != 1)
        return false;
    span_copy(name, process->comm, sizeof(process->comm));
    process->state = *word.at >= 'A' && *word.at <= 'z' ? *word.at : '?';
    take_fields(rest, f);
    process->ppid = (u32)MIN(f[STAT_PPID], (u64)UINT32_MAX);
    process->minor_faults = f[STAT_MINFLT];
    process->major_faults = f[STAT_MAJFLT];
    process->cpu_us = ticks_to_us(figure_add(f[STAT_UTIME], f[STAT_STIME]));
    process->nr_threads = (u32)MIN(f[STAT_THREADS], (u64)UINT32_MAX);
    process->start_ticks = f[STAT_START];
    process->vm_size = f[STAT_VSIZE];
    if (known(f[STAT_RSS]) && f[STAT_RSS] < (u64)1 << 40)
        process->rss = f[STAT_RSS] * page_bytes;
    process->block_io_delay_us = ticks_to_us(f[STAT_BLKIO]);
    return true;
}

struct kib_line {
    const char *key;
    u64 *figure;
};

/* "Key:   123 kB" into the figure of that key. */
static bool take_kib_line(struct span key, struct span line, const struct kib_line *lines,
                          unsigned count)
{
    u64 kib;

    for (unsigned i = 0; i < count; i++) {
        if (!span_is(key, lines[i].key))
            continue;
        if (!span_take_u64(&line, &kib) || !span_take(&line, "kB"))
            return false;
        *lines[i].figure = kib_to_bytes(kib);
        return true;
    }
    return false;
}

/* Half a list would be another list: one that does not fit stays unknown. */
static void copy_list(struct span line, char *buf, size_t size)
{
    line = span_trim(line);
    if (span_len(line) < size)
        span_copy(line, buf, size);
}

bool parse_pid_status(struct span text, struct process_view *p)
{
    const struct kib_line lines[] = {
        {"VmSize", &p->vm_size},     {"VmLck", &p->locked},         {"VmHWM", &p->hwm},
        {"VmRSS", &p->rss},          {"RssAnon", &p->rss_anon},     {"RssFile", &p->rss_file},
        {"RssShmem", &p->rss_shmem}, {"VmPTE", &p->page_tables},    {"VmSwap", &p->swap},
        {"VmPin", &p->pinned},       {"HugetlbPages", &p->hugetlb},
    };
    struct span line, key;
    unsigned found = 0;

    while (span_take_line(&text, &line)) {
        u64 number;

        if (!span_take_until(&line, ':', &key))
            continue;
        if (span_is(key, "Uid") && span_take_u64(&line, &number)) {
            p->uid = (u32)number;
            found++;
        } else if (span_is(key, "Name") && !p->comm[0]) {
            span_copy(span_trim(line), p->comm, sizeof(p->comm));
        } else if (span_is(key, "PPid") && span_take_u64(&line, &number)) {
            p->ppid = (u32)number;
            found++;
        } else if (span_is(key, "Threads") && span_take_u64(&line, &number)) {
            p->nr_threads = (u32)number;
            found++;
        } else if (span_is(key, "Cpus_allowed_list")) {
            copy_list(line, p->cpus_allowed, sizeof(p->cpus_allowed));
        } else if (span_is(key, "Mems_allowed_list")) {
            copy_list(line, p->mems_allowed, sizeof(p->mems_allowed));
        } else if (span_is(key, "State") && p->state == '?') {
            span_skip_blanks(&line);
            p->state = span_empty(line) || *line.at < 'A' || *line.at > 'z' ? '?' : *line.at;
        } else {
            found += take_kib_line(key, line, lines, ARRAY_SIZE(lines));
        }
    }
    return found > 0;
}

static void add(u64 *sum, u64 amount)
{
    *sum = known(*sum) ? *sum + amount : amount;
}

bool parse_smaps(struct span text, struct process_view *process)
{
    u64 private_clean = UNKNOWN, private_dirty = UNKNOWN;
    const struct kib_line sums[] = {
        {"Pss", &process->pss},
        {"Pss_Anon", &process->pss_anon},
        {"Pss_File", &process->pss_file},
        {"Pss_Shmem", &process->pss_shmem},
        {"Private_Clean", &private_clean},
        {"Private_Dirty", &private_dirty},
    };
    struct span line, key;
    bool found = false;

    while (span_take_line(&text, &line)) {
        u64 kib;

        /* Most lines of smaps are none of ours. */
        if (span_empty(line) || *line.at != 'P' || !span_take_until(&line, ':', &key))
            continue;
        for (unsigned i = 0; i < ARRAY_SIZE(sums); i++) {
            struct span value = line;

            if (span_is(key, sums[i].key) && span_take_u64(&value, &kib) &&
                known(kib_to_bytes(kib))) {
                add(sums[i].figure, kib * KIB);
                found = true;
            }
        }
    }
    process->uss = figure_add(private_clean, private_dirty);
    return found;
}

static bool names_memory(struct span controllers)
{
    struct span name;

    while (span_take_until(&controllers, ',', &name))
        if (span_is(name, "memory"))
            return true;
    return span_is(controllers, "memory");
}

/* "4:memory:/web" of v1, "0::/web" of v2. A path may hold colons. */
bool parse_pid_cgroup(struct span text, bool v1, struct span *ret_path)
{
    struct span line, id, controllers;

    while (span_take_line(&text, &line)) {
        if (!span_take_until(&line, ':', &id) || !span_take_until(&line, ':', &controllers))
            continue;
        if (v1 ? !names_memory(controllers) : !(span_is(id, "0") && span_empty(controllers)))
            continue;
        if (span_empty(line) || *line.at != '/')
            continue;
        *ret_path = line;
        return true;
    }
    return false;
}

void process_take_details(struct process_view *process, const struct process_view *from)
{
    process->pss = from->pss;
    process->pss_anon = from->pss_anon;
    process->pss_file = from->pss_file;
    process->pss_shmem = from->pss_shmem;
    process->uss = from->uss;
    process->oom_score = from->oom_score;
    process->oom_score_adj = from->oom_score_adj;
}

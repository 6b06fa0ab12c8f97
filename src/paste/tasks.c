/* tasks.c - limits of processes and threads that a text shows, and how many there are: what refuses
 * a fork is often none of memory.
 *
 * kernel.pid_max, kernel.threads-max and pids.max come as files (sysctl, cat), what counts them as
 * files (loadavg, pids.current) or as the answer of "ps -eLf | wc -l"; systemctl and ulimit print
 * theirs.
 */
#include "paste/state_int.h"

#include <stdio.h>

#define LIMITS_MAX 256
#define FEW        16

void block_task_limit(struct block *b, const char *name, const char *of, u64 used, u64 limit)
{
    struct task_limit_view view = {.name = name, .used = used, .limit = limit};

    if (!known(limit) || limit == 0 || limit >= (u64)1 << 31 ||
        b->p->s.task_limits.count >= LIMITS_MAX)
        return;
    snprintf(view.of, sizeof(view.of), "%.*s", (int)sizeof(view.of) - 1, of);
    vec_push(&b->p->s.task_limits, view);
}

/* --- "ps -eLf | wc -l" ------------------------------------------------------------------------ */

bool tasks_counted_begins(const struct block *b, struct span line)
{
    struct span rest = span_trim(line), command = b->command, word;
    bool lists = false, counts = false;
    u64 count;

    if (!span_take_u64(&rest, &count) || !span_empty(rest))
        return false;
    while (span_take_word(&command, &word)) {
        lists |= span_is(word, "ps") || span_ends(word, "/ps");
        counts |= lists && span_is(word, "wc");
    }
    return counts;
}

bool tasks_counted_goes_on(const struct block *b, struct span line)
{
    (void)b;
    (void)line;
    return false;
}

unsigned tasks_counted_parse(struct block *b, struct span text)
{
    u64 count;

    text = span_trim(text);
    if (!span_take_u64(&text, &count) || count == 0 || count > UINT32_MAX)
        return 0;
    b->p->state->tasks_counted = count;
    return 1;
}

/* --- files ------------------------------------------------------------------------------------ */

static u64 number_in(const struct tree_file *f)
{
    struct span rest = span_trim(span_of_buf(&f->text));
    u64 value;

    return span_take_u64(&rest, &value) ? value : UNKNOWN;
}

/* "0.10 0.20 0.30 1/7822 22331": of 7822 tasks one runs. */
static u64 tasks_of_loadavg(struct tree *tree)
{
    const struct tree_file *f = tree_find(tree, "proc/loadavg");
    struct span rest = f ? span_of_buf(&f->text) : span_of("", 0);
    const char *slash = span_empty(rest) ? NULL : memchr(rest.at, '/', span_len(rest));
    u64 count;

    if (!slash)
        return UNKNOWN;
    rest.at = slash + 1;
    return span_take_u64(&rest, &count) && count < UINT32_MAX ? count : UNKNOWN;
}

void tasks_finish(struct paste *p)
{
    static const char *const kernel[][2] = {{"proc/sys/kernel/pid_max", "kernel.pid_max"},
                                            {"proc/sys/kernel/threads-max", "kernel.threads-max"}};
    struct tree *tree = &p->state->tree;
    struct block b = {.p = p, .format = NR_FORMATS};
    u64 counted = tasks_of_loadavg(tree);

    if (!known(counted))
        counted = p->state->tasks_counted;
    for (unsigned i = 0; i < ARRAY_SIZE(kernel); i++) {
        const struct tree_file *f = tree_find(tree, kernel[i][0]);

        if (f)
            block_task_limit(&b, kernel[i][1], "", counted, number_in(f));
    }
    vec_for_each (&tree->files, f) {
        static const char top[] = "sys/fs/cgroup/", file[] = "/pids.max";
        size_t len = strlen(f->path);
        char path[TREE_PATH_MAX];
        const struct tree_file *current;
        u64 used, limit;

        if (strncmp(f->path, top, strlen(top)) != 0 || len + 8 >= sizeof(path) ||
            len <= strlen(file) || strcmp(f->path + len - strlen(file), file) != 0)
            continue;
        snprintf(path, sizeof(path), "%.*s/pids.current", (int)(len - strlen(file)), f->path);
        current = tree_find(tree, path);
        path[len - strlen(file)] = '\0';
        used = current ? number_in(current) : UNKNOWN;
        limit = number_in(f);
        /* Of an archive with thousands of groups those that stand at their limit. */
        if (p->s.task_limits.count < FEW || (known(used) && known(limit) && used >= limit))
            block_task_limit(&b, "pids.max", strlen(path) > strlen(top) ? path + strlen(top) : "",
                             used, limit);
    }
    if (known(p->state->user_tasks))
        block_task_limit(&b, "ulimit -u", "", p->state->tasks_counted, p->state->user_tasks);
}

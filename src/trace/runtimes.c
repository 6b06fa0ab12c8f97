/* runtimes.c - one pass over the operations of each stream.
 *
 * What a process is, is kept by its number: a program that it executes maps files of its own and
 * adds to it, so a shell that becomes a Java virtual machine is one. A forked child is what its
 * parent is.
 */
#include "trace/runtimes.h"

#include "base/abi.h"
#include "base/alloc.h"
#include "base/units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The first arena of Go's heap on amd64 and arm64, where nobody else maps unless he has to. */
#define GO_ARENA     0xc000000000ull
#define GO_ARENA_LEN (64 * MIB)

/* Waits for a CPU that are worth a word: a second, and a fifth of the time that it ran or would
 * have. */
#define STARVED_FLOOR_NS NS_PER_S
#define STARVED_PERCENT  20u

const struct runtime_info runtime_info[NR_RUNTIMES] = {
#define RUNTIME(id, name, sees, what, flag) \
    [RUNTIME_##id] = {name, RUNTIME_SEES_##sees, what, flag},
#include "trace/runtimes.def"
#undef RUNTIME
};

static const struct {
    enum runtime runtime;
    const char *name;
} files[] = {
#define RUNTIME_FILE(id, file) {RUNTIME_##id, file},
#include "trace/runtimes.def"
#undef RUNTIME_FILE
};

static const struct option {
    enum runtime runtime;
    const char *program, *text;
    bool decides;
} options[] = {
#define RUNTIME_OPTION(id, program, text, decides) {RUNTIME_##id, program, text, decides},
#include "trace/runtimes.def"
#undef RUNTIME_OPTION
};

static const struct variable {
    enum runtime runtime;
    const char *name;
    bool words, decides;
} variables[] = {
#define RUNTIME_ENV(id, name, words, decides) {RUNTIME_##id, name, words, decides},
#include "trace/runtimes.def"
#undef RUNTIME_ENV
};

struct process {
    u32 pid, parent; /* parent: of a fork; 0 otherwise */
    bool counts;     /* a stream of it is among those that count */
    bool known;
    enum runtime runtime;
    char comm[16];
    struct strbuf settings; /* of all runtimes */
    u64 shared_bytes;
};

struct search {
    const struct trace *t;
    VEC(struct process) processes;
    struct u64map by_pid; /* pid -> index */
    bool told;            /* some SETTING was met */
};

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* --- settings --- */

static const struct variable *variable_of(const char *setting)
{
    for (size_t i = 0; i < ARRAY_SIZE(variables); i++) {
        size_t len = strlen(variables[i].name);

        if (begins(setting, variables[i].name) && setting[len] == '=')
            return &variables[i];
    }
    return NULL;
}

static const struct option *option_of(const char *setting)
{
    for (size_t i = 0; i < ARRAY_SIZE(options); i++)
        if (begins(setting, options[i].text) && setting[strlen(options[i].text)])
            return &options[i];
    return NULL;
}

static bool is_setting_of(enum runtime runtime, const char *setting)
{
    const struct variable *v = variable_of(setting);

    if (v)
        return v->runtime == runtime;
    for (size_t i = 0; i < ARRAY_SIZE(options); i++)
        if (options[i].runtime == runtime && begins(setting, options[i].text))
            return true;
    return false;
}

static bool decides(const char *setting)
{
    const struct variable *v = variable_of(setting);
    const struct option *o = v ? NULL : option_of(setting);

    return v ? v->decides : o && o->decides;
}

/* Call fn for each setting of a use, those in a variable's words one by one. */
static void each_setting(const struct runtime_use *u, void (*fn)(void *ctx, const char *setting),
                         void *ctx)
{
    char *all = xstrdup(u->settings), *lines = all;

    for (char *line; (line = strsep(&lines, "\n"));) {
        const struct variable *v = variable_of(line);
        char *words = v && v->words ? line + strlen(v->name) + 1 : NULL;

        if (!words && *line)
            fn(ctx, line);
        for (char *word; words && (word = strsep(&words, " "));)
            if (*word)
                fn(ctx, word);
    }
    free(all);
}

static void note_decides(void *ctx, const char *setting)
{
    *(bool *)ctx |= decides(setting);
}

bool runtime_is_set(const struct runtime_use *u)
{
    bool set = false;

    each_setting(u, note_decides, &set);
    return set;
}

/* The arguments of the command line in meta, where the recording has no settings of its own: the
 * first process's. */
static void settings_of_command(const struct trace *t, struct process *p)
{
    char command[4096], *rest = command, *program, *last = NULL;

    if (!trace_text_value(t->meta, "command", command, sizeof(command)))
        return;
    program = strsep(&rest, " ");
    for (char *arg; (arg = strsep(&rest, " ")); last = arg) {
        for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
            const struct option *o = &options[i];
            const char *blank = strchr(o->text, ' ');

            if (o->program && strcmp(base_name(program), o->program) != 0)
                continue;
            if (blank ? last && strlen(last) == (size_t)(blank - o->text) &&
                            begins(o->text, last) && begins(arg, blank + 1)
                      : begins(arg, o->text) && arg[strlen(o->text)]) {
                strbuf_printf(&p->settings, "%s%s%s\n", blank ? last : "", blank ? " " : "", arg);
                break;
            }
        }
    }
}

/* --- the pass --- */

static struct process *process_of(struct search *s, u32 pid)
{
    struct process p = {.pid = pid};
    u64 index;

    if (!u64map_get(&s->by_pid, pid, &index)) {
        strbuf_init(&p.settings);
        index = s->processes.count;
        u64map_put(&s->by_pid, pid, index);
        vec_push(&s->processes, p);
    }
    return &s->processes.items[index];
}

static void set_comm(struct process *p, const char *comm)
{
    snprintf(p->comm, sizeof(p->comm), "%s", comm);
}

static void is_runtime(struct process *p, enum runtime runtime)
{
    if (p->known &&
        p->runtime == RUNTIME_JVM) /* a virtual machine may map what others are known by */
        return;
    p->known = true;
    p->runtime = runtime;
}

/* 1 + index in files[]; 0: none of them. */
static u64 file_named(const char *path)
{
    const char *name = base_name(path);

    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        size_t len = strlen(files[i].name);
        bool rest = files[i].name[len - 1] == '*';

        if (rest ? strncmp(name, files[i].name, len - 1) == 0 : strcmp(name, files[i].name) == 0)
            return i + 1;
    }
    return 0;
}

static void op_mmap(struct process *p, const struct u64map *names, const struct trace_op *op)
{
    u64 addr = op->field[0], len = op->field[1], prot = op->field[2], flags = op->field[3],
        fid = op->field[4], file;

    if (fid == 0 && addr == GO_ARENA && len == GO_ARENA_LEN)
        is_runtime(p, RUNTIME_GO);
    if (fid && (prot & ABI_PROT_EXEC) && u64map_get(names, fid, &file) && file)
        is_runtime(p, files[file - 1].runtime);
    if (fid == 0 && (flags & HWT_MAP_SHARED))
        p->shared_bytes = MAX(p->shared_bytes, len);
}

static void op_setting(struct search *s, struct process *p, const char *text)
{
    s->told = true;
    if (!*text || strchr(text, '\n'))
        return;
    strbuf_append(&p->settings, text);
    strbuf_appendc(&p->settings, '\n');
}

static void op_one(struct search *s, struct process *p, struct u64map *names,
                   const struct trace_cursor *c, const struct trace_op *op)
{
    switch (op->opcode) {
    case HWT_OP_PROC_START:
        set_comm(p, trace_cursor_string(c, op));
        if (op->field[3] & HWT_PROC_FORKED)
            p->parent = (u32)op->field[1];
        break;
    case HWT_OP_FILE:
        u64map_put(names, op->field[0], file_named(trace_cursor_string(c, op)));
        break;
    case HWT_OP_MMAP:
        op_mmap(p, names, op);
        break;
    case HWT_OP_SETTING:
        op_setting(s, p, trace_cursor_string(c, op));
        break;
    default:
        break;
    }
}

static int pass_stream(struct search *s, u32 index, bool counts, struct err *e)
{
    const struct trace_stream *stream = &s->t->streams[index];
    struct process *p = process_of(s, stream->pid);
    struct trace_cursor c;
    struct u64map names;
    int rc;

    p->counts |= counts;
    u64map_init(&names);
    trace_cursor_init(&c, s->t, index);
    while (trace_cursor_next(&c))
        for (size_t i = 0; i < c.nr_ops; i++)
            op_one(s, p, &names, &c, &c.ops[i]);
    rc = c.error;
    trace_cursor_done(&c);
    u64map_done(&names);
    return rc ? err_at(e, rc, s->t->path, 0, 0, "cannot read it to its end: %s", strerror(-rc)) : 0;
}

/* --- what it comes to --- */

/* The process whose program it is: its own, or that of the parent it was forked from. NULL: of no
 * runtime. */
static const struct process *origin_of(struct search *s, const struct process *p)
{
    for (size_t depth = 0; !p->known && depth < s->processes.count; depth++) {
        u64 index;

        if (!p->parent || !u64map_get(&s->by_pid, p->parent, &index))
            return NULL;
        p = &s->processes.items[index];
    }
    return p->known ? p : NULL;
}

static char *settings_for(const struct process *p)
{
    struct strbuf kept;
    char *all = xstrdup(p->settings.text), *lines = all, *ret;

    strbuf_init(&kept);
    for (char *line; (line = strsep(&lines, "\n"));)
        if (*line && is_setting_of(p->runtime, line))
            strbuf_printf(&kept, "%s%s", kept.len ? "\n" : "", line);
    free(all);
    ret = xstrdup(kept.text);
    strbuf_done(&kept);
    return ret;
}

static void add_use(struct runtimes *r, const struct process *p, const struct process *origin)
{
    char *settings = settings_for(origin);

    vec_for_each (&r->uses, u) {
        if (u->runtime != origin->runtime || strcmp(u->settings, settings) != 0)
            continue;
        u->processes++;
        u->shared_bytes = MAX(u->shared_bytes, origin->shared_bytes);
        free(settings);
        return;
    }
    vec_push(&r->uses, ((struct runtime_use){.runtime = origin->runtime,
                                             .pid = p->pid,
                                             .processes = 1,
                                             .settings = settings,
                                             .shared_bytes = origin->shared_bytes}));
    snprintf(vec_last(&r->uses).comm, sizeof(vec_last(&r->uses).comm), "%s", origin->comm);
}

/* The number of a key in the text of a chunk; 0 where there is none. */
static u64 number_of(const char *chunk, const char *key)
{
    char text[64];
    u64 number;

    return trace_text_value(chunk, key, text, sizeof(text)) && parse_u64(text, &number, NULL) == 0
               ? number
               : 0;
}

unsigned starved_percent(ns_t starved, ns_t cpu)
{
    u64 percent = starved < STARVED_FLOOR_NS ? 0 : starved / (cpu / 100 + starved / 100);

    return percent < STARVED_PERCENT ? 0 : (unsigned)MIN(percent, (u64)100);
}

unsigned trace_starved_percent(const struct trace *t)
{
    return starved_percent(number_of(t->end, "recorded_starved_ns"),
                           number_of(t->end, "recorded_cpu_ns"));
}

int runtimes_find(const struct trace *t, const bool *only, struct runtimes *ret, struct err *e)
{
    struct search s = {.t = t};
    u64 limit = number_of(t->host, "memory.max");
    int rc = 0;

    *ret = (struct runtimes){.ram_bytes = number_of(t->host, "ram"),
                             .starved_percent = trace_starved_percent(t)};
    ret->seen_bytes =
        limit && ret->ram_bytes ? MIN(limit, ret->ram_bytes) : MAX(limit, ret->ram_bytes);
    u64map_init(&s.by_pid);
    for (u32 i = 0; i < t->nr_streams && rc == 0; i++)
        rc = pass_stream(&s, i, !only || only[i], e);
    if (rc == 0 && !s.told && s.processes.count)
        settings_of_command(t, &s.processes.items[0]);
    for (size_t i = 0; i < s.processes.count; i++) {
        struct process *p = &s.processes.items[i];
        const struct process *origin = p->counts && rc == 0 ? origin_of(&s, p) : NULL;

        if (origin)
            add_use(ret, p, origin);
    }
    vec_for_each (&s.processes, p)
        strbuf_done(&p->settings);
    vec_done(&s.processes);
    u64map_done(&s.by_pid);
    return rc;
}

void runtimes_done(struct runtimes *r)
{
    vec_for_each (&r->uses, u)
        free(u->settings);
    vec_done(&r->uses);
}

/* --- what it takes by default --- */

static void note_percent(void *ctx, const char *setting)
{
    const char *names[] = {"-XX:MaxRAMPercentage="};
    double value;

    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (begins(setting, names[i]) && parse_f64(setting + strlen(names[i]), &value, NULL) == 0 &&
            value > 0 && value <= 100)
            *(double *)ctx = value;
}

/* HotSpot: a quarter, but half of little memory, and what it would take of 96 MiB for 32 bits in
 * between. */
static u64 jvm_heap(const struct runtime_use *u, u64 seen)
{
    const u64 small = 96 * MIB * 13 / 10;
    double percent = 25;

    each_setting(u, note_percent, &percent);
    if (seen / 2 < small)
        return seen / 2;
    return MAX((u64)((double)seen * percent / 100), small);
}

/* V8: half of it, between 256 MiB and 2 GiB, or 4 GiB from 15 GiB on. */
static u64 v8_heap(u64 seen)
{
    return CLAMP(seen / 2, 256 * MIB, seen >= 15 * GIB ? 4 * GIB : 2 * GIB);
}

u64 runtime_bound(const struct runtime_use *u, u64 seen)
{
    if (seen == 0 || runtime_is_set(u))
        return 0;
    switch (u->runtime) {
    case RUNTIME_JVM:
        return jvm_heap(u, seen);
    case RUNTIME_NODE:
        return v8_heap(seen);
    case RUNTIME_DOTNET:
        return seen / 4 * 3;
    case RUNTIME_MONGOD:
        return MAX(seen > GIB ? (seen - GIB) / 2 : 0, 256 * MIB);
    case RUNTIME_SORT:
    case RUNTIME_GO:
    case RUNTIME_POSTGRESQL:
    case RUNTIME_MYSQL:
    case RUNTIME_REDIS:
    case RUNTIME_MEMCACHED:
    case NR_RUNTIMES:
        return 0;
    }
    hw_unreachable();
}

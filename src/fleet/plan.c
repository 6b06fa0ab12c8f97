/* plan.c - see plan.h. */
#include "fleet/plan.h"

#include "base/units.h"
#include "size/size.h"
#include "stats/names.h"
#include "system/config.h"

#include <ctype.h>
#include <glob.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>

#define LIMITS_MAX     10000u
#define RECORDINGS_MAX 10000u

struct reader {
    struct plan *plan;
    struct err *e;
    FILE *file;
    unsigned line;
    int error;
    bool seen_recordings, seen_limits;
};

static const char *const sweep_keys[] = {"recordings", "limits", "max-slowdown", "usable-slowdown",
                                         "swap-max"};

#define FAIL(r, ...) \
    ((r)->error = err_at((r)->e, -EINVAL, (r)->plan->path, (r)->line, 0, __VA_ARGS__))

/* The next word between blanks and commas; NULL at the end. */
static char *next_word(char **rest, const char *between)
{
    char *from = *rest + strspn(*rest, between), *end = from + strcspn(from, between);

    if (!*from)
        return NULL;
    *rest = *end ? end + 1 : end;
    *end = '\0';
    return from;
}

/* --- recordings --- */

static void add_recording(struct reader *r, const char *path)
{
    if (r->plan->recordings.count == RECORDINGS_MAX)
        FAIL(r, "more than %u recordings", RECORDINGS_MAX);
    else
        vec_push(&r->plan->recordings, xstrdup(path));
}

/* Paths are those beside the plan. */
static void add_pattern(struct reader *r, const char *word)
{
    const char *slash = strrchr(r->plan->path, '/');
    struct strbuf full;
    glob_t found;
    int rc;

    strbuf_init(&full);
    if (*word != '/' && slash)
        strbuf_append_bytes(&full, r->plan->path, (size_t)(slash - r->plan->path) + 1);
    strbuf_append(&full, word);
    rc = glob(full.text, 0, NULL, &found); /* sorted by name */
    if (rc == GLOB_NOMATCH)
        FAIL(r, "no recording '%s'", full.text);
    else if (rc)
        FAIL(r, "cannot look for recordings '%s'", full.text);
    for (size_t i = 0; rc == 0 && i < found.gl_pathc && !r->error; i++)
        add_recording(r, found.gl_pathv[i]);
    if (rc == 0)
        globfree(&found);
    strbuf_done(&full);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void check_twice(struct reader *r)
{
    size_t count = r->plan->recordings.count;
    char **sorted = xcalloc(MAX(count, (size_t)1), sizeof(*sorted));

    memcpy(sorted, r->plan->recordings.items, count * sizeof(*sorted));
    qsort(sorted, count, sizeof(*sorted), by_text);
    for (size_t i = 1; i < count && !r->error; i++)
        if (strcmp(sorted[i - 1], sorted[i]) == 0)
            FAIL(r, "the recording %s is named twice", sorted[i]);
    free(sorted);
}

static void take_recordings(struct reader *r, const char *value)
{
    char *words = xstrdup(value), *rest = words;

    r->seen_recordings = true;
    for (char *word; !r->error && (word = next_word(&rest, " \t,")) != NULL;)
        add_pattern(r, word);
    if (!r->error)
        check_twice(r);
    free(words);
}

/* --- limits --- */

static void add_limit(struct reader *r, u64 bytes)
{
    if (bytes < PAGE_SIZE)
        FAIL(r, "limits: less than a page of 4,096 bytes");
    else if (r->plan->limits.count == LIMITS_MAX)
        FAIL(r, "limits: more than %u", LIMITS_MAX);
    else
        vec_push(&r->plan->limits, ROUND_DOWN(bytes, (u64)PAGE_SIZE));
}

static bool take_size(struct reader *r, const char *text, u64 *ret)
{
    struct err why = {0};

    if (parse_size(text, ret, &why))
        FAIL(r, "limits: %s", why.text);
    return !r->error;
}

static void take_range(struct reader *r, char *from_text, char *to_text)
{
    char *slash = strchr(to_text, '/');
    u64 from, to, step;

    if (!slash) {
        FAIL(r, "limits: want FROM-TO/STEP such as 64M-128M/16M, not '%s-%s'", from_text, to_text);
        return;
    }
    *slash = '\0';
    if (!take_size(r, from_text, &from) || !take_size(r, to_text, &to) ||
        !take_size(r, slash + 1, &step))
        return;
    if (step < PAGE_SIZE || from > to) {
        FAIL(r, "limits: want FROM at most TO and a STEP of a page or more");
        return;
    }
    for (u64 at = from; at <= to && !r->error; at += step)
        add_limit(r, at);
}

static int by_size(const void *a, const void *b)
{
    u64 x = *(const u64 *)a, y = *(const u64 *)b;

    return x < y ? -1 : x > y;
}

static void take_limits(struct reader *r, const char *value)
{
    char *words = xstrdup(value), *rest = words;
    size_t kept = 0;

    r->seen_limits = true;
    for (char *word; !r->error && (word = next_word(&rest, " \t,")) != NULL;) {
        char *dash = strchr(word, '-');
        u64 bytes;

        if (dash) {
            *dash = '\0';
            take_range(r, word, dash + 1);
        } else if (take_size(r, word, &bytes)) {
            add_limit(r, bytes);
        }
    }
    if (r->plan->limits.count)
        qsort(r->plan->limits.items, r->plan->limits.count, sizeof(u64), by_size);
    for (size_t i = 0; i < r->plan->limits.count; i++)
        if (kept == 0 || r->plan->limits.items[kept - 1] != r->plan->limits.items[i])
            r->plan->limits.items[kept++] = r->plan->limits.items[i];
    r->plan->limits.count = kept;
    free(words);
}

/* --- the rest --- */

static void take_slowdown(struct reader *r, const char *key, const char *value, double *ret)
{
    struct err why = {0};

    if (parse_f64(value, ret, &why))
        FAIL(r, "%s: %s", key, why.text);
    else if (!(*ret >= 1))
        FAIL(r, "%s is at least 1, not %s", key, value);
}

static void take_sweep_key(struct reader *r, const char *key, const char *value)
{
    struct err why = {0};
    struct nearest near;
    char hint[256];

    if (strcmp(key, "recordings") == 0) {
        take_recordings(r, value);
    } else if (strcmp(key, "limits") == 0) {
        take_limits(r, value);
    } else if (strcmp(key, "max-slowdown") == 0) {
        take_slowdown(r, key, value, &r->plan->max_slowdown);
    } else if (strcmp(key, "usable-slowdown") == 0) {
        take_slowdown(r, key, value, &r->plan->usable_slowdown);
    } else if (strcmp(key, "swap-max") == 0) {
        if (parse_size(value, &r->plan->swap_max, &why))
            FAIL(r, "swap-max: %s", why.text);
    } else {
        nearest_init(&near, key);
        for (unsigned i = 0; i < ARRAY_SIZE(sweep_keys); i++)
            nearest_offer(&near, sweep_keys[i]);
        FAIL(r, "unknown key '%s' in [sweep]%s", key, nearest_text(&near, hint, sizeof(hint)));
    }
}

static void take_machine_key(struct reader *r, const char *key, const char *value)
{
    char *words = xstrdup(value), *rest = words;
    struct plan_setting setting = {.key = xstrdup(key), .line = r->line};
    const char *twin = system_config_twin(key);

    vec_for_each (&r->plan->machine, other)
        if (strcmp(other->key, key) == 0 || (twin && strcmp(twin, other->key) == 0))
            FAIL(r, "%s and %s set the same; want all values in one line", other->key, key);
    for (char *word; !r->error && (word = next_word(&rest, ",")) != NULL;) {
        struct system_config scratch;
        struct err why = {0};

        word += strspn(word, " \t");
        for (size_t len = strlen(word); len && isspace((unsigned char)word[len - 1]); len--)
            word[len - 1] = '\0';
        system_config_init(&scratch);
        if (system_config_set(&scratch, key, word, &why))
            FAIL(r, "%s", why.text);
        vec_for_each (&setting.values, one)
            if (!r->error && strcmp(*one, word) == 0)
                FAIL(r, "%s has the value %s twice", key, word);
        if (setting.values.count == PLAN_VARIANTS_MAX)
            FAIL(r, "%s has more than %u values", key, PLAN_VARIANTS_MAX);
        if (!r->error)
            vec_push(&setting.values, xstrdup(word));
    }
    if (!r->error && setting.values.count == 0)
        FAIL(r, "%s has no value", key);
    vec_push(&r->plan->machine, setting);
    free(words);
}

static int take_key(void *ctx, const char *section, const char *key, const char *value)
{
    struct reader *r = ctx;

    if (r->error)
        return 0;
    if (strcmp(section, "sweep") == 0)
        take_sweep_key(r, key, value);
    else if (strcmp(section, "machine") == 0)
        take_machine_key(r, key, value);
    else if (!*section)
        FAIL(r, "'%s' stands before any section; want [sweep] or [machine]", key);
    else
        FAIL(r, "unknown section [%s]; want [sweep] or [machine]", section);
    return r->error == 0;
}

static char *read_line(char *line, int size, void *ctx)
{
    struct reader *r = ctx;

    if (r->error || !fgets(line, size, r->file))
        return NULL;
    r->line++;
    if (strlen(line) + 1 == (size_t)size && line[size - 2] != '\n') {
        FAIL(r, "a line of more than %d bytes", size - 2);
        return NULL;
    }
    return line;
}

static void check(struct reader *r)
{
    struct plan *p = r->plan;
    u64 tasks = p->recordings.count;

    r->line = 0;
    if (!p->recordings.count)
        FAIL(r, "[sweep] names no recording; want recordings = FILE.hwt ...");
    else if (!p->limits.count)
        FAIL(r, "[sweep] names no limit; want limits = 64M, 128M-256M/32M");
    else if (p->max_slowdown < p->usable_slowdown)
        FAIL(r, "max-slowdown (%g) is at least usable-slowdown (%g)", p->max_slowdown,
             p->usable_slowdown);
    vec_for_each (&p->machine, setting) {
        tasks *= setting->values.count;
        if (!r->error && tasks / p->recordings.count > PLAN_VARIANTS_MAX)
            FAIL(r, "more than %u combinations in [machine]", PLAN_VARIANTS_MAX);
        if (r->error)
            return;
    }
    if (!r->error && tasks * (p->limits.count + 1) > PLAN_TASKS_MAX)
        FAIL(r, "%llu tasks; want at most %u in one plan",
             (unsigned long long)(tasks * (p->limits.count + 1)), PLAN_TASKS_MAX);
}

int plan_read(const char *path, struct plan *ret, struct err *e)
{
    struct plan p = {.path = xstrdup(path),
                     .max_slowdown = SIZE_MAX_SLOWDOWN,
                     .usable_slowdown = SIZE_USABLE_SLOWDOWN,
                     .swap_max = STORE_NONE};
    struct reader r = {.plan = &p, .e = e, .file = fopen(path, "re")};
    int rc;

    if (!r.file) {
        plan_done(&p);
        return err_at(e, -errno, path, 0, 0, "cannot open: %s", strerror(errno));
    }
    rc = ini_parse_stream(read_line, &r, take_key, &r);
    fclose(r.file);
    if (!r.error && rc) {
        r.line = rc > 0 ? (unsigned)rc : 0;
        FAIL(&r, "neither a [section] nor KEY = VALUE");
    }
    if (!r.error)
        check(&r);
    if (r.error) {
        plan_done(&p);
        return r.error;
    }
    for (size_t i = 0; i < p.recordings.count; i++)
        vec_push(&p.hashes, NULL);
    *ret = p;
    return 0;
}

void plan_done(struct plan *p)
{
    vec_for_each (&p->recordings, one)
        free(*one);
    vec_for_each (&p->hashes, one)
        free(*one);
    vec_for_each (&p->machine, setting) {
        vec_for_each (&setting->values, one)
            free(*one);
        vec_done(&setting->values);
        free(setting->key);
    }
    vec_done(&p->recordings);
    vec_done(&p->hashes);
    vec_done(&p->machine);
    vec_done(&p->limits);
    free(p->path);
}

unsigned plan_variants(const struct plan *p)
{
    unsigned count = 1;

    vec_for_each (&p->machine, setting)
        count *= (unsigned)setting->values.count;
    return count;
}

unsigned plan_tasks(const struct plan *p)
{
    return (unsigned)(p->recordings.count * plan_variants(p) * (p->limits.count + 1));
}

struct plan_task plan_task(const struct plan *p, unsigned index)
{
    unsigned limits = (unsigned)p->limits.count + 1, limit = index % limits, pair = index / limits,
             variants = plan_variants(p);

    return (struct plan_task){
        .recording = pair / variants,
        .variant = pair % variants,
        .limit_bytes = limit ? p->limits.items[limit - 1] : STORE_NONE,
    };
}

const char *plan_value(const struct plan *p, unsigned variant, unsigned setting)
{
    for (size_t i = p->machine.count; i-- > setting + 1;)
        variant /= (unsigned)p->machine.items[i].values.count;
    return p->machine.items[setting].values.items[variant % p->machine.items[setting].values.count];
}

int plan_hash(struct plan *p, unsigned recording, struct err *e)
{
    char hash[STORE_HASH_MAX];
    int rc;

    if (p->hashes.items[recording])
        return 0;
    rc = store_hash_file(p->recordings.items[recording], hash, e);
    if (rc == 0)
        p->hashes.items[recording] = xstrdup(hash);
    return rc;
}

void plan_key(const struct plan *p, unsigned index, char ret[STORE_HASH_MAX])
{
    const struct plan_task t = plan_task(p, index);
    struct strbuf all;

    strbuf_init(&all);
    strbuf_printf(&all, "sweep 1\n%s\n%s\nmax-slowdown=%.9g\nusable-slowdown=%.9g\nswap-max=%llu\n",
                  HW_VERSION, p->hashes.items[t.recording], p->max_slowdown, p->usable_slowdown,
                  (unsigned long long)p->swap_max);
    for (unsigned i = 0; i < p->machine.count; i++)
        strbuf_printf(&all, "%s=%s\n", p->machine.items[i].key, plan_value(p, t.variant, i));
    strbuf_printf(&all, "memory.max=%llu\n", (unsigned long long)t.limit_bytes);
    store_hash_text(all.text, ret);
    strbuf_done(&all);
}

void plan_variant_name(const struct plan *p, unsigned variant, struct strbuf *out)
{
    bool any = false;

    for (unsigned i = 0; i < p->machine.count; i++) {
        if (p->machine.items[i].values.count < 2)
            continue;
        strbuf_printf(out, "%s%s=%s", any ? " " : "", p->machine.items[i].key,
                      plan_value(p, variant, i));
        any = true;
    }
}

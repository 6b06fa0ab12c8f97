/* sweep.c - see sweep.h. */
#include "fleet/sweep.h"

#include "fleet/store_int.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define FILE_MAGIC "highwater sweep results 1\n"
#define FILE_END   "end\n"

static int by_key(const void *a, const void *b, void *ctx)
{
    const struct sweep *s = ctx;

    return strcmp(s->keys[*(const unsigned *)a], s->keys[*(const unsigned *)b]);
}

int sweep_init(struct sweep *s, struct plan *p, struct err *e)
{
    *s = (struct sweep){.plan = p, .nr = plan_tasks(p)};
    for (unsigned i = 0; i < p->recordings.count; i++) {
        int rc = plan_hash(p, i, e);

        if (rc)
            return rc;
    }
    s->keys = xcalloc(s->nr, sizeof(*s->keys));
    s->results = xcalloc(s->nr, sizeof(*s->results));
    s->order = xcalloc(s->nr, sizeof(*s->order));
    for (unsigned i = 0; i < s->nr; i++) {
        plan_key(p, i, s->keys[i]);
        s->order[i] = i;
    }
    qsort_r(s->order, s->nr, sizeof(*s->order), by_key, s);
    for (unsigned i = 1; i < s->nr; i++) {
        if (strcmp(s->keys[s->order[i - 1]], s->keys[s->order[i]]) == 0)
            return err_at(e, -EINVAL, p->path, 0, 0,
                          "%s and %s hold the same bytes; want one of them",
                          p->recordings.items[plan_task(p, s->order[i - 1]).recording],
                          p->recordings.items[plan_task(p, s->order[i]).recording]);
    }
    return 0;
}

void sweep_result_done(struct sweep_result *r)
{
    free(r->outcome);
    free(r->row);
    *r = (struct sweep_result){0};
}

void sweep_done(struct sweep *s)
{
    for (unsigned i = 0; i < s->nr && s->results; i++)
        sweep_result_done(&s->results[i]);
    free(s->results);
    free(s->keys);
    free(s->order);
}

bool sweep_take(struct sweep *s, unsigned task, struct sweep_result *r)
{
    if (s->results[task].outcome) {
        sweep_result_done(r);
        return false;
    }
    s->results[task] = *r;
    s->done++;
    return true;
}

unsigned sweep_find(const struct sweep *s, const char *key)
{
    unsigned low = 0, high = s->nr;

    while (low < high) {
        unsigned middle = (low + high) / 2;

        if (strcmp(s->keys[s->order[middle]], key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < s->nr && strcmp(s->keys[s->order[low]], key) == 0 ? s->order[low] : UINT_MAX;
}

int sweep_load(struct sweep *s, struct store *store, struct err *e)
{
    struct db_query *q;
    int rc = db_prepare(store->db,
                        "SELECT outcome, row, slowdown, peak_bytes, survives, usable FROM task "
                        "WHERE key = ?",
                        &q, e);

    for (unsigned i = 0; i < s->nr && rc == 0; i++) {
        db_bind_text(q, 1, s->keys[i]);
        while ((rc = db_step(q, e)) > 0) {
            struct sweep_result r = {
                .outcome = xstrdup(db_text(q, 0)),
                .row = xstrdup(db_text(q, 1)),
                .peak_bytes = db_u64(q, 3, 0),
                .survives = db_u64(q, 4, 0) != 0,
                .usable = db_u64(q, 5, 0) != 0,
            };

            snprintf(r.slowdown, sizeof(r.slowdown), "%s", db_text(q, 2));
            sweep_take(s, i, &r);
        }
    }
    if (rc <= 0 && s->nr)
        db_finish(q);
    return rc;
}

static int insert(const struct sweep *s, struct db_query *q, unsigned task, struct err *e)
{
    const struct plan_task t = plan_task(s->plan, task);
    const struct sweep_result *r = &s->results[task];
    struct strbuf settings;
    int rc;

    strbuf_init(&settings);
    for (unsigned i = 0; i < s->plan->machine.count; i++)
        strbuf_printf(&settings, "%s=%s\n", s->plan->machine.items[i].key,
                      plan_value(s->plan, t.variant, i));
    db_bind_text(q, 1, s->keys[task]);
    db_bind_text(q, 2, s->plan->recordings.items[t.recording]);
    db_bind_text(q, 3, s->plan->hashes.items[t.recording]);
    db_bind_text(q, 4, settings.text);
    db_bind_u64(q, 5, t.limit_bytes);
    db_bind_text(q, 6, r->outcome);
    db_bind_text(q, 7, r->slowdown);
    db_bind_u64(q, 8, r->peak_bytes);
    db_bind_u64(q, 9, r->survives);
    db_bind_u64(q, 10, r->usable);
    db_bind_text(q, 11, r->row);
    rc = db_step(q, e);
    strbuf_done(&settings);
    return rc;
}

static int insert_all(const struct sweep *s, struct store *store, const unsigned *tasks,
                      unsigned nr, struct err *e)
{
    struct db_query *q;
    int rc = db_prepare(store->db,
                        "INSERT OR IGNORE INTO task (key, recording, recording_hash, settings,"
                        " limit_bytes, outcome, slowdown, peak_bytes, survives, usable, row)"
                        " VALUES (?,?,?,?,?,?,?,?,?,?,?)",
                        &q, e);

    if (rc)
        return rc;
    for (unsigned i = 0; i < nr && rc == 0; i++)
        rc = insert(s, q, tasks[i], e);
    db_finish(q);
    return rc;
}

int sweep_save(const struct sweep *s, struct store *store, const unsigned *tasks, unsigned nr,
               struct err *e)
{
    int rc;

    if (nr == 0)
        return 0;
    rc = db_begin(store->db, e);
    if (rc)
        return rc;
    rc = insert_all(s, store, tasks, nr, e);
    if (rc == 0)
        return db_commit(store->db, e);
    db_rollback(store->db);
    return rc;
}

/* key TAB outcome TAB slowdown TAB peak TAB survives usable TAB row: none of them holds a tab,
 * since JSON writes it otherwise. */
void sweep_write(const struct sweep *s, const unsigned *tasks, unsigned nr, struct strbuf *out)
{
    strbuf_append(out, FILE_MAGIC);
    for (unsigned i = 0; i < nr; i++) {
        const struct sweep_result *r = &s->results[tasks[i]];

        strbuf_printf(out, "%s\t%s\t%s\t%llu\t%d%d\t%s\n", s->keys[tasks[i]], r->outcome,
                      r->slowdown, (unsigned long long)r->peak_bytes, r->survives, r->usable,
                      r->row);
    }
    strbuf_append(out, FILE_END);
}

#define FIELDS 6

/* Cut a line in place. False: it has not these fields. */
static bool cut(char *line, char *fields[FIELDS])
{
    for (unsigned i = 0; i < FIELDS; i++) {
        fields[i] = line;
        line = strchr(line, '\t');
        if (i + 1 == FIELDS)
            return line == NULL;
        if (!line)
            return false;
        *line++ = '\0';
    }
    return false;
}

static bool read_result(char *line, const char **ret_key, struct sweep_result *ret)
{
    char *fields[FIELDS], *end;

    if (!cut(line, fields) || strlen(fields[0]) != STORE_HASH_MAX - 1 || !*fields[1] ||
        strlen(fields[2]) >= sizeof(ret->slowdown) || strlen(fields[4]) != 2)
        return false;
    *ret = (struct sweep_result){.peak_bytes = strtoull(fields[3], &end, 10),
                                 .survives = fields[4][0] == '1',
                                 .usable = fields[4][1] == '1'};
    if (*end)
        return false;
    *ret_key = fields[0];
    ret->outcome = xstrdup(fields[1]);
    ret->row = xstrdup(fields[5]);
    snprintf(ret->slowdown, sizeof(ret->slowdown), "%s", fields[2]);
    return true;
}

int sweep_read(struct sweep *s, const char *path, const char *text, size_t len, sweep_tasks *ret,
               unsigned *ret_foreign, struct err *e)
{
    size_t magic = strlen(FILE_MAGIC), end = strlen(FILE_END);
    unsigned number = 1;
    char *copy, *rest;

    *ret_foreign = 0;
    if (len < magic + end || memcmp(text, FILE_MAGIC, magic) != 0 ||
        memcmp(text + len - end, FILE_END, end) != 0 || strlen(text) != len)
        return err_at(e, -EINVAL, path, 0, 0, "it is no file of results of a sweep, or is cut");
    copy = xmalloc(len + 1);
    memcpy(copy, text, len - end);
    copy[len - end] = '\0';
    rest = copy + magic;
    for (char *line; (line = strsep(&rest, "\n")) != NULL && *line;) {
        struct sweep_result r;
        const char *key;
        unsigned task;

        number++;
        if (!read_result(line, &key, &r)) {
            free(copy);
            return err_at(e, -EINVAL, path, number, 0, "it is no result of a task");
        }
        task = sweep_find(s, key);
        if (task == UINT_MAX) {
            sweep_result_done(&r);
            ++*ret_foreign;
        } else if (sweep_take(s, task, &r)) {
            vec_push(ret, task);
        }
    }
    free(copy);
    return 0;
}

/* promise.c - promises in memory and in the store. See promise.h. */
#include "fleet/promise.h"

#include "base/strbuf.h"
#include "base/utf8.h"
#include "fleet/store_int.h"

#include <stdio.h>
#include <string.h>

#define TEXT_MAX 1000u

static char *copy(const char *text)
{
    struct strbuf clean;

    strbuf_init(&clean);
    if (text)
        utf8_append_clean_bytes(&clean, text, strnlen(text, TEXT_MAX));
    return clean.len ? strbuf_steal(&clean) : xstrdup("");
}

static void promise_done(struct promise *p)
{
    free(p->source);
    free(p->namespace);
    free(p->workload);
    free(p->container);
    free(p->image);
    free(p->node);
}

void promises_done(struct promises *p)
{
    vec_for_each (&p->items, one)
        promise_done(one);
    vec_done(&p->items);
}

void promises_add(struct promises *p, const struct promise *one)
{
    struct promise own = *one;

    own.source = copy(one->source);
    own.namespace = copy(one->namespace);
    own.workload = copy(one->workload);
    own.container = copy(one->container);
    own.image = copy(one->image);
    own.node = copy(one->node);
    vec_push(&p->items, own);
}

static int compare_u64(u64 a, u64 b)
{
    return a < b ? -1 : a > b;
}

static int by_workload(const void *va, const void *vb)
{
    const struct promise *a = va, *b = vb;
    int c = strcmp(a->source, b->source);

    c = c ? c : strcmp(a->namespace, b->namespace);
    return c ? c : strcmp(a->workload, b->workload);
}

static int by_figures(const void *va, const void *vb)
{
    const struct promise *a = va, *b = vb;
    int c = by_workload(a, b);

    c = c ? c : (int)a->is_template - (int)b->is_template;
    c = c ? c : strcmp(a->container, b->container);
    c = c ? c : compare_u64(a->limit_bytes, b->limit_bytes);
    c = c ? c : compare_u64(a->request_bytes, b->request_bytes);
    c = c ? c : compare_u64(a->high_bytes, b->high_bytes);
    c = c ? c : strcmp(a->image, b->image);
    return c ? c : strcmp(a->node, b->node);
}

void promises_settle(struct promises *p)
{
    struct promise *items = p->items.items;
    size_t kept = 0, first = 0; /* first: of the workload, a pod where there is one */

    if (!p->items.count)
        return;
    qsort(items, p->items.count, sizeof(*items), by_figures);
    for (size_t i = 0; i < p->items.count; i++) {
        bool same = kept && by_workload(&items[kept - 1], &items[i]) == 0;

        if (!same)
            first = kept;
        if (kept && by_figures(&items[kept - 1], &items[i]) == 0) {
            items[kept - 1].replicas += items[i].replicas;
            promise_done(&items[i]);
        } else if (same && items[i].is_template && !items[first].is_template) {
            promise_done(&items[i]);
        } else {
            items[kept++] = items[i];
        }
    }
    p->items.count = kept;
}

static void add_name(struct promise_names *names, const char *fmt, const char *a, const char *b,
                     const char *c)
{
    char *text = names->text[names->nr];
    struct strbuf all;

    strbuf_init(&all);
    for (; *fmt; fmt++) {
        if (*fmt == 'a')
            strbuf_append(&all, a);
        else if (*fmt == 'b')
            strbuf_append(&all, b);
        else if (*fmt == 'c')
            strbuf_append(&all, c);
        else
            strbuf_appendc(&all, *fmt);
    }
    if (all.len && all.len < sizeof(names->text[0]) && names->nr < PROMISE_NAMES) {
        memcpy(text, all.text, all.len + 1);
        names->nr++;
    }
    strbuf_done(&all);
}

/* "registry:5000/team/web:1.2@sha256:..." is web. */
static void add_image(struct promise_names *names, const char *image)
{
    const char *slash = strrchr(image, '/');
    char base[256];

    snprintf(base, sizeof(base), "%s", slash ? slash + 1 : image);
    base[strcspn(base, ":@")] = '\0';
    add_name(names, "a", base, "", "");
}

static void add_unit(struct promise_names *names, const char *unit)
{
    char base[256];
    char *end;

    snprintf(base, sizeof(base), "%s", unit);
    end = strrchr(base, '.');
    if (end)
        *end = '\0';
    add_name(names, "a", base, "", "");
    if (strchr(base, '@')) { /* an instance of a template */
        *strchr(base, '@') = '\0';
        add_name(names, "a", base, "", "");
    }
}

void promise_names(const struct promise *p, struct promise_names *ret)
{
    const char *n = p->namespace, *w = p->workload, *c = p->container;

    ret->nr = 0;
    if (*c) {
        add_name(ret, "a/b/c", n, w, c);
        add_name(ret, "b/c", n, w, c);
    }
    add_name(ret, "a/b", n, w, c);
    add_name(ret, "b", n, w, c);
    if (*c)
        add_name(ret, "c", n, w, c);
    if (strcmp(p->source, "systemd") == 0)
        add_unit(ret, w);
    if (*p->image)
        add_image(ret, p->image);
}

void promise_maps_done(struct promise_maps *m)
{
    vec_for_each (&m->items, one) {
        free(one->name);
        free(one->service);
    }
    vec_done(&m->items);
}

/* What the source told before of the same namespaces, or of the same node. */
static int forget_old(struct store *s, const struct promises *p, struct err *e)
{
    struct db_query *q;
    const struct promise *last = NULL;
    int rc =
        db_prepare(s->db,
                   "DELETE FROM promise WHERE source = ?1 AND CASE WHEN ?1 = 'kubernetes' THEN "
                   "namespace = ?2 ELSE node = ?3 END",
                   &q, e);

    if (rc)
        return rc;
    vec_for_each (&p->items, one) {
        if (last && strcmp(last->source, one->source) == 0 &&
            strcmp(last->namespace, one->namespace) == 0 && strcmp(last->node, one->node) == 0)
            continue;
        last = one;
        db_bind_text(q, 1, one->source);
        db_bind_text(q, 2, one->namespace);
        db_bind_text(q, 3, one->node);
        rc = db_step(q, e);
        if (rc)
            break;
    }
    db_finish(q);
    return rc;
}

static int put_new(struct store *s, const struct promises *p, struct err *e)
{
    struct db_query *q;
    int rc = db_prepare(s->db,
                        "INSERT INTO promise (source, namespace, workload, container, image, node,"
                        " replicas, request_bytes, limit_bytes, high_bytes, is_template)"
                        " VALUES (?,?,?,?,?,?,?,?,?,?,?)",
                        &q, e);

    if (rc)
        return rc;
    for (size_t i = 0; i < p->items.count && rc == 0; i++) {
        const struct promise *one = &p->items.items[i];

        db_bind_text(q, 1, one->source);
        db_bind_text(q, 2, one->namespace);
        db_bind_text(q, 3, one->workload);
        db_bind_text(q, 4, one->container);
        db_bind_text(q, 5, one->image);
        db_bind_text(q, 6, one->node);
        db_bind_u64(q, 7, one->replicas);
        db_bind_u64(q, 8, one->request_bytes);
        db_bind_u64(q, 9, one->limit_bytes);
        db_bind_u64(q, 10, one->high_bytes);
        db_bind_u64(q, 11, one->is_template);
        rc = db_step(q, e);
    }
    db_finish(q);
    return rc;
}

static int put_maps(struct store *s, const struct promise_maps *maps, struct err *e)
{
    struct db_query *q;
    int rc =
        db_prepare(s->db, "INSERT OR REPLACE INTO service_map (name, service) VALUES (?,?)", &q, e);

    if (rc)
        return rc;
    for (size_t i = 0; i < maps->items.count && rc == 0; i++) {
        db_bind_text(q, 1, maps->items.items[i].name);
        db_bind_text(q, 2, maps->items.items[i].service);
        rc = db_step(q, e);
    }
    db_finish(q);
    return rc;
}

int store_put_promises(struct store *s, const struct promises *p, const struct promise_maps *maps,
                       struct err *e)
{
    int rc = db_begin(s->db, e);

    if (rc)
        return rc;
    rc = forget_old(s, p, e);
    if (rc == 0)
        rc = put_new(s, p, e);
    if (rc == 0)
        rc = put_maps(s, maps, e);
    if (rc == 0)
        return db_commit(s->db, e);
    db_rollback(s->db);
    return rc;
}

static int get_maps(struct store *s, struct promise_maps *ret, struct err *e)
{
    struct db_query *q;
    int rc = db_prepare(s->db, "SELECT name, service FROM service_map ORDER BY name", &q, e);

    if (rc)
        return rc;
    while ((rc = db_step(q, e)) > 0) {
        const struct promise_map one = {copy(db_text(q, 0)), copy(db_text(q, 1))};

        vec_push(&ret->items, one);
    }
    db_finish(q);
    return rc;
}

int store_get_promises(struct store *s, struct promises *ret, struct promise_maps *ret_maps,
                       struct err *e)
{
    struct db_query *q;
    int rc = db_prepare(s->db,
                        "SELECT source, namespace, workload, container, image, node, replicas,"
                        " request_bytes, limit_bytes, high_bytes, is_template FROM promise",
                        &q, e);

    if (rc)
        return rc;
    while ((rc = db_step(q, e)) > 0) {
        const struct promise one = {
            .source = (char *)db_text(q, 0),
            .namespace = (char *)db_text(q, 1),
            .workload = (char *)db_text(q, 2),
            .container = (char *)db_text(q, 3),
            .image = (char *)db_text(q, 4),
            .node = (char *)db_text(q, 5),
            .replicas = db_u64(q, 6, 0),
            .request_bytes = db_u64(q, 7, STORE_NONE),
            .limit_bytes = db_u64(q, 8, STORE_NONE),
            .high_bytes = db_u64(q, 9, STORE_NONE),
            .is_template = db_u64(q, 10, 0) != 0,
        };

        promises_add(ret, &one);
    }
    db_finish(q);
    if (rc == 0)
        rc = get_maps(s, ret_maps, e);
    promises_settle(ret);
    return rc;
}

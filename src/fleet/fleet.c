/* fleet.c - see fleet.h. Results come by service, promises by workload, and a service is found in a
 * sorted list: nothing is quadratic. */
#include "fleet/fleet.h"

#include "base/hash.h"
#include "fleet/store_int.h"

#include <stdio.h>
#include <string.h>

static const char *const risk_names[] = {
    [FLEET_KILLED] = "killed",       [FLEET_SLOW] = "slow",
    [FLEET_TIGHT] = "tight",         [FLEET_NO_LIMIT] = "no limit",
    [FLEET_NO_ANSWER] = "no answer", [FLEET_NOT_MEASURED] = "not measured",
    [FLEET_FITS] = "fits",           [FLEET_NOT_DEPLOYED] = "not deployed",
};

const char *fleet_risk_name(enum fleet_risk risk)
{
    return risk_names[risk];
}

bool fleet_sort_find(const char *name, enum fleet_sort *ret)
{
    static const char *const names[] = {
        [FLEET_BY_RISK] = "risk",   [FLEET_BY_WASTE] = "waste", [FLEET_BY_NEED] = "need",
        [FLEET_BY_LIMIT] = "limit", [FLEET_BY_PEAK] = "peak",   [FLEET_BY_NAME] = "name",
    };

    for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
        if (strcmp(name, names[i]) == 0) {
            *ret = (enum fleet_sort)i;
            return true;
        }
    }
    return false;
}

static u64 add(u64 a, u64 b)
{
    u64 sum;

    return __builtin_add_overflow(a, b, &sum) ? STORE_NONE - 1 : sum;
}

static u64 times(u64 a, u64 b)
{
    u64 product;

    return __builtin_mul_overflow(a, b, &product) ? STORE_NONE - 1 : product;
}

/* --- services --- */

struct reading {
    struct fleet *fleet;
    struct u64map seen; /* recordings of the service, by the first half of their hash */
};

/* A number that is not known leaves what is known. */
static void raise_to(u64 *to, u64 value)
{
    if (value != STORE_NONE && (*to == STORE_NONE || value > *to))
        *to = value;
}

static u64 half_hash(const char *hash)
{
    return hash_bytes(hash, strlen(hash));
}

static void add_result(void *ctx, const struct store_result *r)
{
    struct reading *reading = ctx;
    struct fleet *f = reading->fleet;
    struct fleet_service *s = f->services.count ? &vec_last(&f->services) : NULL;

    if (!s || strcmp(s->name, r->service) != 0) {
        const struct fleet_service first = {
            .name = xstrdup(r->service),
            .program = xstrdup(r->program),
            .version = xstrdup(r->version),
            .settings = xstrdup(r->settings),
            .answered = true,
            .peak_bytes = STORE_NONE,
            .need_bytes = STORE_NONE,
            .need_high_bytes = STORE_NONE,
            .survives_bytes = STORE_NONE,
            .max_bytes = STORE_NONE,
            .high_bytes = STORE_NONE,
            .stored_at = r->stored_at,
        };

        vec_push(&f->services, first);
        s = &vec_last(&f->services);
        u64map_done(&reading->seen);
        u64map_init(&reading->seen);
    }
    if (strcmp(s->settings, r->settings) != 0 ||
        !u64map_put(&reading->seen, half_hash(r->recording_hash), 1))
        return; /* of another machine; or an earlier result of the same recording */
    s->recordings++;
    s->incomplete += !r->complete;
    s->answered = s->answered && r->need_bytes != STORE_NONE;
    raise_to(&s->peak_bytes, r->peak_bytes);
    raise_to(&s->need_bytes, r->need_bytes);
    raise_to(&s->need_high_bytes, r->need_high_bytes);
    raise_to(&s->survives_bytes, r->survives_bytes);
    raise_to(&s->max_bytes, r->max_bytes);
    raise_to(&s->high_bytes, r->high_bytes);
}

static int service_by_name(const void *name, const void *service)
{
    return strcmp(name, ((const struct fleet_service *)service)->name);
}

static struct fleet_service *service_find(const struct fleet *f, const char *name)
{
    return f->services.count ? bsearch(name, f->services.items, f->services.count,
                                       sizeof(*f->services.items), service_by_name)
                             : NULL;
}

static int map_by_name(const void *name, const void *map)
{
    return strcmp(name, ((const struct promise_map *)map)->name);
}

static struct fleet_service *service_of(const struct fleet *f, const struct promise *p)
{
    struct promise_names names;
    struct fleet_service *found = NULL;

    promise_names(p, &names);
    for (unsigned i = 0; i < names.nr && f->maps.items.count; i++) {
        const struct promise_map *map =
            bsearch(names.text[i], f->maps.items.items, f->maps.items.count,
                    sizeof(*f->maps.items.items), map_by_name);

        if (map)
            return service_find(f, map->service);
    }
    for (unsigned i = 0; i < names.nr && !found; i++)
        found = service_find(f, names.text[i]);
    return found;
}

/* --- rows --- */

static enum fleet_risk risk_of(const struct fleet_row *row)
{
    const struct fleet_service *s = row->service;
    u64 limit = row->limit_bytes, bound = MIN(row->limit_bytes, row->high_bytes);

    if (!row->replicas)
        return s->answered ? FLEET_NOT_DEPLOYED : FLEET_NO_ANSWER;
    if (bound == STORE_NONE)
        return FLEET_NO_LIMIT;
    if (!s)
        return FLEET_NOT_MEASURED;
    if (!s->answered)
        return FLEET_NO_ANSWER;
    if (s->survives_bytes != STORE_NONE && limit < s->survives_bytes)
        return FLEET_KILLED;
    if (bound < s->need_bytes)
        return FLEET_SLOW;
    if (s->need_high_bytes != STORE_NONE && bound < s->need_high_bytes)
        return FLEET_TIGHT;
    return FLEET_FITS;
}

static bool has_need(const struct fleet_service *s)
{
    return s && s->answered;
}

static void row_finish(struct fleet *f, struct fleet_row *row)
{
    row->risk = risk_of(row);
    f->risks[row->risk]++;
    row->waste_bytes = STORE_NONE;
    if (row->replicas && has_need(row->service) && row->limit_bytes != STORE_NONE)
        row->waste_bytes = times(row->limit_bytes - MIN(row->limit_bytes, row->service->need_bytes),
                                 row->replicas);
}

static const char *keep(struct fleet *f, char *text)
{
    vec_push(&f->texts, text);
    return text;
}

static const char *name_of(struct fleet *f, const struct promise *p)
{
    struct strbuf name;

    if (!*p->container)
        return p->workload;
    strbuf_init(&name);
    strbuf_printf(&name, "%s/%s", p->workload, p->container);
    return keep(f, strbuf_steal(&name));
}

static bool is_same_row(const struct promise *a, const struct promise *b)
{
    return strcmp(a->source, b->source) == 0 && strcmp(a->namespace, b->namespace) == 0 &&
           strcmp(a->workload, b->workload) == 0 && strcmp(a->container, b->container) == 0 &&
           a->limit_bytes == b->limit_bytes && a->request_bytes == b->request_bytes &&
           a->high_bytes == b->high_bytes;
}

static const char *name_nodes(struct fleet *f, const struct promise *first, size_t nr)
{
    char text[48];

    if (nr == 1)
        return first->node;
    snprintf(text, sizeof(text), "%zu nodes", nr);
    return keep(f, xstrdup(text));
}

static void add_rows(struct fleet *f)
{
    const struct promise *items = f->promises.items.items;

    for (size_t i = 0, next; i < f->promises.items.count; i = next) {
        const struct promise *p = &items[i];
        struct fleet_service *service = service_of(f, p);
        struct fleet_row row = {
            .source = p->source,
            .namespace = p->namespace,
            .workload = p->workload,
            .container = p->container,
            .name = name_of(f, p),
            .service = service,
            .request_bytes = p->request_bytes,
            .limit_bytes = p->limit_bytes,
            .high_bytes = p->high_bytes,
        };

        for (next = i; next < f->promises.items.count && is_same_row(p, &items[next]); next++)
            row.replicas = add(row.replicas, items[next].replicas);
        row.nodes = name_nodes(f, p, next - i);
        if (service)
            service->deployed = true;
        row_finish(f, &row);
        vec_push(&f->rows, row);
    }
    vec_for_each (&f->services, s) {
        struct fleet_row row = {
            .source = "",
            .namespace = "",
            .workload = "",
            .container = "",
            .name = s->name,
            .nodes = "",
            .service = s,
            .request_bytes = STORE_NONE,
            .limit_bytes = STORE_NONE,
            .high_bytes = STORE_NONE,
        };

        if (s->deployed)
            continue;
        row_finish(f, &row);
        vec_push(&f->rows, row);
    }
}

static int descending(u64 a, u64 b)
{
    /* What is not known comes last. */
    a = a == STORE_NONE ? 0 : a + 1;
    b = b == STORE_NONE ? 0 : b + 1;
    return a > b ? -1 : a < b;
}

static int by_name(const struct fleet_row *a, const struct fleet_row *b)
{
    int c = strcmp(a->namespace, b->namespace);

    c = c ? c : strcmp(a->name, b->name);
    c = c ? c : strcmp(a->source, b->source);
    c = c ? c : descending(a->limit_bytes, b->limit_bytes);
    c = c ? c : descending(a->request_bytes, b->request_bytes);
    return c ? c : descending(a->high_bytes, b->high_bytes);
}

static u64 need_of(const struct fleet_row *r)
{
    return has_need(r->service) ? r->service->need_bytes : STORE_NONE;
}

static u64 peak_of(const struct fleet_row *r)
{
    return r->service ? r->service->peak_bytes : STORE_NONE;
}

static int compare_rows(const void *va, const void *vb, void *ctx)
{
    const struct fleet_row *a = va, *b = vb;
    const enum fleet_sort *sort = ctx;
    int c = 0;

    switch (*sort) {
    case FLEET_BY_RISK:
        c = (int)a->risk - (int)b->risk;
        c = c ? c : descending(a->waste_bytes, b->waste_bytes);
        break;
    case FLEET_BY_WASTE:
        c = descending(a->waste_bytes, b->waste_bytes);
        break;
    case FLEET_BY_NEED:
        c = descending(need_of(a), need_of(b));
        break;
    case FLEET_BY_LIMIT:
        c = descending(a->limit_bytes, b->limit_bytes);
        break;
    case FLEET_BY_PEAK:
        c = descending(peak_of(a), peak_of(b));
        break;
    case FLEET_BY_NAME:
        break;
    }
    return c ? c : by_name(a, b);
}

/* --- sums --- */

static void sum_add(struct fleet_sum *sum, const struct promise *p, const struct fleet_service *s)
{
    const struct fleet_row row = {.service = s,
                                  .replicas = p->replicas,
                                  .limit_bytes = p->limit_bytes,
                                  .high_bytes = p->high_bytes};
    u64 promised = p->request_bytes != STORE_NONE ? p->request_bytes
                   : p->limit_bytes != STORE_NONE ? p->limit_bytes
                                                  : 0;

    sum->containers = add(sum->containers, p->replicas);
    sum->promised_bytes = add(sum->promised_bytes, times(promised, p->replicas));
    if (p->limit_bytes == STORE_NONE && p->high_bytes == STORE_NONE)
        sum->unlimited = add(sum->unlimited, p->replicas);
    if (!has_need(s))
        return;
    sum->measured = add(sum->measured, p->replicas);
    sum->measured_promised_bytes = add(sum->measured_promised_bytes, times(promised, p->replicas));
    sum->needed_bytes = add(sum->needed_bytes, times(s->need_bytes, p->replicas));
    if (p->limit_bytes != STORE_NONE)
        sum->waste_bytes =
            add(sum->waste_bytes,
                times(p->limit_bytes - MIN(p->limit_bytes, s->need_bytes), p->replicas));
    if (risk_of(&row) <= FLEET_TIGHT)
        sum->at_risk = add(sum->at_risk, p->replicas);
}

struct keyed { /* a promise by the text that it is summed under */
    const char *key;
    const struct promise *promise;
};

static int by_key(const void *a, const void *b)
{
    const struct keyed *ka = a, *kb = b;
    int c = strcmp(ka->key, kb->key);

    /* The order of additions does not matter; that of equal ones should not depend on qsort(). */
    return c ? c : (ka->promise > kb->promise) - (ka->promise < kb->promise);
}

static int by_promised(const void *va, const void *vb)
{
    const struct fleet_sum *a = va, *b = vb;
    int c = descending(a->promised_bytes, b->promised_bytes);

    return c ? c : strcmp(a->name, b->name);
}

typedef VEC(struct fleet_sum) sums;

static void sum_by(struct fleet *f, bool nodes, sums *ret)
{
    size_t count = f->promises.items.count;
    struct keyed *keyed = xcalloc(MAX(count, (size_t)1), sizeof(*keyed));

    for (size_t i = 0; i < count; i++) {
        const struct promise *p = &f->promises.items.items[i];

        keyed[i] = (struct keyed){nodes ? p->node : p->namespace, p};
    }
    qsort(keyed, count, sizeof(*keyed), by_key);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || strcmp(keyed[i - 1].key, keyed[i].key) != 0) {
            const struct fleet_sum fresh = {.name = xstrdup(keyed[i].key)};

            vec_push(ret, fresh);
        }
        sum_add(&vec_last(ret), keyed[i].promise, service_of(f, keyed[i].promise));
    }
    free(keyed);
    if (ret->count)
        qsort(ret->items, ret->count, sizeof(*ret->items), by_promised);
}

int fleet_read(struct store *s, enum fleet_sort sort, struct fleet *ret, struct err *e)
{
    struct reading reading = {.fleet = ret};
    sums namespaces = {0}, nodes = {0};
    int rc;

    *ret = (struct fleet){0};
    u64map_init(&reading.seen);
    rc = store_each_result(s, add_result, &reading, e);
    u64map_done(&reading.seen);
    if (rc == 0)
        rc = store_get_promises(s, &ret->promises, &ret->maps, e);
    if (rc) {
        fleet_done(ret);
        return rc;
    }
    add_rows(ret);
    if (ret->rows.count)
        qsort_r(ret->rows.items, ret->rows.count, sizeof(*ret->rows.items), compare_rows, &sort);
    sum_by(ret, false, &namespaces);
    sum_by(ret, true, &nodes);
    vec_move(&ret->namespaces, &namespaces);
    vec_move(&ret->nodes, &nodes);
    ret->total.name = xstrdup("");
    vec_for_each (&ret->promises.items, p)
        sum_add(&ret->total, p, service_of(ret, p));
    return 0;
}

void fleet_done(struct fleet *f)
{
    vec_for_each (&f->services, s) {
        free(s->name);
        free(s->program);
        free(s->version);
        free(s->settings);
    }
    vec_for_each (&f->namespaces, sum)
        free(sum->name);
    vec_for_each (&f->nodes, sum)
        free(sum->name);
    vec_for_each (&f->texts, text)
        free(*text);
    free(f->total.name);
    vec_done(&f->services);
    vec_done(&f->namespaces);
    vec_done(&f->nodes);
    vec_done(&f->texts);
    vec_done(&f->rows);
    promises_done(&f->promises);
    promise_maps_done(&f->maps);
}

int store_forget_service(struct store *s, const char *service, u64 *ret_count, struct err *e)
{
    struct db_query *q;
    int rc = db_prepare(s->db, "DELETE FROM result WHERE service = ?", &q, e);

    if (rc)
        return rc;
    db_bind_text(q, 1, service);
    rc = db_step(q, e);
    db_finish(q);
    return rc ? rc : db_number(s->db, "SELECT changes()", ret_count, e);
}

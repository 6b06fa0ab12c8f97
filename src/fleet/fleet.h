/* fleet.h - promised against needed: today's limits joined with what recordings showed.
 *
 * A row is a container (or unit) of today's with the same figures on all its nodes, or a service
 * with results that is deployed nowhere.
 * Words:   need: the largest need of a service's recordings, of those with the settings of the
 *          result that was stored last. promised: the request, which a scheduler sets aside; the
 *          limit where there is no request.
 *          waste:    what the limit is above the need, times replicas.
 *          risk:     enum fleet_risk, the worst first.
 * Match:   a row's service is the first of promise_names() that has results, unless a map names it.
 */
#ifndef FLEET_FLEET_H
#define FLEET_FLEET_H

#include "base/strbuf.h"
#include "fleet/promise.h"

#include <json-c/json.h>

#define FLEET_SCHEMA_VERSION 1

enum fleet_risk {
    FLEET_KILLED,    /* the limit is below the smallest that is survived */
    FLEET_SLOW,      /* the limit, or memory.high, is below the need */
    FLEET_TIGHT,     /* above it, but within what the need is known to */
    FLEET_NO_LIMIT,  /* nothing bounds it */
    FLEET_NO_ANSWER, /* results, but none that tells a need */
    FLEET_FITS,
    FLEET_NOT_MEASURED, /* no result */
    FLEET_NOT_DEPLOYED, /* a result, and no limit of today's */
    NR_FLEET_RISKS
};
const char *fleet_risk_name(enum fleet_risk risk);

/* What is known of a service by its results. Numbers may be STORE_NONE. */
struct fleet_service {
    char *name, *program, *version, *settings;
    u64 recordings; /* that this is of */
    u64 incomplete; /* of these */
    bool answered;  /* each tells a need */
    bool deployed;
    u64 peak_bytes, need_bytes, need_high_bytes, survives_bytes, max_bytes, high_bytes;
    u64 stored_at;
};

struct fleet_row {
    const char *source, *namespace, *workload, *container; /* "" where there is none */
    const char *name;                    /* to be shown: workload/container, or the service */
    const struct fleet_service *service; /* NULL: not measured */
    const char *nodes;                   /* the node, "3 nodes", or "" */
    u64 replicas;                        /* 0: not deployed */
    u64 request_bytes, limit_bytes, high_bytes; /* of each */
    u64 waste_bytes;                            /* of all replicas; STORE_NONE: not known */
    enum fleet_risk risk;
};

/* Sums over containers: of a namespace, a node, all. */
struct fleet_sum {
    char *name;
    u64 containers, measured, unlimited; /* with their replicas */
    u64 promised_bytes;                  /* of all that are promised something */
    u64 measured_promised_bytes;         /* of those with a need */
    u64 needed_bytes;                    /* of those with a need */
    u64 waste_bytes;
    u64 at_risk; /* killed, slow or tight */
};

struct fleet {
    VEC(struct fleet_service) services; /* by name */
    VEC(struct fleet_row) rows;
    VEC(struct fleet_sum)
    namespaces, nodes; /* the largest promise first; containers without one under "" */
    struct fleet_sum total;
    u64 risks[NR_FLEET_RISKS]; /* rows */
    struct promises promises;
    struct promise_maps maps;
    VEC(char *) texts; /* of rows */
};

enum fleet_sort {
    FLEET_BY_RISK,
    FLEET_BY_WASTE,
    FLEET_BY_NEED,
    FLEET_BY_LIMIT,
    FLEET_BY_PEAK,
    FLEET_BY_NAME
};
#define FLEET_SORTS "risk|waste|need|limit|peak|name"
/* False: it is none of FLEET_SORTS. */
bool fleet_sort_find(const char *name, enum fleet_sort *ret);

int fleet_read(struct store *s, enum fleet_sort sort, struct fleet *ret, struct err *e);
void fleet_done(struct fleet *f);

/* What is above the table, the table of the first `top` rows (0: all), and sums. input: of the
 * store, to be shown. */
void fleet_text(const struct fleet *f, const char *input, u64 top, struct strbuf *out);
void fleet_csv(const struct fleet *f, struct strbuf *out);
/* The document of docs/schema/fleet.schema.json. */
json_object *fleet_json(const struct fleet *f, const char *input);

/* Remove all results of a service. *ret_count: how many there were. */
int store_forget_service(struct store *s, const char *service, u64 *ret_count, struct err *e);

#endif

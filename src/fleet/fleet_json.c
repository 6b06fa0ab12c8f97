/* fleet_json.c - a fleet as the document of docs/schema/fleet.schema.json. */
#include "fleet/fleet.h"

#include "report/host.h"
#include "report/json_put.h"

#include <string.h>

static void put_bytes(json_object *o, const char *key, u64 n)
{
    json_put(o, key, n == STORE_NONE ? NULL : json_new_u64(n));
}

static void put_text(json_object *o, const char *key, const char *text)
{
    if (*text)
        json_put_text(o, key, text);
}

static json_object *row_json(const struct fleet_row *row)
{
    const struct fleet_service *s = row->service;
    json_object *o = json_new_object();

    json_put_text(o, "name", row->name);
    put_text(o, "source", row->source);
    put_text(o, "namespace", row->namespace);
    put_text(o, "workload", row->workload);
    put_text(o, "container", row->container);
    put_text(o, "node", row->nodes);
    json_put(o, "service", s ? json_new_text(s->name) : NULL);
    json_put_text(o, "risk", fleet_risk_name(row->risk));
    json_put_u64(o, "replicas", row->replicas);
    put_bytes(o, "request_bytes", row->request_bytes);
    put_bytes(o, "limit_bytes", row->limit_bytes);
    put_bytes(o, "high_bytes", row->high_bytes);
    put_bytes(o, "peak_bytes", s ? s->peak_bytes : STORE_NONE);
    put_bytes(o, "need_bytes", s && s->answered ? s->need_bytes : STORE_NONE);
    put_bytes(o, "memory.max", s && s->answered ? s->max_bytes : STORE_NONE);
    put_bytes(o, "memory.high", s && s->answered ? s->high_bytes : STORE_NONE);
    put_bytes(o, "waste_bytes", row->waste_bytes);
    json_put_u64(o, "recordings", s ? s->recordings : 0);
    json_put_u64(o, "incomplete_recordings", s ? s->incomplete : 0);
    if (s) {
        json_put_text(o, "program", s->program);
        json_put(o, "settings", host_pairs_json(s->settings));
        json_put_u64(o, "stored_at", s->stored_at);
    }
    return o;
}

static json_object *sum_json(const struct fleet_sum *sum, bool named)
{
    json_object *o = json_new_object();

    if (named)
        json_put_text(o, "name", sum->name);
    json_put_u64(o, "containers", sum->containers);
    json_put_u64(o, "measured", sum->measured);
    json_put_u64(o, "unlimited", sum->unlimited);
    json_put_u64(o, "at_risk", sum->at_risk);
    json_put_u64(o, "promised_bytes", sum->promised_bytes);
    json_put_u64(o, "measured_promised_bytes", sum->measured_promised_bytes);
    json_put_u64(o, "needed_bytes", sum->needed_bytes);
    json_put_u64(o, "waste_bytes", sum->waste_bytes);
    return o;
}

json_object *fleet_json(const struct fleet *f, const char *input)
{
    json_object *o = json_new_object(), *rows = json_new_array(), *namespaces = json_new_array(),
                *nodes = json_new_array(), *risks = json_new_object();

    json_put(o, "schema_version", json_new_s64(FLEET_SCHEMA_VERSION));
    json_put_text(o, "verb", "fleet");
    json_put_text(o, "input", input);
    json_put_u64(o, "measured_services", f->services.count);
    json_put(o, "total", sum_json(&f->total, false));
    for (unsigned i = 0; i < NR_FLEET_RISKS; i++)
        json_put_u64(risks, fleet_risk_name((enum fleet_risk)i), f->risks[i]);
    json_put(o, "risks", risks);
    vec_for_each (&f->rows, row)
        json_append(rows, row_json(row));
    json_put(o, "services", rows);
    vec_for_each (&f->namespaces, sum)
        json_append(namespaces, sum_json(sum, true));
    json_put(o, "namespaces", namespaces);
    vec_for_each (&f->nodes, sum)
        json_append(nodes, sum_json(sum, true));
    json_put(o, "nodes", nodes);
    return o;
}

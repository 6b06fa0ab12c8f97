/* promise.h - what today's machines promise: requests and limits of containers and units, as they
 * were imported.
 *
 * A row is one container (or unit) with the same figures on one node, `replicas` times. An import
 * takes the place of what its source told before of the same namespaces; of docker and systemd,
 * which know no cluster, of the same node.
 */
#ifndef FLEET_PROMISE_H
#define FLEET_PROMISE_H

#include "base/vec.h"
#include "fleet/store.h"

struct promise {
    char *source;    /* "kubernetes", "docker", "systemd" */
    char *namespace; /* of Kubernetes; compose project; slice */
    char *workload;  /* deployment, stateful set, ..., pod; compose service or container; unit */
    char *container; /* "" where it is the workload */
    char *image;     /* "" when there is none */
    char *node;      /* "" when it is not known */
    u64 replicas;
    u64 request_bytes, limit_bytes, high_bytes; /* of each; STORE_NONE: none */
    bool
        is_template; /* of a deployment and the like, whose pods say more when they are there too */
};

struct promises {
    VEC(struct promise) items;
};

void promises_done(struct promises *p);
/* Put a copy in; texts are cleaned, and cut where they are absurdly long. */
void promises_add(struct promises *p, const struct promise *one);
/* By source, namespace, workload, container, then figures and node; the same ones become one;
 * templates whose pods are there go. */
void promises_settle(struct promises *p);

/* nr[0 .. ret): names by which a result is looked for, the best first. They live as long as buf. */
#define PROMISE_NAMES 8u
struct promise_names {
    char text[PROMISE_NAMES][256];
    unsigned nr;
};
void promise_names(const struct promise *p, struct promise_names *ret);

/* A name of a promise and the service whose results are meant. */
struct promise_map {
    char *name, *service;
};
struct promise_maps {
    VEC(struct promise_map) items; /* by name */
};
void promise_maps_done(struct promise_maps *m);

/* pre: settled */
int store_put_promises(struct store *s, const struct promises *p, const struct promise_maps *maps,
                       struct err *e);
/* Settled. */
int store_get_promises(struct store *s, struct promises *ret, struct promise_maps *ret_maps,
                       struct err *e);

/* Read what `kubectl get -o json`, `docker inspect` or `systemctl show` printed. node: of what does
 * not say its own; "" when it is not known. -EINVAL with what would be right. */
int import_text(const char *text, size_t len, const char *node, struct promises *ret,
                struct err *e);
/* "128Mi", "1.5Gi", "500M", "128974848000m", "1e9" of Kubernetes. */
int import_quantity(const char *text, u64 *ret);

#endif

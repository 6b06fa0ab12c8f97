/* manifest.h - a container in a file of Kubernetes manifests, and what it has of memory there.
 *
 * The file holds one or more documents: workloads, other objects, lists of them (kubectl get -o
 * yaml). Known are the kinds of Kubernetes itself that have a template of a pod; kinds of others
 * cannot be merged with in the strategic way and are passed over.
 * Safety:  what is returned are names as Kubernetes takes them, so they may be printed as they are.
 * Use:     struct manifest_container c; if (manifest_find(path, text, len, "app", &c, &e) == 0) ...
 */
#ifndef REPORT_MANIFEST_H
#define REPORT_MANIFEST_H

#include "base/err.h"

#define MANIFEST_NAME_MAX 254u

struct manifest_kind {
    const char *name; /* "Deployment" */
    const char *path; /* of the pod's spec, "spec.template.spec" */
    /* of the kubectl patch that changes one that exists, with a blank behind; NULL: nothing can */
    const char *flags;
    const char *note; /* how a change of it takes effect, a sentence */
};

struct manifest_container {
    const struct manifest_kind *kind;
    bool init; /* among the initContainers */
    char api_version[MANIFEST_NAME_MAX], name[MANIFEST_NAME_MAX],
        namespace[MANIFEST_NAME_MAX]; /* namespace "": none is given */
    char container[MANIFEST_NAME_MAX];
    char request[64], limit[64]; /* of memory, as the file has them; "": none */
};

/* The container `wanted`: NAME, or where several workloads have one of that name WORKLOAD/NAME or
 * KIND/WORKLOAD/NAME. NULL: the only one that is no init container. -EINVAL with the place and the
 * containers that there are, or what yaml_tree_read() returns. */
int manifest_find(const char *path, const char *text, size_t len, const char *wanted,
                  struct manifest_container *ret, struct err *e);

/* The bytes of a quantity of Kubernetes ("1.5Gi", "128974848", "129e6", "129M", "128974848000m"),
 * rounded up. False when it is none, or too large. */
bool manifest_quantity(const char *text, u64 *ret_bytes);

#endif

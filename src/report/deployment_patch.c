/* deployment_patch.c - an advice as a patch of Kubernetes: the path to one container, its name, by
 * which containers are merged, and its resources.
 *
 * Nothing else of the container is in it, so that nothing else of it changes: requests and limits
 * of other resources stay, since maps are merged key by key. Names are those that manifest_find()
 * takes; those that YAML would read as something else than a text are quoted.
 */
#include "report/deployment_int.h"

#include "base/units.h"
#include "base/utf8.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void append_name(struct strbuf *out, const char *name)
{
    /* What YAML 1.1 takes for a truth or for nothing. */
    static const char *const words[] = {"y",   "n",    "yes",   "no",  "on",
                                        "off", "true", "false", "null"};
    bool quoted = !isalpha((unsigned char)name[0]);

    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        quoted |= strcmp(name, words[i]) == 0;
    strbuf_printf(out, quoted ? "\"%s\"" : "%s", name);
}

/* What the file has, and what becomes of it. */
static void tell_change(struct strbuf *out, const char *what, const char *has, u64 becomes_mib)
{
    char text[256], by[UNITS_TEXT_MAX];
    u64 bytes, becomes = becomes_mib * MIB;

    if (!*has)
        snprintf(text, sizeof(text), "%s.memory: none in the file.", what);
    else if (!manifest_quantity(has, &bytes))
        snprintf(text, sizeof(text), "%s.memory: %s in the file, which is no quantity.", what, has);
    else if (bytes == becomes)
        snprintf(text, sizeof(text), "%s.memory: %s in the file, and stays.", what, has);
    else
        snprintf(text, sizeof(text), "%s.memory: %s in the file; %" PRIu64 "Mi is %s %s.", what,
                 has, becomes_mib,
                 format_bytes(by, bytes > becomes ? bytes - becomes : becomes - bytes),
                 bytes > becomes ? "less" : "more");
    deployment_comment(out, "", text);
}

static void tell_changes(const struct deployment *d, const struct manifest_container *c,
                         struct strbuf *out)
{
    u64 need = deployment_mib(d->need_bytes), max = deployment_mib(d->max_bytes);
    u64 request, limit;

    tell_change(out, "requests", c->request, need);
    if (!*c->request && *c->limit)
        deployment_comment(out, "", "Without one Kubernetes takes the limit for it.");
    tell_change(out, "limits", c->limit, max);
    if (need != max && manifest_quantity(c->limit, &limit) &&
        (!*c->request || (manifest_quantity(c->request, &request) && request == limit))) {
        char text[256];

        snprintf(
            text, sizeof(text),
            "The file requests as much as it allows, this patch less: a pod of class Guaranteed "
            "becomes Burstable. Request %" PRIu64 "Mi to keep the class.",
            max);
        deployment_comment(out, "", text);
    }
}

static void tell_use(const struct manifest_container *c, struct strbuf *out)
{
    strbuf_append(out, "# kubectl patch ");
    if (!c->kind->flags) {
        strbuf_append(out, "--local -f MANIFEST -o yaml --patch-file THIS_FILE\n");
    } else {
        for (const char *at = c->kind->name; *at; at++)
            strbuf_appendc(out, (char)tolower((unsigned char)*at));
        strbuf_printf(out, " %s%s%s %s--patch-file THIS_FILE\n", c->name,
                      *c->namespace ? " -n " : "", c->namespace, c->kind->flags);
    }
    deployment_comment(out, "", c->kind->note);
}

/* The keys of the path below each other. Returns the spaces before what comes below the last. */
static unsigned open_path(const char *path, struct strbuf *out)
{
    unsigned indent = 0;

    while (*path) {
        size_t len = strcspn(path, ".");

        strbuf_printf(out, "%*s%.*s:\n", (int)indent, "", (int)len, path);
        path += len + (path[len] == '.');
        indent += 2;
    }
    return indent;
}

void deployment_render_patch(const struct deployment *d, const struct manifest_container *c,
                             const char *path, struct strbuf *out)
{
    unsigned indent;
    struct strbuf of;

    strbuf_init(&of);
    strbuf_append(&of, "A strategic-merge patch of ");
    utf8_append_clean(&of, strcmp(path, "-") == 0 ? "the standard input" : path);
    strbuf_append(&of, ".");
    deployment_comment(out, "", of.text);
    strbuf_done(&of);
    tell_use(c, out);
    deployment_head(d, out);
    if (d->has_swap)
        deployment_swap_comment(d, "", out);
    tell_changes(d, c, out);
    strbuf_printf(out, "apiVersion: %s\nkind: %s\nmetadata:\n  name: ", c->api_version,
                  c->kind->name);
    append_name(out, c->name);
    if (*c->namespace) {
        strbuf_append(out, "\n  namespace: ");
        append_name(out, c->namespace);
    }
    strbuf_appendc(out, '\n');
    indent = open_path(c->kind->path, out);
    strbuf_printf(out, "%*s%s:\n%*s- name: ", (int)indent, "",
                  c->init ? "initContainers" : "containers", (int)indent + 2, "");
    append_name(out, c->container);
    strbuf_appendc(out, '\n');
    deployment_resources(d, indent + 4, out);
}

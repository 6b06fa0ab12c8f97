/* manifest_fuzz.c - manifests that are damaged: whatever is found in one has names that are no
 * syntax, and its patch reads as what it says. */
#include "base/test.h"

#include "base/prng.h"
#include "report/deployment.h"

#include <string.h>

static const char *const pieces[] = {
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: &m {name: web, namespace: shop}\nspec:\n"
    "  template:\n    metadata: *m\n    spec:\n      initContainers: [{name: init}]\n"
    "      containers:\n      - name: app\n        resources: &r {limits: {memory: 64Mi}}\n"
    "      - name: side\n        resources:\n          <<: [*r]\n---\n",
    "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [{\"apiVersion\": \"v1\", "
    "\"kind\": \"Pod\", \"metadata\": {\"name\": \"p\"}, \"spec\": {\"containers\": [{\"name\": "
    "\"app\"}]}}]}\n---\n",
    "x: &x [*x, &y {<<: *x, a: *y}]\n<<: *y\n---\n",
    ("apiVersion: batch/v1\nkind: CronJob\nmetadata:\n  name: \"n\"\nspec:\n  jobTemplate:\n"
     "    spec: {template: {spec: {containers: [{name: app}]}}}\n---\n"),
};

static void damage(struct prng *p, struct strbuf *s)
{
    static const char odd[] = "{}[]:,-&*!|>'\"%@`#?\n\t \\<~\0\x80\xff";

    for (u64 n = prng_below(p, 5); n > 0 && s->len > 1; n--) {
        size_t at = prng_below(p, s->len), to = prng_below(p, s->len);

        switch (prng_below(p, 3)) {
        case 0:
            s->text[at] = odd[prng_below(p, sizeof(odd) - 1)];
            break;
        case 1:
            memmove(s->text + to, s->text + at, prng_below(p, MIN((u64)64, s->len - MAX(at, to))));
            break;
        default:
            s->text[at] = s->text[to];
        }
    }
}

static void expect_name(const char *name)
{
    assert(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-./") == strlen(name));
}

#ifdef HW_YAML
static void check_patch(const struct manifest_container *c)
{
    struct deployment d = {.need_bytes = 3 * MIB, .max_bytes = 5 * MIB};
    struct manifest_container read;
    struct strbuf patch;
    struct err e = {0};

    strbuf_init(&d.why);
    strbuf_init(&d.notes);
    strbuf_init(&patch);
    deployment_render_patch(&d, c, "m.yaml", &patch);
    assert(manifest_find("patch", patch.text, patch.len, c->container, &read, &e) == 0);
    assert(read.kind == c->kind && read.init == c->init);
    assert(strcmp(read.name, c->name) == 0 && strcmp(read.namespace, c->namespace) == 0);
    assert(strcmp(read.request, "3Mi") == 0 && strcmp(read.limit, "5Mi") == 0);
    strbuf_done(&patch);
    deployment_done(&d);
}
#endif

int main(int argc, char **argv)
{
    static const char *const wanted[] = {NULL, "app", "web/app", "init", "CronJob/n/app", "side"};
    struct fuzz_args args = fuzz_parse_args(argc, argv, 3000);
    struct strbuf text;
    struct prng p;
    u64 found = 0;

    prng_seed(&p, args.seed);
    strbuf_init(&text);
    for (u64 op = 0; op < args.operations; op++) {
        struct manifest_container c;
        struct err e = {0};
        int rc;

        strbuf_reset(&text);
        for (u64 n = prng_range(&p, 1, 3); n > 0; n--)
            strbuf_append(&text, pieces[prng_below(&p, ARRAY_SIZE(pieces))]);
        damage(&p, &text);
        rc = manifest_find("m.yaml", text.text, text.len,
                           wanted[prng_below(&p, ARRAY_SIZE(wanted))], &c, &e);
        assert(rc == 0 || (rc < 0 && e.text[0]));
        if (rc)
            continue;
        found++;
        expect_name(c.api_version);
        expect_name(c.name);
        expect_name(c.namespace);
        expect_name(c.container);
#ifdef HW_YAML
        check_patch(&c);
#endif
    }
#ifdef HW_YAML
    assert(args.operations < 1000 || found > args.operations / 20);
#endif
    strbuf_done(&text);
    return 0;
}

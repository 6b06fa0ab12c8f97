/* manifest_test.c - containers found in manifests of many shapes, and patches of them that read as
 * what they say. */
#include "base/test.h"

#include "report/deployment.h"
#include "report/yaml_tree.h"

#include <string.h>

#ifndef HW_YAML
TEST(without_libyaml_it_is_said)
{
    struct manifest_container c;
    struct err e = {0};

    assert_int_equal(manifest_find("m.yaml", "a: 1", 4, "app", &c, &e), -ENOSYS);
    assert_non_null(strstr(e.text, "libyaml"));
}

TEST_MAIN()
#else

static int find(const char *text, const char *wanted, struct manifest_container *c, struct err *e)
{
    err_clear(e);
    return manifest_find("m.yaml", text, strlen(text), wanted, c, e);
}

static void expect_found(const char *text, const char *wanted, const char *kind, const char *name,
                         const char *namespace, const char *request, const char *limit)
{
    struct manifest_container c;
    struct err e;

    if (find(text, wanted, &c, &e))
        fail_msg("%u: %s", e.line, e.text);
    assert_string_equal(c.kind->name, kind);
    assert_string_equal(c.name, name);
    assert_string_equal(c.namespace, namespace);
    assert_string_equal(c.request, request);
    assert_string_equal(c.limit, limit);
}

static void expect_refused(const char *text, const char *wanted, const char *why, unsigned line)
{
    struct manifest_container c;
    struct err e;

    assert_int_equal(find(text, wanted, &c, &e), -EINVAL);
    if (!strstr(e.text, why))
        fail_msg("'%s' is not in '%s'", why, e.text);
    if (line)
        assert_int_equal(e.line, line);
    assert_string_equal(e.file, "m.yaml");
}

#define POD_OF(name) "containers: [{name: " name ", image: x}]"

static const char stack[] = "# Source: shop/templates/all.yaml\n"
                            "apiVersion: v1\n"
                            "kind: ConfigMap\n"
                            "metadata: {name: web}\n"
                            "data: {kind: Deployment}\n"
                            "---\n"
                            "---\n"
                            "apiVersion: apps/v1\n"
                            "kind: StatefulSet\n"
                            "metadata:\n"
                            "  name: db\n"
                            "  namespace: 'shop'\n"
                            "spec:\n"
                            "  template:\n"
                            "    spec:\n"
                            "      initContainers:\n"
                            "      - name: prepare\n"
                            "        resources: {limits: {memory: 64Mi}}\n"
                            "      containers:\n"
                            "      - image: postgres\n"
                            "        name: app\n"
                            "        resources: &r\n"
                            "          requests: {cpu: 1, memory: 1Gi}\n"
                            "          limits: {memory: 2Gi}\n"
                            "      - name: exporter\n"
                            "        resources: *r\n"
                            "...\n"
                            "---\n"
                            "{\"apiVersion\": \"batch/v1\", \"kind\": \"CronJob\",\n"
                            " \"metadata\": {\"name\": \"nightly\", \"namespace\": null},\n"
                            " \"spec\": {\"jobTemplate\": {\"spec\": {\"template\": {\"spec\":\n"
                            "  {\"containers\": [{\"name\": \"app\"}]}}}}}}\n";

TEST(containers_are_found_in_manifests_of_many_shapes)
{
    expect_found(stack, "exporter", "StatefulSet", "db", "shop", "1Gi", "2Gi");
    expect_found(stack, "prepare", "StatefulSet", "db", "shop", "", "64Mi");
    expect_found(stack, "db/app", "StatefulSet", "db", "shop", "1Gi", "2Gi");
    expect_found(stack, "nightly/app", "CronJob", "nightly", "", "", "");
    expect_found(stack, "CronJob/nightly/app", "CronJob", "nightly", "", "", "");
    expect_found("apiVersion: v1\nkind: List\nitems:\n"
                 "- {apiVersion: v1, kind: Secret, metadata: {name: s}}\n"
                 "- {apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {" POD_OF("app") "}}\n",
                 "app", "Pod", "p", "", "", "");
    /* merge keys, one below another, and a list of them: the first that has it counts */
    expect_found("x: &low {limits: {memory: 1Gi}}\n"
                 "y: &high {limits: {memory: 2Gi}, requests: {memory: 512Mi}}\n"
                 "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: agent}\n"
                 "spec: {template: {spec: {containers: [{name: app, resources: {<<: [*low, *high]}}"
                 "]}}}\n",
                 NULL, "DaemonSet", "agent", "", "512Mi", "1Gi");
    expect_found("\xef\xbb\xbf"
                 "apiVersion: apps/v1\r\nkind: Deployment\r\nmetadata:\r\n  name: web\r\nspec: "
                 "{template: {spec: {" POD_OF("app") "}}}\r\n",
                 "app", "Deployment", "web", "", "", "");
}

TEST(what_cannot_be_found_is_told_with_what_is_there)
{
    expect_refused(stack, "web",
                   "no container 'web' in it; there are StatefulSet/db/app, "
                   "StatefulSet/db/exporter, StatefulSet/db/prepare, CronJob/nightly/app",
                   0);
    expect_refused(
        stack, "app",
        "more than one container is called app: StatefulSet/db/app, CronJob/nightly/app;", 0);
    expect_refused(stack, NULL, "and none is named: StatefulSet/db/app, StatefulSet/db/exporter",
                   0);
    expect_refused(stack, "Job/nightly/app", "no container 'Job/nightly/app'", 0);
    expect_refused("", "app", "no workload in it", 0);
    expect_refused("just words", "app", "no workload in it", 0);
    expect_refused("kind: Deployment\nspec: []\n", "app", "its workloads have no containers", 0);
    expect_refused(
        "apiVersion: v1\nkind: Pod\nmetadata: {generateName: p-}\nspec: {" POD_OF("app") "}", "app",
        "metadata.name is missing", 1);
    expect_refused("apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Values.name }}\n"
                   "spec: {" POD_OF("app") "}",
                   "app", "metadata.name is missing or no text", 4);
    expect_refused(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: \"p\\n# x\"}\nspec: {" POD_OF("app") "}",
        "app", "metadata.name 'p?# x' is none that Kubernetes takes", 3);
    expect_refused("kind: Pod\nmetadata: {name: p}\nmetadata: {name: q}\nspec: {" POD_OF("app") "}",
                   "app", "a key that is there twice", 3);
    expect_refused("a:\n{{- if .x }}\n", "app", "a template of Helm is rendered before", 0);
    expect_refused("a: *b\n", "app", "an alias of nothing", 1);
}

TEST(hostile_texts_are_refused_at_once)
{
    struct strbuf s;
    struct manifest_container c;
    struct err e;

    strbuf_init(&s);
    strbuf_fill(&s, '[', 300000);
    expect_refused(s.text, "app", "more than 200 deep", 1);
    strbuf_reset(&s);
    for (unsigned i = 0; i < 300; i++)
        strbuf_printf(&s, "%*s-\n", (int)i, "");
    expect_refused(s.text, "app", "more than 200 deep", 0);
    /* a billion laughs, behind every key that is looked up */
    strbuf_reset(&s);
    strbuf_append(&s, "l0: &l0 {x: y}\n");
    for (unsigned i = 1; i < 60; i++)
        strbuf_printf(&s, "l%u: &l%u {<<: [*l%u, *l%u, *l%u, *l%u]}\n", i, i, i - 1, i - 1, i - 1,
                      i - 1);
    strbuf_append(&s, "<<: *l59\n");
    expect_refused(s.text, "app", "aliases of aliases", 0);
    /* values that hold themselves */
    expect_refused("&a {<<: *a}\n", "app", "no workload", 0);
    expect_refused("&a [*a, *a]\n", "app", "no workload", 0);
    expect_refused("kind: List\nitems: &i [*i, {<<: [*i, *i]}]\n", "app", "no workload", 0);
    strbuf_reset(&s);
    for (unsigned i = 0; i < 1000001; i++)
        strbuf_append(&s, "-\n");
    expect_refused(s.text, "app", "more than 1,000,000 values", 0);
    strbuf_reset(&s);
    strbuf_fill(&s, ' ', YAML_TREE_BYTES_MAX + 1);
    assert_int_equal(manifest_find("m.yaml", s.text, s.len, "app", &c, &e), -EINVAL);
    assert_string_equal(e.text, "longer than 8 MiB");
    strbuf_done(&s);
}

TEST(quantities_are_those_of_kubernetes)
{
    static const struct {
        const char *text;
        u64 bytes;
    } good[] = {{"128974848", 128974848},
                {"129e6", 129000000},
                {"129M", 129000000},
                {"128974848000m", 128974848},
                {"123Mi", 123 * MIB},
                {"1.5Gi", 3 * GIB / 2},
                {"1E", 1000000000000000000},
                {"1Ei", (u64)1 << 60},
                {"1E3", 1000},
                {"1m", 1},
                {"0", 0},
                {".5Ki", 512}};
    static const char *const bad[] = {"",    "Mi", "-1",   "1 Mi", "1MiB",  "1K",   "0x10",
                                      "9Ei", "1e", "1e99", "nan",  "1.2.3", "1e3Mi"};

    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        u64 bytes = 1;

        if (!manifest_quantity(good[i].text, &bytes) || bytes != good[i].bytes)
            fail_msg("%s: %llu", good[i].text, (unsigned long long)bytes);
    }
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        u64 bytes;

        if (manifest_quantity(bad[i], &bytes))
            fail_msg("%s is taken for %llu", bad[i], (unsigned long long)bytes);
    }
}

static struct deployment sample(void)
{
    struct deployment d = {.need_bytes = 54 * MIB + 1, .max_bytes = 59 * MIB + 4096};

    strbuf_init(&d.why);
    strbuf_init(&d.notes);
    strbuf_append(&d.why, "app.hwt needs 54.1 MiB.");
    return d;
}

TEST(a_patch_reads_as_the_container_with_the_new_limits)
{
    static const char *const wanted[] = {"exporter", "prepare", "nightly/app"};
    struct deployment d = sample();
    struct strbuf text;

    strbuf_init(&text);
    for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
        struct manifest_container of, patch;
        struct err e;

        assert_int_equal(find(stack, wanted[i], &of, &e), 0);
        strbuf_reset(&text);
        deployment_render_patch(&d, &of, "m.yaml", &text);
        if (find(text.text, of.container, &patch, &e))
            fail_msg("%u: %s in:\n%s", e.line, e.text, text.text);
        assert_string_equal(patch.request, "55Mi");
        assert_string_equal(patch.limit, "60Mi");
        assert_ptr_equal(patch.kind, of.kind);
        assert_int_equal(patch.init, of.init);
        assert_string_equal(patch.api_version, of.api_version);
        assert_string_equal(patch.name, of.name);
        assert_string_equal(patch.namespace, of.namespace);
    }
    strbuf_done(&text);
    deployment_done(&d);
}

static void expect_in_patch(const char *memory, const char *line, bool wanted)
{
    struct deployment d = sample();
    struct manifest_container c;
    struct strbuf manifest, text;
    struct err e;

    strbuf_init(&manifest);
    strbuf_init(&text);
    strbuf_printf(&manifest,
                  "apiVersion: v1\nkind: Pod\nmetadata: {name: \"null\"}\n"
                  "spec: {containers: [{name: 123, resources: {%s}}]}\n",
                  memory);
    if (find(manifest.text, "123", &c, &e))
        fail_msg("%s", e.text);
    deployment_render_patch(&d, &c, "m.yaml", &text);
    if ((strstr(text.text, line) != NULL) != wanted)
        fail_msg("'%s' is %s in:\n%s", line, wanted ? "not" : "wrongly", text.text);
    strbuf_done(&manifest);
    strbuf_done(&text);
    deployment_done(&d);
}

TEST(what_a_patch_changes_is_said)
{
    expect_in_patch("", "# limits.memory: none in the file.\n", true);
    expect_in_patch("limits: {memory: 64Mi}",
                    "# limits.memory: 64Mi in the file; 60Mi is 4.0 MiB less.\n", true);
    expect_in_patch("limits: {memory: 32Mi}",
                    "# limits.memory: 32Mi in the file; 60Mi is 28.0 MiB more.\n", true);
    expect_in_patch("limits: {memory: 62914560}",
                    "# limits.memory: 62914560 in the file, and stays.\n", true);
    expect_in_patch("limits: {memory: 1GB}",
                    "# limits.memory: 1GB in the file, which is no quantity.\n", true);
    expect_in_patch("limits: {memory: \"1\\n2\"}", "\n2", false);
    expect_in_patch("requests: {memory: 64Mi}, limits: {memory: 64Mi}", "Guaranteed", true);
    expect_in_patch("limits: {memory: 64Mi}", "Guaranteed", true);
    expect_in_patch("requests: {memory: 32Mi}, limits: {memory: 64Mi}", "Guaranteed", false);
    expect_in_patch("", "\n  name: \"null\"\n", true);
    expect_in_patch("", "- name: \"123\"\n", true);
    expect_in_patch("", "\n# kubectl patch pod null --subresource resize --patch-file THIS_FILE\n",
                    true);
}

TEST_MAIN()
#endif

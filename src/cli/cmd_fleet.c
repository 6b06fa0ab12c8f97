/* cmd_fleet.c - highwater fleet: what services need, beside what they are promised today. */
#include "cli/cli.h"
#include "cli/result_file.h"
#include "cli/verbs.h"

#include "base/alloc.h"
#include "fleet/fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPT_STORE = 1, OPT_SORT, OPT_TOP, OPT_MAP, OPT_NODE };

#define STORE_DEFAULT "fleet.db"

static const struct cli_option options[] = {
    {OPT_STORE, "store", 0, "FILE", "the store of results (" STORE_DEFAULT ")"},
    {OPT_SORT, "sort", 0, FLEET_SORTS, "what comes first: the worst, or the most of (risk)"},
    {OPT_TOP, "top", 0, "N", "show the first N rows"},
    {OPT_MAP, "map", 0, "NAME=SERVICE",
     "with import: results of SERVICE are those of the imported NAME"},
    {OPT_NODE, "node", 0, "NAME", "with import: the machine that docker or systemd was asked on"},
};

static const struct cli_spec spec = {
    .verb = "fleet",
    .operands = "[import FILE... | forget SERVICE...]",
    .summary =
        "Lists services with today's limit, what they grow to, what they need, what is wasted "
        "and who is at risk,\nfrom a store that 'size --store' and 'check --store' fill.",
    .takes = CLI_OUTPUT | CLI_PICTURES | CLI_SHEET,
    .formats = "table",
    .options = options,
    .nr_options = ARRAY_SIZE(options),
    .notes =
        "import reads what these print, and takes the place of what they told before of the same "
        "namespaces (docker,\n"
        "systemd: of the same --node):\n"
        "  kubectl get pods,deployments,statefulsets,daemonsets -A -o json\n"
        "  docker inspect $(docker ps -q)\n"
        "  systemctl show '*.service'\n"
        "An imported container is known by the first of these names that has results: "
        "NAMESPACE/WORKLOAD/CONTAINER,\n"
        "WORKLOAD/CONTAINER, NAMESPACE/WORKLOAD, WORKLOAD, CONTAINER, the unit without .service, "
        "the "
        "image without registry\n"
        "and tag. --map says it where none of them does, and is remembered.\n"
        "forget removes the results of services.\n"
        "\n"
        "Promised is the request, and the limit where there is none. Waste is what the limit is "
        "above "
        "the need, times the\n"
        "replicas. Risk: 'killed' (the limit is below the smallest that is survived), 'slow' "
        "(below "
        "the need), 'tight' (within\n"
        "the error of the need), 'no limit', 'no answer', 'not measured', 'fits', 'not deployed'.\n"
        "\n"
        "Examples:\n"
        "  highwater size web.hwt --store fleet.db --service web\n"
        "  kubectl get pods,deployments -A -o json | highwater fleet import - --store fleet.db\n"
        "  highwater fleet --sort waste --top 20\n"
        "  highwater fleet --format csv -o fleet.csv\n"
        "  highwater fleet -o fleet.html                a page with pictures\n",
    .min_operands = 0,
    .max_operands = 1024,
};

struct request {
    const char *store, *node;
    u64 top;
    enum fleet_sort sort;
    struct promise_maps maps;
};

static void add_map(struct cli *cli, struct request *req)
{
    const char *equals = strchr(cli->arg, '=');
    struct promise_map map;

    if (!equals || equals == cli->arg || !equals[1]) {
        cli_usage(cli, "--map wants NAME=SERVICE, not '%s'", cli->arg);
        return;
    }
    map.name = xstrdup(cli->arg);
    map.name[equals - cli->arg] = '\0';
    map.service = xstrdup(equals + 1);
    vec_push(&req->maps.items, map);
}

static void parse_options(struct cli *cli, struct request *req)
{
    for (int id; (id = cli_next(cli)) > 0;) {
        switch (id) {
        case OPT_STORE:
            req->store = cli->arg;
            break;
        case OPT_SORT:
            if (!fleet_sort_find(cli->arg, &req->sort))
                cli_usage(cli, "--sort: unknown '%s', want one of %s", cli->arg, FLEET_SORTS);
            break;
        case OPT_TOP:
            if (cli_parse_u64(cli, "--top", &req->top) && req->top == 0)
                cli_usage(cli, "--top is at least 1");
            break;
        case OPT_MAP:
            add_map(cli, req);
            break;
        case OPT_NODE:
            req->node = cli->arg;
            break;
        }
    }
}

static int emit(struct cli *cli, const struct request *req, const struct fleet *f)
{
    struct strbuf text;
    int rc;

    if (cli_wants_document(cli))
        return cli_emit_document(cli, PAGE_OF_FLEET, req->store, fleet_json(f, req->store));
    strbuf_init(&text);
    if (cli->format == CLI_CSV)
        fleet_csv(f, &text);
    else
        fleet_text(f, req->store, req->top, &text);
    rc = cli_emit(cli, &text);
    strbuf_done(&text);
    return rc;
}

static int show(struct cli *cli, const struct request *req)
{
    struct store *s;
    struct fleet f;
    struct err e = {0};
    int rc;

    if (store_open(req->store, STORE_READ, &s, &e))
        return cli_fail_err(cli, &e);
    if (fleet_read(s, req->sort, &f, &e)) {
        rc = cli_fail_err(cli, &e);
    } else {
        rc = emit(cli, req, &f);
        fleet_done(&f);
    }
    store_close(s);
    return rc;
}

static int read_files(struct cli *cli, const struct request *req, struct promises *ret)
{
    for (unsigned i = 1; i < cli->nr_operands; i++) {
        struct err e = {0}, why = {0};
        struct strbuf text;
        int rc;

        strbuf_init(&text);
        rc = result_file_read(cli->operands[i], &text, &e);
        if (rc == 0 && (rc = import_text(text.text, text.len, req->node, ret, &why)) != 0)
            err_at(&e, rc, cli->operands[i], 0, 0, "%s", why.text);
        strbuf_done(&text);
        if (rc)
            return cli_fail_err(cli, &e);
    }
    promises_settle(ret);
    return CLI_OK;
}

static int import(struct cli *cli, const struct request *req)
{
    struct promises promises = {0};
    struct store *s = NULL;
    struct err e = {0};
    int rc = read_files(cli, req, &promises);

    if (rc == CLI_OK) {
        if (store_open(req->store, STORE_WRITE, &s, &e) ||
            store_put_promises(s, &promises, &req->maps, &e))
            rc = cli_fail_err(cli, &e);
        else
            cli_note(cli, "%s: %zu rows of requests and limits imported", req->store,
                     promises.items.count);
    }
    store_close(s);
    promises_done(&promises);
    return rc;
}

static int forget(struct cli *cli, const struct request *req)
{
    struct store *s;
    struct err e = {0};
    int rc = CLI_OK;

    if (store_open(req->store, STORE_READ, &s, &e))
        return cli_fail_err(cli, &e);
    for (unsigned i = 1; i < cli->nr_operands; i++) {
        u64 count = 0;

        if (store_forget_service(s, cli->operands[i], &count, &e)) {
            rc = cli_fail_err(cli, &e);
            break;
        }
        if (count == 0)
            rc = cli_fail(cli, "%s: no result of a service '%s'", req->store, cli->operands[i]);
        else
            cli_note(cli, "%llu results of '%s' are forgotten", (unsigned long long)count,
                     cli->operands[i]);
    }
    store_close(s);
    return rc;
}

static int fleet(struct cli *cli, const struct request *req)
{
    const char *word = cli->nr_operands ? cli->operands[0] : "";
    bool imports = strcmp(word, "import") == 0;

    if (*word && !imports && strcmp(word, "forget") != 0)
        return cli_usage(cli, "unknown '%s'; want import FILE..., forget SERVICE..., or nothing",
                         word);
    if (*word && cli->nr_operands < 2)
        return cli_usage(cli, imports ? "import wants files, or - for what is piped in"
                                      : "forget wants the names of services");
    if (!imports && (req->maps.items.count || *req->node))
        return cli_usage(cli, "--map and --node are for import");
    return !*word ? show(cli, req) : imports ? import(cli, req) : forget(cli, req);
}

int cmd_fleet(int argc, char **argv)
{
    struct request req = {.store = STORE_DEFAULT, .node = ""};
    struct cli cli;
    int rc;

    cli_init(&cli, &spec, argc, argv);
    parse_options(&cli, &req);
    rc = cli.done ? cli.exit_code : fleet(&cli, &req);
    promise_maps_done(&req.maps);
    return cli_done(&cli, rc);
}

/* anonymise_learn.c - which words of a text are names: a shell's prompt, a key before it, the head of its column.
 *
 * What stands here once is replaced wherever it stands. Words that everybody's machine has (root, default, kube-system) are no secret.
 */
#include "report/anonymise_int.h"

#include <limits.h>
#include <string.h>

static bool is_one_of(struct span word, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (span_is(word, list[i]))
            return true;
    return false;
}
#define IS_ONE_OF(word, list) is_one_of(word, list, ARRAY_SIZE(list))

static struct span find(struct span line, const char *words)
{
    size_t len = strlen(words);

    for (; span_len(line) >= len; line.at++) {
        line.at = memchr(line.at, *words, span_len(line) - len + 1);
        if (!line.at)
            break;
        if (memcmp(line.at, words, len) == 0)
            return (struct span){line.at, line.at + len};
    }
    return (struct span){NULL, NULL};
}

static bool has(struct span line, const char *words)
{
    return find(line, words).at != NULL;
}

bool is_unit_name(struct span word)
{
    static const char *const ends[] = {".service", ".slice", ".scope",  ".socket",
                                       ".mount",   ".timer", ".target", ".swap"};

    for (unsigned i = 0; i < ARRAY_SIZE(ends); i++)
        if (span_ends(word, ends[i]))
            return true;
    return false;
}

bool is_domain(struct span word)
{
    static const char *const tops[] = {"com",  "net",   "org",  "io",    "dev",     "internal",
                                       "lan",  "local", "corp", "cloud", "example", "localdomain",
                                       "test", "home",  "edu",  "gov",   "info",    "biz",
                                       "app",  "tech",  "arpa", "intra", "priv",    "private"};
    /* Two letters are a country, unless they are the end of a file's name. */
    static const char *const files[] = {"so", "py", "sh", "rs", "cc", "pl", "md",
                                        "ps", "gz", "xz", "bz", "ko", "pm", "hh"};
    static const char *const everybodys[] = {
        "kubernetes.io",   "k8s.io",       "docker.com", "docker.io",
        "quay.io",         "ghcr.io",      "gcr.io",     "github.com",
        "kernel.org",      "gitlab.com",   "coreos.com", "opencontainers.org",
        "bugs.debian.org", "containerd.io"};
    const char *dot = NULL;
    unsigned labels = 1;
    struct span last;

    for (const char *at = word.at; at < word.end; at++) {
        if (*at != '.')
            continue;
        if (at == word.at || at[-1] == '.' || at + 1 == word.end)
            return false;
        dot = at;
        labels++;
    }
    for (unsigned i = 0; i < ARRAY_SIZE(everybodys); i++)
        if (span_ends(word, everybodys[i]))
            return false;
    /* "com.example.app" is a package. */
    if (!dot || span_begins(word, "com.") || span_begins(word, "org.") || span_begins(word, "io."))
        return false;
    last = (struct span){dot + 1, word.end};
    if (IS_ONE_OF(last, tops))
        return true;
    return labels >= 3 && span_len(last) == 2 && last.at[0] >= 'a' && last.at[0] <= 'z' &&
           last.at[1] >= 'a' && last.at[1] <= 'z' && !IS_ONE_OF(last, files);
}

/* Names that tell nothing of anybody. */
static bool is_public(enum name_kind kind, struct span word)
{
    static const char *const users[] = {
        "root",       "daemon",    "bin",      "sys",      "sync",     "games",    "man",
        "lp",         "mail",      "news",     "uucp",     "proxy",    "www-data", "backup",
        "list",       "irc",       "gnats",    "nobody",   "_apt",     "sshd",     "messagebus",
        "syslog",     "dbus",      "chrony",   "polkitd",  "mysql",    "postgres", "redis",
        "nginx",      "apache",    "rabbitmq", "mongodb",  "rtkit",    "avahi",    "elasticsearch",
        "clickhouse", "memcached", "tcpdump",  "kernoops", "landscape"};
    static const char *const spaces[] = {"default", "kube-system", "kube-public",
                                         "kube-node-lease"};
    static const char *const nowhere[] = {"localhost", "localhost.localdomain",
                                          "none",      "null",
                                          "nil",       "unset",
                                          "unknown",   "true",
                                          "false",     "total",
                                          "used",      "free",
                                          "Mem",       "Swap",
                                          "Domain-0"};

    if (IS_ONE_OF(word, nowhere) || (kind == KIND_SPACE && IS_ONE_OF(word, spaces)))
        return true;
    return kind == KIND_USER && (IS_ONE_OF(word, users) || span_begins(word, "systemd-") ||
                                 span_begins(word, "systemd+"));
}

static bool has_letter(struct span word)
{
    for (; !span_empty(word); word.at++)
        if (is_alnum_ascii(*word.at) && !is_digit(*word.at))
            return true;
    return false;
}

static bool has_digit(struct span word)
{
    for (; !span_empty(word); word.at++)
        if (is_digit(*word.at))
            return true;
    return false;
}

/* Ids have a stand-in of their own form. */
static bool is_id(struct span word)
{
    if (span_len(word) < 8 || !has_digit(word))
        return false;
    for (; !span_empty(word); word.at++)
        if (!is_digit(*word.at) && (*word.at < 'a' || *word.at > 'f'))
            return false;
    return true;
}

void anonymiser_learn_word(struct anonymiser *a, enum name_kind kind, struct span word)
{
    unsigned name;

    while (!span_empty(word) && !is_word(*word.at))
        word.at++;
    while (!span_empty(word) && !is_word(word.end[-1]))
        word.end--;
    if (span_len(word) < 2 || span_len(word) > 253 || !has_letter(word) || is_public(kind, word) ||
        is_unit_name(word) || is_id(word))
        return;
    name = anonymiser_name(a, kind, word.at, span_len(word));
    if (name != UINT_MAX)
        vec_push(&a->said, ((struct said){word, name}));
}

/* Up to what cannot be of a name. An image has more in it. */
static struct span value_of(struct span line, bool image)
{
    struct span word = {line.at, line.at};

    while (word.end < line.end &&
           (is_name(*word.end) || (image && strchr("/:@+", *word.end) && *word.end)))
        word.end++;
    return word;
}

/* "pod", "namespace/pod", "pod_namespace(uid)" */
static void learn_pod(struct anonymiser *a, struct span line)
{
    struct span name = {line.at, line.at};

    while (name.end < line.end && *name.end != '_' && is_name(*name.end))
        name.end++;
    if (name.end < line.end && *name.end == '/') {
        anonymiser_learn_word(a, KIND_SPACE, name);
        anonymiser_learn_word(a, KIND_POD, value_of((struct span){name.end + 1, line.end}, false));
        return;
    }
    anonymiser_learn_word(a, KIND_POD, name);
    if (name.end < line.end && *name.end == '_')
        anonymiser_learn_word(a, KIND_SPACE,
                              value_of((struct span){name.end + 1, line.end}, false));
}

void anonymiser_learn_value(struct anonymiser *a, enum name_kind kind, struct span line)
{
    struct span word;

    while (!span_empty(line) && (is_blank(*line.at) || *line.at == '"' || *line.at == '\''))
        line.at++;
    if (kind == KIND_POD) {
        learn_pod(a, line);
        return;
    }
    word = value_of(line, kind == KIND_IMAGE);
    /* "serial 8250" is a driver. */
    if (kind == KIND_SERIAL && (span_len(word) < 5 || !has_digit(word)))
        return;
    anonymiser_learn_word(a, kind, word);
}

/* --- behind a key ------------------------------------------------------------------------------------------------------------ */

struct key {
    const char *words;
    enum name_kind kind;
    const char *with; /* the line has this as well; NULL */
};

static const struct key keys[] = {
    {"node/", KIND_HOST, NULL},
    {"Node ", KIND_HOST, " status is now"},
    {"--hostname ", KIND_HOST, NULL},
    {"nfs: server ", KIND_HOST, NULL},
    {"ATOP - ", KIND_HOST, NULL},
    {"srun: error: ", KIND_HOST, ": task"},
    {"slurmstepd-", KIND_HOST, NULL},
    {"slurmd[", KIND_HOST, NULL},
    {"slurmd-", KIND_HOST, NULL},
    {" ON ", KIND_HOST, " CANCELLED"},
    {" to ", KIND_HOST, "Successfully assigned "},
    {"Successfully assigned ", KIND_POD, NULL},
    {"Deleting node ", KIND_HOST, NULL},
    {"Registered Node ", KIND_HOST, NULL},
    {"lxc.payload.", KIND_CONTAINER, NULL},
    {"lxc.monitor.", KIND_CONTAINER, NULL},
    {"/lxc/", KIND_CONTAINER, NULL},
    {" -name ", KIND_HOST, " -id "},
    {"replica set ", KIND_POD, NULL},
    {" pod: ", KIND_POD, NULL},
    {" Pod ", KIND_POD, " in "},
    {"StatefulSet ", KIND_POD, NULL},
    {"Created container: ", KIND_CONTAINER, NULL},
    {" describe node ", KIND_HOST, NULL},
    {"kubelet, ", KIND_HOST, NULL},
    {"kernel-monitor, ", KIND_HOST, NULL},
    {"pod/", KIND_POD, NULL},
    {"pods=[", KIND_POD, NULL},
    {" in pod ", KIND_POD, NULL},
    {"pod \"", KIND_POD, NULL},
    {" describe pod ", KIND_POD, NULL},
    {" describe pods ", KIND_POD, NULL},
    {" describe po ", KIND_POD, NULL},
    {" logs ", KIND_POD, "kubectl"},
    {" exec ", KIND_POD, "kubectl"},
    {" get pod ", KIND_POD, NULL},
    {" top pod ", KIND_POD, NULL},
    {"Pod:", KIND_POD, NULL},
    {"ReplicaSet/", KIND_POD, NULL},
    {"replicaset/", KIND_POD, NULL},
    {"Deployment/", KIND_POD, NULL},
    {"deployment/", KIND_POD, NULL},
    {"StatefulSet/", KIND_POD, NULL},
    {"DaemonSet/", KIND_POD, NULL},
    {" -n", KIND_SPACE, "kubectl"},
    {" -n ", KIND_SPACE, "crictl"},
    {"--namespace ", KIND_SPACE, NULL},
    {"namespace/", KIND_SPACE, NULL},
    {"container \"", KIND_CONTAINER, NULL},
    {"failed container ", KIND_CONTAINER, NULL},
    {"Stopping container ", KIND_CONTAINER, NULL},
    {"Started container ", KIND_CONTAINER, NULL},
    {"Killing container ", KIND_CONTAINER, NULL},
    {"Container ", KIND_CONTAINER, " was using "},
    {"Container ", KIND_CONTAINER, " failed liveness"},
    {"Container ", KIND_CONTAINER, " exceeded "},
    {" name=", KIND_CONTAINER, "image="},
    {"--name ", KIND_CONTAINER, NULL},
    {"--name=", KIND_CONTAINER, NULL},
    {"\"Name\": \"/", KIND_CONTAINER, NULL},
    {"for user ", KIND_USER, NULL},
    {"of user ", KIND_USER, NULL},
    {"invalid user ", KIND_USER, NULL},
    {"Accepted publickey for ", KIND_USER, NULL},
    {"Accepted password for ", KIND_USER, NULL},
    {"Failed password for ", KIND_USER, NULL},
    {"/home/", KIND_USER, NULL},
    {"/Users/", KIND_USER, NULL},
    {" (", KIND_USER, ") CMD "},
    {"Image ID:", KIND_IMAGE, NULL},
    {"image \"", KIND_IMAGE, NULL},
    {"serial ", KIND_SERIAL, NULL},
    {"serial: ", KIND_SERIAL, NULL},
    {"Serial: ", KIND_SERIAL, NULL},
    {"serial number ", KIND_SERIAL, NULL},
    {"Serial Number: ", KIND_SERIAL, NULL},
    {"SerialNumber: ", KIND_SERIAL, NULL},
    {"S/N ", KIND_SERIAL, NULL},
    {"S/N: ", KIND_SERIAL, NULL},
};

/* A digit or a dash, as names of pods have. */
static bool has_mark(struct span word)
{
    return has_digit(word) || (!span_empty(word) && memchr(word.at, '-', span_len(word)));
}

static void learn_keys(struct anonymiser *a, struct span line)
{
    for (unsigned i = 0; i < ARRAY_SIZE(keys); i++) {
        const struct key *key = &keys[i];
        struct span rest = line, at;

        while ((at = find(rest, key->words)).at) {
            bool whole = at.at == line.at || !is_word(*at.at) || !is_word(at.at[-1]);

            /* "kubectl logs shows nothing" */
            if (key->with && strcmp(key->with, "kubectl") == 0 && key->kind == KIND_POD &&
                !has_mark(value_of((struct span){at.end, line.end}, false)))
                whole = false;
            if (whole && (!key->with || has(line, key->with)))
                anonymiser_learn_value(a, key->kind, (struct span){at.end, line.end});
            rest.at = at.end;
        }
    }
}

/* "machine-qemu\\x2d3\\x2dshop\\x2ddb.scope": the scope of a guest, whose name is "shop-db". */
static void learn_guest(struct anonymiser *a, struct span line)
{
    static const char dash[] = "\\x2d";
    struct span rest = {find(line, "machine-qemu\\x2d").end, line.end}, word;

    if (!rest.at)
        return;
    while (!span_empty(rest) && is_digit(*rest.at))
        rest.at++;
    while (span_begins(rest, dash)) {
        rest.at += strlen(dash);
        word = (struct span){rest.at, rest.at};
        while (word.end < rest.end && (is_word(*word.end) || *word.end == '-'))
            word.end++;
        anonymiser_learn_word(a, KIND_HOST, word);
        rest.at = word.end;
    }
}

/* docker inspect web db */
static void learn_commands(struct anonymiser *a, struct span line)
{
    static const char *const tools[] = {"docker ", "podman ", "nerdctl "};
    static const char *const verbs[] = {"inspect", "logs", "stats", "top", "restart",
                                        "start",   "stop", "kill",  "rm",  "exec",
                                        "update",  "port", "attach"};

    for (unsigned i = 0; i < ARRAY_SIZE(tools); i++) {
        struct span rest = {find(line, tools[i]).end, line.end}, verb, word;

        if (!rest.at || !span_take_word(&rest, &verb) || !IS_ONE_OF(verb, verbs))
            continue;
        while (span_take_word(&rest, &word) && is_name(*word.at)) {
            if (*word.at == '-')
                continue;
            anonymiser_learn_word(a, KIND_CONTAINER, word);
            if (span_is(verb, "exec"))
                break;
        }
    }
}

/* --- programs: their names stay ------------------------------------------------------------------------------------------------- */

static void learn_program(struct anonymiser *a, struct span word)
{
    u64 hash = NAME_HASH_START;

    for (const char *at = word.at; at < word.end; at++)
        hash = name_hash_add(hash, *at);
    if (!span_empty(word))
        u64map_put(&a->programs, hash, 1);
}

static void learn_programs(struct anonymiser *a, struct span line)
{
    static const char *const before[] = {"Comm: ", "comm: ", "task=", "comm=\"",
                                         "victim process: "};
    struct span at;

    for (unsigned i = 0; i < ARRAY_SIZE(before); i++)
        if ((at = find(line, before[i])).at)
            learn_program(a, value_of((struct span){at.end, line.end}, false));
    if ((at = find(line, "ill")).at && (at = find(line, " process ")).at &&
        (at = find((struct span){at.end, line.end}, "(")).at)
        learn_program(a, value_of((struct span){at.end, line.end}, false));
    if ((at = find(line, " invoked oom-killer")).at) {
        struct span word = {at.at, at.at};

        while (word.at > line.at && !is_blank(word.at[-1]))
            word.at--;
        learn_program(a, word);
    }
}

/* --- what a shell says -------------------------------------------------------------------------------------------------------------- */

/* "user@host:~$ ", "[user@host dir]# ", "host:~ # ". The command, if it is one. */
static bool learn_prompt(struct anonymiser *a, struct span line, struct span *ret_command)
{
    struct span user, host, rest;

    while (!span_empty(line) && !is_word(*line.at))
        line.at++;
    user = value_of(line, false);
    if (span_empty(user) || user.end == line.end)
        return false;
    rest = (struct span){user.end, line.end};
    host = user;
    if (*user.end == '@') {
        host = value_of((struct span){user.end + 1, line.end}, false);
        rest.at = host.end;
        if (span_empty(host) || rest.at == line.end || !strchr(": ]~", *rest.at))
            return false;
    } else if (!span_begins(rest, ":~") && !span_begins(rest, ":/")) {
        return false;
    }
    /* The sign that ends a prompt stands before a blank or the end of the line. */
    for (unsigned n = 0; rest.at < line.end && n < 200; rest.at++, n++) {
        if (!strchr("$#%>", *rest.at) || (rest.at + 1 < line.end && !is_blank(rest.at[1])))
            continue;
        if (*user.end == '@')
            anonymiser_learn_word(a, KIND_USER, user);
        anonymiser_learn_word(a, KIND_HOST, host);
        *ret_command = span_trim((struct span){rest.at + 1, line.end});
        return true;
    }
    return false;
}

/* uname -a, sar's head, what hostname printed, df and mount of NFS, docker compose */
static void learn_lines(struct anonymiser *a, struct span line)
{
    struct span words = span_trim(line), word, rest = words, at;

    if (a->host_next)
        anonymiser_learn_word(a, KIND_HOST, value_of(words, false));
    a->host_next = false;
    if (span_take(&rest, "Linux ") && span_take_word(&rest, &word)) {
        span_skip_blanks(&rest);
        if (has_digit(word) && !span_empty(rest) && *rest.at == '(')
            anonymiser_learn_word(a, KIND_HOST,
                                  value_of((struct span){rest.at + 1, rest.end}, false));
        else if (!span_empty(rest) && is_digit(*rest.at))
            anonymiser_learn_word(a, KIND_HOST, word);
    }
    word = value_of(words, false);
    rest = (struct span){word.end, words.end};
    if (span_begins(rest, ":/") && !span_begins(rest, "://") && has(rest, " "))
        anonymiser_learn_word(a, KIND_HOST, word);
    if ((at = find(rest, " | ")).at && span_empty(span_trim((struct span){rest.at, at.at})) &&
        has_digit(word)) {
        struct span name = word;

        /* The number of the copy stays: it makes the word one that compose writes. */
        while (!span_empty(name) && is_digit(name.end[-1]))
            name.end--;
        anonymiser_learn_word(a, KIND_CONTAINER,
                              !span_empty(name) && strchr("-_", name.end[-1]) ? name : word);
    }
}

/* "web1.corp.example" anywhere */
static void learn_domains(struct anonymiser *a, struct span line)
{
    while (!span_empty(line)) {
        struct span word = value_of(line, false);

        while (!span_empty(word) && !is_word(word.end[-1]))
            word.end--;
        if (has_letter(word) && !is_unit_name(word) && is_domain(word))
            anonymiser_learn_word(a, KIND_HOST, word);
        line.at = span_empty(word) ? line.at + 1 : word.end;
    }
}

/* --- descriptions and tables --------------------------------------------------------------------------------------------------------- */

static size_t indent_of(struct span line)
{
    struct span rest = line;

    while (!span_empty(rest) && (is_blank(*rest.at) || *rest.at == '>'))
        rest.at++;
    return (size_t)(rest.at - line.at);
}

/* Is what follows a description by kubectl? /proc/PID/status has a Name as well. */
static bool is_description(struct span rest)
{
    struct span line;

    for (unsigned i = 0; i < 4 && span_take_line(&rest, &line); i++)
        if (has(line, "Namespace:") || has(line, "Roles:") || has(line, "Labels:") ||
            has(line, "Priority:"))
            return true;
    return false;
}

static void learn_description(struct anonymiser *a, struct span line, struct span rest)
{
    size_t indent = indent_of(line);
    struct span words = span_trim((struct span){line.at + indent, line.end});

    if (span_begins(words, "Name:") && is_description(rest))
        anonymiser_learn_value(a, KIND_POD, (struct span){words.at + 5, words.end});
    if (span_is(words, "Containers:") || span_is(words, "Init Containers:")) {
        a->containers = indent + 1;
        a->container = 0;
        return;
    }
    if (!a->containers)
        return;
    if (indent < a->containers) {
        a->containers = 0;
        return;
    }
    if (!a->container)
        a->container = indent;
    if (indent == a->container && span_ends(words, ":") &&
        span_len(value_of(words, false)) + 1 == span_len(words))
        anonymiser_learn_word(a, KIND_CONTAINER, words);
}

/* "Name   ID   Mem VCPUs", " Id   Name   State": of virsh, xl, pct. */
static bool is_mixed_head(struct span line)
{
    static const char *const beside[] = {"Id", "ID", "State", "Status", "VMID", "VCPUs"};
    struct span rest = line, word;
    bool name = false, other = false;

    while (span_take_word(&rest, &word)) {
        if (*word.at < 'A' || *word.at > 'Z' ||
            (!is_alnum_ascii(word.end[-1]) && word.end[-1] != ')'))
            return false;
        name |= span_is(word, "Name");
        other |= IS_ONE_OF(word, beside);
    }
    return name && other;
}

/* Names of devices, areas and algorithms tell nothing of anybody. */
static bool is_of_devices(struct span line)
{
    static const char *const words[] = {"OBJS",    "MOUNTPOINT", "ALGORITHM", "MOUNTPOINTS",
                                        "MAJ:MIN", "FSTYPE",     "PRIO"};

    for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
        if (has(line, words[i]))
            return true;
    return false;
}

/* No small letters but in brackets: "NAME   CPU(cores)   MEMORY%" */
static bool is_head(struct span line)
{
    unsigned words = 0, inside = 0;

    for (const char *at = line.at; at < line.end; at++) {
        words += !is_blank(*at) && (at == line.at || is_blank(at[-1]));
        inside += *at == '(';
        if (is_digit(*at) || (*at >= 'a' && *at <= 'z' && !inside) || *at == '=' || *at == '\\')
            return false;
        inside -= *at == ')' && inside;
    }
    return words >= 2;
}

static size_t characters(struct span text)
{
    size_t n = 0;

    for (; text.at < text.end; text.at++)
        n += (*text.at & 0xc0) != 0x80;
    return n;
}

static void learn_head(struct anonymiser *a, struct span line)
{
    static const struct {
        const char *word;
        enum name_kind kind;
    } heads[] = {
        {"NAMESPACE", KIND_SPACE}, {"NAME", KIND_POD},      {"NAMES", KIND_CONTAINER},
        {"NODE", KIND_HOST},       {"POD", KIND_POD},       {"IMAGE", KIND_IMAGE},
        {"USER", KIND_USER},       {"OBJECT", NR_KINDS},    {"CONTAINER", KIND_CONTAINER},
        {"OWNER", KIND_USER},      {"HOSTNAME", KIND_HOST}, {"Name", KIND_HOST},
        {"NODENAME", KIND_HOST},   {"NODELIST", KIND_HOST}, {"HOST", KIND_HOST},
        {"FROM", KIND_HOST},       {"CLUSTER", KIND_SPACE}, {"PROJECT", KIND_SPACE},
    };
    struct span rest = line, word;
    unsigned field = 0;

    a->nr_columns = 0;
    if (is_of_devices(line))
        return;
    while (span_take_word(&rest, &word)) {
        bool id = span_is(word, "ID") && field > 0 && word.at[-1] == ' ' && word.at[-2] != ' ';

        for (unsigned i = 0; i < ARRAY_SIZE(heads) && a->nr_columns < COLUMNS_MAX; i++) {
            enum name_kind kind = heads[i].kind;

            if (!span_is(word, heads[i].word))
                continue;
            if (kind == KIND_POD && (has(line, "ID") || has(line, "MEM %")))
                kind = KIND_CONTAINER;
            else if (kind == KIND_POD && (has(line, "ROLES") || has(line, "MEMORY%")))
                kind = KIND_HOST;
            a->columns[a->nr_columns++] =
                (struct column){kind, characters((struct span){line.at, word.at}), field};
        }
        field += !id;
    }
    a->nr_fields = field;
}

/* Where this character of the line is; its end when it is shorter. */
static const char *at_character(struct span line, size_t n)
{
    const char *at = line.at;

    for (; at < line.end; at++)
        if ((*at & 0xc0) != 0x80 && n-- == 0)
            break;
    return at;
}

/* What stands below the head of this column: the word that begins there, else, for rows that are not set out like it, the word of its number, as
 * far as the row has as many words as the head. The first column begins where its head does, as names do. */
static struct span cell_of(const struct anonymiser *a, const struct column *column,
                           struct span line)
{
    const char *at = at_character(line, column->offset);
    struct span rest = line, none = {line.at, line.at}, word = none, found = none;
    unsigned words = 0;

    if (at < line.end && !is_blank(*at) && (at == line.at || is_blank(at[-1]))) {
        rest.at = at;
        span_take_word(&rest, &word);
        return word;
    }
    if (column->field == 0)
        return none;
    while (span_take_word(&rest, &word)) {
        if (words == column->field || column->field + 1 == a->nr_fields)
            found = word;
        words++;
    }
    return words >= a->nr_fields ? found : none;
}

/* The whole cell is a name, or one that ps cut ("systemd+"), or the first of several. */
static void learn_cell(struct anonymiser *a, enum name_kind kind, struct span cell)
{
    struct span name = value_of(cell, kind == KIND_IMAGE);

    if (name.end == cell.end || strchr("+,:", *name.end))
        anonymiser_learn_word(a, kind, name);
}

static void learn_row(struct anonymiser *a, struct span line)
{
    for (unsigned i = 0; i < a->nr_columns; i++) {
        const struct column *column = &a->columns[i];
        struct span cell = cell_of(a, column, line);
        const char *slash = span_empty(cell) ? NULL : memchr(cell.at, '/', span_len(cell));

        if (column->kind == NR_KINDS && slash)
            anonymiser_learn_word(a, span_begins(cell, "node/") ? KIND_HOST : KIND_POD,
                                  (struct span){slash + 1, cell.end});
        else if (column->kind < NR_KINDS && (!slash || column->kind == KIND_IMAGE))
            learn_cell(a, column->kind, cell);
    }
}

/* "Mem:   7700", "MemFree:   112640 kB": the table is over. */
static bool is_labelled(struct span line)
{
    struct span rest = line, word;

    return span_take_word(&rest, &word) && word.end[-1] == ':';
}

static void learn_table(struct anonymiser *a, struct span line)
{
    if (span_empty(span_trim(line)) || is_labelled(line) || prefix_certain(line) ||
        span_begins(line, "$ ") || span_begins(line, "# "))
        a->nr_columns = 0;
    else if (is_head(line) || is_mixed_head(line))
        learn_head(a, line);
    else
        learn_row(a, line);
}

/* A prefix of a logger says the host; a word before "kernel:" alone is one as well. */
static void learn_prefix(struct anonymiser *a, struct span line)
{
    struct prefix prefix;
    const char *before;

    while (!span_empty(line) && strchr("> |`*", *line.at) && *line.at)
        line.at++;
    prefix_take(line, &a->dates, &prefix);
    /* Behind a time and a colon, or a file of a program, the message begins: "21:40:10: mem avail", "helpers.go:826] eviction manager". */
    for (before = prefix.host.at; before > line.at && is_blank(before[-1]);)
        before--;
    if (before > line.at && (before[-1] == ':' || (before[-1] == ']' && *line.at != '[')))
        return;
    /* "java.lang.OutOfMemoryError:" is none. */
    if (prefix.is_log && !a->nr_columns && !span_empty(prefix.host) &&
        !(prefix.host.end < line.end && *prefix.host.end == ':') &&
        span_len(value_of(prefix.host, false)) == span_len(prefix.host))
        anonymiser_learn_word(a, KIND_HOST, prefix.host);
}

/* --- people ------------------------------------------------------------------------------------------------------------------- */

#define PERSON_WORDS 4u /* of a name, at most */

static bool is_capital(struct span word)
{
    return span_len(word) >= 2 && ((*word.at >= 'A' && *word.at <= 'Z') || *word.at & 0x80);
}

/* The words with a capital that end here: "Jane A. Doe" of "Jane A. Doe <jane@corp.example>". */
static void learn_person(struct anonymiser *a, struct span before)
{
    for (unsigned n = 0; n < PERSON_WORDS; n++) {
        struct span word;

        while (!span_empty(before) && strchr(" \t\"'.", before.end[-1]) && before.end[-1])
            before.end--;
        word = (struct span){before.end, before.end};
        while (word.at > before.at &&
               (is_word(word.at[-1]) || word.at[-1] & 0x80 || word.at[-1] == '-'))
            word.at--;
        if (!is_capital(word) && span_len(word) != 1)
            return;
        anonymiser_learn_word(a, KIND_USER, word);
        before.end = word.at;
        if (span_empty(before) || !is_blank(before.end[-1]))
            return;
    }
}

/* "Jane Doe <jane@corp.example>", "On Monday, Jane Doe wrote:" */
static void learn_people(struct anonymiser *a, struct span line)
{
    struct span at = {line.at, line.at}, rest = line;

    while ((at = find(rest, " <")).at) {
        struct span mail = value_of((struct span){at.end, line.end}, false);

        if (mail.end < line.end && *mail.end == '@')
            learn_person(a, (struct span){line.at, at.at});
        rest.at = at.end;
    }
    line = span_trim(line);
    if (span_ends(line, " wrote:") && !has(line, "<"))
        learn_person(a, (struct span){line.at, line.end - 7});
}

/* "jane@db7" as a word of its own, as ssh and scp take it; "getty@tty1.service" is a unit, "lib@1.2" a version. */
static void learn_logins(struct anonymiser *a, struct span line)
{
    for (const char *at = line.at; (at = memchr(at, '@', (size_t)(line.end - at))); at++) {
        struct span user = {at, at}, host = value_of((struct span){at + 1, line.end}, false);

        while (user.at > line.at && is_name(user.at[-1]))
            user.at--;
        if (span_empty(user) || span_empty(host) || is_digit(*host.at) ||
            memchr(host.at, '.', span_len(host)) ||
            (user.at > line.at && !is_blank(user.at[-1]) && !strchr("\"'([", user.at[-1])) ||
            (host.end < line.end && !is_blank(*host.end) && !strchr(":/\"')],", *host.end)))
            continue;
        anonymiser_learn_word(a, KIND_USER, user);
        anonymiser_learn_word(a, KIND_HOST, host);
    }
}

/* "db7 login: [  812.000001] Out of memory": a serial console. */
static void learn_console(struct anonymiser *a, struct span line)
{
    struct span words = line, word;

    while (!span_empty(words) && strchr("> |", *words.at) && *words.at)
        words.at++;
    word = value_of(words, false);
    if (span_begins((struct span){word.end, words.end}, " login:"))
        anonymiser_learn_word(a, KIND_HOST, word);
}

void anonymiser_learn_line(struct anonymiser *a, struct span line, struct span rest)
{
    struct span command;

    a->said.count = 0;
    if (learn_prompt(a, line, &command)) {
        a->nr_columns = 0;
        a->containers = 0;
        a->host_next = span_is(command, "hostname") || span_begins(command, "hostname -");
    } else {
        learn_lines(a, line);
        learn_description(a, line, rest);
        learn_table(a, line);
        learn_prefix(a, line);
    }
    learn_keys(a, line);
    learn_guest(a, line);
    anonymiser_learn_pairs(a, line);
    learn_people(a, line);
    learn_logins(a, line);
    learn_console(a, line);
    learn_commands(a, line);
    learn_programs(a, line);
    learn_domains(a, line);
}

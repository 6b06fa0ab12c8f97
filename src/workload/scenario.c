/* scenario.c - reading a scenario file.
 *
 * inih splits lines into sections, keys and values, but tells its caller neither lines nor empty
 * sections, and cuts what is too long without a word. So it reads through our own line reader,
 * which counts lines, opens a section when it sees its header, and refuses what inih would cut.
 * inih's handler then brings the keys of the section that is open. The first error is kept; what
 * follows is not looked at. */
#include "workload/scenario_int.h"

#include "stats/names.h"

#include <fcntl.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES_MAX  (4 * MIB)
#define NAME_LEN_MAX    40
#define LINE_LEN_MAX    1023
#define SECTION_LEN_MAX 48 /* inih keeps 49 bytes */
#define SECTIONS_MAX    4096u

#define INT_LIMIT(x) ((u64)(s64)(x))

const struct scenario_key scenario_keys[NR_SCENARIO_KEYS] = {
#define STRUCT_MACHINE struct scenario_machine
#define STRUCT_NODE    struct scenario_node
#define STRUCT_DEVICE  struct scenario_device
#define STRUCT_CGROUP  struct scenario_cgroup
#define STRUCT_FILE    struct scenario_file
#define STRUCT_TASK    struct scenario_task
#define STRUCT_WRITE   struct scenario_write
#define STRUCT_RM      struct scenario_rm
#define STRUCT_RMDIR   struct scenario_rmdir
#define KEY(section, field, kind, low, high, name, default_text, doc) \
    {SCENARIO_##section,                                              \
     SCENARIO_##kind,                                                 \
     offsetof(STRUCT_##section, field),                               \
     INT_LIMIT(low),                                                  \
     high,                                                            \
     name,                                                            \
     default_text,                                                    \
     doc},
#include "workload/scenario_keys.def"
#undef KEY
};

static const char *const section_names[NR_SCENARIO_SECTIONS] = {
    [SCENARIO_MACHINE] = "machine", [SCENARIO_NODE] = "node", [SCENARIO_DEVICE] = "device",
    [SCENARIO_CGROUP] = "cgroup",   [SCENARIO_FILE] = "file", [SCENARIO_TASK] = "task",
    [SCENARIO_WRITE] = "write",     [SCENARIO_RM] = "rm",     [SCENARIO_RMDIR] = "rmdir",
};

const char *scenario_section_name(enum scenario_section section)
{
    return section_names[section];
}

struct reader {
    struct scenario *sc;
    struct err *e;
    const char *at, *end;
    unsigned line;
    int error;
    bool open;
    enum scenario_section section;
    size_t index;   /* among the sections of its kind */
    bool *tunables; /* by their place in tunable_info: given */
    char *value;    /* of a line that is too long for inih, which gets its key alone; NULL */
};

static int fail_at(struct reader *r, unsigned line)
{
    struct err text = r->e ? *r->e : (struct err){0};

    r->error = -EINVAL;
    return err_at(r->e, -EINVAL, r->sc->path, line, 0, "%s", text.text);
}

#define FAIL(r, ...) (err_set((r)->e, -EINVAL, __VA_ARGS__), fail_at((r), (r)->line))

static struct scenario_head *head_of(struct scenario *sc, enum scenario_section section,
                                     size_t index)
{
    switch (section) {
    case SCENARIO_MACHINE:
        return &sc->machine.head;
    case SCENARIO_NODE:
        return &sc->nodes.items[index].head;
    case SCENARIO_DEVICE:
        return &sc->devices.items[index].head;
    case SCENARIO_CGROUP:
        return &sc->cgroups.items[index].head;
    case SCENARIO_FILE:
        return &sc->files.items[index].head;
    case SCENARIO_TASK:
        return &sc->tasks.items[index].head;
    case SCENARIO_WRITE:
        return &sc->writes.items[index].head;
    case SCENARIO_RM:
        return &sc->rms.items[index].head;
    case SCENARIO_RMDIR:
        return &sc->rmdirs.items[index].head;
    case NR_SCENARIO_SECTIONS:
        break;
    }
    hw_unreachable();
}

static size_t count_of(const struct scenario *sc, enum scenario_section section)
{
    switch (section) {
    case SCENARIO_MACHINE:
        return sc->machine.head.line != 0;
    case SCENARIO_NODE:
        return sc->nodes.count;
    case SCENARIO_DEVICE:
        return sc->devices.count;
    case SCENARIO_CGROUP:
        return sc->cgroups.count;
    case SCENARIO_FILE:
        return sc->files.count;
    case SCENARIO_TASK:
        return sc->tasks.count;
    case SCENARIO_WRITE:
        return sc->writes.count;
    case SCENARIO_RM:
        return sc->rms.count;
    case SCENARIO_RMDIR:
        return sc->rmdirs.count;
    case NR_SCENARIO_SECTIONS:
        break;
    }
    hw_unreachable();
}

static void add_section(struct scenario *sc, enum scenario_section section,
                        struct scenario_head head)
{
    switch (section) {
    case SCENARIO_MACHINE:
        sc->machine.head = head;
        return;
    case SCENARIO_NODE:
        vec_push(&sc->nodes, ((struct scenario_node){.head = head}));
        topology_spec_name(&sc->machine.config.topology, scenario_nid(&head));
        return;
    case SCENARIO_DEVICE:
        vec_push(&sc->devices,
                 ((struct scenario_device){.head = head, .base = "nvme", .priority = -1}));
        return;
    case SCENARIO_CGROUP:
        vec_push(&sc->cgroups, ((struct scenario_cgroup){.head = head,
                                                         .max = SCENARIO_NO_LIMIT,
                                                         .high = SCENARIO_NO_LIMIT,
                                                         .swap_max = SCENARIO_NO_LIMIT,
                                                         .zswap_max = SCENARIO_NO_LIMIT,
                                                         .hugetlb_max = SCENARIO_NO_LIMIT,
                                                         .hugetlb_rsvd_max = SCENARIO_NO_LIMIT}));
        return;
    case SCENARIO_FILE:
        vec_push(&sc->files,
                 ((struct scenario_file){.head = head,
                                         .path = arena_printf(&sc->arena, "/data/%s", head.name)}));
        return;
    case SCENARIO_TASK:
        vec_push(&sc->tasks, ((struct scenario_task){
                                 .head = head,
                                 .comm = head.name,
                                 .file_index = -1,
                                 .fill = true,
                                 .touches = 64,
                                 .writes = 0.5,
                                 .grow_max = TIB,
                                 .block = 64 * KIB,
                                 .instructions = 1000,
                             }));
        return;
    case SCENARIO_WRITE:
        vec_push(&sc->writes, ((struct scenario_write){.head = head, .task_index = -1}));
        return;
    case SCENARIO_RM:
        vec_push(&sc->rms, ((struct scenario_rm){.head = head, .file_index = -1}));
        return;
    case SCENARIO_RMDIR:
        vec_push(&sc->rmdirs, ((struct scenario_rmdir){.head = head}));
        return;
    case NR_SCENARIO_SECTIONS:
        break;
    }
    hw_unreachable();
}

/* --- section headers -------------------------------------------------------------------------- */

/* Letters, digits and - _ . and for a cgroup / between parts. */
static bool name_ok(const char *name, bool path)
{
    size_t len = strlen(name), part = 0;

    if (len == 0 || len > NAME_LEN_MAX)
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = name[i];

        if (path && c == '/' && part && i + 1 < len)
            part = 0;
        else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                 c == '_' || ((c == '-' || c == '.') && part))
            part++;
        else
            return false;
    }
    return true;
}

static bool nid_ok(const char *name)
{
    u64 nid;

    return parse_u64(name, &nid, NULL) == 0 && nid < MAX_NUMNODES && (*name != '0' || !name[1]);
}

static int find_section(struct reader *r, const char *word, enum scenario_section *ret)
{
    struct nearest near;
    char hint[128];

    nearest_init(&near, word);
    for (unsigned i = 0; i < NR_SCENARIO_SECTIONS; i++) {
        if (strcmp(section_names[i], word) == 0) {
            *ret = (enum scenario_section)i;
            return 0;
        }
        nearest_offer(&near, section_names[i]);
    }
    nearest_text(&near, hint, sizeof(hint));
    return FAIL(
        r, "unknown section [%s]%s", word,
        *hint
            ? hint
            : "; want [machine], [node N], [device NAME], [cgroup NAME], [file NAME], [task NAME], "
              "[write NAME], [rm NAME] or [rmdir NAME]");
}

static int open_section(struct reader *r, char *header)
{
    char *name = header + strcspn(header, " \t");
    struct scenario_head head = {.line = r->line};
    enum scenario_section section = SCENARIO_MACHINE;

    if (*name)
        *name++ = '\0';
    name += strspn(name, " \t");
    if (find_section(r, header, &section))
        return -EINVAL;
    if (section == SCENARIO_MACHINE && *name)
        return FAIL(r, "[machine] has no name: there is one machine");
    if (section == SCENARIO_NODE && !nid_ok(name))
        return FAIL(r, "[node %s]: a node has a number from 0 to %u, as in [node 0]", name,
                    MAX_NUMNODES - 1);
    if (section != SCENARIO_MACHINE && !name_ok(name, section == SCENARIO_CGROUP))
        return FAIL(r,
                    "[%s %s]: a name is 1 to %d letters, digits, '-', '_' and '.'%s, as in [%s %s]",
                    header, name, NAME_LEN_MAX,
                    section == SCENARIO_CGROUP ? ", with '/' between parts" : "", header,
                    section == SCENARIO_CGROUP ? "app/web" : "web");
    if (count_of(r->sc, section) >= SECTIONS_MAX)
        return FAIL(r, "more than %u sections [%s]", SECTIONS_MAX, header);
    for (size_t i = 0; i < count_of(r->sc, section); i++) {
        const struct scenario_head *other = head_of(r->sc, section, i);

        if (section == SCENARIO_MACHINE || strcmp(other->name, name) == 0)
            return FAIL(r, "[%s%s%s] is there already, at line %u", header, *name ? " " : "", name,
                        other->line);
    }
    head.name = arena_strdup(&r->sc->arena, name);
    r->section = section;
    r->index = count_of(r->sc, section);
    r->open = true;
    add_section(r->sc, section, head);
    return 0;
}

/* Look at a line before inih does. */
static int look_at_line(struct reader *r, const char *line, size_t len)
{
    char header[SECTION_LEN_MAX + 1];
    const char *close;

    if (r->line == 1 && len >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0) {
        line += 3;
        len -= 3;
    }
    if (!len || *line != '[')
        return 0;
    close = memchr(line, ']', len);
    if (!close)
        return FAIL(r, "no ']' after '['");
    len = (size_t)(close - line - 1);
    if (len > SECTION_LEN_MAX)
        return FAIL(r, "a section's header is at most %d bytes long", SECTION_LEN_MAX);
    memcpy(header, line + 1, len);
    header[len] = '\0';
    return open_section(r, header);
}

/* A value that inih has no room for is kept aside, as inih would have taken it: trimmed, without a
 * comment behind it. */
static char *keep_long_value(struct reader *r, const char *line, size_t len, char *buf, int size)
{
    const char *assign = line, *end = line + len, *from, *to;
    size_t key;

    while (assign < end && *assign != '=' && *assign != ':')
        assign++;
    key = (size_t)(assign - line);
    if (assign == end || key + 4 > (size_t)size || len > LINE_LEN_MAX) {
        FAIL(r, "a line of %zu bytes; want at most %d", len, LINE_LEN_MAX);
        return NULL;
    }
    for (from = to = assign + 1; to < end; to++)
        if (*to == ';' && (to[-1] == ' ' || to[-1] == '\t'))
            break;
    while (from < to && strchr(" \t\r", *from))
        from++;
    while (to > from && strchr(" \t\r", to[-1]))
        to--;
    r->value = arena_alloc(&r->sc->arena, (size_t)(to - from) + 1);
    memcpy(r->value, from, (size_t)(to - from));
    r->value[to - from] = '\0';
    memcpy(buf, line, key);
    memcpy(buf + key, "=\n", 3);
    return buf;
}

/* fgets() for inih. */
static char *read_line(char *buf, int size, void *reader)
{
    struct reader *r = reader;
    const char *newline, *line;
    size_t len;

    if (r->error || r->at == r->end)
        return NULL;
    r->line++;
    newline = memchr(r->at, '\n', (size_t)(r->end - r->at));
    line = r->at;
    len = newline ? (size_t)(newline - line) : (size_t)(r->end - line);
    r->at = newline ? newline + 1 : r->end;
    if (memchr(line, '\0', len)) {
        FAIL(r, "a zero byte: this is not a scenario, which is a text");
        return NULL;
    }
    /* To inih a line that begins with a blank goes on with the value before. Here one may
     * indent. */
    for (; len && (*line == ' ' || *line == '\t'); len--)
        line++;
    if (len && (*line == '#' || *line == ';'))
        len = 0; /* comments may be as long as they like */
    r->value = NULL;
    if (look_at_line(r, line, len))
        return NULL;
    if (len + 2 > (size_t)size)
        return keep_long_value(r, line, len, buf, size);
    memcpy(buf, line, len);
    memcpy(buf + len, "\n", 2);
    return buf;
}

/* --- keys ------------------------------------------------------------------------------------- */

static int unknown_key(struct reader *r, const char *name)
{
    struct nearest near;
    char hint[160];

    nearest_init(&near, name);
    for (unsigned i = 0; i < NR_SCENARIO_KEYS; i++)
        if (scenario_keys[i].section == r->section)
            nearest_offer(&near, scenario_keys[i].name);
    for (unsigned i = 0; r->section == SCENARIO_MACHINE && i < NR_MACHINE_OPTIONS; i++)
        nearest_offer(&near, machine_option_info[i].name);
    nearest_text(&near, hint, sizeof(hint));
    if (r->section == SCENARIO_MACHINE && *system_config_boot_hint(name))
        snprintf(hint, sizeof(hint), "%s", system_config_boot_hint(name));
    if (!*hint && machine_option_find(name) < NR_MACHINE_OPTIONS)
        snprintf(hint, sizeof(hint), "; '%s' belongs in [machine]", name);
    for (unsigned i = 0; !*hint && i < NR_SCENARIO_KEYS; i++)
        if (strcmp(scenario_keys[i].name, name) == 0)
            snprintf(hint, sizeof(hint), "; '%s' belongs in [%s]", name,
                     section_names[scenario_keys[i].section]);
    return FAIL(r, "unknown key '%s' in [%s]%s", name, section_names[r->section], hint);
}

static int given_twice(struct reader *r, const struct scenario_head *head, const char *name)
{
    return FAIL(r, "%s is given twice in [%s%s%s]", name, section_names[r->section],
                *head->name ? " " : "", head->name);
}

/* Is what the key sets given by its other name? */
static bool twin_given(const struct reader *r, const char *key, const char **ret_twin)
{
    const struct tunable_info *tunable;
    enum machine_option option;

    *ret_twin = system_config_twin(key);
    if (!*ret_twin)
        return false;
    option = machine_option_find(*ret_twin);
    tunable = tunable_find(*ret_twin);
    return option < NR_MACHINE_OPTIONS ? r->sc->machine.line[option] != 0
                                       : r->tunables[tunable - tunable_info];
}

/* ram = 4G: an option of the machine. A device may be one of the scenario's own, which come later:
 * scenario_check.c looks. */
static int take_option(struct reader *r, enum machine_option option, const char *value)
{
    struct scenario_machine *m = &r->sc->machine;
    enum machine_kind kind = machine_option_info[option].kind;
    const char *name = machine_option_info[option].name, *twin;

    if (m->line[option])
        return given_twice(r, &m->head, name);
    if (twin_given(r, name, &twin))
        return FAIL(r, "%s and %s set the same; want one of them", twin, name);
    m->line[option] = r->line;
    if (!*value)
        return FAIL(r, "%s has no value", name);
    if (kind == MACHINE_DISK || kind == MACHINE_DEVICE)
        machine_option_set_name(&m->config, option, arena_strdup(&r->sc->arena, value));
    else if (machine_option_set(&m->config, option, name, value, r->e))
        return fail_at(r, r->line);
    return 0;
}

/* A key of [machine] that has no row in scenario_keys.def: an option, a tunable (vm.swappiness =
 * 10), a cost. */
static int take_machine_key(struct reader *r, const char *name, const char *value)
{
    enum machine_option option = machine_option_find(name);
    const struct tunable_info *tunable = tunable_find(name);
    const char *twin;

    if (option < NR_MACHINE_OPTIONS)
        return take_option(r, option, value);
    if (!strchr(name, '.') && !tunable) /* as khugepaged/defrag has none */
        return unknown_key(r, name);
    if (tunable) {
        bool *given = &r->tunables[tunable - tunable_info];

        if (*given)
            return given_twice(r, &r->sc->machine.head, tunable->key);
        if (twin_given(r, tunable->key, &twin))
            return FAIL(r, "%s and %s set the same; want one of them", twin, tunable->key);
        *given = true;
    }
    return system_config_set(&r->sc->machine.config, name, value, r->e) ? fail_at(r, r->line) : 0;
}

/* inih's handler: 1 is right, 0 an error. */
static int take_key(void *reader, const char *section, const char *name, const char *value)
{
    struct reader *r = reader;
    struct scenario_head *head;

    (void)section;
    if (r->error)
        return 0;
    if (r->value)
        value = r->value;
    if (!r->open) {
        FAIL(r, "'%s' stands before the first section; want a line such as [machine] before it",
             name);
        return 0;
    }
    head = head_of(r->sc, r->section, r->index);
    for (unsigned i = 0; i < NR_SCENARIO_KEYS; i++) {
        const struct scenario_key *key = &scenario_keys[i];

        if (key->section != r->section || strcmp(key->name, name) != 0)
            continue;
        if (scenario_given(head, (enum scenario_key_id)i)) {
            given_twice(r, head, name);
            return 0;
        }
        head->key_line[i] = r->line;
        if (scenario_value(r->sc, key, head, r->line, value, r->e)) {
            if (!strstr(r->e->text, name)) {
                struct err of = *r->e;

                err_set(r->e, -EINVAL, "%s: %s", name, of.text);
            }
            fail_at(r, r->line);
            return 0;
        }
        return 1;
    }
    if (r->section == SCENARIO_MACHINE)
        return !take_machine_key(r, name, value);
    unknown_key(r, name);
    return 0;
}

/* --- the whole -------------------------------------------------------------------------------- */

static int read_bytes(struct scenario *sc, const char *path, const char *text, size_t len,
                      enum scenario_purpose purpose, struct err *e)
{
    struct err own = {0};
    struct reader r = {.sc = sc, .e = e ? e : &own, .at = text, .end = text + len};
    int rc;

    *sc = (struct scenario){.purpose = purpose};
    arena_init(&sc->arena);
    sc->path = arena_strdup(&sc->arena, path);
    sc->machine = (struct scenario_machine){.head = {.name = ""}};
    system_config_init(&sc->machine.config);
    r.tunables = arena_array(&sc->arena, bool, nr_tunables);
    rc = ini_parse_stream(read_line, &r, take_key, &r);
    if (r.error)
        return r.error;
    if (rc > 0) {
        r.line = (unsigned)rc;
        return FAIL(&r, "neither a [section] nor KEY = VALUE");
    }
    if (rc < 0)
        return err_at(r.e, -ENOMEM, path, 0, 0, "out of memory");
    system_config_settle_swap(&sc->machine.config, sc->machine.config.ram_bytes);
    return scenario_check(sc, r.e);
}

int scenario_read_bytes(struct scenario *sc, const char *path, const char *text, size_t len,
                        struct err *e)
{
    return read_bytes(sc, path, text, len, SCENARIO_TO_RUN, e);
}

static int read_file(struct scenario *sc, const char *path, enum scenario_purpose purpose,
                     struct err *e)
{
    char *text;
    size_t len = 0;
    ssize_t n;
    int fd = open(path, O_RDONLY | O_CLOEXEC), rc;

    *sc = (struct scenario){0};
    arena_init(&sc->arena);
    if (fd < 0)
        return err_at(e, -errno, path, 0, 0, "cannot open it: %s", strerror(errno));
    text = xmalloc(FILE_BYTES_MAX + 1);
    while (len <= FILE_BYTES_MAX && (n = read(fd, text + len, FILE_BYTES_MAX + 1 - len)) > 0)
        len += (size_t)n;
    rc = len <= FILE_BYTES_MAX && n < 0 ? -errno : 0;
    close(fd);
    if (rc)
        rc = err_at(e, rc, path, 0, 0, "cannot read it: %s", strerror(-rc));
    else if (len > FILE_BYTES_MAX)
        rc = err_at(e, -EINVAL, path, 0, 0, "longer than 4 MiB: this is not a scenario");
    else
        rc = read_bytes(sc, path, text, len, purpose, e);
    free(text);
    return rc;
}

int scenario_read(struct scenario *sc, const char *path, struct err *e)
{
    return read_file(sc, path, SCENARIO_TO_RUN, e);
}

int scenario_read_machine(struct scenario *sc, const char *path, struct err *e)
{
    return read_file(sc, path, SCENARIO_MACHINE_ALONE, e);
}

int scenario_read_open(struct scenario *sc, const char *path, struct err *e)
{
    return read_file(sc, path, SCENARIO_OPEN, e);
}

void scenario_done(struct scenario *sc)
{
    vec_done(&sc->nodes);
    vec_done(&sc->devices);
    vec_done(&sc->cgroups);
    vec_done(&sc->files);
    vec_done(&sc->tasks);
    vec_done(&sc->writes);
    vec_done(&sc->rms);
    vec_done(&sc->rmdirs);
    arena_done(&sc->arena);
}

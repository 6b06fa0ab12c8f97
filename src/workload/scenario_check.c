/* scenario_check.c - what no single value of a scenario shows: names that exist, tasks that can run
 * and end. */
#include "workload/scenario_int.h"

#include "machine/device.h"
#include "stats/names.h"
#include "system/system.h"

#include <stdio.h>
#include <string.h>

#define STREAMS_MAX 16384u

static int fail(const struct scenario *sc, unsigned line, struct err *e, const char *what,
                const char *name, const char *hint)
{
    return err_at(e, -EINVAL, sc->path, line, 0, "%s '%s'%s", what, name, hint);
}

const struct scenario_device *scenario_find_device(const struct scenario *sc, const char *name)
{
    for (size_t i = 0; i < sc->devices.count; i++)
        if (strcmp(sc->devices.items[i].head.name, name) == 0)
            return &sc->devices.items[i];
    return NULL;
}

static int check_device(const struct scenario *sc, const struct scenario_name *name, struct err *e)
{
    struct nearest near;
    char hint[160];

    if (!name->text || scenario_find_device(sc, name->text) || device_profile_find(name->text))
        return 0;
    nearest_init(&near, name->text);
    for (size_t i = 0; i < sc->devices.count; i++)
        nearest_offer(&near, sc->devices.items[i].head.name);
    for (unsigned i = 0; i < nr_device_profiles; i++)
        nearest_offer(&near, device_profiles[i].name);
    return fail(sc, name->line, e, "no such device", name->text,
                nearest_text(&near, hint, sizeof(hint)));
}

/* Can files be on it? */
static int check_disk(const struct scenario *sc, const struct scenario_name *disk, struct err *e)
{
    const struct scenario_device *own = disk->text ? scenario_find_device(sc, disk->text) : NULL;
    const struct device_profile *profile =
        disk->text ? device_profile_find(own ? own->base : disk->text) : NULL;
    char names[80], hint[128];

    snprintf(hint, sizeof(hint), ": a zram holds swap; want one of %s",
             device_profile_names(names, sizeof(names), false));
    if (profile && profile->compressed)
        return fail(sc, disk->line, e, "files cannot be on", disk->text, hint);
    return check_device(sc, disk, e);
}

/* Only zram compresses. */
static int check_zram(const struct scenario *sc, struct err *e)
{
    for (size_t i = 0; i < sc->devices.count; i++) {
        const struct scenario_device *d = &sc->devices.items[i];

        if ((d->compressor || d->ratio || d->mem_limit) &&
            !device_profile_find(d->base)->compressed)
            return fail(sc,
                        scenario_line(&d->head, d->compressor ? KEY_DEVICE_compressor
                                                : d->ratio    ? KEY_DEVICE_ratio
                                                              : KEY_DEVICE_mem_limit),
                        e, "compressor, ratio and mem_limit need profile = zram in device",
                        d->head.name, "");
    }
    return 0;
}

static int check_swap_times(const struct scenario *sc, struct err *e)
{
    const struct system_config *c = &sc->machine.config;
    const char *machine = c->swap_device ? c->swap_device : c->disk;

    for (size_t i = 0; i < sc->devices.count; i++) {
        const struct scenario_device *d = &sc->devices.items[i];
        bool has_area = d->swap || (c->swap_bytes && strcmp(machine, d->head.name) == 0);

        if (d->swap && c->swap_bytes && strcmp(machine, d->head.name) == 0)
            return fail(sc, scenario_line(&d->head, KEY_DEVICE_swap), e,
                        "swap is given here and in [machine] for device", d->head.name,
                        "; want it once: there is one area on a device");
        if ((d->swapon || d->swapoff) && !has_area)
            return fail(sc,
                        scenario_line(&d->head, d->swapon ? KEY_DEVICE_swapon : KEY_DEVICE_swapoff),
                        e, "swapon and swapoff need swap = SIZE in device", d->head.name, "");
        if (d->swapoff && d->swapoff <= d->swapon)
            return fail(sc, scenario_line(&d->head, KEY_DEVICE_swapoff), e,
                        "swapoff is not after swapon in device", d->head.name, "");
    }
    return 0;
}

static unsigned topology_own_line(const struct scenario *sc, unsigned nid)
{
    static const enum machine_option options[] = {MACHINE_OPTION_nr_nodes, MACHINE_OPTION_ram_bytes,
                                                  MACHINE_OPTION_nr_cpus};

    for (size_t i = 0; i < sc->nodes.count; i++)
        if (scenario_nid(&sc->nodes.items[i].head) == nid)
            return sc->nodes.items[i].head.line;
    for (unsigned i = 0; i < ARRAY_SIZE(options); i++)
        if (sc->machine.line[options[i]])
            return sc->machine.line[options[i]];
    return sc->nodes.count ? sc->nodes.items[0].head.line : sc->machine.head.line;
}

/* The option of [machine] without which the nodes would do; NR_MACHINE_OPTIONS: it is not one of
 * these. */
static enum machine_option placement_to_blame(const struct scenario *sc)
{
    struct system_config plain = sc->machine.config;
    struct topology topology;
    unsigned nid;

    plain.cpunodebind = 0;
    if (system_config_topology(&plain, &topology, &nid, NULL) == 0)
        return MACHINE_OPTION_cpunodebind;
    plain.cpunodebind = sc->machine.config.cpunodebind;
    plain.numa = (struct mempolicy){0};
    if (system_config_topology(&plain, &topology, &nid, NULL) == 0)
        return MACHINE_OPTION_numa;
    plain.numa = sc->machine.config.numa;
    plain.movable_bytes = 0;
    if (system_config_topology(&plain, &topology, &nid, NULL) == 0)
        return MACHINE_OPTION_movable_bytes;
    return NR_MACHINE_OPTIONS;
}

/* The line of what is to blame: a policy, a node's section; else the first option that has a
 * say. */
static unsigned topology_line(const struct scenario *sc, unsigned nid)
{
    enum machine_option placement = placement_to_blame(sc);

    if (placement != NR_MACHINE_OPTIONS && sc->machine.line[placement])
        return sc->machine.line[placement];
    return topology_own_line(sc, nid);
}

static int check_topology(const struct scenario *sc, struct err *e)
{
    struct topology topology;
    struct err why = {0};
    unsigned nid;

    if (system_config_topology(&sc->machine.config, &topology, &nid, &why) == 0)
        return 0;
    return err_at(e, -EINVAL, sc->path, topology_line(sc, nid), 0, "%s", why.text);
}

static int check_machine(const struct scenario *sc, struct err *e)
{
    const struct scenario_machine *m = &sc->machine;
    const struct scenario_name disk = {m->config.disk, m->line[MACHINE_OPTION_disk]};
    const struct scenario_name swap_device = {m->config.swap_device,
                                              m->line[MACHINE_OPTION_swap_device]};
    unsigned areas = m->config.swap_bytes > 0;

    for (size_t i = 0; i < sc->devices.count; i++) {
        areas += sc->devices.items[i].swap > 0;
        if (device_profile_find(sc->devices.items[i].head.name))
            return fail(sc, sc->devices.items[i].head.line, e, "there is a shipped device",
                        sc->devices.items[i].head.name, "; give this one another name");
    }
    if (areas > SWAPS_MAX)
        return err_at(e, -EINVAL, sc->path, 0, 0, "%u swap areas; want at most %u", areas,
                      SWAPS_MAX);
    if (check_topology(sc, e) || check_disk(sc, &disk, e))
        return -EINVAL;
    if (check_device(sc, &swap_device, e) || check_zram(sc, e))
        return -EINVAL;
    return check_swap_times(sc, e);
}

/* Is the i-th file's device another than that of all before it? */
static bool is_new_disk(const struct scenario *sc, size_t i)
{
    const char *name = sc->files.items[i].device.text;

    if (!name)
        return false;
    for (size_t k = 0; k < i; k++)
        if (sc->files.items[k].device.text && strcmp(sc->files.items[k].device.text, name) == 0)
            return false;
    return true;
}

static int check_files(struct scenario *sc, struct err *e)
{
    unsigned disks = 1;

    for (size_t i = 0; i < sc->files.count; i++) {
        struct scenario_file *f = &sc->files.items[i];

        if (!scenario_given(&f->head, KEY_FILE_path) &&
            (f->kind == SCENARIO_MEMFD || f->kind == SCENARIO_SYSV))
            f->path = f->kind == SCENARIO_SYSV
                          ? "/SYSV00000000"
                          : arena_printf(&sc->arena, "/memfd:%s", f->head.name);
        if (!f->size)
            return fail(sc, f->head.line, e, "no size of file", f->head.name,
                        "; want a line such as size = 1G");
        if (f->kind && f->device.text)
            return fail(sc, f->device.line, e, "what is in memory is on no device: file",
                        f->head.name, "");
        if (f->limit && f->kind != SCENARIO_TMPFS)
            return fail(sc, scenario_line(&f->head, KEY_FILE_limit), e,
                        "limit is for a tmpfs: file", f->head.name, "; want kind = tmpfs");
        if (check_disk(sc, &f->device, e))
            return -EINVAL;
        disks += is_new_disk(sc, i);
    }
    if (disks > DISKS_MAX)
        return err_at(e, -EINVAL, sc->path, 0, 0, "files on %u devices; want at most %u", disks,
                      DISKS_MAX);
    return 0;
}

static int find_file(const struct scenario *sc, const struct scenario_name *name, int *ret_index,
                     struct err *e)
{
    struct nearest near;
    char hint[160];

    nearest_init(&near, name->text);
    for (size_t i = 0; i < sc->files.count; i++) {
        if (strcmp(sc->files.items[i].head.name, name->text) == 0) {
            *ret_index = (int)i;
            return 0;
        }
        nearest_offer(&near, sc->files.items[i].head.name);
    }
    return fail(sc, name->line, e, "no section for file", name->text,
                nearest_text(&near, hint, sizeof(hint)));
}

static int find_names(struct scenario *sc, struct scenario_task *t, struct err *e)
{
    struct nearest near;
    char hint[160];
    bool found = !t->cgroup.text || strcmp(t->cgroup.text, "/") == 0;

    nearest_init(&near, t->cgroup.text ? t->cgroup.text : "");
    for (size_t i = 0; i < sc->cgroups.count && !found; i++) {
        found = strcmp(sc->cgroups.items[i].head.name, t->cgroup.text) == 0;
        nearest_offer(&near, sc->cgroups.items[i].head.name);
    }
    if (!found)
        return fail(sc, t->cgroup.line, e, "no section for cgroup", t->cgroup.text,
                    nearest_text(&near, hint, sizeof(hint)));
    return t->file.text ? find_file(sc, &t->file, &t->file_index, e) : 0;
}

/* Keys that say how work is generated mean nothing for a recording. */
static int check_trace_task(const struct scenario *sc, const struct scenario_task *t, struct err *e)
{
    for (unsigned i = 0; i < NR_SCENARIO_KEYS; i++) {
        if (scenario_keys[i].section != SCENARIO_TASK || i == KEY_TASK_trace ||
            i == KEY_TASK_cgroup || i == KEY_TASK_nice || i == KEY_TASK_oom_score_adj ||
            i == KEY_TASK_start || i == KEY_TASK_uid || i == KEY_TASK_policy || i == KEY_TASK_cpus)
            continue;
        if (scenario_given(&t->head, (enum scenario_key_id)i))
            return err_at(e, -EINVAL, sc->path, scenario_line(&t->head, (enum scenario_key_id)i), 0,
                          "[task %s]: %s has no meaning beside trace; want only cgroup, nice, "
                          "oom_score_adj, uid, numa, cpus and start",
                          t->head.name, scenario_keys[i].name);
    }
    return 0;
}

static int check_patterns(const struct scenario *sc, const struct scenario_task *t, struct err *e)
{
    bool uses_file = t->read.kind || t->write.kind || t->map.kind;
    const struct scenario_head *head = &t->head;
    static const enum scenario_key_id users[] = {KEY_TASK_read, KEY_TASK_write, KEY_TASK_map};
    enum scenario_key_id of = KEY_TASK_file; /* whom the message is about */

    for (unsigned i = 0; i < ARRAY_SIZE(users) && !t->file.text; i++)
        if (scenario_given(head, users[i]))
            of = users[i];
    if (uses_file != (t->file.text != NULL))
        return err_at(e, -EINVAL, sc->path, scenario_line(head, of), 0, "[task %s]: %s",
                      t->head.name,
                      uses_file ? "read, write and map need file = NAME of a [file]"
                                : "file is used by none of read, write and map");
    if (t->touch.kind && !t->memory && !t->preload && !t->grow)
        return err_at(e, -EINVAL, sc->path, scenario_line(head, KEY_TASK_touch), 0,
                      "[task %s]: touch needs memory = SIZE (or preload, or grow)", t->head.name);
    if (t->touch.kind == PATTERN_APPEND || t->read.kind == PATTERN_APPEND ||
        t->map.kind == PATTERN_APPEND)
        return err_at(e, -EINVAL, sc->path,
                      scenario_line(head, t->touch.kind == PATTERN_APPEND  ? KEY_TASK_touch
                                          : t->read.kind == PATTERN_APPEND ? KEY_TASK_read
                                                                           : KEY_TASK_map),
                      0, "[task %s]: append is a pattern of write only", t->head.name);
    if (t->file_index >= 0 && sc->files.items[t->file_index].kind == SCENARIO_SYSV &&
        (t->read.kind || t->write.kind))
        return err_at(e, -EINVAL, sc->path,
                      scenario_line(head, t->read.kind ? KEY_TASK_read : KEY_TASK_write), 0,
                      "[task %s]: a segment (sysv) can only be mapped; want map = PATTERN",
                      t->head.name);
    if (t->fsync && !t->write.kind)
        return err_at(e, -EINVAL, sc->path, scenario_line(head, KEY_TASK_fsync), 0,
                      "[task %s]: fsync needs write = PATTERN", t->head.name);
    return 0;
}

/* Nodes and CPUs that a group names must be there, and the nodes have memory. */
static int check_cpuset(const struct scenario *sc, const struct scenario_cgroup *c, struct err *e)
{
    struct topology topology;
    unsigned nid;
    u64 cpus, mems;

    system_config_topology(&sc->machine.config, &topology, &nid, NULL); /* check_topology() did */
    cpus = c->cpus & ~(UINT64_MAX >> (64 - topology.nr_cpus));
    mems = c->mems & ~topology_memory_nodes(&topology);
    if (cpus)
        return err_at(e, -EINVAL, sc->path, scenario_line(&c->head, KEY_CGROUP_cpus), 0,
                      "[cgroup %s]: cpuset.cpus: there is no CPU %u: the machine has %u",
                      c->head.name, (unsigned)__builtin_ctzll(cpus), topology.nr_cpus);
    if (mems)
        return err_at(
            e, -EINVAL, sc->path, scenario_line(&c->head, KEY_CGROUP_mems), 0,
            "[cgroup %s]: cpuset.mems: there is no node %u with memory: the machine has %u",
            c->head.name, (unsigned)__builtin_ctzll(mems), topology.nr_nodes);
    return 0;
}

/* What the group of that path, or the nearest above it, says of CPUs, or of nodes; UINT64_MAX:
 * nothing. */
static u64 cpuset_of(const struct scenario *sc, const char *path, bool cpus)
{
    size_t len = strlen(path);

    while (len) {
        for (size_t i = 0; i < sc->cgroups.count; i++) {
            const struct scenario_cgroup *c = &sc->cgroups.items[i];
            u64 set = cpus ? c->cpus : c->mems;

            if (set && strlen(c->head.name) == len && memcmp(c->head.name, path, len) == 0)
                return set;
        }
        while (len && path[--len] != '/')
            ;
    }
    return UINT64_MAX;
}

static bool writes_cpusets(const struct scenario *sc)
{
    for (size_t i = 0; i < sc->writes.count; i++)
        if (strstr(sc->writes.items[i].file, "cpuset."))
            return true;
    return false;
}

/* A task that wants none of what its cpuset has gets something else: Linux refuses the call
 * (EINVAL). */
static int check_against_cpuset(const struct scenario *sc, const struct scenario_task *t,
                                struct err *e)
{
    u64 cpus, mems;

    if (!t->cgroup.text || writes_cpusets(sc))
        return 0;
    cpus = cpuset_of(sc, t->cgroup.text, true);
    mems = cpuset_of(sc, t->cgroup.text, false);
    if (t->policy.nodes && !(t->policy.nodes & mems))
        return err_at(e, -EINVAL, sc->path, scenario_line(&t->head, KEY_TASK_policy), 0,
                      "[task %s]: numa: no node of it is in cpuset.mems of [cgroup %s]",
                      t->head.name, t->cgroup.text);
    if (t->cpus && !(t->cpus & cpus))
        return err_at(e, -EINVAL, sc->path, scenario_line(&t->head, KEY_TASK_cpus), 0,
                      "[task %s]: cpus: none of them is in cpuset.cpus of [cgroup %s]",
                      t->head.name, t->cgroup.text);
    return 0;
}

/* Nodes and CPUs that a task names must be there. */
static int check_placement(const struct scenario *sc, struct scenario_task *t, struct err *e)
{
    struct topology topology;
    struct err why = {0};
    unsigned nid;
    u64 all;

    system_config_topology(&sc->machine.config, &topology, &nid, NULL); /* check_topology() did */
    if (mempolicy_fit(&t->policy, &topology, &why))
        return err_at(e, -EINVAL, sc->path, scenario_line(&t->head, KEY_TASK_policy), 0,
                      "[task %s]: numa: %s", t->head.name, why.text);
    all = UINT64_MAX >> (64 - topology.nr_cpus);
    if (t->cpus & ~all)
        return err_at(e, -EINVAL, sc->path, scenario_line(&t->head, KEY_TASK_cpus), 0,
                      "[task %s]: there is no CPU %u: the machine has %u", t->head.name,
                      (unsigned)__builtin_ctzll(t->cpus & ~all), topology.nr_cpus);
    return 0;
}

/* Is there something that a request does? One that does nothing is none (request() of
 * generator.c). */
static bool requests_work(const struct scenario_task *t)
{
    return t->touch.kind || t->read.kind || t->write.kind || t->map.kind || t->grow || t->leak ||
           t->kernel_leak || t->array || t->receive > 0 || t->walk > 0;
}

static int check_task(struct scenario *sc, struct scenario_task *t, struct err *e)
{
    static const unsigned of_packets[] = {KEY_TASK_packet, KEY_TASK_ring};

    if (find_names(sc, t, e) || check_placement(sc, t, e) || check_against_cpuset(sc, t, e))
        return -EINVAL;
    if (t->trace)
        return check_trace_task(sc, t, e);
    if (check_patterns(sc, t, e))
        return -EINVAL;
    if (!requests_work(t) && !t->memory && !t->preload && !t->sockets && !t->pin)
        return err_at(e, -EINVAL, sc->path, t->head.line, 0,
                      "[task %s] does nothing; want trace, memory, grow, leak, read, write, map or "
                      "another key that uses memory",
                      t->head.name);
    if (t->madvise && (t->hugetlb || (!t->memory && !t->preload && !t->grow && !t->leak)))
        return err_at(e, -EINVAL, sc->path, scenario_line(&t->head, KEY_TASK_madvise), 0,
                      "[task %s]: madvise %s", t->head.name,
                      t->hugetlb ? "is not for pages of the pool; want it without hugetlb"
                                 : "needs memory = SIZE (or preload, grow or leak)");
    if (t->pin_user && t->hugetlb)
        return err_at(e, -EINVAL, sc->path, scenario_line(&t->head, KEY_TASK_pin_user), 0,
                      "[task %s]: pin_user is not for pages of the pool: that is not modelled; "
                      "want it without hugetlb",
                      t->head.name);
    if (t->hugetlb && !t->memory && !t->preload)
        return err_at(e, -EINVAL, sc->path, scenario_line(&t->head, KEY_TASK_hugetlb), 0,
                      "[task %s]: hugetlb needs memory = SIZE (or preload)", t->head.name);
    for (unsigned i = 0; i < ARRAY_SIZE(of_packets) && t->receive <= 0; i++)
        if (scenario_given(&t->head, of_packets[i]))
            return err_at(e, -EINVAL, sc->path, scenario_line(&t->head, of_packets[i]), 0,
                          "[task %s]: %s is of network packets; want receive = NUMBER/s",
                          t->head.name, scenario_keys[of_packets[i]].name);
    if (t->pin_user > t->memory)
        return err_at(
            e, -EINVAL, sc->path, scenario_line(&t->head, KEY_TASK_pin_user), 0,
            "[task %s]: pin_user is more than the memory that it could pin; want memory = "
            "at least as much",
            t->head.name);
    if (!t->requests && !t->stop && !sc->machine.runtime && sc->purpose != SCENARIO_OPEN)
        return err_at(e, -EINVAL, sc->path, t->head.line, 0,
                      "[task %s] never ends; want stop, requests, or runtime in [machine]",
                      t->head.name);
    if (t->stop && t->stop <= t->start)
        return err_at(e, -EINVAL, sc->path, scenario_line(&t->head, KEY_TASK_stop), 0,
                      "[task %s]: stop is not after start", t->head.name);
    return 0;
}

/* --- what is done to the machine meanwhile ---------------------------------------------------- */
/* Will there be a cgroup of this path: a section, or a parent of one? */
static bool group_exists(const struct scenario *sc, const char *path)
{
    size_t len;

    path += strspn(path, "/");
    len = strlen(path);
    for (size_t i = 0; i < sc->cgroups.count; i++) {
        const char *name = sc->cgroups.items[i].head.name;

        if (strncmp(name, path, len) == 0 && (!name[len] || name[len] == '/'))
            return true;
    }
    return len == 0;
}

static int no_group(const struct scenario *sc, unsigned line, const char *path, struct err *e)
{
    struct nearest near;
    char hint[160];

    nearest_init(&near, path);
    for (size_t i = 0; i < sc->cgroups.count; i++)
        nearest_offer(&near, sc->cgroups.items[i].head.name);
    return fail(sc, line, e, "no section for cgroup", path,
                nearest_text(&near, hint, sizeof(hint)));
}

static int lacks(const struct scenario *sc, const struct scenario_head *head, const char *section,
                 const char *key, const char *example, struct err *e)
{
    return err_at(e, -EINVAL, sc->path, head->line, 0, "[%s %s]: no %s; want a line such as %s",
                  section, head->name, key, example);
}

/* cgroup.procs takes the name of a [task] as well: all its processes. */
static void find_task(const struct scenario *sc, struct scenario_write *w)
{
    size_t len = strlen(w->file);

    if (len < sizeof("/cgroup.procs") - 1 || strcmp(strrchr(w->file, '/'), "/cgroup.procs") != 0)
        return;
    for (size_t i = 0; i < sc->tasks.count; i++)
        if (strcmp(sc->tasks.items[i].head.name, w->value) == 0)
            w->task_index = (int)i;
}

static int check_write(const struct scenario *sc, struct scenario_write *w, struct err *e)
{
    struct err why = {0};

    if (!w->file)
        return lacks(sc, &w->head, "write", "file", "file = /proc/sys/vm/swappiness", e);
    if (!w->value)
        return lacks(sc, &w->head, "write", "value", "value = 100", e);
    if (*w->file != '/')
        return err_at(e, -EINVAL, sc->path, scenario_line(&w->head, KEY_WRITE_file), 0,
                      "[write %s]: file is a whole path, as in /proc/sys/vm/swappiness",
                      w->head.name);
    find_task(sc, w);
    if (control_parse(w->file, w->task_index < 0 ? w->value : "0", &w->control, &why)) {
        if (control_parse(w->file, "0", &w->control, NULL) == 0 && control_is_procs(&w->control))
            err_set(&why, -EINVAL, "cgroup.procs wants a pid or the name of a [task], not '%s'",
                    w->value);
        return err_at(
            e, -EINVAL, sc->path,
            scenario_line(&w->head, control_is_file(w->file) ? KEY_WRITE_value : KEY_WRITE_file), 0,
            "[write %s]: %s", w->head.name, why.text);
    }
    if (w->control.tunable && w->control.tunable->effect == TUNABLE_KEPT)
        return err_at(e, -EINVAL, sc->path, scenario_line(&w->head, KEY_WRITE_file), 0,
                      "[write %s]: %s changes nothing here: it is not modelled", w->head.name,
                      w->control.tunable->key);
    if (control_is_group(&w->control) && !group_exists(sc, w->control.group))
        return no_group(sc, scenario_line(&w->head, KEY_WRITE_file), w->control.group + 1, e);
    return 0;
}

static int check_rmdir(const struct scenario *sc, const struct scenario_rmdir *r, struct err *e)
{
    if (!r->cgroup.text)
        return lacks(sc, &r->head, "rmdir", "cgroup", "cgroup = web", e);
    if (!group_exists(sc, r->cgroup.text) || !r->cgroup.text[strspn(r->cgroup.text, "/")])
        return no_group(sc, r->cgroup.line, r->cgroup.text, e);
    return 0;
}

static int check_rm(const struct scenario *sc, struct scenario_rm *r, struct err *e)
{
    if (!r->file.text)
        return lacks(sc, &r->head, "rm", "file", "file = db", e);
    return find_file(sc, &r->file, &r->file_index, e);
}

static int check_acts(const struct scenario *sc, struct err *e)
{
    for (size_t i = 0; i < sc->writes.count; i++)
        if (check_write(sc, &sc->writes.items[i], e))
            return -EINVAL;
    for (size_t i = 0; i < sc->rms.count; i++)
        if (check_rm(sc, &sc->rms.items[i], e))
            return -EINVAL;
    for (size_t i = 0; i < sc->rmdirs.count; i++)
        if (check_rmdir(sc, &sc->rmdirs.items[i], e))
            return -EINVAL;
    return 0;
}

int scenario_check(struct scenario *sc, struct err *e)
{
    u64 streams = 0;

    if (check_machine(sc, e) || check_files(sc, e))
        return -EINVAL;
    for (size_t i = 0; i < sc->cgroups.count; i++)
        if (check_cpuset(sc, &sc->cgroups.items[i], e))
            return -EINVAL;
    for (size_t i = 0; i < sc->tasks.count; i++) {
        if (check_task(sc, &sc->tasks.items[i], e))
            return -EINVAL;
        streams += 1 + sc->tasks.items[i].workers;
    }
    if (streams == 0 && sc->purpose != SCENARIO_TO_RUN)
        return 0;
    if (streams == 0)
        return err_at(e, -EINVAL, sc->path, 0, 0, "nothing to run; want a section [task NAME]");
    if (streams > STREAMS_MAX)
        return err_at(e, -EINVAL, sc->path, 0, 0, "%llu processes; want at most %u",
                      (unsigned long long)streams, STREAMS_MAX);
    return check_acts(sc, e);
}

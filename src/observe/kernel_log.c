/* kernel_log.c - where a machine, a sosreport or an archive keeps its kernel log: the first place
 * that says something of memory. */
#include "observe/klog.h"
#include "observe/reading_int.h"

#include <stdio.h>

#define LOG_MAX (32u << 20)

/* Boots' journals of a sosreport: "journalctl_--no-pager_--catalog_--boot". */
struct journal {
    char name[256];
};

static bool note_journal(void *ctx, const char *name, bool is_directory)
{
    struct journal *journal = ctx;

    if (is_directory || strncmp(name, "journalctl", strlen("journalctl")) != 0 ||
        !strstr(name, "boot") || strlen(name) >= sizeof(journal->name))
        return true;
    snprintf(journal->name, sizeof(journal->name), "%s", name);
    return false;
}

/* Read one log. True when it says something of memory. */
static bool read_log(struct reading *r, const char *path, int *result)
{
    struct span text;
    int rc = reading_file(r, path, LOG_MAX, &text);

    if (rc == 0 || rc == -EFBIG) {
        klog_file(r->s, path);
        parse_kernel_log(text, r->s);
        *result = rc;
    } else if (*result == -ENOENT) {
        *result = rc;
    }
    return r->s->log.count > 0 || r->s->refusals.count > 0;
}

void read_kernel_log(struct reading *r)
{
    static const char *const places[] = {
        "sos_commands/kernel/dmesg",
        "sos_commands/kernel/dmesg_-T",
        "sos_commands/general/dmesg",
        "dmesg",
        "dmesg.txt",
        "var/log/dmesg",
    };
    static const char *const logs[] = {"var/log/kern.log", "var/log/messages", "var/log/syslog"};
    struct journal journal = {""};
    char path[320];
    int result = -ENOENT;
    bool found = false;

    if (r->src->live && (r->src->kind == SOURCE_SIMULATED ||
                         r->src->kind == SOURCE_CAPTURE)) { /* var/log may be the host's */
        read_log(r, "proc/highwater/dmesg", &result);
        reading_mark(r, PART_KERNEL_LOG, result);
        return;
    }
    if (reading_kind(r) == SOURCE_LIVE || reading_kind(r) == SOURCE_CONTAINER) {
        read_log(r, "dev/kmsg", &result);
        reading_mark(r, PART_KERNEL_LOG, result);
        return;
    }
    for (unsigned i = 0; i < ARRAY_SIZE(places) && !found; i++)
        found = read_log(r, places[i], &result);
    if (!found && source_list(r->src, "sos_commands/logs", note_journal, &journal) == 0 &&
        journal.name[0]) {
        snprintf(path, sizeof(path), "sos_commands/logs/%s", journal.name);
        found = read_log(r, path, &result);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(logs) && !found; i++)
        found = read_log(r, logs[i], &result);
    reading_mark(r, PART_KERNEL_LOG, result);
}

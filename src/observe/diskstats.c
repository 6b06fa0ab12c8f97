/* diskstats.c - /proc/diskstats: finished reads and writes, in sectors of 512 bytes, and times in
 * ms.
 *
 * A partition stands behind its disk in the file and its name is the disk's with a number, after a
 * "p" where the disk's own name ends with a digit: sda1, nvme0n1p1. dm-10 is no partition of dm-1.
 */
#include "observe/reading_int.h"

#define DISKS_MAX    4096
#define SECTOR_BYTES 512

static bool is_number(const char *text)
{
    return *text && text[strspn(text, "0123456789")] == '\0';
}

static bool is_partition_of(const char *name, const char *disk)
{
    size_t len = strlen(disk);

    if (len == 0 || strncmp(name, disk, len) != 0)
        return false;
    if (!is_digit(disk[len - 1]))
        return is_number(name + len);
    return name[len] == 'p' && is_number(name + len + 1);
}

static bool is_stacked(const char *name)
{
    static const char *const prefixes[] = {"dm-", "md", "loop", "zram", "ram", "drbd", "bcache"};

    for (unsigned i = 0; i < ARRAY_SIZE(prefixes); i++)
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

static u64 sectors_to_bytes(u64 sectors)
{
    return sectors < (u64)1 << 53 ? sectors * SECTOR_BYTES : UNKNOWN;
}

bool parse_disk(struct span line, struct disk_view *disk)
{
    u64 f[11];

    for (unsigned i = 0; i < ARRAY_SIZE(f); i++)
        if (!span_take_u64(&line, &f[i]))
            return false;
    disk->reads = f[0];
    disk->read_bytes = sectors_to_bytes(f[2]);
    disk->read_ms = f[3];
    disk->writes = f[4];
    disk->write_bytes = sectors_to_bytes(f[6]);
    disk->write_ms = f[7];
    disk->in_flight = f[8];
    disk->busy_ms = f[9];
    disk->weighted_ms = f[10];
    disk->stacked = is_stacked(disk->name);
    return true;
}

/* Devices of /sys/block while they are listed. */
struct devices {
    VEC(char *) names;
};

static bool note_device(void *ctx, const char *name, bool is_directory)
{
    struct devices *devices = ctx;

    if (is_directory && devices->names.count < DISKS_MAX)
        vec_push(&devices->names, xstrdup(name));
    return true;
}

/* Without /proc/diskstats, some container runtimes still show /sys/block: the same figures, a file
 * a disk. */
static int read_block_stats(struct reading *r)
{
    struct devices devices = {0};
    struct strbuf path;
    int rc = source_list(r->src, "sys/block", note_device, &devices);

    strbuf_init(&path);
    vec_for_each (&devices.names, name) {
        struct disk_view disk = {.whole = true};
        struct span text;

        strbuf_reset(&path);
        strbuf_printf(&path, "sys/block/%s/stat", *name);
        span_copy(span_of(*name, strlen(*name)), disk.name, sizeof(disk.name));
        if (reading_file(r, path.text, FILE_MAX_SMALL, &text) == 0 && parse_disk(text, &disk))
            vec_push(&r->s->disks, disk);
        free(*name);
    }
    vec_done(&devices.names);
    strbuf_done(&path);
    return rc ? rc : r->s->disks.count > 0 ? 0 : -ENOENT;
}

void read_diskstats(struct reading *r)
{
    reading_part(r, PART_DISKSTATS, "proc/diskstats", FILE_MAX_LARGE, parse_diskstats);
    if (r->s->disks.count == 0 && read_block_stats(r) == 0)
        reading_mark(r, PART_DISKSTATS, 0);
}

unsigned parse_diskstats(struct span text, struct snapshot *s)
{
    size_t last_whole = SIZE_MAX;
    struct span line, name;
    unsigned found = 0;

    while (span_take_line(&text, &line) && s->disks.count < DISKS_MAX) {
        struct disk_view disk = {0};
        u64 major, minor;

        if (!span_take_u64(&line, &major) || !span_take_u64(&line, &minor) ||
            !span_take_word(&line, &name))
            continue;
        span_copy(name, disk.name, sizeof(disk.name));
        disk.whole =
            last_whole == SIZE_MAX || !is_partition_of(disk.name, s->disks.items[last_whole].name);
        if (!parse_disk(line, &disk))
            continue;
        if (disk.whole)
            last_whole = s->disks.count;
        vec_push(&s->disks, disk);
        found++;
    }
    return found;
}

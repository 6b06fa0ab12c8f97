/* format_kernel.c - slabtop, vmstat -m, hugeadm, swapon, zramctl, ARC: what tools print of the
 * kernel's own files. */
#include "paste/block.h"
#include "paste/state_int.h"

#include <stdio.h>
#include <stdlib.h>

/* --- slabs ------------------------------------------------------------------------------------ */
/*
 *   OBJS ACTIVE  USE OBJ SIZE  SLABS OBJ/SLAB CACHE SIZE NAME
 * 734506368 734506368 100%    0.06K 11476662       64  45906648K ebitmap_node
 */
bool slabtop_begins(const struct block *b, struct span line)
{
    struct span rest = span_trim(line);

    (void)b;
    return span_begins(rest, "Active / Total Objects") || words_begin(line, "OBJS ACTIVE USE");
}

static bool is_slab_row(const struct fields *f)
{
    return f->count == 8 && is_digit(*f->at[0].at) && is_digit(*f->at[1].at) &&
           f->at[2].end[-1] == '%';
}

bool slabtop_goes_on(const struct block *b, struct span line)
{
    struct span rest = span_trim(line);
    struct fields f;

    (void)b;
    fields_split(line, &f);
    return (span_empty(rest) && b->lines < 7) || span_begins(rest, "Active / ") ||
           span_begins(rest, "Minimum / ") || words_begin(line, "OBJS ACTIVE USE") ||
           is_slab_row(&f);
}

static void offer_slab(struct block *b, struct span name, u64 active, u64 objects, u64 object_bytes,
                       u64 slabs, u64 bytes)
{
    u64 pages = bytes / 4096;

    /* /proc/slabinfo has slabs of equal size: where rounding leaves none, one page each. */
    if (slabs == 0 || pages < slabs || pages % slabs) {
        slabs = pages;
        pages = slabs;
    }
    block_file_add(b, "proc/slabinfo",
                   "%.*s %llu %llu %llu 1 %llu : tunables 0 0 0 : slabdata %llu %llu 0\n",
                   (int)MIN(span_len(name), (size_t)60), name.at, (unsigned long long)active,
                   (unsigned long long)objects, (unsigned long long)object_bytes,
                   (unsigned long long)(slabs ? pages / slabs : 0), (unsigned long long)slabs,
                   (unsigned long long)slabs);
}

unsigned slabtop_parse(struct block *b, struct span text)
{
    struct span line;
    unsigned rows = 0;

    block_file_printf(b, "proc/slabinfo", "slabinfo - version: 2.1\n");
    while (span_take_line(&text, &line)) {
        struct fields f;
        u64 active, objects, object_bytes, slabs, bytes;
        struct span rest = span_trim(line);

        if (span_begins(rest, "Active / Total Size")) {
            const char *slash = span_find(rest, ": "), *second;

            rest.at = slash ? slash + 2 : rest.end;
            second = memchr(rest.at, '/', span_len(rest));
            rest.at = second ? second + 1 : rest.end;
            if (amount_take(&rest, KIB, &bytes))
                block_meminfo(b, MI_SLAB, bytes, RANK_TABLE);
            continue;
        }
        fields_split(line, &f);
        if (!is_slab_row(&f) || !amount_of(f.at[0], 1, &objects) ||
            !amount_of(f.at[1], 1, &active) || !amount_of(f.at[3], KIB, &object_bytes) ||
            !amount_of(f.at[4], 1, &slabs) || !amount_of(f.at[6], KIB, &bytes))
            continue;
        offer_slab(b, f.at[7], active, objects, object_bytes, slabs, bytes);
        rows++;
    }
    return rows;
}

/* "Cache                       Num  Total   Size  Pages", pages: objects a slab. */
bool vmstat_slabs_begins(const struct block *b, struct span line)
{
    (void)b;
    return words_begin(line, "Cache Num Total Size Pages");
}

bool vmstat_slabs_goes_on(const struct block *b, struct span line)
{
    struct fields f;

    fields_split(line, &f);
    return vmstat_slabs_begins(b, line) ||
           (f.count == 5 && is_digit(*f.at[1].at) && is_digit(*f.at[4].at));
}

unsigned vmstat_slabs_parse(struct block *b, struct span text)
{
    struct span line;
    unsigned rows = 0;

    block_file_printf(b, "proc/slabinfo", "slabinfo - version: 2.1\n");
    while (span_take_line(&text, &line)) {
        struct fields f;
        u64 active, objects, size;

        fields_split(line, &f);
        if (f.count != 5 || !amount_of(f.at[1], 1, &active) || !amount_of(f.at[2], 1, &objects) ||
            !amount_of(f.at[3], 1, &size) || objects > (u64)1 << 40 || size > (u64)1 << 24)
            continue;
        offer_slab(b, f.at[0], active, objects, size, 0, objects * size);
        rows++;
    }
    return rows;
}

/* " Size Minimum Current Maximum Default" of hugeadm --pool-list: bytes, and counts of pages. */
bool hugeadm_begins(const struct block *b, struct span line)
{
    (void)b;
    return words_begin(line, "Size Minimum Current Maximum");
}

bool hugeadm_goes_on(const struct block *b, struct span line)
{
    struct fields f;

    (void)b;
    fields_split(line, &f);
    return f.count >= 4 && f.count <= 5 && is_digit(*f.at[0].at) && is_digit(*f.at[3].at);
}

unsigned hugeadm_parse(struct block *b, struct span text)
{
    struct span line;
    unsigned rows = 0;

    while (span_take_line(&text, &line)) {
        struct fields f;
        u64 size, count;
        char file[128];

        fields_split(line, &f);
        if (hugeadm_begins(b, line) || f.count < 4 || !span_take_u64(&f.at[0], &size) ||
            !span_take_u64(&f.at[2], &count) || size < KIB || size > (u64)1 << 40)
            continue;
        snprintf(file, sizeof(file), "sys/kernel/mm/hugepages/hugepages-%llukB/nr_hugepages",
                 (unsigned long long)(size / KIB));
        block_file_printf(b, file, "%llu\n", (unsigned long long)count);
        rows++;
    }
    return rows;
}

/* --- swap ------------------------------------------------------------------------------------- */

/* "Filename Type Size Used Priority" in KiB, "NAME TYPE SIZE USED PRIO" with units. */
bool swaps_begins(const struct block *b, struct span line)
{
    (void)b;
    return words_begin(line, "Filename Type Size Used Priority") ||
           words_begin(line, "NAME TYPE SIZE USED PRIO");
}

bool swaps_goes_on(const struct block *b, struct span line)
{
    struct fields f;

    (void)b;
    fields_split(line, &f);
    return f.count >= 5 &&
           (span_is(f.at[1], "partition") || span_is(f.at[1], "file") || span_is(f.at[1], "disk"));
}

unsigned swaps_parse(struct block *b, struct span text)
{
    struct span line;
    u64 sum = 0, used_sum = 0;
    unsigned rows = 0, heads = 0;

    block_file_printf(b, "proc/swaps", "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
    while (span_take_line(&text, &line)) {
        struct fields f;
        u64 size, used;

        fields_split(line, &f);
        heads += swaps_begins(b, line);
        if (f.count < 5 || !amount_of(f.at[2], KIB, &size) || !amount_of(f.at[3], KIB, &used))
            continue;
        block_file_add(b, "proc/swaps", "%.*s\tpartition\t%llu\t%llu\t%.*s\n",
                       (int)MIN(span_len(f.at[0]), (size_t)200), f.at[0].at,
                       (unsigned long long)(size / KIB), (unsigned long long)(used / KIB),
                       (int)MIN(span_len(f.at[4]), (size_t)20), f.at[4].at);
        sum += size;
        used_sum += used;
        rows++;
    }
    block_meminfo(b, MI_SWAP_TOTAL, sum, RANK_ROUNDED);
    block_meminfo(b, MI_SWAP_FREE, sum > used_sum ? sum - used_sum : 0, RANK_ROUNDED);
    return rows + heads;
}

/* "NAME       ALGORITHM DISKSIZE  DATA COMPR TOTAL STREAMS MOUNTPOINT" */
bool zramctl_begins(const struct block *b, struct span line)
{
    (void)b;
    return words_begin(line, "NAME ALGORITHM DISKSIZE");
}

bool zramctl_goes_on(const struct block *b, struct span line)
{
    (void)b;
    return span_begins(line, "/dev/zram") || span_begins(line, "zram");
}

unsigned zramctl_parse(struct block *b, struct span text)
{
    struct fields head = {.count = 0}, f;
    struct span line;
    unsigned rows = 0;

    while (span_take_line(&text, &line)) {
        u64 size = 0, data = 0, compressed = 0, total = 0;
        struct span name;
        char file[128];

        fields_split(line, &f);
        if (span_is(f.at[0], "NAME")) {
            head = f;
            continue;
        }
        for (unsigned i = 0; i < MIN(f.count, head.count); i++) {
            u64 *to = span_is(head.at[i], "DISKSIZE") ? &size
                      : span_is(head.at[i], "DATA")   ? &data
                      : span_is(head.at[i], "COMPR")  ? &compressed
                      : span_is(head.at[i], "TOTAL")  ? &total
                                                      : NULL;

            if (to)
                amount_of(f.at[i], 1, to);
        }
        name = f.at[0];
        if (span_begins(name, "/dev/"))
            name.at += 5;
        if (memchr(name.at, '/', span_len(name)))
            continue;
        snprintf(file, sizeof(file), "sys/block/%.*s/mm_stat", (int)MIN(span_len(name), (size_t)40),
                 name.at);
        block_file_printf(b, file, "%llu %llu %llu 0 %llu 0 0 0 0\n", (unsigned long long)data,
                          (unsigned long long)compressed, (unsigned long long)total,
                          (unsigned long long)total);
        rows++;
    }
    return rows;
}

/* --- file systems in memory, System V's segments ---------------------------------------------- */

static void push_tmpfs(struct block *b, struct span mount, u64 size, u64 used)
{
    struct tmpfs_view fresh = {.size = size, .used = used};

    span_copy(mount, fresh.mount, sizeof(fresh.mount));
    vec_for_each (&b->p->s.tmpfs, t) {
        if (strcmp(t->mount, fresh.mount) == 0) {
            *t = fresh;
            return;
        }
    }
    if (b->p->s.tmpfs.count < 4096)
        vec_push(&b->p->s.tmpfs, fresh);
}

/* "Filesystem Size Used Avail Use% Mounted on", in any language: six columns, the fifth in
 * percent. */
static bool is_df_row(const struct fields *f)
{
    return f->count >= 6 && f->at[f->count - 2].end[-1] == '%' && *f->at[f->count - 1].at == '/' &&
           is_digit(*f->at[f->count - 5].at) && is_digit(*f->at[f->count - 4].at);
}

static bool is_in_memory(const struct fields *f)
{
    return span_is(f->at[0], "tmpfs") || span_is(f->at[0], "shm") || span_is(f->at[0], "ramfs") ||
           span_is(f->at[0], "none") || (f->count >= 7 && span_is(f->at[1], "tmpfs"));
}

bool df_begins(const struct block *b, struct span line)
{
    struct fields f;

    (void)b;
    fields_split(line, &f);
    return (is_df_row(&f) && is_in_memory(&f)) ||
           ((span_begins(line, "Filesystem") || span_begins(line, "Dateisystem") ||
             span_begins(line, "Sys. de fichiers") || span_begins(line, "S.ficheros") ||
             span_begins(line, "ファイルシス")) &&
            span_find(line, "%"));
}

bool df_goes_on(const struct block *b, struct span line)
{
    struct fields f;

    fields_split(line, &f);
    return is_df_row(&f) || df_begins(b, line);
}

unsigned df_parse(struct block *b, struct span text)
{
    struct span line;
    unsigned rows = 0;

    while (span_take_line(&text, &line)) {
        struct fields f;
        u64 size, used;

        fields_split(line, &f);
        if (!is_df_row(&f))
            continue;
        rows++;
        if (is_in_memory(&f) && amount_of(f.at[f.count - 5], KIB, &size) &&
            amount_of(f.at[f.count - 4], KIB, &used))
            push_tmpfs(b, f.at[f.count - 1], size, used);
    }
    return rows;
}

/* "------ Shared Memory Segments --------", "key shmid owner perms bytes nattch status". */
bool ipcs_begins(const struct block *b, struct span line)
{
    (void)b;
    return span_find(line, "Shared Memory Segments") ||
           words_begin(line, "key shmid owner perms bytes");
}

bool ipcs_goes_on(const struct block *b, struct span line)
{
    return ipcs_begins(b, line) || span_begins(line, "0x");
}

unsigned ipcs_parse(struct block *b, struct span text)
{
    struct span line;
    unsigned rows = 0;
    u64 sum = 0;

    while (span_take_line(&text, &line)) {
        struct fields f;
        u64 bytes;

        fields_split(line, &f);
        if (f.count < 6 || !span_begins(f.at[0], "0x") || !span_take_u64(&f.at[4], &bytes) ||
            bytes > (u64)1 << 50)
            continue;
        sum += bytes;
        rows++;
    }
    if (rows)
        push_tmpfs(b, span_of("System V shared memory segments", 31), sum, sum);
    return rows + 1;
}

/* --- ARC -------------------------------------------------------------------------------------- */
/*
 * size                            4    26843545600           /proc/spl/kstat/zfs/arcstats
 * ARC size (current):                            78.1 %   25.0 GiB        arc_summary of 0.8 and
 * later
 *         Max size (high water):            16:1   32.0 GiB
 * ARC Size:                       94.11%  29.41   GiB                     before
 *     time  read  miss  miss%  dmis  dm%  ...  size     c  avail          arcstat; "arcsz" before
 *           2.2
 */
static unsigned arcstat_size_column(const struct fields *head)
{
    unsigned column = fields_find(head, "arcsz");

    if (fields_find(head, "read") == FIELDS_MAX)
        return FIELDS_MAX;
    return column == FIELDS_MAX && fields_find(head, "miss%") != FIELDS_MAX
               ? fields_find(head, "size")
               : column;
}

bool arcstats_begins(const struct block *b, struct span line)
{
    struct fields f;

    (void)b;
    fields_split(line, &f);
    if (f.count == 3 &&
        (span_is(f.at[0], "c_max") || span_is(f.at[0], "size") || span_is(f.at[0], "c") ||
         span_is(f.at[0], "hits")) &&
        span_is(f.at[1], "4"))
        return true;
    return words_begin(line, "name type data") || span_find(line, "ARC size (current)") ||
           span_find(line, "ARC Size:") || span_begins(line, "ARC status") ||
           span_begins(line, "ZFS Subsystem Report") || arcstat_size_column(&f) != FIELDS_MAX;
}

bool arcstats_goes_on(const struct block *b, struct span line)
{
    struct fields f;

    (void)b;
    fields_split(line, &f);
    return f.count == 0 || (f.count == 3 && is_digit(*f.at[1].at)) ||
           memchr(line.at, ':', span_len(line)) != NULL ||
           (f.count > 4 && span_find(f.at[0], ":")) || *f.at[0].at == '-';
}

static void note_largest(u64 *to, struct span rest)
{
    struct span word;
    u64 value;

    /* "78.1 % 25.0 GiB", "94.11% 29.41 GiB", "16:1 32.0 GiB": the amount is the one with a unit. */
    while (!span_empty(span_trim(rest))) {
        struct span at = rest;

        span_skip_blanks(&at);
        if (is_digit(*at.at) && amount_take(&at, 0, &value) && value > 0) {
            *to = value;
            return;
        }
        if (!span_take_word(&rest, &word))
            return;
    }
}

unsigned arcstats_parse(struct block *b, struct span text)
{
    struct snapshot *s = &b->p->s;
    struct span line;
    unsigned found = 0, arc_column = FIELDS_MAX, max_column = FIELDS_MAX;

    while (span_take_line(&text, &line)) {
        struct fields f;
        u64 value;
        const char *colon;

        fields_split(line, &f);
        if (f.count == 3 && is_digit(*f.at[1].at) && span_take_u64(&f.at[2], &value)) {
            if (span_is(f.at[0], "size"))
                s->arc_size = value;
            else if (span_is(f.at[0], "c_max"))
                s->arc_max = value;
            found++;
            continue;
        }
        if (arcstat_size_column(&f) != FIELDS_MAX) {
            arc_column = arcstat_size_column(&f);
            max_column = fields_find(&f, "c");
            continue;
        }
        if (arc_column < f.count && amount_of(f.at[arc_column], 1, &value)) {
            s->arc_size = value;
            if (max_column < f.count && amount_of(f.at[max_column], 1, &value))
                s->arc_max = value;
            found++;
            continue;
        }
        colon = span_find(line, ": ");
        if (!colon)
            colon = span_find(line, ":\t");
        if (!colon)
            continue;

        struct span rest = {colon + 1, line.end};

        if (span_find(line, "ARC size (current)") || span_find(line, "ARC Size:")) {
            note_largest(&s->arc_size, rest);
            found++;
        } else if (span_find(line, "Max size (high water)") ||
                   span_find(line, "Max Size (High Water)")) {
            note_largest(&s->arc_max, rest);
            found++;
        }
    }
    return found;
}

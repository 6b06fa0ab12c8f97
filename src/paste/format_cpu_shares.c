/* format_cpu_shares.c - iostat, mpstat and sar -u: what the CPUs did, and how busy the devices were
 * meanwhile. */
#include "paste/block.h"
#include "paste/state_int.h"

#include <math.h>
#include <stdio.h>

/*
 * avg-cpu:  %user   %nice %system %iowait  %steal   %idle             iostat: a word stands before
 *           the columns
 *            1.20    0.00    0.90   93.10    0.00    4.80
 *
 * 10:11:01 AM  CPU   %usr  %nice  %sys %iowait  %irq ...              mpstat, sar -u: a row for
 *              each CPU, or for all
 * 10:11:02 AM  all   1.20   0.00  0.90   93.10  0.00 ...
 *
 * Device            r/s     rkB/s ...  %util                          iostat -x
 * sda              2.00     40.00 ... 100.00
 *
 * Of rows over time the one that waited most counts, as of a day's samples of memory
 * (format_sar.c).
 */
static bool is_cpu_head(struct span line)
{
    return span_find(line, "%iowait") &&
           (span_find(line, "%idle") || span_find(line, "%user") || span_find(line, "%usr"));
}

static bool is_device_head(struct span line)
{
    return span_begins(line, "Device") && span_find(line, "%util");
}

bool cpu_shares_begins(const struct block *b, struct span line)
{
    struct span rest = span_trim(line);

    (void)b;
    return is_cpu_head(rest) || is_device_head(rest);
}

bool cpu_shares_goes_on(const struct block *b, struct span line)
{
    struct span last;
    struct fields f;

    if (cpu_shares_begins(b, line))
        return true;
    fields_split(line, &f);
    if (f.count < 4)
        return false;
    last = f.at[f.count - 1];
    return is_digit(*last.at);
}

/* The figure below the column of this name, as rows and head end alike. */
static double below(const struct fields *head, const struct fields *row, const char *name)
{
    unsigned column = fields_find(head, name);
    struct span word;
    double value;

    if (column == FIELDS_MAX || column + row->count < head->count)
        return NAN;
    column = column + row->count - head->count;
    if (column >= row->count)
        return NAN;
    word = row->at[column];
    return decimal_take(&word, &value) && value >= 0 ? value : NAN;
}

/* Rows of single CPUs, and the sum below them: those of all, a row for each time, say enough. */
static bool is_of_all(const struct fields *head, const struct fields *row)
{
    unsigned cpu = fields_find(head, "CPU");

    if (row->count && (span_begins(row->at[0], "Average") || span_begins(row->at[0], "Moyenne") ||
                       span_begins(row->at[0], "Durchschn")))
        return false;
    if (cpu == FIELDS_MAX)
        return true;
    cpu = cpu + row->count - head->count;
    return cpu < row->count && span_is(row->at[cpu], "all");
}

static void take_device(struct block *b, const struct fields *head, const struct fields *row)
{
    struct snapshot *s = &b->p->s;
    double busy = below(head, row, "%util");

    if (isnan(busy) || busy > 1000 || busy < s->disk_busy_told)
        return;
    s->disk_busy_told = MIN(busy, 100.0);
    span_copy(row->at[0], s->disk_told, sizeof(s->disk_told));
}

unsigned cpu_shares_parse(struct block *b, struct span text)
{
    struct fields head = {.count = 0}, row;
    double most = NAN, steal = NAN;
    struct span line;
    unsigned rows = 0;
    bool devices = false;

    while (span_take_line(&text, &line)) {
        line = span_trim(line);
        fields_split(line, &row);
        if (cpu_shares_begins(b, line)) {
            head = row;
            devices = is_device_head(line);
            /* Each look at the devices is a table of its own: the last one stands. */
            if (devices) {
                b->p->s.disk_busy_told = 0;
                b->p->s.disk_told[0] = '\0';
            }
            continue;
        }
        if (head.count < 3 || row.count + 2 < head.count)
            continue;
        rows++;
        if (devices) {
            take_device(b, &head, &row);
        } else if (is_of_all(&head, &row)) {
            double wait = below(&head, &row, "%iowait"), stolen = below(&head, &row, "%steal");

            most = wait >= most || isnan(most) ? wait : most;
            steal = stolen >= steal || isnan(steal) ? stolen : steal;
        }
    }
    block_cpu(b, most, steal);
    return rows;
}

/* rule_io_bottleneck.c - programs wait for I/O, and memory is acquitted.
 *
 * Never a warning: a backup at full speed looks the same and is well. It is said because the
 * symptoms are taken for memory's. */
#include "diagnose/pain.h"

#define IO_SOME    20.0 /* percent: one second in five */
#define DISK_BUSY  80.0
#define READ_SHARE 10.0 /* percent of the reads that memory may explain */

/* Percent of all CPU time that vmstat calls wa. */
#define IOWAIT     20.0
/* A page now and then is a daemon waking up. */
#define SWAP_PAGES 10.0

/* With so much to take at once, in percent of memory, nobody waits for memory. */
#define PLENTY 20.0

/* The device that such a table shows to be busy. */
static void tell_device(struct rule_context *c)
{
    const struct snapshot *s = c->s;

    if (!(s->disk_busy_told >= DISK_BUSY) || !*s->disk_told)
        return;
    finding_detail(c, "The busiest device is %s: %s busy.", s->disk_told,
                   AMOUNT(s->disk_busy_told, IN_PERCENT));
    evidence(c, "device busy", s->disk_busy_told, IN_PERCENT, s->cpu_from, "over %.0f %%",
             DISK_BUSY);
}

/* The head of top, or iostat: no word of swap or of what is read again. */
static void from_cpu_share(struct rule_context *c)
{
    const struct figures *f = c->f;
    double wait = c->s->iowait_told;
    bool plenty = known(f->available) && f->available_share >= PLENTY;

    if (!(wait >= IOWAIT))
        return;
    finding_add(c, SEV_INFO, plenty ? CONF_MEDIUM : CONF_LOW, "host", 0.5,
                "The CPUs wait for I/O %s of the time", AMOUNT(wait, IN_PERCENT));
    if (plenty)
        finding_title(c,
                      "The CPUs wait for I/O %s of the time, and memory is not short: %s of %s "
                      "is available",
                      AMOUNT(wait, IN_PERCENT), LEFT_SIZE(f), SIZE(f->total));
    finding_detail(c, "Whether they wait for swap, or for evicted files that are read again, this "
                      "text does not say: si and so of \"vmstat 1\" tell of swap, "
                      "workingset_refault_file in /proc/vmstat of files.");
    tell_device(c);
    evidence(c, "waiting for I/O", wait, IN_PERCENT, c->s->cpu_from, "over %.0f %%", IOWAIT);
    if (!plenty)
        return;
    evidence_shown(c, "MemAvailable", number_of(f->available), IN_BYTES, "/proc/meminfo");
    evidence_shown(c, "MemTotal", number_of(f->total), IN_BYTES, "/proc/meminfo");
}

/* A table of vmstat: who waits it does not say, nor what is read again; whether swap is in it, it
 * does. */
static void from_iowait(struct rule_context *c)
{
    double wait = c->f->iowait, in = rate(c, PSWPIN), out = rate(c, PSWPOUT);

    if (isnan(in) && isnan(out)) {
        from_cpu_share(c);
        return;
    }
    if (!(in < SWAP_PAGES) || !(out < SWAP_PAGES))
        return;
    if (!(wait >= IOWAIT) && c->s->iowait_told >= IOWAIT)
        wait = c->s->iowait_told;
    if (!(wait >= IOWAIT))
        return;
    finding_add(c, SEV_INFO, CONF_MEDIUM, "host", 0.5,
                "The CPUs wait for I/O %s of the time, and it is not swap",
                AMOUNT(wait, IN_PERCENT));
    finding_detail(c, "Whether evicted files are read again, this text does not say: see "
                      "workingset_refault_file in /proc/vmstat.");
    tell_device(c);
    evidence(c, "wa", wait, IN_PERCENT, wait > c->f->iowait ? c->s->cpu_from : "vmstat",
             "over %.0f %%", IOWAIT);
    evidence(c, "si", in, IN_PAGES_PER_S, "vmstat", "under %.0f pages/s", SWAP_PAGES);
    evidence(c, "so", out, IN_PAGES_PER_S, "vmstat", "under %.0f pages/s", SWAP_PAGES);
}

void rule_io_bottleneck(struct rule_context *c)
{
    const struct figures *f = c->f;
    const struct pressure *io = &f->psi[PSI_IO], *memory = &f->psi[PSI_MEM];
    const struct disk_figures *d =
        f->busiest_disk == UINT32_MAX ? NULL : &f->disks[f->busiest_disk];
    bool waits = pain_known(io) ? io->some >= IO_SOME : d && d->busy >= DISK_BUSY;

    if (wants_host(c) && c->s->pasted && !pain_known(io))
        from_iowait(c);
    if (!wants_host(c) || !waits)
        return;
    if (isnan(f->refaults_file) && isnan(rate(c, PSWPIN)) &&
        !(c->s->pasted && pain_known(memory))) {
        gap_part(c, "whether memory is behind the waiting for I/O", PART_VMSTAT);
        return;
    }
    if (f->memory_read_share > READ_SHARE || memory->some >= PAIN_NONE_SOME * 2)
        return;
    finding_add(c, SEV_INFO, pain_known(memory) ? CONF_HIGH : CONF_MEDIUM, "host", 0.5,
                "Programs wait for I/O %s%s, and memory is not the cause",
                pain_known(io) ? AMOUNT(io->some, IN_PERCENT) : "",
                pain_known(io) ? " of the time" : "");
    if (d)
        finding_detail(c, "The busiest device is %s: %s busy%s%s.",
                       c->s->disks.items[f->busiest_disk].name, AMOUNT(d->busy, IN_PERCENT),
                       isnan(d->read_ms) ? "" : ", reads take ",
                       isnan(d->read_ms) ? "" : AMOUNT(d->read_ms, IN_MS));
    evidence(c, "io pressure, some", io->some, IN_PERCENT, "/proc/pressure/io", "over %.0f %%",
             IO_SOME);
    evidence(c, "reads of evicted pages", f->memory_read_share, IN_PERCENT,
             "/proc/vmstat, /proc/diskstats", "under %.0f %%", READ_SHARE);
    evidence(c, "memory pressure, some", memory->some, IN_PERCENT, PRESSURE_FILE, "under %.0f %%",
             2 * PAIN_NONE_SOME);
    if (d) {
        evidence(c, "device busy", d->busy, IN_PERCENT, "/proc/diskstats",
                 "over %.0f %% without PSI", DISK_BUSY);
        evidence_shown(c, "time of a read", d->read_ms, IN_MS, "/proc/diskstats");
        evidence(c, "read", f->device_read_bytes, IN_BYTES_PER_S, "/proc/diskstats", "%s", "");
        evidence(c, "written", f->device_write_bytes, IN_BYTES_PER_S, "/proc/diskstats", "%s", "");
    }
}

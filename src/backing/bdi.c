/* bdi.c - devices with files, their dirty inodes by control group, and who completes how much of
 * all writing.
 *
 * Proportions. A domain counts pages written, and so does each of its members. At the end of a
 * period of 3 s the count of the domain is halved; a member's is halved as often when it is looked
 * at the next time. So a member's share is a weighted mean over its past. The kernel's timer is
 * lazy, so the periods that are over are counted off when somebody asks. When all has decayed, no
 * period runs until the next write.
 *
 * Flushers are few at a time, and their times change often; so the heap of times is not kept exact:
 * an entry counts if the wb still has that time. */
#include "backing/bdi.h"

#include "backing/inode.h"
#include "base/alloc.h"

#define MEMCG_ROOT 1u /* as group/ numbers the root group; 0: a page that nobody was charged for */
#define INIT_BW    (100u << (20 - PAGE_SHIFT)) /* 100 MiB/s, in pages */

/* --- proportions ------------------------------------------------------------------------------ */
/* False: nothing is left to forget. */
static bool new_period(struct fprop_global *p)
{
    if (p->events <= 1)
        return false;
    p->events -= p->events >> 1;
    p->period++;
    return true;
}

static void pass_periods(struct wb_domain *d, ns_t now)
{
    while (d->period_at && d->period_at <= now)
        d->period_at = new_period(&d->completions) ? d->period_at + WB_PERIOD_NS : 0;
}

static void reflect(const struct wb_domain *d, struct fprop_local *local)
{
    u32 missed = d->completions.period - local->period;

    local->events = missed < 64 ? local->events >> missed : 0;
    local->period = d->completions.period;
}

void wb_domain_add(struct wb_domain *d, struct fprop_local *local, u64 nr, ns_t now)
{
    pass_periods(d, now);
    reflect(d, local);
    local->events += nr;
    d->completions.events += nr;
    if (!d->period_at)
        d->period_at = now + WB_PERIOD_NS;
}

void wb_domain_fraction(struct wb_domain *d, struct fprop_local *local, ns_t now, u64 *ret_num,
                        u64 *ret_den)
{
    pass_periods(d, now);
    reflect(d, local);
    *ret_num = local->events;
    *ret_den = MAX(d->completions.events, MAX(local->events, (u64)1));
}

static void domain_init(struct wb_domain *d)
{
    *d = (struct wb_domain){.completions = {.events = 1}};
}

struct wb_domain *wb_domain_of(struct backing *b, u16 memcg)
{
    if (memcg <= MEMCG_ROOT)
        return &b->domain;
    while (b->domains.count <= memcg)
        vec_push(&b->domains, NULL);
    if (!b->domains.items[memcg]) {
        b->domains.items[memcg] = xcalloc(1, sizeof(struct wb_domain));
        domain_init(b->domains.items[memcg]);
    }
    return b->domains.items[memcg];
}

/* --- devices ---------------------------------------------------------------------------------- */
struct bdi_writeback *bdi_wb(struct bdi *bdi, u16 memcg, ns_t now)
{
    struct bdi_writeback *wb;
    u64 at;

    if (!memcg)
        memcg = MEMCG_ROOT;
    if (u64map_get(&bdi->by_memcg, memcg, &at))
        return bdi->wb.items[at];
    wb = xcalloc(1, sizeof(*wb));
    *wb = (struct bdi_writeback){
        .bdi = bdi,
        .memcg = memcg,
        .bw_time_stamp = now / JIFFY_NS + 1,
        .write_bandwidth = INIT_BW,
        .avg_write_bandwidth = INIT_BW,
        .dirty_ratelimit = INIT_BW,
        .balanced_dirty_ratelimit = INIT_BW,
        .wake_at = NS_NEVER,
        .bw_at = NS_NEVER,
    };
    list_init(&wb->b_dirty);
    list_init(&wb->b_io);
    list_init(&wb->b_more_io);
    u64map_put(&bdi->by_memcg, memcg, bdi->wb.count);
    vec_push(&bdi->wb, wb);
    return wb;
}

struct bdi *bdi_of_device(struct backing *b, struct device *device)
{
    struct bdi *bdi;

    vec_for_each (&b->bdis, at)
        if ((*at)->device == device)
            return *at;
    bdi = xcalloc(1, sizeof(*bdi));
    bdi->device = device;
    u64map_init(&bdi->by_memcg);
    vec_push(&b->bdis, bdi);
    bdi_wb(bdi, MEMCG_ROOT, 0);
    return bdi;
}

void bdi_group_removed(struct backing *b, u16 memcg, u16 heir)
{
    u64 at;

    vec_for_each (&b->bdis, bdi)
        if (u64map_get(&(*bdi)->by_memcg, memcg, &at))
            (*bdi)->wb.items[at]->heir = heir;
}

void bdi_init(struct backing *b)
{
    domain_init(&b->domain);
    heap_init(&b->flushers);
}

void bdi_done(struct backing *b)
{
    vec_for_each (&b->bdis, bdi) {
        vec_for_each (&(*bdi)->wb, wb)
            free(*wb);
        vec_done(&(*bdi)->wb);
        u64map_done(&(*bdi)->by_memcg);
        free(*bdi);
    }
    vec_done(&b->bdis);
    vec_for_each (&b->domains, d)
        free(*d);
    vec_done(&b->domains);
    heap_done(&b->flushers);
}

/* --- flushers' times -------------------------------------------------------------------------- */
void wb_wake(struct backing *b, struct bdi_writeback *wb, ns_t at)
{
    if (at >= wb->wake_at)
        return;
    wb->wake_at = at;
    heap_push(&b->flushers, at, wb, 0);
}

struct bdi_writeback *wb_next(struct backing *b, ns_t *ret_at)
{
    const struct heap_item *first;

    while ((first = heap_peek(&b->flushers))) {
        struct bdi_writeback *wb = first->ptr;

        if (first->key == wb->wake_at || first->key == wb->bw_at) {
            *ret_at = first->key;
            return wb;
        }
        heap_pop(&b->flushers);
    }
    *ret_at = NS_NEVER;
    return NULL;
}

/* --- inodes ----------------------------------------------------------------------------------- */
static void attach(struct backing *b, struct inode *inode, u16 memcg, ns_t now)
{
    if (inode->wb && (!inode->wb->heir || inode->nr_dirty || inode->nr_writeback))
        return;
    if (!inode->wb)
        inode->wb = bdi_wb(bdi_of_device(b, inode->device), memcg, now);
    while (inode->wb->heir)
        inode->wb = bdi_wb(inode->wb->bdi, inode->wb->heir, now);
}

void wb_inode_dirtied(struct backing *b, struct inode *inode, u16 memcg, ns_t now)
{
    struct bdi_writeback *wb;

    attach(b, inode, memcg, now);
    wb = inode->wb;
    wb->stat[WB_RECLAIMABLE]++;
    wb->stat[WB_DIRTIED]++;
    if (inode->on_dirty_list)
        return;
    inode->on_dirty_list = true;
    inode->dirtied_when = now;
    if (!wb_has_dirty_io(wb) && b->writeback_interval)
        wb_wake(b, wb, now + b->writeback_interval);
    list_add_tail(&inode->dirty_at, &wb->b_dirty);
}

void wb_inode_cleaned(struct inode *inode)
{
    struct bdi_writeback *wb = inode->wb;

    wb->stat[WB_RECLAIMABLE]--;
    if (inode->nr_dirty)
        return;
    if (&inode->dirty_at == wb->b_io.next)
        wb->turn_open = false; /* its turn is over */
    inode->on_dirty_list = false;
    list_del(&inode->dirty_at);
}

void wb_inode_writeback_start(struct backing *b, struct inode *inode, u16 memcg)
{
    attach(b, inode, memcg, 0);
    inode->wb->stat[WB_WRITEBACK]++;
    if (inode->nr_writeback == 1)
        inode->wb->nr_inodes_writeback++;
}

void wb_inode_writeback_end(struct inode *inode)
{
    inode->wb->stat[WB_WRITEBACK]--;
    inode->wb->stat[WB_WRITTEN]++;
    if (!inode->nr_writeback)
        inode->wb->nr_inodes_writeback--;
}

void wb_page_written(struct backing *b, struct inode *inode, ns_t now)
{
    struct bdi_writeback *wb = inode->wb;

    wb_domain_add(&b->domain, &wb->completions, 1, now);
    if (wb->memcg != MEMCG_ROOT)
        wb_domain_add(wb_domain_of(b, wb->memcg), &wb->memcg_completions, 1, now);
    if (!wb->nr_inodes_writeback && wb->bw_at == NS_NEVER) {
        wb->bw_at = now + WB_BANDWIDTH_NS;
        heap_push(&b->flushers, wb->bw_at, wb, 0);
    }
}

void bdi_check(const struct backing *b)
{
    u64 inodes = 0, listed = 0;

    for (size_t i = 0; i < b->bdis.count; i++) {
        struct bdi *bdi = b->bdis.items[i];

        vec_for_each (&bdi->wb, at) {
            const struct bdi_writeback *wb = *at;
            u64 dirty = 0, writeback = 0, in_writeback = 0;

            for (u32 id = 1; id < b->nr_inodes; id++) {
                const struct inode *inode = b->inodes[id];

                if (!inode || inode->wb != wb)
                    continue;
                dirty += inode->nr_dirty;
                writeback += inode->nr_writeback;
                in_writeback += inode->nr_writeback > 0;
                inodes += inode->on_dirty_list;
            }
            assert(dirty == wb->stat[WB_RECLAIMABLE] && writeback == wb->stat[WB_WRITEBACK]);
            assert(in_writeback == wb->nr_inodes_writeback);
            listed += list_count(&wb->b_dirty) + list_count(&wb->b_io) + list_count(&wb->b_more_io);
        }
    }
    assert(inodes == listed);
    heap_check(&b->flushers);
}

/* pagecache_fuzz.c - random operations on cached files, against plain arrays.
 *
 * Four files of 1,000 pages; for each page the shadow copy knows frame, value, dirty, writeback.
 * Every answer of the cache is compared, and pagecache_check() recounts it all now and then.
 */
#include "base/test.h"

#include "backing/machine_testing.h"
#include "base/prng.h"

#define FILES 4u
#define PAGES 1000u

struct page {
    pfn_t pfn;
    u64 value;
    bool dirty, writeback;
};

static struct page plain[FILES][PAGES];
static struct inode *inodes[FILES];
static struct machine m;
static struct backing b;
static u64 operation, seed;

#define EXPECT(condition)                                                                  \
    do {                                                                                   \
        if (!(condition)) {                                                                \
            fprintf(stderr, "seed %lu operation %lu: not true: %s\n", (unsigned long)seed, \
                    (unsigned long)operation, #condition);                                 \
            exit(1);                                                                       \
        }                                                                                  \
    } while (0)

static bool is_shmem(u32 file)
{
    return file == FILES - 1;
}

static void toggle_page(u32 file, u32 index, struct prng *p)
{
    struct page *page = &plain[file][index];
    u64 value = prng_below(p, 2) ? prng_next(p) | 1 : 0;

    if (page->pfn == PFN_NONE) {
        pfn_t pfn = machine_take(&m);

        if (pfn == PFN_NONE)
            return;
        EXPECT(pagecache_add(&b, inodes[file], index, pfn) == page->value);
        *page = (struct page){.pfn = pfn};
    } else if (!page->writeback) {
        pagecache_del(&b, page->pfn, value);
        EXPECT(frame_test(frames_get(&m.frames, page->pfn), PG_DIRTY) ==
               (page->dirty && is_shmem(file)));
        frame_clear(frames_get(&m.frames, page->pfn), PG_DIRTY);
        frames_free(&m.frames, page->pfn, 0, 0);
        *page = (struct page){.value = value};
    }
}

static void change_marks(u32 file, u32 index, struct prng *p)
{
    struct page *page = &plain[file][index];

    if (page->pfn == PFN_NONE)
        return;
    switch (prng_below(p, 4)) {
    case 0:
    case 1:
        EXPECT(pagecache_set_dirty(&b, page->pfn, operation) == !page->dirty);
        page->dirty = true;
        break;
    case 2:
        EXPECT(pagecache_clear_dirty(&b, page->pfn) == page->dirty);
        page->dirty = false;
        break;
    default:
        if (page->writeback)
            pagecache_end_writeback(&b, page->pfn);
        else
            pagecache_start_writeback(&b, page->pfn);
        page->writeback = !page->writeback;
    }
}

static void search(u32 file, u32 from, u32 max)
{
    const struct page *pages = plain[file];
    u32 at = from, dirty = from, last = MIN(from + max, PAGES - 1);
    u64 gap = from;

    while (at <= last && pages[at].pfn == PFN_NONE)
        at++;
    EXPECT(pagecache_next(inodes[file], from, last) == (at <= last ? pages[at].pfn : PFN_NONE));
    while (dirty < PAGES && (!pages[dirty].dirty || is_shmem(file)))
        dirty++;
    EXPECT(pagecache_next_dirty(inodes[file], from) ==
           (dirty < PAGES ? pages[dirty].pfn : PFN_NONE));
    while (gap < from + max - 1 && gap < PAGES && pages[gap].pfn != PFN_NONE)
        gap++;
    EXPECT(pagecache_next_miss(inodes[file], from, max) == gap);
    gap = from;
    while (gap != (u64)from - (max - 1) && gap != UINT64_MAX && pages[gap].pfn != PFN_NONE)
        gap--;
    EXPECT(pagecache_prev_miss(inodes[file], from, max) == gap);
}

/* Truncation: pages and values from `from` on are gone. */
static void truncate_at(u32 file, u32 from)
{
    for (u32 i = from; i < PAGES; i++)
        if (plain[file][i].writeback)
            return;
    for (u32 i = from; i < PAGES; i++) {
        pfn_t pfn = plain[file][i].pfn;

        if (pfn != PFN_NONE) {
            pagecache_del(&b, pfn, 0);
            frame_clear(frames_get(&m.frames, pfn), PG_DIRTY);
            frames_free(&m.frames, pfn, 0, 0);
        }
        plain[file][i] = (struct page){0};
    }
    pagecache_clear_shadows(&b, inodes[file], from, XA_INDEX_MAX);
    EXPECT(pagecache_next(inodes[file], from, XA_INDEX_MAX) == PFN_NONE);
}

static void drop_shadows(u32 file, struct inode *oldest, u64 first)
{
    EXPECT(oldest == inodes[file] && !is_shmem(file));
    for (u64 i = first; i < first + 64 && i < PAGES; i++) {
        EXPECT(plain[file][i].pfn == PFN_NONE);
        plain[file][i].value = 0;
    }
    pagecache_clear_shadows(&b, oldest, first, first + 63);
}

int main(int argc, char **argv)
{
    struct fuzz_args args = fuzz_parse_args(argc, argv, 1000000);
    struct prng p;

    seed = args.seed;
    prng_seed(&p, seed);
    machine_init(&m, 1);
    backing_init(&b, &m.frames, &m.counters);
    for (u32 i = 0; i < FILES; i++) {
        inodes[i] = inode_new(&b, is_shmem(i) ? INODE_SHMEM : INODE_REGULAR, 1, i, NULL,
                              PAGES * PAGE_SIZE, is_shmem(i) ? NULL : &m.disk);
        inodes[i]->memcg = (u16)(i * 3);
    }
    for (operation = 0; operation < args.operations; operation++) {
        u32 file = (u32)prng_below(&p, FILES), index = (u32)prng_below(&p, PAGES);
        u32 what = (u32)prng_below(&p, 1000);
        const struct page *page = &plain[file][index];

        if (what < 400)
            toggle_page(file, index, &p);
        else if (what < 800)
            change_marks(file, index, &p);
        else if (what < 998)
            search(file, index, 1 + (u32)prng_below(&p, 40));
        else
            truncate_at(file, index);
        EXPECT(pagecache_find(inodes[file], index) == page->pfn);
        EXPECT(pagecache_entry(inodes[file], index) ==
               (page->pfn ? entry_from_pfn(page->pfn) : page->value));
        if (operation % 10000 == 0) {
            u64 first;
            struct inode *oldest = shadow_nodes_oldest(&b, inodes[file]->memcg, &first);

            pagecache_check(&b);
            if (oldest) /* a shrinker's work, undone in the shadow copy */
                drop_shadows(file, oldest, first);
        }
    }
    pagecache_check(&b);
    backing_done(&b);
    machine_done(&m);
    return 0;
}

/* heat.c - rows in a hash table by (space, chunk), made coarser when they are too many. */
#include "trace/heat.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "trace/trace_format.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX    2048u /* while counting */
#define SPACE_SHIFT 44u   /* a page number is below */
#define COARSEST    40u

struct counting {
    u64 key; /* space << SPACE_SHIFT | chunk */
    u32 touches[HEAT_TIMES];
};

struct heat_table {
    unsigned shift;       /* pages of a chunk, as a power of two */
    struct u64map by_key; /* key -> index */
    VEC(struct counting) rows;
    u64 last_key, left_out;
    u32 last; /* index of last_key; UINT32_MAX: none */
};

_Static_assert(HEAT_PROCESSES_MAX <= HEAT_FILES_MAX, "both fit");
_Static_assert(HWT_PAGE_MAX < (u64)1 << SPACE_SHIFT, "a page fits below the space");

static struct heat_table *table_new(void)
{
    struct heat_table *t = xcalloc(1, sizeof(*t));

    u64map_init(&t->by_key);
    t->last = UINT32_MAX;
    return t;
}

static void table_free(struct heat_table *t)
{
    if (!t)
        return;
    u64map_done(&t->by_key);
    vec_done(&t->rows);
    free(t);
}

void heat_init(struct heat *h, u64 events)
{
    *h = (struct heat){
        .events = events,
        .processes_max = HEAT_PROCESSES_MAX,
        .rows_address = HEAT_ROWS_ADDRESS,
        .by_process = table_new(),
        .by_file = table_new(),
    };
}

static void spaces_done(struct heat_space *spaces, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(spaces[i].name);
        vec_done(&spaces[i].rows);
    }
}

void heat_done(struct heat *h)
{
    table_free(h->by_process);
    table_free(h->by_file);
    spaces_done(h->processes.items, h->processes.count);
    spaces_done(h->files.items, h->files.count);
    vec_done(&h->processes);
    vec_done(&h->files);
}

static u32 add(u32 a, u32 b)
{
    u32 sum;

    return __builtin_add_overflow(a, b, &sum) ? UINT32_MAX : sum;
}

/* Chunks of twice the size. */
static void coarsen(struct heat_table *t)
{
    const u64 chunks = ((u64)1 << SPACE_SHIFT) - 1;
    size_t kept = 0;

    u64map_done(&t->by_key);
    u64map_init(&t->by_key);
    for (size_t i = 0; i < t->rows.count; i++) {
        struct counting *from = &t->rows.items[i];
        u64 key = (from->key & ~chunks) | (from->key & chunks) >> 1, index;

        if (u64map_get(&t->by_key, key, &index)) {
            for (unsigned c = 0; c < HEAT_TIMES; c++)
                t->rows.items[index].touches[c] =
                    add(t->rows.items[index].touches[c], from->touches[c]);
            continue;
        }
        from->key = key;
        u64map_put(&t->by_key, key, kept);
        if (kept != i)
            t->rows.items[kept] = *from;
        kept++;
    }
    t->rows.count = kept;
    t->shift++;
    t->last = UINT32_MAX;
}

static u32 row_of(struct heat_table *t, u32 space, u64 page)
{
    for (;;) {
        u64 key = (u64)space << SPACE_SHIFT | page >> t->shift, index;

        if (t->last != UINT32_MAX && t->last_key == key)
            return t->last;
        if (!u64map_get(&t->by_key, key, &index)) {
            if (t->rows.count == ROWS_MAX && t->shift < COARSEST) {
                coarsen(t);
                continue;
            }
            if (t->rows.count == ROWS_MAX)
                return UINT32_MAX;
            index = t->rows.count;
            vec_push(&t->rows, ((struct counting){.key = key}));
            u64map_put(&t->by_key, key, index);
        }
        t->last_key = key;
        t->last = (u32)index;
        return (u32)index;
    }
}

static void touch(struct heat_table *t, u32 space, u64 page, u64 now, u64 events)
{
    bool fits = space >> (63 - SPACE_SHIFT) == 0 && page >> SPACE_SHIFT == 0;
    u32 row = fits ? row_of(t, space, page) : UINT32_MAX;
    u64 column = events ? (u64)((double)now * HEAT_TIMES / (double)events) : 0;

    if (row == UINT32_MAX) {
        t->left_out++;
        return;
    }
    column = MIN(column, (u64)HEAT_TIMES - 1);
    t->rows.items[row].touches[column] = add(t->rows.items[row].touches[column], 1);
}

void heat_touch_memory(struct heat *h, u32 process, u64 page, u64 now)
{
    touch(h->by_process, process, page, now, h->events);
}

void heat_touch_file(struct heat *h, u32 file, u64 page, u64 now)
{
    touch(h->by_file, file, page, now, h->events);
}

/* --- at the end ------------------------------------------------------------------------------- */

static int by_key(const void *a, const void *b)
{
    const struct counting *x = a, *y = b;

    return (x->key > y->key) - (x->key < y->key);
}

/* A space and its rows, which stand together in the sorted table. */
struct part {
    u64 space, touches;
    size_t at, count;
};

static int hottest_first(const void *a, const void *b)
{
    const struct part *x = a, *y = b;

    if (x->touches != y->touches)
        return x->touches < y->touches ? 1 : -1;
    return (x->space > y->space) - (x->space < y->space);
}

static u64 touches_of(const struct counting *row)
{
    u64 sum = 0;

    for (unsigned c = 0; c < HEAT_TIMES; c++)
        sum += row->touches[c];
    return sum;
}

/* Rows of the part, in chunks so large that at most `max` are left: neighbours become one. */
static void take_rows(const struct heat_table *t, const struct part *p, size_t max,
                      struct heat_space *ret)
{
    const u64 chunks = ((u64)1 << SPACE_SHIFT) - 1;
    unsigned more = 0;

    for (;; more++) {
        u64 nr = 0, last = UINT64_MAX;

        for (size_t i = p->at; i < p->at + p->count; i++) {
            u64 chunk = (t->rows.items[i].key & chunks) >> more;

            nr += chunk != last;
            last = chunk;
        }
        if (nr <= max || more == COARSEST)
            break;
    }
    for (size_t i = p->at; i < p->at + p->count; i++) {
        const struct counting *from = &t->rows.items[i];
        u64 chunk = (from->key & chunks) >> more;
        u64 first = chunk << (t->shift + more);

        if (ret->rows.count == 0 || vec_last(&ret->rows).first != first)
            vec_push(&ret->rows,
                     ((struct heat_row){.first = first, .pages = (u64)1 << (t->shift + more)}));
        for (unsigned c = 0; c < HEAT_TIMES; c++)
            vec_last(&ret->rows).touches[c] =
                add(vec_last(&ret->rows).touches[c], from->touches[c]);
    }
}

/* The hottest spaces of a table: up to nr of them, with up to rows rows in all, or each of them. */
static u64 keep(struct heat_table *t, unsigned nr, size_t rows, bool each, heat_name_fn *name,
                void *ctx, struct heat_space *ret, size_t *ret_count)
{
    VEC(struct part) parts = {0};
    u64 all, kept = 0;

    if (!t) { /* nothing was touched */
        *ret_count = 0;
        return 0;
    }
    all = t->left_out;
    if (t->rows.count)
        qsort(t->rows.items, t->rows.count, sizeof(t->rows.items[0]), by_key);
    for (size_t i = 0; i < t->rows.count; i++) {
        u64 space = t->rows.items[i].key >> SPACE_SHIFT;

        if (parts.count == 0 || vec_last(&parts).space != space)
            vec_push(&parts, ((struct part){.space = space, .at = i}));
        vec_last(&parts).count++;
        vec_last(&parts).touches += touches_of(&t->rows.items[i]);
        all += touches_of(&t->rows.items[i]);
    }
    if (parts.count)
        qsort(parts.items, parts.count, sizeof(parts.items[0]), hottest_first);
    *ret_count = MIN(parts.count, (size_t)nr);
    for (size_t i = 0; i < *ret_count; i++) {
        const struct part *p = &parts.items[i];
        struct heat_space *s = &ret[i];

        *s = (struct heat_space){.touches = p->touches};
        s->name = xstrdup(name(ctx, (u32)p->space, &s->pid));
        /* The first process is the one that people ask for: it has half of the rows. */
        take_rows(t, p,
                  each || *ret_count == 1 ? rows
                  : i                     ? rows / 2 / (*ret_count - 1)
                                          : rows / 2,
                  s);
        kept += p->touches;
    }
    vec_done(&parts);
    return all - kept;
}

void heat_finish(struct heat *h, heat_name_fn *process_name, heat_name_fn *file_name, void *ctx)
{
    struct heat_space spaces[HEAT_FILES_MAX];
    size_t count;

    assert(h->processes_max <= HEAT_PROCESSES_MAX);
    h->left_out = keep(h->by_process, h->processes_max, h->rows_address, false, process_name, ctx,
                       spaces, &count);
    for (size_t i = 0; i < count; i++)
        vec_push(&h->processes, spaces[i]);
    h->left_out_files =
        keep(h->by_file, HEAT_FILES_MAX, HEAT_ROWS_FILE, true, file_name, ctx, spaces, &count);
    h->left_out += h->left_out_files;
    for (size_t i = 0; i < count; i++)
        vec_push(&h->files, spaces[i]);
    table_free(h->by_process);
    table_free(h->by_file);
    h->by_process = h->by_file = NULL;
}

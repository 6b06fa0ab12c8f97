/* plain.c - exact LRU and CLOCK on a recording, to have something simple beside the kernel and us.
 *
 * Use:     plain TRACE CAPACITY... TRACE: `highwater trace export --to oracle`; CAPACITY in pages
 * Prints:  one line each: CAPACITY, pages that exact LRU evicts, pages that CLOCK evicts.
 *
 * A page that is asked for and not held comes in; when CAPACITY pages are held, one goes before.
 * LRU: the one whose last request is oldest, from a list in order of requests. CLOCK: a ring of
 * frames and a hand that takes the bit of a page that was used since the hand came by, and the
 * first page without it. A page that has just come in has its bit.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RECORD_BYTES = 24, ID_AT = 4 };

static uint32_t *requests; /* numbers of pages, in order of their first request */
static size_t n_requests;
static uint32_t n_pages;

static void fail(const char *what)
{
    fprintf(stderr, "plain: %s\n", what);
    exit(1);
}

static void *zeroed(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size);
    if (p == NULL)
        fail("out of memory");
    return p;
}

static void read_trace(const char *path)
{
    FILE *f = fopen(path, "rb");
    unsigned char record[RECORD_BYTES];
    size_t room = 1 << 16;
    size_t slots = 1;
    uint64_t *ids;
    uint32_t *numbers;
    if (f == NULL || fseek(f, 0, SEEK_END) != 0)
        fail(path);
    room = (size_t)ftell(f) / RECORD_BYTES;
    rewind(f);
    while (slots < 2 * room + 1)
        slots *= 2;
    requests = zeroed(room, sizeof *requests);
    ids = zeroed(slots, sizeof *ids);
    numbers = zeroed(slots, sizeof *numbers); /* plus one; 0 is free */
    while (n_requests < room && fread(record, sizeof record, 1, f) == 1) {
        uint64_t id;
        size_t at;
        memcpy(&id, record + ID_AT, sizeof id);
        for (at = (id * UINT64_C(0x9e3779b97f4a7c15)) & (slots - 1);
             numbers[at] != 0 && ids[at] != id;)
            at = (at + 1) & (slots - 1);
        if (numbers[at] == 0) {
            ids[at] = id;
            numbers[at] = ++n_pages;
        }
        requests[n_requests++] = numbers[at] - 1;
    }
    fclose(f);
    free(ids);
    free(numbers);
}

/* The list is a ring through the entry n_pages: after it the page that was used last, before it the
 * one to go. */
static size_t lru_evictions(uint32_t capacity)
{
    uint32_t *next = zeroed(n_pages + 1, sizeof *next);
    uint32_t *prev = zeroed(n_pages + 1, sizeof *prev);
    unsigned char *held = zeroed(n_pages, 1);
    uint32_t n = 0;
    size_t evictions = 0;
    next[n_pages] = prev[n_pages] = n_pages;
    for (size_t i = 0; i < n_requests; i++) {
        uint32_t page = requests[i];
        if (held[page]) {
            next[prev[page]] = next[page];
            prev[next[page]] = prev[page];
        } else if (n < capacity) {
            n++;
        } else {
            uint32_t victim = prev[n_pages];
            next[prev[victim]] = n_pages;
            prev[n_pages] = prev[victim];
            held[victim] = 0;
            evictions++;
        }
        held[page] = 1;
        next[page] = next[n_pages];
        prev[next[n_pages]] = page;
        prev[page] = n_pages;
        next[n_pages] = page;
    }
    free(next);
    free(prev);
    free(held);
    return evictions;
}

static size_t clock_evictions(uint32_t capacity)
{
    uint32_t *frames = zeroed(capacity, sizeof *frames);
    unsigned char *held = zeroed(n_pages, 1);
    unsigned char *used = zeroed(n_pages, 1);
    uint32_t n = 0;
    uint32_t hand = 0;
    size_t evictions = 0;
    for (size_t i = 0; i < n_requests; i++) {
        uint32_t page = requests[i];
        used[page] = 1;
        if (held[page])
            continue;
        if (n < capacity) {
            frames[n++] = page;
        } else {
            for (; used[frames[hand]]; hand = (hand + 1) % capacity)
                used[frames[hand]] = 0;
            held[frames[hand]] = 0;
            frames[hand] = page;
            hand = (hand + 1) % capacity;
            evictions++;
        }
        held[page] = 1;
    }
    free(frames);
    free(held);
    free(used);
    return evictions;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        fail("usage: plain TRACE CAPACITY...");
    read_trace(argv[1]);
    for (int i = 2; i < argc; i++) {
        char *end;
        unsigned long capacity = strtoul(argv[i], &end, 10);
        if (*end != '\0' || capacity == 0 || capacity > UINT32_MAX)
            fail("a capacity is a number of pages");
        printf("%lu %zu %zu\n", capacity, lru_evictions((uint32_t)capacity),
               clock_evictions((uint32_t)capacity));
    }
    return 0;
}

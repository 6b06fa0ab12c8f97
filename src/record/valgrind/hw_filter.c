/* hw_filter.c - which accesses are worth a record.
 *
 * Copyright (C) 2026 the highwater developers
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A page that the thread accessed lately, in the same way, is dropped: read after read or write,
 * write after write, fetch after fetch. "Lately" is one of 1,024 pages in 256 hashed sets of four,
 * move to front. A direct-mapped front of (page, kind) answers most words with one comparison; what
 * it holds is always in the sets as well. After about window_instructions or window_misses all is
 * forgotten, so that a hot page is seen again in every window.
 *
 * Rejected: direct-mapped only (three times the records); plain low bits as the index (twenty times
 * the records of /bin/ls, since text, heap and stack collide); no window (a hot page would look
 * idle).
 */
#include "hw_tool.h"

#define KEY_NONE 0xfffULL /* no word under the mask */

extern const HChar VG_(trampoline_stuff_start)[];

static inline ULong key_of(ULong page, UInt kind)
{
    return page << 12 | (ULong)kind << WORD_KIND_SHIFT;
}

static inline UInt near_index(ULong key)
{
    return (UInt)(key * 0x9e3779b97f4a7c15ULL >> (64 - NEAR_BITS));
}

static inline UInt set_index(ULong page)
{
    return (UInt)((page * 0x9e3779b97f4a7c15ULL) >> 56) & (SETS - 1);
}

static const UChar perm_wanted[3] = {PERM_READ | PERM_WRITE, PERM_WRITE, PERM_EXEC};
static const UChar perm_gained[3] = {PERM_READ, PERM_WRITE, PERM_EXEC};

void hw_forget_all(struct thread *t)
{
    VG_(memset)(t->sets, 0, sizeof(t->sets));
    for (UInt i = 0; i < NEAR_ENTRIES; i++)
        t->near[i] = KEY_NONE;
    t->misses_left = hw_channel != NULL ? hw_channel->window_misses : 0;
    t->window_end = t->icount + (hw_channel != NULL ? hw_channel->window_instructions : 0);
}

static void near_forget(struct thread *t, ULong page)
{
    for (UInt kind = 0; kind < 3; kind++) {
        ULong key = key_of(page, kind);

        if (t->near[near_index(key)] == key)
            t->near[near_index(key)] = KEY_NONE;
    }
}

/* Instructions of the thread at the word being drained: evenly spread over the batch. */
static ULong icount_here(const struct thread *t)
{
    if (t->batch_words == 0)
        return t->icount;
    return t->icount + t->batch_instructions * (ULong)(t->batch_word - t->buffer) / t->batch_words;
}

/* The front did not know the page. */
static __attribute__((noinline)) void miss(struct thread *t, ULong page, UInt kind)
{
    ULong *set = t->sets[set_index(page)];
    ULong entry = page << 3;
    ULong key = key_of(page, kind);
    UInt way;

    if (kind > HWT_EXEC || page == (Addr)VG_(trampoline_stuff_start) >> 12)
        return; /* nothing, a wild address, or the page that Valgrind lends to signal handlers */
    for (way = 0; way < WAYS; way++)
        if (set[way] >> 3 == page && set[way] != 0) {
            entry = set[way];
            break;
        }
    if (way == WAYS) {
        way = WAYS - 1;
        if (set[way] != 0)
            near_forget(t, set[way] >> 3);
    }
    for (; way > 0; way--)
        set[way] = set[way - 1];
    if (!(entry & perm_wanted[kind])) {
        entry |= perm_gained[kind];
        hw_emit_access(t, page, (enum hwt_kind)kind, icount_here(t));
        if (t->misses_left > 0)
            t->misses_left--;
    }
    set[0] = entry;
    t->near[near_index(key)] = key;
}

/* A window ends at a drain: this one, if the next is likely to come too late. */
static void window_check(struct thread *t)
{
    if (UNLIKELY(hw_channel->flush != t->flush))
        hw_stream_flush(t);
    if (t->icount + t->batch_instructions < t->window_end && t->misses_left > 0)
        return;
    hw_forget_all(t);
    hw_touch_code(t);
}

/* The access began near the end of a page: its bytes after the first may lie in the next. */
static __attribute__((noinline)) void straddle(struct thread *t, ULong word)
{
    ULong count = (word >> WORD_COUNT_SHIFT) & WORD_COUNT_MAX;
    ULong key = ((word + count) & WORD_KEY_MASK);

    if (((word & 4095) + count) >> 12 != 0 && t->near[near_index(key)] != key)
        miss(t, (key & WORD_PAGE_MASK) >> 12, (UInt)(key >> WORD_KIND_SHIFT));
}

static void drain_words(struct thread *t, const ULong *end, ULong instructions)
{
    t->batch_instructions = instructions;
    t->batch_words = (ULong)(end - t->buffer);
    for (const ULong *word = t->buffer; word < end; word++) {
        ULong w = *word;
        ULong key = w & WORD_KEY_MASK;

        if (UNLIKELY(t->near[near_index(key)] != key)) {
            t->batch_word = word;
            miss(t, (key & WORD_PAGE_MASK) >> 12, (UInt)(key >> WORD_KIND_SHIFT));
        }
        if (UNLIKELY(((w + WORD_COUNT_MAX) ^ w) & 4096)) {
            t->batch_word = word;
            straddle(t, w);
        }
    }
    t->batch_words = 0;
    t->icount += instructions;
    window_check(t);
}

void hw_buffer_attach(struct thread *t)
{
    ULong words[SHADOW_BYTES / 8];

    words[SHADOW_POS / 8] = (ULong)(Addr)t->buffer;
    words[SHADOW_LIMIT / 8] = (ULong)(Addr)(t->buffer + BUFFER_WORDS);
    words[SHADOW_INSTRUCTIONS / 8] = 0;
    words[SHADOW_EXEC / 8] = (ULong)HWT_EXEC << WORD_KIND_SHIFT;
    VG_(set_shadow_regs_area)(t->tid, 1, 0, SHADOW_BYTES, (const UChar *)words);
}

void hw_drain(struct thread *t)
{
    ULong start = (ULong)(Addr)t->buffer, zero = 0, instructions;
    const ULong *pos;

    if (t->silent)
        return;
    VG_(get_shadow_regs_area)(t->tid, (UChar *)&pos, 1, SHADOW_POS, sizeof(pos));
    VG_(get_shadow_regs_area)(t->tid, (UChar *)&instructions, 1, SHADOW_INSTRUCTIONS, 8);
    if (pos == t->buffer && instructions == 0)
        return;
    tl_assert(pos >= t->buffer && pos <= t->buffer + BUFFER_WORDS + BUFFER_HEADROOM);
    drain_words(t, pos, instructions);
    VG_(set_shadow_regs_area)(t->tid, 1, SHADOW_POS, 8, (const UChar *)&start);
    VG_(set_shadow_regs_area)(t->tid, 1, SHADOW_INSTRUCTIONS, 8, (const UChar *)&zero);
}

void hw_drain_from_code(void)
{
    hw_drain(hw_thread(VG_(get_running_tid)()));
}

void hw_touch_code(struct thread *t)
{
    ULong key = VG_(get_IP)(t->tid) & WORD_PAGE_MASK;

    key |= (ULong)HWT_EXEC << WORD_KIND_SHIFT;
    if (t->near[near_index(key)] != key)
        miss(t, VG_(get_IP)(t->tid) >> 12, HWT_EXEC);
}

void hw_touch(struct thread *t, Addr a, SizeT len, enum hwt_kind kind)
{
    if (len == 0 || hw_off || a >> 47 != 0 || (a + len - 1) >> 47 != 0)
        return;
    hw_drain(t);
    for (ULong page = a >> 12; page <= (a + len - 1) >> 12; page++)
        if (t->near[near_index(key_of(page, (UInt)kind))] != key_of(page, (UInt)kind))
            miss(t, page, (UInt)kind);
    window_check(t);
}

static void forget_pages(struct thread *t, ULong first, ULong last)
{
    for (UInt s = 0; s < SETS; s++) {
        UInt kept = 0;

        for (UInt way = 0; way < WAYS; way++) {
            ULong page = t->sets[s][way] >> 3;

            if (t->sets[s][way] == 0)
                continue;
            if (page >= first && page <= last)
                near_forget(t, page);
            else
                t->sets[s][kept++] = t->sets[s][way];
        }
        while (kept < WAYS)
            t->sets[s][kept++] = 0;
    }
}

void hw_forget_range(Addr a, SizeT len)
{
    if (len == 0)
        return;
    for (ThreadId tid = 1; tid < VG_N_THREADS; tid++) {
        struct thread *t = hw_thread_find(tid);

        if (t == NULL)
            continue;
        hw_drain(t);
        forget_pages(t, a >> 12, (a + len - 1) >> 12);
    }
}

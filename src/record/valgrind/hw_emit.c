/* hw_emit.c - records of the trace format, into slots of the channel.
 *
 * Copyright (C) 2026 the highwater developers
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A slot is raw payload of one chunk. Its len grows only after a record is whole, so that whoever
 * finds the slot of a dead process can use it. When no slot is free the thread waits for the
 * parent; when the parent is gone or has closed the recording, the program runs on unrecorded.
 */
#include "hw_tool.h"

#define ACCESS_BYTES_MAX (2 * HWT_VARINT_MAX)
#define OP_BYTES_MAX     ((4 + HWT_OP_FIELDS_MAX + 1) * HWT_VARINT_MAX + HWT_STRING_MAX)

ULong hw_stamp(void)
{
    return __atomic_add_fetch(&hw_channel->order, 1, __ATOMIC_SEQ_CST);
}

ULong hw_stamp_now(void)
{
    return hw_channel == NULL ? 0 : __atomic_load_n(&hw_channel->order, __ATOMIC_SEQ_CST);
}

static Bool recorder_gone(void)
{
    if (__atomic_load_n(&hw_channel->closed, __ATOMIC_ACQUIRE))
        return True;
    return hw_syscall(__NR_kill, hw_channel->parent_pid, 0, 0, 0, 0, 0) == -VKI_ESRCH;
}

static struct channel_slot *slot_try_claim(void)
{
    for (UInt i = 0; i < hw_channel->nr_slots; i++) {
        struct channel_slot *s = &hw_channel->slots[i];
        UInt expected = CHANNEL_FREE;

        if (s->state != CHANNEL_FREE)
            continue;
        /* The claim names its owner before the state can be seen by a parent that looks for the
         * dead; a loser of the race overwrites pid only while the slot is still FREE. */
        if (__atomic_compare_exchange_n(&s->state, &expected, CHANNEL_FILLING, False,
                                        __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
            s->pid = (UInt)VG_(getpid)();
            return s;
        }
    }
    return NULL;
}

/* NULL when the recording is over. */
static struct channel_slot *slot_claim(void)
{
    struct vki_timespec wait = {0, 20 * 1000 * 1000};

    for (;;) {
        UInt seen = __atomic_load_n(&hw_channel->freed, __ATOMIC_ACQUIRE);
        struct channel_slot *s = slot_try_claim();

        if (s != NULL || recorder_gone())
            return s;
        hw_syscall(__NR_futex, (UWord)&hw_channel->freed, 0 /* FUTEX_WAIT, shared */, seen,
                   (UWord)&wait, 0, 0);
    }
}

/* The thread goes on: its slot is its own again. False: the recorder died while it held the
 * slot. */
static Bool unpark(struct stream *o)
{
    struct channel_slot *s = o->slot;
    struct vki_timespec wait = {0, 200 * 1000};

    for (UInt tries = 1;; tries++) {
        UInt expected = CHANNEL_PARKED;

        if (__atomic_compare_exchange_n(&s->state, &expected, CHANNEL_FILLING, False,
                                        __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
            break;
        if (tries % 1024 == 0 && recorder_gone())
            return False;
        hw_syscall(__NR_nanosleep, (UWord)&wait, 0, 0, 0, 0, 0);
    }
    o->parked = False;
    if (s->len == 0) { /* what was in it is in the file */
        o->seq = s->seq;
        s->order = o->last_stamp = hw_stamp_now();
        o->last_data = o->last_fetch = 0;
    }
    return True;
}

static void count_instructions(struct stream *o, ULong until)
{
    __atomic_add_fetch(&hw_channel->instructions, until - o->first_icount, __ATOMIC_RELAXED);
    o->first_icount = until;
}

static void publish(struct stream *o)
{
    struct channel_slot *s = o->slot;

    if (s == NULL)
        return;
    count_instructions(o, o->last_icount); /* now: the recording may end before the thread does */
    if (o->parked && !unpark(o)) {
        o->slot = NULL;
        hw_off = True;
        return;
    }
    o->slot = NULL;
    if (s->len == 0) {
        __atomic_store_n(&s->state, CHANNEL_FREE, __ATOMIC_RELEASE);
        return;
    }
    o->seq++;
    s->ticket = __atomic_add_fetch(&hw_channel->publications, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&s->state, CHANNEL_FULL, __ATOMIC_RELEASE);
    __atomic_add_fetch(&hw_channel->wake, 1, __ATOMIC_SEQ_CST);
    hw_syscall(__NR_futex, (UWord)&hw_channel->wake, 1 /* FUTEX_WAKE */, 1, 0, 0, 0);
}

/* The lowest free slot is taken first: who has one of the last quarter is among very many, and
 * keeps none while it waits, so that however many wait, those that run find one. */
#define SLOTS_TO_KEEP (CHANNEL_SLOTS / 4 * 3)

/* The thread may wait from here on, for as long as it likes. */
void hw_stream_park(struct thread *t)
{
    struct stream *o = &t->out;

    if (o->slot == NULL || o->parked || o->slot->len == 0)
        return;
    if (o->slot - hw_channel->slots >= SLOTS_TO_KEEP) {
        publish(o);
        return;
    }
    o->parked = True;
    __atomic_store_n(&o->slot->state, CHANNEL_PARKED, __ATOMIC_RELEASE);
}

/* A slot with room for one record. False: the recording is over. */
static Bool room(struct thread *t, UInt bytes)
{
    struct stream *o = &t->out;
    struct channel_slot *s = o->slot;

    if (LIKELY(s != NULL && !o->parked && s->len + bytes <= o->room))
        return True;
    if (hw_off || o->id == 0)
        return False;
    if (s != NULL && o->parked) {
        if (!unpark(o)) {
            o->slot = NULL;
            hw_off = True;
            return False;
        }
        if (s->len + bytes <= o->room)
            return True;
    }
    publish(o);
    s = __atomic_load_n(&hw_channel->closed, __ATOMIC_ACQUIRE) ? NULL : slot_claim();
    if (s == NULL) {
        hw_off = True;
        return False;
    }
    s->stream = o->id;
    s->seq = o->seq;
    s->len = s->nr_accesses = s->nr_ops = 0;
    s->leader = t->leader;
    s->order = o->last_stamp = hw_stamp_now();
    o->last_data = o->last_fetch = 0;
    o->slot = s;
    o->room =
        hw_channel->slot_bytes < CHANNEL_SLOT_BYTES ? hw_channel->slot_bytes : CHANNEL_SLOT_BYTES;
    o->bytes = (UChar *)hw_channel + CHANNEL_DATA_OFFSET +
               (SizeT)(s - hw_channel->slots) * CHANNEL_SLOT_BYTES;
    return True;
}

void hw_stream_flush(struct thread *t)
{
    t->flush = hw_channel->flush;
    publish(&t->out);
}

void hw_reserve(struct thread *t)
{
    if (hw_channel != NULL)
        room(t, 2 * OP_BYTES_MAX);
}

static inline UChar *put(UChar *p, ULong value)
{
    while (value >= 0x80) {
        *p++ = (UChar)(value | 0x80);
        value >>= 7;
    }
    *p++ = (UChar)value;
    return p;
}

/* Instructions since the last record. */
static ULong icount_delta(struct stream *o, ULong icount)
{
    ULong delta = icount - o->last_icount;

    o->last_icount = icount;
    return delta;
}

void hw_stream_open(struct thread *t)
{
    VG_(memset)(&t->out, 0, sizeof(t->out));
    t->out.first_icount = t->out.last_icount = t->icount; /* a forked child goes on counting */
    if (hw_channel != NULL && !hw_off)
        t->out.id = __atomic_add_fetch(&hw_channel->next_stream, 1, __ATOMIC_SEQ_CST);
}

void hw_stream_close(struct thread *t)
{
    if (hw_channel == NULL || t->out.id == 0)
        return;
    publish(&t->out);
    count_instructions(&t->out, t->icount);
    t->out.id = 0;
}

void hw_emit_access(struct thread *t, ULong page, enum hwt_kind kind, ULong icount)
{
    struct stream *o = &t->out;
    ULong *last = kind == HWT_EXEC ? &o->last_fetch : &o->last_data;
    UChar *p, *start;
    ULong delta;

    if (!room(t, ACCESS_BYTES_MAX))
        return;
    delta = page - *last;
    *last = page;
    p = start = o->bytes + o->slot->len;
    p = put(p, ((delta << 1) ^ (ULong)((Long)delta >> 63)) << 2 | kind);
    p = put(p, icount_delta(o, icount));
    o->slot->nr_accesses++;
    __atomic_store_n(&o->slot->len, o->slot->len + (UInt)(p - start), __ATOMIC_RELEASE);
}

/* Varint fields of each operation that stand before its string. */
static const UChar fields_before_string[HWT_OP_MAX] = {
#define BEFORE(code, id, name, fields, string, optional) [code] = (fields),
    HWT_OPS(BEFORE)
#undef BEFORE
};

/* The fields of an operation behind its head: those that every record has, the string, then the
 * optional ones that the caller gave. Returns the end. */
static UChar *put_body(UChar *f, enum hwt_op op, UInt nr, const ULong *fields, const HChar *string)
{
    UInt before = string != NULL && nr > fields_before_string[op] ? fields_before_string[op] : nr;
    SizeT len;

    for (UInt i = 0; i < before; i++)
        f = put(f, fields[i]);
    if (string == NULL)
        return f;
    len = VG_(strlen)(string);
    if (len > HWT_STRING_MAX)
        len = HWT_STRING_MAX;
    f = put(f, len);
    VG_(memcpy)(f, string, len);
    f += len;
    for (UInt i = before; i < nr; i++)
        f = put(f, fields[i]);
    return f;
}

void hw_emit_op_at(struct thread *t, ULong stamp, enum hwt_op op, UInt nr, const ULong *fields,
                   const HChar *string)
{
    struct stream *o = &t->out;
    UChar *p, *start, *f;
    UChar body[OP_BYTES_MAX];

    if (hw_channel == NULL || hw_off || t->out.id == 0)
        return;
    hw_drain(t);
    if (!room(t, OP_BYTES_MAX))
        return;
    f = put_body(body, op, nr, fields, string);
    /* A reserved stamp may be older than a chunk that was opened in between. */
    if (stamp < o->last_stamp)
        stamp = hw_stamp();
    p = start = o->bytes + o->slot->len;
    p = put(p, (ULong)op << 2 | HWT_OP);
    p = put(p, icount_delta(o, t->icount));
    p = put(p, stamp - o->last_stamp);
    p = put(p, (ULong)(f - body));
    VG_(memcpy)(p, body, (SizeT)(f - body));
    p += f - body;
    o->last_stamp = stamp;
    o->slot->nr_ops++;
    __atomic_store_n(&o->slot->len, o->slot->len + (UInt)(p - start), __ATOMIC_RELEASE);
}

void hw_emit_op(struct thread *t, enum hwt_op op, UInt nr, const ULong *fields, const HChar *string)
{
    if (hw_channel == NULL || hw_off || t->out.id == 0)
        return;
    /* Room first: a chunk that is opened now must not begin after this stamp. */
    hw_drain(t);
    if (room(t, OP_BYTES_MAX))
        hw_emit_op_at(t, hw_stamp(), op, nr, fields, string);
}

/* Something happened that the recording does not have. */
void hw_incomplete(struct thread *t, enum hwt_incomplete reason, const HChar *what)
{
    if (hw_channel == NULL || hw_off)
        return;
    hw_emit_op(t, HWT_OP_INCOMPLETE, 2, (ULong[]){reason, 1}, what);
    __atomic_add_fetch(&hw_channel->lacks[reason], 1, __ATOMIC_RELAXED);
}

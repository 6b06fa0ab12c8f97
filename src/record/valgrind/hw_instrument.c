/* hw_instrument.c - the code that is added to the program's own.
 *
 * Copyright (C) 2026 the highwater developers
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A call per access costs 10 x and more; a comparison per access costs code and registers. So an
 * access only appends one word to a buffer whose position is loaded once per superblock:
 *
 *     pos = GET(shadow POS)               once, with the check against LIMIT (the only call)
 *     ST(pos + 0)  = address + (kind, size - 1)
 *     ...
 *     PUT(shadow POS) = pos + 8 n         before each exit and at the end, and the same for the
 *     PUT(shadow INSTRUCTIONS) = ...      number of instructions
 *
 * A segment runs from one possible exit to the next, so all of it is executed or none. Within a
 * segment, accesses of one kind at constant offsets from one base become one group with their span:
 * at most 2 KiB, so their pages are those of its first and last byte. A group inside an earlier one
 * of the superblock says nothing new, nor does a read inside the span of a write. hw_filter.c does
 * the rest, in a loop over words.
 *
 * Fetches are told by who leaves a page: a jump within the page says nothing, one to another page
 * (or to an address not known here) leaves a word for where it goes. The page where a thread
 * starts, resumes or begins a new window is touched by hw_touch_code().
 */
#include "hw_tool.h"

#define SPAN_MAX   2048
#define GROUPS_MAX 2048
#define SITES_MAX  2048

extern const HChar VG_(trampoline_stuff_start)[];
extern const HChar VG_(trampoline_stuff_end)[];

/* Accesses of a segment that are told together. */
struct group {
    Int base; /* temporary, or -1: lo is the address itself */
    Bool write;
    Bool alone; /* conditional: never shared */
    Bool emitted;
    Bool redundant;
    Long lo, hi; /* [lo, hi) from base */
};

struct block {
    IRSB *out;
    const IRSB *in;
    Int shadow;           /* offset of the first shadow of the guest state */
    IRTemp pos, executed; /* as loaded */
    UInt words;           /* since they were loaded */
    UInt instructions;
    Bool untold; /* instructions since the last store */
    Bool any_word;
    Addr code_page; /* being executed */
    Int *base;      /* per temporary: base and offset, when known */
    Long *offset;
    struct group groups[GROUPS_MAX];
    UInt nr_groups, first_group;  /* of the superblock; of the segment */
    UShort site_group[SITES_MAX]; /* the group of each access of the segment, in order */
    UInt nr_sites, next_site;
};

/* What a statement does to memory. */
struct access {
    IRExpr *addr;
    IRExpr *guard; /* NULL: always */
    UInt size;
    Bool write;
};

static IRExpr *constant(ULong value)
{
    return IRExpr_Const(IRConst_U64(value));
}

static void add(struct block *b, IRStmt *s)
{
    addStmtToIRSB(b->out, s);
}

static IRExpr *assign(struct block *b, IRType type, IRExpr *e)
{
    IRTemp t = newIRTemp(b->out->tyenv, type);

    add(b, IRStmt_WrTmp(t, e));
    return IRExpr_RdTmp(t);
}

static void pos_load(struct block *b)
{
    b->pos = newIRTemp(b->out->tyenv, Ity_I64);
    add(b, IRStmt_WrTmp(b->pos, IRExpr_Get(b->shadow + SHADOW_POS, Ity_I64)));
}

static void block_load(struct block *b)
{
    pos_load(b);
    b->executed = newIRTemp(b->out->tyenv, Ity_I64);
    add(b, IRStmt_WrTmp(b->executed, IRExpr_Get(b->shadow + SHADOW_INSTRUCTIONS, Ity_I64)));
    b->words = b->instructions = 0;
}

static void put_sum(struct block *b, Int shadow, IRTemp from, ULong more)
{
    add(b, IRStmt_Put(
               b->shadow + shadow,
               assign(b, Ity_I64, IRExpr_Binop(Iop_Add64, IRExpr_RdTmp(from), constant(more)))));
}

static void pos_store(struct block *b)
{
    if (b->words > 0)
        put_sum(b, SHADOW_POS, b->pos, 8ULL * b->words);
    if (b->untold)
        put_sum(b, SHADOW_INSTRUCTIONS, b->executed, b->instructions);
    b->untold = False;
}

/* Drain the buffer if it is full, or whatever it is. */
static void drain_call(struct block *b, Bool always)
{
    IRDirty *d =
        unsafeIRDirty_0_N(0, "hw_drain_from_code",
                          VG_(fnptr_to_fnentry)((void *)hw_drain_from_code), mkIRExprVec_0());

    d->nFxState = 1;
    d->fxState[0].fx = Ifx_Modify;
    d->fxState[0].offset = (UShort)(b->shadow + SHADOW_POS);
    d->fxState[0].size = SHADOW_INSTRUCTIONS + 8;
    d->fxState[0].nRepeats = 0;
    d->fxState[0].repeatLen = 0;
    if (!always)
        d->guard =
            assign(b, Ity_I1,
                   IRExpr_Binop(Iop_CmpLE64U,
                                assign(b, Ity_I64, IRExpr_Get(b->shadow + SHADOW_LIMIT, Ity_I64)),
                                IRExpr_RdTmp(b->pos)));
    add(b, IRStmt_Dirty(d));
    block_load(b);
}

static void word_store(struct block *b, IRExpr *word)
{
    IRExpr *where = IRExpr_RdTmp(b->pos);

    if (b->words > 0)
        where = assign(b, Ity_I64, IRExpr_Binop(Iop_Add64, where, constant(8ULL * b->words)));
    add(b, IRStmt_Store(Iend_LE, where, word));
    b->words++;
    b->any_word = True;
    if (b->words >= BLOCK_WORDS_MAX) {
        pos_store(b);
        drain_call(b, True);
    }
}

/* ---- which accesses share a word ---- */

static void locate(const struct block *b, const IRExpr *e, Int *base, Long *offset)
{
    if (e->tag == Iex_RdTmp) {
        *base = b->base[e->Iex.RdTmp.tmp];
        *offset = b->offset[e->Iex.RdTmp.tmp];
    } else {
        tl_assert(e->tag == Iex_Const);
        *base = -1;
        *offset = (Long)e->Iex.Const.con->Ico.U64;
    }
}

/* Learn that a temporary is another one plus a constant. */
static void learn(struct block *b, IRTemp t, const IRExpr *e)
{
    if (e->tag == Iex_RdTmp || (e->tag == Iex_Const && e->Iex.Const.con->tag == Ico_U64)) {
        locate(b, e, &b->base[t], &b->offset[t]);
    } else if (e->tag == Iex_Binop &&
               (e->Iex.Binop.op == Iop_Add64 || e->Iex.Binop.op == Iop_Sub64) &&
               e->Iex.Binop.arg1->tag == Iex_RdTmp && e->Iex.Binop.arg2->tag == Iex_Const) {
        Long c = (Long)e->Iex.Binop.arg2->Iex.Const.con->Ico.U64;

        locate(b, e->Iex.Binop.arg1, &b->base[t], &b->offset[t]);
        b->offset[t] += e->Iex.Binop.op == Iop_Add64 ? c : -c;
    }
}

/* The accesses of one statement; a modification is a write. Returns how many, at most 1. */
static UInt accesses_of(const struct block *b, const IRStmt *s, struct access *a)
{
    a->guard = NULL;
    switch (s->tag) {
    case Ist_WrTmp:
        if (s->Ist.WrTmp.data->tag != Iex_Load)
            return 0;
        a->addr = s->Ist.WrTmp.data->Iex.Load.addr;
        a->size = (UInt)sizeofIRType(s->Ist.WrTmp.data->Iex.Load.ty);
        a->write = False;
        return 1;
    case Ist_Store:
        a->addr = s->Ist.Store.addr;
        a->size = (UInt)sizeofIRType(typeOfIRExpr(b->in->tyenv, s->Ist.Store.data));
        a->write = True;
        return 1;
    case Ist_LoadG: {
        IRType loaded, widened;

        typeOfIRLoadGOp(s->Ist.LoadG.details->cvt, &widened, &loaded);
        a->addr = s->Ist.LoadG.details->addr;
        a->guard = s->Ist.LoadG.details->guard;
        a->size = (UInt)sizeofIRType(loaded);
        a->write = False;
        return 1;
    }
    case Ist_StoreG:
        a->addr = s->Ist.StoreG.details->addr;
        a->guard = s->Ist.StoreG.details->guard;
        a->size = (UInt)sizeofIRType(typeOfIRExpr(b->in->tyenv, s->Ist.StoreG.details->data));
        a->write = True;
        return 1;
    case Ist_CAS:
        a->addr = s->Ist.CAS.details->addr;
        a->size = (UInt)sizeofIRType(typeOfIRExpr(b->in->tyenv, s->Ist.CAS.details->dataLo));
        if (s->Ist.CAS.details->dataHi != NULL)
            a->size *= 2;
        a->write = True;
        return 1;
    case Ist_Dirty:
        if (s->Ist.Dirty.details->mFx == Ifx_None)
            return 0;
        a->addr = s->Ist.Dirty.details->mAddr;
        a->size = (UInt)s->Ist.Dirty.details->mSize;
        a->write = s->Ist.Dirty.details->mFx != Ifx_Read;
        if (s->Ist.Dirty.details->guard->tag != Iex_Const)
            a->guard = s->Ist.Dirty.details->guard;
        return 1;
    default:
        return 0;
    }
}

static struct group *group_for(struct block *b, const struct access *a)
{
    Int base;
    Long lo;

    locate(b, a->addr, &base, &lo);
    if (a->guard == NULL) {
        for (UInt i = 0; i < b->nr_groups; i++) {
            struct group *g = &b->groups[i];
            Long low = lo < g->lo ? lo : g->lo;
            Long high = lo + (Long)a->size > g->hi ? lo + (Long)a->size : g->hi;

            if (g->alone || g->base != base || high - low > SPAN_MAX)
                continue;
            if (g->emitted && (g->write || !a->write) && low == g->lo && high == g->hi)
                return g;
            if (g->emitted || g->write != a->write)
                continue;
            g->lo = low;
            g->hi = high;
            return g;
        }
    }
    tl_assert(b->nr_groups < GROUPS_MAX);
    b->groups[b->nr_groups] = (struct group){
        .base = base,
        .write = a->write,
        .alone = a->guard != NULL,
        .lo = lo,
        .hi = lo + (Long)a->size,
    };
    return &b->groups[b->nr_groups++];
}

/* Look ahead over one segment, from statement `from` to its exit. */
static void segment_plan(struct block *b, Int from)
{
    struct access a;

    b->first_group = b->nr_groups;
    b->nr_sites = b->next_site = 0;
    for (Int i = from; i < b->in->stmts_used; i++) {
        const IRStmt *s = b->in->stmts[i];

        if (s->tag == Ist_Exit)
            break;
        if (s->tag == Ist_WrTmp)
            learn(b, s->Ist.WrTmp.tmp, s->Ist.WrTmp.data);
        if (accesses_of(b, s, &a) == 0)
            continue;
        tl_assert(b->nr_sites < SITES_MAX && b->nr_groups < GROUPS_MAX);
        b->site_group[b->nr_sites++] = (UShort)(group_for(b, &a) - b->groups);
    }
    for (UInt r = b->first_group; r < b->nr_groups; r++)
        for (UInt w = b->first_group; w < b->nr_groups; w++) {
            struct group *read = &b->groups[r];
            const struct group *write = &b->groups[w];

            if (!read->write && write->write && !read->alone && !write->alone &&
                write->base == read->base && write->lo <= read->lo && read->hi <= write->hi)
                read->redundant = True;
        }
}

/* ---- emission ---- */

/* A word for `span` bytes at an offset from the group's base. */
static void span_word(struct block *b, const struct group *g, Long lo, ULong span,
                      const struct access *a)
{
    ULong sum = (ULong)lo + ((ULong)g->write << WORD_KIND_SHIFT) + ((span - 1) << WORD_COUNT_SHIFT);
    IRExpr *word = constant(sum);

    /* The constant first: one move and one addition in the code that VEX makes of it. */
    if (g->base >= 0)
        word = assign(b, Ity_I64, IRExpr_Binop(Iop_Add64, word, IRExpr_RdTmp((IRTemp)g->base)));
    if (a->guard != NULL)
        word = assign(b, Ity_I64, IRExpr_ITE(a->guard, word, constant(WORD_IGNORE)));
    word_store(b, word);
}

/* One word, or one for each end of a long span. */
static void group_words(struct block *b, struct group *g, const struct access *a)
{
    ULong span = (ULong)(g->hi - g->lo);

    if (span <= WORD_COUNT_MAX + 1) {
        span_word(b, g, g->lo, span, a);
    } else {
        span_word(b, g, g->lo, 1, a);
        span_word(b, g, g->hi - 1, 1, a);
    }
    g->emitted = !g->alone;
}

static Bool is_trampoline(Addr at)
{
    return at >= (Addr)VG_(trampoline_stuff_start) && at < (Addr)VG_(trampoline_stuff_end);
}

/* An instruction that lies, in part, on another page than the one before it. */
static void fetch_words(struct block *b, Addr at, UInt len)
{
    Addr first = at >> 12, last = (at + (len > 0 ? len - 1 : 0)) >> 12;

    for (Addr page = first; page <= last && !is_trampoline(at); page++) {
        if (page != b->code_page)
            word_store(b, constant((ULong)page << 12 | (ULong)HWT_EXEC << WORD_KIND_SHIFT));
        b->code_page = page;
    }
}

/* A jump to `to`; with a guard, one that may not happen. */
static void jump_word(struct block *b, IRExpr *to, IRExpr *guard)
{
    IRExpr *word;

    if (to->tag == Iex_Const) {
        Addr at = to->Iex.Const.con->Ico.U64;

        if (at >> 12 == b->code_page || is_trampoline(at))
            return;
        word = constant((at & WORD_PAGE_MASK) | (ULong)HWT_EXEC << WORD_KIND_SHIFT);
    } else {
        word =
            assign(b, Ity_I64,
                   IRExpr_Binop(Iop_Add64, to,
                                assign(b, Ity_I64, IRExpr_Get(b->shadow + SHADOW_EXEC, Ity_I64))));
    }
    if (guard != NULL)
        word = assign(b, Ity_I64, IRExpr_ITE(guard, word, constant(WORD_IGNORE)));
    word_store(b, word);
}

static void statement(struct block *b, IRStmt *s)
{
    struct access a;

    if (s->tag == Ist_IMark) {
        add(b, s);
        b->instructions++;
        b->untold = True;
        fetch_words(b, s->Ist.IMark.addr, s->Ist.IMark.len);
        return;
    }
    if (accesses_of(b, s, &a) > 0 && b->next_site < b->nr_sites) {
        struct group *g = &b->groups[b->site_group[b->next_site++]];

        if (!g->emitted && !g->redundant)
            group_words(b, g, &a);
    }
    add(b, s);
}

static void block_init(struct block *b, const IRSB *in, Int shadow)
{
    b->in = in;
    b->shadow = shadow;
    b->base = VG_(malloc)("hw.base", (SizeT)in->tyenv->types_used * sizeof(Int));
    b->offset = VG_(malloc)("hw.offset", (SizeT)in->tyenv->types_used * sizeof(Long));
}

static void block_done(struct block *b)
{
    VG_(free)(b->base);
    VG_(free)(b->offset);
}

/* The instrumented block. Without `check` the buffer is not looked at: for blocks that add no
 * word. */
static void block_write(struct block *b, Bool check)
{
    const IRSB *in = b->in;
    Int i = 0;

    b->out = deepCopyIRSBExceptStmts(in);
    b->nr_groups = 0;
    b->untold = b->any_word = False;
    for (Int t = 0; t < in->tyenv->types_used; t++) {
        b->base[t] = t;
        b->offset[t] = 0;
    }
    while (i < in->stmts_used && in->stmts[i]->tag != Ist_IMark)
        add(b, in->stmts[i++]);
    if (i < in->stmts_used)
        b->code_page = in->stmts[i]->Ist.IMark.addr >> 12;
    if (check) {
        pos_load(b);
        drain_call(b, False);
    } else {
        block_load(b);
    }
    segment_plan(b, i);
    for (; i < in->stmts_used; i++) {
        IRStmt *s = in->stmts[i];

        if (s->tag == Ist_NoOp)
            continue;
        if (s->tag == Ist_Exit) {
            jump_word(b, IRExpr_Const(s->Ist.Exit.dst), s->Ist.Exit.guard);
            pos_store(b);
            add(b, s);
            segment_plan(b, i + 1);
            continue;
        }
        statement(b, s);
    }
    jump_word(b, in->next, NULL);
    pos_store(b);
}

IRSB *hw_instrument(VgCallbackClosure *closure, IRSB *in, const VexGuestLayout *layout,
                    const VexGuestExtents *extents, const VexArchInfo *host, IRType guest_word,
                    IRType host_word)
{
    static struct block b;

    (void)closure, (void)extents, (void)host;
    tl_assert(guest_word == host_word && guest_word == Ity_I64);
    if (hw_channel == NULL)
        return in;
    block_init(&b, in, layout->total_sizeB);
    block_write(&b, True);
    if (!b.any_word)
        block_write(&b, False);
    block_done(&b);
    return b.out;
}

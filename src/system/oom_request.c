/* oom_request.c - see oom_request.h. */
#include "system/oom_request.h"

#include "system/system_int.h"

/* --- flags ------------------------------------------------------------------------------------ */
enum {
    GFP_BIT_FS = 0x80,
    GFP_BIT_ZERO = 0x100,
    GFP_BIT_WRITE = 0x1000,
    GFP_BIT_COMP = 0x40000,
    GFP_BIT_RECLAIMABLE = 0x10,
    GFP_NAME_NOFS = 0xc40,
    GFP_NAME_KERNEL = 0xcc0,
    GFP_NAME_KERNEL_ACCOUNT = 0x400cc0,
    GFP_NAME_ATOMIC = 0xa20,
    GFP_NAME_HIGHUSER_MOVABLE = 0x100cca
};

/* In the order in which the kernel looks for them. */
static const struct gfp_name {
    u32 bits;
    const char *name;
} gfp_names[] = {
    {GFP_NAME_HIGHUSER_MOVABLE, "GFP_HIGHUSER_MOVABLE"},
    {GFP_NAME_KERNEL_ACCOUNT, "GFP_KERNEL_ACCOUNT"},
    {GFP_NAME_KERNEL, "GFP_KERNEL"},
    {GFP_NAME_NOFS, "GFP_NOFS"},
    {GFP_NAME_ATOMIC, "GFP_ATOMIC"},
    {GFP_BIT_COMP, "__GFP_COMP"},
    {GFP_BIT_ZERO, "__GFP_ZERO"},
    {GFP_BIT_RECLAIMABLE, "__GFP_RECLAIMABLE"},
    {GFP_BIT_WRITE, "__GFP_WRITE"},
};

/* Folios of one page have __GFP_COMP too, other allocations only when they are of more than one. A
 * charge tells the flags with which its caller was called. */
static const struct purpose_gfp {
    u32 alloc, charge;
} purpose_gfp[NR_PURPOSES] = {
    [PURPOSE_KERNEL_PAGE] = {GFP_NAME_KERNEL, GFP_NAME_KERNEL},
    [PURPOSE_ANON] = {GFP_NAME_HIGHUSER_MOVABLE | GFP_BIT_COMP | GFP_BIT_ZERO, GFP_NAME_KERNEL},
    [PURPOSE_ANON_COPY] = {GFP_NAME_HIGHUSER_MOVABLE | GFP_BIT_COMP, GFP_NAME_KERNEL},
    [PURPOSE_FILE_FAULT] = {GFP_NAME_HIGHUSER_MOVABLE | GFP_BIT_COMP, GFP_NAME_HIGHUSER_MOVABLE},
    [PURPOSE_FILE_READ] = {GFP_NAME_HIGHUSER_MOVABLE | GFP_BIT_COMP, GFP_NAME_HIGHUSER_MOVABLE},
    [PURPOSE_FILE_WRITE] = {GFP_NAME_HIGHUSER_MOVABLE | GFP_BIT_COMP | GFP_BIT_WRITE,
                            GFP_NAME_HIGHUSER_MOVABLE | GFP_BIT_WRITE},
    [PURPOSE_SHMEM] = {GFP_NAME_HIGHUSER_MOVABLE | GFP_BIT_COMP, GFP_NAME_HIGHUSER_MOVABLE},
    [PURPOSE_SWAPIN] = {GFP_NAME_HIGHUSER_MOVABLE | GFP_BIT_COMP, GFP_NAME_HIGHUSER_MOVABLE},
    [PURPOSE_SWAPIN_ALONE] = {GFP_NAME_HIGHUSER_MOVABLE | GFP_BIT_COMP, GFP_NAME_KERNEL},
    [PURPOSE_PAGE_TABLE] = {GFP_NAME_KERNEL_ACCOUNT | GFP_BIT_ZERO,
                            GFP_NAME_KERNEL_ACCOUNT | GFP_BIT_ZERO},
    [PURPOSE_SLAB] = {GFP_NAME_KERNEL | GFP_BIT_COMP, GFP_NAME_KERNEL_ACCOUNT},
    [PURPOSE_SLAB_PAGE] = {GFP_NAME_KERNEL, GFP_NAME_KERNEL_ACCOUNT},
    [PURPOSE_SLAB_RECLAIMABLE] = {GFP_NAME_NOFS | GFP_BIT_COMP | GFP_BIT_RECLAIMABLE,
                                  GFP_NAME_NOFS},
    [PURPOSE_PACKET] = {GFP_NAME_ATOMIC, GFP_NAME_ATOMIC},
    [PURPOSE_ARRAY] = {GFP_NAME_NOFS, GFP_NAME_NOFS},
    [PURPOSE_LIMIT] = {GFP_NAME_KERNEL, GFP_NAME_KERNEL},
};

u32 request_gfp(enum purpose why, unsigned order, bool charge)
{
    const struct purpose_gfp *p = &purpose_gfp[why];

    return charge ? p->charge : p->alloc | (order ? GFP_BIT_COMP : 0);
}

bool request_may_kill(enum purpose why)
{
    return purpose_gfp[why].alloc & GFP_BIT_FS;
}

void gfp_render(u32 gfp, struct strbuf *out)
{
    const char *before = "";

    strbuf_printf(out, "0x%x(", gfp);
    for (unsigned i = 0; i < ARRAY_SIZE(gfp_names); i++) {
        if ((gfp & gfp_names[i].bits) != gfp_names[i].bits)
            continue;
        strbuf_printf(out, "%s%s", before, gfp_names[i].name);
        gfp &= ~gfp_names[i].bits;
        before = "|";
    }
    if (gfp)
        strbuf_printf(out, "%s0x%x", before, gfp);
    strbuf_appendc(out, ')');
}

/* --- call traces ------------------------------------------------------------------------------ */
#define FRAMES_MAX 6

/* Of one kernel's build. `alloc`, `charge`: from the allocator, or from the charge, to
 * handle_mm_fault(); nothing: not known. */
struct trace_form {
    const char *dump;
    const char *common[FRAMES_MAX], *charge[FRAMES_MAX], *alloc[FRAMES_MAX], *fail[FRAMES_MAX],
        *fault_tail[FRAMES_MAX], *interleave_callers[FRAMES_MAX];
    const char *alloc_callers[NR_PURPOSES][FRAMES_MAX], *charge_callers[NR_PURPOSES][FRAMES_MAX];
};

static const struct trace_form form_plain = {
    .dump = "dump_stack_lvl+0x44/0x5c",
    .common = {"dump_header+0x4c/0x22b", "oom_kill_process.cold+0xb/0x10",
               "out_of_memory+0x1fd/0x4c0"},
    .charge = {"mem_cgroup_out_of_memory+0x134/0x150", "try_charge_memcg+0x696/0x780"},
    .alloc = {"__alloc_pages_slowpath.constprop.0+0x67f/0xe70", "__alloc_pages+0x305/0x330"},
    .fail = {"warn_alloc+0x151/0x170", "__alloc_pages_slowpath.constprop.0+0xd04/0xe70",
             "__alloc_pages+0x305/0x330"},
    .fault_tail = {"handle_mm_fault+0xdb/0x2d0", "do_user_addr_fault+0x191/0x560",
                   "exc_page_fault+0x70/0x170", "asm_exc_page_fault+0x22/0x30"},
    .interleave_callers = {"alloc_page_interleave+0xf/0x70", "vma_alloc_folio+0x18f/0x370",
                           "__handle_mm_fault+0x92f/0xfa0"},
    .alloc_callers =
        {
            [PURPOSE_ANON] = {"__folio_alloc+0x17/0x50", "vma_alloc_folio+0x9c/0x370",
                              "__handle_mm_fault+0x92f/0xfa0"},
            [PURPOSE_FILE_FAULT] = {"folio_alloc+0x17/0x50", "__filemap_get_folio+0x155/0x340",
                                    "filemap_fault+0x139/0x910", "__do_fault+0x2e/0x80",
                                    "do_fault+0x1b9/0x410", "__handle_mm_fault+0x660/0xfa0"},
        },
    .charge_callers =
        {
            [PURPOSE_ANON] = {"charge_memcg+0x39/0xf0", "__mem_cgroup_charge+0x28/0x80",
                              "__handle_mm_fault+0x95c/0xfa0"},
            [PURPOSE_ANON_COPY] = {"charge_memcg+0x39/0xf0", "__mem_cgroup_charge+0x28/0x80",
                                   "wp_page_copy+0xfc/0x700", "__handle_mm_fault+0x97b/0xfa0"},
        },
};

/* What these reports do not show is left out: interleaving over nodes, faults of files, and what
 * lies between a failed allocation and its warning. */
static const struct trace_form form_noprof = {
    .dump = "dump_stack_lvl+0x64/0x80",
    .common = {"dump_header+0x43/0x1d0", "oom_kill_process+0xfa/0x200",
               "out_of_memory+0x257/0x520"},
    .charge = {"mem_cgroup_out_of_memory+0x12a/0x140", "try_charge_memcg+0x4b2/0x650"},
    .alloc = {"__alloc_pages_slowpath.constprop.0+0x67f/0xe00", "__alloc_pages_noprof+0x2ef/0x310"},
    .fail = {"__alloc_pages_noprof+0x2ef/0x310"},
    .fault_tail = {"handle_mm_fault+0x180/0x2d0", "do_user_addr_fault+0x20c/0x6a0",
                   "exc_page_fault+0x76/0x190", "asm_exc_page_fault+0x26/0x30"},
    .alloc_callers = {[PURPOSE_ANON] = {"alloc_pages_mpol_noprof+0x8f/0x1e0",
                                        "vma_alloc_folio_noprof+0x71/0xe0",
                                        "do_anonymous_page+0x2bd/0x7d0",
                                        "__handle_mm_fault+0xb66/0xfa0"}},
    .charge_callers =
        {
            [PURPOSE_ANON] = {"__mem_cgroup_charge+0x42/0xd0", "do_anonymous_page+0x2db/0x7d0",
                              "__handle_mm_fault+0xb66/0xfa0"},
            [PURPOSE_ANON_COPY] = {"__mem_cgroup_charge+0x42/0xd0", "do_wp_page+0x2a6/0xc90",
                                   "__handle_mm_fault+0xafe/0xfa0"},
        },
};

static void log_frames(struct system *s, const char *const *frames)
{
    for (unsigned i = 0; i < FRAMES_MAX && frames[i]; i++)
        log_line(s, " %s", frames[i]);
}

static const struct trace_form *begin_trace(struct system *s)
{
    const struct trace_form *form =
        kernel_has(&s->kernel, KERNEL_OOM_COLUMNS) ? &form_noprof : &form_plain;

    log_line(s, "Call Trace:");
    log_line(s, " <TASK>");
    log_line(s, " %s", form->dump);
    return form;
}

void log_oom_trace(struct system *s, const struct oom_control *oc)
{
    const struct trace_form *form = begin_trace(s);
    bool interleaved = oc->interleaved && oc->purpose == PURPOSE_ANON;
    const char *const *callers = oc->group     ? form->charge_callers[oc->purpose]
                                 : interleaved ? form->interleave_callers
                                               : form->alloc_callers[oc->purpose];

    log_frames(s, form->common);
    if (oc->group && oc->purpose == PURPOSE_LIMIT)
        log_line(s, " %s", form->charge[0]);
    else
        log_frames(s, oc->group ? form->charge : form->alloc);
    log_frames(s, callers);
    if (callers[0])
        log_frames(s, form->fault_tail);
    log_line(s, " </TASK>");
}

void log_failure_trace(struct system *s)
{
    const struct trace_form *form = begin_trace(s);

    log_frames(s, form->fail);
    log_line(s, " </TASK>");
}

/* vmalloc_failed.c - vmalloc gave nothing: which of its reasons it was, of which one alone is a
 * lack of memory.
 *
 * vmalloc wants single pages and a range of addresses for them. Which range that is, the call trace
 * tells: modules and code made from BPF have a small one of their own on most 64-bit machines, all
 * others share the large one, which is small on 32 bits.
 *   Mirrors: mm/vmalloc.c (__vmalloc_node_range, alloc_vmap_area), 4.14 to 6.12
 */
#include "diagnose/refused.h"

#include "diagnose/oom_tell.h"

#include <string.h>

/* Does a function of these stand in its call trace? */
static bool is_traced(const struct oom_report *r, const char *const *names, unsigned count)
{
    if (!r)
        return false;
    vec_for_each (&r->frames, frame)
        for (unsigned i = 0; i < count; i++)
            if (strstr(*frame, names[i]))
                return true;
    return false;
}

static bool is_of_code(const struct oom_report *r)
{
    static const char *const names[] = {
        "module_alloc",        "bpf_jit_",      "execmem_", "load_module",
        "bpf_prog_pack_alloc", "alloc_new_pack"};

    return is_traced(r, names, ARRAY_SIZE(names));
}

static bool is_of_stack(const struct oom_report *r)
{
    static const char *const names[] = {"dup_task_struct", "alloc_thread_stack"};

    return is_traced(r, names, ARRAY_SIZE(names));
}

/* What is known of the machine's memory: of the report, or of elsewhere in the text. */
static u64 memory_of(const struct rule_context *c, const struct oom_facts *f)
{
    return known(f->total) ? f->total : c->f->total;
}

static void tell_total(struct rule_context *c, const struct incident *i, const char *size)
{
    u64 total = memory_of(c, &i->facts);

    finding_title(
        c, "%s asked vmalloc for %s, more than the machine%s: such a request always fails",
        *i->e->comm ? i->e->comm : "The kernel", size, known(total) ? "'s memory" : " has memory");
    vec_last(&c->out->items).cause = CAUSE_VMALLOC;
    if (known(total))
        evidence_shown(c, "managed memory", number_of(total), IN_BYTES, "the text");
    finding_detail(c,
                   "The size comes from whoever asks: a parameter of a module, a table sized by a "
                   "setting or by data that is broken. No memory that is freed helps.");
}

static void tell_range(struct rule_context *c, const struct incident *i, const char *size)
{
    const struct oom_report *r = i->facts.r;
    bool code = is_of_code(r);

    finding_title(c,
                  "vmalloc found no free range of addresses of %s%s%s%s; that is no lack of memory",
                  size, *i->e->comm ? " for " : "", i->e->comm,
                  code             ? " (of modules and BPF)"
                  : is_of_stack(r) ? " (for the stack of a new task)"
                                   : "");
    vec_last(&c->out->items).cause = CAUSE_VMALLOC;
    finding_detail(
        c, code ? "Modules and compiled BPF programs share a range of their own: "
                  "/proc/vmallocinfo and `bpftool prog` tell who fills it (a runtime that "
                  "loads a seccomp filter for each container is one); "
                  "net.core.bpf_jit_limit bounds BPF's part."
                : "/proc/vmallocinfo tells who fills it, by caller: one that grows is a leak. "
                  "A 32-bit kernel has little of it, and vmalloc=SIZE on its command line "
                  "makes it larger.");
}

static void tell_either(struct rule_context *c, const struct incident *i, const char *size)
{
    finding_title(
        c,
        "%s did not get %s from vmalloc: that is more than the machine has, or no range of "
        "addresses of that size is free; no lack of memory",
        *i->e->comm ? i->e->comm : "The kernel", size);
    vec_last(&c->out->items).cause = CAUSE_VMALLOC;
    finding_detail(c,
                   "This kernel says \"allocated N of M bytes\" where pages run out, and did not. "
                   "Compare the size with MemTotal, and VmallocUsed with VmallocTotal; "
                   "/proc/vmallocinfo tells who holds the range.");
}

static void tell_pages(struct rule_context *c, const struct incident *i, const char *size)
{
    const struct log_event *e = i->e;
    bool of_group = strstr(e->report->gfp, "ACCOUNT") != NULL;
    char had[48];

    finding_title(c, "Pages ran out while vmalloc gathered %s%s%s%s", size, *e->comm ? " for " : "",
                  e->comm, of_group ? ", which its cgroup is charged for" : "");
    vec_last(&c->out->items).cause = CAUSE_RECLAIM;
    if (e->vmalloc_got)
        finding_detail(c, "It had %s of it.",
                       oom_figure(had, c, e, OOM_PART_INVOKED, "had in the end",
                                  number_of(e->vmalloc_got), IN_BYTES));
    if (of_group)
        finding_detail(c, "The mask has __GFP_ACCOUNT: memory.max of its cgroup refuses such pages "
                          "as well, and then the machine need not be short.");
    if (known(i->facts.free))
        finding_detail(
            c, "%s was free.",
            oom_figure(had, c, e, OOM_PART_MEM_INFO, "free", number_of(i->facts.free), IN_BYTES));
    finding_detail(c, "It takes single pages, so that pieces are no reason.");
}

bool allocation_tell_vmalloc(struct rule_context *c, const struct incident *i)
{
    const struct log_event *e = i->e;
    u64 total = memory_of(c, &i->facts);
    enum vmalloc_failure why = e->vmalloc;
    char size[48];

    if (why == VMALLOC_NOT)
        return false;
    if (why == VMALLOC_RANGE_OR_TOTAL && known(total))
        why = e->vmalloc_bytes > total ? VMALLOC_TOTAL : VMALLOC_RANGE;
    finding_add(c, SEV_WARNING, why == VMALLOC_RANGE_OR_TOTAL ? CONF_MEDIUM : CONF_HIGH, "host",
                0.5, "%s", "");
    vec_last(&c->out->items).incident = (u32)(i - c->incidents->items.items);
    oom_figure(size, c, e, OOM_PART_INVOKED, "asked of vmalloc", number_of(e->vmalloc_bytes),
               IN_BYTES);
    switch (why) {
    case VMALLOC_TOTAL:
        tell_total(c, i, size);
        break;
    case VMALLOC_RANGE:
        tell_range(c, i, size);
        break;
    case VMALLOC_RANGE_OR_TOTAL:
        tell_either(c, i, size);
        break;
    case VMALLOC_PAGES:
    case VMALLOC_NOT:
        tell_pages(c, i, size);
        break;
    }
    return true;
}

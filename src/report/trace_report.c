/* trace_report.c - a recording as text and JSON. */
#include "report/trace_report.h"
#include "report/host.h"
#include "report/json_put.h"
#include "report/lacks.h"
#include "space/mempolicy.h"
#include "trace/runtimes.h"

#include "base/masklist.h"
#include "base/units.h"
#include "base/utf8.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define FILES_SHOWN 10u
#define KEY_WIDTH   16

static void key(struct strbuf *out, const char *name)
{
    strbuf_printf(out, "%-*s", KEY_WIDTH, name);
}

static void put_count(struct strbuf *out, u64 n)
{
    char text[UNITS_TEXT_MAX];

    strbuf_append(out, format_count(text, n));
}

static void put_pages(struct strbuf *out, u64 pages)
{
    char text[UNITS_TEXT_MAX];

    strbuf_append(out, format_bytes(text, pages << HWT_PAGE_SHIFT));
}

static const char *const meta_keys[] = {"command", "tool", "date", "kernel"};

/* How the recording ended: not always with the last process. */
static void put_end(const struct trace *t, struct strbuf *out)
{
    const char *early = recording_end(t);

    strbuf_append(out, early       ? early
                       : t->closed ? "closed properly"
                                   : "cut: it has no end, and replays up to the last whole chunk");
}

static void info_meta(const struct trace *t, struct strbuf *out)
{
    char value[512], size[UNITS_TEXT_MAX];
    struct strbuf lacks;

    key(out, "file");
    utf8_append_clean(out, t->path);
    strbuf_printf(out, ", %s", format_bytes(size, t->file_bytes));
    if (t->nr_accesses + t->nr_ops)
        strbuf_printf(out, ", %.2f bytes an event",
                      (double)t->usable_bytes / (double)(t->nr_accesses + t->nr_ops));
    strbuf_appendc(out, '\n');
    for (size_t i = 0; i < ARRAY_SIZE(meta_keys); i++) {
        if (!trace_text_value(t->meta, meta_keys[i], value, sizeof(value)))
            continue;
        key(out, meta_keys[i]);
        utf8_append_clean(out, value);
        strbuf_appendc(out, '\n');
    }
    key(out, "recording");
    put_end(t, out);
    if (t->closed && trace_text_value(t->end, "exit_status", value, sizeof(value))) {
        strbuf_append(out, ", ");
        program_end_append((int)strtol(value, NULL, 10), out);
    }
    strbuf_appendc(out, '\n');
    if (trace_starved_percent(t)) {
        key(out, "starved");
        strbuf_printf(out, "it waited %u %% of its time for a CPU that others had\n",
                      trace_starved_percent(t));
    }
    if (t->nr_damage) {
        key(out, "damage");
        strbuf_printf(out,
                      "at offset %" PRIu64 ": %s; %s lost, %" PRIu64 " later chunks not used\n",
                      t->damage[0].offset, t->damage[0].reason, format_bytes(size, t->lost_bytes),
                      t->lost_chunks);
    }
    strbuf_init(&lacks);
    if (lacks_render_text(&t->lacks, &lacks)) {
        key(out, "incomplete");
        strbuf_printf(out, "it lacks %s\n", lacks.text);
    }
    strbuf_done(&lacks);
}

/* "8.0 GiB", "3", "max": the value of a key of the host chunk. */
static void put_host_value(enum hwt_host_kind kind, const char *value, struct strbuf *out)
{
    char text[UNITS_TEXT_MAX], *end;
    u64 number;

    errno = 0;
    number = strtoull(value, &end, 10);
    if (kind == HWT_HOST_TEXT || *value < '0' || *value > '9' || *end || errno)
        utf8_append_clean(out, value);
    else
        strbuf_append(out, kind == HWT_HOST_BYTES ? format_bytes(text, number)
                                                  : format_count(text, number));
}

/* Settings of the host it was recorded on, and the marks that were set. */
static void info_host(const struct trace *t, struct strbuf *out)
{
    const char *title = "host", *line = t->host, *text;
    char name[64], time[UNITS_TEXT_MAX];
    enum hwt_host_kind kind;
    struct strbuf value;

    strbuf_init(&value);
    while (trace_text_next(&line, name, sizeof(name), &value)) {
        if (!trace_host_key(name, &kind, &text))
            kind = HWT_HOST_TEXT;
        key(out, title);
        title = "";
        utf8_append_clean(out, name);
        strbuf_append(out, " ");
        put_host_value(kind, value.text, out);
        strbuf_appendc(out, '\n');
    }
    strbuf_done(&value);
    for (size_t i = 0; i < t->nr_marks; i++) {
        key(out, i ? "" : "marks");
        utf8_append_clean(out, t->marks[i].name);
        strbuf_printf(out, " after %s\n", format_ns(time, t->marks[i].time_ns));
    }
}

/* "set_mempolicy bind:0", "affinity 0-3": a call that the recording makes, or was refused. */
static void put_policy(const struct footprint_policy *p, struct strbuf *out)
{
    const struct mempolicy policy = {.mode = (u16)(p->mode & ~(u64)ABI_MPOL_MODE_FLAGS),
                                     .flags = (u16)(p->mode & ABI_MPOL_MODE_FLAGS),
                                     .nodes = p->nodes};
    bool has_mode = p->call == HWT_OP_SET_MEMPOLICY || p->call == HWT_OP_MBIND;

    if (p->call < HWT_OP_MAX && trace_op_name((unsigned)p->call))
        strbuf_append(out, trace_op_name((unsigned)p->call));
    else
        strbuf_printf(out, "call %" PRIu64, p->call);
    if (has_mode || p->nodes)
        strbuf_appendc(out, ' ');
    if (!has_mode)
        strbuf_masklist(out, p->nodes);
    else if (policy.mode < NR_MPOL_MODES && p->mode <= UINT16_MAX)
        mempolicy_render_key(&policy, out);
    else
        strbuf_printf(out, "mode %" PRIu64, p->mode);
}

/* "EPERM"; NULL: no such number. */
static const char *error_name(u64 error)
{
    return error && error <= INT32_MAX ? strerrorname_np((int)error) : NULL;
}

static void put_refusal(u64 error, u64 calls, struct strbuf *out)
{
    const char *name = error_name(error);

    strbuf_append(out, " (");
    if (name)
        strbuf_append(out, name);
    else
        strbuf_printf(out, "error %" PRIu64, error);
    if (calls > 1) {
        strbuf_append(out, ", ");
        put_count(out, calls);
        strbuf_append(out, " times");
    }
    strbuf_appendc(out, ')');
}

/* Memory policies that were set, or refused, with the nodes of the host: a machine of other nodes
 * has those of them that it has. */
static void info_policies(const struct footprint *f, bool refused, struct strbuf *out)
{
    const char *before = "";

    for (u32 i = 0; i < f->nr_policies; i++) {
        const struct footprint_policy *p = &f->policies[i];

        if ((p->error != 0) != refused)
            continue;
        if (!*before)
            key(out, refused ? "refused" : "policies");
        strbuf_append(out, before);
        before = ", ";
        put_policy(p, out);
        if (refused) {
            put_refusal(p->error, p->calls, out);
        } else if (p->calls > 1) {
            strbuf_append(out, " (");
            put_count(out, p->calls);
            strbuf_append(out, " times)");
        }
    }
    if (*before && !refused && f->more_policies) {
        strbuf_append(out, " and others in ");
        put_count(out, f->more_policies);
        strbuf_append(out, " calls");
    }
    if (*before)
        strbuf_appendc(out, '\n');
}

/* Mappings of huge pages that the pool of the recording's host refused: the program went on with
 * small pages, or without. */
static void info_pool_refused(const struct footprint *f, struct strbuf *out)
{
    u64 calls = f->ops[HWT_OP_HUGETLB_REFUSED];
    char size[UNITS_TEXT_MAX];

    if (!calls)
        return;
    key(out, "no pool");
    strbuf_printf(out, "MAP_HUGETLB of %s%s refused", calls > 1 ? "up to " : "",
                  format_bytes(size, f->hugetlb_refused));
    put_refusal(f->hugetlb_refused_error, calls, out);
    strbuf_append(out, f->hugetlb_refused_error == ENOMEM ? ": the host had too few huge pages\n"
                                                          : "\n");
}

static json_object *policies_json(const struct footprint *f)
{
    json_object *list = json_new_array();
    struct strbuf text;

    for (u32 i = 0; i < f->nr_policies; i++) {
        const struct footprint_policy *p = &f->policies[i];
        const char *name = error_name(p->error);
        json_object *o = json_new_object();

        strbuf_init(&text);
        put_policy(p, &text);
        json_put_text(o, "call", text.text);
        json_put_u64(o, "times", p->calls);
        if (p->error)
            json_put_text(o, "error", name ? name : "unknown");
        json_append(list, o);
        strbuf_done(&text);
    }
    return list;
}

/* The same as JSON: the largest of them. */
static json_object *pool_refused_json(const struct footprint *f)
{
    const char *name = error_name(f->hugetlb_refused_error);
    json_object *o = json_new_object();

    json_put_u64(o, "times", f->ops[HWT_OP_HUGETLB_REFUSED]);
    json_put_u64(o, "bytes", f->hugetlb_refused);
    json_put_text(o, "error", name ? name : "unknown");
    return o;
}

static void info_amounts(const struct footprint *f, struct strbuf *out)
{
    u64 nr_ops = 0;
    char text[UNITS_TEXT_MAX];

    key(out, "ran");
    strbuf_printf(out, "%u process%s, %u thread%s, ", f->processes, f->processes == 1 ? "" : "es",
                  f->threads, f->threads == 1 ? "" : "s");
    put_count(out, f->instructions);
    strbuf_printf(out, " instructions, waited %s\n", format_ns(text, f->waited_ns));
    key(out, "accesses");
    put_count(out, f->reads + f->writes + f->fetches);
    strbuf_append(out, ": ");
    put_count(out, f->reads);
    strbuf_append(out, " reads, ");
    put_count(out, f->writes);
    strbuf_append(out, " writes, ");
    put_count(out, f->fetches);
    strbuf_append(out, " fetches\n");
    key(out, "operations");
    for (unsigned op = 1; op < HWT_OP_MAX; op++)
        nr_ops += f->ops[op];
    put_count(out, nr_ops + f->unknown_ops);
    strbuf_append(out, ":");
    for (unsigned op = 1; op < HWT_OP_MAX; op++) {
        if (!f->ops[op])
            continue;
        strbuf_printf(out, " %s ", trace_op_name(op));
        put_count(out, f->ops[op]);
    }
    strbuf_appendc(out, '\n');
    info_policies(f, false, out);
    info_policies(f, true, out);
    info_pool_refused(f, out);
    if (f->unfollowed_pages) {
        key(out, "unfollowed");
        put_count(out, f->unfollowed_pages);
        strbuf_append(out, " pages that calls populate or transfer, beyond the first 2 TiB: what "
                           "is told lacks them\n");
    }
    if (f->unexplained) {
        key(out, "unexplained");
        put_count(out, f->unexplained);
        strbuf_printf(out, " operation%s a file that the recording does not explain\n",
                      f->unexplained == 1 ? " names" : "s name");
    }
}

static void info_footprint(const struct footprint *f, struct strbuf *out)
{
    char text[UNITS_TEXT_MAX];

    key(out, "touched");
    put_pages(out, f->anon_pages);
    strbuf_append(out, " anonymous, ");
    put_pages(out, f->file_pages);
    strbuf_append(out, " of files");
    if (f->shmem_pages) {
        strbuf_append(out, ", ");
        put_pages(out, f->shmem_pages);
        strbuf_append(out, " of shared memory");
    }
    strbuf_append(out, "\n");
    key(out, "at most");
    put_pages(out, f->peak_pages);
    strbuf_append(out, " at one time without a limit, of it ");
    put_pages(out, f->anon_pages_peak);
    strbuf_append(out, " anonymous at its own peak\n");
    if (f->direct_bytes) {
        key(out, "direct");
        strbuf_append(out, format_bytes(text, f->direct_bytes));
        strbuf_append(out, " read and written past the page cache (O_DIRECT), not counted above\n");
    }
    for (u32 i = 0; i < f->nr_files && i < FILES_SHOWN && f->files[i].pages; i++) {
        key(out, i ? "" : "files");
        put_pages(out, f->files[i].pages);
        strbuf_append(out, "  ");
        utf8_append_clean(out, f->files[i].path ? f->files[i].path : "?");
        strbuf_appendc(out, '\n');
    }
    if (f->nr_files > FILES_SHOWN && f->files[FILES_SHOWN].pages)
        strbuf_printf(out, "%-*sand %u more\n", KEY_WIDTH, "", f->nr_files - FILES_SHOWN);
}

static void info_window(const struct trace_report *r, struct strbuf *out)
{
    if (!r->from && !r->to)
        return;
    key(out, "counted");
    strbuf_append(out, "from ");
    utf8_append_clean(out, r->from ? r->from : "the beginning");
    strbuf_append(out, " to ");
    utf8_append_clean(out, r->to ? r->to : "the end");
    strbuf_append(out, r->footprint->begun ? "\n" : ": nothing comes behind that mark\n");
}

/* Anonymous memory came in huge pages on the host, or asked for them. */
static bool may_have_huge_pages(const struct trace_report *r)
{
    char buf[16];
    const char *thp = trace_text_value(r->trace->host, "thp", buf, sizeof(buf));

    return (thp && strcmp(thp, "always") == 0) ||
           (r->footprint->huge_advised && !(thp && strcmp(thp, "never") == 0));
}

void trace_report_info_text(const struct trace_report *r, struct strbuf *out)
{
    info_meta(r->trace, out);
    info_host(r->trace, out);
    info_window(r, out);
    info_amounts(r->footprint, out);
    info_footprint(r->footprint, out);
    key(out, "besides");
    strbuf_printf(
        out, "readahead, page tables%s kernel memory: 'highwater run' and 'size' count them too\n",
        may_have_huge_pages(r) ? ", the rest of huge pages and" : " and");
}

static json_object *marks_json(const struct trace *t)
{
    json_object *marks = json_new_array();

    for (size_t i = 0; i < t->nr_marks; i++) {
        json_object *o = json_new_object();

        json_put_text(o, "name", t->marks[i].name);
        json_put_u64(o, "time_ns", t->marks[i].time_ns);
        json_put_u64(o, "stamp", t->marks[i].stamp);
        json_append(marks, o);
    }
    return marks;
}

static json_object *verify_json(const struct trace *t)
{
    json_object *o = json_new_object(), *damage = json_new_array();

    json_put_text(o, "file", t->path);
    json_put_u64(o, "file_bytes", t->file_bytes);
    json_put(o, "closed", json_new_bool(t->closed));
    json_put(o, "whole", json_new_bool(t->closed && !t->nr_damage));
    json_put_u64(o, "usable_bytes", t->usable_bytes);
    json_put_u64(o, "chunks", t->nr_chunks);
    json_put_u64(o, "lost_bytes", t->lost_bytes);
    json_put_u64(o, "lost_chunks", t->lost_chunks);
    for (size_t i = 0; i < t->nr_damage; i++) {
        json_object *d = json_new_object();

        json_put_u64(d, "offset", t->damage[i].offset);
        json_put_u64(d, "bytes", t->damage[i].bytes);
        json_put_text(d, "kind", trace_damage_name(t->damage[i].kind));
        json_put_text(d, "reason", t->damage[i].reason);
        json_put_u64(d, "stream", t->damage[i].stream);
        json_append(damage, d);
    }
    json_put(o, "damage", damage);
    return o;
}

static json_object *files_json(const struct footprint *f)
{
    json_object *files = json_new_array();

    for (u32 i = 0; i < f->nr_files; i++) {
        json_object *file = json_new_object();

        json_put_text(file, "path", f->files[i].path ? f->files[i].path : "");
        json_put_u64(file, "size", f->files[i].size);
        json_put_u64(file, "touched_pages", f->files[i].pages);
        json_put_u64(file, "mapped_pages", f->files[i].mapped_pages);
        json_put_u64(file, "read_bytes", f->files[i].read_bytes);
        json_put_u64(file, "written_bytes", f->files[i].written_bytes);
        json_append(files, file);
    }
    return files;
}

static json_object *processes_json(const struct footprint *f)
{
    json_object *list = json_new_array();

    for (u32 i = 0; i < f->nr_process; i++) {
        const struct footprint_process *p = &f->process[i];
        json_object *o = json_new_object();

        json_put_u64(o, "pid", p->pid);
        json_put_u64(o, "ppid", p->ppid);
        json_put(o, "parent", p->parent ? json_new_u64(p->parent - 1) : NULL);
        json_put_text(o, "comm", p->comm);
        json_put_u64(o, "threads", p->threads);
        json_put_u64(o, "instructions", p->instructions);
        json_put_u64(o, "anon_pages_peak", p->anon_pages_peak);
        json_put_u64(o, "file_pages", p->file_pages);
        json_append(list, o);
    }
    return list;
}

json_object *trace_report_info_json(const struct trace_report *r)
{
    const struct footprint *f = r->footprint;
    const struct trace *t = r->trace;
    json_object *lacks, *o = json_new_object(), *ops = json_new_object();
    json_object *streams = json_new_array();

    json_put(o, "schema_version", json_new_s64(1));
    json_put(o, "integrity", verify_json(t));
    json_put(o, "meta", host_pairs_json(t->meta));
    json_put(o, "end", host_pairs_json(t->end));
    json_put(o, "host", host_pairs_json(t->host));
    json_put(o, "marks", marks_json(t));
    if (r->from)
        json_put_text(o, "from", r->from);
    if (r->to)
        json_put_text(o, "to", r->to);
    json_put_u64(o, "processes", f->processes);
    json_put_u64(o, "threads", f->threads);
    json_put_u64(o, "instructions", f->instructions);
    json_put_u64(o, "waited_ns", f->waited_ns);
    json_put_u64(o, "reads", f->reads);
    json_put_u64(o, "writes", f->writes);
    json_put_u64(o, "fetches", f->fetches);
    for (unsigned op = 1; op < HWT_OP_MAX; op++)
        json_put_u64(ops, trace_op_name(op), f->ops[op]);
    json_put(o, "ops", ops);
    if (f->nr_policies)
        json_put(o, "policies", policies_json(f));
    if (f->ops[HWT_OP_HUGETLB_REFUSED])
        json_put(o, "hugetlb_refused", pool_refused_json(f));
    json_put_u64(o, "anon_pages", f->anon_pages);
    json_put_u64(o, "anon_pages_peak", f->anon_pages_peak);
    json_put_u64(o, "file_pages", f->file_pages);
    json_put_u64(o, "shmem_pages", f->shmem_pages);
    json_put_u64(o, "peak_pages", f->peak_pages);
    json_put_u64(o, "direct_bytes", f->direct_bytes);
    json_put_u64(o, "unmapped_pages", f->unmapped);
    json_put_u64(o, "unexplained", f->unexplained);
    json_put_u64(o, "unfollowed_pages", f->unfollowed_pages);
    lacks = lacks_json(&t->lacks);
    json_put(o, "incomplete", lacks ? lacks : json_new_array());
    for (u32 i = 0; i < t->nr_streams; i++) {
        const struct trace_stream *s = &t->streams[i];
        json_object *stream = json_new_object();

        json_put_u64(stream, "stream", s->id);
        json_put_u64(stream, "pid", s->pid);
        json_put_u64(stream, "tid", s->tid);
        json_put_u64(stream, "accesses", s->nr_accesses);
        json_put_u64(stream, "ops", s->nr_ops);
        json_put_u64(stream, "instructions", s->nr_instructions);
        json_append(streams, stream);
    }
    json_put(o, "streams", streams);
    json_put(o, "process_list", processes_json(f));
    json_put(o, "files", files_json(f));
    return o;
}

json_object *trace_report_verify_json(const struct trace *t)
{
    json_object *o = verify_json(t);

    json_put(o, "schema_version", json_new_s64(1));
    return o;
}

void trace_report_verify_text(const struct trace *t, struct strbuf *out)
{
    char text[UNITS_TEXT_MAX];

    utf8_append_clean(out, t->path);
    if (t->closed && !t->nr_damage) {
        strbuf_printf(out, ": whole: %s chunks, ", format_count(text, t->nr_chunks));
        put_count(out, t->nr_accesses + t->nr_ops);
        strbuf_append(out, " events\n");
        return;
    }
    strbuf_printf(out, ": %s: usable up to offset %" PRIu64 " of %" PRIu64 ", ",
                  t->nr_damage ? "damaged" : "cut", t->usable_bytes, t->file_bytes);
    put_count(out, t->nr_accesses + t->nr_ops);
    strbuf_append(out, " events\n");
    for (size_t i = 0; i < t->nr_damage; i++) {
        const struct trace_damage *d = &t->damage[i];

        strbuf_printf(out, "  at offset %" PRIu64 ": %s (%s); %" PRIu64 " bytes lost", d->offset,
                      d->reason, trace_damage_name(d->kind), d->bytes);
        if (d->stream)
            strbuf_printf(out, "; stream %u", d->stream);
        strbuf_appendc(out, '\n');
    }
    if (t->damage_omitted)
        strbuf_printf(out, "  and %" PRIu64 " more places\n", t->damage_omitted);
    if (t->lost_chunks)
        strbuf_printf(out, "  %" PRIu64 " whole chunks after the first damage are not used\n",
                      t->lost_chunks);
    if (!t->nr_damage)
        strbuf_append(out, "  it has no end chunk: the recorder was killed, or is still at work\n");
}

/* Fields that are addresses read better in hexadecimal. */
static bool is_address(unsigned opcode, unsigned field)
{
    switch (opcode) {
    case HWT_OP_MMAP:
    case HWT_OP_MUNMAP:
    case HWT_OP_MPROTECT:
    case HWT_OP_MADVISE:
    case HWT_OP_MLOCK:
    case HWT_OP_MUNLOCK:
    case HWT_OP_MBIND:
    case HWT_OP_HOME_NODE:
    case HWT_OP_MOVE_PAGES:
        return field == 0;
    case HWT_OP_MREMAP:
        return field == 0 || field == 2;
    case HWT_OP_BRK:
        return true;
    case HWT_OP_READ:
    case HWT_OP_WRITE:
        return field == 4;
    default:
        return false;
    }
}

void trace_report_event(const struct trace_stream *s, const struct trace_cursor *c, u64 event,
                        struct strbuf *out)
{
    static const char *const kinds[] = {"read", "write", "exec"};
    const struct trace_op *op;
    struct trace_op_shape shape;

    if (event_kind(event) != HWT_OP) {
        strbuf_printf(out, "%u %u %s %#" PRIx64 "\n", s->id, event_icount(event),
                      kinds[event_kind(event)], event_page(event) << HWT_PAGE_SHIFT);
        return;
    }
    op = &c->ops[event_page(event)];
    if (op->opcode == TRACE_OP_ADVANCE) {
        if (op->field[1])
            strbuf_printf(out, "%u %u unknown %" PRIu64 "\n", s->id, event_icount(event),
                          op->field[1]);
        else
            strbuf_printf(out, "%u %u advance %" PRIu64 "\n", s->id, event_icount(event),
                          op->field[0]);
        return;
    }
    strbuf_printf(out, "%u %u %s @%" PRIu64, s->id, event_icount(event), trace_op_name(op->opcode),
                  op->stamp);
    shape = trace_op_shape(op->opcode);
    for (unsigned i = 0; i < shape.nr_fields; i++)
        strbuf_printf(out, is_address(op->opcode, i) ? " %#" PRIx64 : " %" PRIu64, op->field[i]);
    if (shape.string) {
        strbuf_append(out, " \"");
        utf8_append_clean(out, trace_cursor_string(c, op));
        strbuf_appendc(out, '"');
    }
    for (unsigned i = shape.nr_fields; i < shape.nr_fields + shape.nr_optional; i++)
        if (op->field[i])
            strbuf_printf(out, " %" PRIu64, op->field[i]);
    strbuf_appendc(out, '\n');
}

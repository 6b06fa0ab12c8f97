/* machines.c - a text that shows the memory of several machines, or of one machine several times,
 * apart.
 *
 *   root@web1:~# free -m      section 0, web1
 *   Mem: 16012 ...
 *   root@web2:~# free -m      section 1, web2
 *   Mem: 64312 ...
 *
 * While the lines come, those that somebody may want are kept, each with its section. A section
 * ends where a line tells of another host (hosts.h), where a file ends, and where a table comes
 * that the section has already. At the end each section that shows how much memory there is is read
 * once by itself, which tells its total. Sections are then given to machines: by host; without one,
 * by file; and within a file a section whose total differs is of another machine, unless a label
 * such as "After:" says that it is the same. What shows no total goes with the section before it.
 *
 * Two machines or more that show the same kind of figure are read apart, each as a paste of its own
 * lines. Of a single one the sample that was worst stays, for whoever judges the last.
 *
 * Rejected: to judge each block of a mixed snapshot, because rules look at several figures of one
 * machine.
 */
#include "paste/state_int.h"

#include "base/units.h"
#include "paste/hosts.h"

#include <stdio.h>
#include <strings.h>

#define SECTIONS_MAX 4096u
#define MACHINES_MAX 512u
#define LINES_MAX    ((u32)1 << 20)
#define TEXT_MAX     ((size_t)8 << 20)

/* Tables that show how much memory the whole machine has, and how long it waits for it. */
#define SIZES                                                                        \
    (FORMAT_BIT(FORMAT_FREE) | FORMAT_BIT(FORMAT_MEMINFO) | FORMAT_BIT(FORMAT_TOP) | \
     FORMAT_BIT(FORMAT_HTOP) | FORMAT_BIT(FORMAT_VMSTAT_S))
#define PRESSURES (FORMAT_BIT(FORMAT_PRESSURE))

struct section {
    char host[HOST_LONGEST + 1]; /* "": not told */
    bool each_line;              /* the host stands before each of its lines */
    bool remote;                 /* ssh was told it, for one command */
    bool label;                  /* `host` names the sample, and perhaps no machine */
    u32 file;
    char *command, *path; /* what was in force when it began; NULL: nothing */
    formats_t formats;    /* of SIZES and PRESSURES that begin in it */
    struct klog_place at; /* of the first of these */

    /* at the end */
    u32 begin, end; /* its first kept line, and behind its last one */
    u64 total;      /* bytes; UNKNOWN */
    double well;    /* how well this sample was, in percent */
    u32 machine;    /* NO_MACHINE */
};
#define NO_MACHINE   UINT32_MAX
#define ALL_SECTIONS UINT32_MAX

struct kept_line {
    u32 file, line, section, len;
    size_t at;
};

struct machines {
    VEC(struct section) sections;
    VEC(struct kept_line) lines;
    VEC(s64) written; /* of each file */
    struct strbuf text;
    u32 now, of_line; /* sections: of lines that tell no host, and of this line */
    u32 prompt;       /* kept line of the last prompt; UINT32_MAX */
    bool cut;
    bool has_prefixed; /* a section with a host before each line */
    bool heading;      /* this line tells a host and nothing else */

    char label[HOST_LONGEST + 1];
    u32 label_line; /* 0: none */
    bool after_rule;
    char ruled[HOST_LONGEST + 1]; /* a name below a rule, which a second rule makes one */
    bool asks_name;               /* the command "hostname": the next line is its answer */

    struct strbuf loop; /* names of a loop's hosts, still to come */
    bool in_loop;
    unsigned loop_count;
};

struct machines *machines_new(void)
{
    struct machines *m = xcalloc(1, sizeof(*m));

    strbuf_init(&m->text);
    strbuf_init(&m->loop);
    m->prompt = UINT32_MAX;
    return m;
}

void machines_free(struct machines *m)
{
    if (!m)
        return;
    vec_for_each (&m->sections, s) {
        free(s->command);
        free(s->path);
    }
    vec_done(&m->sections);
    vec_done(&m->lines);
    vec_done(&m->written);
    strbuf_done(&m->text);
    strbuf_done(&m->loop);
    free(m);
}

/* --- while lines come ------------------------------------------------------------------------- */

static struct section *section_at(struct machines *m, u32 index)
{
    return &m->sections.items[index];
}

#define COMMAND_MAX 1024

static char *copy_bounded(const struct strbuf *text)
{
    return text->len && text->len < COMMAND_MAX ? xstrdup(text->text) : NULL;
}

/* A section of this host begins; at the bound the one before goes on. */
static u32 begin_section(struct paste *p, const char *host)
{
    struct paste_state *st = p->state;
    struct machines *m = st->machines;
    struct section fresh = {.file = st->file, .total = UNKNOWN, .machine = NO_MACHINE};

    if (m->sections.count >= SECTIONS_MAX) {
        m->cut = true;
        return (u32)m->sections.count - 1;
    }
    snprintf(fresh.host, sizeof(fresh.host), "%s", host);
    fresh.command = copy_bounded(&st->command);
    fresh.path = copy_bounded(&st->path);
    vec_push(&m->sections, fresh);
    return (u32)m->sections.count - 1;
}

static void move_to(struct machines *m, u32 section)
{
    m->now = m->of_line = section;
}

void machines_file(struct paste *p, s64 written)
{
    struct machines *m = p->state->machines;

    if (!m)
        return;
    vec_push(&m->written, written);
    move_to(m, begin_section(p, ""));
    m->label_line = 0;
    m->after_rule = m->in_loop = m->asks_name = false;
    m->ruled[0] = '\0';
    m->prompt = UINT32_MAX;
}

static void tell_host(struct paste *p, struct span name, bool remote)
{
    struct machines *m = p->state->machines;
    char host[HOST_LONGEST + 1];
    const struct section *now = section_at(m, m->now);

    span_copy(name, host, sizeof(host));
    m->in_loop = m->asks_name = false;
    if (*host && !now->label && host_same(now->host, host)) {
        section_at(m, m->now)->remote &= remote;
        return;
    }
    move_to(m, begin_section(p, host));
    section_at(m, m->now)->remote = remote;
}

static void note_heading(struct paste *p, struct span line)
{
    struct machines *m = p->state->machines;
    bool rule = host_is_rule(line);
    struct span name;

    if (rule && m->ruled[0]) {
        tell_host(p, span_of(m->ruled, strlen(m->ruled)), false);
        rule = false;
    }
    m->ruled[0] = '\0';
    if (m->after_rule && host_is_name(span_trim(line)))
        span_copy(span_trim(line), m->ruled, sizeof(m->ruled));
    m->after_rule = rule;
    if (m->asks_name && host_is_name(span_trim(line)))
        tell_host(p, span_trim(line), false);
    m->asks_name = false;
    switch (host_heading(line, &name)) {
    case HOST_TOLD:
        m->heading = true;
        tell_host(p, name, false);
        break;
    case HOST_LABEL:
        span_copy(name, m->label, sizeof(m->label));
        m->label_line = p->state->line;
        break;
    case HOST_NONE:
        break;
    }
}

/* The section of a host whose name stands before each of its lines. */
static u32 find_prefixed(const struct machines *m, u32 file, struct span host)
{
    for (size_t i = m->has_prefixed ? m->sections.count : 0; i > 0; i--) {
        const struct section *s = &m->sections.items[i - 1];

        if (s->file != file)
            break;
        if (s->each_line && span_is(host, s->host))
            return (u32)i - 1;
    }
    return NO_MACHINE;
}

static bool begins_size(struct paste *p, struct span rest, struct filter kinds)
{
    struct block none = {.p = p};

    return ((kinds.formats >> FORMAT_FREE & 1) && free_begins(&none, rest)) ||
           ((kinds.formats >> FORMAT_TOP & 1) && top_begins(&none, rest)) ||
           ((kinds.formats >> FORMAT_MEMINFO & 1) && meminfo_begins(&none, rest));
}

/* "web1: Mem: ..." */
static bool take_name(struct paste *p, struct span *line, struct filter kinds)
{
    struct machines *m = p->state->machines;
    struct span host, rest;
    u32 found;

    if ((!m->has_prefixed && !(kinds.formats & SIZES)) || !host_before_line(*line, &host, &rest))
        return false;
    found = find_prefixed(m, p->state->file, host);
    if (found == NO_MACHINE) {
        char name[HOST_LONGEST + 1];

        if (!(kinds.formats & SIZES) || !begins_size(p, rest, kinds))
            return false;
        span_copy(host, name, sizeof(name));
        found = begin_section(p, name);
        section_at(m, found)->each_line = m->has_prefixed = true;
    }
    m->of_line = found;
    line->at = rest.at;
    return true;
}

void machines_look(struct paste *p, struct span *line, struct filter kinds)
{
    struct machines *m = p->state->machines;
    struct span text;

    if (!m || m->sections.count == 0)
        return;
    m->of_line = m->now;
    m->heading = false;
    if (span_empty(*line) || span_len(*line) > 300)
        return;
    /* A mark of byte order, quotes of mail. */
    text = *line;
    span_take(&text, "\xef\xbb\xbf");
    while (!span_empty(text) && (is_blank(*text.at) || *text.at == '>'))
        text.at++;
    if (take_name(p, &text, kinds))
        *line = text;
    note_heading(p, text);
}

bool machines_is_heading(const struct paste_state *st)
{
    return st->machines && st->machines->heading;
}

void machines_keep(struct paste *p, struct span line)
{
    struct machines *m = p->state->machines;

    if (!m || m->sections.count == 0)
        return;
    if (m->text.len + span_len(line) > TEXT_MAX || m->lines.count >= LINES_MAX) {
        m->cut = true;
        return;
    }
    vec_push(&m->lines, ((struct kept_line){p->state->file, p->state->line, m->of_line,
                                            (u32)span_len(line), m->text.len}));
    strbuf_append_bytes(&m->text, line.at, span_len(line));
}

/* The line that was kept last, and a prompt right before it, belong to the section that begins. */
static void take_last_lines(struct machines *m, u32 section, bool with_prompt)
{
    size_t count = m->lines.count;

    if (count == 0)
        return;
    m->lines.items[count - 1].section = section;
    if (with_prompt && count > 1 && m->prompt == count - 2)
        m->lines.items[count - 2].section = section;
}

void machines_prompt(struct paste *p, struct span line, struct span command)
{
    struct machines *m = p->state->machines;
    struct span host, names;
    bool stays = false;
    u32 before;

    if (!m || m->sections.count == 0 || m->of_line != m->now)
        return;
    before = m->now;
    if (host_of_prompt(line, command, &host)) {
        tell_host(p, host, false);
    } else if (section_at(m, m->now)->remote) {
        move_to(m, begin_section(p, ""));
    }
    m->in_loop = host_loop(command, &names);
    m->loop_count = 0;
    if (m->in_loop) {
        strbuf_reset(&m->loop);
        strbuf_append_bytes(&m->loop, names.at, span_len(names));
    } else if (host_of_ssh(command, &host, &stays)) {
        tell_host(p, host, !stays);
    }
    m->asks_name = span_begins(command, "hostname");
    if (m->now != before)
        take_last_lines(m, m->now, false);
    m->prompt = m->lines.count ? (u32)m->lines.count - 1 : UINT32_MAX;
}

/* The next host of a loop; one that the command does not name has a number. */
static void next_of_loop(struct machines *m, char host[HOST_LONGEST + 1])
{
    struct span rest = span_of_buf(&m->loop), word;
    struct strbuf left;

    m->loop_count++;
    if (!span_take_word(&rest, &word) || !host_is_name(word)) {
        snprintf(host, HOST_LONGEST + 1, "host %u", m->loop_count);
        return;
    }
    span_copy(word, host, HOST_LONGEST + 1);
    strbuf_init(&left);
    strbuf_append_bytes(&left, rest.at, span_len(rest));
    strbuf_done(&m->loop);
    m->loop = left;
}

void machines_table(struct paste *p, enum paste_format format)
{
    struct machines *m = p->state->machines;
    formats_t bit = FORMAT_BIT(format);
    struct section *s;
    bool labelled, again;
    char host[HOST_LONGEST + 1] = "";

    if (!m || m->sections.count == 0 || !(bit & (SIZES | PRESSURES)))
        return;
    s = section_at(m, m->of_line);
    again = s->formats & bit;
    labelled = m->label_line && m->label_line + 2 >= p->state->line && !s->each_line;
    m->label_line = 0;
    if (again || labelled || (m->in_loop && m->loop_count == 0)) {
        bool each_line = s->each_line, label = (s->label && !again) || labelled;
        u32 fresh;

        if (m->in_loop)
            next_of_loop(m, host);
        else
            snprintf(host, sizeof(host), "%s", labelled ? m->label : s->label ? "" : s->host);
        fresh = begin_section(p, host);
        s = section_at(m, fresh);
        s->each_line = each_line;
        s->label = label && !m->in_loop;
        if (!each_line)
            m->now = fresh;
        m->of_line = fresh;
        take_last_lines(m, fresh, true);
    }
    if (!(s->formats & (SIZES | PRESSURES)))
        s->at = (struct klog_place){p->state->file, p->state->line};
    s->formats |= bit;
}

/* --- at the end ------------------------------------------------------------------------------- */

static void set_command(struct paste_state *st, const struct section *s)
{
    strbuf_reset(&st->command);
    strbuf_reset(&st->path);
    if (s->command)
        strbuf_append(&st->command, s->command);
    if (s->path)
        strbuf_append(&st->path, s->path);
}

/* Where the lines of each section stand, so that reading one costs no look at those of all. */
static void note_ranges(struct machines *m)
{
    for (u32 i = 0; i < m->lines.count; i++) {
        struct section *s = section_at(m, m->lines.items[i].section);

        if (s->end == 0)
            s->begin = i;
        s->end = i + 1;
    }
}

/* Lines of these sections as a paste of their own: of one section, or of all of one machine. */
static struct paste *read_apart(struct paste *p, u32 section, u32 machine)
{
    struct machines *m = p->state->machines;
    struct paste *part = paste_new();
    bool one = section != ALL_SECTIONS;
    u32 begin = one ? section_at(m, section)->begin : 0;
    u32 end = one ? section_at(m, section)->end : (u32)m->lines.count;
    u32 file = UINT32_MAX, last = UINT32_MAX;

    machines_free(part->state->machines);
    part->state->machines = NULL;
    for (u32 i = begin; i < end; i++) {
        const struct kept_line *line = &m->lines.items[i];
        struct span text = span_of(m->text.text + line->at, line->len);

        if (one ? line->section != section : section_at(m, line->section)->machine != machine)
            continue;
        if (line->file != file) {
            if (file != UINT32_MAX)
                paste_file_end(part);
            file = line->file;
            paste_begin(part, p->files.items[file], m->written.items[file]);
        }
        if (line->section != last)
            set_command(part->state, section_at(m, line->section));
        last = line->section;
        part->state->line = line->line - 1;
        paste_take_line(part, text, filter_line(text));
    }
    if (file != UINT32_MAX)
        paste_file_end(part);
    paste_end(part);
    return part;
}

/* A section by itself, without what happened, which is judged with all of the text: a sample tells
 * what there was. */
static struct paste *read_sample(struct paste *p, u32 section)
{
    struct paste *sample = read_apart(p, section, 0);

    vec_for_each (&sample->s.log, e)
        log_event_done(e);
    vec_reset(&sample->s.log);
    vec_reset(&sample->s.refusals);
    return sample;
}

/* Percent available, less percent of time waited. */
static double wellness(const struct snapshot *s)
{
    double well = 100;

    if (known(s->meminfo[MI_MEM_AVAILABLE]) && s->meminfo[MI_MEM_TOTAL])
        well = 100.0 * (double)s->meminfo[MI_MEM_AVAILABLE] / (double)s->meminfo[MI_MEM_TOTAL];
    if (known(s->psi[PSI_MEM].some.avg10))
        well -= (double)s->psi[PSI_MEM].some.avg10 / 100;
    return well;
}

/* Its figures alone stay: thousands of samples are in some texts. */
static void measure(struct paste *p, u32 index)
{
    struct section *s = section_at(p->state->machines, index);
    struct paste *sample;

    if (!s->formats)
        return;
    sample = read_sample(p, index);
    s->total = sample->s.meminfo[MI_MEM_TOTAL];
    s->well = wellness(&sample->s);
    paste_free(sample);
}

static bool shows_memory(const struct section *s)
{
    return known(s->total) || (s->host[0] && !s->label && (s->formats & PRESSURES));
}

/* Tools round: free -g says 15 of 15.6. */
static bool same_total(u64 a, u64 b)
{
    u64 less = MIN(a, b), more = MAX(a, b);

    return more - less <= more / 10 || (more - less <= GIB && more / 2 < less);
}

/* A label that says that the machine is the one before. */
static bool is_of_time(const char *label)
{
    static const char *const words[] = {"before",  "after",   "now",   "then",
                                        "earlier", "later",   "prior", "during",
                                        "vorher",  "nachher", "avant", "apres"};

    for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
        if (strcasecmp(label, words[i]) == 0)
            return true;
    return false;
}

/* Machines while sections are given to them. */
struct owner {
    const struct section *first;
    const struct section *size; /* the last one that shows memory; NULL */
    formats_t formats;          /* of sections that show memory */
};
typedef VEC(struct owner) owners_t;

static u32 find_owner(const owners_t *owners, const struct section *s, const struct section *before)
{
    bool told = s->host[0] && !s->label;

    vec_for_each (owners, o) {
        const struct section *first = o->first;
        bool owner_told = first->host[0] && !first->label;

        if (told != owner_told)
            continue;
        if (told ? host_same(first->host, s->host)
                 : first->file == s->file &&
                       (!shows_memory(s) || !o->size || same_total(o->size->total, s->total)))
            return (u32)(o - owners->items);
    }
    /* "After:" a machine may be larger. */
    if (s->label && is_of_time(s->host) && before && before->file == s->file)
        return before->machine;
    return NO_MACHINE;
}

/* What shows no memory and tells no host goes with what stands before it. */
static void give_sections(struct machines *m, owners_t *owners)
{
    const struct section *before = NULL;

    vec_for_each (&m->sections, s) {
        bool told = s->host[0] && !s->label;

        s->machine = !told && !shows_memory(s) && before && before->file == s->file
                         ? before->machine
                         : find_owner(owners, s, before);
        if (s->machine == NO_MACHINE && owners->count >= MACHINES_MAX) {
            m->cut = true;
            continue;
        }
        if (s->machine == NO_MACHINE) {
            s->machine = (u32)owners->count;
            vec_push(owners, ((struct owner){.first = s}));
        }
        before = s;
        if (!shows_memory(s))
            continue;
        owners->items[s->machine].size = s;
        owners->items[s->machine].formats |= s->formats;
    }
}

/* Two of them show the same: sizes, or pressure. */
static bool are_several(const owners_t *owners)
{
    unsigned sizes = 0, pressures = 0;

    vec_for_each (owners, o) {
        sizes += (o->formats & SIZES) != 0;
        pressures += (o->formats & PRESSURES) != 0;
    }
    return sizes > 1 || pressures > 1;
}

/* Of the machine's samples, but for the last, the worst one goes with its paste. */
static void take_earlier(struct paste *p, u32 machine, struct paste *to)
{
    const struct section *last = NULL, *worst = NULL;

    vec_for_each (&p->state->machines->sections, s) {
        if (s->machine != machine || !s->formats || !shows_memory(s))
            continue;
        if (last && (!worst || last->well < worst->well))
            worst = last;
        last = s;
    }
    if (!worst)
        return;
    to->earlier = read_sample(p, (u32)(worst - p->state->machines->sections.items));
    to->earlier_at = (struct klog_place){0, worst->at.line};
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash && slash[1] ? slash + 1 : path;
}

static void name_machine(const struct paste *p, const struct owner *o, bool by_file,
                         struct strbuf *out)
{
    char size[UNITS_TEXT_MAX];

    if (o->first->host[0])
        strbuf_append(out, o->first->host);
    else if (o->size && o->size->label && !is_of_time(o->size->host))
        strbuf_append(out, o->size->host);
    else if (by_file && o->size)
        strbuf_append(out, base_name(p->files.items[o->first->file]));
    else if (o->size && known(o->size->total))
        strbuf_printf(out, "the machine with %s", format_bytes(size, o->size->total));
}

/* No other machine without a host is of the same file. */
static bool is_alone_in_file(const owners_t *owners, const struct owner *o)
{
    bool others = false;

    vec_for_each (owners, other) {
        if (other != o && other->size && other->first->file == o->first->file)
            return false;
        others |= other->first->file != o->first->file;
    }
    return others;
}

void machines_finish(struct paste *p)
{
    struct machines *m = p->state->machines;
    unsigned with_tables = 0;
    owners_t owners = {0};

    if (!m)
        return;
    p->machines_cut = m->cut;
    vec_for_each (&m->sections, s)
        with_tables += s->formats != 0;
    /* Files of one machine's tree are of one machine. */
    if (with_tables < 2 || p->state->tree.below || p->state->has_tree_files)
        return;
    note_ranges(m);
    for (u32 i = 0; i < m->sections.count; i++)
        measure(p, i);
    give_sections(m, &owners);
    if (!are_several(&owners)) {
        vec_for_each (&owners, o)
            if (o->size)
                take_earlier(p, o->size->machine, p);
        vec_done(&owners);
        return;
    }
    vec_for_each (&owners, o) {
        u32 index = (u32)(o - owners.items);
        struct paste_machine fresh = {.has_size = o->size};
        struct strbuf name;

        strbuf_init(&name);
        name_machine(p, o, is_alone_in_file(&owners, o), &name);
        fresh.name = strbuf_steal(&name);
        fresh.paste = read_apart(p, ALL_SECTIONS, index);
        take_earlier(p, index, fresh.paste);
        vec_push(&p->machines, fresh);
    }
    vec_done(&owners);
}

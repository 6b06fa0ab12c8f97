/* klog_trace.c - which kernel it is, on what machine, and what it was doing: the call trace of a
 * report. */
#include "observe/klog_report_int.h"

#include "observe/reading_int.h"

/* "CPU: 0 PID: 857 Comm: pattern Not tainted 6.1.0-56-cloud-amd64 #1": the word before "#". */
bool oom_take_kernel(struct oom_body *b, struct span line, struct klog_place place)
{
    struct oom_report *r = b->report;
    struct span word, last = {line.at, line.at};

    if (span_begins(line, "Hardware name: ")) {
        span_take(&line, "Hardware name: ");
        span_copy(span_trim(line), r->hardware, sizeof(r->hardware));
        return true;
    }
    if (!(span_begins(line, "CPU: ") && span_find(line, " Comm: ")) &&
        !(span_begins(line, "Pid: ") && span_find(line, " comm: ")))
        return false;
    while (span_take_word(&line, &word) && *word.at != '#')
        last = word;
    if (!span_empty(last) && is_digit(*last.at) && memchr(last.at, '.', span_len(last)))
        span_copy(last, r->release, sizeof(r->release));
    oom_note(r, OOM_PART_KERNEL, place);
    return true;
}

/* "name+0x542/0x580", whose name ends at the plus. */
static bool take_offset(struct span word, struct span *ret)
{
    struct span name;

    if (!span_take_until(&word, '+', &name) || !span_begins(word, "0x") ||
        !memchr(word.at, '/', span_len(word)) || span_empty(name) || span_len(name) > 96)
        return false;
    *ret = name;
    return true;
}

/* One function of the trace: " btrfs_lookup_bio_sums+0x542/0x580 [btrfs]", " [<ffffffff81381e7c>]
 * dump_stack+0x19/0x1b", "brcmf_attach [brcmfmac] from brcmf_probe+0x84/0x97" of ARM. One with "?"
 * is a guess: it is kept with that mark. */
static bool parse_frame(struct span line, struct span *ret_name, struct span *ret_module,
                        bool *ret_guess)
{
    struct span address, name, rest;

    if (span_take(&line, "[<") && !span_take_until(&line, ']', &address))
        return false;
    span_take(&line, "("); /* "(func+0x0/0xf0)" of older ARM */
    span_skip_blanks(&line);
    *ret_guess = span_take(&line, "? ");
    if (!span_take_word(&line, &name))
        return false;
    if (span_len(name) > 1 && name.end[-1] == ')')
        name.end--;
    *ret_module = (struct span){line.at, line.at};
    span_skip_blanks(&line);
    if (take_offset(name, ret_name)) {
        if (span_begins(line, "["))
            *ret_module = line;
        return true;
    }
    rest = line;
    if (span_begins(rest, "[") && span_take_word(&rest, ret_module))
        span_skip_blanks(&rest);
    *ret_name = name;
    return span_begins(rest, "from ") && span_find(rest, "+0x") && span_len(name) <= 96;
}

bool oom_take_frame(struct oom_body *b, struct span line, struct klog_place place)
{
    struct oom_report *r = b->report;
    struct span name, module;
    struct strbuf text;
    char *piece;
    bool guess;

    if (span_begins(line, "Call Trace:") || span_begins(line, "Call trace:") ||
        span_begins(line, "Backtrace:")) {
        b->in_trace = true;
        return true;
    }
    if (!parse_frame(line, &name, &module, &guess))
        return false;
    b->in_mem_info = false;
    /* The trace stands before the figures: one after them is another message's. */
    if (r->frames.count >= OOM_FRAMES_MAX || r->parts >> OOM_PART_MEM_INFO & 1 ||
        r->parts >> OOM_PART_LIMIT & 1)
        return true;
    strbuf_init(&text);
    if (guess)
        strbuf_append(&text, "? ");
    piece = span_dup(name);
    strbuf_append(&text, piece);
    free(piece);
    if (!span_empty(module) && span_len(module) < 48) {
        piece = span_dup(span_trim(module));
        strbuf_printf(&text, " %s", piece);
        free(piece);
    }
    vec_push(&r->frames, strbuf_steal(&text));
    oom_note(r, OOM_PART_TRACE, place);
    return true;
}

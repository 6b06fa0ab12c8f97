/* klog_report_int.h - the lines of one report, each into its place of a struct oom_report.
 *
 * A line belongs to no table of its own: what it is shows by its first words. Numbers of pages
 * become bytes by the page size that the free lists tell, so that lines before them are kept in
 * pages until oom_body_finish().
 */
#ifndef OBSERVE_KLOG_REPORT_INT_H
#define OBSERVE_KLOG_REPORT_INT_H

#include "observe/oom_report.h"
#include "observe/span.h"

/* More pages no machine has: such a number is none. */
#define OOM_PAGES_MAX ((u64)1 << 44)

enum oom_column {
    OOM_COLUMN_VM,
    OOM_COLUMN_RSS,
    OOM_COLUMN_RSS_ANON,
    OOM_COLUMN_RSS_FILE,
    OOM_COLUMN_RSS_SHMEM,
    OOM_COLUMN_PGTABLES,
    OOM_COLUMN_NR_PTES,
    OOM_COLUMN_SWAP,
    OOM_COLUMN_ADJ,
    NR_OOM_COLUMNS
};

/* What the lines so far mean for the next ones. */
struct oom_body {
    struct oom_report *report;
    bool in_mem_info, in_slabs, in_stats, in_trace;
    u32 zone; /* index of the zone whose line was last; UINT32_MAX */
    unsigned column[NR_OOM_COLUMNS];
    unsigned nr_columns; /* between "]" and the name; 0 outside of the table */
    u64 free_list_kib;   /* of order 0: the page size */
};

void oom_body_begin(struct oom_body *b, struct oom_report *report);

/* Take one line. False when it is none of a report's body. */
bool oom_body_take(struct oom_body *b, struct span line, struct klog_place place);

/* Pages become bytes. page_bytes: where the report does not tell. Once. */
void oom_body_finish(struct oom_body *b, u64 page_bytes);

/* Note that a part is there, and where it begins. */
void oom_note(struct oom_report *r, enum oom_part part, struct klog_place place);

/* Parts with a file of their own; true when the line was one of theirs. */
bool oom_take_table_head(struct oom_body *b, struct span line, struct klog_place place);
bool oom_take_row(struct oom_body *b, struct span line, struct klog_place place);
bool oom_take_kernel(struct oom_body *b, struct span line, struct klog_place place);
bool oom_take_early(struct oom_body *b, struct span line, struct klog_place place);
bool oom_take_frame(struct oom_body *b, struct span line, struct klog_place place);

/* --- pieces of lines, for all parsers of kernel messages -------------------------------------- */
/* What follows `literal`, wherever it stands in the line. */
bool klog_after(struct span line, const char *literal, struct span *ret);
/* The number of KiB that follows `literal`, as bytes; UNKNOWN. */
u64 klog_kib_after(struct span line, const char *literal);
/* What stands between two texts, the second the last of its kind. */
bool klog_between(struct span line, const char *left, const char *right, struct span *ret);
const char *klog_find_last(struct span s, const char *literal);
/* "0x140cca" or "140cca" after blanks. */
bool klog_take_hex(struct span *line, u64 *ret);

#endif

/* klog_int.h - a log being read: the report that is open, and the parsers of messages. */
#ifndef OBSERVE_KLOG_INT_H
#define OBSERVE_KLOG_INT_H

#include "observe/klog.h"
#include "observe/klog_report_int.h"

struct klog {
    struct snapshot *s;
    struct log_event open; /* what the report says so far */
    size_t open_at; /* its place among the events: those of one line may come before its end */
    struct oom_body body;
    u64 last_us, last_wall_us; /* of the line taken last */
    bool is_open;              /* there is a report that a line may belong to */
    bool invoked;    /* its first line is there, or another that says that somebody was chosen */
    bool killed;     /* it has had its first kill */
    bool of_group;   /* a group's limit failed */
    bool of_machine; /* the machine had nothing left */
    bool slub;       /* the slab allocator says that it failed */
    bool forced;     /* the next report is one that somebody asked for */
    char *reading;   /* what earlyoom saw left, as it stands; NULL */
    char *candidate; /* path of the group that systemd-oomd looks at; NULL */
    char *largest;   /* of those it looked at; NULL */
    u64 largest_bytes;
    struct log_event looked; /* systemd-oomd chose, and no line says yet that it killed */
    bool has_looked;
    size_t rows; /* of all tables */
    bool nohang; /* says why and whom it kills */
    char nohang_name[COMM_BYTES];
    u32 nohang_pid;
    u64 range_refused;            /* bytes of addresses that the line before found no room for; 0 */
    enum vmalloc_failure vmalloc; /* what the line before said, without saying who asked */
    u64 vmalloc_bytes, vmalloc_got; /* of it; 0: it said nothing */
};

/* What was open becomes an event; a report of this kind is open. */
void klog_begin(struct klog *k, enum log_event_kind kind, const struct klog_stamp *stamp);
/* Is this line too late for what is open, or of another boot? True when nothing is. */
bool klog_is_past(const struct klog *k, const struct klog_stamp *stamp);
/* What is open is the trace of a task that hangs, and no report of memory. */
bool klog_is_stuck(const struct klog *k);

/* An event of one line, and adding it; klog_push() takes what the event owns. */
struct log_event klog_one_line(enum log_event_kind kind, const struct klog_stamp *stamp);
void klog_push(struct klog *k, struct log_event event);

/* Replace a text that is owned. */
void klog_set_path(char **path, struct span text);

/* Mask and order of the report that is open. */
void klog_take_request(struct klog *k, struct span text);
/* What a line before said of vmalloc belongs to the report that is open. */
void klog_note_vmalloc(struct klog *k);
/* Nodes and cpuset of the report that is open. */
void klog_take_allowed(struct klog *k, struct span text);
/* This pid is one of those that the open report killed. */
bool klog_is_known_victim(const struct klog *k, u32 pid);

/* --- one message each: true when it was one of theirs ----------------------------------------- */
/* A line about pools of huge pages, outside of pastes, whose grammar has a row for it
 * (paste/refusal.c). */
bool klog_take_pool(struct snapshot *s, struct span text, const struct klog_stamp *stamp);

bool klog_parse_invoked(struct klog *k, struct span text, const struct klog_stamp *stamp);
bool klog_parse_cpuset(struct klog *k, struct span text, const struct klog_stamp *stamp);
bool klog_parse_allocation(struct klog *k, struct span text, const struct klog_stamp *stamp);
bool klog_parse_vmalloc(struct klog *k, struct span text, const struct klog_stamp *stamp);
bool klog_parse_cma(struct klog *k, struct span text, const struct klog_stamp *stamp);
bool klog_parse_forced(struct klog *k, struct span text, const struct klog_stamp *stamp);
bool klog_parse_slub(struct klog *k, struct span text, const struct klog_stamp *stamp);
bool klog_parse_suppressed(struct klog *k, struct span text, const struct klog_stamp *stamp);
bool klog_parse_killed_as_a_result(struct klog *k, struct span text,
                                   const struct klog_stamp *stamp);
bool klog_parse_constraint(struct klog *k, struct span text, const struct klog_stamp *stamp);
bool klog_parse_choice(struct klog *k, struct span text, const struct klog_stamp *stamp);
bool klog_parse_group_kill(struct klog *k, struct span text, const struct klog_stamp *stamp);
bool klog_parse_kill(struct klog *k, struct span text, const struct klog_stamp *stamp);
bool klog_parse_no_victim(struct klog *k, struct span text, const struct klog_stamp *stamp);
bool klog_parse_reaped(struct klog *k, struct span text, const struct klog_stamp *stamp);
bool klog_parse_stuck(struct klog *k, struct span text, const struct klog_stamp *stamp);
bool klog_parse_hotplug(struct klog *k, struct span text, const struct klog_stamp *stamp);
bool klog_parse_killer(struct klog *k, struct span text, const struct klog_stamp *stamp);
bool klog_parse_candidate(struct klog *k, struct span text, const struct klog_stamp *stamp);
/* The choice of systemd-oomd that no kill followed becomes an event. */
void klog_end_choice(struct klog *k);
bool klog_parse_reading(struct klog *k, struct span text, const struct klog_stamp *stamp);
bool klog_parse_below_min(struct klog *k, struct span text, const struct klog_stamp *stamp);
bool klog_parse_nohang(struct klog *k, struct span text, const struct klog_stamp *stamp);
bool klog_parse_early(struct klog *k, struct span text, const struct klog_stamp *stamp);

#endif

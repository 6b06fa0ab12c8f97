/* oom_tell_int.h - what the files that put a kill into words share: oom_tell.c and the
 * oom_title*.c. */
#ifndef DIAGNOSE_OOM_TELL_INT_H
#define DIAGNOSE_OOM_TELL_INT_H

#include "diagnose/oom_tell.h"

#include <string.h>

struct telling {
    struct rule_context *c;
    const struct incident *i;
    const struct oom_facts *f;
    const struct log_event *e;
    const struct oom_ruling *ruling;
};

/* A figure as text for a sentence about `t`, from this part of its report; it becomes evidence. */
#define BYTES(part, name, bytes) \
    oom_figure((char[48]){0}, t->c, t->e, OOM_PART_##part, name, number_of(bytes), IN_BYTES)
#define COUNT(part, name, count) \
    oom_figure((char[48]){0}, t->c, t->e, OOM_PART_##part, name, number_of(count), IN_COUNT)
#define PERCENT(part, name, percent) \
    oom_figure((char[48]){0}, t->c, t->e, OOM_PART_##part, name, percent, IN_PERCENT)

/* The cause as one line, without a capital letter or a full stop. */
void oom_title(const struct telling *t, struct strbuf *out);
/* The same of what a daemon did. */
void oom_title_daemon(const struct telling *t, struct strbuf *out);

/* ... of what is not told (oom_title_untold.c). */
void oom_title_untold(const struct telling *t, struct strbuf *out);

/* --- phrases of oom_title.c ------------------------------------------------------------------- */

/* "; there is no swap", ", and swap (2.0 GiB) is full", "; 1.5 GiB of swap was free", "". */
void oom_say_swap(const struct telling *t, struct strbuf *out);
/* "java", "php-fpm (24 processes)" */
void oom_say_program(const struct telling *t, struct strbuf *out, const struct oom_program *p);
/* " of 15.5 GiB" */
void oom_say_of_total(const struct telling *t, struct strbuf *out);
/* Several kills of one moment are one event: how many, how fast, before the largest of them. False:
 * there was one. */
bool oom_say_burst(const struct telling *t, struct strbuf *out);

/* What holds memory that no counter of a report has, and says so elsewhere in the text. */
struct oom_outside {
    u64 bytes;
    const char *words, *name, *where;
};
/* The one that explains most of what is in no counter, or not told. False: none does. */
bool oom_is_outside(const struct oom_facts *f, struct oom_outside *ret);
/* "the ARC, the cache of ZFS, holds 14.5 GiB" */
void oom_say_outside(const struct telling *t, const struct oom_outside *o, struct strbuf *out);

/* ... of an eviction by kubelet, which said `words`. */
void oom_title_eviction(const struct telling *t, const char *words, struct strbuf *out);
/* ": 2.1 % of memory was left": why a daemon killed, as far as its `words` say; several: it killed
 * others before. */
void oom_say_reason(const struct telling *t, const char *words, bool several, struct strbuf *out);
/* "com.example.maps", "3 groups (a, b and c)": all whom this daemon killed. Returns how many; 0:
 * nothing is said. */
u64 oom_say_victims(const struct telling *t, struct strbuf *out);
/* The name of who died as the message has it, whole where the kernel would have cut it. Returns
 * buf, or a text of `e`. */
const char *oom_whole_name(char buf[128], const struct log_event *e);
/* The number behind `mark` in a daemon's message: "51.07%". NAN when there is none. */
double oom_percent_after(const char *words, const char *mark);

/* What kubelet says of a container that it evicts; bytes, UNKNOWN. */
struct eviction_use {
    u64 used, request;
    char container[64]; /* "": not told */
};
struct eviction_use oom_eviction_use(const char *words);

/* Bytes of huge pages that nobody uses and that are much of the nodes that it may use; 0. */
u64 oom_idle_pool(const struct oom_facts *f);
u64 oom_node_shmem(const struct oom_facts *f);
/* The name of its cpuset; NULL for the root, or where it is not told. */
static inline const char *oom_cpuset(const struct oom_report *r)
{
    return r && r->cpuset && *r->cpuset && strcmp(r->cpuset, "/") != 0 ? r->cpuset : NULL;
}

/* What the victim held: resident and its own; UNKNOWN. */
u64 oom_victim_bytes(const struct telling *t);
/* "java (pid 7), which held 7.8 GiB," */
void oom_say_victim(const struct telling *t, struct strbuf *out);

#endif

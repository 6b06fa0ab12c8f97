/* live_int.h - a running machine's files of one subject each: live.c (time), live_look.c,
 * live_write.c, live_group.c (groups and triggers), live_folder.c (the control folder, scripts). */
#ifndef MOUNT_LIVE_INT_H
#define MOUNT_LIVE_INT_H

#include "mount/live.h"

#define LIVE_FOLDER     "highwater"
#define LIVE_CGROUP_DIR "sys/fs/cgroup"
#define LIVE_PATH_BYTES 4096

struct live *live_of(struct view *v);
/* The path of a group for a name below the cgroup file system; NULL: it is elsewhere. */
const char *live_group_of_name(const char *name);

void live_say(struct live *l, const char *line);

/* The name within the control folder, "" for itself; NULL: it is no name of the folder. */
const char *live_folder(const char *name);
int live_folder_look_up(const char *file, struct view_stat *ret);
int live_folder_list(const char *file, view_name_fn *each, void *ctx);
int live_folder_read(struct live *l, const char *file, struct strbuf *out);
/* Is it about the pace, and nothing that the machine sees? */
bool live_folder_is_time(const char *file);
int live_folder_write(struct live *l, const char *file, const char *text);
/* Can it be written to? 0, or -EACCES. */
int live_folder_takes(const char *file);

/* --- looking (struct view_ops) --- */
int live_look_up(struct view *v, const char *name, struct view_stat *ret);
int live_list(struct view *v, const char *name, view_name_fn *each, void *ctx);
int live_read_link(struct view *v, const char *name, const struct view_caller *caller,
                   struct strbuf *out);
int live_read_text(struct view *v, const char *name, struct strbuf *out);
int live_may_open(struct view *v, const char *name, bool to_write,
                  const struct view_caller *caller);

/* --- statistics that are brought up to date for who reads them (live_stats.c) --- */
/* Somebody has read this file of the group. */
void live_stats_read(struct live *l, const char *name, const struct group *g);
/* A tick has come: what was read since the last one. */
void live_stats_tick(struct live *l);
/* As a script wants it. -ENOENT: there is no such file; -EINVAL: nothing is brought up to date for
 * who reads it. */
int live_stats_noted(struct live *l, const char *name);
void live_stats_done(struct live *l);

/* --- writing --- */
int live_write_text(struct view *v, const char *name, const char *text,
                    const struct view_caller *caller, void *cookie);
int live_also_written(struct view *v, const char *name, const char *text, struct strbuf *ret);
int live_cancel(struct view *v, void *cookie);
/* A line of highwater/writes, with the time. text: NULL, or what follows the name. */
void live_note(struct live *l, const char *what, const char *name, const char *text);
/* Those whose time has come; all of them when the machine has stopped. */
void live_retry_pending(struct live *l);
/* The i-th is not among l->pending any more; what it points to stays. */
void live_drop_pending(struct live *l, size_t i);
void live_free_write(struct live_write *w);
/* What a script says was interrupted. -ENOENT: no such write waits. */
int live_interrupt_noted(struct live *l, const struct live_line *line);

/* --- groups and triggers --- */
int live_make_dir(struct view *v, const char *name);
int live_remove_dir(struct view *v, const char *name);
s64 live_trigger_events(struct view *v, int number);
void live_trigger_close(struct view *v, int number);
/* The number of the trigger that this write has set. */
int live_new_trigger(struct live *l, const struct live_write *w);

#endif

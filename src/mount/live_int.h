/* live_int.h - between live.c (the machine) and live_folder.c (the control folder, scripts). */
#ifndef MOUNT_LIVE_INT_H
#define MOUNT_LIVE_INT_H

#include "mount/live.h"

#define LIVE_FOLDER "highwater"

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

#endif

/* line.h - a line of a paste without what mail, tickets, terminals and shells put around it.
 *
 * Takes away: carriage returns, colours and other terminal sequences, "> " quotes, fences of code,
 *             HTML entities, and of Markdown the marks of bold and code around a word and the bars
 *             between the columns of a table.
 * Never:      what may belong to the text: its indent, and blanks within.
 */
#ifndef PASTE_LINE_H
#define PASTE_LINE_H

#include "observe/span.h"

/* The line, cleaned; the result points into it or into buf, which is overwritten. False: the line
 * is decoration, such as a fence; then *ret is what stands behind it on the same line, or empty. */
bool line_clean(struct span line, struct strbuf *buf, struct span *ret);

/* "|---|:--:|": between the head and the rows of a table in Markdown. */
bool line_table_rule(struct span line);

/* The command of a shell prompt ("[root@db1 ~]# free -m"): false when the line is none. */
bool line_prompt(struct span line, struct span *ret_command);

/* What head, tail and more print before each of several files ("==> /proc/meminfo <=="). */
bool line_file_heading(struct span line, struct span *ret_path);

#endif

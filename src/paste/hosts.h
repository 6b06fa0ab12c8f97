/* hosts.h - of which machine a line says that what follows is.
 *
 * Reads:  headings of loops, ansible, pssh, clush and dshbak, prompts of shells, commands of ssh,
 *         and the name that pdsh, dsh and clush put before each line.
 * Never:  guesses from a bare word: a name that has neither a digit nor a dash nor a dot is a
 *         label, which names a sample alone.
 */
#ifndef PASTE_HOSTS_H
#define PASTE_HOSTS_H

#include "observe/span.h"

#define HOST_LONGEST 63

enum host_sign { HOST_NONE, HOST_TOLD, HOST_LABEL };

/* May it be the name of a machine: letters, digits, dashes, dots; with a letter? */
bool host_is_name(struct span word);

/* "== web1 ==", "web1 | CHANGED | rc=0 >>", "[1] 10:01:02 [SUCCESS] web1", "Host: web1", "web1:",
 * "Before:". */
enum host_sign host_heading(struct span line, struct span *ret_name);

/* "-----" alone: clush -b and dshbak put one before the name and one behind it. */
bool host_is_rule(struct span line);

/* "root@web1:~# free -m" whose command is known; false where no host is told. */
bool host_of_prompt(struct span line, struct span command, struct span *ret_host);

/* "ssh -p 22 ops@web1 free -m". *ret_stays: no command follows, the session goes on there. */
bool host_of_ssh(struct span command, struct span *ret_host, bool *ret_stays);

/* "for h in web1 web2; do ssh $h free; done": the names, up to the semicolon; empty where they are
 * not told. False: no such loop. */
bool host_loop(struct span command, struct span *ret_names);

/* "web1: Mem: 16012": the name and what stands behind it, with its indent. */
bool host_before_line(struct span line, struct span *ret_host, struct span *ret_rest);

/* The same machine by its short and its full name. */
bool host_same(const char *a, const char *b);

#endif

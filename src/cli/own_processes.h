/* own_processes.h - the programs that look at a machine, beside the machine's own processes: a view
 * over a view.
 *
 * A command that was started by `enter` is a process of the host, in a PID namespace of its own. It
 * appears in the machine's /proc as a folder of links into that namespace's own proc file system,
 * which is mounted at OWN_PROCESSES; /proc/self and /proc/thread-self are of whoever asks. Where
 * both have a process of one number, the machine's is shown. Some files of the host that say
 * nothing of memory are links as well (/proc/filesystems); its sysctls of that kind can be read
 * (/proc/sys/fs).
 */
#ifndef CLI_OWN_PROCESSES_H
#define CLI_OWN_PROCESSES_H

#include "mount/view.h"

#define OWN_PROCESSES "proc/highwater/processes"

struct own_processes {
    struct view view;
    struct view *machine;
    int proc; /* directory of the namespace's proc file system */
};

/* machine->written and the like are passed on.   pre: proc is open; it stays the caller's */
void own_processes_init(struct own_processes *o, struct view *machine, int proc);

#endif

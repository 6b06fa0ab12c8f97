/* memory.h - what happens when the host has no memory: one line on stderr, nothing left behind, an
 * exit code. */
#ifndef CLI_MEMORY_H
#define CLI_MEMORY_H

/* From now on. `of_verb` is a name that stays, "" for the program. */
void memory_guard(const char *of_verb, int exit_code);

#endif

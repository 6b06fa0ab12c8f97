/* program.h - the file of the program that is to be recorded. */
#ifndef RECORD_PROGRAM_H
#define RECORD_PROGRAM_H

#include "base/err.h"
#include "base/types.h"

bool program_is_executable(const char *path);

/* Find a program as exec would, in PATH when its name has no slash. -ENOENT: there is none;
 * -EACCES: it cannot be executed, or not be recorded, since it or what interprets it has privileges
 * of its own or is made for another architecture. */
int program_find(const char *name, char *path, size_t size, struct err *e);

#endif

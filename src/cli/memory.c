/* memory.c - the end of the program when the host has no memory: wherever it is, without
 * allocating. */
#include "cli/memory.h"

#include "base/alloc.h"
#include "base/outfile.h"
#include "cli/cli.h"
#include "top/top.h"

#include <string.h>
#include <unistd.h>

static const char *verb = "";
static int exit_code;

static void put(const char *text)
{
    /* lint: static text and numbers; nothing to clean, and no memory to do it with */
    if (write(STDERR_FILENO, text, strlen(text)) < 0)
        return;
}

/* Threads of a sweep may get here at the same time: the first speaks, and its _exit() ends them
 * all. */
static void end(const char *message)
{
    static bool told;

    while (__atomic_exchange_n(&told, true, __ATOMIC_ACQ_REL))
        pause();
    top_release_terminal();
    outfile_remove_all();
    put(cli_program);
    put(*verb ? " " : "");
    put(verb);
    put(": ");
    put(message);
    put("\n");
    _exit(exit_code);
}

void memory_guard(const char *of_verb, int code)
{
    verb = of_verb;
    exit_code = code;
    alloc_on_failure(end);
}

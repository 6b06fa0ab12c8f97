/* program.c - find a program, and see whether the recorder can run it. */
#include "record/program.h"

#include "record/channel.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

/* The kernel's: bytes of a script's first line, and scripts whose interpreter is a script. */
#define SCRIPT_LINE  256
#define SCRIPT_DEPTH 5

bool program_is_executable(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* The program as exec would find it. */
static int look_up(const char *name, char *path, size_t size, struct err *e)
{
    const char *dir = getenv("PATH");
    struct stat st;
    bool seen = false;

    if (strchr(name, '/') != NULL) {
        if (stat(name, &st) != 0)
            return err_set(e, -ENOENT, "%s: %s", name, strerror(errno));
        if (!program_is_executable(name))
            return err_set(e, -EACCES, "%s: not an executable file", name);
        if ((size_t)snprintf(path, size, "%s", name) >= size)
            return err_set(e, -ENAMETOOLONG, "%s: name too long", name);
        return 0;
    }
    if (dir == NULL)
        dir = "/usr/local/bin:/usr/bin:/bin";
    while (name[0] != '\0') {
        size_t len = strcspn(dir, ":");

        if ((size_t)snprintf(path, size, "%.*s%s%s", (int)len, dir, len > 0 ? "/" : "", name) <
            size) {
            if (program_is_executable(path))
                return 0;
            seen = seen || stat(path, &st) == 0;
        }
        if (dir[len] == '\0')
            break;
        dir += len + 1;
    }
    return seen ? err_set(e, -EACCES, "%s: not an executable file", name)
                : err_set(e, -ENOENT, "%s: command not found", name);
}

/* The interpreter of a script, from its first line. False: it is no script. */
static bool interpreter_of(const char *head, char *interpreter)
{
    size_t len;

    if (strncmp(head, "#!", 2) != 0)
        return false;
    head += 2 + strspn(head + 2, " \t");
    len = strcspn(head, " \t\n");
    memcpy(interpreter, head, len);
    interpreter[len] = '\0';
    return true;
}

static bool has_privilege(const struct stat *st)
{
    return st->st_mode & (S_ISUID | S_ISGID);
}

static const char *reason(const char *path, const char *head, size_t len)
{
    struct stat st;
    u64 entry;

    if (stat(path, &st) == 0 && has_privilege(&st))
        return st.st_mode & S_ISUID ? "is set-user-id" : "is set-group-id";
    if (getxattr(path, "security.capability", NULL, 0) > 0)
        return "has capabilities";
    if (len < 32 || memcmp(head, "\177ELF", 4) != 0)
        return NULL;
    if (head[4] != 2 || head[18] != 62 || head[19] != 0)
        return "is not made for x86-64";
    memcpy(&entry, head + 24, sizeof(entry));
    if (head[16] == ET_EXEC && entry - CHANNEL_TOOL_BASE < CHANNEL_TOOL_BYTES)
        return "is linked where the recorder lies";
    return NULL;
}

static int refuse(const char *path, const char *program, const char *why, struct err *e)
{
    struct stat st;
    bool mighty = geteuid() == 0 && stat(program, &st) == 0 && has_privilege(&st);

    return err_set(
        e, -EACCES,
        "%s: cannot be recorded: %s %s; started by what is recorded it runs, unrecorded%s", path,
        program, why,
        mighty ? " (to become another user without it: runuser -u USER -- or setpriv)" : "");
}

/* No program and, for its zero bytes, no script of a shell's. */
static bool is_garbage(const char *head, size_t len)
{
    if (len >= sizeof(Elf64_Ehdr) && memcmp(head, "\177ELF", 4) == 0)
        return false;
    return memchr(head, '\0', len) != NULL;
}

static int refuse_unrecordable(const char *path, struct err *e)
{
    char head[SCRIPT_LINE + 1], at[SCRIPT_LINE + 1];
    const char *program = path, *why;

    for (unsigned i = 0; i <= SCRIPT_DEPTH; i++) {
        int fd = open(program, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        int error = fd < 0 ? errno : 0;
        ssize_t n = fd < 0 ? 0 : read(fd, head, SCRIPT_LINE);

        if (fd >= 0)
            close(fd);
        if (error == ENOENT || (program != path && !program_is_executable(program)))
            return err_set(e, error == ENOENT ? -ENOENT : -EACCES, "%s: its interpreter %s: %s",
                           path, program, error == ENOENT ? strerror(ENOENT) : "not executable");
        n = n < 0 ? 0 : n;
        head[n] = '\0';
        why = error != 0 ? "may be executed, but not read" : reason(program, head, (size_t)n);
        if (why == NULL && is_garbage(head, (size_t)n))
            return err_set(e, -EACCES, "%s: %s", program, strerror(ENOEXEC));
        if (why != NULL && (error != 0 || !interpreter_of(head, at)))
            return refuse(path, program, why, e);
        if (!interpreter_of(head, at))
            return 0;
        program = at;
    }
    return err_set(e, -EACCES, "%s: %s", path, strerror(ELOOP));
}

int program_find(const char *name, char *path, size_t size, struct err *e)
{
    int error = look_up(name, path, size, e);

    return error < 0 ? error : refuse_unrecordable(path, e);
}

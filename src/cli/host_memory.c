/* host_memory.c - what of the host's memory the program may use by default: half of what is
 * available.
 *
 * Available is what the kernel says for the machine, or what the limits of our own cgroups leave
 * where that is less: memory.max less memory.current of each group on the way to the root, cgroup
 * v2 or v1's memory controller.
 */
#include "cli/host_memory.h"

#include "base/units.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT_MAX 8192

static bool read_text(const char *path, char text[TEXT_MAX])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, text, TEXT_MAX - 1);

    if (fd >= 0)
        close(fd);
    text[MAX(len, (ssize_t)0)] = '\0';
    return len > 0;
}

/* A file with one number. UINT64_MAX for "max" and for what is not there. */
static u64 read_number(const char *folder, const char *file)
{
    char path[TEXT_MAX], text[TEXT_MAX];

    if (snprintf(path, sizeof(path), "%s/%s", folder, file) >= (int)sizeof(path))
        return UINT64_MAX;
    return read_text(path, text) && text[0] >= '0' && text[0] <= '9' ? strtoull(text, NULL, 10)
                                                                     : UINT64_MAX;
}

/* What this group's own limit leaves; UINT64_MAX when it has none. */
static u64 room_in(const char *folder, bool v1)
{
    u64 max = read_number(folder, v1 ? "memory.limit_in_bytes" : "memory.max");
    u64 used = read_number(folder, v1 ? "memory.usage_in_bytes" : "memory.current");

    if (max == UINT64_MAX || used == UINT64_MAX)
        return UINT64_MAX;
    return max > used ? max - used : 0;
}

/* The least room of our group and those above it. `path` is cut on the way. */
static u64 room_below(const char *mount, char *path, bool v1)
{
    u64 room = UINT64_MAX;
    char folder[TEXT_MAX];

    for (;;) {
        char *slash = strrchr(path, '/');

        if (snprintf(folder, sizeof(folder), "%s%s", mount, path) < (int)sizeof(folder))
            room = MIN(room, room_in(folder, v1));
        if (!slash)
            return room;
        *slash = '\0';
    }
}

static u64 room_in_cgroups(void)
{
    char text[TEXT_MAX], *rest = text;
    u64 room = UINT64_MAX;

    if (!read_text("/proc/self/cgroup", text))
        return room;
    for (char *line; (line = strsep(&rest, "\n"));) {
        char *memory = strstr(line, ":memory:"), *path = strstr(line, ":/");

        if (path && strncmp(line, "0::", 3) == 0)
            room = MIN(room, room_below("/sys/fs/cgroup", path + 1, false));
        else if (path && memory)
            room = MIN(room, room_below("/sys/fs/cgroup/memory", path + 1, true));
    }
    return room;
}

u64 host_memory_default(void)
{
    char text[TEXT_MAX], *line;
    u64 available = UINT64_MAX;

    if (read_text("/proc/meminfo", text) && (line = strstr(text, "MemAvailable:")))
        available = strtoull(line + strlen("MemAvailable:"), NULL, 10) * KIB;
    available = MIN(available, room_in_cgroups());
    return available == UINT64_MAX ? 0 : MAX(available / 2, 64 * MIB);
}

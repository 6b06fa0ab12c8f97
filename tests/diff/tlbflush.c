/* tlbflush.c - wake every N microseconds and do nothing, or read a file, for ever.
 *
 * Linux clears accessed bits without flushing the TLB and relies on the TLB being small. QEMU's
 * software TLB grows with use, so a guest that runs one process alone sees ever fewer accessed
 * bits. Each wake-up of this second process is a switch of address space, which flushes it.
 *
 * With a file, such as a group's cpu.stat, it is read each time, whenever it is there: Linux 6.12
 * brings the group's statistics up to date for that, by which reclaim then decides.
 *
 * Use:  tlbflush [MICROSECONDS [FILE]]     default 500
 */
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void read_once(const char *path)
{
    char text[4096];
    int fd = open(path, O_RDONLY);

    if (fd < 0)
        return;
    while (read(fd, text, sizeof(text)) > 0)
        ;
    close(fd);
}

int main(int argc, char **argv)
{
    long us = argc > 1 ? strtol(argv[1], NULL, 10) : 500;
    struct timespec nap = {.tv_sec = 0, .tv_nsec = us * 1000};
    if (us < 1 || us > 999999)
        return 2;
    for (;;) {
        nanosleep(&nap, NULL);
        if (argc > 2)
            read_once(argv[2]);
    }
}

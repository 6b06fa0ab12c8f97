/* tlbflush.c - wake every N microseconds and do nothing, for ever.
 *
 * Linux clears accessed bits without flushing the TLB and relies on the TLB being small. QEMU's software TLB grows with
 * use, so a guest that runs one process alone sees ever fewer accessed bits. Each wake-up of this second process is a
 * switch of address space, which flushes it.
 *
 * Use:  tlbflush [MICROSECONDS]     default 500
 */
#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv)
{
    long us = argc > 1 ? strtol(argv[1], NULL, 10) : 500;
    struct timespec nap = {.tv_sec = 0, .tv_nsec = us * 1000};
    if (us < 1 || us > 999999)
        return 2;
    for (;;)
        nanosleep(&nap, NULL);
}

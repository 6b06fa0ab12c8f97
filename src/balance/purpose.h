/* purpose.h - what an allocation is for, as far as the kernel's reports tell: its GFP flags and who
 * called follow from it. */
#ifndef BALANCE_PURPOSE_H
#define BALANCE_PURPOSE_H

enum purpose {
    PURPOSE_KERNEL_PAGE, /* a page of a driver, a socket's buffer */
    PURPOSE_ANON,        /* a page of zeroes for a fault */
    PURPOSE_ANON_COPY,  /* a copy for a write fault, or for a child whose parent's page is pinned */
    PURPOSE_FILE_FAULT, /* a page of the cache, for a fault */
    PURPOSE_FILE_READ,  /* the same, for read(2) */
    PURPOSE_FILE_WRITE,
    PURPOSE_SHMEM,
    PURPOSE_SWAPIN,
    PURPOSE_SWAPIN_ALONE, /* a page read at once, past the swap cache */
    PURPOSE_PAGE_TABLE,
    PURPOSE_SLAB,      /* of a cache whose slabs are of several pages, had it what it likes */
    PURPOSE_SLAB_PAGE, /* of a cache whose slabs are single pages */
    PURPOSE_SLAB_RECLAIMABLE, /* inodes: of several pages */
    PURPOSE_PACKET,           /* a driver's buffer, which cannot wait */
    PURPOSE_ARRAY,            /* of a file system */
    PURPOSE_LIMIT,            /* none: a limit was lowered below what is used */
    NR_PURPOSES
};

#endif

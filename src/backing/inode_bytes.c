/* inode_bytes.c - what a file holds when frames hold real bytes.
 *
 * A page is looked for in three places:
 *
 *     overlay        the page as it was last written back, kept here (the host file is not ours,
 *                    unless host_write says so)
 *     below origin   the host file, or generated content where there is none
 *     above          zeros
 *
 * origin_bytes starts as the size and only shrinks: a truncation forgets what it cuts off for good,
 * as on a disk.
 */
#include "backing/inode.h"

#include "base/alloc.h"

#include <string.h>
#include <unistd.h>

void inode_generate_bytes(u64 dev, u64 ino, u64 index, u8 *page)
{
    u64 seed = hash_u64_pair(dev, ino);

    for (u64 word = 0; word < PAGE_SIZE / 8; word++) {
        u64 value = hash_u64_pair(seed, index * (PAGE_SIZE / 8) + word);

        for (unsigned byte = 0; byte < 8; byte++)
            page[word * 8 + byte] = (u8)(value >> (byte * 8));
    }
}

/* Bytes of page `index` that lie below `end`. */
static size_t bytes_below(u64 index, u64 end)
{
    u64 start = index * PAGE_SIZE;

    return end <= start ? 0 : (size_t)MIN(end - start, (u64)PAGE_SIZE);
}

/* Read up to `want` bytes; what the file does not have is zeros. */
static int host_read(int fd, u64 offset, u8 *to, size_t want)
{
    size_t done = 0;

    while (done < want) {
        ssize_t n = pread(fd, to + done, want - done, (off_t)(offset + done));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -EIO;
        if (n == 0)
            break;
        done += (size_t)n;
    }
    memset(to + done, 0, want - done);
    return 0;
}

static int host_write(int fd, u64 offset, const u8 *from, size_t want)
{
    size_t done = 0;

    while (done < want) {
        ssize_t n = pwrite(fd, from + done, want - done, (off_t)(offset + done));

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -EIO;
        done += (size_t)n;
    }
    return 0;
}

int inode_read_bytes(const struct inode *inode, u64 index, u8 *page)
{
    const u8 *kept = (const u8 *)(uintptr_t)xa_load(&inode->overlay, index);
    size_t origin = bytes_below(index, inode->origin_bytes);
    size_t want = bytes_below(index, inode->size);
    int rc = 0;

    if (kept) {
        memcpy(page, kept, PAGE_SIZE);
        return 0;
    }
    if (inode->host_fd >= 0)
        rc = host_read(inode->host_fd, index * PAGE_SIZE, page, inode->host_write ? want : origin);
    else if (origin)
        inode_generate_bytes(inode->dev, inode->ino, index, page);
    if (rc < 0)
        return rc;
    if (inode->host_fd >= 0 && inode->host_write)
        origin = want;
    memset(page + origin, 0, PAGE_SIZE - origin);
    return 0;
}

int inode_write_bytes(struct inode *inode, u64 index, const u8 *page)
{
    size_t want = bytes_below(index, inode->size);
    u8 *kept;

    if (inode->host_fd >= 0 && inode->host_write)
        return host_write(inode->host_fd, index * PAGE_SIZE, page, want);
    kept = (u8 *)(uintptr_t)xa_load(&inode->overlay, index);
    if (!kept) {
        kept = xmalloc(PAGE_SIZE);
        xa_store(&inode->overlay, index, (u64)(uintptr_t)kept);
    }
    memcpy(kept, page, want);
    memset(kept + want, 0, PAGE_SIZE - want);
    return 0;
}

void inode_set_size(struct inode *inode, u64 size)
{
    u64 index, entry;

    if (size < inode->size) {
        xa_for_each_range (&inode->overlay, index, entry, DIV_ROUND_UP(size, PAGE_SIZE),
                           XA_INDEX_MAX) {
            free((void *)(uintptr_t)entry);
            xa_erase(&inode->overlay, index);
        }
        if (size % PAGE_SIZE) {
            u8 *last = (u8 *)(uintptr_t)xa_load(&inode->overlay, size / PAGE_SIZE);

            if (last)
                memset(last + size % PAGE_SIZE, 0, PAGE_SIZE - size % PAGE_SIZE);
        }
        inode->origin_bytes = MIN(inode->origin_bytes, size);
    }
    inode->size = size;
    /* With host_write the host file holds the bytes, so it has to lose them too. Its failure shows
     * when the next page is read or written. */
    if (inode->host_fd >= 0 && inode->host_write && ftruncate(inode->host_fd, (off_t)size) < 0)
        errseq_set(&inode->wb_err, -EIO);
}

/* fs_requests.c - a look at the kernel's queue costs less than a microsecond, so it can be taken
 * often. */
#define FUSE_USE_VERSION 34

#include "mount/fs_requests_int.h"

#include "base/alloc.h"
#include "base/vec.h"

#include <fuse_lowlevel.h>
#include <linux/fuse.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_EVERY (20 * NS_PER_US)
#define LATE_MAX   256u /* requests kept; more wait in the kernel */

struct late {
    void *mem;
    size_t size;
};

struct fs_requests {
    struct fuse_buf buf;
    VEC(struct late) late;
    u64 next; /* when the queue is looked at again, on the wall */
};

/* What changes neither the machine nor what was begun. */
static bool is_look(const struct fuse_buf *buf)
{
    const struct fuse_in_header *header = buf->mem;

    switch (header->opcode) {
    case FUSE_LOOKUP:
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
    case FUSE_GETATTR:
    case FUSE_READLINK:
    case FUSE_OPEN:
    case FUSE_READ:
    case FUSE_OPENDIR:
    case FUSE_READDIR:
    case FUSE_ACCESS:
    case FUSE_STATFS:
        return true;
    }
    return false;
}

/* Who was answered on this CPU goes on before the machine does, which may not leave it for
 * milliseconds else. */
static void let_them_run(void)
{
    sched_yield();
}

static void keep(struct fs_requests *r, size_t size)
{
    struct late late = {xmalloc(size), size};

    memcpy(late.mem, r->buf.mem, size);
    vec_push(&r->late, late);
}

static bool attend(void *ctx)
{
    struct fs *fs = ctx;
    struct fs_requests *r = fs->requests;
    u64 began = fs->config.view->wall_ns(), now;
    bool answered = false;
    int n;

    if (began < r->next)
        return r->late.count > 0;
    while (r->late.count < LATE_MAX && (n = fuse_session_receive_buf(fs->session, &r->buf)) > 0) {
        if (!is_look(&r->buf)) {
            keep(r, (size_t)n);
            continue;
        }
        fuse_session_process_buf(fs->session, &r->buf);
        answered = true;
        if (fs->config.view->wall_ns() - began > LOOK_EVERY)
            break;
    }
    if (answered)
        let_them_run();
    now = fs->config.view->wall_ns();
    r->next = now + MAX(LOOK_EVERY, now - began); /* half of the time is the machine's */
    return r->late.count > 0;
}

void fs_requests_begin(struct fs *fs)
{
    fs->requests = xcalloc(1, sizeof(*fs->requests));
    fs->config.view->attend = attend;
    fs->config.view->attend_ctx = fs;
}

void fs_requests_end(struct fs *fs)
{
    fs->config.view->attend = NULL;
    vec_for_each (&fs->requests->late, late)
        free(late->mem);
    vec_done(&fs->requests->late);
    free(fs->requests->buf.mem);
    free(fs->requests);
    fs->requests = NULL;
}

void fs_requests_now(struct fs *fs, unsigned max)
{
    struct fs_requests *r = fs->requests;
    unsigned n = 0;

    while (n < max && fuse_session_receive_buf(fs->session, &r->buf) > 0) {
        fuse_session_process_buf(fs->session, &r->buf);
        n++;
    }
    if (n)
        let_them_run();
}

void fs_requests_late(struct fs *fs)
{
    struct fs_requests *r = fs->requests;

    for (size_t i = 0; i < r->late.count; i++) {
        struct fuse_buf buf = {.mem = r->late.items[i].mem, .size = r->late.items[i].size};

        fuse_session_process_buf(fs->session, &buf);
        free(buf.mem);
    }
    vec_reset(&r->late);
}

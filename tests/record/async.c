/* async.c - memory and files that change without a call that says so: async io_uring|poll|aio FILE,
 * async userfaultfd|device.
 *
 * Exit code 77, with the reason: this kernel refuses it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE   4096ul
#define BLOCKS 16
#define MUST(x)         \
    do {                \
        if (!(x)) {     \
            perror(#x); \
            exit(3);    \
        }               \
    } while (0)

static unsigned char blocks[BLOCKS][PAGE], again[BLOCKS][PAGE];

static int refused(const char *what)
{
    printf("%s: %s\n", what, strerrorname_np(errno));
    return 77;
}

static int scratch(char **argv)
{
    int fd = open(argv[0], O_RDWR | O_CREAT | O_TRUNC, 0600);

    MUST(fd >= 0);
    for (size_t i = 0; i < BLOCKS; i++)
        memset(blocks[i], (int)i + 1, PAGE);
    return fd;
}

static int compared(void)
{
    printf("same %d\n", memcmp(blocks, again, sizeof(blocks)) == 0);
    return 0;
}

/* ---- io_uring ---- */

struct ring {
    int fd;
    unsigned *sq_tail, *sq_mask, *sq_array, *sq_flags, *cq_head, *cq_tail, *cq_mask;
    struct io_uring_sqe *sqes;
    struct io_uring_cqe *cqes;
};

static void *ring_map(int fd, size_t bytes, uint64_t offset)
{
    void *p =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, (off_t)offset);

    MUST(p != MAP_FAILED);
    return p;
}

static int ring_init(struct ring *r, unsigned flags)
{
    struct io_uring_params p = {.flags = flags, .sq_thread_idle = 2000};
    char *sq, *cq;

    r->fd = (int)syscall(SYS_io_uring_setup, BLOCKS, &p);
    if (r->fd < 0)
        return -1;
    sq = ring_map(r->fd, p.sq_off.array + p.sq_entries * sizeof(unsigned), IORING_OFF_SQ_RING);
    cq = ring_map(r->fd, p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe),
                  IORING_OFF_CQ_RING);
    r->sqes = ring_map(r->fd, p.sq_entries * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
    r->sq_tail = (unsigned *)(sq + p.sq_off.tail);
    r->sq_mask = (unsigned *)(sq + p.sq_off.ring_mask);
    r->sq_flags = (unsigned *)(sq + p.sq_off.flags);
    r->sq_array = (unsigned *)(sq + p.sq_off.array);
    r->cq_head = (unsigned *)(cq + p.cq_off.head);
    r->cq_tail = (unsigned *)(cq + p.cq_off.tail);
    r->cq_mask = (unsigned *)(cq + p.cq_off.ring_mask);
    r->cqes = (struct io_uring_cqe *)(cq + p.cq_off.cqes);
    return 0;
}

static void ring_pass(struct ring *r, int file, int opcode, unsigned char (*memory)[PAGE],
                      int polled)
{
    for (unsigned i = 0; i < BLOCKS; i++) {
        unsigned at = (*r->sq_tail + i) & *r->sq_mask;

        r->sqes[at] = (struct io_uring_sqe){.opcode = (uint8_t)opcode,
                                            .fd = file,
                                            .addr = (uintptr_t)memory[i],
                                            .len = PAGE,
                                            .off = i * PAGE};
        r->sq_array[at] = at;
    }
    __atomic_store_n(r->sq_tail, *r->sq_tail + BLOCKS, __ATOMIC_SEQ_CST);
    if (!polled)
        MUST(syscall(SYS_io_uring_enter, r->fd, BLOCKS, BLOCKS, IORING_ENTER_GETEVENTS, NULL, 0) ==
             BLOCKS);
    for (unsigned i = 0; i < BLOCKS; i++) {
        while (__atomic_load_n(r->cq_tail, __ATOMIC_ACQUIRE) == *r->cq_head) {
            if (__atomic_load_n(r->sq_flags, __ATOMIC_SEQ_CST) & IORING_SQ_NEED_WAKEUP)
                syscall(SYS_io_uring_enter, r->fd, 0, 0, IORING_ENTER_SQ_WAKEUP, NULL, 0);
            usleep(1000);
        }
        MUST(r->cqes[*r->cq_head & *r->cq_mask].res == (int)PAGE);
        __atomic_store_n(r->cq_head, *r->cq_head + 1, __ATOMIC_RELEASE);
    }
}

static int uring(char **argv, unsigned flags)
{
    struct ring r;
    int fd = scratch(argv);

    if (ring_init(&r, flags) < 0)
        return refused("io_uring_setup");
    ring_pass(&r, fd, IORING_OP_WRITE, blocks, flags != 0);
    ring_pass(&r, fd, IORING_OP_READ, again, flags != 0);
    return compared();
}

static int entered(char **argv)
{
    return uring(argv, 0);
}

static int polled(char **argv)
{
    return uring(argv, IORING_SETUP_SQPOLL);
}

/* ---- io_submit ---- */

static void aio_pass(aio_context_t context, int file, int opcode, unsigned char (*memory)[PAGE])
{
    struct iocb cbs[BLOCKS] = {0}, *list[BLOCKS];
    struct io_event events[BLOCKS];

    for (unsigned i = 0; i < BLOCKS; i++) {
        cbs[i].aio_lio_opcode = (uint16_t)opcode;
        cbs[i].aio_fildes = (uint32_t)file;
        cbs[i].aio_buf = (uintptr_t)memory[i];
        cbs[i].aio_nbytes = PAGE;
        cbs[i].aio_offset = (int64_t)(i * PAGE);
        list[i] = &cbs[i];
    }
    MUST(syscall(SYS_io_submit, context, BLOCKS, list) == BLOCKS);
    MUST(syscall(SYS_io_getevents, context, BLOCKS, BLOCKS, events, NULL) == BLOCKS);
}

static int aio(char **argv)
{
    aio_context_t context = 0;
    int fd = scratch(argv);

    if (syscall(SYS_io_setup, BLOCKS, &context) != 0)
        return refused("io_setup");
    aio_pass(context, fd, IOCB_CMD_PWRITE, blocks);
    aio_pass(context, fd, IOCB_CMD_PREAD, again);
    MUST(syscall(SYS_io_destroy, context) == 0);
    return compared();
}

/* ---- userfaultfd: a program that can do without ---- */

static int by_call(char **argv)
{
    (void)argv;
    if (syscall(SYS_userfaultfd, O_CLOEXEC | 1 /* UFFD_USER_MODE_ONLY */) < 0)
        return refused("userfaultfd");
    printf("userfaultfd: ok\n");
    return 0;
}

static int by_device(char **argv)
{
    int fd = open("/dev/userfaultfd", O_RDWR | O_CLOEXEC);

    (void)argv;
    if (fd < 0 || ioctl(fd, 0xaa00 /* USERFAULTFD_IOC_NEW */, O_CLOEXEC) < 0)
        return refused("/dev/userfaultfd");
    printf("/dev/userfaultfd: ok\n");
    return 0;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(char **argv);
    } ways[] = {{"io_uring", entered},
                {"poll", polled},
                {"aio", aio},
                {"userfaultfd", by_call},
                {"device", by_device}};

    MUST(argc >= 2);
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        if (strcmp(ways[i].name, argv[1]) == 0)
            return ways[i].run(argv + 2);
    return 2;
}

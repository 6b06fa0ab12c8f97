/* steps.c - a program that does what its arguments say with its own memory, one step after another.
 *
 * Used by:  huge.py and nodes.py, which measure a real kernel with it, and by the recordings that
 *           highwater replays.
 * Use:      steps STEP... each STEP is VERB:WORD:WORD...; a RANGE is NAME or NAME@FROM+LENGTH;
 *           sizes take K M G.
 *
 *   map:NAME:SIZE[:at=OFFSET][:shared][:huge][:noreserve][:populate][:stack] anonymous memory.
 *                               at=OFFSET: at a fixed address, OFFSET past a multiple of 1 GiB;
 *                               else where the kernel puts it. huge: MAP_HUGETLB
 *   touch:RANGE:r|w|m[:stride=S][:from=OFFSET][:random=SEED][:times=N] one word every S bytes (4K)
 *                               from OFFSET on; m reads it, then writes it. random: as many, drawn
 *                               evenly at random
 *   check:RANGE every page holds what touch last wrote there, or zero unmap | dontneed | free |
 *   cold | pageout | hugepage | nohugepage | collapse | lock | unlock | readonly | writable
 *   :RANGE[:every=S:length=L]
 *                               with every: only the first L bytes of each S
 *   remap:NAME:SIZE             mremap, may move;    away:RANGE   mremap to another fixed address
 *                               with the same offset in 1 GiB
 *   disable:0|1                 PR_SET_THP_DISABLE
 *   fork ... end                a child, which waits; join lets it run to its next yield or its end
 *                               and waits for that; yield is for the child.
 *                               A join without a child does nothing
 *   repeat:N ... again          the steps between N times
 *   cpu:N                       run on that CPU only
 *   policy:MODE[:NODES]         set_mempolicy; MODE default bind preferred interleave local many;
 *                               NODES like 0,2
 *   bind:RANGE:MODE[:NODES][:move|:strict]      mbind
 *   move:RANGE:NODE             move_pages, every page;   migrate:FROM:TO      migrate_pages of
 *                               itself
 *   where:RANGE                 prints how many pages are on which node
 *   pin:RANGE                   as a fixed buffer of io_uring, that is FOLL_LONGTERM
 *   pipes:N                     N pipes of 1 MiB, filled by turns a page at a time: kernel memory
 *                               that cannot be moved
 *   drain:K                     all but every Kth pipe are closed
 *   cache:NAME:SIZE[:random=SEED][:times=N]
 *                               clean page cache: a file of SIZE without blocks is made and read a page at a time, once from its start; or
 *                               N times as many pages as it has, drawn at random
 *   ring:N:SIZE                 a packet socket with a receive ring of N blocks (PACKET_RX_RING):
 *                               each of one piece where that can be had
 *   at:LABEL                    prints "at LABEL" and waits for a line of standard input (or its
 *                               end)
 *   sleep:MS
 *
 * Each call that fails prints "VERB NAME: ERROR"; SIGBUS and SIGSEGV print the address and end the
 * program. The last line is a checksum over what was read. No heap, no clock: two runs with the
 * same steps must print the same.
 *
 * Build:    gcc -std=gnu11 -O2 -static -o steps steps.c
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/io_uring.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    PAGE_BYTES = 4096,
    REGIONS_MAX = 16,
    CHILDREN_MAX = 8,
    REPEATS_MAX = 4,
    NODES_MAX = 64,
    PIPES_MAX = 1024,
    PIPE_BYTES = 1 << 20,
    BATCH = 512
};

/* The kernel's numbers; libc's headers may be older. */
enum { ADVISE_COLD = 20, ADVISE_PAGEOUT = 21, ADVISE_COLLAPSE = 25 };
enum { POLICY_STRICT = 1, POLICY_MOVE = 2 };

static const uintptr_t FIXED_BASE = UINT64_C(0x100000000000);
static const uintptr_t FIXED_STEP = UINT64_C(1) << 40;

struct region {
    char name[16];
    unsigned char *base;
    size_t bytes;
};

struct range {
    const char *name;
    unsigned char *base;
    size_t bytes;
    size_t offset; /* of base in the region */
};

struct child {
    pid_t pid;
    int to, from;
};

static struct region regions[REGIONS_MAX];
static int nr_regions;
static int nr_fixed;
static struct child children[CHILDREN_MAX];
static int nr_children;
static int to_parent = -1, from_parent = -1;
static int pipe_ends[PIPES_MAX][2];
static size_t nr_pipes;
static uint64_t sum;

static void die(const char *step, const char *why)
{
    dprintf(STDERR_FILENO, "steps: %s: %s\n", step, why);
    exit(2);
}

static void failed(const char *verb, const char *name)
{
    dprintf(STDOUT_FILENO, "%s %s: %s\n", verb, name, strerrorname_np(errno));
}

static uint64_t mix64(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* Words of a step ------------------------------------------------------------------------------ */

enum { WORDS_MAX = 10 };

struct step {
    const char *text;
    char copy[256];
    char *words[WORDS_MAX];
    int n;
};

static void split(struct step *s, const char *text)
{
    s->text = text;
    s->n = 0;
    if (strlen(text) >= sizeof s->copy)
        die(text, "too long");
    strcpy(s->copy, text);
    char *rest = s->copy;
    for (char *w; (w = strsep(&rest, ":")) != NULL;) {
        if (s->n == WORDS_MAX)
            die(text, "too many words");
        s->words[s->n++] = w;
    }
}

static const char *word(const struct step *s, int i)
{
    if (i >= s->n)
        die(s->text, "a word is missing");
    return s->words[i];
}

static size_t size_of(const struct step *s, const char *text)
{
    char *end;
    size_t value = strtoull(text, &end, 0);
    if (end == text)
        die(s->text, "wants a size");
    if (*end == 'K')
        value <<= 10, end++;
    else if (*end == 'M')
        value <<= 20, end++;
    else if (*end == 'G')
        value <<= 30, end++;
    if (*end != '\0')
        die(s->text, "wants a size");
    return value;
}

/* The text after "KEY=" of a later word; NULL without one. */
static const char *option(const struct step *s, const char *key)
{
    size_t n = strlen(key);
    for (int i = 1; i < s->n; i++)
        if (strncmp(s->words[i], key, n) == 0 && s->words[i][n] == '=')
            return s->words[i] + n + 1;
    return NULL;
}

static bool flag(const struct step *s, const char *key)
{
    for (int i = 1; i < s->n; i++)
        if (strcmp(s->words[i], key) == 0)
            return true;
    return false;
}

static size_t number(const struct step *s, const char *key, size_t otherwise)
{
    const char *text = option(s, key);
    return text == NULL ? otherwise : size_of(s, text);
}

static struct region *region_of(const struct step *s, const char *name)
{
    for (int i = 0; i < nr_regions; i++)
        if (strcmp(regions[i].name, name) == 0)
            return &regions[i];
    die(s->text, "no such region");
    return NULL;
}

static struct range range_of(struct step *s)
{
    word(s, 1);
    char *at = strchr(s->words[1], '@');
    if (at != NULL)
        *at = '\0';
    struct region *g = region_of(s, s->words[1]);
    struct range r = {g->name, g->base, g->bytes, 0};
    if (at != NULL) {
        char *plus = strchr(at + 1, '+');
        if (plus != NULL)
            *plus = '\0';
        size_t from = size_of(s, at + 1);
        if (from > r.bytes)
            die(s->text, "outside of the region");
        r.base += from;
        r.bytes -= from;
        r.offset = from;
        if (plus != NULL) {
            size_t bytes = size_of(s, plus + 1);
            if (bytes > r.bytes)
                die(s->text, "outside of the region");
            r.bytes = bytes;
        }
    }
    return r;
}

/* Memory --------------------------------------------------------------------------------------- */

static unsigned char *fixed_place(size_t offset)
{
    return (unsigned char *)(FIXED_BASE + (uintptr_t)nr_fixed++ * FIXED_STEP + offset);
}

static void map(struct step *s)
{
    const char *name = word(s, 1);
    size_t bytes = size_of(s, word(s, 2));
    const char *at = option(s, "at");
    int flags = MAP_ANONYMOUS | (flag(s, "shared") ? MAP_SHARED : MAP_PRIVATE);
    unsigned char *place = NULL;

    if (nr_regions == REGIONS_MAX || strlen(name) >= sizeof regions[0].name)
        die(s->text, "too many regions, or a name too long");
    if (flag(s, "huge"))
        flags |= MAP_HUGETLB;
    if (flag(s, "noreserve"))
        flags |= MAP_NORESERVE;
    if (flag(s, "populate"))
        flags |= MAP_POPULATE;
    if (flag(s, "stack"))
        flags |= MAP_STACK;
    if (at != NULL) {
        place = fixed_place(size_of(s, at));
        flags |= MAP_FIXED;
    }
    unsigned char *base = mmap(place, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (base == MAP_FAILED) {
        failed("map", name);
        return;
    }
    struct region *g = &regions[nr_regions++];
    strcpy(g->name, name);
    g->base = base;
    g->bytes = bytes;
}

static volatile uint64_t *word_at(const struct range *r, size_t offset)
{
    return (volatile uint64_t *)(void *)(r->base + offset);
}

/* What a touched word holds is its own place in the region, so that check can tell. */
static void touch_one(const struct range *r, size_t offset, char how)
{
    volatile uint64_t *w = word_at(r, offset);
    if (how != 'w')
        sum = mix64(sum ^ *w);
    if (how != 'r')
        *w = r->offset + offset + 1;
}

static void touch(struct step *s)
{
    struct range r = range_of(s);
    char how = word(s, 2)[0];
    size_t stride = number(s, "stride", PAGE_BYTES);
    size_t from = number(s, "from", 0);
    size_t times = number(s, "times", 1);
    const char *seed = option(s, "random");
    if (stride == 0 || from >= r.bytes)
        die(s->text, "nothing to touch");
    size_t n = (r.bytes - from + stride - 1) / stride;
    uint64_t draw = seed == NULL ? 0 : size_of(s, seed);
    for (size_t t = 0; t < times; t++)
        for (size_t i = 0; i < n; i++) {
            size_t which = i;
            if (seed != NULL) {
                draw += UINT64_C(0x9e3779b97f4a7c15);
                which = (size_t)(mix64(draw) % n);
            }
            touch_one(&r, from + which * stride, how);
        }
}

static void check(struct step *s)
{
    struct range r = range_of(s);
    size_t wrong = 0, zero = 0, held = 0;
    for (size_t at = 0; at < r.bytes; at += PAGE_BYTES) {
        uint64_t w = *word_at(&r, at);
        if (w == 0)
            zero++;
        else if (w == r.offset + at + 1)
            held++;
        else
            wrong++;
    }
    dprintf(STDOUT_FILENO, "check %s held %zu zero %zu wrong %zu\n", r.name, held, zero, wrong);
}

struct advice {
    const char *verb;
    int advice; /* of madvise; -1 unmap, -2 lock, -3 unlock, -4 readonly, -5 writable */
};

static const struct advice advices[] = {
    {"unmap", -1},
    {"lock", -2},
    {"unlock", -3},
    {"readonly", -4},
    {"writable", -5},
    {"dontneed", MADV_DONTNEED},
    {"free", MADV_FREE},
    {"cold", ADVISE_COLD},
    {"pageout", ADVISE_PAGEOUT},
    {"hugepage", MADV_HUGEPAGE},
    {"nohugepage", MADV_NOHUGEPAGE},
    {"collapse", ADVISE_COLLAPSE},
};

static int advise_one(int advice, void *base, size_t bytes)
{
    switch (advice) {
    case -1:
        return munmap(base, bytes);
    case -2:
        return mlock(base, bytes);
    case -3:
        return munlock(base, bytes);
    case -4:
        return mprotect(base, bytes, PROT_READ);
    case -5:
        return mprotect(base, bytes, PROT_READ | PROT_WRITE);
    default:
        return madvise(base, bytes, advice);
    }
}

static bool advise(struct step *s)
{
    for (size_t i = 0; i < sizeof advices / sizeof advices[0]; i++)
        if (strcmp(advices[i].verb, s->words[0]) == 0) {
            struct range r = range_of(s);
            size_t every = number(s, "every", r.bytes);
            size_t length = number(s, "length", every);
            if (every == 0 || length == 0)
                die(s->text, "nothing to do");
            for (size_t at = 0; at + length <= r.bytes; at += every)
                if (advise_one(advices[i].advice, r.base + at, length) != 0) {
                    failed(advices[i].verb, r.name);
                    return true;
                }
            return true;
        }
    return false;
}

static void remap(struct step *s)
{
    struct region *g = region_of(s, word(s, 1));
    size_t bytes = size_of(s, word(s, 2));
    void *base = mremap(g->base, g->bytes, bytes, MREMAP_MAYMOVE);
    if (base == MAP_FAILED) {
        failed("remap", g->name);
        return;
    }
    g->base = base;
    g->bytes = bytes;
}

/* The whole region follows only if the whole of it moves. */
static void move_away(struct step *s)
{
    struct range r = range_of(s);
    struct region *g = region_of(s, r.name);
    unsigned char *place = fixed_place((uintptr_t)r.base & ((UINT64_C(1) << 30) - 1));
    void *base = mremap(r.base, r.bytes, r.bytes, MREMAP_MAYMOVE | MREMAP_FIXED, place);
    if (base == MAP_FAILED)
        failed("away", r.name);
    else if (r.bytes == g->bytes)
        g->base = base;
}

static void pin(struct step *s)
{
    struct range r = range_of(s);
    struct io_uring_params p = {0};
    long ring = syscall(SYS_io_uring_setup, 1, &p);
    if (ring < 0) {
        failed("pin", "io_uring");
        return;
    }
    struct iovec v = {r.base, r.bytes};
    if (syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS, &v, 1) != 0)
        failed("pin", r.name);
}

/* Nodes ---------------------------------------------------------------------------------------- */

static int mode_of(const struct step *s, const char *name)
{
    static const char *const modes[] = {"default",    "preferred", "bind",
                                        "interleave", "local",     "many"};
    for (int i = 0; i < (int)(sizeof modes / sizeof modes[0]); i++)
        if (strcmp(modes[i], name) == 0)
            return i;
    die(s->text, "no such policy");
    return 0;
}

static uint64_t nodes_of(const char *text)
{
    uint64_t mask = 0;
    char *end;
    if (text == NULL)
        return 0;
    for (;;) {
        mask |= UINT64_C(1) << (strtoul(text, &end, 10) % NODES_MAX);
        if (*end != ',')
            return mask;
        text = end + 1;
    }
}

static void policy(struct step *s)
{
    uint64_t mask = nodes_of(s->n > 2 ? s->words[2] : NULL);
    if (syscall(SYS_set_mempolicy, mode_of(s, word(s, 1)), mask ? &mask : NULL,
                mask ? NODES_MAX + 1 : 0) != 0)
        failed("policy", s->words[1]);
}

static void bind_range(struct step *s)
{
    struct range r = range_of(s);
    const char *nodes =
        s->n > 3 && s->words[3][0] >= '0' && s->words[3][0] <= '9' ? s->words[3] : NULL;
    uint64_t mask = nodes_of(nodes);
    unsigned flags = (flag(s, "move") ? POLICY_MOVE : 0) | (flag(s, "strict") ? POLICY_STRICT : 0);
    if (syscall(SYS_mbind, r.base, r.bytes, mode_of(s, word(s, 2)), mask ? &mask : NULL,
                mask ? NODES_MAX + 1 : 0, flags) != 0)
        failed("bind", r.name);
}

static void migrate(struct step *s)
{
    uint64_t from = nodes_of(word(s, 1)), to = nodes_of(word(s, 2));
    long left = syscall(SYS_migrate_pages, 0, NODES_MAX + 1, &from, &to);
    if (left < 0)
        failed("migrate", s->words[1]);
    else
        dprintf(STDOUT_FILENO, "migrate %s to %s left %ld\n", s->words[1], s->words[2], left);
}

/* move_pages in batches; node -1 asks only. Counts pages by node, and by error in errors. */
static void move_pages_of(const struct range *r, int node, size_t *per_node, size_t *per_error,
                          size_t *calls_failed)
{
    static void *pages[BATCH];
    static int nodes[BATCH], status[BATCH];
    for (size_t at = 0; at < r->bytes;) {
        size_t n = 0;
        for (; n < BATCH && at < r->bytes; n++, at += PAGE_BYTES) {
            pages[n] = r->base + at;
            nodes[n] = node;
        }
        long result = syscall(SYS_move_pages, 0, n, pages, node < 0 ? NULL : nodes, status,
                              node < 0 ? 0 : POLICY_MOVE);
        if (result != 0) {
            ++*calls_failed;
            if (result < 0)
                per_error[errno % 256]++;
            continue;
        }
        for (size_t i = 0; i < n; i++)
            if (status[i] >= 0)
                per_node[status[i] % NODES_MAX]++;
            else
                per_error[-status[i] % 256]++;
    }
}

static void show_places(struct step *s, const char *verb, int node)
{
    struct range r = range_of(s);
    size_t per_node[NODES_MAX] = {0}, per_error[256] = {0}, calls_failed = 0;
    char line[512];
    int n = snprintf(line, sizeof line, "%s %s", verb, r.name);
    move_pages_of(&r, node, per_node, per_error, &calls_failed);
    for (int i = 0; i < NODES_MAX; i++)
        if (per_node[i] != 0)
            n += snprintf(line + n, sizeof line - (size_t)n, " N%d=%zu", i, per_node[i]);
    for (int i = 1; i < 256; i++)
        if (per_error[i] != 0)
            n += snprintf(line + n, sizeof line - (size_t)n, " %s=%zu", strerrorname_np(i),
                          per_error[i]);
    if (calls_failed != 0)
        n += snprintf(line + n, sizeof line - (size_t)n, " calls_failed=%zu", calls_failed);
    dprintf(STDOUT_FILENO, "%s\n", line);
}

static void cpu(struct step *s)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(size_of(s, word(s, 1)), &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0)
        failed("cpu", s->words[1]);
}

/* Processes ------------------------------------------------------------------------------------ */

/* Returns true in the child. */
static bool start_child(struct step *s)
{
    int to[2], from[2];
    if (nr_children == CHILDREN_MAX || pipe(to) != 0 || pipe(from) != 0)
        die(s->text, "too many children");
    pid_t pid = fork();
    if (pid < 0) {
        failed("fork", "");
        return false;
    }
    if (pid == 0) {
        char byte;
        close(to[1]);
        close(from[0]);
        from_parent = to[0];
        to_parent = from[1];
        nr_children = 0;
        if (read(from_parent, &byte, 1) != 1)
            _exit(3);
        return true;
    }
    close(to[0]);
    close(from[1]);
    children[nr_children++] = (struct child){pid, to[1], from[0]};
    return false;
}

static void join(struct step *s)
{
    char byte = 0;
    int status;
    (void)s;
    if (nr_children == 0)
        return; /* the last one has ended already */
    struct child *c = &children[nr_children - 1];
    if (write(c->to, "g", 1) == 1 && read(c->from, &byte, 1) == 1)
        return; /* it yields */
    waitpid(c->pid, &status, 0);
    close(c->to);
    close(c->from);
    nr_children--;
    if (WIFSIGNALED(status))
        dprintf(STDOUT_FILENO, "child killed by signal %d\n", WTERMSIG(status));
    else if (WEXITSTATUS(status) != 0)
        dprintf(STDOUT_FILENO, "child exit %d\n", WEXITSTATUS(status));
}

static void yield_to_parent(struct step *s)
{
    char byte;
    if (to_parent < 0)
        die(s->text, "not a child");
    if (write(to_parent, "y", 1) != 1 || read(from_parent, &byte, 1) != 1)
        _exit(3);
}

/* The mapping at the end is an operation that a recording has: a mark set meanwhile is before all
 * that follows it. */
static void wait_at(const char *label)
{
    char byte = 0;
    dprintf(STDOUT_FILENO, "at %s\n", label);
    while (read(STDIN_FILENO, &byte, 1) == 1 && byte != '\n')
        ;
    void *page = mmap(NULL, PAGE_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page != MAP_FAILED)
        munmap(page, PAGE_BYTES);
}

/* Packets of the ring's own kind never come: the socket is bound to no protocol. */
static void ring(struct step *s)
{
    unsigned bytes = (unsigned)size_of(s, word(s, 2)), blocks = (unsigned)size_of(s, word(s, 1));
    struct tpacket_req r = {.tp_block_size = bytes,
                            .tp_block_nr = blocks,
                            .tp_frame_size = PAGE_BYTES,
                            .tp_frame_nr = bytes / PAGE_BYTES * blocks};
    int fd = socket(AF_PACKET, SOCK_RAW, 0);
    if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &r, sizeof r) != 0)
        failed("ring", "");
}

static void pipes(struct step *s)
{
    static const unsigned char page[PAGE_BYTES] = {1};
    struct rlimit files = {2 * PIPES_MAX + 64, 2 * PIPES_MAX + 64};
    nr_pipes = size_of(s, word(s, 1));
    if (nr_pipes > PIPES_MAX)
        die(s->text, "too many");
    setrlimit(RLIMIT_NOFILE, &files);
    for (size_t i = 0; i < nr_pipes; i++)
        if (pipe2(pipe_ends[i], O_NONBLOCK) != 0 ||
            fcntl(pipe_ends[i][1], F_SETPIPE_SZ, PIPE_BYTES) < 0)
            die(s->text, strerrorname_np(errno));
    for (size_t done = 0; done < PIPE_BYTES; done += PAGE_BYTES)
        for (size_t i = 0; i < nr_pipes; i++)
            if (write(pipe_ends[i][1], page, PAGE_BYTES) != PAGE_BYTES)
                die(s->text, strerrorname_np(errno));
}

static void drain(struct step *s)
{
    size_t kept = size_of(s, word(s, 1));
    for (size_t i = 0; i < nr_pipes; i++)
        if (kept == 0 || i % kept != 0) {
            close(pipe_ends[i][0]);
            close(pipe_ends[i][1]);
        }
}

/* In the current folder. */
static void cache(struct step *s)
{
    const char *name = word(s, 1), *seed = option(s, "random");
    size_t n = size_of(s, word(s, 2)) / PAGE_BYTES, times = number(s, "times", 1);
    uint64_t draw = seed == NULL ? 0 : size_of(s, seed);
    static unsigned char page[PAGE_BYTES];
    int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);

    if (fd < 0 || ftruncate(fd, (off_t)(n * PAGE_BYTES)) != 0) {
        failed("cache", name);
        return;
    }
    for (size_t i = 0; i < n * times; i++) {
        size_t which = i % n;

        if (seed != NULL) {
            draw += UINT64_C(0x9e3779b97f4a7c15);
            which = (size_t)(mix64(draw) % n);
        }
        if (pread(fd, page, PAGE_BYTES, (off_t)(which * PAGE_BYTES)) != PAGE_BYTES)
            die(s->text, "not read");
    }
    close(fd);
}

static void nap(size_t ms)
{
    struct timespec t = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    nanosleep(&t, NULL);
}

static void on_signal(int number, siginfo_t *info, void *context)
{
    const unsigned char *at = info->si_addr;
    (void)context;
    for (int i = 0; i < nr_regions; i++)
        if (at >= regions[i].base && at < regions[i].base + regions[i].bytes)
            dprintf(STDOUT_FILENO, "%s at %s+%zu\n", number == SIGBUS ? "SIGBUS" : "SIGSEGV",
                    regions[i].name, (size_t)(at - regions[i].base));
    _exit(128 + number);
}

/* The step behind the "end" that belongs to the "fork" before i. */
static int behind_end(char **argv, int argc, int i)
{
    for (int depth = 1; i < argc; i++) {
        if (strcmp(argv[i], "fork") == 0)
            depth++;
        else if (strcmp(argv[i], "end") == 0 && --depth == 0)
            return i + 1;
    }
    die("fork", "no end");
    return argc;
}

struct verb {
    const char *name;
    void (*body)(struct step *);
};

static const struct verb verbs[] = {
    {"map", map},         {"touch", touch}, {"check", check},   {"remap", remap},
    {"away", move_away},  {"pin", pin},     {"policy", policy}, {"bind", bind_range},
    {"migrate", migrate}, {"cpu", cpu},     {"join", join},     {"yield", yield_to_parent},
    {"pipes", pipes},     {"drain", drain}, {"ring", ring},     {"cache", cache},
};

static void act(struct step *s)
{
    const char *verb = s->words[0];
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(verbs[i].name, verb) == 0) {
            verbs[i].body(s);
            return;
        }
    if (strcmp(verb, "where") == 0)
        show_places(s, "where", -1);
    else if (strcmp(verb, "move") == 0)
        show_places(s, "move", (int)size_of(s, word(s, 2)));
    else if (strcmp(verb, "at") == 0)
        wait_at(word(s, 1));
    else if (strcmp(verb, "sleep") == 0)
        nap(size_of(s, word(s, 1)));
    else if (strcmp(verb, "disable") == 0) {
        if (prctl(PR_SET_THP_DISABLE, size_of(s, word(s, 1)), 0, 0, 0) != 0)
            failed("disable", "");
    } else if (!advise(s))
        die(s->text, "no such step");
}

int main(int argc, char **argv)
{
    struct sigaction a = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
    struct {
        int first;
        size_t left;
    } repeats[REPEATS_MAX];
    int nr_repeats = 0;
    if (argc < 2)
        die("", "use: steps STEP...; the steps are in steps.c");
    sigaction(SIGBUS, &a, NULL);
    sigaction(SIGSEGV, &a, NULL);
    for (int i = 1; i < argc; i++) {
        struct step s;
        split(&s, argv[i]);
        if (strcmp(argv[i], "fork") == 0) {
            if (!start_child(&s))
                i = behind_end(argv, argc, i + 1) - 1;
        } else if (strcmp(argv[i], "end") == 0) {
            _exit(0);
        } else if (strcmp(s.words[0], "repeat") == 0) {
            if (nr_repeats == REPEATS_MAX)
                die(argv[i], "too deep");
            repeats[nr_repeats].first = i;
            repeats[nr_repeats++].left = size_of(&s, word(&s, 1));
        } else if (strcmp(argv[i], "again") == 0) {
            if (nr_repeats == 0)
                die(argv[i], "no repeat");
            if (repeats[nr_repeats - 1].left-- > 1)
                i = repeats[nr_repeats - 1].first;
            else
                nr_repeats--;
        } else {
            act(&s);
        }
    }
    dprintf(STDOUT_FILENO, "sum %016llx\n", (unsigned long long)sum);
    return 0;
}

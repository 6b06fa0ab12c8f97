/* import_fuzz.c - the importers against input that is not what it should be.
 *
 * Each operation damages a good lackey text or a good run of oracleGeneral records: bytes, lines
 * that are repeated or cut, records with extreme sizes. An import either fails, with a sentence and
 * without an output file, or leaves a recording that can be opened whole. */
#include "base/test.h"

#include "base/prng.h"
#include "trace/import.h"
#include "trace/trace.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INPUT_MAX 2048u

/* Writing to memory keeps the disk's fsync out of the count of executions. */
static char in_path[80], out_path[80];

static size_t make_lackey(struct prng *p, char *bytes)
{
    size_t len = 0;

    while (len < INPUT_MAX - 64 && prng_below(p, 40) != 0) {
        static const char *const kinds[] = {"I ", " L", " S", " M"};
        u64 address = prng_below(p, 8) == 0 ? prng_next(p) : 0x400000 + prng_below(p, 1 << 20);

        len += (size_t)snprintf(bytes + len, INPUT_MAX - len, "%s %llx,%u\n",
                                kinds[prng_below(p, ARRAY_SIZE(kinds))],
                                (unsigned long long)address, (unsigned)prng_range(p, 0, 16));
    }
    return len;
}

static size_t make_oracle(struct prng *p, char *bytes)
{
    size_t count = prng_range(p, 1, 40);

    for (size_t i = 0; i < count; i++) {
        u32 time = (u32)i, size = (u32)prng_range(p, 0, 8192);
        u64 id = prng_below(p, 64);
        s64 next = -1;

        memcpy(bytes + i * 24, &time, 4);
        memcpy(bytes + i * 24 + 4, &id, 8);
        memcpy(bytes + i * 24 + 12, &size, 4);
        memcpy(bytes + i * 24 + 16, &next, 8);
    }
    return count * 24;
}

/* Some bytes, a piece that is copied elsewhere, or an end that is missing; sometimes nothing. */
static size_t damage(struct prng *p, char *bytes, size_t len)
{
    for (u64 n = prng_below(p, 6); n > 0 && len > 1; n--) {
        size_t at = prng_below(p, len), to = prng_below(p, len);
        size_t piece = prng_range(p, 1, 1 + prng_below(p, len - MAX(at, to)));

        switch (prng_below(p, 4)) {
        case 0:
            bytes[at] = (char)prng_next(p);
            break;
        case 1:
            memmove(bytes + to, bytes + at, MIN(piece, len - MAX(at, to)));
            break;
        case 2:
            bytes[at] = " \n,0fFILSM-"[prng_below(p, 11)];
            break;
        default:
            if (prng_below(p, 4) == 0)
                len = at + 1;
        }
    }
    return len;
}

static void write_input(const char *bytes, size_t len)
{
    int fd =
        open(in_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600); /* lint: input of a test */

    assert(fd >= 0 && write(fd, bytes, len) == (ssize_t)len);
    close(fd);
}

static void import_one(struct prng *p, bool lackey)
{
    enum import_as as = prng_below(p, 2) ? IMPORT_AS_FILE : IMPORT_AS_ANON;
    struct import_stats stats;
    struct err e = {0};
    int ret = lackey ? import_lackey(in_path, out_path, 0600, NULL, NULL, &stats, &e)
                     : import_oracle(in_path, out_path, 0600, as, NULL, NULL, &stats, &e);

    if (ret) {
        assert(ret < 0 && e.text[0] != '\0' && access(out_path, F_OK) != 0);
        return;
    }
    {
        struct trace *t;

        assert(trace_open(out_path, NULL, &t, &e) == 0);
        assert(t->closed && t->nr_damage == 0);
        trace_close(t);
    }
    unlink(out_path);
}

int main(int argc, char **argv)
{
    struct fuzz_args args = fuzz_parse_args(argc, argv, 1000);
    const char *folder = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : ".";
    char bytes[INPUT_MAX];
    struct prng p;

    snprintf(in_path, sizeof(in_path), "%s/import_fuzz.%d.in", folder, (int)getpid());
    snprintf(out_path, sizeof(out_path), "%s/import_fuzz.%d.hwt", folder, (int)getpid());
    prng_seed(&p, args.seed);
    for (u64 op = 0; op < args.operations; op++) {
        bool lackey = prng_below(&p, 2);
        size_t len = lackey ? make_lackey(&p, bytes) : make_oracle(&p, bytes);

        write_input(bytes, damage(&p, bytes, len));
        import_one(&p, lackey);
    }
    unlink(in_path);
    return 0;
}

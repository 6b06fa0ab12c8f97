/* store_fuzz.c - writers of a store that are killed: at every step that they make on the disk, and
 * at any moment with another one beside.
 *
 * Step by step: a writer whose file system kills it (SIGKILL) at its n-th change of a file, for n =
 * 1, 2, ... until one lives to its end; every second time the write under way gets half of its
 * bytes to the disk. At random: two writers at once put result after result, and are killed when
 * some time is over. Checked each time, by another process' eyes: the file is whole, every result
 * that was reported as stored is in it, all rows of a result are, and nothing else but the one that
 * was under way.
 */
#include "base/test.h"

#include "base/prng.h"
#include "fleet/store_int.h"

#ifdef HW_SQLITE

#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define ROWS 3u /* of one result, which are stored together */

static char path[256];

/* --- a file system that kills --- */

static unsigned steps_left; /* 0: for ever */

struct killing_file {
    sqlite3_file base;
    sqlite3_file *real;
};

/* Is this change the last one? */
static bool is_last(void)
{
    return steps_left && --steps_left == 0;
}

static void step(void)
{
    if (is_last())
        raise(SIGKILL);
}

#define REAL(f) (((struct killing_file *)(f))->real)

static int f_close(sqlite3_file *f)
{
    int rc = REAL(f)->pMethods ? REAL(f)->pMethods->xClose(REAL(f)) : SQLITE_OK;

    free(REAL(f));
    return rc;
}

static int f_read(sqlite3_file *f, void *to, int n, sqlite3_int64 at)
{
    return REAL(f)->pMethods->xRead(REAL(f), to, n, at);
}

static int f_write(sqlite3_file *f, const void *from, int n, sqlite3_int64 at)
{
    bool half = steps_left % 2;

    if (is_last()) {
        if (half)
            REAL(f)->pMethods->xWrite(REAL(f), from, n / 2, at);
        raise(SIGKILL);
    }
    return REAL(f)->pMethods->xWrite(REAL(f), from, n, at);
}

static int f_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    step();
    return REAL(f)->pMethods->xTruncate(REAL(f), size);
}

static int f_sync(sqlite3_file *f, int flags)
{
    step();
    return REAL(f)->pMethods->xSync(REAL(f), flags);
}

static int f_size(sqlite3_file *f, sqlite3_int64 *ret)
{
    return REAL(f)->pMethods->xFileSize(REAL(f), ret);
}

static int f_lock(sqlite3_file *f, int kind)
{
    step();
    return REAL(f)->pMethods->xLock(REAL(f), kind);
}

static int f_unlock(sqlite3_file *f, int kind)
{
    step();
    return REAL(f)->pMethods->xUnlock(REAL(f), kind);
}

static int f_reserved(sqlite3_file *f, int *ret)
{
    return REAL(f)->pMethods->xCheckReservedLock(REAL(f), ret);
}

static int f_control(sqlite3_file *f, int op, void *arg)
{
    return REAL(f)->pMethods->xFileControl(REAL(f), op, arg);
}

static int f_sector(sqlite3_file *f)
{
    return REAL(f)->pMethods->xSectorSize(REAL(f));
}

static int f_device(sqlite3_file *f)
{
    return REAL(f)->pMethods->xDeviceCharacteristics(REAL(f));
}

static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = f_close,
    .xRead = f_read,
    .xWrite = f_write,
    .xTruncate = f_truncate,
    .xSync = f_sync,
    .xFileSize = f_size,
    .xLock = f_lock,
    .xUnlock = f_unlock,
    .xCheckReservedLock = f_reserved,
    .xFileControl = f_control,
    .xSectorSize = f_sector,
    .xDeviceCharacteristics = f_device,
};

static sqlite3_vfs *plain;

static int v_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *ret_flags)
{
    struct killing_file *k = (struct killing_file *)f;
    int rc;

    (void)v;
    step();
    k->real = calloc(1, (size_t)plain->szOsFile);
    rc = plain->xOpen(plain, name, k->real, flags, ret_flags);
    k->base.pMethods = rc == SQLITE_OK ? &methods : NULL;
    if (rc != SQLITE_OK)
        free(k->real);
    return rc;
}

static int v_delete(sqlite3_vfs *v, const char *name, int sync_folder)
{
    int rc;

    (void)v;
    step();
    rc = plain->xDelete(plain, name, sync_folder);
    step();
    return rc;
}

static const char *killing_vfs(void)
{
    static sqlite3_vfs v;

    plain = sqlite3_vfs_find(NULL);
    v = *plain;
    v.zName = "killing";
    v.szOsFile = sizeof(struct killing_file);
    v.xOpen = v_open;
    v.xDelete = v_delete;
    sqlite3_vfs_register(&v, 0);
    return v.zName;
}

/* --- writers --- */

static void fill(struct store_result *rows, char names[ROWS][64], const char *writer, unsigned n)
{
    static char document[3000];

    memset(document, 'x', sizeof(document) - 1);
    for (unsigned i = 0; i < ROWS; i++) {
        snprintf(names[i], sizeof(names[i]), "%s/%u/%u", writer, n, i);
        rows[i] = (struct store_result){
            .service = writer,
            .verb = "size",
            .program = "p",
            .version = "v",
            .host = "",
            .kernel = "",
            .recorded_at = "",
            .recording = names[i],
            .recording_hash = names[i],
            .settings = "",
            .outcome = "found",
            .complete = true,
            .need_bytes = n,
            .stored_at = n,
            .document = document,
        };
    }
}

static bool row_by_row; /* the canary: a result is not stored as a whole */

static int put(struct store *s, const struct store_result *rows, struct err *e)
{
    int rc = 0;

    if (!row_by_row)
        return store_put_results(s, rows, ROWS, e);
    for (unsigned i = 0; i < ROWS && rc == 0; i++)
        rc = store_put_results(s, &rows[i], 1, e);
    return rc;
}

/* Put results 0, 1, 2, ... < count, and report each. Ends the process. */
static void write_all(const char *writer, unsigned count, const char *vfs, int report)
{
    struct store_result rows[ROWS];
    char names[ROWS][64];
    struct store *s;
    struct err e = {0};

    for (unsigned n = 0; n < count; n++) {
        if (store_open_by(path, STORE_WRITE, vfs, &s, &e)) {
            fprintf(stderr, "%s\n", e.text);
            _exit(2);
        }
        fill(rows, names, writer, n);
        if (put(s, rows, &e)) {
            fprintf(stderr, "%s\n", e.text);
            _exit(2);
        }
        if (write(report, &n, sizeof(n)) != sizeof(n))
            _exit(3);
        store_close(s);
    }
    _exit(0);
}

static pid_t start(const char *writer, unsigned count, const char *vfs, unsigned steps,
                   int *ret_reports)
{
    int ends[2];
    pid_t pid;

    assert(pipe(ends) == 0);
    pid = fork();
    assert(pid >= 0);
    if (pid == 0) {
        close(ends[0]);
        steps_left = steps;
        write_all(writer, count, vfs, ends[1]);
    }
    close(ends[1]);
    *ret_reports = ends[0];
    return pid;
}

/* How many results it reported: they are numbered without a gap. */
static unsigned reported(int from)
{
    unsigned n, count = 0;

    while (read(from, &n, sizeof(n)) == sizeof(n)) {
        assert(n == count);
        count++;
    }
    close(from);
    return count;
}

/* --- what is there afterwards --- */

#define COUNT_MAX 4096u

struct seen {
    const char *writer;
    unsigned rows[COUNT_MAX];
};

static void see(void *ctx, const struct store_result *r)
{
    struct seen *seen = ctx;

    if (strcmp(r->service, seen->writer) == 0) {
        assert(r->need_bytes < COUNT_MAX);
        seen->rows[r->need_bytes]++;
    }
}

static void check(const char *writer, unsigned promised)
{
    static struct seen seen;
    struct store *s;
    struct err e = {0};
    int rc = store_open(path, STORE_READ, &s, &e);

    if (rc == -ENOENT) { /* it was killed before it made one */
        assert(promised == 0);
        return;
    }
    if (rc)
        fprintf(stderr, "%s\n", e.text);
    assert(rc == 0);
    memset(&seen, 0, sizeof(seen));
    seen.writer = writer;
    assert(store_each_result(s, see, &seen, &e) == 0);
    for (unsigned n = 0; n < COUNT_MAX; n++) {
        bool whole = seen.rows[n] == ROWS, none = seen.rows[n] == 0;

        assert(n < promised ? whole : n == promised ? whole || none : none);
    }
    store_close(s);
}

static void forget(void)
{
    char journal[300];

    snprintf(journal, sizeof(journal), "%s-journal", path);
    unlink(path);
    unlink(journal);
}

static bool was_killed(pid_t pid)
{
    int status;

    assert(waitpid(pid, &status, 0) == pid);
    assert(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status);
}

/* count results into a file that is not there, or has some. */
static unsigned kill_at_every_step(bool there)
{
    const char *vfs = killing_vfs();
    unsigned steps = 0;
    bool killed;

    do {
        int reports;
        pid_t pid;

        forget();
        if (there) {
            pid = start("first", 2, NULL, 0, &reports);
            assert(reported(reports) == 2 && !was_killed(pid));
        }
        pid = start("w", 2, vfs, ++steps, &reports);
        killed = was_killed(pid);
        check("w", reported(reports));
        if (there)
            check("first", 2);
        /* Who comes next can write. */
        pid = start("next", 1, NULL, 0, &reports);
        assert(!was_killed(pid) && reported(reports) == 1);
        check("next", 1);
        assert(steps < 10000);
    } while (killed);
    return steps - 1;
}

static void kill_at_random(struct prng *rng)
{
    int reports[2];
    pid_t pids[2] = {start("a", COUNT_MAX - 1, NULL, 0, &reports[0]),
                     start("b", COUNT_MAX - 1, NULL, 0, &reports[1])};
    const struct timespec pause = {.tv_nsec = (long)prng_below(rng, 60) * 1000 * 1000};

    nanosleep(&pause, NULL);
    kill(pids[0], SIGKILL);
    kill(pids[1], SIGKILL);
    for (unsigned i = 0; i < 2; i++)
        was_killed(pids[i]);
    check("a", reported(reports[0]));
    check("b", reported(reports[1]));
    forget();
}

static void run_broken(u64 operations)
{
    (void)operations;
    row_by_row = true;
    kill_at_every_step(false);
}

/* In memory where there is such a place: a killed process loses nothing that the kernel has, so
 * disks are waited for in vain. */
static void make_folder(char *folder, size_t size)
{
    snprintf(folder, size, "/dev/shm/highwater-store-XXXXXX");
    if (mkdtemp(folder))
        return;
    snprintf(folder, size, "/tmp/highwater-store-XXXXXX");
    assert(mkdtemp(folder));
}

int main(int argc, char **argv)
{
    const struct fuzz_args args = fuzz_parse_args(argc, argv, 60);
    char folder[64];
    struct prng rng;

    make_folder(folder, sizeof(folder));
    snprintf(path, sizeof(path), "%s/fleet.db", folder);
    printf("killed at each of %u steps of a new file", kill_at_every_step(false));
    fflush(stdout);
    printf(" and %u of one that had results", kill_at_every_step(true));
    fflush(stdout);
    forget();
    assert(fuzz_fails(run_broken, 0));
    forget();
    prng_seed(&rng, args.seed);
    for (u64 i = 0; i < args.operations; i++)
        kill_at_random(&rng);
    printf("; two writers killed %llu times\n", (unsigned long long)args.operations);
    rmdir(folder);
    return 0;
}

#else

int main(void)
{
    puts("built without SQLite");
    return TEST_SKIPPED;
}

#endif

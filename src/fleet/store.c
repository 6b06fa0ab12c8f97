/* store.c - results in and out. See store.h. */
#include "fleet/store_int.h"

#include "base/alloc.h"
#include "base/strbuf.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

/* All that a later query could stumble over, at once. */
static int check_whole(struct db *db, struct err *e)
{
    struct db_query *q;
    int rc = db_prepare(db, "PRAGMA quick_check(1)", &q, e);

    if (rc)
        return rc;
    rc = db_step(q, e);
    if (rc > 0 && strcmp(db_text(q, 0), "ok") != 0) {
        /* A heading, and from the second line on what is wrong. */
        const char *why = db_text(q, 0), *line = strchr(why, '\n');

        why = line ? line + 1 : why;
        rc = err_at(e, -EIO, db_path(db), 0, 0,
                    "the store is damaged (%.*s); 'sqlite3 FILE .recover' saves what is left",
                    (int)MIN(strcspn(why, "\n"), (size_t)200), why);
    }
    db_finish(q);
    return MIN(rc, 0);
}

int store_open_by(const char *path, enum store_mode mode, const char *vfs, struct store **ret,
                  struct err *e)
{
    struct db *db;
    int rc = db_open(path, mode == STORE_WRITE, vfs, &db, e);

    if (rc)
        return rc;
    rc = store_migrate(db, 0, e);
    if (rc == 0 && mode == STORE_READ)
        rc = check_whole(db, e);
    if (rc) {
        db_close(db);
        return rc;
    }
    *ret = xcalloc(1, sizeof(**ret));
    (*ret)->db = db;
    return 0;
}

int store_open(const char *path, enum store_mode mode, struct store **ret, struct err *e)
{
    return store_open_by(path, mode, NULL, ret, e);
}

void store_close(struct store *s)
{
    if (!s)
        return;
    db_close(s->db);
    free(s);
}

int store_probe(const char *path, struct err *e)
{
    struct store *s = NULL;
    struct strbuf folder;
    const char *slash = strrchr(path, '/');
    struct stat st;
    int rc = 0;

    if (!db_is_there || !*path || stat(path, &st) == 0) {
        rc = store_open(path, STORE_WRITE, &s, e);
        store_close(s);
        if (rc == 0 && access(path, W_OK))
            rc = err_at(e, -errno, path, 0, 0, "cannot write to the store: %s", strerror(errno));
        return rc;
    }
    strbuf_init(&folder);
    if (slash)
        strbuf_append_bytes(&folder, path, (size_t)(slash - path) + 1);
    else
        strbuf_append(&folder, ".");
    if (access(folder.text, W_OK | X_OK))
        rc = err_at(e, -errno, path, 0, 0, "cannot make the store: %s", strerror(errno));
    strbuf_done(&folder);
    return rc;
}

#define RESULT_COLUMNS                                                                        \
    "service, verb, program, version, host, kernel, recorded_at, recording, recording_hash, " \
    "settings, outcome, complete, peak_bytes, need_bytes, need_high_bytes, survives_bytes, "  \
    "max_bytes, high_bytes, anon_bytes, file_bytes, disposable_bytes, swap_peak_bytes, "      \
    "pgmajfault, workingset_refault, stall_ns, busy_ns, replays, stored_at"

static void key_of(const struct store_result *r, char ret[STORE_HASH_MAX])
{
    struct strbuf all;

    strbuf_init(&all);
    strbuf_printf(&all, "%s\n%s\n%s\n%s\n%s", r->recording_hash, r->verb, r->version, r->service,
                  r->settings);
    store_hash_text(all.text, ret);
    strbuf_done(&all);
}

static void bind_result(struct db_query *q, const char *key, const struct store_result *r)
{
    const char *const texts[] = {key,          r->service,        r->verb,     r->program,
                                 r->version,   r->host,           r->kernel,   r->recorded_at,
                                 r->recording, r->recording_hash, r->settings, r->outcome};
    const u64 numbers[] = {
        r->complete,        r->peak_bytes, r->need_bytes, r->need_high_bytes, r->survives_bytes,
        r->max_bytes,       r->high_bytes, r->anon_bytes, r->file_bytes,      r->disposable_bytes,
        r->swap_peak_bytes, r->majflt,     r->refaults,   r->stall_ns,        r->busy_ns,
        r->replays,         r->stored_at};
    int at = 1;

    for (unsigned i = 0; i < ARRAY_SIZE(texts); i++)
        db_bind_text(q, at++, texts[i]);
    for (unsigned i = 0; i < ARRAY_SIZE(numbers); i++)
        db_bind_u64(q, at++, numbers[i]);
    db_bind_text(q, at, r->document);
}

static int put_all(struct store *s, const struct store_result *results, unsigned nr, struct err *e)
{
    struct db_query *q;
    int rc = db_prepare(s->db,
                        "INSERT OR REPLACE INTO result (key, " RESULT_COLUMNS ", document) VALUES ("
                        "?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                        &q, e);

    if (rc)
        return rc;
    for (unsigned i = 0; i < nr && rc == 0; i++) {
        char key[STORE_HASH_MAX];

        key_of(&results[i], key);
        bind_result(q, key, &results[i]);
        rc = db_step(q, e);
    }
    db_finish(q);
    return rc;
}

int store_put_results(struct store *s, const struct store_result *results, unsigned nr,
                      struct err *e)
{
    int rc = db_begin(s->db, e);

    if (rc)
        return rc;
    rc = put_all(s, results, nr, e);
    if (rc == 0)
        return db_commit(s->db, e);
    db_rollback(s->db);
    return rc;
}

static struct store_result read_result(struct db_query *q)
{
    return (struct store_result){
        .service = db_text(q, 0),
        .verb = db_text(q, 1),
        .program = db_text(q, 2),
        .version = db_text(q, 3),
        .host = db_text(q, 4),
        .kernel = db_text(q, 5),
        .recorded_at = db_text(q, 6),
        .recording = db_text(q, 7),
        .recording_hash = db_text(q, 8),
        .settings = db_text(q, 9),
        .outcome = db_text(q, 10),
        .complete = db_u64(q, 11, 0) != 0,
        .peak_bytes = db_u64(q, 12, STORE_NONE),
        .need_bytes = db_u64(q, 13, STORE_NONE),
        .need_high_bytes = db_u64(q, 14, STORE_NONE),
        .survives_bytes = db_u64(q, 15, STORE_NONE),
        .max_bytes = db_u64(q, 16, STORE_NONE),
        .high_bytes = db_u64(q, 17, STORE_NONE),
        .anon_bytes = db_u64(q, 18, STORE_NONE),
        .file_bytes = db_u64(q, 19, STORE_NONE),
        .disposable_bytes = db_u64(q, 20, STORE_NONE),
        .swap_peak_bytes = db_u64(q, 21, STORE_NONE),
        .majflt = db_u64(q, 22, STORE_NONE),
        .refaults = db_u64(q, 23, STORE_NONE),
        .stall_ns = db_u64(q, 24, STORE_NONE),
        .busy_ns = db_u64(q, 25, STORE_NONE),
        .replays = db_u64(q, 26, STORE_NONE),
        .stored_at = db_u64(q, 27, 0),
        .document = "",
    };
}

int store_each_result(struct store *s, void (*fn)(void *ctx, const struct store_result *r),
                      void *ctx, struct err *e)
{
    struct db_query *q;
    int rc = db_prepare(
        s->db, "SELECT " RESULT_COLUMNS " FROM result ORDER BY service, stored_at DESC, rowid DESC",
        &q, e);

    if (rc)
        return rc;
    while ((rc = db_step(q, e)) > 0) {
        const struct store_result r = read_result(q);

        fn(ctx, &r);
    }
    db_finish(q);
    return rc;
}

static void digits(XXH128_hash_t hash, char ret[STORE_HASH_MAX])
{
    snprintf(ret, STORE_HASH_MAX, "%016llx%016llx", (unsigned long long)hash.high64,
             (unsigned long long)hash.low64);
}

void store_hash_text(const char *text, char ret[STORE_HASH_MAX])
{
    digits(XXH3_128bits(text, strlen(text)), ret);
}

int store_hash_file(const char *path, char ret[STORE_HASH_MAX], struct err *e)
{
    XXH3_state_t *state = alloc_checked(XXH3_createState(), "xxHash");
    int fd = open(path, O_RDONLY | O_CLOEXEC), rc = 0;
    size_t room = 1u << 20;
    char *block = xmalloc(room);
    ssize_t n = 0;

    XXH3_128bits_reset(state);
    while (fd >= 0 && (n = read(fd, block, room)) > 0)
        XXH3_128bits_update(state, block, (size_t)n);
    if (fd < 0 || n < 0)
        rc = err_at(e, -errno, path, 0, 0, "cannot read: %s", strerror(errno));
    else
        digits(XXH3_128bits_digest(state), ret);
    if (fd >= 0)
        close(fd);
    free(block);
    XXH3_freeState(state);
    return rc;
}

/* db.c - see db.h. */
#include "fleet/db.h"

#ifdef HW_SQLITE

#include "base/alloc.h"

#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define NAME_MAX_BYTES 4096

struct db {
    sqlite3 *sqlite;
    char *path;
};

struct db_query {
    sqlite3_stmt *stmt;
    struct db *db;
};

const bool db_is_there = true;

/* What SQLite failed with, as an errno and one line. */
static int fail(const struct db *db, int code, struct err *e)
{
    switch (code & 0xff) {
    case SQLITE_NOTADB:
        return err_at(e, -EINVAL, db->path, 0, 0,
                      "it is no store of results: not a file of SQLite");
    case SQLITE_CORRUPT:
        return err_at(e, -EIO, db->path, 0, 0,
                      "the store is damaged (%s); 'sqlite3 FILE .recover' saves what is left",
                      sqlite3_errmsg(db->sqlite));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return err_at(e, -EBUSY, db->path, 0, 0,
                      "another program keeps the store busy: waited %d s for it",
                      DB_WAIT_MS / 1000);
    case SQLITE_FULL:
        return err_at(e, -ENOSPC, db->path, 0, 0, "no space left for the store");
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return err_at(e, -EACCES, db->path, 0, 0,
                      "the store, or the folder that it is in, cannot be written to");
    case SQLITE_CANTOPEN:
        return err_at(
            e, -EACCES, db->path, 0, 0, "cannot open: %s",
            strerror(sqlite3_system_errno(db->sqlite) ? sqlite3_system_errno(db->sqlite) : EACCES));
    case SQLITE_NOMEM:
        alloc_checked(NULL, "SQLite");
        return -ENOMEM;
    default:
        return err_at(e, -EIO, db->path, 0, 0, "the store cannot be used: %s",
                      sqlite3_errmsg(db->sqlite));
    }
}

/* A pipe would be waited for, and a folder is told as one. */
static int look_at(const char *path, bool create, struct err *e)
{
    struct stat st;

    if (strlen(path) > NAME_MAX_BYTES || !*path)
        return err_at(e, -ENAMETOOLONG, path, 0, 0, "want the name of a file for the store");
    if (stat(path, &st)) {
        if (errno == ENOENT && create)
            return 0;
        if (errno == ENOENT)
            return err_at(e, -ENOENT, path, 0, 0,
                          "there is no such store; 'highwater size FILE --store %s' makes one",
                          path);
        return err_at(e, -errno, path, 0, 0, "cannot open: %s", strerror(errno));
    }
    if (!S_ISREG(st.st_mode))
        return err_at(e, -EINVAL, path, 0, 0, "a store of results is a file, and this is none");
    return 0;
}

/* By a path of its own kind: ":memory:" and "file:x" are files here. */
static int open_file(struct db *db, bool create, const char *vfs)
{
    char path[NAME_MAX_BYTES + 3];

    snprintf(path, sizeof(path), "%s%s", db->path[0] == '/' ? "" : "./", db->path);
    return sqlite3_open_v2(path, &db->sqlite,
                           SQLITE_OPEN_READWRITE | (create ? SQLITE_OPEN_CREATE : 0), vfs);
}

int db_open(const char *path, bool create, const char *vfs, struct db **ret, struct err *e)
{
    struct db *db;
    int rc = look_at(path, create, e);

    if (rc)
        return rc;
    db = xcalloc(1, sizeof(*db));
    db->path = xstrdup(path);
    rc = open_file(db, create, vfs);
    if (rc == SQLITE_OK) {
        sqlite3_extended_result_codes(db->sqlite, 1);
        sqlite3_busy_timeout(db->sqlite, DB_WAIT_MS);
        sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        sqlite3_limit(db->sqlite, SQLITE_LIMIT_ATTACHED, 0);
        rc = sqlite3_exec(db->sqlite,
                          "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;"
                          "PRAGMA journal_mode=DELETE; PRAGMA synchronous=EXTRA;",
                          NULL, NULL, NULL);
    }
    if (rc != SQLITE_OK) {
        rc = fail(db, rc, e);
        db_close(db);
        return rc;
    }
    *ret = db;
    return 0;
}

void db_close(struct db *db)
{
    if (!db)
        return;
    sqlite3_close(db->sqlite);
    free(db->path);
    free(db);
}

const char *db_path(const struct db *db)
{
    return db->path;
}

int db_run(struct db *db, const char *sql, struct err *e)
{
    int rc = sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL);

    return rc == SQLITE_OK ? 0 : fail(db, rc, e);
}

int db_begin(struct db *db, struct err *e)
{
    return db_run(db, "BEGIN IMMEDIATE", e);
}

int db_commit(struct db *db, struct err *e)
{
    int rc = db_run(db, "COMMIT", e);

    if (rc)
        db_rollback(db);
    return rc;
}

void db_rollback(struct db *db)
{
    if (!sqlite3_get_autocommit(db->sqlite))
        sqlite3_exec(db->sqlite, "ROLLBACK", NULL, NULL, NULL);
}

int db_prepare(struct db *db, const char *sql, struct db_query **ret, struct err *e)
{
    struct db_query *q = xcalloc(1, sizeof(*q));
    int rc = sqlite3_prepare_v2(db->sqlite, sql, -1, &q->stmt, NULL);

    if (rc != SQLITE_OK) {
        free(q);
        return fail(db, rc, e);
    }
    q->db = db;
    *ret = q;
    return 0;
}

int db_number(struct db *db, const char *sql, u64 *ret, struct err *e)
{
    struct db_query *q;
    int rc = db_prepare(db, sql, &q, e);

    if (rc)
        return rc;
    rc = db_step(q, e);
    if (rc > 0)
        *ret = db_u64(q, 0, 0);
    db_finish(q);
    return rc < 0 ? rc : 0;
}

void db_bind_text(struct db_query *q, int at, const char *text)
{
    int rc = text ? sqlite3_bind_text(q->stmt, at, text, -1, SQLITE_STATIC)
                  : sqlite3_bind_null(q->stmt, at);

    if (rc == SQLITE_NOMEM)
        alloc_checked(NULL, "SQLite");
    assert(rc == SQLITE_OK || rc == SQLITE_TOOBIG);
}

void db_bind_u64(struct db_query *q, int at, u64 value)
{
    int rc = value <= INT64_MAX ? sqlite3_bind_int64(q->stmt, at, (sqlite3_int64)value)
                                : sqlite3_bind_null(q->stmt, at);

    assert(rc == SQLITE_OK);
}

int db_step(struct db_query *q, struct err *e)
{
    int rc = sqlite3_step(q->stmt);

    if (rc == SQLITE_ROW)
        return 1;
    if (rc == SQLITE_DONE) {
        sqlite3_reset(q->stmt);
        return 0;
    }
    rc = fail(q->db, rc, e);
    sqlite3_reset(q->stmt);
    return rc;
}

const char *db_text(struct db_query *q, int column)
{
    const unsigned char *text = sqlite3_column_text(q->stmt, column);

    return text ? (const char *)text : "";
}

u64 db_u64(struct db_query *q, int column, u64 none)
{
    sqlite3_int64 value = sqlite3_column_int64(q->stmt, column);

    return sqlite3_column_type(q->stmt, column) == SQLITE_INTEGER && value >= 0 ? (u64)value : none;
}

void db_finish(struct db_query *q)
{
    if (!q)
        return;
    sqlite3_finalize(q->stmt);
    free(q);
}

#else

const bool db_is_there = false;

int db_open(const char *path, bool create, const char *vfs, struct db **ret, struct err *e)
{
    (void)create;
    (void)vfs;
    *ret = NULL;
    return err_at(e, -EOPNOTSUPP, path, 0, 0,
                  "this highwater was built without SQLite (-Dstore=enabled), so it has no store");
}

/* Nothing of these is ever called: there is no open file. */
void db_close(struct db *db)
{
    (void)db;
}

const char *db_path(const struct db *db)
{
    (void)db;
    return "";
}

int db_run(struct db *db, const char *sql, struct err *e)
{
    (void)db;
    (void)sql;
    return err_set(e, -EOPNOTSUPP, "no store");
}

int db_begin(struct db *db, struct err *e)
{
    return db_run(db, "", e);
}

int db_commit(struct db *db, struct err *e)
{
    return db_run(db, "", e);
}

void db_rollback(struct db *db)
{
    (void)db;
}

int db_number(struct db *db, const char *sql, u64 *ret, struct err *e)
{
    *ret = 0;
    return db_run(db, sql, e);
}

int db_prepare(struct db *db, const char *sql, struct db_query **ret, struct err *e)
{
    *ret = NULL;
    return db_run(db, sql, e);
}

void db_bind_text(struct db_query *q, int at, const char *text)
{
    (void)q;
    (void)at;
    (void)text;
}

void db_bind_u64(struct db_query *q, int at, u64 value)
{
    (void)q;
    (void)at;
    (void)value;
}

int db_step(struct db_query *q, struct err *e)
{
    (void)q;
    return db_run(NULL, "", e);
}

const char *db_text(struct db_query *q, int column)
{
    (void)q;
    (void)column;
    return "";
}

u64 db_u64(struct db_query *q, int column, u64 none)
{
    (void)q;
    (void)column;
    return none;
}

void db_finish(struct db_query *q)
{
    (void)q;
}

#endif

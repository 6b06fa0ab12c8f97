/* store_schema.c - the tables, version by version.
 *
 * A migration that a release had is never changed: files that it made are out there. A new version
 * is a new row. */
#include "base/strbuf.h"
#include "fleet/store_int.h"

#include <stdio.h>

const char *const store_migrations[] = {
    "CREATE TABLE result ("
    " key TEXT NOT NULL PRIMARY KEY,"
    " service TEXT NOT NULL, verb TEXT NOT NULL, program TEXT NOT NULL, version TEXT NOT NULL,"
    " host TEXT NOT NULL, kernel TEXT NOT NULL, recorded_at TEXT NOT NULL,"
    " recording TEXT NOT NULL, recording_hash TEXT NOT NULL, settings TEXT NOT NULL,"
    " outcome TEXT NOT NULL, complete INTEGER NOT NULL,"
    " peak_bytes INTEGER, need_bytes INTEGER, need_high_bytes INTEGER, survives_bytes INTEGER,"
    " max_bytes INTEGER, high_bytes INTEGER, anon_bytes INTEGER, file_bytes INTEGER,"
    " disposable_bytes INTEGER, swap_peak_bytes INTEGER, pgmajfault INTEGER,"
    " workingset_refault INTEGER, stall_ns INTEGER, busy_ns INTEGER, replays INTEGER,"
    " stored_at INTEGER NOT NULL, document TEXT NOT NULL);"
    "CREATE INDEX result_service ON result (service, stored_at);",

    "CREATE TABLE promise ("
    " source TEXT NOT NULL, namespace TEXT NOT NULL, workload TEXT NOT NULL,"
    " container TEXT NOT NULL, image TEXT NOT NULL, node TEXT NOT NULL,"
    " replicas INTEGER NOT NULL, request_bytes INTEGER, limit_bytes INTEGER, high_bytes INTEGER,"
    " is_template INTEGER NOT NULL);"
    "CREATE INDEX promise_source ON promise (source, namespace, node);"
    "CREATE TABLE service_map (name TEXT NOT NULL PRIMARY KEY, service TEXT NOT NULL);",

    "CREATE TABLE task ("
    " key TEXT NOT NULL PRIMARY KEY, recording TEXT NOT NULL, recording_hash TEXT NOT NULL,"
    " settings TEXT NOT NULL, limit_bytes INTEGER, outcome TEXT NOT NULL, slowdown TEXT NOT NULL,"
    " peak_bytes INTEGER, survives INTEGER NOT NULL, usable INTEGER NOT NULL, row TEXT NOT NULL);",
};
const unsigned nr_store_migrations = ARRAY_SIZE(store_migrations);

/* Is it ours, or empty? */
static int know(struct db *db, u64 *ret_version, struct err *e)
{
    u64 application = 0, tables = 0;
    int rc = db_number(db, "PRAGMA application_id", &application, e);

    if (rc == 0)
        rc = db_number(db, "PRAGMA user_version", ret_version, e);
    if (rc == 0)
        rc = db_number(db, "SELECT count(*) FROM sqlite_schema", &tables, e);
    if (rc)
        return rc;
    if (application != STORE_APPLICATION_ID && (application || tables || *ret_version))
        return err_at(e, -EINVAL, db_path(db), 0, 0,
                      "it is no store of results: a file of SQLite, but of another program");
    if (*ret_version > nr_store_migrations)
        return err_at(e, -EINVAL, db_path(db), 0, 0,
                      "the store has version %u and this highwater knows versions up to %u; use "
                      "the one that wrote it or a later one",
                      (unsigned)MIN(*ret_version, (u64)UINT32_MAX), nr_store_migrations);
    return 0;
}

/* Within a transaction: another program may have done it meanwhile. */
static int add_missing(struct db *db, unsigned upto, struct err *e)
{
    char stamp[96];
    u64 version = 0;
    int rc = know(db, &version, e);

    for (u64 v = version; v < upto && rc == 0; v++)
        rc = db_run(db, store_migrations[v], e);
    if (rc || version >= upto)
        return rc;
    snprintf(stamp, sizeof(stamp), "PRAGMA application_id=%u; PRAGMA user_version=%u",
             STORE_APPLICATION_ID, upto);
    return db_run(db, stamp, e);
}

int store_migrate(struct db *db, unsigned upto, struct err *e)
{
    u64 version = 0;
    int rc = know(db, &version, e);

    upto = upto ? upto : nr_store_migrations;
    if (rc || version >= upto)
        return rc;
    rc = db_begin(db, e);
    if (rc == 0)
        rc = add_missing(db, upto, e);
    if (rc == 0)
        rc = db_commit(db, e);
    else
        db_rollback(db);
    return rc;
}

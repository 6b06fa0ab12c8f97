/* db.h - a file of SQLite with errors for people: the one file of the project that knows SQLite.
 *
 * Safety:  commits survive the end of the process and of the machine: a rollback journal, which is
 *          gone when nobody writes, so that the store is one file and may be copied;
 *          synchronous=EXTRA. No write-ahead log: that leaves two more files and does not work over
 *          a network.
 * Writers: wait for one another, up to DB_WAIT_MS.
 * Trusts:  nothing: views and triggers of the file do nothing that the file could harm with
 * (trusted_schema, defensive). Without SQLite (meson -Dstore=disabled) db_open() refuses, and
 * nothing else is called.
 */
#ifndef FLEET_DB_H
#define FLEET_DB_H

#include "base/err.h"
#include "base/types.h"

#define DB_WAIT_MS 60000

struct db;
struct db_query;

/* Can files be opened? */
extern const bool db_is_there;

/* create: make the file when there is none. -ENOENT, -EINVAL (it is no file of SQLite), another
 * negative errno, with the path in e. An empty file is one without tables. vfs: how it is accessed
 * (tests); NULL: as usual. */
int db_open(const char *path, bool create, const char *vfs, struct db **ret, struct err *e);
/* NULL is fine. What was begun and not committed is undone. */
void db_close(struct db *db);
const char *db_path(const struct db *db);

/* Statements without results, with ';' between them. */
int db_run(struct db *db, const char *sql, struct err *e);
/* All that follows is done at once or not at all. */
int db_begin(struct db *db, struct err *e);
int db_commit(struct db *db, struct err *e);
void db_rollback(struct db *db);

/* The one number that a query gives. */
int db_number(struct db *db, const char *sql, u64 *ret, struct err *e);

int db_prepare(struct db *db, const char *sql, struct db_query **ret, struct err *e);
/* Parameters are counted from 1. text must live until the query was stepped through; NULL, and a
 * number from 2^63 on ("none"), is NULL. */
void db_bind_text(struct db_query *q, int at, const char *text);
void db_bind_u64(struct db_query *q, int at, u64 value);
/* 1: there is a row; 0: there is none any more, and the query can be bound and stepped anew;
 * negative: an error. */
int db_step(struct db_query *q, struct err *e);
/* Columns are counted from 0. "" for NULL, as long as the next step is away. */
const char *db_text(struct db_query *q, int column);
/* none for NULL and what is no number of 0 or more. */
u64 db_u64(struct db_query *q, int column, u64 none);
/* NULL is fine. */
void db_finish(struct db_query *q);

#endif

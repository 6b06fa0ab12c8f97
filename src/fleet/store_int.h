/* store_int.h - the tables of the store. */
#ifndef FLEET_STORE_INT_H
#define FLEET_STORE_INT_H

#include "fleet/db.h"
#include "fleet/store.h"

/* What no other program's file has. */
#define STORE_APPLICATION_ID 0x68776c74u

struct store {
    struct db *db;
};

/* Migration i makes version i + 1 of version i. */
extern const char *const store_migrations[];
extern const unsigned nr_store_migrations;

/* What the file lacks of the latest version, and whether it is ours at all. upto: make this version
 * (tests), 0: the latest. */
int store_migrate(struct db *db, unsigned upto, struct err *e);

/* The same as store_open(), with the parts that tests choose. */
int store_open_by(const char *path, enum store_mode mode, const char *vfs, struct store **ret,
                  struct err *e);

#endif

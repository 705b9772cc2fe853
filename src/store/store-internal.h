/* What the files of store/ share: statements and queries for table-*.c, the writer for store.c.
 *
 * SQL texts are string literals: the writer keeps each prepared statement by the address of its
 * text. */
#pragma once

#include "base/list.h"
#include "base/uuid.h"
#include "base/vec.h"
#include "loop/post.h"
#include "store/store.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdint.h>
#include <string.h>

/* Statements */

typedef struct StoreValue {
        int type; /* SQLITE_INTEGER, SQLITE_TEXT, SQLITE_BLOB or SQLITE_NULL */
        int64_t integer;
        const void *bytes;
        size_t len;
} StoreValue;

/* Unsigned 64-bit numbers go in and come out by their bits. */
static inline StoreValue value_int(uint64_t integer)
{
        return (StoreValue){.type = SQLITE_INTEGER, .integer = (int64_t) integer};
}

static inline StoreValue value_text(const char *text)
{
        if (!text)
                return (StoreValue){.type = SQLITE_NULL};
        return (StoreValue){.type = SQLITE_TEXT, .bytes = text, .len = strlen(text)};
}

static inline StoreValue value_uuid(const Uuid *uuid)
{
        return (StoreValue){.type = SQLITE_BLOB, .bytes = uuid->bytes, .len = sizeof(uuid->bytes)};
}

/* Adds a statement with copies of its values: store_tx_add(tx, SQL, value_int(1), value_text("a")).
 */
#define store_tx_add(tx, sql, ...)                                                                 \
        store_tx_add_values((tx), (sql), (const StoreValue[]){__VA_ARGS__},                        \
                            ELEMENTSOF(((const StoreValue[]){__VA_ARGS__})))
void store_tx_add_values(StoreTx *tx, const char *sql, const StoreValue *values, size_t n);

/* Queries: waits until everything submitted is committed, then walks the rows. On the loop thread,
 * with nothing submitted before the query is done. */

typedef struct StoreQuery {
        Store *store;
        sqlite3_stmt *stmt;
} StoreQuery;

int store_query(Store *store, const char *sql, StoreQuery *ret, Error *err);
/* 1: the next row is there; 0: no more; negative: an error. */
int store_query_next(StoreQuery *query, Error *err);
void store_query_done(StoreQuery *query);
uint64_t store_query_int(StoreQuery *query, int column);
/* Good until the next row; NULL for NULL. */
const char *store_query_text(StoreQuery *query, int column);
Uuid store_query_uuid(StoreQuery *query, int column);

/* The store */

typedef struct StoreStatement {
        const char *sql;
        size_t n;
        StoreValue values[]; /* their bytes follow */
} StoreStatement;

struct StoreTx {
        Store *store;
        VEC(StoreStatement *) statements;
        StoreDurability durability;
        StoreDoneFn *done;
        void *data;
        Error error;
        ListNode node;
};

typedef struct StorePrepared {
        const char *sql;
        sqlite3_stmt *stmt;
} StorePrepared;

struct Store {
        char *path;
        Post *post;
        pthread_t thread;
        bool thread_started;

        /* under the mutex */
        pthread_mutex_t mutex;
        pthread_cond_t submitted; /* `queue` or `closing` changed: the writer waits for it */
        pthread_cond_t settled;   /* `busy` became false */
        ListNode queue;           /* StoreTx.node, waiting for the writer */
        ListNode ended;           /* StoreTx.node, waiting for the loop */
        bool busy;                /* the writer uses the connection */
        bool closing;

        /* the writer's, and the loop thread's while the writer is not busy and nothing is queued */
        sqlite3 *db;
        VEC(StorePrepared) prepared;
        int version;    /* of the tables */
        int wal_pages;  /* in the log after the last commit */
        bool full_sync; /* PRAGMA synchronous is FULL, else NORMAL */
        Error broken;   /* set: what is on disk is no longer known, nothing more is written */
};

/* Locks. Returns when nothing is queued and the writer is idle. */
void store_settle(Store *store);
/* The thread's function; `data` is the Store. */
void *store_writer_main(void *data);
/* Ends what the writer prepared. */
void store_writer_done(Store *store);

/* Opens store->db and brings it to the version of this program. On failure the file is as it was.
 */
int store_database_open(Store *store, Error *err);
/* Turns an SQLite result into an Error: "cannot <what> store '<path>': <why>". */
int store_error(Store *store, int result, const char *what, Error *err);
/* Runs SQL text without results. */
int store_exec(Store *store, const char *sql, const char *what, Error *err);

/* The store: one SQLite file, read whole at start, written by one thread.
 *
 * The loop thread builds a transaction and hands it over; the writer thread takes every transaction
 * that waits, commits them together, and each one's `done` is called on the loop, in the order of
 * submission. A transaction whose statement fails is rolled back alone (a savepoint each) and told.
 *
 * Each table has a file of its own, table-*.h, with a row type, put, delete and load. No SQL stands
 * elsewhere. Rows are put whole: put replaces. A load blocks, sees everything submitted before it, and
 * submits nothing from its callback. */
#pragma once

#include "loop/loop.h"

typedef struct Store Store;
typedef struct StoreTx StoreTx;

typedef enum StoreDurability {
        STORE_ORDERED, /* survives the end of the daemon, by kill too; lost with the host, then
                        * never without all that came after it */
        STORE_DURABLE, /* survives the loss of power: on disk, with all that came before it */
} StoreDurability;

typedef void StoreDoneFn(void *data, const Error *err);

/* Opens or creates the file and brings its tables to this version (migrations/). Blocks; at start
 * only. A file of a newer version, or a damaged one, is refused and left as it is. */
int store_open(Loop *loop, const char *path, Store **ret, Error *err);
/* Waits until everything submitted is committed; pending `done` callbacks are not called. Not from
 * inside a `done`. */
Store *store_close(Store *store);
DEFINE_CLEANUP(Store, store_close)

StoreTx *store_tx_new(Store *store);
/* For a transaction that was never submitted. */
StoreTx *store_tx_free(StoreTx *tx);
DEFINE_CLEANUP(StoreTx, store_tx_free)

/* Takes the transaction over. `done` may be NULL. It is never called from inside. An empty
 * transaction is done when everything before it is; a durable one makes all of that durable. After a
 * failed sync of the disk every later transaction fails, until the store is opened again. */
void store_commit(StoreTx *tx, StoreDurability durability, StoreDoneFn *done, void *data);

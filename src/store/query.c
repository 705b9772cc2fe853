/* Queries: reading a table, at start.
 *
 * The connection is the writer's; store_query() waits until the writer is idle and nothing is
 * queued, and the caller submits nothing until store_query_done(), so it has the connection alone.
 */
#include "store/store-internal.h"

int store_query(Store *store, const char *sql, StoreQuery *ret, Error *err)
{
        sqlite3_stmt *stmt;
        int r;

        store_settle(store);
        r = sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL);
        if (r != SQLITE_OK)
                return store_error(store, r, "read", err);
        *ret = (StoreQuery){store, stmt};
        return 0;
}

int store_query_next(StoreQuery *query, Error *err)
{
        int r = sqlite3_step(query->stmt);

        if (r == SQLITE_ROW)
                return 1;
        return r == SQLITE_DONE ? 0 : store_error(query->store, r, "read", err);
}

void store_query_done(StoreQuery *query)
{
        (void) sqlite3_finalize(query->stmt);
        *query = (StoreQuery){};
}

uint64_t store_query_int(StoreQuery *query, int column)
{
        return (uint64_t) sqlite3_column_int64(query->stmt, column);
}

const char *store_query_text(StoreQuery *query, int column)
{
        return (const char *) sqlite3_column_text(query->stmt, column);
}

Uuid store_query_uuid(StoreQuery *query, int column)
{
        Uuid uuid = {};
        const void *bytes = sqlite3_column_blob(query->stmt, column);

        if (bytes && sqlite3_column_bytes(query->stmt, column) == sizeof(uuid.bytes))
                memcpy(uuid.bytes, bytes, sizeof(uuid.bytes));
        return uuid;
}

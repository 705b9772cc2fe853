/* The writer: the thread that carries transactions out.
 *
 * Entry point: store_writer_main(). Each round takes everything that is queued as one batch:
 *
 *   TAKE -> BEGIN IMMEDIATE -> for each transaction: SAVEPOINT, statements, RELEASE, or on a failed
 *   statement ROLLBACK TO -> COMMIT -> ENDED, told to the loop -> checkpoint when the log is long
 *
 * A batch with a durable transaction commits with synchronous=FULL, which syncs the log and so all
 * that came before; any other with NORMAL, which leaves the log to the kernel. A batch that cannot
 * begin or commit gives its error to each of its transactions. */
#include "store/store-internal.h"

#include "base/log.h"

enum {
        CHECKPOINT_IDLE = 512,  /* pages in the log that a pause is used to move into the file */
        CHECKPOINT_BUSY = 4096, /* and those that it is moved for without a pause */
};

static sqlite3_stmt *prepare(Store *store, const char *sql)
{
        sqlite3_stmt *stmt;

        for (size_t i = 0; i < store->prepared.len; i++)
                if (store->prepared.items[i].sql == sql)
                        return store->prepared.items[i].stmt;
        if (sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL) !=
            SQLITE_OK)
                return NULL;
        *vec_push(&store->prepared) = (StorePrepared){sql, stmt};
        return stmt;
}

void store_writer_done(Store *store)
{
        for (size_t i = 0; i < store->prepared.len; i++)
                (void) sqlite3_finalize(store->prepared.items[i].stmt);
        vec_done(&store->prepared);
}

static int bind(sqlite3_stmt *stmt, int at, const StoreValue *value)
{
        switch (value->type) {
        case SQLITE_INTEGER:
                return sqlite3_bind_int64(stmt, at, value->integer);
        case SQLITE_TEXT:
                return sqlite3_bind_text64(stmt, at, value->bytes, value->len, SQLITE_STATIC,
                                           SQLITE_UTF8);
        case SQLITE_BLOB:
                return sqlite3_bind_blob64(stmt, at, value->bytes, value->len, SQLITE_STATIC);
        default:
                return sqlite3_bind_null(stmt, at);
        }
}

/* Returns an SQLite result. */
static int run(Store *store, const char *sql, const StoreValue *values, size_t n)
{
        sqlite3_stmt *stmt = prepare(store, sql);
        int r = SQLITE_OK;

        if (!stmt)
                return sqlite3_extended_errcode(store->db);
        for (size_t i = 0; i < n && r == SQLITE_OK; i++)
                r = bind(stmt, (int) i + 1, &values[i]);
        if (r == SQLITE_OK)
                r = sqlite3_step(stmt);
        /* What was bound goes with its transaction. */
        (void) sqlite3_reset(stmt);
        if (n > 0)
                (void) sqlite3_clear_bindings(stmt);
        return r == SQLITE_ROW || r == SQLITE_DONE ? SQLITE_OK : r;
}

/* 0, also when the transaction failed alone; negative when the whole batch was lost with it. */
static int run_tx(Store *store, StoreTx *tx, Error *err)
{
        int r;

        if (tx->statements.len == 0)
                return 0;
        r = run(store, "SAVEPOINT tx", NULL, 0);
        for (size_t i = 0; i < tx->statements.len && r == SQLITE_OK; i++) {
                const StoreStatement *s = tx->statements.items[i];

                r = run(store, s->sql, s->values, s->n);
        }
        if (r == SQLITE_OK)
                r = run(store, "RELEASE tx", NULL, 0);
        if (r == SQLITE_OK)
                return 0;
        (void) store_error(store, r, "write to", &tx->error);
        if (sqlite3_get_autocommit(store->db) ||
            run(store, "ROLLBACK TO tx", NULL, 0) != SQLITE_OK ||
            run(store, "RELEASE tx", NULL, 0) != SQLITE_OK)
                return error_copy(err, &tx->error);
        return 0;
}

/* Changes something, so that the commit has a page to write. */
static int touch(Store *store)
{
        char *sql = sqlite3_mprintf("PRAGMA user_version=%d", store->version);
        int r = sqlite3_exec(store->db, sql, NULL, NULL, NULL);

        sqlite3_free(sql);
        return r;
}

static int set_sync(Store *store, bool full)
{
        int r;

        if (store->full_sync == full)
                return SQLITE_OK;
        r = sqlite3_exec(store->db, full ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL",
                         NULL, NULL, NULL);
        if (r == SQLITE_OK)
                store->full_sync = full;
        return r;
}

/* A commit that failed may have left whole frames in the log, which the next daemon would take for
 * committed. The next commit overwrites them: make one. */
static void forget_failed(Store *store)
{
        if (set_sync(store, false) != SQLITE_OK || touch(store) != SQLITE_OK)
                log_debug("store", "cannot overwrite a failed commit: %s",
                          sqlite3_errmsg(store->db));
}

/* After a failed sync the kernel may have dropped what it could not write, and a later sync would
 * not tell: nothing can be promised any more. */
static void note_failed_sync(Store *store, int result)
{
        if (result == SQLITE_IOERR_FSYNC || result == SQLITE_IOERR_DIR_FSYNC)
                (void) store_error(store, result, "sync", &store->broken);
}

static int roll_back(Store *store, int result, Error *err)
{
        int r = store_error(store, result, "commit to", err);

        note_failed_sync(store, result);
        if (!sqlite3_get_autocommit(store->db))
                (void) run(store, "ROLLBACK", NULL, 0);
        forget_failed(store);
        return r;
}

static int run_batch(Store *store, ListNode *batch, bool durable, Error *err)
{
        int r, before = sqlite3_total_changes(store->db);

        if (error_is_set(&store->broken))
                return error_copy(err, &store->broken);
        r = set_sync(store, durable);
        if (r == SQLITE_OK)
                r = run(store, "BEGIN IMMEDIATE", NULL, 0);
        if (r != SQLITE_OK)
                return store_error(store, r, "write to", err);
        LIST_FOREACH(tx, batch, StoreTx, node)
        {
                r = run_tx(store, tx, err);
                if (r < 0) {
                        if (!sqlite3_get_autocommit(store->db))
                                (void) run(store, "ROLLBACK", NULL, 0);
                        return r;
                }
        }
        /* Without a change the commit would sync nothing of what came before. */
        r = SQLITE_OK;
        if (durable && sqlite3_total_changes(store->db) == before)
                r = touch(store);
        if (r == SQLITE_OK)
                r = run(store, "COMMIT", NULL, 0);
        return r == SQLITE_OK ? 0 : roll_back(store, r, err);
}

static void end_batch(Store *store, ListNode *batch, const Error *err)
{
        if (error_is_set(err))
                LIST_FOREACH(tx, batch, StoreTx, node)
        if (!error_is_set(&tx->error))
                error_copy(&tx->error, err);
        pthread_mutex_lock(&store->mutex);
        list_append_all(&store->ended, batch);
        pthread_mutex_unlock(&store->mutex);
        post_send(store->post);
}

/* Moves the log into the file, when it is time; the log is then written from its start again. */
static void checkpoint(Store *store)
{
        pthread_mutex_lock(&store->mutex);
        bool idle = list_empty(&store->queue);
        pthread_mutex_unlock(&store->mutex);
        int r;

        if (store->wal_pages < (idle ? CHECKPOINT_IDLE : CHECKPOINT_BUSY) ||
            error_is_set(&store->broken))
                return;
        r = sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
        note_failed_sync(store, r);
        if (r == SQLITE_OK)
                store->wal_pages = 0;
        else
                log_debug("store", "cannot move the log into '%s': %s", store->path,
                          sqlite3_errstr(r));
}

void *store_writer_main(void *data)
{
        Store *store = data;
        ListNode batch = LIST_INIT(batch);

        pthread_mutex_lock(&store->mutex);
        for (;;) {
                bool durable = false;

                while (list_empty(&store->queue) && !store->closing)
                        pthread_cond_wait(&store->submitted, &store->mutex);
                if (list_empty(&store->queue))
                        break;
                list_append_all(&batch, &store->queue);
                store->busy = true;
                pthread_mutex_unlock(&store->mutex);

                _cleanup_(error_done) Error err = {};
                LIST_FOREACH(tx, &batch, StoreTx, node)
                durable = durable || tx->durability == STORE_DURABLE;
                (void) run_batch(store, &batch, durable, &err);
                end_batch(store, &batch, &err);
                checkpoint(store);

                pthread_mutex_lock(&store->mutex);
                store->busy = false;
                pthread_cond_broadcast(&store->settled);
        }
        pthread_mutex_unlock(&store->mutex);
        return NULL;
}

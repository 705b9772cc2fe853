/* The store: its life, and the queue between the loop and the writer thread.
 *
 * States of a transaction: BUILT -> QUEUED by store_commit() -> ENDED by the writer -> gone, when
 * the loop has called `done`. The writer takes the whole queue at once (writer.c), so the order of
 * submission is the order of statements and of callbacks. Threads meet in `mutex` alone. */
#include "store/store-internal.h"

#include "base/str.h"

#include <signal.h>

StoreTx *store_tx_new(Store *store)
{
        StoreTx *tx = xnew0(StoreTx, 1);

        tx->store = store;
        return tx;
}

StoreTx *store_tx_free(StoreTx *tx)
{
        if (!tx)
                return NULL;
        for (size_t i = 0; i < tx->statements.len; i++)
                free(tx->statements.items[i]);
        vec_done(&tx->statements);
        error_done(&tx->error);
        free(tx);
        return NULL;
}

void store_tx_add_values(StoreTx *tx, const char *sql, const StoreValue *values, size_t n)
{
        size_t size = sizeof(StoreStatement) + n * sizeof(StoreValue), bytes = 0;

        for (size_t i = 0; i < n; i++)
                bytes += values[i].len;

        StoreStatement *s = xcalloc(1, size + bytes);
        char *p = (char *) s + size;

        s->sql = sql;
        s->n = n;
        for (size_t i = 0; i < n; i++) {
                s->values[i] = values[i];
                if (!values[i].bytes)
                        continue;
                s->values[i].bytes = p;
                p = (char *) mempcpy(p, values[i].bytes, values[i].len);
        }
        *vec_push(&tx->statements) = s;
}

void store_commit(StoreTx *tx, StoreDurability durability, StoreDoneFn *done, void *data)
{
        Store *store = tx->store;

        tx->durability = durability;
        tx->done = done;
        tx->data = data;
        pthread_mutex_lock(&store->mutex);
        list_append(&store->queue, &tx->node);
        pthread_cond_signal(&store->submitted);
        pthread_mutex_unlock(&store->mutex);
}

/* A `done` may submit more, but not close the store. */
static void on_ended(void *data)
{
        Store *store = data;
        ListNode ended = LIST_INIT(ended);

        pthread_mutex_lock(&store->mutex);
        list_append_all(&ended, &store->ended);
        pthread_mutex_unlock(&store->mutex);
        LIST_FOREACH(tx, &ended, StoreTx, node)
        {
                if (tx->done)
                        tx->done(tx->data, &tx->error);
                store_tx_free(tx);
        }
}

void store_settle(Store *store)
{
        pthread_mutex_lock(&store->mutex);
        while (store->busy || !list_empty(&store->queue))
                pthread_cond_wait(&store->settled, &store->mutex);
        pthread_mutex_unlock(&store->mutex);
}

/* The writer takes no signals: they are the loop's, and a full disk is an error, not a SIGXFSZ. */
static int start_writer(Store *store, Error *err)
{
        sigset_t all, before;
        int r;

        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        r = pthread_create(&store->thread, NULL, store_writer_main, store);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        if (r != 0)
                return error_set_errno(err, r, "cannot start the writer of store '%s'",
                                       store->path);
        pthread_setname_np(store->thread, "store");
        store->thread_started = true;
        return 0;
}

int store_open(Loop *loop, const char *path, Store **ret, Error *err)
{
        _cleanup_(store_closep) Store *store = xnew0(Store, 1);
        int r;

        store->path = xstrdup(path);
        list_init(&store->queue);
        list_init(&store->ended);
        pthread_mutex_init(&store->mutex, NULL);
        pthread_cond_init(&store->submitted, NULL);
        pthread_cond_init(&store->settled, NULL);
        r = store_database_open(store, err);
        if (r < 0)
                return r;
        r = post_new(loop, on_ended, store, &store->post, err);
        if (r < 0)
                return r;
        r = start_writer(store, err);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(store);
        return 0;
}

Store *store_close(Store *store)
{
        if (!store)
                return NULL;
        if (store->thread_started) {
                pthread_mutex_lock(&store->mutex);
                store->closing = true;
                pthread_cond_signal(&store->submitted);
                pthread_mutex_unlock(&store->mutex);
                pthread_join(store->thread, NULL);
        }
        post_free(store->post);
        LIST_FOREACH(tx, &store->ended, StoreTx, node)
        store_tx_free(tx);
        store_writer_done(store);
        (void) sqlite3_close(store->db);
        pthread_cond_destroy(&store->settled);
        pthread_cond_destroy(&store->submitted);
        pthread_mutex_destroy(&store->mutex);
        error_done(&store->broken);
        free(store->path);
        free(store);
        return NULL;
}

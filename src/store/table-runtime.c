#include "store/table-runtime.h"

#include "store/store-internal.h"

void runtime_row_put(StoreTx *tx, const RuntimeRow *row)
{
        store_tx_add(tx,
                     "INSERT INTO runtime (uuid, driver, name, id, pid, start_time, boot_id, "
                     "config, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
                     "ON CONFLICT (uuid) DO UPDATE SET driver = excluded.driver, "
                     "name = excluded.name, id = excluded.id, pid = excluded.pid, "
                     "start_time = excluded.start_time, boot_id = excluded.boot_id, "
                     "config = excluded.config, state = excluded.state",
                     value_uuid(&row->uuid), value_text(row->driver), value_text(row->name),
                     value_int((uint64_t) row->id), value_int((uint64_t) row->pid),
                     value_int(row->start_time), value_text(row->boot_id), value_text(row->config),
                     value_text(row->state));
}

void runtime_row_set_state(StoreTx *tx, const Uuid *uuid, const char *state)
{
        store_tx_add(tx, "UPDATE runtime SET state = ? WHERE uuid = ?", value_text(state),
                     value_uuid(uuid));
}

void runtime_row_delete(StoreTx *tx, const Uuid *uuid)
{
        store_tx_add(tx, "DELETE FROM runtime WHERE uuid = ?", value_uuid(uuid));
}

int runtime_row_load(Store *store, RuntimeRowFn *each, void *data, Error *err)
{
        _cleanup_(store_query_done) StoreQuery q = {};
        int r;

        r = store_query(store,
                        "SELECT uuid, driver, name, id, pid, start_time, boot_id, config, state "
                        "FROM runtime ORDER BY id",
                        &q, err);
        while (r >= 0 && (r = store_query_next(&q, err)) > 0) {
                RuntimeRow row = {
                        .uuid = store_query_uuid(&q, 0),
                        .driver = store_query_text(&q, 1),
                        .name = store_query_text(&q, 2),
                        .id = (int64_t) store_query_int(&q, 3),
                        .pid = (int64_t) store_query_int(&q, 4),
                        .start_time = store_query_int(&q, 5),
                        .boot_id = store_query_text(&q, 6),
                        .config = store_query_text(&q, 7),
                        .state = store_query_text(&q, 8),
                };

                r = each(data, &row, err);
        }
        return r;
}

#include "store/table-operation.h"

#include "store/store-internal.h"

void operation_row_put(StoreTx *tx, const OperationRow *row)
{
        store_tx_add(tx,
                     "INSERT INTO operation (id, uuid, driver, name, type, args, step, committed, "
                     "started) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
                     "uuid = excluded.uuid, driver = excluded.driver, name = excluded.name, "
                     "type = excluded.type, "
                     "args = excluded.args, step = excluded.step, "
                     "committed = excluded.committed, started = excluded.started",
                     value_int(row->id), value_uuid(&row->uuid), value_text(row->driver),
                     value_text(row->name), value_text(row->type), value_text(row->args),
                     value_text(row->step), value_int(row->committed), value_int(row->started));
}

void operation_row_delete(StoreTx *tx, uint64_t id)
{
        store_tx_add(tx, "DELETE FROM operation WHERE id = ?", value_int(id));
}

int operation_row_load(Store *store, OperationRowFn *each, void *data, Error *err)
{
        _cleanup_(store_query_done) StoreQuery q = {};
        int r;

        r = store_query(store,
                        "SELECT id, uuid, driver, name, type, args, step, committed, started "
                        "FROM operation ORDER BY id",
                        &q, err);
        while (r >= 0 && (r = store_query_next(&q, err)) > 0) {
                OperationRow row = {
                        .id = store_query_int(&q, 0),
                        .uuid = store_query_uuid(&q, 1),
                        .driver = store_query_text(&q, 2),
                        .name = store_query_text(&q, 3),
                        .type = store_query_text(&q, 4),
                        .args = store_query_text(&q, 5),
                        .step = store_query_text(&q, 6),
                        .committed = store_query_int(&q, 7),
                        .started = store_query_int(&q, 8),
                };

                r = each(data, &row, err);
        }
        return r;
}

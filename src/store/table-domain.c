#include "store/table-domain.h"

#include "store/store-internal.h"

void domain_row_put(StoreTx *tx, const DomainRow *row)
{
        store_tx_add(tx,
                     "INSERT INTO domain (uuid, driver, name, config, autostart) "
                     "VALUES (?, ?, ?, ?, ?) ON CONFLICT (uuid) DO UPDATE SET "
                     "driver = excluded.driver, name = excluded.name, "
                     "config = excluded.config",
                     value_uuid(&row->uuid), value_text(row->driver), value_text(row->name),
                     value_text(row->config), value_int(row->autostart));
}

void domain_row_set_autostart(StoreTx *tx, const Uuid *uuid, bool autostart)
{
        store_tx_add(tx, "UPDATE domain SET autostart = ? WHERE uuid = ?", value_int(autostart),
                     value_uuid(uuid));
}

void domain_row_delete(StoreTx *tx, const Uuid *uuid)
{
        store_tx_add(tx, "DELETE FROM domain WHERE uuid = ?", value_uuid(uuid));
}

int domain_row_load(Store *store, DomainRowFn *each, void *data, Error *err)
{
        _cleanup_(store_query_done) StoreQuery q = {};
        int r;

        r = store_query(store,
                        "SELECT uuid, driver, name, config, autostart FROM domain ORDER BY rowid",
                        &q, err);
        while (r >= 0 && (r = store_query_next(&q, err)) > 0) {
                DomainRow row = {
                        .uuid = store_query_uuid(&q, 0),
                        .driver = store_query_text(&q, 1),
                        .name = store_query_text(&q, 2),
                        .config = store_query_text(&q, 3),
                        .autostart = store_query_int(&q, 4),
                };

                r = each(data, &row, err);
        }
        return r;
}

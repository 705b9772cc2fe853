#include "store/table-image.h"

#include "store/store-internal.h"

void image_row_put(StoreTx *tx, const ImageRow *row)
{
        store_tx_add(tx,
                     "INSERT INTO image (uuid, path, size, created, paused) "
                     "VALUES (?, ?, ?, ?, ?) ON CONFLICT (uuid) DO UPDATE SET "
                     "path = excluded.path, size = excluded.size, created = excluded.created, "
                     "paused = excluded.paused",
                     value_uuid(&row->uuid), value_text(row->path), value_int(row->size),
                     value_int(row->created), value_int(row->paused));
}

void image_row_delete(StoreTx *tx, const Uuid *uuid)
{
        store_tx_add(tx, "DELETE FROM image WHERE uuid = ?", value_uuid(uuid));
}

int image_row_load(Store *store, ImageRowFn *each, void *data, Error *err)
{
        _cleanup_(store_query_done) StoreQuery q = {};
        int r;

        r = store_query(store, "SELECT uuid, path, size, created, paused FROM image ORDER BY uuid",
                        &q, err);
        while (r >= 0 && (r = store_query_next(&q, err)) > 0) {
                ImageRow row = {
                        .uuid = store_query_uuid(&q, 0),
                        .path = store_query_text(&q, 1),
                        .size = store_query_int(&q, 2),
                        .created = store_query_int(&q, 3),
                        .paused = store_query_int(&q, 4),
                };

                r = each(data, &row, err);
        }
        return r;
}

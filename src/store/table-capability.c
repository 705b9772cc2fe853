#include "store/table-capability.h"

#include "store/store-internal.h"

void capability_row_put(StoreTx *tx, const CapabilityRow *row)
{
        store_tx_add(tx,
                     "INSERT INTO capability (path, inode, mtime_ns, facts) VALUES (?, ?, ?, ?) "
                     "ON CONFLICT (path) DO UPDATE SET inode = excluded.inode, "
                     "mtime_ns = excluded.mtime_ns, facts = excluded.facts",
                     value_text(row->path), value_int(row->inode),
                     value_int((uint64_t) row->mtime_ns), value_text(row->facts));
}

int capability_row_load(Store *store, CapabilityRowFn *each, void *data, Error *err)
{
        _cleanup_(store_query_done) StoreQuery q = {};
        int r;

        r = store_query(store, "SELECT path, inode, mtime_ns, facts FROM capability ORDER BY path",
                        &q, err);
        while (r >= 0 && (r = store_query_next(&q, err)) > 0) {
                CapabilityRow row = {
                        .path = store_query_text(&q, 0),
                        .inode = store_query_int(&q, 1),
                        .mtime_ns = (int64_t) store_query_int(&q, 2),
                        .facts = store_query_text(&q, 3),
                };

                r = each(data, &row, err);
        }
        return r;
}

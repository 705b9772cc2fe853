/* The journal: operations that have begun and not ended. */
#pragma once

#include "base/uuid.h"
#include "store/store.h"

#include <stdint.h>

typedef struct OperationRow {
        uint64_t id;
        Uuid uuid;          /* of the domain */
        const char *driver; /* of the domain */
        const char *name;   /* of the domain */
        const char *type;   /* OpType.name */
        const char *args;   /* OpArgs as JSON, with what earlier steps learned */
        const char *step;   /* the step whose run() may have begun */
        bool committed;
        uint64_t started; /* ms since 1970 */
} OperationRow;

typedef int OperationRowFn(void *data, const OperationRow *row, Error *err);

void operation_row_put(StoreTx *tx, const OperationRow *row);
void operation_row_delete(StoreTx *tx, uint64_t id);
/* In the order of id. */
int operation_row_load(Store *store, OperationRowFn *each, void *data, Error *err);

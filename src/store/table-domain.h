/* Persistent domains: the stored configuration, the template of the next start. */
#pragma once

#include "base/uuid.h"
#include "store/store.h"

typedef struct DomainRow {
        Uuid uuid;
        const char *driver; /* "qemu", "test" */
        const char *name;
        const char *config; /* DomainConfig as JSON */
        bool autostart;     /* of a new row; domain_row_set_autostart() changes it */
} DomainRow;

typedef int DomainRowFn(void *data, const DomainRow *row, Error *err);

void domain_row_put(StoreTx *tx, const DomainRow *row);
void domain_row_set_autostart(StoreTx *tx, const Uuid *uuid, bool autostart);
void domain_row_delete(StoreTx *tx, const Uuid *uuid);
/* Calls `each` with every row, strings good during the call; stops at its first error. Blocks. */
int domain_row_load(Store *store, DomainRowFn *each, void *data, Error *err);

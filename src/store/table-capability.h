/* What a hypervisor binary can do, kept until the binary changes. */
#pragma once

#include "store/store.h"

#include <stdint.h>

typedef struct CapabilityRow {
        const char *path; /* of the binary */
        uint64_t inode;
        int64_t mtime_ns;
        const char *facts; /* the driver's own JSON */
} CapabilityRow;

typedef int CapabilityRowFn(void *data, const CapabilityRow *row, Error *err);

void capability_row_put(StoreTx *tx, const CapabilityRow *row);
int capability_row_load(Store *store, CapabilityRowFn *each, void *data, Error *err);

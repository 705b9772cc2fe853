/* Active domains: what a new daemon needs to find the process again. */
#pragma once

#include "base/uuid.h"
#include "store/store.h"

#include <stdint.h>

typedef struct RuntimeRow {
        Uuid uuid;
        const char *driver;
        const char *name;
        int64_t id;          /* the number that clients see */
        int64_t pid;         /* of the hypervisor's process; 0 where there is none */
        uint64_t start_time; /* of that process, clock ticks since boot */
        const char *boot_id; /* the boot of the host on which pid and start_time mean something */
        const char *config;  /* live DomainConfig as JSON */
        const char *state;   /* the driver's own facts as JSON, or NULL */
} RuntimeRow;

typedef int RuntimeRowFn(void *data, const RuntimeRow *row, Error *err);

void runtime_row_put(StoreTx *tx, const RuntimeRow *row);
/* Changes the driver's own part of a row alone. */
void runtime_row_set_state(StoreTx *tx, const Uuid *uuid, const char *state);
void runtime_row_delete(StoreTx *tx, const Uuid *uuid);
int runtime_row_load(Store *store, RuntimeRowFn *each, void *data, Error *err);

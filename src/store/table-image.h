/* Managed save images: a domain with a row here is off and its memory is in the file. */
#pragma once

#include "base/uuid.h"
#include "store/store.h"

#include <stdint.h>

typedef struct ImageRow {
        Uuid uuid;        /* of the domain */
        const char *path; /* absolute */
        uint64_t size;    /* bytes of the whole file */
        uint64_t created; /* ms since 1970 */
        bool paused;      /* the guest was paused when it was saved */
} ImageRow;

typedef int ImageRowFn(void *data, const ImageRow *row, Error *err);

void image_row_put(StoreTx *tx, const ImageRow *row);
void image_row_delete(StoreTx *tx, const Uuid *uuid);
int image_row_load(Store *store, ImageRowFn *each, void *data, Error *err);

/* A guest's memory on its way between QEMU and an image: a migration through a pipe, with a pump at
 * the other end. One leaf of an operation; it ends when both QEMU and the pump have ended.
 *
 *   qemu_migration_save(), qemu_migration_load()   IDLE -> MOVING
 *   qemu_migration_cancel()                        MOVING -> MOVING, soon over; else harmless
 *   both ends are over, or QEMU is                 MOVING -> IDLE; the operation wakes
 *
 * The error tells the side that failed first: the pump's word (a full disk, a damaged image) goes
 * before QEMU's, whose pipe just broke. */
#pragma once

#include "image/image.h"
#include "qemu/guest.h"

typedef struct QemuMigration {
        /* readable */
        ImagePumpResult result; /* after a save */
        /* private */
        Op *op;
        ImagePump *pump;
        Timer *progress;
        Timer *patience; /* after a cancel: how long QEMU may take to see it */
        unsigned calls;  /* commands that wait for an answer */
        bool saving, pump_over, qemu_over, cancelled, failing;
        uint64_t total;
        Error pump_error, qemu_error;
} QemuMigration;

/* Leaves, OP_WAIT. The image's descriptor is taken over in any case. */
int qemu_migration_save(Op *op, QemuMigration *m, int file_fd, uint64_t offset, Error *err);
int qemu_migration_load(Op *op, QemuMigration *m, int file_fd, const ImageInfo *info, Error *err);
void qemu_migration_cancel(QemuMigration *m);
/* A leaf: ends a migration that an earlier daemon began, or that has ended. For undo. */
int qemu_migration_stop(Op *op, QemuMigration *m, Error *err);
void qemu_migration_done(QemuMigration *m);

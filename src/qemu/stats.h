/* What QEMU tells of a guest's use of the host: DriverType.refresh.
 *
 *   none -> UNDER WAY   qemu_refresh(): every question at once, without a deadline
 *   UNDER WAY -> none   the last answer, the end of the monitor, or qemu_refresh_ended()
 *
 * The statistics change at the end, all together. A question that QEMU refuses leaves its part as
 * not known. */
#pragma once

#include "qemu/guest.h"

typedef struct QemuRefresh QemuRefresh;

/* DriverType.refresh */
int qemu_refresh(Driver *driver, Domain *d, DriverDoneFn *done, void *data, Error *err);
/* The guest ended: `done` is told the cause. Nothing happens where none is under way. */
void qemu_refresh_ended(QemuGuest *guest, const Error *cause);
/* Forgotten without a word. NULL is fine. */
QemuRefresh *qemu_refresh_free(QemuRefresh *refresh);

/* Renews the part of the statistics that the kernel tells: DriverType.sample. */
void qemu_sample(Driver *driver, Domain *d);

/* The balloon in QEMU's tree of objects, the caller's; NULL: the guest has none. */
char *qemu_balloon_path(const DomainConfig *live);
/* Arguments of the command that has the balloon at `path` report every so many seconds. */
json_t *qemu_stats_period(const char *path, uint32_t seconds);

/* The parts of an answer, for tests: each fills its part of the statistics. */
typedef void QemuStatsFn(DomainStats *stats, const DomainConfig *live, const json_t *value);
QemuStatsFn qemu_stats_blockstats, qemu_stats_block, qemu_stats_nodes, qemu_stats_balloon,
        qemu_stats_memory, qemu_stats_cpus, qemu_stats_iothreads;

/* The QEMU driver. `qemu_driver` is the door; the rest is the room's own. */
#pragma once

#include "driver/driver.h"
#include "qemu/caps.h"
#include "qemu/owner.h"

/* Limits of waiting. They are copied when the driver opens. */
typedef struct QemuSettings {
        uint64_t startup_ms; /* until a new QEMU greets */
        uint64_t command_ms; /* until a QMP command is answered */
        uint64_t kill_ms;    /* until a killed process is gone */
        uint64_t lost_ms;    /* that a process may outlive its monitor's connection */
        uint64_t unplug_ms;  /* that a guest may take to give a device back */
        QemuUser user;
        uint64_t max_files;    /* that a QEMU may have open; 0: as many as the daemon */
        const char *cgroup;    /* folder of the guests' cgroups, see cgroup.h; NULL: none */
        uint64_t memory_extra; /* bytes that a QEMU may have beyond its guest's memory; 0: any */
        uint64_t max_tasks;    /* processes and threads of a QEMU; 0: any */
} QemuSettings;

typedef struct QemuDriver {
        QemuSettings settings;
        QemuCapsCache *caps;
        unsigned next_port;  /* where the search for a display's port goes on */
        char *cgroup;        /* where guests get theirs; NULL: they get none */
        char *cgroup_suffix; /* of this root's guests */
        ListNode returns;    /* files on their way back to their owners; see files.h */
} QemuDriver;

/* What a driver opens with; tests shorten them. */
extern QemuSettings qemu_settings;
extern const DriverType qemu_driver;

static inline QemuDriver *qemu_driver_of(const Driver *driver)
{
        return driver->instance;
}

/* DriverType.kill. */
void qemu_driver_kill(Driver *driver, Domain *d);

/* Operations, one a file. */
extern const OpType qemu_op_start, qemu_op_restore, qemu_op_save, qemu_op_managed_save,
        qemu_op_destroy, qemu_op_shutdown, qemu_op_reboot, qemu_op_suspend, qemu_op_resume,
        qemu_op_reset;

/* DriverType.edit_guest and .record. */
int qemu_edit_guest(Op *op, const DomainConfig *to, Error *err);
void qemu_record(StoreTx *tx, const Domain *d, const DomainConfig *live);

/* A guest of the QEMU driver: its process, its monitor, and how both end. It is d->driver_state
 * from the binding of the monitor's socket until the end of the process has been seen.
 *
 *   BOUND -> SPAWNED -> RELEASED -> CONNECTED -> ENDED
 *                (adopt) ---------------^
 *
 *   qemu_guest_bind()     makes it: BOUND
 *   qemu_guest_spawn()    BOUND -> SPAWNED: a gated child, QEMU has not run yet; the domain is
 * active qemu_guest_release()  SPAWNED -> CONNECTED, by RELEASED: QEMU runs, commands may be given
 *   qemu_guest_adopt()    makes it: CONNECTED to the process of an earlier daemon
 *   qemu_guest_unbind()   BOUND -> freed
 *   the process ends      any -> ENDED, then freed: the domain goes off, then every command and
 * every operation that waits on the guest is told the cause
 *
 * A guest is `shown` once clients were told that it runs. One that ends before is discarded without
 * an event. */
#pragma once

#include "driver/driver.h"
#include "loop/child.h"
#include "loop/timer.h"
#include "qemu/qmp.h"

#include <sys/types.h>

typedef struct QemuGuest QemuGuest;

/* How far a guest is in following a configuration; see follow.h. */
typedef struct QemuFollow {
        uint64_t op_id; /* for whom, and in which direction */
        OpPhase phase;
        unsigned move;
        size_t i;       /* of what the move goes over */
        json_t *answer; /* of QEMU to the move's question */
        json_t *vcpus, *iothreads; /* of QEMU, with their threads */
        char *leaving; /* the device that the guest was asked to give back */
        Op *waiting;   /* until it has, or until its patience ends */
        Timer *patience;
} QemuFollow;

/* Hears of MIGRATION events, for a step that waits for them; err is set when none will come any
 * more since the connection or the process ended. */
typedef void QemuMigrationFn(void *data, const char *status, const Error *err);

struct QemuGuest {
        /* readable */
        Domain *domain;
        Driver *driver;
        QmpClient *qmp; /* NULL before CONNECTED */
        bool shown;

        /* set by operations before the command that brings it about; back to the default after use
         */
        DomainReason running_because; /* of the next RESUME; UNPAUSED */
        DomainReason paused_because;  /* of the next STOP; UNKNOWN */
        DomainReason off_because;     /* of the end of the process; with off_event */
        DomainEventKind off_event;    /* _DOMAIN_EVENT_MAX: nobody said, the guest's own doing */
        bool restart;                 /* the next power-off is a reboot (op-reboot.c) */
        QemuMigrationFn *migration;   /* MIGRATION events go here */
        void *migration_data;

        QemuFollow follow;
        struct QemuRefresh *refresh; /* see stats.h */
        ListNode asks;               /* see ask.h */

        /* private */
        bool resetting; /* stopped and on its way to boot again: not told as a pause */
        struct Reconnect *reconnect;
        Child *child;
        int listen_fd;
        char *monitor_path, *log_path;
        char *held; /* files whose owner changed for the guest, as owner.h has it; NULL: none */
        off_t log_start;
        Timer *lost; /* the connection has ended: how long the process may outlive it */
        Error lost_error;
        ListNode waits; /* for the end */
};

/* The guest of an active domain, or NULL. */
static inline QemuGuest *qemu_guest(const Domain *d)
{
        return d->driver_state;
}

int qemu_guest_bind(Driver *driver, Domain *d, Error *err);
/* Also removes what an earlier daemon left bound. Harmless when there is nothing. */
void qemu_guest_unbind(Driver *driver, Domain *d);

/* The configuration is taken over in any case; it becomes the live one. `incoming`: QEMU waits for
 * a memory stream. */
int qemu_guest_spawn(Domain *d, DomainConfig *live, bool incoming, Error *err);
int qemu_guest_release(Domain *d, Error *err);
/* `row` names a process that is there: ERROR_OPERATION_FAILED when it is not. The domain is active
 * afterwards. A process whose monitor cannot be connected is adopted all the same. */
int qemu_guest_adopt(Driver *driver, Domain *d, const RuntimeRow *row, Error *err);
/* Puts the runtime row of an active domain into a transaction. `shown`: what the next daemon is to
 * believe. */
void qemu_guest_record(StoreTx *tx, const Domain *d, const DomainConfig *live, bool shown);

/* The same of a row that is there, but for the configuration, which an edit may be about to change.
 */
void qemu_guest_record_state(StoreTx *tx, const Domain *d);

/* What such a row says that the guest held (owner.h), the caller's, or NULL. */
char *qemu_guest_held(const RuntimeRow *row);

static inline Domain *op_domain(const Op *op)
{
        return op->subject;
}
static inline Driver *op_driver(const Op *op)
{
        return op_domain(op)->list->driver;
}

/* SIGKILL; the end is seen later. Harmless on a guest that is no more. */
void qemu_guest_kill(Domain *d);
/* A leaf: wakes when the process has ended, or with an error when it does not end for long. OP_NEXT
 * when there is none. */
int qemu_guest_wait_end(Domain *d, Op *op);

/* A leaf: a QMP command. `fn` is told the answer and wakes the operation; NULL: it is just woken.
 * Refused when the domain has no guest. `args` is taken over in any case. */
int qemu_guest_call(Op *op, const char *command, json_t *args, QmpReplyFn *fn, Error *err);
/* A QmpReplyFn that wakes the operation given as data. */
void qemu_op_woken(void *op, json_t *value, const Error *err);

/* The daemon ends, the guest runs on. */
void qemu_guest_free(QemuGuest *guest);

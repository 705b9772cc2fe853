/* A guest of the Xen driver. It is d->driver_state while the domain is active.
 *
 *   xen_guest_began()   makes it; the domain is active, paused
 *   the census          tells that it stopped (it stays in Xen until it is destroyed: on_poweroff
 * and its like are acted on here) or that it is gone: the domain goes off xen_guest_kill() destroys
 * it; harmless when that is under way
 *
 * A guest is `shown` once clients were told that it runs. One that ends before is discarded without
 * an event. */
#pragma once

#include "driver/driver.h"
#include "xen/census.h"
#include "xen/task.h"

typedef struct XenDriver {
        Driver *driver;
        XenTasks *tasks;
        XenCensus *census;
        unsigned long version; /* of the hypervisor, as DriverType.version */
        char *caps; /* what it can run, as libxl tells: "xen-3.0-x86_64 hvm-3.0-x86_64" */
} XenDriver;

typedef struct XenGuest {
        /* readable */
        Domain *domain;
        XenDriver *driver;
        uint32_t domid;
        char *tty; /* of its console; NULL: it has none */
        bool shown;

        /* set by operations before what brings it about */
        DomainReason off_because;
        DomainEventKind off_event; /* _DOMAIN_EVENT_MAX: nobody said */
        bool suspending;           /* a save stops it, which is no end */

        /* private */
        uint64_t since; /* ticket: older tellings of the census do not know it */
        XenTask *killing;
} XenGuest;

static inline XenGuest *xen_guest(const Domain *d)
{
        return d->driver_state;
}
static inline Domain *op_domain(const Op *op)
{
        return op->subject;
}
static inline XenDriver *op_xen_driver(const Op *op)
{
        return op_domain(op)->list->driver->instance;
}

/* The configuration is taken over; the tty is copied. */
void xen_guest_began(Domain *d, DomainConfig *live, uint32_t domid, const char *tty);
/* What a telling of the census means for it; `x` NULL: it is gone. */
void xen_guest_seen(Domain *d, const XenDomain *x, uint64_t as_of);
void xen_guest_kill(Domain *d);
/* It was destroyed: the domain goes off. Harmless when it is. */
void xen_guest_gone(Domain *d);
/* A leaf: destroys what Xen has of the domain's uuid; then the domain is off. For steps and undos.
 */
int xen_guest_destroy(Op *op, Error *err);
/* Frees d->driver_state. */
void xen_guest_release(Domain *d);
/* <log_dir>/<name>.log, the caller's. */
char *xen_guest_log(const Domain *d);

/* On a task's thread: destroys the domain of that uuid, if there is one, until it is gone. */
int xen_destroy(XenTask *task, const Uuid *uuid, Error *err);
/* On a task's thread: its number; ERROR_NO_DOMAIN. */
int xen_find(XenTask *task, const Uuid *uuid, libxl_dominfo *ret, Error *err);

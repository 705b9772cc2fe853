#include "xen/xen-internal.h"

#include "base/str.h"

#include <string.h>

enum {
        DESTROY_ROUNDS = 5,
};

char *xen_guest_log(const Domain *d)
{
        return xasprintf("%s/%s.log", d->list->driver->host.log_dir, d->name);
}

/* --- on a task's thread --- */

int xen_find(XenTask *task, const Uuid *uuid, libxl_dominfo *ret, Error *err)
{
        int n = 0, r = -1;
        libxl_dominfo *infos = libxl_list_domain(xen_ctx(task), &n);

        if (!infos)
                return error_set(err, ERROR_OPERATION_FAILED, "cannot list Xen's domains");
        for (int i = 0; r < 0 && i < n; i++)
                if (infos[i].domid != 0 &&
                    !memcmp(infos[i].uuid.uuid, uuid->bytes, sizeof(uuid->bytes))) {
                        *ret = infos[i];
                        ret->ssid_label = NULL;
                        r = 0;
                }
        libxl_dominfo_list_free(infos, n);
        return r == 0 ? 0
                      : error_set(err, ERROR_NO_DOMAIN, "Xen has no domain with uuid %s",
                                  UUID_TEXT(uuid));
}

int xen_destroy(XenTask *task, const Uuid *uuid, Error *err)
{
        libxl_dominfo info;

        for (int round = 0; round < DESTROY_ROUNDS; round++) {
                _cleanup_(error_done) Error why = {};
                int r = xen_find(task, uuid, &info, &why);

                if (r == -ERROR_NO_DOMAIN) {
                        error_done(err); /* of a round that something else was quicker than */
                        return 0;
                }
                if (r < 0)
                        return error_move(err, &why);
                (void) xen_wait(task,
                                libxl_domain_destroy(xen_ctx(task), info.domid, xen_how(task)), err,
                                "cannot destroy domain %u", info.domid);
        }
        if (!error_is_set(err))
                return error_set(err, ERROR_OPERATION_FAILED, "domain %u is still there",
                                 info.domid);
        return -(int) err->code;
}

/* --- its life --- */

void xen_guest_began(Domain *d, DomainConfig *live, uint32_t domid, const char *tty)
{
        XenDriver *driver = d->list->driver->instance;
        XenGuest *guest = xnew0(XenGuest, 1);

        *guest = (XenGuest){.domain = d,
                            .driver = driver,
                            .domid = domid,
                            .tty = xstrdup_null(tty),
                            .off_event = _DOMAIN_EVENT_MAX,
                            .since = xen_census_look(driver->census)};
        d->driver_state = guest;
        domain_began(d, live, domid);
}

void xen_guest_release(Domain *d)
{
        XenGuest *guest = TAKE_PTR(d->driver_state);

        if (!guest)
                return;
        xen_task_abandon(guest->killing);
        free(guest->tty);
        free(guest);
}

void xen_guest_gone(Domain *d)
{
        XenGuest *guest = xen_guest(d);
        StoreTx *tx;

        if (!guest)
                return;
        tx = store_tx_new(guest->driver->driver->host.store);
        domain_record_ended(tx, d);
        store_commit(tx, STORE_ORDERED, NULL, NULL);
        DomainEventKind event = guest->off_event;
        DomainReason reason = guest->off_because;
        bool shown = guest->shown;
        xen_guest_release(d);
        if (!shown)
                domain_discard(d);
        else if (event == _DOMAIN_EVENT_MAX)
                domain_ended(d, REASON_DESTROYED, EVENT_STOPPED_DESTROYED);
        else
                domain_ended(d, reason, event);
}

/* --- destroying it --- */

typedef struct Destroy {
        Domain *domain; /* a reference */
        Uuid uuid;
} Destroy;

static Destroy *destroy_new(Domain *d)
{
        Destroy *destroy = xnew0(Destroy, 1);

        *destroy = (Destroy){.domain = domain_ref(d), .uuid = d->uuid};
        return destroy;
}

static void destroy_free(void *data)
{
        Destroy *destroy = data;

        domain_unref(destroy->domain);
        free(destroy);
}

static int destroy_run(XenTask *task, void *data, Error *err)
{
        const Destroy *destroy = data;

        return xen_destroy(task, &destroy->uuid, err);
}

static void kill_done(void *data, bool abandoned, const Error *err)
{
        Destroy *destroy = data;
        XenGuest *guest = xen_guest(destroy->domain);

        if (!abandoned && guest) {
                guest->killing = NULL;
                if (!error_is_set(err))
                        xen_guest_gone(destroy->domain);
        }
        destroy_free(destroy);
}

void xen_guest_kill(Domain *d)
{
        XenGuest *guest = xen_guest(d);
        _cleanup_(free_ptr) char *log = xen_guest_log(d);

        if (!guest || guest->killing)
                return;
        guest->killing = xen_task_start(d->list->driver->host.loop, guest->driver->tasks, log,
                                        destroy_run, kill_done, destroy_new(d));
}

static int destroy_then(Op *op, void *data _unused_, Error *err _unused_)
{
        xen_guest_gone(op_domain(op));
        return 0;
}

int xen_guest_destroy(Op *op, Error *err _unused_)
{
        Domain *d = op_domain(op);
        _cleanup_(free_ptr) char *log = xen_guest_log(d);

        return op_xen(op, op_xen_driver(op)->tasks, log, destroy_run, destroy_then, destroy_free,
                      destroy_new(d));
}

/* --- what the census tells --- */

/* The guest stopped by itself. Restarts are the next thing to be built here: until then every end
 * is an end. */
static void stopped(Domain *d, const XenDomain *x)
{
        XenGuest *guest = xen_guest(d);

        if (guest->killing || guest->suspending || x->reason == LIBXL_SHUTDOWN_REASON_SUSPEND)
                return;
        if (guest->off_event == _DOMAIN_EVENT_MAX) {
                bool crashed = x->reason == LIBXL_SHUTDOWN_REASON_CRASH ||
                               x->reason == LIBXL_SHUTDOWN_REASON_WATCHDOG;

                if (!crashed)
                        domain_emit(d, EVENT_SHUTDOWN_GUEST);
                guest->off_because = crashed ? REASON_CRASHED : REASON_SHUTDOWN;
                guest->off_event = crashed ? EVENT_STOPPED_CRASHED : EVENT_STOPPED_SHUTDOWN;
        }
        xen_guest_kill(d);
}

void xen_guest_seen(Domain *d, const XenDomain *x, uint64_t as_of)
{
        XenGuest *guest = xen_guest(d);

        if (!guest || as_of < guest->since)
                return;
        if (!x)
                xen_guest_gone(d);
        else if (x->dying)
                xen_guest_kill(d); /* until nothing of it is left */
        else if (x->shutdown)
                stopped(d, x);
        else
                d->stats.cpu_time_ns = x->cpu_time_ns;
}

/* --- steps that several tables have --- */

int xen_guest_record(Op *op, Error *err _unused_)
{
        const Domain *d = op_domain(op);
        StoreTx *tx = store_tx_new(op_store(op));

        domain_record_runtime(tx, d, d->live, 0, 0, NULL);
        store_commit(tx, STORE_ORDERED, op_wake_cb, op);
        return OP_WAIT;
}

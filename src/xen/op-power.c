/* Verbs of one call into libxl, which outlive nothing: suspend, resume, shutdown, reboot, destroy.
 */
#include "xen/xen-internal.h"

#include "base/str.h"

/* --- a call that names the domain by its number --- */

typedef struct Power {
        uint32_t domid;
        int (*call)(libxl_ctx *ctx, uint32_t domid, const libxl_asyncop_how *how);
        const char *what;
} Power;

static int power_run(XenTask *task, void *data, Error *err)
{
        const Power *power = data;

        return xen_wait(task, power->call(xen_ctx(task), power->domid, xen_how(task)), err,
                        "cannot %s domain %u", power->what, power->domid);
}

static int power(Op *op, Power what, OpJobThenFn *then)
{
        Domain *d = op_domain(op);
        _cleanup_(free_ptr) char *log = xen_guest_log(d);

        what.domid = xen_guest(d)->domid;
        return op_xen(op, op_xen_driver(op)->tasks, log, power_run, then, free,
                      xmemdup(&what, sizeof(what)));
}

int xen_guest_set_running(Op *op, bool running, OpJobThenFn *then, Error *err _unused_)
{
        return power(op,
                     running ? (Power){.call = libxl_domain_unpause, .what = "unpause"}
                             : (Power){.call = libxl_domain_pause, .what = "pause"},
                     then);
}

/* --- the verbs --- */

static int suspended(Op *op, void *data _unused_, Error *err _unused_)
{
        domain_set_state(op_domain(op), DOMAIN_PAUSED, REASON_USER, EVENT_SUSPENDED_PAUSED);
        return 0;
}

static int guest_suspend(Op *op, Error *err)
{
        return xen_guest_set_running(op, false, suspended, err);
}

static int resumed(Op *op, void *data _unused_, Error *err _unused_)
{
        domain_set_state(op_domain(op), DOMAIN_RUNNING, REASON_UNPAUSED, EVENT_RESUMED_UNPAUSED);
        return 0;
}

static int guest_resume(Op *op, Error *err)
{
        return xen_guest_set_running(op, true, resumed, err);
}

static int guest_shutdown(Op *op, Error *err _unused_)
{
        return power(op, (Power){.call = libxl_domain_shutdown, .what = "shut down"}, NULL);
}

static int guest_reboot(Op *op, Error *err _unused_)
{
        return power(op, (Power){.call = libxl_domain_reboot, .what = "reboot"}, NULL);
}

static int guest_destroy(Op *op, Error *err)
{
        XenGuest *guest = xen_guest(op_domain(op));

        if (guest) {
                guest->off_because = REASON_DESTROYED;
                guest->off_event = EVENT_STOPPED_DESTROYED;
        }
        return xen_guest_destroy(op, err);
}

#define ONE_STEP(symbol, verb, function, needed)                                                   \
        static const OpStep symbol##_steps[] = {                                                   \
                {.name = verb, .run = function, .needs = (needed)}, {}};                           \
        const OpType symbol = {.name = verb, .steps = symbol##_steps, .flags = OP_UNJOURNALLED}

ONE_STEP(xen_suspend_op, "suspend", guest_suspend, DOMAIN_NEEDS_ACTIVE);
ONE_STEP(xen_resume_op, "resume", guest_resume, DOMAIN_NEEDS_ACTIVE);
ONE_STEP(xen_shutdown_op, "shutdown", guest_shutdown, DOMAIN_NEEDS_ACTIVE);
ONE_STEP(xen_reboot_op, "reboot", guest_reboot, DOMAIN_NEEDS_ACTIVE);
ONE_STEP(xen_destroy_op, "destroy", guest_destroy, 0);

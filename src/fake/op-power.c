/* Verbs of one step: nothing of them outlives the daemon, and each is done at once. */
#include "fake/fake-internal.h"

static int guest_suspend(Op *op, Error *err)
{
        Domain *d = op_domain(op);
        int r = 0;

        if (d->state == DOMAIN_RUNNING)
                r = fake_set_running(d, false, REASON_USER, EVENT_SUSPENDED_PAUSED, err);
        return r < 0 ? r : OP_NEXT;
}

static int guest_resume(Op *op, Error *err)
{
        int r = fake_set_running(op_domain(op), true, REASON_UNPAUSED, EVENT_RESUMED_UNPAUSED, err);

        return r < 0 ? r : OP_NEXT;
}

static int guest_shutdown(Op *op, Error *err)
{
        Domain *d = op_domain(op);

        (void) err;
        domain_emit(d, EVENT_SHUTDOWN_GUEST);
        fake_end(d, REASON_SHUTDOWN, EVENT_STOPPED_SHUTDOWN);
        return OP_NEXT;
}

/* The guest boots again, with another memory. */
static int guest_reboot(Op *op, Error *err)
{
        Domain *d = op_domain(op);
        FakeGuest guest = fake_guest_of(d->live);
        int r;

        guest.running = d->state == DOMAIN_RUNNING;
        r = fake_guest_write(op_driver(op), &d->uuid, &guest, err);
        if (r < 0)
                return r;
        domain_emit(d, EVENT_REBOOT);
        return OP_NEXT;
}

/* Memory and processors come and go as they are told to. */
int fake_edit_guest(Op *op, const DomainConfig *to, Error *err)
{
        Domain *d = op_domain(op);
        FakeGuest guest;
        int r = fake_guest_read(op_driver(op), &d->uuid, &guest, err);

        if (r < 0)
                return r;
        fake_guest_follow(&guest, to);
        r = fake_guest_write(op_driver(op), &d->uuid, &guest, err);
        return r < 0 ? r : OP_NEXT;
}

void fake_record_row(StoreTx *tx, const Domain *d, const DomainConfig *live)
{
        domain_record_runtime(tx, d, live, 0, 0, NULL);
}

static int guest_destroy(Op *op, Error *err)
{
        (void) err;
        fake_end(op_domain(op), REASON_DESTROYED, EVENT_STOPPED_DESTROYED);
        return OP_NEXT;
}

#define ONE_STEP(symbol, verb, function, needed)                                                   \
        static const OpStep symbol##_steps[] = {                                                   \
                {.name = verb, .run = function, .needs = (needed)}, {}};                           \
        const OpType symbol = {.name = verb, .steps = symbol##_steps, .flags = OP_UNJOURNALLED}

ONE_STEP(fake_suspend_op, "suspend", guest_suspend, DOMAIN_NEEDS_ACTIVE);
ONE_STEP(fake_resume_op, "resume", guest_resume, DOMAIN_NEEDS_ACTIVE);
ONE_STEP(fake_shutdown_op, "shutdown", guest_shutdown, DOMAIN_NEEDS_ACTIVE);
ONE_STEP(fake_reboot_op, "reboot", guest_reboot, DOMAIN_NEEDS_ACTIVE);
ONE_STEP(fake_reset_op, "reset", guest_reboot, DOMAIN_NEEDS_ACTIVE);
ONE_STEP(fake_destroy_op, "destroy", guest_destroy, 0);

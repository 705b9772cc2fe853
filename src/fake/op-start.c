/* Start: boot a guest.
 *
 * Before: the domain is off. After: it runs, or is paused with args.paused; with args.force_boot
 * its managed save image is discarded. On error, cancel or crash before "record running": as
 * before. */
#include "fake/fake-internal.h"

#include "base/str.h"
#include "store/table-image.h"

#include <errno.h>
#include <unistd.h>

static OpStepFn guest_create, guest_record, running_record, guest_run, image_remove;

static const OpStep steps[] = {
        {.name = "create guest",
         .run = guest_create,
         .undo = fake_guest_forget,
         .needs = DOMAIN_NEEDS_OFF},
        {.name = "record guest", .run = guest_record, .needs = DOMAIN_NEEDS_ACTIVE},
        {.name = "record running",
         .run = running_record,
         .flags = OP_COMMITS,
         .needs = DOMAIN_NEEDS_ACTIVE},
        {.name = "run guest", .run = guest_run, .needs = DOMAIN_NEEDS_ACTIVE},
        {.name = "remove image", .run = image_remove},
        {},
};

const OpType fake_start_op = {.name = "start", .steps = steps};

static int guest_create(Op *op, Error *err)
{
        Domain *d = op_domain(op);
        FakeGuest guest;
        DomainConfig *live;
        int r = domain_start_config(d, &op->args, &live, err);

        if (r < 0)
                return r;
        guest = fake_guest_of(live);
        r = fake_guest_write(op_driver(op), &d->uuid, &guest, err);
        if (r < 0) {
                domain_config_free(live);
                return r;
        }
        domain_began(d, live, -1);
        return OP_NEXT;
}

static int guest_record(Op *op, Error *err)
{
        (void) err;
        return fake_record(op);
}

static int running_record(Op *op, Error *err)
{
        Domain *d = op_domain(op);
        StoreTx *tx = store_tx_new(op_store(op));

        fake_record_row(tx, d, d->live);
        if (op->args.force_boot && d->image.path) {
                op->args.path = xstrdup(d->image.path);
                image_row_delete(tx, &d->uuid);
        }
        return op_commit(op, tx, err);
}

static int guest_run(Op *op, Error *err)
{
        Domain *d = op_domain(op);
        int r = 0;

        if (op->args.paused) {
                domain_set_state(d, DOMAIN_PAUSED, REASON_USER, EVENT_STARTED_BOOTED);
                domain_emit(d, EVENT_SUSPENDED_PAUSED);
        } else {
                r = fake_set_running(d, true, REASON_BOOTED, EVENT_RESUMED_UNPAUSED, err);
                domain_emit(d, EVENT_STARTED_BOOTED);
        }
        return r < 0 ? r : OP_NEXT;
}

static int image_remove(Op *op, Error *err)
{
        if (!op->args.path)
                return OP_NEXT;
        if (unlink(op->args.path) < 0 && errno != ENOENT)
                return error_set_errno(err, errno, "cannot remove '%s'", op->args.path);
        domain_set_image(op_domain(op), (DomainImage){});
        return OP_NEXT;
}

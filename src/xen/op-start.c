/* Start: boot a guest.
 *
 * Before: the domain is off. After: it runs, or is paused with args.paused; with args.force_boot
 * its managed save image is discarded. On error, cancel or crash before "record running": as
 * before. */
#include "xen/xen-internal.h"

#include "base/str.h"
#include "store/table-image.h"
#include "xen/create.h"

static OpStepFn domain_create, domain_cancel, running_record, guest_unpause, image_remove;

static const OpStep steps[] = {
        {.name = "create domain",
         .run = domain_create,
         .undo = xen_guest_destroy,
         .cancel = domain_cancel,
         .needs = DOMAIN_NEEDS_OFF},
        {.name = "record guest", .run = xen_guest_record, .needs = DOMAIN_NEEDS_ACTIVE},
        {.name = "record running",
         .run = running_record,
         .flags = OP_COMMITS,
         .needs = DOMAIN_NEEDS_ACTIVE},
        {.name = "unpause guest", .run = guest_unpause, .needs = DOMAIN_NEEDS_ACTIVE},
        {.name = "remove image", .run = image_remove},
        {},
};

const OpType xen_start_op = {.name = "start", .steps = steps};

/* --- the domain --- */

static int create_then(Op *op, void *data, Error *err _unused_)
{
        xen_create_began(op_domain(op), data);
        return 0;
}

static int domain_create(Op *op, Error *err)
{
        Domain *d = op_domain(op);
        _cleanup_(free_ptr) char *log = xen_guest_log(d);
        DomainConfig *config;
        int r = domain_start_config(d, &op->args, &config, err);

        if (r < 0)
                return r;
        return op_xen(op, op_xen_driver(op)->tasks, log, xen_create_run, create_then,
                      xen_create_free, xen_create_new(config, -1));
}

static int domain_cancel(Op *op, Error *err _unused_)
{
        op_xen_cancel(op, op_xen_driver(op)->tasks);
        return OP_NEXT;
}

/* --- the records, and after --- */

static int running_record(Op *op, Error *err)
{
        Domain *d = op_domain(op);
        StoreTx *tx = store_tx_new(op_store(op));

        domain_record_runtime(tx, d, d->live, 0, 0, NULL);
        if (op->args.force_boot && d->image.path) {
                free(op->args.path);
                op->args.path = xstrdup(d->image.path);
                image_row_delete(tx, &d->uuid);
        }
        return op_commit(op, tx, err);
}

static int unpaused(Op *op, void *data _unused_, Error *err _unused_)
{
        Domain *d = op_domain(op);

        domain_set_state(d, DOMAIN_RUNNING, REASON_BOOTED, EVENT_RESUMED_UNPAUSED);
        domain_emit(d, EVENT_STARTED_BOOTED);
        return 0;
}

static int guest_unpause(Op *op, Error *err)
{
        Domain *d = op_domain(op);

        xen_guest(d)->shown = true;
        if (!op->args.paused)
                return xen_guest_set_running(op, true, unpaused, err);
        domain_set_state(d, DOMAIN_PAUSED, REASON_USER, EVENT_STARTED_BOOTED);
        domain_emit(d, EVENT_SUSPENDED_PAUSED);
        return OP_NEXT;
}

static int image_remove(Op *op, Error *err _unused_)
{
        if (!op->args.path)
                return OP_NEXT;
        domain_set_image(op_domain(op), (DomainImage){});
        return op_unlink(op, op->args.path);
}

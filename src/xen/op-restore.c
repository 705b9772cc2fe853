/* Restore: bring a guest back from the image args.path.
 *
 * Before: the domain is off. After: the guest runs, or is paused as it was saved or as args.paused
 * and args.running say; a managed image is gone. On error, cancel or crash before "record running":
 * as before, with the image. A guest is never resumed from an image that does not match its sum. */
#include "xen/xen-internal.h"

#include "op/image-leaf.h"
#include "store/table-image.h"
#include "xen/stream.h"

typedef struct RestoreState {
        OpImage image;
        DomainConfig *config;
        XenStream stream;
} RestoreState;

static OpStepFn image_read, memory_load, memory_cancel, image_check, running_record, guest_unpause,
        image_remove;

static void release(Op *op)
{
        RestoreState *s = op->state;

        op_image_done(&s->image);
        domain_config_free(s->config);
        xen_stream_done(&s->stream);
}

static const OpStep steps[] = {
        {.name = "open image", .run = image_read, .needs = DOMAIN_NEEDS_OFF},
        {.name = "load memory",
         .run = memory_load,
         .undo = xen_guest_destroy,
         .cancel = memory_cancel,
         .needs = DOMAIN_NEEDS_OFF},
        {.name = "check image", .run = image_check, .needs = DOMAIN_NEEDS_ACTIVE},
        {.name = "record guest", .run = xen_guest_record, .needs = DOMAIN_NEEDS_ACTIVE},
        {.name = "record running",
         .run = running_record,
         .flags = OP_COMMITS,
         .needs = DOMAIN_NEEDS_ACTIVE},
        {.name = "unpause guest", .run = guest_unpause, .needs = DOMAIN_NEEDS_ACTIVE},
        {.name = "remove image", .run = image_remove},
        {},
};

const OpType xen_restore_op = {
        .name = "restore", .steps = steps, .state_size = sizeof(RestoreState), .release = release};

/* --- the image --- */

static int image_judge(Op *op, OpImage *image, Error *err)
{
        RestoreState *s = op->state;
        int r = domain_image_config(op_domain(op), &op->args, "xen", &image->info, &s->config, err);

        if (r >= 0 && image->info.paused && !op->args.running)
                op->args.paused = true;
        return r;
}

static int image_read(Op *op, Error *err _unused_)
{
        RestoreState *s = op->state;

        return op_image_open(op, &s->image, image_judge);
}

/* --- the guest --- */

static int memory_load(Op *op, Error *err)
{
        RestoreState *s = op->state;

        return xen_stream_load(op, &s->stream, TAKE_PTR(s->config), op_image_take_fd(&s->image),
                               &s->image.info, err);
}

static int memory_cancel(Op *op, Error *err _unused_)
{
        RestoreState *s = op->state;

        xen_stream_cancel(&s->stream);
        return OP_NEXT;
}

static int image_check(Op *op, Error *err)
{
        const RestoreState *s = op->state;
        int r = xen_stream_check(&s->stream, err);

        return r < 0 ? r : OP_NEXT;
}

static int running_record(Op *op, Error *err)
{
        Domain *d = op_domain(op);
        StoreTx *tx = store_tx_new(op_store(op));

        domain_record_runtime(tx, d, d->live, 0, 0, NULL);
        if (op->args.managed)
                image_row_delete(tx, &d->uuid);
        return op_commit(op, tx, err);
}

static int unpaused(Op *op, void *data _unused_, Error *err _unused_)
{
        domain_set_state(op_domain(op), DOMAIN_RUNNING, REASON_RESTORED, EVENT_RESUMED_RESTORED);
        return 0;
}

static int guest_unpause(Op *op, Error *err)
{
        Domain *d = op_domain(op);
        XenGuest *guest = xen_guest(d);

        if (!guest->shown)
                domain_emit(d, EVENT_STARTED_RESTORED);
        guest->shown = true;
        if (!op->args.paused)
                return xen_guest_set_running(op, true, unpaused, err);
        domain_set_state(d, DOMAIN_PAUSED, REASON_USER, EVENT_SUSPENDED_RESTORED);
        return OP_NEXT;
}

static int image_remove(Op *op, Error *err _unused_)
{
        if (!op->args.managed)
                return OP_NEXT;
        domain_set_image(op_domain(op), (DomainImage){});
        return op_unlink(op, op->args.path);
}

/* Start: boot a guest.
 *
 * Before: the domain is off. After: it runs, or is paused with args.paused; with args.force_boot
 * its managed save image is discarded. On error, cancel or crash before "record running": as
 * before. */
#include "qemu/files.h"
#include "qemu/launch.h"

#include "base/str.h"
#include "op/job-leaf.h"
#include "store/table-image.h"

static OpStepFn config_read, running_record, guest_resume, image_remove;

static void release(Op *op)
{
        launch_done(op->state);
}

static const OpStep steps[] = {
        {.name = "read configuration", .run = config_read, .needs = DOMAIN_NEEDS_OFF},
        {.name = "check files", .run = launch_check, .needs = DOMAIN_NEEDS_OFF},
        {.name = "look at owners", .run = files_look, .needs = DOMAIN_NEEDS_OFF},
        {.name = "give files", .run = files_take, .undo = files_return, .needs = DOMAIN_NEEDS_OFF},
        {.name = "bind monitor",
         .run = launch_bind,
         .undo = launch_unbind,
         .needs = DOMAIN_NEEDS_OFF},
        {.name = "spawn qemu", .run = launch_spawn, .undo = launch_kill, .needs = DOMAIN_NEEDS_OFF},
        {.name = "record process", .run = launch_record, .needs = DOMAIN_NEEDS_ACTIVE},
        {.name = "connect monitor", .run = launch_connect, .needs = DOMAIN_NEEDS_ACTIVE},
        {.name = "learn lines", .run = launch_learn_lines, .needs = DOMAIN_NEEDS_ACTIVE},
        {.name = "learn displays", .run = launch_learn_displays, .needs = DOMAIN_NEEDS_ACTIVE},
        {.name = "set up guest", .run = launch_set_up, .needs = DOMAIN_NEEDS_ACTIVE},
        {.name = "record running",
         .run = running_record,
         .needs = DOMAIN_NEEDS_ACTIVE,
         .flags = OP_COMMITS},
        {.name = "resume guest", .run = guest_resume, .needs = DOMAIN_NEEDS_ACTIVE},
        {.name = "remove image", .run = image_remove},
        {},
};

const OpType qemu_op_start = {
        .name = "start", .steps = steps, .state_size = sizeof(Launch), .release = release};

static int config_read(Op *op, Error *err)
{
        Launch *launch = op->state;
        int r = domain_start_config(op_domain(op), &op->args, &launch->config, err);

        return r < 0 ? r : OP_NEXT;
}

static int running_record(Op *op, Error *err)
{
        Domain *d = op_domain(op);
        StoreTx *tx = store_tx_new(op_store(op));

        files_keep(op);
        qemu_guest_record(tx, d, d->live, true);
        if (op->args.force_boot && d->image.path) {
                free(op->args.path);
                op->args.path = xstrdup(d->image.path);
                image_row_delete(tx, &d->uuid);
        }
        return op_commit(op, tx, err);
}

static void resumed(void *data, json_t *value, const Error *err)
{
        Op *op = data;

        (void) value;
        if (!err)
                domain_emit(op_domain(op), EVENT_STARTED_BOOTED);
        op_wake(op, err);
}

static int guest_resume(Op *op, Error *err)
{
        Domain *d = op_domain(op);
        QemuGuest *guest = qemu_guest(d);

        guest->shown = true;
        if (op->args.paused) {
                domain_set_state(d, DOMAIN_PAUSED, REASON_USER, EVENT_STARTED_BOOTED);
                domain_emit(d, EVENT_SUSPENDED_PAUSED);
                return OP_NEXT;
        }
        guest->running_because = REASON_BOOTED;
        return qemu_guest_call(op, "cont", NULL, resumed, err);
}

static int image_remove(Op *op, Error *err)
{
        (void) err;
        if (!op->args.path)
                return OP_NEXT;
        domain_set_image(op_domain(op), (DomainImage){});
        return op_unlink(op, op->args.path);
}

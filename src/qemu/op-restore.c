/* Restore: bring a guest back from the image args.path.
 *
 * Before: the domain is off. After: the guest runs, or is paused as it was saved or as args.paused
 * and args.running say; a managed image is gone. On error, cancel or crash before "record running":
 * as before, with the image. A guest is never resumed from an image that does not match its sum.
 *
 * The command line is made from the image's configuration, so that every device sits where the
 * saved guest knows it. */
#include "qemu/files.h"
#include "qemu/launch.h"

#include "op/image-leaf.h"
#include "op/job-leaf.h"
#include "qemu/migration.h"
#include "store/table-image.h"

typedef struct RestoreState {
        Launch launch;
        OpImage image;
        QemuMigration migration;
} RestoreState;

static OpStepFn image_read, memory_load, memory_cancel, running_record, guest_resume, image_remove;

static void release(Op *op)
{
        RestoreState *s = op->state;

        launch_done(&s->launch);
        op_image_done(&s->image);
        qemu_migration_done(&s->migration);
}

static const OpStep steps[] = {
        {.name = "open image", .run = image_read, .needs = DOMAIN_NEEDS_OFF},
        {.name = "check files", .run = launch_check, .needs = DOMAIN_NEEDS_OFF},
        {.name = "look at owners", .run = files_look, .needs = DOMAIN_NEEDS_OFF},
        {.name = "give files", .run = files_take, .undo = files_return, .needs = DOMAIN_NEEDS_OFF},
        {.name = "bind monitor",
         .run = launch_bind,
         .undo = launch_unbind,
         .needs = DOMAIN_NEEDS_OFF},
        {.name = "spawn qemu",
         .run = launch_spawn_incoming,
         .undo = launch_kill,
         .needs = DOMAIN_NEEDS_OFF},
        {.name = "record process", .run = launch_record, .needs = DOMAIN_NEEDS_ACTIVE},
        {.name = "connect monitor", .run = launch_connect, .needs = DOMAIN_NEEDS_ACTIVE},
        {.name = "load memory",
         .run = memory_load,
         .cancel = memory_cancel,
         .needs = DOMAIN_NEEDS_ACTIVE},
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

const OpType qemu_op_restore = {
        .name = "restore", .steps = steps, .state_size = sizeof(RestoreState), .release = release};

/* --- the image --- */

static int image_judge(Op *op, OpImage *image, Error *err)
{
        RestoreState *s = op->state;
        int r = domain_image_config(op_domain(op), &op->args, "qemu", &image->info,
                                    &s->launch.config, err);

        if (r >= 0 && image->info.paused && !op->args.running)
                op->args.paused = true;
        return r;
}

static int image_read(Op *op, Error *err)
{
        RestoreState *s = op->state;

        (void) err;
        return op_image_open(op, &s->image, image_judge);
}

/* --- the guest --- */

static int memory_load(Op *op, Error *err)
{
        RestoreState *s = op->state;

        return qemu_migration_load(op, &s->migration, op_image_take_fd(&s->image), &s->image.info,
                                   err);
}

static int memory_cancel(Op *op, Error *err)
{
        RestoreState *s = op->state;

        (void) err;
        qemu_migration_cancel(&s->migration);
        return OP_NEXT;
}

static int running_record(Op *op, Error *err)
{
        Domain *d = op_domain(op);
        StoreTx *tx = store_tx_new(op_store(op));

        files_keep(op);
        qemu_guest_record(tx, d, d->live, true);
        if (op->args.managed)
                image_row_delete(tx, &d->uuid);
        return op_commit(op, tx, err);
}

static int guest_resume(Op *op, Error *err)
{
        Domain *d = op_domain(op);
        QemuGuest *guest = qemu_guest(d);

        if (!guest->shown)
                domain_emit(d, EVENT_STARTED_RESTORED);
        guest->shown = true;
        if (op->args.paused) {
                domain_set_state(d, DOMAIN_PAUSED, REASON_USER, EVENT_SUSPENDED_RESTORED);
                return OP_NEXT;
        }
        guest->running_because = REASON_RESTORED;
        return qemu_guest_call(op, "cont", NULL, NULL, err);
}

static int image_remove(Op *op, Error *err)
{
        (void) err;
        if (!op->args.managed)
                return OP_NEXT;
        domain_set_image(op_domain(op), (DomainImage){});
        return op_unlink(op, op->args.path);
}

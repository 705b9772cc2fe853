/* Save and managed save: stop the guest, write its memory to an image, end its process.
 *
 * Before: the domain is active (managed: and persistent). After: it is off and its image is at
 * args.path, recorded when managed. On error, cancel or crash before "record image": as before, and
 * no file is left. */
#include "qemu/guest.h"
#include "qemu/qemu.h"

#include "base/str.h"
#include "op/image-leaf.h"
#include "op/job-leaf.h"
#include "qemu/migration.h"
#include "store/table-image.h"

typedef struct SaveState {
        OpImage image;
        QemuMigration migration;
} SaveState;

static OpStepFn guest_look, image_make, guest_stop, guest_cont, memory_write, memory_cancel,
        memory_stop, image_complete, image_record, image_publish, qemu_quit;

static void release(Op *op)
{
        SaveState *s = op->state;

        op_image_done(&s->image);
        qemu_migration_done(&s->migration);
}

static const OpStep steps[] = {
        {.name = "look at guest", .run = guest_look, .needs = DOMAIN_NEEDS_ACTIVE},
        {.name = "open image",
         .run = image_make,
         .undo = op_image_discard,
         .needs = DOMAIN_NEEDS_ACTIVE,
         .flags = OP_DURABLE},
        {.name = "stop guest", .run = guest_stop, .undo = guest_cont, .needs = DOMAIN_NEEDS_ACTIVE},
        {.name = "write memory",
         .run = memory_write,
         .undo = memory_stop,
         .cancel = memory_cancel,
         .needs = DOMAIN_NEEDS_ACTIVE},
        {.name = "finish image", .run = image_complete, .needs = DOMAIN_NEEDS_ACTIVE},
        {.name = "record image",
         .run = image_record,
         .needs = DOMAIN_NEEDS_ACTIVE,
         .flags = OP_COMMITS},
        {.name = "publish image", .run = image_publish},
        {.name = "quit qemu", .run = qemu_quit},
        {},
};

const OpType qemu_op_save = {
        .name = "save", .steps = steps, .state_size = sizeof(SaveState), .release = release};
const OpType qemu_op_managed_save = {.name = "managed save",
                                     .steps = steps,
                                     .state_size = sizeof(SaveState),
                                     .release = release};

/* --- the image --- */

static char *image_xml(const Op *op)
{
        return op->args.xml ? xstrdup(op->args.xml)
                            : domain_config_to_xml(op_domain(op)->live, -1, CONFIG_XML_SECURE);
}

/* What the undos have to know, and the journal before anything is done. */
static int guest_look(Op *op, Error *err)
{
        const Domain *d = op_domain(op);

        if (op->type == &qemu_op_managed_save) {
                op->args.managed = true;
                free(op->args.path);
                op->args.path = xasprintf("%s/%s.save", op_driver(op)->host.save_dir, d->name);
        }
        if (op->args.path[0] != '/')
                return error_set(err, ERROR_INVALID_ARGUMENT, "path '%s' is not absolute",
                                 op->args.path);
        free(op->args.temp_path);
        op->args.temp_path = xasprintf("%s.partial", op->args.path);
        op->args.was_running = d->state == DOMAIN_RUNNING;
        return OP_NEXT;
}

static int image_make(Op *op, Error *err)
{
        SaveState *s = op->state;

        (void) err;
        return op_image_create(
                op, &s->image,
                (ImageInfo){
                        .paused = !op->args.running && (op->args.paused || !op->args.was_running),
                        .driver = "qemu",
                        .xml = image_xml(op),
                });
}

/* --- the guest --- */

static int guest_stop(Op *op, Error *err)
{
        Domain *d = op_domain(op);

        if (d->state != DOMAIN_RUNNING)
                return OP_NEXT;
        qemu_guest(d)->paused_because = REASON_SAVE;
        return qemu_guest_call(op, "stop", NULL, NULL, err);
}

static int guest_cont(Op *op, Error *err)
{
        Domain *d = op_domain(op);

        if (!op->args.was_running || d->state != DOMAIN_PAUSED || !qemu_guest(d))
                return OP_NEXT;
        qemu_guest(d)->running_because = REASON_SAVE_CANCELED;
        return qemu_guest_call(op, "cont", NULL, NULL, err);
}

static int memory_write(Op *op, Error *err)
{
        SaveState *s = op->state;

        return qemu_migration_save(op, &s->migration, op_image_take_fd(&s->image),
                                   s->image.info.stream_offset, err);
}

static int memory_cancel(Op *op, Error *err)
{
        SaveState *s = op->state;

        (void) err;
        qemu_migration_cancel(&s->migration);
        return OP_NEXT;
}

static int memory_stop(Op *op, Error *err)
{
        SaveState *s = op->state;

        return qemu_migration_stop(op, &s->migration, err);
}

/* --- the image becomes whole --- */

static int image_complete(Op *op, Error *err)
{
        SaveState *s = op->state;

        (void) err;
        s->image.info.stream_len = s->migration.result.bytes;
        s->image.info.checksum = s->migration.result.checksum;
        return op_image_finish(op, &s->image);
}

static int image_record(Op *op, Error *err)
{
        const SaveState *s = op->state;
        const Domain *d = op_domain(op);
        StoreTx *tx = store_tx_new(op_store(op));

        if (op->args.managed)
                image_row_put(
                        tx, &(ImageRow){
                                    .uuid = d->uuid,
                                    .path = op->args.path,
                                    .size = s->image.info.stream_offset + s->image.info.stream_len,
                                    .created = s->image.info.created,
                                    .paused = s->image.info.paused,
                            });
        return op_commit(op, tx, err);
}

static int image_publish(Op *op, Error *err)
{
        (void) err;
        return op_rename(op, op->args.temp_path, op->args.path);
}

/* --- the process --- */

/* After a crash the store has told of the image already, and this operation knows less of it. */
static void show_image(Op *op)
{
        const SaveState *s = op->state;
        Domain *d = op_domain(op);

        if (!op->args.managed || d->image.path)
                return;
        domain_set_image(d, (DomainImage){
                                    .path = xstrdup(op->args.path),
                                    .size = s->image.info.stream_offset + s->image.info.stream_len,
                                    .created = s->image.info.created,
                                    .paused = s->image.info.paused,
                            });
}

static int qemu_quit(Op *op, Error *err)
{
        Domain *d = op_domain(op);
        QemuGuest *guest = qemu_guest(d);

        (void) err;
        show_image(op);
        if (!guest)
                return OP_NEXT;
        if (guest->off_event != EVENT_STOPPED_SAVED) {
                domain_emit(d, EVENT_JOB_COMPLETED);
                guest->off_because = REASON_SAVED;
                guest->off_event = EVENT_STOPPED_SAVED;
        }
        guest->shown = true;
        qemu_guest_kill(d);
        return qemu_guest_wait_end(d, op);
}

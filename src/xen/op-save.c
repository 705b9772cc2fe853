/* Save and managed save: suspend the guest, write its memory to an image, destroy what is left.
 *
 * Before: the domain is active (managed: and persistent). After: it is off and its image is at
 * args.path, recorded when managed. On error, cancel or crash before "record image": as before, and
 * no file is left: a guest that libxl suspended goes on. */
#include "xen/xen-internal.h"

#include "base/str.h"
#include "op/image-leaf.h"
#include "store/table-image.h"
#include "xen/stream.h"

typedef struct SaveState {
        OpImage image;
        XenStream stream;
} SaveState;

static OpStepFn guest_look, image_make, guest_mark, memory_write, memory_cancel, guest_resume,
        image_complete, image_record, image_publish, domain_end;

static void release(Op *op)
{
        SaveState *s = op->state;

        op_image_done(&s->image);
        xen_stream_done(&s->stream);
}

static const OpStep steps[] = {
        {.name = "look at guest", .run = guest_look, .needs = DOMAIN_NEEDS_ACTIVE},
        {.name = "open image",
         .run = image_make,
         .undo = op_image_discard,
         .needs = DOMAIN_NEEDS_ACTIVE,
         .flags = OP_DURABLE},
        {.name = "stop guest",
         .run = guest_mark,
         .undo = guest_resume,
         .needs = DOMAIN_NEEDS_ACTIVE},
        {.name = "write memory",
         .run = memory_write,
         .cancel = memory_cancel,
         .needs = DOMAIN_NEEDS_ACTIVE},
        {.name = "finish image", .run = image_complete, .needs = DOMAIN_NEEDS_ACTIVE},
        {.name = "record image",
         .run = image_record,
         .needs = DOMAIN_NEEDS_ACTIVE,
         .flags = OP_COMMITS},
        {.name = "publish image", .run = image_publish},
        {.name = "destroy domain", .run = domain_end},
        {},
};

const OpType xen_save_op = {
        .name = "save", .steps = steps, .state_size = sizeof(SaveState), .release = release};
const OpType xen_managed_save_op = {.name = "managed save",
                                    .steps = steps,
                                    .state_size = sizeof(SaveState),
                                    .release = release};

/* What the undos have to know, and the journal before anything is done. */
static int guest_look(Op *op, Error *err)
{
        const Domain *d = op_domain(op);

        if (op->type == &xen_managed_save_op) {
                op->args.managed = true;
                free(op->args.path);
                op->args.path = xasprintf("%s/%s.save", d->list->driver->host.save_dir, d->name);
        }
        if (op->args.path[0] != '/')
                return error_set(err, ERROR_INVALID_ARGUMENT, "path '%s' is not absolute",
                                 op->args.path);
        free(op->args.temp_path);
        op->args.temp_path = xasprintf("%s.partial", op->args.path);
        op->args.was_running = d->state == DOMAIN_RUNNING;
        return OP_NEXT;
}

static int image_make(Op *op, Error *err _unused_)
{
        SaveState *s = op->state;

        return op_image_create(
                op, &s->image,
                (ImageInfo){
                        .paused = !op->args.running && (op->args.paused || !op->args.was_running),
                        .driver = "xen",
                        .xml = op->args.xml ? xstrdup(op->args.xml)
                                            : domain_config_to_xml(op_domain(op)->live, -1,
                                                                   CONFIG_XML_SECURE),
                });
}

/* --- the guest --- */

static int memory_write(Op *op, Error *err)
{
        SaveState *s = op->state;

        return xen_stream_save(op, &s->stream, op_image_take_fd(&s->image),
                               s->image.info.stream_offset, err);
}

static int memory_cancel(Op *op, Error *err _unused_)
{
        SaveState *s = op->state;

        xen_stream_cancel(&s->stream);
        return OP_NEXT;
}

typedef struct Resume {
        Uuid uuid;
        bool paused; /* as it was */
} Resume;

/* As the guest was before: suspended by libxl or not yet, with or without a task that did it. */
static int resume_run(XenTask *task, void *data, Error *err)
{
        const Resume *resume = data;
        libxl_dominfo info;
        int r = xen_find(task, &resume->uuid, &info, err);

        if (r < 0)
                return r;
        if (resume->paused && !info.paused)
                r = xen_wait(task, libxl_domain_pause(xen_ctx(task), info.domid, xen_how(task)),
                             err, "cannot pause domain %u", info.domid);
        if (r >= 0 && info.shutdown && info.shutdown_reason == LIBXL_SHUTDOWN_REASON_SUSPEND)
                r = xen_wait(task, libxl_domain_resume(xen_ctx(task), info.domid, 1, xen_how(task)),
                             err, "cannot resume domain %u", info.domid);
        return r;
}

static int resume_then(Op *op, void *data _unused_, Error *err _unused_)
{
        Domain *d = op_domain(op);

        if (!xen_guest(d))
                return 0;
        xen_guest(d)->suspending = false;
        if (op->args.was_running && d->state == DOMAIN_PAUSED)
                domain_set_state(d, DOMAIN_RUNNING, REASON_SAVE_CANCELED, EVENT_RESUMED_UNPAUSED);
        return 0;
}

static int guest_resume(Op *op, Error *err _unused_)
{
        Domain *d = op_domain(op);
        _cleanup_(free_ptr) char *log = xen_guest_log(d);
        const Resume resume = {.uuid = d->uuid, .paused = !op->args.was_running};

        if (!domain_active(d))
                return OP_NEXT;
        return op_xen(op, op_xen_driver(op)->tasks, log, resume_run, resume_then, free,
                      xmemdup(&resume, sizeof(resume)));
}

/* Its stop is no end from here on. */
static int guest_mark(Op *op, Error *err _unused_)
{
        Domain *d = op_domain(op);

        xen_guest(d)->suspending = true;
        if (d->state == DOMAIN_RUNNING)
                domain_set_state(d, DOMAIN_PAUSED, REASON_SAVE, EVENT_SUSPENDED_PAUSED);
        return OP_NEXT;
}

/* --- the image becomes whole --- */

static int image_complete(Op *op, Error *err _unused_)
{
        SaveState *s = op->state;

        s->image.info.stream_len = s->stream.result.bytes;
        s->image.info.checksum = s->stream.result.checksum;
        return op_image_finish(op, &s->image);
}

static int image_record(Op *op, Error *err)
{
        const SaveState *s = op->state;
        StoreTx *tx = store_tx_new(op_store(op));

        if (op->args.managed)
                image_row_put(
                        tx, &(ImageRow){
                                    .uuid = op_domain(op)->uuid,
                                    .path = op->args.path,
                                    .size = s->image.info.stream_offset + s->image.info.stream_len,
                                    .created = s->image.info.created,
                                    .paused = s->image.info.paused,
                            });
        return op_commit(op, tx, err);
}

static int image_publish(Op *op, Error *err _unused_)
{
        return op_rename(op, op->args.temp_path, op->args.path);
}

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

static int domain_end(Op *op, Error *err)
{
        Domain *d = op_domain(op);
        XenGuest *guest = xen_guest(d);

        show_image(op);
        if (guest && guest->off_event != EVENT_STOPPED_SAVED) {
                domain_emit(d, EVENT_JOB_COMPLETED);
                guest->off_because = REASON_SAVED;
                guest->off_event = EVENT_STOPPED_SAVED;
        }
        return xen_guest_destroy(op, err);
}

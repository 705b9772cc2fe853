/* Restore: bring a guest back from the image args.path.
 *
 * Before: the domain is off. After: the guest runs, or is paused as it was saved or as args.paused
 * and args.running say; a managed image is gone. On error, cancel or crash before "record running":
 * as before. An image that does not match is never resumed from, and stays. */
#include "fake/fake-internal.h"

#include "base/fd.h"
#include "base/str.h"
#include "image/image.h"
#include "op/job-leaf.h"
#include "store/table-image.h"

#include <errno.h>
#include <unistd.h>

#include <xxhash.h>

typedef struct RestoreState {
        DomainConfig *config;
        uint64_t memory;
} RestoreState;

static OpStepFn image_load, guest_create, guest_record, running_record, guest_run, image_remove;

static void release(Op *op)
{
        RestoreState *s = op->state;

        domain_config_free(s->config);
}

static const OpStep steps[] = {
        {.name = "load image", .run = image_load, .needs = DOMAIN_NEEDS_OFF},
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

const OpType fake_restore_op = {
        .name = "restore", .steps = steps, .state_size = sizeof(RestoreState), .release = release};

/* --- the image, on a thread --- */

typedef struct ImageLoad {
        char *path;
        ImageInfo info;
        uint64_t memory;
} ImageLoad;

static void load_free(void *data)
{
        ImageLoad *l = data;

        image_info_done(&l->info);
        free(l->path);
        free(l);
}

static int load_run(void *data, Error *err)
{
        ImageLoad *l = data;
        _cleanup_(fd_closep) int fd = -1;
        int r = image_open(l->path, &l->info, &fd, err);

        if (r < 0)
                return r;
        if (l->info.stream_len != sizeof(l->memory))
                return error_set(err, ERROR_BAD_IMAGE, "image '%s' is not of a fake guest",
                                 l->path);
        if (pread(fd, &l->memory, sizeof(l->memory), (off_t) l->info.stream_offset) !=
            sizeof(l->memory))
                return error_set_errno(err, errno, "cannot read image '%s'", l->path);
        if (XXH3_64bits(&l->memory, sizeof(l->memory)) != l->info.checksum)
                return error_set(err, ERROR_BAD_IMAGE,
                                 "image '%s' is damaged: its memory does not match its checksum",
                                 l->path);
        return 0;
}

static int load_then(Op *op, void *data, Error *err)
{
        const ImageLoad *l = data;
        const char *xml = op->args.xml ? op->args.xml : l->info.xml;
        const Domain *d = op_domain(op);
        RestoreState *s = op->state;
        int r = domain_config_from_xml(xml, strlen(xml), &s->config, err);

        if (r < 0)
                return error_prefix(err, "configuration in image '%s'", l->path);
        if (!uuid_equal(&s->config->uuid, &d->uuid))
                return error_set(err, ERROR_BAD_IMAGE, "image '%s' is of domain '%s', not of '%s'",
                                 l->path, s->config->name, d->name);
        s->memory = l->memory;
        if (l->info.paused && !op->args.running)
                op->args.paused = true;
        return domain_config_finish(s->config, err);
}

static int image_load(Op *op, Error *err)
{
        ImageLoad *l = xnew0(ImageLoad, 1);

        (void) err;
        l->path = xstrdup(op->args.path);
        return op_job(op, load_run, load_then, load_free, l);
}

/* --- the guest --- */

static int guest_create(Op *op, Error *err)
{
        Domain *d = op_domain(op);
        RestoreState *s = op->state;
        FakeGuest guest = fake_guest_of(s->config);
        int r;

        guest.memory = s->memory;
        r = fake_guest_write(op_driver(op), &d->uuid, &guest, err);

        if (r < 0)
                return r;
        domain_began(d, TAKE_PTR(s->config), -1);
        return OP_NEXT;
}

static int guest_record(Op *op, Error *err)
{
        (void) err;
        return fake_record(op);
}

static int running_record(Op *op, Error *err)
{
        const Domain *d = op_domain(op);
        StoreTx *tx = store_tx_new(op_store(op));

        fake_record_row(tx, d, d->live);
        if (op->args.managed)
                image_row_delete(tx, &d->uuid);
        return op_commit(op, tx, err);
}

static int guest_run(Op *op, Error *err)
{
        Domain *d = op_domain(op);
        int r = 0;

        domain_emit(d, EVENT_STARTED_RESTORED);
        if (op->args.paused)
                domain_set_state(d, DOMAIN_PAUSED, REASON_USER, EVENT_SUSPENDED_RESTORED);
        else
                r = fake_set_running(d, true, REASON_RESTORED, EVENT_RESUMED_RESTORED, err);
        return r < 0 ? r : OP_NEXT;
}

static int image_remove(Op *op, Error *err)
{
        (void) err;
        if (!op->args.managed)
                return OP_NEXT;
        domain_set_image(op_domain(op), (DomainImage){});
        return op_unlink(op, op->args.path);
}

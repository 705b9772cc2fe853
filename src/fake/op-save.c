/* Save and managed save: stop the guest, write its memory to an image, end it.
 *
 * Before: the domain is active (managed: and persistent). After: it is off and its image is at
 * args.path, recorded when managed. On error, cancel or crash before "record image": as before, and
 * no file is left. */
#include "fake/fake-internal.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "image/image.h"
#include "op/job-leaf.h"
#include "store/table-image.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xxhash.h>

typedef struct SaveState {
        uint64_t size;
} SaveState;

static OpStepFn guest_look, guest_stop, guest_cont, image_write, image_discard, image_record,
        image_publish, guest_end;

static const OpStep steps[] = {
        {.name = "look at guest", .run = guest_look, .needs = DOMAIN_NEEDS_ACTIVE},
        {.name = "stop guest", .run = guest_stop, .undo = guest_cont, .needs = DOMAIN_NEEDS_ACTIVE},
        {.name = "write image",
         .run = image_write,
         .undo = image_discard,
         .flags = OP_DURABLE,
         .needs = DOMAIN_NEEDS_ACTIVE},
        {.name = "record image",
         .run = image_record,
         .flags = OP_COMMITS,
         .needs = DOMAIN_NEEDS_ACTIVE},
        {.name = "publish image", .run = image_publish},
        {.name = "end guest", .run = guest_end},
        {},
};

const OpType fake_save_op = {.name = "save", .steps = steps, .state_size = sizeof(SaveState)};
const OpType fake_managed_save_op = {
        .name = "managed save", .steps = steps, .state_size = sizeof(SaveState)};

/* --- the guest --- */

/* What the undos have to know, and the journal before anything is done. */
static int guest_look(Op *op, Error *err)
{
        const Domain *d = op_domain(op);

        (void) err;
        if (op->type == &fake_managed_save_op) {
                op->args.managed = true;
                free(op->args.path);
                op->args.path = xasprintf("%s/%s.save", op_driver(op)->host.save_dir, d->name);
        }
        free(op->args.temp_path);
        op->args.temp_path = xasprintf("%s.partial", op->args.path);
        op->args.was_running = d->state == DOMAIN_RUNNING;
        return OP_NEXT;
}

static int guest_stop(Op *op, Error *err)
{
        int r;

        if (!op->args.was_running)
                return OP_NEXT;
        r = fake_set_running(op_domain(op), false, REASON_SAVE, EVENT_SUSPENDED_PAUSED, err);
        return r < 0 ? r : OP_NEXT;
}

static int guest_cont(Op *op, Error *err)
{
        Domain *d = op_domain(op);
        int r = 0;

        if (domain_active(d) && op->args.was_running && d->state == DOMAIN_PAUSED)
                r = fake_set_running(d, true, REASON_SAVE_CANCELED, EVENT_RESUMED_UNPAUSED, err);
        return r < 0 ? r : OP_NEXT;
}

/* --- the image, on a thread --- */

typedef struct ImageWrite {
        char *path, *temp_path;
        uint64_t memory, size;
        ImageInfo info;
} ImageWrite;

static void write_free(void *data)
{
        ImageWrite *w = data;

        image_info_done(&w->info);
        free(w->path);
        free(w->temp_path);
        free(w);
}

static int write_image(int fd, ImageWrite *w, Error *err)
{
        int r;

        if (pwrite(fd, &w->memory, sizeof(w->memory), (off_t) w->info.stream_offset) !=
            sizeof(w->memory))
                return error_set_errno(err, errno, "cannot write image '%s'", w->temp_path);
        w->info.stream_len = sizeof(w->memory);
        w->info.checksum = XXH3_64bits(&w->memory, sizeof(w->memory));
        w->size = w->info.stream_offset + w->info.stream_len;
        r = image_finish(fd, w->temp_path, &w->info, err);
        return r < 0 ? r : file_sync_parent(w->temp_path, err);
}

static int write_run(void *data, Error *err)
{
        ImageWrite *w = data;
        struct stat st;
        int fd, r;

        if (lstat(w->path, &st) == 0 && !S_ISREG(st.st_mode))
                return error_set(err, ERROR_OPERATION_FAILED,
                                 "cannot save to '%s': not a regular file", w->path);
        (void) unlink(w->temp_path); /* of a save that a crash interrupted */
        r = image_create(w->temp_path, &w->info, &fd, err);
        if (r < 0)
                return r;
        r = write_image(fd, w, err);
        fd_close(fd);
        if (r < 0)
                (void) unlink(w->temp_path);
        return r;
}

static int write_then(Op *op, void *data, Error *err)
{
        const ImageWrite *w = data;
        SaveState *s = op->state;

        (void) err;
        s->size = w->size;
        op->progress = (OpProgress){w->size, w->size};
        return 0;
}

static int image_write(Op *op, Error *err)
{
        Domain *d = op_domain(op);
        ImageWrite *w;
        FakeGuest guest;
        int r = fake_guest_read(op_driver(op), &d->uuid, &guest, err);

        if (r < 0)
                return r;
        w = xnew0(ImageWrite, 1);
        w->path = xstrdup(op->args.path);
        w->temp_path = xstrdup(op->args.temp_path);
        w->memory = guest.memory;
        w->info = (ImageInfo){
                .paused = !op->args.was_running || op->args.paused,
                .created = clock_realtime_ms(),
                .driver = "test",
                .xml = op->args.xml ? xstrdup(op->args.xml)
                                    : domain_config_to_xml(d->live, -1, CONFIG_XML_SECURE),
        };
        if (op->args.running)
                w->info.paused = false;
        return op_job(op, write_run, write_then, write_free, w);
}

static int image_discard(Op *op, Error *err)
{
        (void) err;
        return op->args.temp_path ? op_unlink(op, op->args.temp_path) : OP_NEXT;
}

/* --- the commit and after --- */

static int image_record(Op *op, Error *err)
{
        const SaveState *s = op->state;
        const Domain *d = op_domain(op);
        StoreTx *tx = store_tx_new(op_store(op));

        if (op->args.managed)
                image_row_put(tx, &(ImageRow){
                                          .uuid = d->uuid,
                                          .path = op->args.path,
                                          .size = s->size,
                                          .created = clock_realtime_ms(),
                                          .paused = !op->args.was_running,
                                  });
        return op_commit(op, tx, err);
}

static int image_publish(Op *op, Error *err)
{
        (void) err;
        return op_rename(op, op->args.temp_path, op->args.path);
}

static int guest_end(Op *op, Error *err)
{
        Domain *d = op_domain(op);

        (void) err;
        if (op->args.managed)
                domain_set_image(d, (DomainImage){.path = xstrdup(op->args.path),
                                                  .paused = !op->args.was_running});
        if (domain_active(d)) {
                domain_emit(d, EVENT_JOB_COMPLETED);
                fake_end(d, REASON_SAVED, EVENT_STOPPED_SAVED);
        } else {
                fake_guest_remove(op_driver(op), &d->uuid);
        }
        return OP_NEXT;
}

/* Save and managed save: stop the guest, write its memory to an image, end its process.
 *
 * Before: the domain is active (managed: and persistent). After: it is off and its image is at
 * args.path, recorded when managed. On error, cancel or crash before "record image": as before, and
 * no file is left. */
#include "qemu/guest.h"
#include "qemu/qemu.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "op/job-leaf.h"
#include "qemu/migration.h"
#include "store/table-image.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct SaveState {
        ImageInfo info;
        int image_fd; /* + 1, so that zeroed means none */
        QemuMigration migration;
} SaveState;

static OpStepFn guest_look, image_make, image_discard, guest_stop, guest_cont, memory_write,
        memory_cancel, memory_stop, image_complete, image_record, image_publish, qemu_quit;

static void release(Op *op)
{
        SaveState *s = op->state;

        image_info_done(&s->info);
        fd_close(s->image_fd - 1);
        qemu_migration_done(&s->migration);
}

static const OpStep steps[] = {
        {.name = "look at guest", .run = guest_look, .needs = DOMAIN_NEEDS_ACTIVE},
        {.name = "open image",
         .run = image_make,
         .undo = image_discard,
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

/* --- the image's file, on a thread --- */

typedef struct ImageFile {
        char *path, *temp_path;
        ImageInfo info;
        int fd;
} ImageFile;

static void file_free(void *data)
{
        ImageFile *file = data;

        image_info_done(&file->info);
        fd_close(file->fd);
        free(file->path);
        free(file->temp_path);
        free(file);
}

static ImageFile *file_new(const Op *op)
{
        ImageFile *file = xnew0(ImageFile, 1);

        file->path = xstrdup(op->args.path);
        file->temp_path = xstrdup(op->args.temp_path);
        file->fd = -1;
        return file;
}

static int make_run(void *data, Error *err)
{
        ImageFile *file = data;
        struct stat st;

        if (lstat(file->path, &st) == 0 && !S_ISREG(st.st_mode))
                return error_set(err, ERROR_OPERATION_FAILED,
                                 "cannot save to '%s': not a regular file", file->path);
        (void) unlink(file->temp_path); /* of a save that ended with the host */
        return image_create(file->temp_path, &file->info, &file->fd, err);
}

/* What is not taken over here, since the operation gave up, is closed and removed by the undo. */
static int make_then(Op *op, void *data, Error *err)
{
        ImageFile *file = data;
        SaveState *s = op->state;

        (void) err;
        s->info = file->info;
        file->info = (ImageInfo){};
        s->image_fd = TAKE_FD(file->fd) + 1;
        return 0;
}

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
        ImageFile *file = file_new(op);

        (void) err;
        file->info = (ImageInfo){
                .paused = !op->args.running && (op->args.paused || !op->args.was_running),
                .created = clock_realtime_ms(),
                .driver = "qemu",
                .xml = image_xml(op),
        };
        return op_job(op, make_run, make_then, file_free, file);
}

static int image_discard(Op *op, Error *err)
{
        (void) err;
        return op->args.temp_path ? op_unlink(op, op->args.temp_path) : OP_NEXT;
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

        return qemu_migration_save(op, &s->migration, TAKE(s->image_fd, 0) - 1,
                                   s->info.stream_offset, err);
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

static int complete_run(void *data, Error *err)
{
        ImageFile *file = data;
        int r;

        file->fd = open(file->temp_path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
        if (file->fd < 0)
                return error_set_errno(err, errno, "cannot open image '%s'", file->temp_path);
        r = image_finish(file->fd, file->temp_path, &file->info, err);
        return r < 0 ? r : file_sync_parent(file->temp_path, err);
}

static int image_complete(Op *op, Error *err)
{
        SaveState *s = op->state;
        ImageFile *file = file_new(op);

        (void) err;
        s->info.stream_len = s->migration.result.bytes;
        s->info.checksum = s->migration.result.checksum;
        file->info = s->info;
        file->info.xml = xstrdup(s->info.xml);
        return op_job(op, complete_run, NULL, file_free, file);
}

static int image_record(Op *op, Error *err)
{
        const SaveState *s = op->state;
        const Domain *d = op_domain(op);
        StoreTx *tx = store_tx_new(op_store(op));

        if (op->args.managed)
                image_row_put(tx, &(ImageRow){
                                          .uuid = d->uuid,
                                          .path = op->args.path,
                                          .size = s->info.stream_offset + s->info.stream_len,
                                          .created = s->info.created,
                                          .paused = s->info.paused,
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
                                    .size = s->info.stream_offset + s->info.stream_len,
                                    .created = s->info.created,
                                    .paused = s->info.paused,
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

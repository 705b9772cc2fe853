#include "op/image-leaf.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "op/job-leaf.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a thread has of it. */
typedef struct ImageFile {
        char *path, *temp_path;
        OpImage image;
        OpImage *target; /* the loop's: where it goes */
        OpImageThenFn *then;
} ImageFile;

void op_image_done(OpImage *image)
{
        image_info_done(&image->info);
        fd_close(op_image_take_fd(image));
}

int op_image_take_fd(OpImage *image)
{
        return TAKE(image->fd_plus_one, 0) - 1;
}

static void file_free(void *data)
{
        ImageFile *file = data;

        op_image_done(&file->image);
        free(file->path);
        free(file->temp_path);
        free(file);
}

static ImageFile *file_new(const Op *op, OpImage *target)
{
        ImageFile *file = xnew0(ImageFile, 1);

        file->path = xstrdup(op->args.path);
        file->temp_path = xstrdup_null(op->args.temp_path);
        file->target = target;
        return file;
}

/* What is not taken over here, since the operation gave up, is closed with the rest. */
static void hand_over(ImageFile *file)
{
        op_image_done(file->target);
        *file->target = file->image;
        file->image = (OpImage){};
}

/* --- writing --- */

static int create_run(void *data, Error *err)
{
        ImageFile *file = data;
        struct stat st;
        int fd, r;

        if (lstat(file->path, &st) == 0 && !S_ISREG(st.st_mode))
                return error_set(err, ERROR_OPERATION_FAILED,
                                 "cannot save to '%s': not a regular file", file->path);
        (void) unlink(file->temp_path); /* of a save that ended with the host */
        r = image_create(file->temp_path, &file->image.info, &fd, err);
        if (r >= 0)
                file->image.fd_plus_one = fd + 1;
        return r;
}

static int create_then(Op *op _unused_, void *data, Error *err _unused_)
{
        hand_over(data);
        return 0;
}

int op_image_create(Op *op, OpImage *image, ImageInfo info)
{
        ImageFile *file = file_new(op, image);

        file->image.info = info;
        file->image.info.created = clock_realtime_ms();
        return op_job(op, create_run, create_then, file_free, file);
}

static int finish_run(void *data, Error *err)
{
        ImageFile *file = data;
        int fd = open(file->temp_path, O_RDWR | O_CLOEXEC | O_NOFOLLOW), r;

        if (fd < 0)
                return error_set_errno(err, errno, "cannot open image '%s'", file->temp_path);
        file->image.fd_plus_one = fd + 1;
        r = image_finish(fd, file->temp_path, &file->image.info, err);
        return r < 0 ? r : file_sync_parent(file->temp_path, err);
}

int op_image_finish(Op *op, const OpImage *image)
{
        ImageFile *file = file_new(op, NULL);

        file->image.info = image->info;
        file->image.info.xml = xstrdup(image->info.xml);
        return op_job(op, finish_run, NULL, file_free, file);
}

int op_image_discard(Op *op, Error *err _unused_)
{
        return op->args.temp_path ? op_unlink(op, op->args.temp_path) : OP_NEXT;
}

/* --- reading --- */

static int open_run(void *data, Error *err)
{
        ImageFile *file = data;
        int fd, r = image_open(file->path, &file->image.info, &fd, err);

        if (r >= 0)
                file->image.fd_plus_one = fd + 1;
        return r;
}

static int open_then(Op *op, void *data, Error *err)
{
        ImageFile *file = data;

        hand_over(file);
        return file->then(op, file->target, err);
}

int op_image_open(Op *op, OpImage *image, OpImageThenFn *then)
{
        ImageFile *file = file_new(op, image);

        file->then = then;
        return op_job(op, open_run, open_then, file_free, file);
}

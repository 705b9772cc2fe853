/* Pumps: a thread that moves a stream between a pipe and an image and sums it on the way.
 *
 *   RUNNING -> ENDED     the stream is through, an error, or a cancel: `done` is called
 *   RUNNING -> FORGOTTEN image_pump_free(): the thread is told to end, and the job frees the pump
 *   ENDED   -> gone      image_pump_free()
 *
 * While RUNNING or FORGOTTEN the thread owns everything but `bytes`, `cancelled` and `cancel_fd`.
 * It waits for the pipe by poll, together with `cancel_fd`, so a cancel reaches it there. It never
 * waits inside read or write on the pipe, which is non-blocking. Job threads take no signals: a
 * pipe without a reader shows as EPIPE. */
#include "base/fd.h"
#include "image/image.h"
#include "loop/job.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

enum {
        BLOCK = IMAGE_HELD_BACK,
        PIPE_SIZE = 1024 * 1024,
        /* Written bytes are sent to the disk this early, so that the sync at the end is short. */
        WRITE_BACK = 8 * 1024 * 1024,
};

struct ImagePump {
        ImagePumpFn *done;
        void *data;
        Job *job;

        atomic_uint_fast64_t bytes;
        atomic_bool cancelled;
        int cancel_fd;

        /* the thread's */
        void (*run)(ImagePump *pump);
        int pipe_fd, file_fd;
        uint64_t offset;        /* of the stream in the file */
        uint64_t len, checksum; /* what a load expects */
        uint8_t *block;         /* BLOCK bytes */
        XXH3_state_t *sum;
        Error error;
};

/* For messages: the file's path as the kernel knows it. */
static const char *file_name(const ImagePump *pump, char buf[4096])
{
        char link[32];

        snprintf(link, sizeof(link), "/proc/self/fd/%d", pump->file_fd);
        ssize_t n = readlink(link, buf, 4095);
        buf[n < 0 ? 0 : n] = '\0';
        return buf;
}

static int fail_file(ImagePump *pump, int sys_errno, const char *what)
{
        char name[4096];

        return error_set_errno(&pump->error, sys_errno, "cannot %s save image '%s'", what,
                               file_name(pump, name));
}

static int fail_pipe(ImagePump *pump, int sys_errno, const char *what)
{
        return error_set_errno(&pump->error, sys_errno, "cannot %s the guest's memory stream",
                               what);
}

static int check_cancelled(ImagePump *pump)
{
        if (!atomic_load(&pump->cancelled))
                return 0;
        return error_set(&pump->error, ERROR_ABORTED, "moving the guest's memory was canceled");
}

/* Until the pipe is ready, or a cancel. */
static int wait_pipe(ImagePump *pump, short events)
{
        struct pollfd fds[] = {{pump->pipe_fd, events, 0}, {pump->cancel_fd, POLLIN, 0}};

        while (poll(fds, ELEMENTSOF(fds), -1) < 0)
                if (errno != EINTR)
                        return error_set_errno(&pump->error, errno,
                                               "cannot wait for the guest's memory stream");
        return check_cancelled(pump);
}

/* Bytes now in the block; 0 at the end of the pipe. A slow writer's pieces are handed on as they
 * come, for the file to have them early. */
static ssize_t fill_from_pipe(ImagePump *pump)
{
        size_t have = 0;

        while (have < BLOCK) {
                ssize_t n = read(pump->pipe_fd, pump->block + have, BLOCK - have);

                if (n == 0)
                        break;
                if (n > 0)
                        have += (size_t) n;
                else if (errno == EAGAIN && have > 0)
                        break;
                else if (errno == EAGAIN) {
                        int r = wait_pipe(pump, POLLIN);
                        if (r < 0)
                                return r;
                } else if (errno != EINTR)
                        return fail_pipe(pump, errno, "read");
        }
        return (ssize_t) have;
}

static int write_block(ImagePump *pump, size_t len, uint64_t at)
{
        for (size_t done = 0; done < len;) {
                ssize_t n =
                        pwrite(pump->file_fd, pump->block + done, len - done, (off_t) (at + done));

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return fail_file(pump, errno, "write");
                done += (size_t) n;
        }
        return 0;
}

static void save(ImagePump *pump)
{
        uint64_t at = pump->offset, sent = at;
        struct stat st;

        if (fstat(pump->file_fd, &st) < 0) {
                fail_file(pump, errno, "look at");
                return;
        }
        if (!S_ISREG(st.st_mode)) {
                char name[4096];
                error_set(&pump->error, ERROR_BAD_IMAGE, "save image '%s' is not a regular file",
                          file_name(pump, name));
                return;
        }
        for (;;) {
                ssize_t n = check_cancelled(pump);
                if (n == 0)
                        n = fill_from_pipe(pump);
                if (n < 0)
                        return;
                if (n == 0)
                        break;
                (void) XXH3_64bits_update(pump->sum, pump->block, (size_t) n);
                if (write_block(pump, (size_t) n, at) < 0)
                        return;
                at += (uint64_t) n;
                atomic_store(&pump->bytes, at - pump->offset);
                if (at - sent >= WRITE_BACK) {
                        /* A hint: where it is refused, the sync at the end takes longer. */
                        (void) sync_file_range(pump->file_fd, (off_t) sent, (off_t) (at - sent),
                                               SYNC_FILE_RANGE_WRITE);
                        sent = at;
                }
        }
        if (fdatasync(pump->file_fd) < 0)
                fail_file(pump, errno, "sync");
}

static int read_block(ImagePump *pump, size_t len, uint64_t at)
{
        for (size_t done = 0; done < len;) {
                ssize_t n =
                        pread(pump->file_fd, pump->block + done, len - done, (off_t) (at + done));

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return fail_file(pump, errno, "read");
                if (n == 0) {
                        char name[4096];
                        return error_set(&pump->error, ERROR_BAD_IMAGE,
                                         "save image '%s' is truncated", file_name(pump, name));
                }
                done += (size_t) n;
        }
        return 0;
}

static int drain_to_pipe(ImagePump *pump, size_t len)
{
        for (size_t done = 0; done < len;) {
                ssize_t n = write(pump->pipe_fd, pump->block + done, len - done);

                if (n > 0) {
                        done += (size_t) n;
                        atomic_fetch_add(&pump->bytes, (uint64_t) n);
                } else if (n < 0 && errno == EAGAIN) {
                        int r = wait_pipe(pump, POLLOUT);
                        if (r < 0)
                                return r;
                } else if (n < 0 && errno != EINTR)
                        return fail_pipe(pump, errno, "write");
        }
        return 0;
}

/* The odd bytes go first, so that the block which waits for the sum is a whole one. A reader that
 * leaves early may have met damage: the rest is summed all the same, so that the error can say so.
 */
static void load(ImagePump *pump)
{
        bool reader_left = false;
        uint64_t at = 0;

        while (at < pump->len) {
                size_t n = at == 0 && pump->len % BLOCK ? pump->len % BLOCK : BLOCK;

                if (check_cancelled(pump) < 0 || read_block(pump, n, pump->offset + at) < 0)
                        return;
                (void) XXH3_64bits_update(pump->sum, pump->block, n);
                at += n;
                if (at == pump->len && XXH3_64bits_digest(pump->sum) != pump->checksum)
                        break;
                if (!reader_left && drain_to_pipe(pump, n) < 0) {
                        if (pump->error.sys_errno != EPIPE)
                                return;
                        reader_left = true;
                }
        }
        if (XXH3_64bits_digest(pump->sum) != pump->checksum) {
                char name[4096];
                error_set(&pump->error, ERROR_BAD_IMAGE,
                          "save image '%s' is damaged: the sum of its memory does not match",
                          file_name(pump, name));
        }
}

static void close_fds(ImagePump *pump)
{
        pump->file_fd = fd_close(pump->file_fd);
        pump->pipe_fd = fd_close(pump->pipe_fd);
}

static void run(void *data)
{
        ImagePump *pump = data;

        if (!error_is_set(&pump->error)) {
                /* A pipe too many of them, or a socket, stays as it is. */
                (void) fcntl(pump->pipe_fd, F_SETPIPE_SZ, PIPE_SIZE);
                pump->block = xcalloc(1, BLOCK);
                pump->run(pump);
        }
        close_fds(pump);
}

static void release(ImagePump *pump)
{
        close_fds(pump);
        fd_close(pump->cancel_fd);
        error_done(&pump->error);
        (void) XXH3_freeState(pump->sum);
        free(pump->block);
        free(pump);
}

static void ended(void *data, bool abandoned)
{
        ImagePump *pump = data;

        if (abandoned) {
                release(pump);
                return;
        }
        pump->job = NULL;

        /* `done` may free the pump. */
        _cleanup_(error_done) Error error = {};
        ImagePumpResult result = {
                .bytes = atomic_load(&pump->bytes),
                .checksum = XXH3_64bits_digest(pump->sum),
        };
        error_move(&error, &pump->error);
        pump->done(pump->data, &result, &error);
}

static ImagePump *start(Loop *loop, ImagePump pump)
{
        ImagePump *p = xmemdup(&pump, sizeof(pump));

        p->sum = XXH3_createState();
        (void) XXH3_64bits_reset(p->sum);
        p->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (p->cancel_fd < 0 || fd_set_nonblock(p->pipe_fd, true) < 0)
                error_set_errno(&p->error, errno, "cannot prepare the guest's memory stream");
        p->job = job_start(loop, run, ended, p);
        return p;
}

ImagePump *image_pump_save(Loop *loop, int pipe_fd, int file_fd, uint64_t offset, ImagePumpFn *done,
                           void *data)
{
        return start(loop, (ImagePump){.run = save,
                                       .pipe_fd = pipe_fd,
                                       .file_fd = file_fd,
                                       .offset = offset,
                                       .done = done,
                                       .data = data});
}

ImagePump *image_pump_load(Loop *loop, int file_fd, int pipe_fd, const ImageInfo *info,
                           ImagePumpFn *done, void *data)
{
        return start(loop, (ImagePump){.run = load,
                                       .pipe_fd = pipe_fd,
                                       .file_fd = file_fd,
                                       .offset = info->stream_offset,
                                       .len = info->stream_len,
                                       .checksum = info->checksum,
                                       .done = done,
                                       .data = data});
}

uint64_t image_pump_bytes(const ImagePump *pump)
{
        return atomic_load(&pump->bytes);
}

void image_pump_cancel(ImagePump *pump)
{
        uint64_t one = 1;

        atomic_store(&pump->cancelled, true);
        if (pump->cancel_fd >= 0)
                (void) !write(pump->cancel_fd, &one, sizeof(one));
}

ImagePump *image_pump_free(ImagePump *pump)
{
        if (!pump)
                return NULL;
        if (pump->job) {
                image_pump_cancel(pump);
                job_abandon(pump->job);
        } else {
                release(pump);
        }
        return NULL;
}

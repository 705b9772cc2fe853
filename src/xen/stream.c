#include "xen/stream.h"

#include "base/fd.h"
#include "base/str.h"
#include "loop/timer.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum {
        PIPE_SIZE = 1024 * 1024,
        PROGRESS_MS = 250,
};

/* --- the end --- */

static const Error *verdict(const XenStream *s)
{
        bool pipe_broke = s->pump_error.sys_errno == EPIPE || s->pump_error.code == ERROR_ABORTED;

        if (error_is_set(&s->pump_error) && !(pipe_broke && error_is_set(&s->task_error)))
                return &s->pump_error;
        return &s->task_error;
}

static void maybe_end(XenStream *s)
{
        bool loaded = s->create && !error_is_set(&s->task_error);
        Op *op = s->op;

        if (!op || !s->pump_over || !s->task_over)
                return;
        if (loaded)
                xen_create_began(op_domain(op), s->create);
        if (s->create)
                xen_create_free(TAKE_PTR(s->create));
        s->op = NULL;
        s->progress = timer_free(s->progress);
        op_wake(op, loaded ? NULL : verdict(s));
}

int xen_stream_check(const XenStream *s, Error *err)
{
        return error_is_set(&s->pump_error) ? error_copy(err, &s->pump_error) : 0;
}

static void pump_ended(void *data, const ImagePumpResult *result, const Error *err)
{
        XenStream *s = data;

        s->pump = image_pump_free(s->pump);
        s->pump_over = true;
        if (error_is_set(err)) {
                error_copy(&s->pump_error, err);
                if (!s->task_over)
                        xen_task_cancel(s->task);
        } else {
                s->result = *result;
        }
        maybe_end(s);
}

/* --- the task --- */

typedef struct Suspend {
        XenStream *stream;
        uint32_t domid;
        int fd;
        bool paused;
        const char *name;
} Suspend;

/* A paused guest cannot answer that it is ready: it runs for that moment. */
static int suspend_run(XenTask *task, void *data, Error *err)
{
        Suspend *suspend = data;
        int r = 0;

        if (suspend->paused)
                r = xen_wait(task,
                             libxl_domain_unpause(xen_ctx(task), suspend->domid, xen_how(task)),
                             err, "cannot unpause domain %u", suspend->domid);
        if (r >= 0)
                r = xen_wait(task,
                             libxl_domain_suspend(xen_ctx(task), suspend->domid, suspend->fd, 0,
                                                  xen_how(task)),
                             err, "cannot save the memory of domain %u", suspend->domid);
        suspend->fd = fd_close(suspend->fd); /* the pump sees the end */
        return r;
}

static void task_ended(XenStream *s, const Error *err)
{
        s->task = NULL;
        s->task_over = true;
        s->reader_plus_one = fd_close(s->reader_plus_one - 1) + 1;
        if (error_is_set(err)) {
                error_copy(&s->task_error, err);
                if (!s->pump_over && !s->create)
                        image_pump_cancel(s->pump);
        }
        maybe_end(s);
}

static void suspend_done(void *data, bool abandoned, const Error *err)
{
        Suspend *suspend = data;

        fd_close(suspend->fd);
        if (!abandoned)
                task_ended(suspend->stream, err);
        free(suspend);
}

/* What the thread has of a restore; the stream is gone when it was abandoned. */
typedef struct Load {
        XenStream *stream;
        XenCreate *create;
} Load;

static int load_run(XenTask *task, void *data, Error *err)
{
        Load *load = data;

        return xen_create_run(task, load->create, err);
}

static void load_done(void *data, bool abandoned, const Error *err)
{
        Load *load = data;

        if (abandoned) {
                xen_create_free(load->create);
        } else {
                load->stream->create = load->create;
                task_ended(load->stream, err);
        }
        free(load);
}

/* --- the beginning --- */

static void show_progress(void *data)
{
        XenStream *s = data;
        uint64_t moved = s->pump ? image_pump_bytes(s->pump) : s->result.bytes;

        s->op->progress = (OpProgress){moved, s->total > moved ? s->total : moved};
        timer_start(s->progress, PROGRESS_MS);
}

static int begin(Op *op, XenStream *s, uint64_t total, int fds[2], Error *err)
{
        if (pipe2(fds, O_CLOEXEC) < 0)
                return error_set_errno(err, errno, "cannot make a pipe");
        (void) fcntl(fds[1], F_SETPIPE_SZ, PIPE_SIZE); /* ignoring: a smaller one does, slower */
        xen_stream_done(s);
        *s = (XenStream){.op = op, .total = total};
        s->progress = timer_new(op_loop(op), show_progress, s);
        timer_start(s->progress, PROGRESS_MS);
        op->waits_for = "the guest's memory";
        return 0;
}

int xen_stream_save(Op *op, XenStream *s, int file_fd, uint64_t offset, Error *err)
{
        Domain *d = op_domain(op);
        _cleanup_(fd_closep) int file = file_fd;
        _cleanup_(free_ptr) char *log = xen_guest_log(d);
        Suspend *suspend;
        int fds[2], r = begin(op, s, d->live->memory * 1024, fds, err);

        if (r < 0)
                return r;
        s->reader_plus_one = fcntl(fds[0], F_DUPFD_CLOEXEC, 3) + 1;
        s->pump = image_pump_save(op_loop(op), fds[0], TAKE_FD(file), offset, pump_ended, s);
        suspend = xnew0(Suspend, 1);
        *suspend = (Suspend){.stream = s,
                             .domid = xen_guest(d)->domid,
                             .fd = fds[1],
                             .paused = !op->args.was_running};
        s->task = xen_task_start(op_loop(op), op_xen_driver(op)->tasks, log, suspend_run,
                                 suspend_done, suspend);
        return OP_WAIT;
}

int xen_stream_load(Op *op, XenStream *s, DomainConfig *config, int file_fd, const ImageInfo *info,
                    Error *err)
{
        _cleanup_(fd_closep) int file = file_fd;
        _cleanup_(free_ptr) char *log = xen_guest_log(op_domain(op));
        int fds[2], r = begin(op, s, info->stream_len, fds, err);
        Load *load;

        if (r < 0) {
                domain_config_free(config);
                return r;
        }
        s->pump = image_pump_load(op_loop(op), TAKE_FD(file), fds[1], info, pump_ended, s);
        load = xnew0(Load, 1);
        *load = (Load){.stream = s, .create = xen_create_new(config, fds[0])};
        s->task = xen_task_start(op_loop(op), op_xen_driver(op)->tasks, log, load_run, load_done,
                                 load);
        return OP_WAIT;
}

void xen_stream_cancel(XenStream *s)
{
        if (!s->op)
                return;
        if (s->task)
                xen_task_cancel(s->task);
        else if (s->pump)
                image_pump_cancel(s->pump);
}

void xen_stream_done(XenStream *s)
{
        xen_task_abandon(TAKE_PTR(s->task));
        s->pump = image_pump_free(s->pump);
        s->progress = timer_free(s->progress);
        s->reader_plus_one = fd_close(s->reader_plus_one - 1) + 1;
        if (s->create)
                xen_create_free(TAKE_PTR(s->create));
        error_done(&s->pump_error);
        error_done(&s->task_error);
}

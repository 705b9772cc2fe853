#include "qemu/migration.h"

#include "base/fd.h"
#include "base/str.h"
#include "qemu/qemu.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum {
        PIPE_SIZE = 1024 * 1024,
        PROGRESS_MS = 250,
};

static QemuGuest *guest_of(const QemuMigration *m)
{
        return qemu_guest(op_domain(m->op));
}

static void call(QemuMigration *m, const char *command, json_t *args, QmpReplyFn *fn)
{
        m->calls++;
        qmp_client_call(guest_of(m)->qmp, command, args, fn, m);
}

/* --- the end --- */

/* The side that failed first, as far as it can be told. */
static const Error *verdict(const QemuMigration *m)
{
        bool pipe_broke = m->pump_error.sys_errno == EPIPE || m->pump_error.code == ERROR_ABORTED;

        if (error_is_set(&m->pump_error) && !(pipe_broke && error_is_set(&m->qemu_error)))
                return &m->pump_error;
        return &m->qemu_error;
}

static void maybe_end(QemuMigration *m)
{
        Op *op = m->op;
        QemuGuest *guest;

        if (!op || !m->pump_over || !m->qemu_over || m->calls)
                return;
        guest = guest_of(m);
        if (guest)
                guest->migration = NULL;
        m->op = NULL;
        m->progress = timer_free(m->progress);
        m->patience = timer_free(m->patience);
        op_wake(op, verdict(m));
}

static void qemu_ended(QemuMigration *m, const Error *err)
{
        if (m->qemu_over)
                return;
        m->qemu_over = true;
        if (err)
                error_copy(&m->qemu_error, err);
        /* When saving, the end of the stream ends the pump. When loading into a QEMU that has died,
         * the pump learns so by the pipe, and then tells whether the image was to blame. */
        if (err && !m->pump_over && (m->saving || guest_of(m)))
                image_pump_cancel(m->pump);
        maybe_end(m);
}

static void pump_ended(void *data, const ImagePumpResult *result, const Error *err)
{
        QemuMigration *m = data;

        m->pump = image_pump_free(m->pump);
        m->pump_over = true;
        if (error_is_set(err)) {
                error_copy(&m->pump_error, err);
                qemu_migration_cancel(m);
        } else {
                m->result = *result;
        }
        maybe_end(m);
}

static void failure_told(void *data, json_t *value, const Error *err)
{
        QemuMigration *m = data;
        _cleanup_(error_done) Error why = {};

        m->calls--;
        if (err)
                error_copy(&why, err);
        else
                error_set(&why, ERROR_OPERATION_FAILED,
                          "QEMU failed to %s the memory of domain '%s': %s",
                          m->saving ? "save" : "load", op_domain(m->op)->name,
                          json_text(value, "error-desc", "no reason given"));
        if (m->qemu_over)
                maybe_end(m);
        else
                qemu_ended(m, &why);
}

static void status_changed(void *data, const char *status, const Error *err)
{
        QemuMigration *m = data;
        _cleanup_(error_done) Error why = {};

        if (err) {
                qemu_ended(m, err);
        } else if (str_eq(status, "completed")) {
                qemu_ended(m, NULL);
        } else if (str_eq(status, "cancelled")) {
                error_set(&why, ERROR_ABORTED, "saving domain '%s' was cancelled",
                          op_domain(m->op)->name);
                qemu_ended(m, &why);
        } else if (str_eq(status, "failed") && !m->failing) {
                m->failing = true;
                call(m, "query-migrate", NULL, failure_told);
        }
}

/* A command of the dialogue that begins the migration was answered. */
static void begun(void *data, json_t *value, const Error *err)
{
        QemuMigration *m = data;

        (void) value;
        m->calls--;
        if (err && !m->qemu_over)
                qemu_ended(m, err);
        else
                maybe_end(m);
}

static void out_of_patience(void *data)
{
        QemuMigration *m = data;
        _cleanup_(error_done) Error err = {};

        error_set(&err, ERROR_TIMEOUT, "QEMU of domain '%s' does not end its migration",
                  op_domain(m->op)->name);
        qemu_ended(m, &err);
}

/* --- progress --- */

static void size_told(void *data, json_t *value, const Error *err)
{
        QemuMigration *m = data;

        m->calls--;
        if (!err)
                m->total = json_u64(json_object_get(value, "ram"), "total", m->total);
        maybe_end(m);
}

static void show_progress(void *data)
{
        QemuMigration *m = data;
        uint64_t moved = m->pump ? image_pump_bytes(m->pump) : m->result.bytes;

        m->op->progress = (OpProgress){moved, m->total > moved ? m->total : moved};
        if (m->saving && !m->total && !m->qemu_over)
                call(m, "query-migrate", NULL, size_told);
        timer_start(m->progress, PROGRESS_MS);
}

/* --- the beginning --- */

static int make_pipe(int *ret_read, int *ret_write, Error *err)
{
        int fds[2];

        if (pipe2(fds, O_CLOEXEC) < 0)
                return error_set_errno(err, errno, "cannot make a pipe");
        (void) fcntl(fds[1], F_SETPIPE_SZ, PIPE_SIZE); /* ignoring: a smaller one does, slower */
        *ret_read = fds[0];
        *ret_write = fds[1];
        return 0;
}

static int prepare(Op *op, QemuMigration *m, bool saving, Error *err)
{
        QemuGuest *guest = qemu_guest(op_domain(op));

        if (!guest || !guest->qmp)
                return error_set(err, ERROR_OPERATION_INVALID, "domain is not running");
        qemu_migration_done(m);
        *m = (QemuMigration){.op = op, .saving = saving};
        guest->migration = status_changed;
        guest->migration_data = m;
        m->progress = timer_new(op_loop(op), show_progress, m);
        m->patience = timer_new(op_loop(op), out_of_patience, m);
        timer_start(m->progress, PROGRESS_MS);
        op->waits_for = "the guest's memory";
        return 0;
}

static void begin(QemuMigration *m, int fd, const char *command)
{
        call(m, "migrate-set-capabilities",
             json_pack("{s:[{s:s, s:b}]}", "capabilities", "capability", "events", "state", 1),
             begun);
        if (m->saving)
                call(m, "migrate-set-parameters",
                     json_pack("{s:I}", "max-bandwidth", (json_int_t) INT64_MAX), begun);
        m->calls++;
        qmp_client_call_fd(guest_of(m)->qmp, "getfd", json_pack("{s:s}", "fdname", "ostler"), fd,
                           begun, m);
        call(m, command, json_pack("{s:s}", "uri", "fd:ostler"), begun);
}

int qemu_migration_save(Op *op, QemuMigration *m, int file_fd, uint64_t offset, Error *err)
{
        _cleanup_(fd_closep) int file = file_fd;
        int from, to, r;

        r = make_pipe(&from, &to, err);
        if (r < 0)
                return r;
        r = prepare(op, m, true, err);
        if (r < 0) {
                fd_close(from);
                fd_close(to);
                return r;
        }
        m->pump = image_pump_save(op_loop(op), from, TAKE_FD(file), offset, pump_ended, m);
        begin(m, to, "migrate");
        return OP_WAIT;
}

int qemu_migration_load(Op *op, QemuMigration *m, int file_fd, const ImageInfo *info, Error *err)
{
        _cleanup_(fd_closep) int file = file_fd;
        int from, to, r;

        r = make_pipe(&from, &to, err);
        if (r < 0)
                return r;
        r = prepare(op, m, false, err);
        if (r < 0) {
                fd_close(from);
                fd_close(to);
                return r;
        }
        m->total = info->stream_len;
        m->pump = image_pump_load(op_loop(op), TAKE_FD(file), to, info, pump_ended, m);
        begin(m, from, "migrate-incoming");
        return OP_WAIT;
}

/* --- cancel and undo --- */

void qemu_migration_cancel(QemuMigration *m)
{
        QemuGuest *guest;

        if (!m->op || m->cancelled)
                return;
        guest = guest_of(m);
        m->cancelled = true;
        if (m->pump)
                image_pump_cancel(m->pump);
        if (guest && m->saving && !m->qemu_over)
                qmp_client_call(guest->qmp, "migrate_cancel", NULL, NULL, NULL);
        timer_start(m->patience, qemu_driver_of(op_driver(m->op))->settings.command_ms);
}

static bool in_flight(const char *status)
{
        static const char *const statuses[] = {"setup", "active", "device", "cancelling",
                                               "pre-switchover"};

        for (size_t i = 0; i < ELEMENTSOF(statuses); i++)
                if (str_eq(status, statuses[i]))
                        return true;
        return false;
}

static void stop_told(void *data, json_t *value, const Error *err)
{
        QemuMigration *m = data;

        m->calls--;
        if (!err && !m->qemu_over && in_flight(json_text(value, "status", "")))
                qemu_migration_cancel(m);
        else if (m->qemu_over)
                maybe_end(m);
        else
                qemu_ended(m, err);
}

int qemu_migration_stop(Op *op, QemuMigration *m, Error *err)
{
        QemuGuest *guest = qemu_guest(op_domain(op));

        (void) err;
        if (!guest || !guest->qmp)
                return OP_NEXT;
        qemu_migration_done(m);
        *m = (QemuMigration){.op = op, .saving = true, .pump_over = true};
        guest->migration = status_changed;
        guest->migration_data = m;
        m->patience = timer_new(op_loop(op), out_of_patience, m);
        call(m, "query-migrate", NULL, stop_told);
        op->waits_for = "end of the migration";
        return OP_WAIT;
}

void qemu_migration_done(QemuMigration *m)
{
        m->pump = image_pump_free(m->pump);
        m->progress = timer_free(m->progress);
        m->patience = timer_free(m->patience);
        error_done(&m->pump_error);
        error_done(&m->qemu_error);
}

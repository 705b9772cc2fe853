#include "qemu/screenshot.h"

#include "base/fd.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

static void removed(void *data, json_t *value, const Error *err)
{
        QemuAsk *ask = data;
        DriverAnswer answer = {.text = ask->mime, .fd = ask->fd};
        _cleanup_(error_done) Error failed = {};
        _cleanup_(free_ptr) char *mime = NULL;

        (void) value;
        (void) err; /* ignoring: the picture is there, or its own error is */
        if (error_is_set(&ask->error)) {
                error_move(&failed, &ask->error);
                qemu_ask_answer(ask, NULL, &failed);
                return;
        }
        mime = TAKE_PTR(ask->mime);
        answer.text = mime;
        ask->fd = -1;
        qemu_ask_answer(ask, &answer, NULL);
        fd_close(answer.fd); /* unless it was taken */
}

static void dump(QemuAsk *ask, bool png);

static void dumped(void *data, json_t *value, const Error *err)
{
        QemuAsk *ask = data;
        bool png = str_eq(ask->mime, "image/png");

        (void) value;
        /* a QEMU before 7.1 knows no format */
        if (err && png && err->code == ERROR_OPERATION_FAILED &&
            strstr(error_text(err), "'format'")) {
                dump(ask, false);
                return;
        }
        if (err)
                error_copy(&ask->error, err);
        if (qmp_client_broken(ask->guest->qmp)) {
                removed(ask, NULL, NULL);
                return;
        }
        qmp_client_call(ask->guest->qmp, "remove-fd",
                        json_pack("{s:I}", "fdset-id", (json_int_t) ask->fdset), removed, ask);
}

static void dump(QemuAsk *ask, bool png)
{
        _cleanup_(free_ptr) char *path = xasprintf("/dev/fdset/%lld", (long long) ask->fdset);
        json_t *args = json_pack("{s:s}", "filename", path);

        if (png)
                json_object_set_new(args, "format", json_string("png"));
        free(ask->mime);
        ask->mime = xstrdup(png ? "image/png" : "image/x-portable-pixmap");
        qmp_client_call(ask->guest->qmp, "screendump", args, dumped, ask);
}

static void added(void *data, json_t *value, const Error *err)
{
        QemuAsk *ask = data;

        if (err) {
                qemu_ask_answer(ask, NULL, err);
                return;
        }
        ask->fdset = (int64_t) json_u64(value, "fdset-id", 0);
        dump(ask, true);
}

int qemu_screenshot(QemuAsk *ask, const DriverQuestion *question, Error *err)
{
        _cleanup_(fd_closep) int write_fd = -1;
        _cleanup_(free_ptr) char *path = NULL;

        if (question->screen > 0 || ask->guest->domain->live->videos.len == 0)
                return error_set(err, ERROR_OPERATION_INVALID, "no such screen ID");
        ask->fd = memfd_create("screenshot", MFD_CLOEXEC);
        if (ask->fd < 0)
                return error_set_errno(err, errno, "cannot make a file for a screenshot");
        path = xasprintf("/proc/self/fd/%d", ask->fd);
        write_fd = open(path, O_WRONLY | O_CLOEXEC);
        if (write_fd < 0)
                return error_set_errno(err, errno, "cannot open the file of a screenshot");
        qmp_client_call_fd(ask->guest->qmp, "add-fd", NULL, TAKE_FD(write_fd), added, ask);
        return 0;
}

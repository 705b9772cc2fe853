#include "qemu/console.h"

#include "base/fd.h"
#include "base/str.h"
#include "qemu/argv-internal.h"
#include "qemu/process.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* A device by alias; NULL asks for the first console, else the first serial port. */
static const CharSource *find_line(const DomainConfig *live, const char *device)
{
        for (size_t i = 0; i < live->consoles.len; i++) {
                const Console *console = &live->consoles.items[i];
                bool serial = console->target_type != CONSOLE_TARGET_TYPE_VIRTIO;
                _cleanup_(free_ptr) char *id =
                        device_id(&console->info, serial ? "serial" : "console", i);

                if (!device || str_eq(id, device))
                        return &console->source;
        }
        for (size_t i = 0; i < live->serials.len; i++) {
                const Serial *serial = &live->serials.items[i];
                _cleanup_(free_ptr) char *id = device_id(&serial->info, "serial", i);

                if (!device || str_eq(id, device))
                        return &serial->source;
        }
        return NULL;
}

static int open_pty(const char *path, int *ret_fd, Error *err)
{
        int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

        if (fd < 0)
                return error_set_errno(err, errno, "cannot open console '%s'", path);
        *ret_fd = fd;
        return 0;
}

int qemu_open_console(Driver *driver, Domain *d, const char *device, int *ret_fd, Error *err)
{
        const CharSource *line;

        (void) driver;
        if (!d->live)
                return error_set(err, ERROR_OPERATION_INVALID, "domain is not running");
        line = find_line(d->live, device);
        if (!line)
                return error_set(err, ERROR_INVALID_ARGUMENT, "cannot find character device %s",
                                 device ? device : "<null>");
        if (line->type == CHAR_TYPE_PTY && line->data.pty.path)
                return open_pty(line->data.pty.path, ret_fd, err);
        if (line->type == CHAR_TYPE_UNIX && line->data.unix_.path &&
            line->data.unix_.mode == SOCKET_MODE_BIND)
                return monitor_connect(line->data.unix_.path, ret_fd, err);
        return error_set(err, ERROR_CONFIG_UNSUPPORTED,
                         "character device %s is not using a PTY or UNIX socket",
                         device ? device : "<null>");
}

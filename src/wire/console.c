/* The console: a channel between a client and the descriptor that the driver gave.
 *
 * At most one console of a domain is open (Domain.console_lost): another open is refused, or with
 * FORCE takes it away. A WireConsole ends, and its owner is nobody's any more, when the client
 * finishes, aborts or goes        console_closed() the guest's end closes or breaks guest_closed()
 *   the guest ends, or another open forces it  console_lost()
 * Guest to client: read only while the client reads. Client to guest: at most CONSOLE_INPUT_MAX
 * bytes wait for a guest that does not read, then the stream fails; so the client's connection,
 * with its keepalives, never stands still for a console. */
#include "wire/handler.h"

#include "base/fd.h"
#include "loop/stream.h"
#include "wire/server-internal.h"

#include <errno.h>
#include <libvirt/libvirt.h>
#include <unistd.h>

enum {
        CONSOLE_INPUT_MAX = 1024 * 1024,
        CONSOLE_LAST_MAX = 256 * 1024, /* of what the guest said at its end */
};

typedef struct WireConsole {
        Domain *d; /* referenced */
        WireChannel *channel;
        Stream *stream;
} WireConsole;

static void console_free(WireConsole *console)
{
        if (console->d->console_data == console) {
                console->d->console_lost = NULL;
                console->d->console_data = NULL;
        }
        stream_free(console->stream);
        domain_unref(console->d);
        free(console);
}

/* --- the guest's side --- */

static size_t guest_output(void *data, const uint8_t *bytes, size_t len)
{
        WireConsole *console = data;

        if (!client_reads(channel_client(console->channel))) {
                stream_pause(console->stream, true);
                return 0;
        }
        channel_send(console->channel, bytes, len);
        return len;
}

static void guest_closed(void *data, const Error *err)
{
        WireConsole *console = data;

        /* a terminal whose other side closed says EIO */
        if (error_is_set(err) && err->sys_errno != EIO)
                channel_fail(console->channel, err);
        else
                channel_eof(console->channel);
        console_free(console);
}

/* What the guest said last is passed on before the end. */
static void console_lost(void *data)
{
        WireConsole *console = data;
        uint8_t bytes[16384];
        size_t total = 0;
        ssize_t n;

        while (total < CONSOLE_LAST_MAX &&
               (n = read(stream_fd(console->stream), bytes, sizeof(bytes))) > 0) {
                channel_send(console->channel, bytes, (size_t) n);
                total += (size_t) n;
        }
        channel_eof(console->channel);
        console_free(console);
}

/* --- the client's side --- */

static void client_input(void *data, const uint8_t *bytes, size_t len)
{
        WireConsole *console = data;

        stream_write(console->stream, bytes, len);
}

static void client_resumes(void *data)
{
        WireConsole *console = data;

        stream_pause(console->stream, false);
}

static void console_closed(void *data)
{
        console_free(data);
}

/* --- open --- */

static int console_attach(WireCall *call, Domain *d, const char *device, Error *err)
{
        static const StreamOps stream_ops = {.input = guest_output, .closed = guest_closed};
        static const WireChannelOps channel_ops = {
                .input = client_input, .resume = client_resumes, .closed = console_closed};
        const StreamLimits limits = {.max_output = CONSOLE_INPUT_MAX};
        Driver *driver = call_driver(call);
        _cleanup_(fd_closep) int fd = -1;
        WireConsole *console;
        int r = driver->type->open_console(driver, d, device, &fd, err);

        if (r < 0)
                return r;
        console = xnew0(WireConsole, 1);
        console->d = domain_ref(d);
        r = stream_new(driver->host.loop, fd, &stream_ops, &limits, console, &console->stream, err);
        if (r >= 0) {
                fd = -1;
                r = channel_open(call, &channel_ops, console, &console->channel, err);
        }
        if (r < 0) {
                console_free(console);
                return r;
        }
        d->console_lost = console_lost;
        d->console_data = console;
        return WIRE_DONE;
}

static int open_console(WireCall *call, Error *err)
{
        const RemoteDomainOpenConsoleArgs *args = call->args;
        Domain *d;
        int r = call_flags(call, args->flags, VIR_DOMAIN_CONSOLE_FORCE | VIR_DOMAIN_CONSOLE_SAFE,
                           err);

        if (r >= 0)
                r = call_domain(call, &args->dom, &d, err);
        if (r < 0)
                return r;
        if (!domain_active(d))
                return error_set(err, ERROR_OPERATION_INVALID, "domain is not running");
        if (!call_driver(call)->type->open_console)
                return error_set(err, ERROR_NOT_SUPPORTED, "%s", call->proc->api);
        if (d->console_lost && !(args->flags & VIR_DOMAIN_CONSOLE_FORCE))
                return error_set(err, ERROR_OPERATION_FAILED,
                                 "Active console session exists for this domain");
        if (d->console_lost)
                d->console_lost(d->console_data);
        return console_attach(call, d, args->dev_name, err);
}

const WireHandler handlers_console[] = {
        {WIRE_REMOTE, REMOTE_DOMAIN_OPEN_CONSOLE, open_console, 0},
        {},
};

/* A screenshot: the driver gives a descriptor with the picture, a thread reads it, and a channel
 * sends it as fast as the client reads. Lives from the answer of the driver to the end of the
 * stream. */
#include "wire/handler.h"

#include "base/fd.h"
#include "base/str.h"
#include "wire/call.h"
#include "wire/server-internal.h"

#include <sys/stat.h>
#include <unistd.h>

enum {
        PICTURE_MAX = 64 * 1024 * 1024, /* bytes */
        PIECE = 256 * 1024,
};

typedef struct Screenshot {
        WireCall *call;       /* until it is answered */
        WireChannel *channel; /* from then on */
        int fd;
        uint8_t *bytes;
        size_t len, sent;
        Error error;
} Screenshot;

static void screenshot_free(Screenshot *shot)
{
        fd_close(shot->fd);
        error_done(&shot->error);
        free(shot->bytes);
        free(shot);
}

/* --- the stream --- */

static void send_more(void *data)
{
        Screenshot *shot = data;

        while (shot->sent < shot->len && client_reads(channel_client(shot->channel))) {
                size_t n = shot->len - shot->sent < PIECE ? shot->len - shot->sent : PIECE;

                channel_send(shot->channel, shot->bytes + shot->sent, n);
                shot->sent += n;
        }
        if (shot->sent < shot->len)
                return;
        channel_eof(shot->channel);
        screenshot_free(shot);
}

static void ignore_input(void *data, const uint8_t *bytes, size_t len)
{
        (void) data;
        (void) bytes;
        (void) len;
}

static void client_closed(void *data)
{
        screenshot_free(data);
}

static const WireChannelOps channel_ops = {
        .input = ignore_input, .resume = send_more, .closed = client_closed};

/* --- the picture --- */

/* On a thread. */
static void read_picture(void *data)
{
        Screenshot *shot = data;
        struct stat st;
        ssize_t n;

        if (fstat(shot->fd, &st) < 0 || st.st_size <= 0 || st.st_size > PICTURE_MAX) {
                error_set(&shot->error, ERROR_OPERATION_FAILED,
                          "the hypervisor gave a screenshot of %lld bytes", (long long) st.st_size);
                return;
        }
        shot->bytes = xcalloc(1, (size_t) st.st_size);
        while (shot->len < (size_t) st.st_size &&
               (n = pread(shot->fd, shot->bytes + shot->len, (size_t) st.st_size - shot->len,
                          (off_t) shot->len)) > 0)
                shot->len += (size_t) n;
}

static void picture_read(void *data, bool abandoned)
{
        Screenshot *shot = data;
        WireCall *call = shot->call;
        _cleanup_(error_done) Error err = {};

        if (abandoned) {
                screenshot_free(shot);
                return;
        }
        error_move(&err, &shot->error);
        if (!error_is_set(&err))
                (void) channel_open(call, &channel_ops, shot, &shot->channel, &err);
        call_end(call, &err);
        if (error_is_set(&err))
                screenshot_free(shot);
        else
                send_more(shot);
}

static void shot_taken(void *data, DriverAnswer *answer, const Error *err)
{
        WireCall *call = data;
        RemoteDomainScreenshotRet *ret = call->ret;
        Screenshot *shot;

        if (!answer) {
                call_end(call, err);
                return;
        }
        call->ask = NULL;
        ret->mime = xstrdup(answer->text);
        shot = xnew0(Screenshot, 1);
        shot->call = call;
        shot->fd = TAKE_FD(answer->fd);
        call->job = job_start(call->client->server->loop, read_picture, picture_read, shot);
}

static int screenshot(WireCall *call, Error *err)
{
        const RemoteDomainScreenshotArgs *args = call->args;
        DriverQuestion question = {.kind = ASK_SCREENSHOT, .screen = args->screen};
        Domain *d;
        int r = call_flags(call, args->flags, 0, err);

        if (r >= 0)
                r = call_domain(call, &args->dom, &d, err);
        return r < 0 ? r : call_ask(call, d, &question, shot_taken, err);
}

const WireHandler handlers_screenshot[] = {
        {WIRE_REMOTE, REMOTE_DOMAIN_SCREENSHOT, screenshot, WIRE_SLOW},
        {},
};

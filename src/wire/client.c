#include "wire/client.h"

#include "base/fd.h"
#include "wire/server-internal.h"

#include <sys/socket.h>

/* --- keepalive --- */

static void send_keepalive(WireClient *client, int32_t procedure)
{
        WireHeader header = {
                .program = wire_programs[WIRE_KEEPALIVE].number,
                .version = wire_programs[WIRE_KEEPALIVE].version,
                .procedure = procedure,
                .type = WIRE_TYPE_MESSAGE,
        };
        _cleanup_(str_done) Str packet = {};

        packet_build_bytes(&header, NULL, 0, &packet);
        client_send(client, &packet);
}

static void silence(void *data)
{
        WireClient *client = data;
        const WireLimits *limits = &client->server->limits;

        if (client->state == CLIENT_CLOSING) {
                client_drop(client, "the client does not read the end of the connection");
                return;
        }
        if (client->pings >= limits->keepalive_count) {
                client_drop(client, "keepalive timeout");
                return;
        }
        client->pings++;
        send_keepalive(client, KEEPALIVE_PING);
        timer_start(client->timer, limits->keepalive_ms);
}

void client_want_pings(WireClient *client)
{
        client->wants_pings = true;
        timer_start(client->timer, client->server->limits.keepalive_ms);
}

static void heard(WireClient *client)
{
        client->pings = 0;
        if (client->wants_pings)
                timer_start(client->timer, client->server->limits.keepalive_ms);
}

/* --- input --- */

static void keepalive_packet(WireClient *client, const WireHeader *header)
{
        if (header->version == wire_programs[WIRE_KEEPALIVE].version &&
            header->procedure == KEEPALIVE_PING)
                send_keepalive(client, KEEPALIVE_PONG);
}

static void refuse_type(WireClient *client, const WireHeader *header)
{
        _cleanup_(error_done) Error err = {};

        error_set(&err, ERROR_PROTOCOL, "Unexpected message type %u", header->type);
        call_refuse(client, header, &err);
}

static void client_packet(WireClient *client, const uint8_t *bytes, size_t len, int *fds,
                          uint32_t n_fds)
{
        WireHeader header = packet_header(bytes);
        size_t payload_len;
        const uint8_t *payload = packet_payload(bytes, len, &payload_len);

        heard(client);
        switch (header.type) {
        case WIRE_TYPE_CALL:
        case WIRE_TYPE_CALL_WITH_FDS:
                calls_arrive(client, &header, payload, payload_len, fds, n_fds);
                break;
        case WIRE_TYPE_STREAM:
        case WIRE_TYPE_STREAM_HOLE:
                channels_packet(client, &header, payload, payload_len);
                break;
        case WIRE_TYPE_MESSAGE:
                if (header.program == wire_programs[WIRE_KEEPALIVE].number)
                        keepalive_packet(client, &header);
                break;
        case WIRE_TYPE_REPLY:
        case WIRE_TYPE_REPLY_WITH_FDS:
                break;
        default:
                refuse_type(client, &header);
                break;
        }
}

/* The descriptors behind a packet, one extra byte each. */
static int take_fds(WireClient *client, int *fds, uint32_t n)
{
        for (uint32_t i = 0; i < n; i++) {
                fds[i] = stream_take_fd(client->stream);
                if (fds[i] >= 0)
                        continue;
                while (i > 0)
                        fd_close(fds[--i]);
                return -1;
        }
        return 0;
}

static bool listens(const WireClient *client)
{
        return client->state == CLIENT_NEW || client->state == CLIENT_OPEN;
}

static size_t stream_input(void *data, const uint8_t *bytes, size_t len)
{
        WireClient *client = data;
        int fds[WIRE_FDS_MAX];
        size_t used = 0;

        while (listens(client)) {
                _cleanup_(error_done) Error err = {};
                uint32_t n_fds;
                size_t size;
                int r = packet_frame(bytes + used, len - used, &size, &n_fds, &err);

                if (r == 0)
                        return used;
                if (r < 0) {
                        client_drop(client, error_text(&err));
                        break;
                }
                if (take_fds(client, fds, n_fds) < 0) {
                        client_drop(client, "descriptors were announced and did not come");
                        break;
                }
                client_packet(client, bytes + used, size, fds, n_fds);
                used += size + n_fds;
        }
        return len;
}

static void stream_drained(void *data)
{
        WireClient *client = data;

        if (client->state == CLIENT_CLOSING)
                client_drop(client, NULL);
        if (!listens(client))
                return;
        calls_resume(client);
        channels_resume(&client->channels);
}

static void stream_closed(void *data, const Error *err)
{
        client_drop(data, error_is_set(err) ? error_text(err) : NULL);
}

/* --- output --- */

void client_send(WireClient *client, const Str *packets)
{
        if (client->state == CLIENT_ENDED)
                return;
        stream_write(client->stream, packets->text, packets->len);
        /* the answer to close is the first that is sent in CLOSING, and the last that matters */
        if (client->state == CLIENT_CLOSING && stream_queued(client->stream) == 0)
                client_drop(client, NULL);
}

void client_send_event(WireClient *client, const Str *packets)
{
        if (client->state != CLIENT_OPEN)
                return;
        if (stream_queued(client->stream) > client->server->limits.output_events)
                client_drop(client, "the client does not read its events");
        else
                client_send(client, packets);
}

bool client_reads(const WireClient *client)
{
        return client->state != CLIENT_ENDED &&
               stream_queued(client->stream) <= client->server->limits.output_soft;
}

/* --- life --- */

static const StreamOps stream_ops = {
        .input = stream_input,
        .drained = stream_drained,
        .closed = stream_closed,
};

int client_new(WireServer *server, int fd, bool readonly, WireClient **ret, Error *err)
{
        WireClient *client = xnew0(WireClient, 1);
        StreamLimits limits = {
                .max_input = WIRE_PACKET_MAX + WIRE_FDS_MAX,
                .max_output = server->limits.output_hard,
        };
        struct ucred peer = {};
        socklen_t size = sizeof(peer);
        int r;

        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0) {
                client->pid = peer.pid;
                client->uid = peer.uid;
        }
        client->server = server;
        client->readonly = readonly;
        calls_init(&client->calls);
        channels_init(&client->channels);
        list_init(&client->node);
        r = stream_new(server->loop, fd, &stream_ops, &limits, client, &client->stream, err);
        if (r < 0) {
                free(client);
                return r;
        }
        client->timer = timer_new(server->loop, silence, client);
        *ret = client;
        return 0;
}

WireClient *client_free(WireClient *client)
{
        client->state = CLIENT_ENDED;
        events_done(&client->events);
        channels_done(&client->channels);
        calls_done(&client->calls);
        timer_free(client->timer);
        stream_free(client->stream);
        list_remove(&client->node);
        free(client->uri);
        free(client->why);
        free(client);
        return NULL;
}

void client_opened(WireClient *client, Driver *driver, char *uri)
{
        client->driver = driver;
        client->uri = uri;
        client->state = CLIENT_OPEN;
}

void client_close(WireClient *client)
{
        const WireLimits *limits = &client->server->limits;

        if (!listens(client))
                return;
        client->state = CLIENT_CLOSING;
        timer_start(client->timer, (uint64_t) limits->keepalive_ms * limits->keepalive_count);
}

void client_drop(WireClient *client, const char *why)
{
        if (client->state == CLIENT_ENDED)
                return;
        client->state = CLIENT_ENDED;
        client->why = xstrdup_null(why);
        timer_stop(client->timer);
        stream_pause(client->stream, true);
        server_reap(client->server, client);
}

#include "wire/channel.h"

#include "wire/error-map.h"
#include "wire/server-internal.h"

struct WireChannel {
        WireClient *client;
        WireHeader header;         /* of its packets */
        const WireChannelOps *ops; /* NULL: ENDING */
        void *data;
        ListNode node;
};

void channels_init(WireChannels *channels)
{
        *channels = (WireChannels){};
        list_init(&channels->list);
}

static void channel_free(WireChannel *channel)
{
        list_remove(&channel->node);
        channel->client->channels.len--;
        free(channel);
}

/* Takes the owner away and tells it. */
static void release_owner(WireChannel *channel)
{
        const WireChannelOps *ops = TAKE_PTR(channel->ops);

        if (ops)
                ops->closed(channel->data);
}

void channels_done(WireChannels *channels)
{
        while (!list_empty(&channels->list)) {
                WireChannel *channel = list_first(&channels->list, WireChannel, node);

                release_owner(channel);
                channel_free(channel);
        }
}

void channels_resume(WireChannels *channels)
{
        LIST_FOREACH(channel, &channels->list, WireChannel, node)
                if (channel->ops)
                        channel->ops->resume(channel->data);
}

int channel_open(WireCall *call, const WireChannelOps *ops, void *data, WireChannel **ret,
                 Error *err)
{
        WireClient *client = call->client;
        WireChannel *channel;

        if (client->channels.len >= client->server->limits.channels)
                return error_set(err, ERROR_BUSY, "%u streams of this client are open already",
                                 client->channels.len);
        LIST_FOREACH(other, &client->channels.list, WireChannel, node)
                if (other->header.serial == call->serial)
                        return error_set(err, ERROR_PROTOCOL, "serial %u has a stream already",
                                         call->serial);
        channel = xnew0(WireChannel, 1);
        channel->client = client;
        channel->header = (WireHeader){
                .program = call->program,
                .version = call->version,
                .procedure = call->proc->number,
                .type = WIRE_TYPE_STREAM,
                .serial = call->serial,
        };
        channel->ops = ops;
        channel->data = data;
        list_append(&client->channels.list, &channel->node);
        client->channels.len++;
        *ret = channel;
        return 0;
}

WireClient *channel_client(const WireChannel *channel)
{
        return channel->client;
}

static void send_status(WireChannel *channel, WireStatus status, const uint8_t *bytes, size_t len)
{
        _cleanup_(str_done) Str packet = {};

        channel->header.status = status;
        packet_build_bytes(&channel->header, bytes, len, &packet);
        client_send(channel->client, &packet);
}

void channel_send(WireChannel *channel, const uint8_t *bytes, size_t len)
{
        while (len > 0) {
                size_t n = len < WIRE_STREAM_CHUNK ? len : WIRE_STREAM_CHUNK;

                send_status(channel, WIRE_STATUS_CONTINUE, bytes, n);
                bytes += n;
                len -= n;
        }
}

void channel_eof(WireChannel *channel)
{
        channel->ops = NULL;
        send_status(channel, WIRE_STATUS_CONTINUE, NULL, 0);
}

void channel_fail(WireChannel *channel, const Error *err)
{
        WireClient *client = channel->client;
        ErrorContext context = {.driver = client->driver->type->name};
        _cleanup_(str_done) Str packet = {};
        WireError wire;

        error_map(err, &context, &wire);
        channel->header.status = WIRE_STATUS_ERROR;
        if (packet_build(&channel->header, &wire_layout_error, &wire, &packet, NULL) >= 0)
                client_send(client, &packet);
        xdr_release(&wire_layout_error, &wire);
        channel_free(channel);
}

/* The client finished or aborted: both are confirmed in the same way. */
static void client_finished(WireChannel *channel)
{
        release_owner(channel);
        send_status(channel, WIRE_STATUS_OK, NULL, 0);
        channel_free(channel);
}

static void refuse_hole(WireChannel *channel)
{
        _cleanup_(error_done) Error err = {};

        error_set(&err, ERROR_PROTOCOL, "a hole in a stream that was not opened as sparse");
        release_owner(channel);
        channel_fail(channel, &err);
}

void channels_packet(WireClient *client, const WireHeader *header, const uint8_t *payload,
                     size_t len)
{
        LIST_FOREACH(channel, &client->channels.list, WireChannel, node) {
                const WireHeader *own = &channel->header;

                if (own->serial != header->serial || own->program != header->program ||
                    own->procedure != header->procedure)
                        continue;
                if (header->status != WIRE_STATUS_CONTINUE)
                        client_finished(channel);
                else if (header->type == WIRE_TYPE_STREAM_HOLE)
                        refuse_hole(channel);
                else if (channel->ops && len > 0)
                        channel->ops->input(channel->data, payload, len);
                return;
        }
}

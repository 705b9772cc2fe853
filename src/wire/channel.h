/* Channels: the streams of libvirt's protocol, each opened by a call and known by its serial.
 *
 *   OPEN   both sides may send
 *            channel_eof()                    -> ENDING, the owner is released
 *            client finishes or aborts        -> confirmed, ops->closed, gone
 *            channel_fail()                   -> told, gone, the owner is released
 *            client ends                      -> ops->closed, gone
 *   ENDING waits for the client's finish or abort, which is confirmed; data is ignored
 *
 * A released owner is never called again. Packets for a channel that is gone are ignored. Data to
 * the client is not bounded here: an owner asks client_reads() before it reads more. */
#pragma once

#include "base/list.h"
#include "wire/handler.h"
#include "wire/packet.h"

typedef struct WireChannel WireChannel;

typedef struct WireChannelOps {
        /* The client sent data, len > 0. */
        void (*input)(void *data, const uint8_t *bytes, size_t len);
        /* The client reads again. */
        void (*resume)(void *data);
        /* The client has finished, aborted or gone. */
        void (*closed)(void *data);
} WireChannelOps;

typedef struct WireChannels {
        ListNode list;
        unsigned len;
} WireChannels;

void channels_init(WireChannels *channels);
/* The client ended. */
void channels_done(WireChannels *channels);
/* A stream packet. */
void channels_packet(WireClient *client, const WireHeader *header, const uint8_t *payload,
                     size_t len);
/* The client reads again. */
void channels_resume(WireChannels *channels);

/* The stream of a call, which is answered WIRE_DONE afterwards. ERROR_BUSY when the client has too
 * many. */
int channel_open(WireCall *call, const WireChannelOps *ops, void *data, WireChannel **ret,
                 Error *err);
void channel_send(WireChannel *channel, const uint8_t *bytes, size_t len);
void channel_eof(WireChannel *channel);
void channel_fail(WireChannel *channel, const Error *err);
WireClient *channel_client(const WireChannel *channel);

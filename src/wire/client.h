/* One connection.
 *
 * States, and what leads on:
 *   NEW      nothing but authentication, features and open is served
 *              connect_open() -> OPEN
 *   OPEN     calls are served                         connect_close() -> CLOSING
 *   CLOSING  input is ignored, output drains          drained, or linger over -> ENDED
 *   ENDED    from any state by client_drop(): nothing is read, written or called any more, the
 *            server frees it on the next turn; calls that still run are forgotten, their
 *            operations go on
 *
 * Keepalive: a ping is answered where it is met in the input, before any call behind it. Once the
 * client asked for feature 10, silence of keepalive_ms makes the daemon ping; any packet is an
 * answer; keepalive_count pings without one end the connection. */
#pragma once

#include "loop/stream.h"
#include "loop/timer.h"
#include "wire/channel.h"
#include "wire/call.h"
#include "wire/events.h"
#include "wire/packet.h"
#include "wire/server.h"

typedef enum WireClientState {
        CLIENT_NEW,
        CLIENT_OPEN,
        CLIENT_CLOSING,
        CLIENT_ENDED,
} WireClientState;

struct WireClient {
        /* readable */
        WireServer *server;
        uint64_t id;
        pid_t pid;
        uid_t uid;
        WireClientState state;
        bool readonly;
        Driver *driver; /* from OPEN on */
        char *uri;      /* from OPEN on */

        WireCalls calls;
        WireEvents events;
        WireChannels channels;

        /* private */
        ListNode node; /* of the server's clients, or of those that ended */
        Stream *stream;
        Timer *timer; /* keepalive; in CLOSING the linger */
        bool wants_pings;
        unsigned pings;
        char *why; /* it ended; NULL: the client closed */
};

/* Takes over the descriptor, on success. */
int client_new(WireServer *server, int fd, bool readonly, WireClient **ret, Error *err);
/* For the server alone. */
WireClient *client_free(WireClient *client);

/* The open call succeeded; `uri` is taken over. */
void client_opened(WireClient *client, Driver *driver, char *uri);
/* From now on the daemon pings. */
void client_want_pings(WireClient *client);
/* Ends when what is queued has been read. */
void client_close(WireClient *client);
/* Ends now; `why` is one phrase, NULL when the client closed. */
void client_drop(WireClient *client, const char *why);

/* Sends packets. An event ends the connection when too much is unread already. Nothing happens in
 * ENDED. */
void client_send(WireClient *client, const Str *packets);
void client_send_event(WireClient *client, const Str *packets);
/* Whether the client reads: calls may begin and streams may flow. When it does so again,
 * calls_resume() and channels_resume() are called. */
bool client_reads(const WireClient *client);

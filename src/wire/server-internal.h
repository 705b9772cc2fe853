/* What the files of wire/ know of the server. */
#pragma once

#include "loop/watch.h"
#include "wire/client.h"
#include "wire/dispatch.h"
#include "wire/host.h"

typedef struct WireListener {
        WireServer *server;
        char *path;
        int fd; /* -1: none */
        bool readonly;
        Watch *watch;
} WireListener;

struct WireServer {
        /* readable */
        Loop *loop;
        Engine *engine;
        WireLimits limits; /* filled up */
        WireDispatch dispatch;
        WireHost host;
        uint32_t last_callback; /* the number of the latest registration */

        /* private */
        WireListener listeners[2];
        ListNode clients, ended;
        unsigned n_clients;
        uint64_t last_client;
        Timer *reaper; /* frees those that ended */
        Timer *breath; /* listens again after the process ran out of descriptors */
        WireObserveFn *observe;
        void *data;
};

void server_notice(WireServer *server, WireNoticeKind kind, const WireClient *client,
                   const char *why);
/* The client ended: it is freed on the next turn. */
void server_reap(WireServer *server, WireClient *client);

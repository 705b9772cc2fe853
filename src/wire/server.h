/* The libvirt protocol server: translation between clients of libvirt and the engine, nothing else.
 *
 * It listens on two sockets; what arrives on the second may only look. Each connection belongs to
 * one driver from its open call on. Calls of one client run side by side, and replies go out as
 * they are ready. A client's trouble is its own: what it sends is bounded before it is believed,
 * what it does not read is bounded and then the end of its connection. */
#pragma once

#include "engine/engine.h"

#include <sys/types.h>

typedef struct WireServer WireServer;

/* 0 stands for the default in brackets. */
typedef struct WireLimits {
        unsigned clients;   /* connections at once (5000) */
        unsigned calls;     /* changing calls of one client that run at once (256) */
        unsigned waiting;   /* further calls of one client that wait; the next is refused (1024) */
        size_t call_bytes;  /* payloads of one client's calls, running and waiting (64 MiB) */
        size_t output_soft; /* unread bytes at which no call begins and no stream flows (256 KiB) */
        size_t output_events;     /* unread bytes at which an event ends the connection (4 MiB) */
        size_t output_hard;       /* unread bytes that end the connection (64 MiB) */
        unsigned registrations;   /* of events, of one client (1024) */
        unsigned channels;        /* open streams of one client (64) */
        unsigned keepalive_ms;    /* silence before a ping (5000) */
        unsigned keepalive_count; /* pings without an answer (5) */
} WireLimits;

#define WIRE_NOTICES(X)                                                                            \
        X(CONNECTED, "connected") X(REFUSED, "refused") X(CLOSED, "closed") X(TROUBLE, "trouble")

typedef enum WireNoticeKind {
#define X(name, text) WIRE_NOTICE_##name,
        WIRE_NOTICES(X)
#undef X
                _WIRE_NOTICE_MAX,
} WireNoticeKind;

/* Something an operator may want to see. Good during the call. */
typedef struct WireNotice {
        WireNoticeKind kind;
        uint64_t client; /* counts up from 1; 0: the server itself */
        pid_t pid;       /* of the peer, 0 where unknown */
        uid_t uid;
        bool readonly;
        const char *why; /* one phrase, or NULL */
} WireNotice;

typedef void WireObserveFn(void *data, const WireNotice *notice);

typedef struct WireConfig {
        const char *path;     /* of the socket; NULL: none */
        const char *ro_path;  /* of the socket for looking only; NULL: none */
        mode_t mode, ro_mode; /* 0: 0600 */
        gid_t group;          /* of both sockets; 0 or -1: the daemon's own */
        WireLimits limits;
        WireObserveFn *observe; /* may be NULL */
        void *data;
} WireConfig;

/* Listens. A socket file that is there already is replaced: whoever owns the root owns its sockets.
 */
int wire_server_new(Loop *loop, Engine *engine, const WireConfig *config, WireServer **ret,
                    Error *err);
/* Closes every connection and removes the socket files; no callback comes after it. */
WireServer *wire_server_free(WireServer *server);
DEFINE_CLEANUP(WireServer, wire_server_free)

/* A connection that was made elsewhere: takes over the descriptor. */
int wire_server_adopt(WireServer *server, int fd, bool readonly, Error *err);

const char *wire_notice_text(WireNoticeKind kind);

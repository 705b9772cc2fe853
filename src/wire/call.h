/* Calls of one client.
 *
 *   WAITING  whole but not begun: the client does not read, or as many changing calls as it may
 * have run already; the payload is kept as it came RUNNING  decoded, with its handler or with the
 * engine answered and freed
 *
 *   calls_arrive()   -> RUNNING, WAITING, or refused with ERROR_BUSY where too much waits
 *   calls_resume()   WAITING -> RUNNING, oldest first; reads overtake changing calls that must wait
 *   call_end()       RUNNING -> answered
 *
 * A handler that answers from memory never leaves calls_arrive(), so reads never wait for the
 * engine. */
#pragma once

#include "base/list.h"
#include "wire/handler.h"
#include "wire/packet.h"

typedef struct WireClient WireClient;

typedef struct WireCalls {
        /* readable */
        ListNode waiting, running;
        unsigned n_waiting, n_running;
        size_t bytes; /* payloads of both */
} WireCalls;

void calls_init(WireCalls *calls);
/* Forgets every call. */
void calls_done(WireCalls *calls);

/* A call packet. The descriptors are taken over. */
void calls_arrive(WireClient *client, const WireHeader *header, const uint8_t *payload, size_t len,
                  int *fds, uint32_t n_fds);
/* Begins what may begin now. */
void calls_resume(WireClient *client);
/* A client is told of an error of its packet. */
void call_refuse(WireClient *client, const WireHeader *header, const Error *err);
/* Calls the handler of a RUNNING call once more: what it waited for has come. */
void call_again(WireCall *call);
/* Answers a RUNNING call: with call->ret, or with the error where it is set. */
void call_end(WireCall *call, const Error *err);

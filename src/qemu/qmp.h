/* The QMP client: commands to one QEMU and its events, over a socket.
 *
 *   GREETING --> CAPABILITIES --> READY      the greeting; the answer to qmp_capabilities
 *      |               |            |
 *      +---------------+------------+---> LOST     end of file or an error of the socket
 *      |               |            |       |
 *      +---------------+------------+-------+---> BROKEN    garbage, a message too long or too
 * deep, an answer that nobody asked for, no READY within greeting_ms, qmp_client_break(); LOST is
 * BROKEN at once when nobody is `lost`
 *
 *   qmp_client_new()    -> GREETING
 *   qmp_client_call()   any state: queued until READY and sent at once then, told the cause when
 * BROKEN qmp_client_break()  any state -> BROKEN qmp_client_free()   any state; nothing is called
 * any more
 *
 * Every call is told exactly once, on a later turn of the loop or out of qmp_client_break(), never
 * from inside qmp_client_call(): with QEMU's answer, with its error, with ERROR_TIMEOUT after its
 * deadline (an answer that comes later is dropped, a command not sent yet never is), or with the
 * cause when the client breaks; `broken` is called after those, once. Any callback may free the
 * client.
 *
 * What QEMU sends is not trusted: a guest that broke out may have taken it over. */
#pragma once

#include "loop/loop.h"

#include <jansson.h>

typedef struct QmpClient QmpClient;

enum {
        QMP_MESSAGE_MAX = 4 * 1024 * 1024, /* bytes of one message */
        QMP_DEPTH_MAX = 64,                /* objects and arrays within one another */
        QMP_CALLS_MAX = 256,               /* calls that wait, forgotten ones included */
};

/* The answer, good during the call; `value` is NULL when err is set. */
typedef void QmpReplyFn(void *data, json_t *value, const Error *err);

typedef struct QmpSpec {
        const char *subject;  /* whose monitor it is, for errors: "domain 'vm1'"; copied */
        uint64_t greeting_ms; /* from the making until READY; 0: no limit */
        uint64_t command_ms;  /* from the call until the answer; before READY greeting_ms longer */
        /* The callbacks may be NULL. */
        /* `value` is the event's "data", NULL where it has none. */
        void (*event)(void *data, const char *event, json_t *value);
        /* The connection has ended. Who hears this finds out why and calls qmp_client_break(). */
        void (*lost)(void *data, const Error *err);
        void (*broken)(void *data, const Error *err);
        void *data;
} QmpSpec;

/* Takes over the descriptor, on success. */
int qmp_client_new(Loop *loop, int fd, const QmpSpec *spec, QmpClient **ret, Error *err);

/* Sends a command. `args` is taken over and may be NULL. */
void qmp_client_call(QmpClient *client, const char *command, json_t *args, QmpReplyFn *fn,
                     void *data);
/* Without a deadline: for what no operation waits for. */
void qmp_client_ask(QmpClient *client, const char *command, json_t *args, QmpReplyFn *fn,
                    void *data);
/* Told the whole answer, an object with "return" or "error". */
void qmp_client_call_raw(QmpClient *client, const char *command, json_t *args, QmpReplyFn *fn,
                         void *data);
/* With a descriptor that goes with it (getfd, add-fd), taken over. */
void qmp_client_call_fd(QmpClient *client, const char *command, json_t *args, int fd,
                        QmpReplyFn *fn, void *data);

/* Ends the connection for the given cause. Harmless when it is broken. */
void qmp_client_break(QmpClient *client, const Error *why);
bool qmp_client_broken(const QmpClient *client);

QmpClient *qmp_client_free(QmpClient *client);
DEFINE_CLEANUP(QmpClient, qmp_client_free)

/* For _cleanup_(json_p) on json_t pointers. */
static inline void json_p(json_t **json)
{
        json_decref(*json);
}
/* The string or number of a member; the fallback where it is absent or of another type. */
const char *json_text(const json_t *object, const char *key, const char *fallback);
uint64_t json_u64(const json_t *object, const char *key, uint64_t fallback);
bool json_flag(const json_t *object, const char *key, bool fallback);

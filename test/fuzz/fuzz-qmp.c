/* QMP: whatever QEMU sends, the client lives or ends with one error, every call is told exactly
 * once and nothing is told after that.
 *
 * The first byte chooses: bit 0, the handshake is done before; bit 1, the rest comes in pieces; bit
 * 2, the client is freed by the first event. */
#include "base/fd.h"
#include "base/list.h"
#include "loop/loop.h"
#include "qemu/qmp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
        GREETED = 1 << 0,
        PIECES = 1 << 1,
        FREE = 1 << 2,
        CALLS = 3,
        LIMIT_MS = 1000,
};

typedef struct World {
        QmpClient *client;
        unsigned told[CALLS], broken;
        bool frees;
} World;

static World world;

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void require(bool holds, const char *what)
{
        if (!holds) {
                fprintf(stderr, "not so: %s\n", what);
                abort();
        }
}

static void on_event(void *data, const char *event, json_t *value)
{
        (void) data;
        (void) value;
        require(event != NULL, "an event has a name");
        if (world.frees)
                world.client = qmp_client_free(world.client);
}

static void on_broken(void *data, const Error *err)
{
        (void) data;
        require(error_is_set(err) && err->message, "a break has a cause");
        world.broken++;
}

static void on_answer(void *data, json_t *value, const Error *err)
{
        unsigned *told = data;

        require(!value == (err != NULL), "an answer is a value or an error");
        ++*told;
}

static void feed(Loop *loop, int fd, const uint8_t *bytes, size_t len, size_t piece)
{
        while (len && world.client && !world.broken) {
                ssize_t n = send(fd, bytes, len < piece ? len : piece, MSG_NOSIGNAL);

                if (n > 0) {
                        bytes += n;
                        len -= (size_t) n;
                }
                loop_turn(loop, false);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
        static const char handshake[] = "{\"QMP\": {}}\n{\"return\": {}, \"id\": 0}\n";
        QmpSpec spec = {
                .subject = "fuzzer",
                .greeting_ms = LIMIT_MS,
                .command_ms = LIMIT_MS,
                .event = on_event,
                .broken = on_broken,
        };
        Loop *loop;
        int fds[2];

        if (!len)
                return 0;
        world = (World){.frees = bytes[0] & FREE};
        require(loop_new(&loop, NULL) == 0, "a loop");
        loop_use_fake_clock(loop);
        require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0,
                "a socket pair");
        require(qmp_client_new(loop, fds[1], &spec, &world.client, NULL) == 0, "a client");
        for (int i = 0; i < CALLS; i++)
                qmp_client_call(world.client, "query-status", NULL, on_answer, &world.told[i]);

        if (bytes[0] & GREETED)
                feed(loop, fds[0], (const uint8_t *) handshake, sizeof(handshake) - 1, 4096);
        feed(loop, fds[0], bytes + 1, len - 1, bytes[0] & PIECES ? 7 : 65536);
        fd_close(fds[0]);
        for (int i = 0; i < 4; i++)
                loop_turn(loop, false);
        loop_advance(loop, 2 * LIMIT_MS);
        for (int i = 0; i < CALLS; i++)
                require(world.told[i] == (world.client ? 1 : world.told[i]) && world.told[i] <= 1,
                        "a call is told once");
        require(!world.client || world.broken == 1, "the end is told once");
        qmp_client_free(world.client);
        loop_free(loop);
        return 0;
}

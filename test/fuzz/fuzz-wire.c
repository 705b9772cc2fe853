/* The libvirt protocol: any payload is refused or decodes to what encodes to it again, and any
 * bytes leave a connection ended or alive, never the daemon broken.
 *
 * The first byte chooses. Even: the next two bytes are a layout, the rest its payload. Odd: the
 * rest comes over a connection, read-only with bit 1, opened already with bit 2, in small pieces
 * with bit 3. The driver refuses every configuration, so that no input changes what the next one
 * finds: one domain that runs, with a console. */
#include "base/fd.h"
#include "base/str.h"
#include "fake/fake.h"
#include "wire/packet.h"
#include "wire/server.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
        CONNECTION = 1 << 0,
        READ_ONLY = 1 << 1,
        OPENED = 1 << 2,
        PIECES = 1 << 3,
};

typedef struct World {
        Loop *loop;
        Engine *engine;
        WireServer *server;
        DriverType type;
        bool closed;
} World;

static World world;

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void require(bool holds, const char *what)
{
        if (!holds) {
                fprintf(stderr, "broken: %s\n", what);
                abort();
        }
}

/* --- payloads --- */

static void try_payload(const uint8_t *bytes, size_t len)
{
        const WireLayout *layout;
        _cleanup_(free_ptr) void *value = NULL, *back = NULL;
        _cleanup_(str_done) Str encoded = {}, again = {};

        if (len < 2)
                return;
        layout = wire_layouts[(bytes[0] * 256 + bytes[1]) % WIRE_LAYOUT_COUNT];
        value = xcalloc(1, layout->size);
        back = xcalloc(1, layout->size);
        if (xdr_decode(layout, bytes + 2, len - 2, value, NULL) < 0)
                return;
        require(xdr_encode(layout, value, &encoded, NULL) == 0, "what was decoded encodes");
        require(encoded.len <= len - 2, "it is no longer than it was");
        require(xdr_decode(layout, (uint8_t *) encoded.text, encoded.len, back, NULL) == 0 &&
                        xdr_encode(layout, back, &again, NULL) == 0 && again.len == encoded.len &&
                        memcmp(again.text, encoded.text, again.len) == 0,
                "and comes back the same");
        xdr_release(layout, value);
        xdr_release(layout, back);
}

/* --- connections --- */

static int refuse_config(Driver *driver, DomainConfig *config, Error *err)
{
        (void) driver;
        (void) config;
        return error_set(err, ERROR_CONFIG_UNSUPPORTED, "nothing is defined here");
}

static void notice(void *data, const WireNotice *notice)
{
        (void) data;
        if (notice->kind == WIRE_NOTICE_CLOSED)
                world.closed = true;
}

static void started(void *data, const Error *err)
{
        (void) data;
        require(!error_is_set(err), "the engine starts");
        world.closed = true;
}

static void add_domain(void)
{
        static const char xml[] = "<domain type='test'><name>vm1</name>"
                                  "<uuid>11111111-2222-3333-4444-555555555555</uuid>"
                                  "<memory>16384</memory><os><type>hvm</type></os></domain>";
        DomainList *domains = engine_driver(world.engine, NULL)->host.domains;
        DomainConfig *config;
        Domain *d = NULL;

        require(domain_config_from_xml(xml, strlen(xml), &config, NULL) == 0 &&
                        domain_list_add(domains, config->name, &config->uuid, &d, NULL) == 0,
                "the domain is added");
        domain_set_config(d, domain_config_copy(config));
        domain_began(d, config, -1);
        domain_set_state(d, DOMAIN_RUNNING, REASON_BOOTED, _DOMAIN_EVENT_MAX);
}

static char root[] = "/tmp/ostler-fuzz-XXXXXX";

static void tear_down(void)
{
        _cleanup_(free_ptr) char *command = xasprintf("rm -rf '%s'", root);

        wire_server_free(world.server);
        engine_close(world.engine);
        loop_free(world.loop);
        if (system(command) != 0)
                fprintf(stderr, "'%s' is left over\n", root);
}

static void set_up(void)
{
        static const DriverType *drivers[] = {&world.type, NULL};
        WireConfig config = {.observe = notice};
        EngineConfig engine;

        world.type = fake_driver;
        memset(world.type.ops, 0, sizeof(world.type.ops));
        world.type.validate = refuse_config;
        require(mkdtemp(root) != NULL, "there is a folder");
        engine = (EngineConfig){
                .lib_dir = root, .run_dir = root, .log_dir = root, .drivers = drivers};
        require(loop_new(&world.loop, NULL) == 0 &&
                        engine_open(world.loop, &engine, &world.engine, NULL) == 0 &&
                        wire_server_new(world.loop, world.engine, &config, &world.server, NULL) ==
                                0,
                "the server is made");
        engine_start(world.engine, started, NULL);
        while (!world.closed)
                loop_turn(world.loop, true);
        add_domain();
        atexit(tear_down);
}

static void drain(int fd)
{
        char bytes[65536];

        while (read(fd, bytes, sizeof(bytes)) > 0)
                ;
}

static void send_open(int fd)
{
        WireHeader header = {.program = 0x20008086, .version = 1, .procedure = REMOTE_CONNECT_OPEN};
        RemoteConnectOpenArgs open = {.name = (char *) "test:///default"};
        _cleanup_(str_done) Str packet = {};

        require(packet_build(&header, &wire_layout_remote_connect_open_args, &open, &packet,
                             NULL) == 0,
                "the open call is built");
        require(write(fd, packet.text, packet.len) == (ssize_t) packet.len, "and sent");
}

static void try_connection(unsigned how, const uint8_t *bytes, size_t len)
{
        size_t piece = how & PIECES ? 7 : len, sent = 0;
        int fds[2];

        if (!world.server)
                set_up();
        require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0, "sockets");
        fd_set_nonblock(fds[0], true);
        require(wire_server_adopt(world.server, fds[1], how & READ_ONLY, NULL) == 0, "adopted");
        world.closed = false;
        if (how & OPENED)
                send_open(fds[0]);
        while (sent < len && !world.closed) {
                size_t want = len - sent < piece ? len - sent : piece;
                ssize_t n = send(fds[0], bytes + sent, want, MSG_NOSIGNAL);

                sent += n > 0 ? (size_t) n : 0;
                loop_turn(world.loop, false);
                drain(fds[0]);
        }
        shutdown(fds[0], SHUT_WR);
        while (!world.closed) {
                drain(fds[0]);
                loop_turn(world.loop, true);
        }
        fd_close(fds[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
        if (len < 1)
                return 0;
        if (bytes[0] & CONNECTION)
                try_connection(bytes[0], bytes + 1, len - 1);
        else
                try_payload(bytes + 1, len - 1);
        return 0;
}

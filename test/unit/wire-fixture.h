/* What the tests over a wire server share: an engine with the fake hypervisor, a server, and a raw
 * client on a socket pair that speaks packets.
 *
 * Of the driver's verbs, suspend is held: it waits until wire_release() lets the oldest one end, so
 * a test decides when a long call ends. */
#pragma once

#include "unit.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "fake/fake.h"
#include "wire/packet.h"
#include "wire/server.h"

#include <errno.h>
#include <libvirt/virterror.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct WireFixture {
        char *root;
        Loop *loop;
        Engine *engine;
        WireServer *server;
        DriverType driver;
        const DriverType *drivers[2];
        bool waiting;
        Str notices; /* "connected ", "closed: why; " */
} WireFixture;

typedef struct Packet {
        WireHeader header;
        uint8_t *payload;
        size_t len;
} Packet;

typedef struct Peer {
        WireFixture *f;
        int fd;
        Str in;
        uint32_t serial; /* of the next call */
        bool ended;      /* the server closed */
} Peer;

/* --- the held verb --- */

static Op *held_ops[1024];
static size_t n_held;

static int hold(Op *op, Error *err)
{
        (void) err;
        assert_true(n_held < ELEMENTSOF(held_ops));
        held_ops[n_held++] = op;
        return OP_WAIT;
}

static const OpStep hold_steps[] = {{.name = "hold", .run = hold}, {}};
static const OpType hold_op = {.name = "test hold", .steps = hold_steps, .flags = OP_UNJOURNALLED};

_unused_ static void wire_release(void)
{
        Op *op = held_ops[0];

        assert_true(n_held > 0);
        memmove(held_ops, held_ops + 1, --n_held * sizeof(*held_ops));
        op_wake(op, NULL);
}

/* --- server --- */

_unused_ static void wire_notice(void *data, const WireNotice *notice)
{
        WireFixture *f = data;

        str_addf(&f->notices, "%s%s%s; ", wire_notice_text(notice->kind), notice->why ? ": " : "",
                 notice->why ? notice->why : "");
}

_unused_ static void wire_engine_ready(void *data, const Error *err)
{
        WireFixture *f = data;

        assert_false(error_is_set(err));
        f->waiting = false;
}

_unused_ static WireFixture *wire_open(const WireConfig *given)
{
        WireFixture *f = xnew0(WireFixture, 1);
        WireConfig config = given ? *given : (WireConfig){};
        Error err = {};

        n_held = 0;
        f->root = xstrdup("/tmp/ostler-wire-XXXXXX");
        assert_non_null(mkdtemp(f->root));
        f->driver = fake_driver;
        f->driver.ops[VERB_SUSPEND] = &hold_op;
        f->drivers[0] = &f->driver;
        _cleanup_(free_ptr) char *lib = path_join(f->root, "lib");
        _cleanup_(free_ptr) char *run = path_join(f->root, "run");
        _cleanup_(free_ptr) char *log = path_join(f->root, "log");
        EngineConfig engine = {
                .lib_dir = lib, .run_dir = run, .log_dir = log, .drivers = f->drivers};
        assert_ok(loop_new(&f->loop, &err));
        assert_ok(engine_open(f->loop, &engine, &f->engine, &err));
        f->waiting = true;
        engine_start(f->engine, wire_engine_ready, f);
        while (f->waiting)
                loop_turn(f->loop, true);
        config.observe = wire_notice;
        config.data = f;
        assert_ok(wire_server_new(f->loop, f->engine, &config, &f->server, &err));
        return f;
}

_unused_ static void wire_close(WireFixture *f)
{
        _cleanup_(free_ptr) char *command = xasprintf("rm -rf '%s'", f->root);

        wire_server_free(f->server);
        engine_close(f->engine);
        loop_free(f->loop);
        assert_int_equal(system(command), 0);
        str_done(&f->notices);
        free(f->root);
        free(f);
}

_unused_ static int wire_set_up(void **state)
{
        *state = wire_open(NULL);
        return 0;
}

_unused_ static int wire_tear_down(void **state)
{
        wire_close(*state);
        return 0;
}

#define wire_test(test) cmocka_unit_test_setup_teardown(test, wire_set_up, wire_tear_down)

/* --- a raw client --- */

_unused_ static Peer peer_new(WireFixture *f, bool readonly)
{
        Error err = {};
        int fds[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
        fd_set_nonblock(fds[0], true);
        assert_ok(wire_server_adopt(f->server, fds[1], readonly, &err));
        return (Peer){.f = f, .fd = fds[0]};
}

_unused_ static void peer_done(Peer *peer)
{
        peer->fd = fd_close(peer->fd);
        str_done(&peer->in);
}

/* Takes in what the server has sent. */
_unused_ static void peer_read(Peer *peer)
{
        char bytes[65536];
        ssize_t n;

        while ((n = read(peer->fd, bytes, sizeof(bytes))) > 0)
                str_addn(&peer->in, bytes, (size_t) n);
        if (n == 0 || errno != EAGAIN)
                peer->ended = true;
}

_unused_ static void peer_write(Peer *peer, const void *bytes, size_t len)
{
        const char *at = bytes;

        while (len > 0) {
                ssize_t n = send(peer->fd, at, len, MSG_NOSIGNAL);

                if (n < 0) {
                        assert_int_equal(errno, EAGAIN);
                        loop_turn(peer->f->loop, false);
                        continue;
                }
                at += n;
                len -= (size_t) n;
        }
}

_unused_ static void peer_send(Peer *peer, const WireHeader *header, const WireLayout *layout,
                               const void *value)
{
        _cleanup_(str_done) Str packet = {};
        Error err = {};

        assert_ok(packet_build(header, layout, value, &packet, &err));
        peer_write(peer, packet.text, packet.len);
}

_unused_ static WireHeader call_header(Peer *peer, int32_t procedure)
{
        return (WireHeader){.program = 0x20008086,
                            .version = 1,
                            .procedure = procedure,
                            .serial = peer->serial++};
}

/* Sends a call and returns its serial. */
_unused_ static uint32_t peer_call(Peer *peer, int32_t procedure, const void *args)
{
        WireHeader header = call_header(peer, procedure);

        peer_send(peer, &header, wire_programs[WIRE_REMOTE].procs[procedure - 1].args, args);
        return header.serial;
}

_unused_ static bool peer_has_packet(const Peer *peer)
{
        size_t size;
        uint32_t n_fds;

        return peer->in.len > 0 &&
               packet_frame((const uint8_t *) peer->in.text, peer->in.len, &size, &n_fds, NULL) > 0;
}

/* The next packet; waits for it. */
_unused_ static Packet peer_next(Peer *peer)
{
        Packet packet = {};
        size_t size;
        uint32_t n_fds;

        for (;;) {
                peer_read(peer);
                if (peer_has_packet(peer))
                        break;
                if (peer->ended)
                        fail_msg("the server closed the connection: %s", peer->f->notices.text);
                loop_turn(peer->f->loop, true);
        }
        packet_frame((uint8_t *) peer->in.text, peer->in.len, &size, &n_fds, NULL);
        packet.header = packet_header((uint8_t *) peer->in.text);
        packet.len = size - WIRE_HEADER_SIZE;
        packet.payload = xmemdup(peer->in.text + WIRE_HEADER_SIZE, packet.len);
        memmove(peer->in.text, peer->in.text + size, peer->in.len - size);
        peer->in.len -= size;
        return packet;
}

_unused_ static void packet_done(Packet *packet)
{
        free(packet->payload);
        packet->payload = NULL;
}

/* The next packet is the good answer to that call; `ret` may be NULL. */
_unused_ static void peer_expect(Peer *peer, uint32_t serial, int32_t procedure, void *ret)
{
        const WireProc *proc = &wire_programs[WIRE_REMOTE].procs[procedure - 1];
        _cleanup_(packet_done) Packet packet = peer_next(peer);
        Error err = {};

        if (packet.header.status == WIRE_STATUS_ERROR && packet.header.type == WIRE_TYPE_REPLY) {
                WireError wire;

                assert_ok(xdr_decode(&wire_layout_error, packet.payload, packet.len, &wire, &err));
                fail_msg("%s failed: %s", proc->name, wire.message);
        }
        assert_int_equal(packet.header.type, WIRE_TYPE_REPLY);
        assert_int_equal(packet.header.procedure, procedure);
        assert_int_equal(packet.header.serial, serial);
        assert_int_equal(packet.header.status, WIRE_STATUS_OK);
        if (ret && proc->ret)
                assert_ok(xdr_decode(proc->ret, packet.payload, packet.len, ret, &err));
}

_unused_ static void peer_do(Peer *peer, int32_t procedure, const void *args, void *ret)
{
        peer_expect(peer, peer_call(peer, procedure, args), procedure, ret);
}

/* The packet is an error of these numbers and this message. */
_unused_ static void check_error(const Packet *packet, int32_t code, int32_t domain,
                                 const char *message)
{
        WireError wire;
        Error err = {};

        assert_int_equal(packet->header.status, WIRE_STATUS_ERROR);
        assert_ok(xdr_decode(&wire_layout_error, packet->payload, packet->len, &wire, &err));
        assert_string_equal(wire.message, message);
        assert_int_equal(wire.code, code);
        assert_int_equal(wire.domain, domain);
        assert_int_equal(wire.level, VIR_ERR_ERROR);
        assert_null(wire.dom);
        assert_null(wire.net);
        xdr_release(&wire_layout_error, &wire);
}

_unused_ static void peer_expect_error(Peer *peer, uint32_t serial, int32_t code, int32_t domain,
                                       const char *message)
{
        _cleanup_(packet_done) Packet packet = peer_next(peer);

        assert_int_equal(packet.header.type, WIRE_TYPE_REPLY);
        assert_int_equal(packet.header.serial, serial);
        check_error(&packet, code, domain, message);
}

_unused_ static void peer_fail(Peer *peer, int32_t procedure, const void *args, int32_t code,
                               int32_t domain, const char *message)
{
        peer_expect_error(peer, peer_call(peer, procedure, args), code, domain, message);
}

/* Nothing else is on its way: the answer to a call made now is the next packet. */
_unused_ static void peer_expect_silence(Peer *peer)
{
        RemoteAuthListRet ret;

        peer_do(peer, REMOTE_AUTH_LIST, NULL, &ret);
        xdr_release(&wire_layout_remote_auth_list_ret, &ret);
}

/* Turns until the server has closed the connection. */
_unused_ static void peer_expect_end(Peer *peer)
{
        for (peer_read(peer); !peer->ended; peer_read(peer))
                loop_turn(peer->f->loop, true);
}

_unused_ static Peer peer_open(WireFixture *f, bool readonly)
{
        Peer peer = peer_new(f, readonly);
        RemoteConnectOpenArgs open = {.name = (char *) "test:///default"};

        peer_do(&peer, REMOTE_CONNECT_OPEN, &open, NULL);
        return peer;
}

/* --- domains --- */

_unused_ static WireDomain peer_define(Peer *peer, const char *name)
{
        RemoteDomainDefineXmlArgs args = {
                .xml = xasprintf("<domain type='test'><name>%s</name><memory>16384</memory>"
                                 "<vcpu>2</vcpu><os><type>hvm</type></os></domain>",
                                 name)};
        RemoteDomainDefineXmlRet ret;

        peer_do(peer, REMOTE_DOMAIN_DEFINE_XML, &args, &ret);
        free(args.xml);
        assert_string_equal(ret.dom.name, name);
        return ret.dom;
}

_unused_ static void peer_on(Peer *peer, int32_t procedure, const WireDomain *dom)
{
        RemoteDomainCreateArgs args = {.dom = *dom};

        peer_do(peer, procedure, &args, NULL);
}

_unused_ static Domain *engine_domain(WireFixture *f, const char *name)
{
        return domain_list_by_name(engine_driver(f->engine, "test")->host.domains, name);
}

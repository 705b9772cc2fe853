/* The console as a stream: data both ways, ends of every kind, one at a time. The guest's side is a
 * socket that the test holds. */
#include "wire-fixture.h"

static int guest_fd = -1; /* the guest's end of the console opened last */
static int older_fds[8];
static size_t n_older;

static int open_console(Driver *driver, Domain *d, const char *device, int *ret_fd, Error *err)
{
        int fds[2];

        (void) driver;
        (void) d;
        if (device && !str_eq(device, "serial0"))
                return error_set(err, ERROR_INVALID_ARGUMENT, "no console '%s'", device);
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
        fd_set_nonblock(fds[0], true);
        fd_set_nonblock(fds[1], true);
        assert_true(n_older < ELEMENTSOF(older_fds));
        older_fds[n_older++] = guest_fd;
        guest_fd = fds[0];
        *ret_fd = fds[1];
        return 0;
}

typedef struct World {
        WireFixture *f;
        Peer peer;
        WireDomain dom;
} World;

static World world_with(const WireConfig *config)
{
        World w = {.f = wire_open(config)};

        w.f->driver.open_console = open_console;
        w.peer = peer_open(w.f, false);
        w.dom = peer_define(&w.peer, "vm1");
        peer_on(&w.peer, REMOTE_DOMAIN_CREATE, &w.dom);
        return w;
}

static void world_end(World *w)
{
        free(w->dom.name);
        peer_done(&w->peer);
        wire_close(w->f);
        guest_fd = fd_close(guest_fd);
        while (n_older > 0)
                fd_close(older_fds[--n_older]);
}

static uint32_t open_stream(World *w, Peer *peer, uint32_t flags)
{
        RemoteDomainOpenConsoleArgs args = {.dom = w->dom, .flags = flags};
        uint32_t serial = peer_call(peer, REMOTE_DOMAIN_OPEN_CONSOLE, &args);

        peer_expect(peer, serial, REMOTE_DOMAIN_OPEN_CONSOLE, NULL);
        return serial;
}

static void send_stream(Peer *peer, uint32_t serial, WireStatus status, const char *bytes)
{
        WireHeader header = {.program = 0x20008086,
                             .version = 1,
                             .procedure = REMOTE_DOMAIN_OPEN_CONSOLE,
                             .type = WIRE_TYPE_STREAM,
                             .serial = serial,
                             .status = status};
        _cleanup_(str_done) Str packet = {};

        packet_build_bytes(&header, bytes, strlen(bytes), &packet);
        peer_write(peer, packet.text, packet.len);
}

static Packet next_stream(Peer *peer, uint32_t serial, WireStatus status)
{
        Packet packet = peer_next(peer);

        assert_int_equal(packet.header.type, WIRE_TYPE_STREAM);
        assert_int_equal(packet.header.procedure, REMOTE_DOMAIN_OPEN_CONSOLE);
        assert_int_equal(packet.header.serial, serial);
        assert_int_equal(packet.header.status, status);
        return packet;
}

static void expect_data(Peer *peer, uint32_t serial, const char *bytes)
{
        _cleanup_(packet_done) Packet packet = next_stream(peer, serial, WIRE_STATUS_CONTINUE);

        assert_int_equal(packet.len, strlen(bytes));
        assert_memory_equal(packet.payload, bytes, packet.len);
}

static void expect_ok(Peer *peer, uint32_t serial)
{
        _cleanup_(packet_done) Packet packet = next_stream(peer, serial, WIRE_STATUS_OK);

        assert_int_equal(packet.len, 0);
}

static void guest_reads(World *w, const char *bytes)
{
        char got[64];
        size_t have = 0, want = strlen(bytes);

        while (have < want) {
                ssize_t n = read(guest_fd, got + have, want - have);

                if (n > 0)
                        have += (size_t) n;
                else
                        loop_turn(w->f->loop, true);
        }
        assert_memory_equal(got, bytes, want);
}

/* --- tests --- */

static void test_data_flows_both_ways_until_the_client_finishes(void **state)
{
        World w = world_with(NULL);
        uint32_t serial = open_stream(&w, &w.peer, 0);
        int fds = count_fds();

        (void) state;
        assert_int_equal(write(guest_fd, "login: ", 7), 7);
        expect_data(&w.peer, serial, "login: ");
        send_stream(&w.peer, serial, WIRE_STATUS_CONTINUE, "root\n");
        guest_reads(&w, "root\n");
        send_stream(&w.peer, serial, WIRE_STATUS_OK, "");
        expect_ok(&w.peer, serial);
        assert_null(engine_domain(w.f, "vm1")->console_lost);
        peer_expect_silence(&w.peer);
        assert_int_equal(count_fds(), fds - 1);
        world_end(&w);
}

static void test_abort_is_confirmed_and_late_data_is_ignored(void **state)
{
        World w = world_with(NULL);
        uint32_t serial = open_stream(&w, &w.peer, 0);

        (void) state;
        send_stream(&w.peer, serial, WIRE_STATUS_ERROR, "");
        expect_ok(&w.peer, serial);
        send_stream(&w.peer, serial, WIRE_STATUS_CONTINUE, "late");
        send_stream(&w.peer, serial, WIRE_STATUS_OK, "");
        peer_expect_silence(&w.peer);
        world_end(&w);
}

static void test_the_guests_end_is_the_end_of_the_data(void **state)
{
        World w = world_with(NULL);
        uint32_t serial = open_stream(&w, &w.peer, 0);

        (void) state;
        assert_int_equal(write(guest_fd, "bye", 3), 3);
        guest_fd = fd_close(guest_fd);
        expect_data(&w.peer, serial, "bye");
        expect_data(&w.peer, serial, "");
        send_stream(&w.peer, serial, WIRE_STATUS_CONTINUE, "late");
        send_stream(&w.peer, serial, WIRE_STATUS_OK, "");
        expect_ok(&w.peer, serial);
        peer_expect_silence(&w.peer);
        world_end(&w);
}

/* What the guest said before its end arrives before the end of the data. */
static void test_destroy_ends_the_console(void **state)
{
        World w = world_with(NULL);
        Peer other = peer_open(w.f, false);
        uint32_t serial = open_stream(&w, &w.peer, 0);

        (void) state;
        assert_int_equal(write(guest_fd, "last words", 10), 10);
        peer_on(&other, REMOTE_DOMAIN_DESTROY, &w.dom);
        expect_data(&w.peer, serial, "last words");
        expect_data(&w.peer, serial, "");
        send_stream(&w.peer, serial, WIRE_STATUS_OK, "");
        expect_ok(&w.peer, serial);
        peer_done(&other);
        world_end(&w);
}

static void test_one_console_at_a_time(void **state)
{
        World w = world_with(NULL);
        Peer other = peer_open(w.f, false);
        uint32_t first = open_stream(&w, &w.peer, 0), second;
        RemoteDomainOpenConsoleArgs args = {.dom = w.dom, .flags = 2};

        (void) state;
        peer_fail(&other, REMOTE_DOMAIN_OPEN_CONSOLE, &args, VIR_ERR_OPERATION_FAILED,
                  VIR_FROM_TEST, "operation failed: Active console session exists for this domain");
        second = open_stream(&w, &other, 1);
        expect_data(&w.peer, first, "");
        assert_int_equal(write(guest_fd, "x", 1), 1);
        expect_data(&other, second, "x");
        peer_expect_silence(&w.peer);

        /* when the holder goes, the console is free */
        peer_done(&other);
        while (engine_domain(w.f, "vm1")->console_lost)
                loop_turn(w.f->loop, true);
        open_stream(&w, &w.peer, 2);
        world_end(&w);
}

static void test_what_cannot_be_opened(void **state)
{
        World w = world_with(NULL);
        RemoteDomainOpenConsoleArgs args = {.dom = w.dom, .dev_name = (char *) "serial9"};

        (void) state;
        peer_fail(&w.peer, REMOTE_DOMAIN_OPEN_CONSOLE, &args, VIR_ERR_INVALID_ARG, VIR_FROM_TEST,
                  "invalid argument: no console 'serial9'");
        args.flags = 4;
        peer_fail(&w.peer, REMOTE_DOMAIN_OPEN_CONSOLE, &args, VIR_ERR_INVALID_ARG, VIR_FROM_TEST,
                  "unsupported flags (0x4) in function virDomainOpenConsole");
        args = (RemoteDomainOpenConsoleArgs){.dom = w.dom};
        peer_on(&w.peer, REMOTE_DOMAIN_DESTROY, &w.dom);
        peer_fail(&w.peer, REMOTE_DOMAIN_OPEN_CONSOLE, &args, VIR_ERR_OPERATION_INVALID,
                  VIR_FROM_TEST, "Requested operation is not valid: domain is not running");
        world_end(&w);
}

/* A hole makes no sense on a console. */
static void test_a_hole_breaks_the_stream(void **state)
{
        World w = world_with(NULL);
        uint32_t serial = open_stream(&w, &w.peer, 0);
        WireHeader header = {.program = 0x20008086,
                             .version = 1,
                             .procedure = REMOTE_DOMAIN_OPEN_CONSOLE,
                             .type = WIRE_TYPE_STREAM_HOLE,
                             .serial = serial,
                             .status = WIRE_STATUS_CONTINUE};
        WireStreamHole hole = {.length = 10};
        _cleanup_(packet_done) Packet packet = {};

        (void) state;
        peer_send(&w.peer, &header, &wire_layout_stream_hole, &hole);
        packet = next_stream(&w.peer, serial, WIRE_STATUS_ERROR);
        check_error(&packet, VIR_ERR_RPC, VIR_FROM_RPC,
                    "a hole in a stream that was not opened as sparse");
        assert_null(engine_domain(w.f, "vm1")->console_lost);
        world_end(&w);
}

/* The guest talks faster than the client reads: it is held back, and nothing is lost. */
static void test_a_slow_reader_holds_the_guest_back(void **state)
{
        WireConfig config = {.limits = {.output_soft = 2000, .output_hard = 1000000}};
        World w = world_with(&config);
        uint32_t serial = open_stream(&w, &w.peer, 0);
        const size_t total = 3000000;
        size_t sent = 0, got = 0;
        char bytes[1000];

        (void) state;
        while (got < total) {
                ssize_t n;

                for (size_t i = 0; i < sizeof(bytes); i++)
                        bytes[i] = (char) ((sent + i) % 251);
                n = sent < total ? write(guest_fd, bytes, sizeof(bytes)) : 0;
                sent += n > 0 ? (size_t) n : 0;
                if (n == (ssize_t) sizeof(bytes))
                        continue; /* as much as it takes, then one packet is read */
                _cleanup_(packet_done) Packet packet =
                        next_stream(&w.peer, serial, WIRE_STATUS_CONTINUE);
                for (size_t i = 0; i < packet.len; i++)
                        if (packet.payload[i] != (got + i) % 251)
                                fail_msg("byte %zu is wrong", got + i);
                got += packet.len;
        }
        assert_int_equal(got, sent);
        world_end(&w);
}

/* A guest that reads nothing costs a bounded amount, then the stream; the connection goes on. */
static void test_a_guest_that_never_reads_costs_the_stream_alone(void **state)
{
        World w = world_with(NULL);
        uint32_t serial = open_stream(&w, &w.peer, 0);
        _cleanup_(free_ptr) char *text = xcalloc(1, 60001);

        (void) state;
        memset(text, 'x', 60000);
        for (int i = 0; engine_domain(w.f, "vm1")->console_lost; i++) {
                assert_true(i < 1000);
                send_stream(&w.peer, serial, WIRE_STATUS_CONTINUE, text);
                loop_turn(w.f->loop, false);
        }
        _cleanup_(packet_done) Packet packet = next_stream(&w.peer, serial, WIRE_STATUS_ERROR);
        assert_true(packet.len > 0);
        peer_expect_silence(&w.peer);
        world_end(&w);
}

static void test_streams_are_bounded(void **state)
{
        WireConfig config = {.limits = {.channels = 1}};
        World w = world_with(&config);
        WireDomain two = peer_define(&w.peer, "two");
        RemoteDomainOpenConsoleArgs args = {.dom = two};
        int fds;

        (void) state;
        peer_on(&w.peer, REMOTE_DOMAIN_CREATE, &two);
        open_stream(&w, &w.peer, 0);
        fds = count_fds();
        peer_fail(&w.peer, REMOTE_DOMAIN_OPEN_CONSOLE, &args, VIR_ERR_RESOURCE_BUSY, VIR_FROM_TEST,
                  "resource busy: 1 streams of this client are open already");
        peer_expect_silence(&w.peer);
        assert_int_equal(count_fds(), fds + 1); /* the test's own end of the one refused */
        free(two.name);
        world_end(&w);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_data_flows_both_ways_until_the_client_finishes),
                cmocka_unit_test(test_abort_is_confirmed_and_late_data_is_ignored),
                cmocka_unit_test(test_the_guests_end_is_the_end_of_the_data),
                cmocka_unit_test(test_destroy_ends_the_console),
                cmocka_unit_test(test_one_console_at_a_time),
                cmocka_unit_test(test_what_cannot_be_opened),
                cmocka_unit_test(test_a_hole_breaks_the_stream),
                cmocka_unit_test(test_a_slow_reader_holds_the_guest_back),
                cmocka_unit_test(test_a_guest_that_never_reads_costs_the_stream_alone),
                cmocka_unit_test(test_streams_are_bounded),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}

/* A connection's behaviour: framing, keepalive, order, bounds, ends. */
#include "wire-fixture.h"

static void send_keepalive(Peer *peer, int32_t procedure)
{
        WireHeader header = {.program = 0x6b656570,
                             .version = 1,
                             .procedure = procedure,
                             .type = WIRE_TYPE_MESSAGE};

        peer_send(peer, &header, NULL, NULL);
}

static void expect_keepalive(Peer *peer, int32_t procedure)
{
        _cleanup_(packet_done) Packet packet = peer_next(peer);

        assert_int_equal(packet.header.program, 0x6b656570);
        assert_int_equal(packet.header.procedure, procedure);
        assert_int_equal(packet.header.type, WIRE_TYPE_MESSAGE);
        assert_int_equal(packet.header.serial, 0);
        assert_int_equal(packet.len, 0);
}

static void ask_keepalive(Peer *peer)
{
        RemoteConnectSupportsFeatureArgs feature = {.feature = 10};
        RemoteConnectSupportsFeatureRet ret;

        peer_do(peer, REMOTE_CONNECT_SUPPORTS_FEATURE, &feature, &ret);
        assert_int_equal(ret.supported, 1);
}

static uint32_t send_held(Peer *peer, const WireDomain *dom)
{
        RemoteDomainSuspendArgs args = {.dom = *dom};

        return peer_call(peer, REMOTE_DOMAIN_SUSPEND, &args);
}

/* Turns until so many held verbs wait. */
static void wait_held(WireFixture *f, size_t n)
{
        while (n_held < n)
                loop_turn(f->loop, true);
}

static WireDomain started(Peer *peer, const char *name)
{
        WireDomain dom = peer_define(peer, name);

        peer_on(peer, REMOTE_DOMAIN_CREATE, &dom);
        return dom;
}

static void send_fd(int socket, int fd)
{
        char control[CMSG_SPACE(sizeof(fd))] = {}, byte = 0;
        struct iovec iov = {.iov_base = &byte, .iov_len = 1};
        struct msghdr message = {.msg_iov = &iov,
                                 .msg_iovlen = 1,
                                 .msg_control = control,
                                 .msg_controllen = sizeof(control)};
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);

        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(fd));
        memcpy(CMSG_DATA(header), &fd, sizeof(fd));
        assert_int_equal(sendmsg(socket, &message, 0), 1);
}

/* --- tests --- */

static void test_a_ping_is_answered_while_a_call_waits(void **state)
{
        WireFixture *f = *state;
        Peer peer = peer_open(f, false);
        WireDomain dom = started(&peer, "vm1");
        uint32_t serial = send_held(&peer, &dom);

        wait_held(f, 1);
        send_keepalive(&peer, 1);
        expect_keepalive(&peer, 2);
        wire_release();
        peer_expect(&peer, serial, REMOTE_DOMAIN_SUSPEND, NULL);
        free(dom.name);
        peer_done(&peer);
}

static void test_a_ping_is_answered_before_open_and_unknown_ones_are_not(void **state)
{
        Peer peer = peer_new(*state, false);

        send_keepalive(&peer, 1);
        expect_keepalive(&peer, 2);
        send_keepalive(&peer, 2);
        send_keepalive(&peer, 9);
        peer_expect_silence(&peer);
        peer_done(&peer);
}

static void test_reads_overtake_a_long_call(void **state)
{
        WireFixture *f = *state;
        Peer peer = peer_open(f, false);
        WireDomain dom = started(&peer, "vm1");
        RemoteDomainGetStateArgs args = {.dom = dom};
        RemoteDomainGetStateRet ret;
        uint32_t serial = send_held(&peer, &dom);

        wait_held(f, 1);
        peer_do(&peer, REMOTE_DOMAIN_GET_STATE, &args, &ret);
        assert_int_equal(ret.state, 1);
        wire_release();
        peer_expect(&peer, serial, REMOTE_DOMAIN_SUSPEND, NULL);
        free(dom.name);
        peer_done(&peer);
}

/* One turn sees one byte more: nothing is lost or done twice. */
static void test_a_packet_may_be_split_anywhere(void **state)
{
        WireFixture *f = *state;
        Peer peer = peer_open(f, false);
        WireDomain dom = peer_define(&peer, "vm1");
        RemoteDomainLookupByNameArgs args = {.name = (char *) "vm1"};
        _cleanup_(str_done) Str packet = {};
        Error err = {};

        for (size_t cut = 1; cut < 36; cut++) {
                WireHeader header = call_header(&peer, REMOTE_DOMAIN_LOOKUP_BY_NAME);
                RemoteDomainLookupByNameRet ret;

                str_clear(&packet);
                assert_ok(packet_build(&header, &wire_layout_remote_domain_lookup_by_name_args,
                                       &args, &packet, &err));
                peer_write(&peer, packet.text, cut);
                loop_turn(f->loop, true);
                peer_read(&peer);
                assert_int_equal(peer.in.len, 0);
                peer_write(&peer, packet.text + cut, packet.len - cut);
                peer_expect(&peer, header.serial, REMOTE_DOMAIN_LOOKUP_BY_NAME, &ret);
                assert_string_equal(ret.dom.name, "vm1");
                free(ret.dom.name);
        }
        free(dom.name);
        peer_done(&peer);
}

static void test_many_packets_in_one_write(void **state)
{
        Peer peer = peer_open(*state, false);
        _cleanup_(str_done) Str packets = {};
        uint32_t first = peer.serial;

        for (int i = 0; i < 100; i++) {
                WireHeader header = call_header(&peer, REMOTE_CONNECT_GET_TYPE);

                packet_build_bytes(&header, NULL, 0, &packets);
        }
        peer_write(&peer, packets.text, packets.len);
        for (uint32_t i = 0; i < 100; i++) {
                RemoteConnectGetTypeRet ret;

                peer_expect(&peer, first + i, REMOTE_CONNECT_GET_TYPE, &ret);
                free(ret.type);
        }
        peer_done(&peer);
}

static void test_impossible_packets_end_the_connection_silently(void **state)
{
        static const uint32_t lengths[] = {3, 4, WIRE_PACKET_MAX + 1};
        WireFixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(lengths); i++) {
                Peer peer = peer_new(f, false);
                uint8_t bytes[WIRE_HEADER_SIZE] = {};

                xdr_put_u32(bytes, lengths[i]);
                peer_write(&peer, bytes, sizeof(bytes));
                peer_expect_end(&peer);
                assert_int_equal(peer.in.len, 0);
                peer_done(&peer);
        }
}

static void test_silence_is_pinged_and_then_ends_the_connection(void **state)
{
        WireConfig config = {.limits = {.keepalive_ms = 1000, .keepalive_count = 3}};
        WireFixture *f = wire_open(&config);
        Peer peer = peer_open(f, false), quiet = peer_open(f, false);

        (void) state;
        loop_use_fake_clock(f->loop);
        ask_keepalive(&peer);
        for (int i = 0; i < 3; i++) {
                loop_advance(f->loop, 999);
                peer_read(&peer);
                assert_int_equal(peer.in.len, 0);
                loop_advance(f->loop, 1);
                expect_keepalive(&peer, 1);
        }
        /* any packet is an answer */
        send_keepalive(&peer, 2);
        peer_expect_silence(&peer); /* an answer too, and now the first has been heard */
        for (int i = 0; i < 3; i++) {
                loop_advance(f->loop, 1000);
                expect_keepalive(&peer, 1);
        }
        loop_advance(f->loop, 1000);
        loop_advance(f->loop, 1);
        peer_expect_end(&peer);
        assert_non_null(strstr(f->notices.text, "closed: keepalive timeout"));

        /* who did not ask for it is never pinged */
        loop_advance(f->loop, 100000);
        peer_expect_silence(&quiet);
        peer_done(&peer);
        peer_done(&quiet);
        wire_close(f);
}

static void test_close_is_answered_and_then_the_server_closes(void **state)
{
        Peer peer = peer_open(*state, false);
        uint32_t serial = peer_call(&peer, REMOTE_CONNECT_CLOSE, NULL);

        peer_call(&peer, REMOTE_CONNECT_GET_TYPE, NULL); /* behind it: ignored */
        peer_expect(&peer, serial, REMOTE_CONNECT_CLOSE, NULL);
        peer_expect_end(&peer);
        assert_int_equal(peer.in.len, 0);
        peer_done(&peer);
}

static void test_the_end_of_a_client_forgets_its_calls(void **state)
{
        WireFixture *f = *state;
        Peer peer = peer_open(f, false);
        WireDomain dom = started(&peer, "vm1");

        send_held(&peer, &dom);
        wait_held(f, 1);
        peer_done(&peer);
        while (!strstr(f->notices.text, "closed"))
                loop_turn(f->loop, true);
        wire_release();
        while (engine_domain(f, "vm1")->holder)
                loop_turn(f->loop, true);
        free(dom.name);
}

static void test_the_server_can_be_freed_with_calls_running(void **state)
{
        WireFixture *f = wire_open(NULL);
        Peer peer = peer_open(f, false);
        WireDomain dom = started(&peer, "vm1");

        (void) state;
        send_held(&peer, &dom);
        wait_held(f, 1);
        wire_close(f);
        peer_read(&peer);
        assert_true(peer.ended);
        free(dom.name);
        peer_done(&peer);
}

static void test_calls_beyond_the_bound_wait_and_beyond_that_are_refused(void **state)
{
        WireConfig config = {.limits = {.calls = 2, .waiting = 3}};
        WireFixture *f = wire_open(&config);
        Peer peer = peer_open(f, false);
        WireDomain dom[6];
        uint32_t serials[6];

        (void) state;
        for (int i = 0; i < 6; i++) {
                _cleanup_(free_ptr) char *name = xasprintf("vm%d", i);

                dom[i] = started(&peer, name);
        }
        for (int i = 0; i < 6; i++)
                serials[i] = send_held(&peer, &dom[i]);
        /* two run, three wait, the sixth is told */
        peer_expect_error(&peer, serials[5], VIR_ERR_RESOURCE_BUSY, VIR_FROM_TEST,
                          "resource busy: 3 calls of this client wait already");
        wait_held(f, 2);
        send_keepalive(&peer, 1);
        expect_keepalive(&peer, 2);
        assert_int_equal(n_held, 2);
        for (int i = 0; i < 5; i++) {
                wait_held(f, i < 4 ? 2 : 1);
                wire_release();
                peer_expect(&peer, serials[i], REMOTE_DOMAIN_SUSPEND, NULL);
        }
        for (int i = 0; i < 6; i++)
                free(dom[i].name);
        peer_done(&peer);
        wire_close(f);
}

/* Destroy has a bound of its own, so a client full of saves can still destroy. */
static void test_destroy_does_not_wait_for_other_calls(void **state)
{
        WireConfig config = {.limits = {.calls = 1, .waiting = 3}};
        WireFixture *f = wire_open(&config);
        Peer peer = peer_open(f, false);
        WireDomain one = started(&peer, "one"), two = started(&peer, "two");
        uint32_t serial = send_held(&peer, &one);

        (void) state;
        wait_held(f, 1);
        peer_on(&peer, REMOTE_DOMAIN_DESTROY, &two);
        wire_release();
        peer_expect(&peer, serial, REMOTE_DOMAIN_SUSPEND, NULL);
        free(one.name);
        free(two.name);
        peer_done(&peer);
        wire_close(f);
}

static void test_payloads_of_waiting_calls_are_bounded(void **state)
{
        WireConfig config = {.limits = {.calls = 1, .call_bytes = 300}};
        WireFixture *f = wire_open(&config);
        Peer peer = peer_open(f, false);
        WireDomain dom = started(&peer, "vm1");
        uint32_t serial = send_held(&peer, &dom);
        RemoteDomainDefineXmlArgs big = {.xml = xcalloc(1, 1001)};
        _cleanup_(packet_done) Packet packet = {};

        (void) state;
        wait_held(f, 1);
        memset(big.xml, ' ', 1000);
        peer_call(&peer, REMOTE_DOMAIN_DEFINE_XML, &big);
        packet = peer_next(&peer);
        check_error(&packet, VIR_ERR_RESOURCE_BUSY, VIR_FROM_TEST,
                    "resource busy: the calls of this client that have not ended take 28 bytes "
                    "already");
        wire_release();
        peer_expect(&peer, serial, REMOTE_DOMAIN_SUSPEND, NULL);
        free(big.xml);
        free(dom.name);
        peer_done(&peer);
        wire_close(f);
}

/* While the client does not read, its calls wait; memory is bounded and nothing is lost. */
static void test_calls_wait_for_a_client_that_does_not_read(void **state)
{
        WireConfig config = {.limits = {.output_soft = 4096, .waiting = 100000}};
        WireFixture *f = wire_open(&config);
        Peer peer = peer_open(f, false);
        const int n = 5000;
        uint32_t first = peer.serial;

        (void) state;
        for (int i = 0; i < n; i++)
                peer_call(&peer, REMOTE_CONNECT_GET_CAPABILITIES, NULL);
        for (int i = 0; i < n; i++) {
                RemoteConnectGetCapabilitiesRet ret;

                peer_expect(&peer, first + (uint32_t) i, REMOTE_CONNECT_GET_CAPABILITIES, &ret);
                free(ret.capabilities);
        }
        peer_done(&peer);
        wire_close(f);
}

/* Answers that nobody reads end the connection at the hard bound. */
static void test_a_client_that_never_reads_is_dropped(void **state)
{
        WireConfig config = {.limits = {.output_soft = 4096, .output_hard = 100000, .waiting = 1}};
        WireFixture *f = wire_open(&config);
        Peer peer = peer_open(f, false);
        WireHeader header = call_header(&peer, REMOTE_CONNECT_GET_TYPE);
        _cleanup_(str_done) Str packet = {};

        (void) state;
        packet_build_bytes(&header, NULL, 0, &packet);
        while (!strstr(f->notices.text, "closed")) {
                /* more calls than may wait are refused, and the refusals are not read */
                if (send(peer.fd, packet.text, packet.len, MSG_NOSIGNAL) < 0 && errno == EPIPE)
                        break;
                loop_turn(f->loop, false);
        }
        peer_expect_end(&peer);
        peer_done(&peer);
        wire_close(f);
}

/* Descriptors that a call does not want are closed; a count without descriptors is no packet. */
static void test_descriptors_with_a_call(void **state)
{
        WireFixture *f = *state;
        Peer peer = peer_open(f, false);
        WireHeader header = call_header(&peer, REMOTE_CONNECT_GET_TYPE);
        int before = count_fds();
        uint8_t bytes[32];
        RemoteConnectGetTypeRet ret;
        _cleanup_(str_done) Str packet = {};

        header.type = WIRE_TYPE_CALL_WITH_FDS;
        xdr_put_u32(bytes, 2);
        packet_build_bytes(&header, bytes, 4, &packet);
        peer_write(&peer, packet.text, packet.len);
        for (int i = 0; i < 2; i++)
                send_fd(peer.fd, STDERR_FILENO);
        header.type = WIRE_TYPE_CALL;
        peer_expect(&peer, header.serial, REMOTE_CONNECT_GET_TYPE, &ret);
        free(ret.type);
        peer_expect_silence(&peer);
        assert_int_equal(count_fds(), before);

        peer_write(&peer, packet.text, packet.len);
        peer_write(&peer, "\0\0", 2);
        peer_expect_end(&peer);
        assert_non_null(strstr(f->notices.text, "descriptors were announced and did not come"));
        peer_done(&peer);
}

static void test_too_many_clients_are_refused(void **state)
{
        WireConfig config = {.limits = {.clients = 2}};
        WireFixture *f = wire_open(&config);
        Peer one = peer_open(f, false), two = peer_open(f, false);
        Error err = {};
        int fds[2];

        (void) state;
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
        assert_error(wire_server_adopt(f->server, fds[0], false, &err), BUSY);
        fd_close(fds[0]);
        fd_close(fds[1]);
        peer_done(&one);
        while (!strstr(f->notices.text, "closed"))
                loop_turn(f->loop, true);
        one = peer_open(f, false);
        peer_done(&one);
        peer_done(&two);
        wire_close(f);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                wire_test(test_a_ping_is_answered_while_a_call_waits),
                wire_test(test_a_ping_is_answered_before_open_and_unknown_ones_are_not),
                wire_test(test_reads_overtake_a_long_call),
                wire_test(test_a_packet_may_be_split_anywhere),
                wire_test(test_many_packets_in_one_write),
                wire_test(test_impossible_packets_end_the_connection_silently),
                cmocka_unit_test(test_silence_is_pinged_and_then_ends_the_connection),
                wire_test(test_close_is_answered_and_then_the_server_closes),
                wire_test(test_the_end_of_a_client_forgets_its_calls),
                cmocka_unit_test(test_the_server_can_be_freed_with_calls_running),
                cmocka_unit_test(test_calls_beyond_the_bound_wait_and_beyond_that_are_refused),
                cmocka_unit_test(test_destroy_does_not_wait_for_other_calls),
                cmocka_unit_test(test_payloads_of_waiting_calls_are_bounded),
                cmocka_unit_test(test_calls_wait_for_a_client_that_does_not_read),
                cmocka_unit_test(test_a_client_that_never_reads_is_dropped),
                wire_test(test_descriptors_with_a_call),
                cmocka_unit_test(test_too_many_clients_are_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}

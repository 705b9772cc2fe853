/* What a call meets before its handler: program, procedure, status, payload, open, access. */
#include "wire-fixture.h"

#include "wire-random.h"
#include "wire/server-internal.h"

enum {
        RPC = VIR_ERR_RPC,
        FROM_RPC = VIR_FROM_RPC,
};

static void fail_raw(Peer *peer, WireHeader header, int32_t code, const char *message)
{
        _cleanup_(packet_done) Packet packet = {};

        peer_send(peer, &header, NULL, NULL);
        packet = peer_next(peer);
        assert_int_equal(packet.header.program, header.program);
        assert_int_equal(packet.header.version, header.version);
        assert_int_equal(packet.header.procedure, header.procedure);
        assert_int_equal(packet.header.serial, header.serial);
        check_error(&packet, code, FROM_RPC, message);
}

static void test_headers_of_no_call(void **state)
{
        Peer peer = peer_new(*state, false);
        WireHeader h = {.program = 0x20008086, .version = 1, .procedure = 66, .serial = 9};
        WireHeader bad;

        bad = h, bad.program = 0x20009999;
        fail_raw(&peer, bad, RPC, "Cannot find program 536910233 version 1");
        bad = h, bad.version = 2;
        fail_raw(&peer, bad, RPC, "Cannot find program 536903814 version 2");
        bad = h, bad.program = 0x6b656570;
        fail_raw(&peer, bad, RPC, "Cannot find program 1801807216 version 1");
        bad = h, bad.procedure = 9999;
        fail_raw(&peer, bad, RPC, "unknown procedure: 9999");
        bad = h, bad.procedure = -1;
        fail_raw(&peer, bad, RPC, "unknown procedure: -1");
        bad = h, bad.procedure = 0;
        fail_raw(&peer, bad, RPC, "unknown procedure: 0");
        bad = h, bad.procedure = INT32_MIN;
        fail_raw(&peer, bad, RPC, "unknown procedure: -2147483648");
        bad = h, bad.procedure = REMOTE_DOMAIN_EVENT_CALLBACK_LIFECYCLE;
        fail_raw(&peer, bad, RPC, "unknown procedure: 318");
        bad = h, bad.procedure = 444;
        fail_raw(&peer, bad, RPC, "unknown procedure: 444");
        bad = h, bad.status = WIRE_STATUS_ERROR;
        fail_raw(&peer, bad, RPC, "Unexpected message status 1");
        bad = h, bad.type = 77;
        fail_raw(&peer, bad, RPC, "Unexpected message type 77");
        peer_done(&peer);
}

/* Replies, messages and stream packets that nobody asked for are swallowed. */
static void test_packets_that_are_no_calls_are_swallowed(void **state)
{
        static const WireType types[] = {WIRE_TYPE_REPLY, WIRE_TYPE_REPLY_WITH_FDS,
                                         WIRE_TYPE_MESSAGE, WIRE_TYPE_STREAM,
                                         WIRE_TYPE_STREAM_HOLE};
        Peer peer = peer_new(*state, false);

        for (size_t i = 0; i < ELEMENTSOF(types); i++)
                for (uint32_t status = 0; status < 3; status++) {
                        WireHeader header = call_header(&peer, REMOTE_DOMAIN_OPEN_CONSOLE);

                        header.type = types[i];
                        header.status = status;
                        peer_send(&peer, &header, NULL, NULL);
                }
        peer_expect_silence(&peer);
        peer_done(&peer);
}

static void test_short_payloads(void **state)
{
        Peer peer = peer_open(*state, false);

        fail_raw(&peer, call_header(&peer, REMOTE_CONNECT_LIST_ALL_DOMAINS), RPC,
                 "Unable to decode message payload");
        /* which payload it was stands in the third string */
        WireHeader header = call_header(&peer, REMOTE_DOMAIN_LOOKUP_BY_NAME);
        WireError wire;
        Error err = {};
        peer_send(&peer, &header, NULL, NULL);
        _cleanup_(packet_done) Packet packet = peer_next(&peer);
        assert_ok(xdr_decode(&wire_layout_error, packet.payload, packet.len, &wire, &err));
        assert_string_equal(wire.str3,
                            "remote_domain_lookup_by_name_args: name: the payload ends early");
        xdr_release(&wire_layout_error, &wire);
        peer_done(&peer);
}

static void test_nothing_is_served_before_open(void **state)
{
        Peer peer = peer_new(*state, false);
        RemoteConnectSupportsFeatureArgs feature = {.feature = 14};
        RemoteConnectListAllDomainsArgs list = {.need_results = 1};
        RemoteConnectOpenArgs open = {.name = (char *) "test:///default"};
        RemoteConnectSupportsFeatureRet ret;
        const char *message = "internal error: hypervisor connection not open";

        peer_fail(&peer, REMOTE_CONNECT_LIST_ALL_DOMAINS, &list, VIR_ERR_INTERNAL_ERROR, FROM_RPC,
                  message);
        peer_fail(&peer, REMOTE_CONNECT_SUPPORTS_FEATURE, &feature, VIR_ERR_INTERNAL_ERROR,
                  FROM_RPC, message);
        peer_expect_silence(&peer); /* 66 is */
        peer_do(&peer, REMOTE_CONNECT_OPEN, &open, NULL);
        peer_do(&peer, REMOTE_CONNECT_SUPPORTS_FEATURE, &feature, &ret);
        assert_int_equal(ret.supported, 1);
        peer_done(&peer);
}

static void test_procedures_that_are_known_and_not_served(void **state)
{
        Peer peer = peer_open(*state, false);
        RemoteDomainSendProcessSignalArgs args = {.dom = {.name = (char *) "x"}};

        peer_fail(&peer, REMOTE_DOMAIN_SEND_PROCESS_SIGNAL, &args, VIR_ERR_NO_SUPPORT,
                  VIR_FROM_DOMAIN,
                  "this function is not supported by the connection driver: "
                  "virDomainSendProcessSignal");
        peer_done(&peer);
}

/* A read-only connection is one that came in by that socket, or that said so when it opened. */
static void test_read_only_connections_only_look(void **state)
{
        RemoteConnectOpenArgs flagged = {.name = (char *) "test:///default", .flags = 1};
        Peer owner = peer_open(*state, false);
        WireDomain dom = peer_define(&owner, "vm1");
        Peer peers[] = {peer_open(*state, true), peer_new(*state, false)};

        peer_do(&peers[1], REMOTE_CONNECT_OPEN, &flagged, NULL);
        for (size_t i = 0; i < ELEMENTSOF(peers); i++) {
                RemoteDomainDestroyArgs destroy = {.dom = dom};
                RemoteDomainGetXmlDescArgs xml = {.dom = dom, .flags = 1};
                RemoteDomainGetStateArgs get = {.dom = dom};
                RemoteDomainGetXmlDescRet ret;

                peer_fail(&peers[i], REMOTE_DOMAIN_DESTROY, &destroy, VIR_ERR_OPERATION_DENIED,
                          VIR_FROM_DOMAIN,
                          "operation forbidden: read only access prevents virDomainDestroy");
                peer_fail(&peers[i], REMOTE_DOMAIN_GET_XML_DESC, &xml, VIR_ERR_OPERATION_DENIED,
                          VIR_FROM_DOMAIN,
                          "operation forbidden: virDomainGetXMLDesc with secure flag");
                xml.flags = 2;
                peer_do(&peers[i], REMOTE_DOMAIN_GET_XML_DESC, &xml, &ret);
                free(ret.xml);
                peer_do(&peers[i], REMOTE_DOMAIN_GET_STATE, &get, NULL);
                peer_done(&peers[i]);
        }
        free(dom.name);
        peer_done(&owner);
}

/* Every procedure that changes something is refused, by the table, whatever its arguments say. */
static void test_access_of_every_procedure(void **state)
{
        (void) state;
        for (size_t i = 0; i < WIRE_PROC_COUNT; i++) {
                const WireProc *proc = &wire_procs[i];
                _cleanup_(free_ptr) void *args = xcalloc(1, proc->args ? proc->args->size : 1);
                Error err = {};

                assert_ok(dispatch_check_access(proc, args, false, &err));
                if (proc->access == WIRE_WRITE)
                        assert_error(dispatch_check_access(proc, args, true, &err), DENIED);
                else
                        assert_ok(dispatch_check_access(proc, args, true, &err));
                if (!proc->access_mask)
                        continue;
                memcpy((char *) args + proc->access_offset, &proc->access_mask,
                       sizeof(proc->access_mask));
                assert_ok(dispatch_check_access(proc, args, false, &err));
                assert_error(dispatch_check_access(proc, args, true, &err), DENIED);
        }
}

/* The same over the wire, with libvirt's number: each procedure is called, with arguments at
 * random, on a connection that may only look. */
static void test_every_change_is_refused_on_the_wire(void **state)
{
        WireFixture *f = *state;
        Peer peer = peer_open(f, true);
        Dice dice = {.state = 88172645463325252};
        size_t refused = 0;

        for (size_t i = 0; i < WIRE_PROC_COUNT; i++) {
                const WireProc *proc = &wire_procs[i];
                _cleanup_(free_ptr) void *args = xcalloc(1, proc->args ? proc->args->size : 1);
                _cleanup_(packet_done) Packet packet = {};
                WireHeader header = call_header(&peer, proc->number);
                WireError wire;
                Error err = {};

                if (proc->kind != WIRE_CALL || proc->access != WIRE_WRITE)
                        continue;
                if (proc->args)
                        random_struct(&dice, proc->args, args);
                header.program = wire_programs[proc->program].number;
                peer_send(&peer, &header, proc->args, args);
                if (proc->args)
                        xdr_release(proc->args, args);
                packet = peer_next(&peer);
                assert_int_equal(packet.header.serial, header.serial);
                assert_int_equal(packet.header.status, WIRE_STATUS_ERROR);
                assert_ok(xdr_decode(&wire_layout_error, packet.payload, packet.len, &wire, &err));
                if (f->server->dispatch.handlers[i])
                        assert_int_equal(wire.code, VIR_ERR_OPERATION_DENIED);
                else
                        assert_int_equal(wire.code, VIR_ERR_NO_SUPPORT);
                refused += wire.code == VIR_ERR_OPERATION_DENIED;
                xdr_release(&wire_layout_error, &wire);
        }
        assert_true(refused >= 20);
        assert_int_equal(engine_driver(f->engine, "test")->host.domains->len, 0);
        peer_done(&peer);
}

static void test_every_handler_is_found(void **state)
{
        WireDispatch dispatch;
        size_t served = 0;

        (void) state;
        dispatch_init(&dispatch);
        for (size_t i = 0; i < WIRE_PROC_COUNT; i++)
                served += dispatch.handlers[i] != NULL;
        assert_true(served >= 70);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                wire_test(test_headers_of_no_call),
                wire_test(test_packets_that_are_no_calls_are_swallowed),
                wire_test(test_short_payloads),
                wire_test(test_nothing_is_served_before_open),
                wire_test(test_procedures_that_are_known_and_not_served),
                wire_test(test_read_only_connections_only_look),
                cmocka_unit_test(test_access_of_every_procedure),
                wire_test(test_every_change_is_refused_on_the_wire),
                cmocka_unit_test(test_every_handler_is_found),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Events: who hears what, under which number, in which order. */
#include "wire-fixture.h"

static int32_t watch(Peer *peer, int32_t event_id, WireDomain *dom)
{
        RemoteConnectDomainEventCallbackRegisterAnyArgs args = {.event_id = event_id, .dom = dom};
        RemoteConnectDomainEventCallbackRegisterAnyRet ret;

        peer_do(peer, REMOTE_CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY, &args, &ret);
        assert_true(ret.callback_id >= 0);
        return ret.callback_id;
}

static void unwatch(Peer *peer, int32_t callback_id)
{
        RemoteConnectDomainEventCallbackDeregisterAnyArgs args = {.callback_id = callback_id};

        peer_do(peer, REMOTE_CONNECT_DOMAIN_EVENT_CALLBACK_DEREGISTER_ANY, &args, NULL);
}

/* The next packet that is no reply: "callback/event/detail name id". */
static char *next_event(Peer *peer)
{
        Error err = {};

        for (;;) {
                _cleanup_(packet_done) Packet packet = peer_next(peer);
                RemoteDomainEventCallbackLifecycleArgs event;
                RemoteDomainEventCallbackRebootArgs reboot;
                char *text;

                if (packet.header.type == WIRE_TYPE_REPLY)
                        continue;
                assert_int_equal(packet.header.type, WIRE_TYPE_MESSAGE);
                assert_int_equal(packet.header.program, 0x20008086);
                assert_int_equal(packet.header.status, WIRE_STATUS_OK);
                if (packet.header.procedure == REMOTE_DOMAIN_EVENT_CALLBACK_REBOOT) {
                        assert_ok(xdr_decode(&wire_layout_remote_domain_event_callback_reboot_args,
                                             packet.payload, packet.len, &reboot, &err));
                        text = xasprintf("%d reboot %s %d", reboot.callback_id, reboot.dom.name,
                                         reboot.dom.id);
                        xdr_release(&wire_layout_remote_domain_event_callback_reboot_args, &reboot);
                        return text;
                }
                assert_int_equal(packet.header.procedure, REMOTE_DOMAIN_EVENT_CALLBACK_LIFECYCLE);
                assert_ok(xdr_decode(&wire_layout_remote_domain_event_callback_lifecycle_args,
                                     packet.payload, packet.len, &event, &err));
                text = xasprintf("%d %d/%d %s %d", event.callback_id, event.event, event.detail,
                                 event.dom.name, event.dom.id);
                xdr_release(&wire_layout_remote_domain_event_callback_lifecycle_args, &event);
                return text;
        }
}

static void expect_event(Peer *peer, int32_t callback_id, const char *rest)
{
        _cleanup_(free_ptr) char *event = next_event(peer);
        _cleanup_(free_ptr) char *expected = xasprintf("%d %s", callback_id, rest);

        assert_string_equal(event, expected);
}

static void test_a_life_is_told_in_order(void **state)
{
        WireFixture *f = *state;
        Peer actor = peer_open(f, false), watcher = peer_open(f, true);
        int32_t life = watch(&watcher, 0, NULL);
        WireDomain dom = peer_define(&actor, "vm1");

        expect_event(&watcher, life, "0/0 vm1 -1");
        peer_on(&actor, REMOTE_DOMAIN_CREATE, &dom);
        expect_event(&watcher, life, "4/0 vm1 1");
        expect_event(&watcher, life, "2/0 vm1 1");
        peer_on(&actor, REMOTE_DOMAIN_DESTROY, &dom);
        {
                _cleanup_(free_ptr) char *event = next_event(&watcher);

                if (strstr(event, " 6/2 ")) { /* shutdown by the host may be told first */
                        free(event);
                        event = next_event(&watcher);
                }
                assert_non_null(strstr(event, " 5/1 vm1"));
        }
        peer_on(&actor, REMOTE_DOMAIN_UNDEFINE, &dom);
        expect_event(&watcher, life, "1/0 vm1 -1");
        unwatch(&watcher, life);
        free(dom.name);
        peer_done(&actor);
        peer_done(&watcher);
}

static void test_every_registration_that_fits_hears_once(void **state)
{
        WireFixture *f = *state;
        Peer actor = peer_open(f, false), peer = peer_open(f, false), other = peer_open(f, false);
        WireDomain one = peer_define(&actor, "one"), two = peer_define(&actor, "two");
        int32_t all = watch(&peer, 0, NULL), mine = watch(&peer, 0, &one);
        int32_t reboots = watch(&peer, 1, NULL), others = watch(&other, 0, &two);

        assert_true(all != mine && mine != reboots && all != others);
        peer_on(&actor, REMOTE_DOMAIN_UNDEFINE, &two);
        expect_event(&peer, all, "1/0 two -1");
        expect_event(&other, others, "1/0 two -1");
        peer_on(&actor, REMOTE_DOMAIN_UNDEFINE, &one);
        expect_event(&peer, all, "1/0 one -1");
        expect_event(&peer, mine, "1/0 one -1");
        peer_expect_silence(&peer);
        peer_expect_silence(&other);
        free(one.name);
        free(two.name);
        peer_done(&actor);
        peer_done(&peer);
        peer_done(&other);
}

static void test_after_deregistration_nothing_is_heard(void **state)
{
        Peer peer = peer_open(*state, false);
        int32_t id = watch(&peer, 0, NULL);

        unwatch(&peer, id);
        WireDomain dom = peer_define(&peer, "vm1");
        peer_expect_silence(&peer);
        free(dom.name);
        peer_done(&peer);
}

/* virsh event --all registers every number and gives up when one is refused. */
static void test_every_known_event_can_be_watched_and_no_other(void **state)
{
        Peer peer = peer_open(*state, false);
        RemoteConnectDomainEventCallbackRegisterAnyArgs args = {};
        RemoteConnectDomainEventCallbackDeregisterAnyArgs gone = {.callback_id = 12345};

        for (int32_t id = 0; id <= 26; id++)
                watch(&peer, id, NULL);
        args.event_id = 27;
        peer_fail(&peer, REMOTE_CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY, &args,
                  VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC, "internal error: unsupported event ID 27");
        args.event_id = -1;
        peer_fail(&peer, REMOTE_CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY, &args,
                  VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC, "internal error: unsupported event ID -1");
        peer_fail(&peer, REMOTE_CONNECT_DOMAIN_EVENT_CALLBACK_DEREGISTER_ANY, &gone,
                  VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC,
                  "internal error: domain event callback 12345 not registered");
        peer_done(&peer);
}

static void test_registrations_are_bounded(void **state)
{
        WireConfig config = {.limits = {.registrations = 3}};
        WireFixture *f = wire_open(&config);
        Peer peer = peer_open(f, false);
        RemoteConnectDomainEventCallbackRegisterAnyArgs args = {};

        (void) state;
        for (int i = 0; i < 3; i++)
                watch(&peer, 0, NULL);
        peer_fail(&peer, REMOTE_CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY, &args,
                  VIR_ERR_RESOURCE_BUSY, VIR_FROM_TEST,
                  "resource busy: this client has 3 registrations already");
        peer_done(&peer);
        wire_close(f);
}

/* A reader of events that stops reading costs a bounded amount, then its connection. */
static void test_events_that_nobody_reads_end_the_connection(void **state)
{
        WireConfig config = {.limits = {.output_events = 20000}};
        WireFixture *f = wire_open(&config);
        Peer actor = peer_open(f, false), sleeper = peer_open(f, true);

        (void) state;
        for (int i = 0; i < 100; i++)
                watch(&sleeper, 0, NULL);
        while (!strstr(f->notices.text, "the client does not read its events")) {
                WireDomain dom = peer_define(&actor, "vm1");

                peer_on(&actor, REMOTE_DOMAIN_UNDEFINE, &dom);
                free(dom.name);
        }
        peer_expect_end(&sleeper);
        peer_expect_silence(&actor);
        peer_done(&actor);
        peer_done(&sleeper);
        wire_close(f);
}

static void test_a_saves_end_is_told_with_its_figures(void **state)
{
        WireFixture *f = *state;
        Peer peer = peer_open(f, false);
        int32_t id = watch(&peer, 21, NULL);
        WireDomain dom = peer_define(&peer, "vm1");
        RemoteDomainManagedSaveArgs save = {.dom = dom};
        RemoteDomainEventCallbackJobCompletedArgs event;
        Error err = {};

        peer_on(&peer, REMOTE_DOMAIN_CREATE, &dom);
        peer_call(&peer, REMOTE_DOMAIN_MANAGED_SAVE, &save);
        for (;;) {
                _cleanup_(packet_done) Packet packet = peer_next(&peer);

                if (packet.header.procedure != REMOTE_DOMAIN_EVENT_CALLBACK_JOB_COMPLETED)
                        continue;
                assert_ok(xdr_decode(&wire_layout_remote_domain_event_callback_job_completed_args,
                                     packet.payload, packet.len, &event, &err));
                break;
        }
        assert_int_equal(event.callback_id, id);
        assert_string_equal(event.dom.name, "vm1");
        assert_string_equal(event.params[0].field, "operation");
        assert_int_equal(event.params[0].value.i, 2);
        xdr_release(&wire_layout_remote_domain_event_callback_job_completed_args, &event);
        free(dom.name);
        peer_done(&peer);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                wire_test(test_a_life_is_told_in_order),
                wire_test(test_every_registration_that_fits_hears_once),
                wire_test(test_after_deregistration_nothing_is_heard),
                wire_test(test_every_known_event_can_be_watched_and_no_other),
                cmocka_unit_test(test_registrations_are_bounded),
                cmocka_unit_test(test_events_that_nobody_reads_end_the_connection),
                wire_test(test_a_saves_end_is_told_with_its_figures),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What is said to a hypervisor beside every operation, and what an agent would have to tell. */
#include "wire-fixture.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#define TEST VIR_FROM_TEST

static void keys(void **state)
{
        Peer peer = peer_open(*state, false);
        WireDomain dom = peer_define(&peer, "a");
        uint32_t codes[] = {30, 300};
        RemoteDomainSendKeyArgs args = {
                .dom = dom, .codeset = VIR_KEYCODE_SET_XT, .keycodes = codes, .n_keycodes = 1};
        RemoteDomainInjectNmiArgs nmi = {.dom = dom};

        peer_fail(&peer, REMOTE_DOMAIN_SEND_KEY, &args, VIR_ERR_OPERATION_INVALID, TEST,
                  "Requested operation is not valid: domain is not running");
        peer_fail(&peer, REMOTE_DOMAIN_INJECT_NMI, &nmi, VIR_ERR_OPERATION_INVALID, TEST,
                  "Requested operation is not valid: domain is not running");
        peer_on(&peer, REMOTE_DOMAIN_CREATE, &dom);
        peer_do(&peer, REMOTE_DOMAIN_SEND_KEY, &args, NULL);
        peer_do(&peer, REMOTE_DOMAIN_INJECT_NMI, &nmi, NULL);
        args.n_keycodes = 2;
        peer_fail(&peer, REMOTE_DOMAIN_SEND_KEY, &args, VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC,
                  "internal error: cannot translate keycode 300 of xt codeset to qnum keycode");
        args.codeset = 77;
        peer_fail(&peer, REMOTE_DOMAIN_SEND_KEY, &args, VIR_ERR_INVALID_ARG, TEST,
                  "invalid argument: invalid codeset 77");
        free(dom.name);
        peer_done(&peer);
}

static void what_the_fake_does_not_have(void **state)
{
        Peer peer = peer_open(*state, false);
        WireDomain dom = peer_define(&peer, "a");
        RemoteDomainScreenshotArgs shot = {.dom = dom};

        peer_on(&peer, REMOTE_DOMAIN_CREATE, &dom);
        peer_fail(&peer, REMOTE_DOMAIN_SCREENSHOT, &shot, VIR_ERR_OPERATION_UNSUPPORTED, TEST,
                  "Operation not supported: the fake hypervisor has none of this");
        free(dom.name);
        peer_done(&peer);
}

static void taints_are_told(void **state)
{
        Peer peer = peer_open(*state, false);
        WireDomain dom = peer_define(&peer, "a");
        RemoteDomainGetMessagesArgs args = {.dom = dom};
        RemoteDomainGetMessagesRet ret;

        peer_on(&peer, REMOTE_DOMAIN_CREATE, &dom);
        peer_do(&peer, REMOTE_DOMAIN_GET_MESSAGES, &args, &ret);
        assert_int_equal(ret.n_msgs, 0);
        engine_domain(*state, "a")->taints = TAINT_MONITOR;
        peer_do(&peer, REMOTE_DOMAIN_GET_MESSAGES, &args, &ret);
        assert_int_equal(ret.n_msgs, 1);
        assert_string_equal(ret.msgs[0], "tainted: custom monitor control commands issued");
        xdr_release(&wire_layout_remote_domain_get_messages_ret, &ret);
        args.flags = VIR_DOMAIN_MESSAGE_DEPRECATION;
        peer_do(&peer, REMOTE_DOMAIN_GET_MESSAGES, &args, &ret);
        assert_int_equal(ret.n_msgs, 0);

        peer_on(&peer, REMOTE_DOMAIN_DESTROY, &dom);
        peer_on(&peer, REMOTE_DOMAIN_CREATE, &dom);
        args.flags = 0;
        peer_do(&peer, REMOTE_DOMAIN_GET_MESSAGES, &args, &ret);
        assert_int_equal(ret.n_msgs, 0);
        free(dom.name);
        peer_done(&peer);
}

static void add_agent_channel(Domain *d)
{
        Channel *channel = vec_push(&d->live->channels);

        channel_init(channel);
        channel->name = xstrdup("org.qemu.guest_agent.0");
}

/* Off, without a channel for an agent, with one that nobody speaks on. */
static void nobody_is_there_to_answer_for_the_guest(void **state)
{
        static const int32_t procedures[] = {
                REMOTE_DOMAIN_GET_FSINFO,     REMOTE_DOMAIN_GET_TIME,
                REMOTE_DOMAIN_GET_GUEST_INFO, REMOTE_DOMAIN_GET_GUEST_VCPUS,
                REMOTE_DOMAIN_GET_HOSTNAME,   REMOTE_DOMAIN_FSTRIM,
                REMOTE_DOMAIN_FSFREEZE,       REMOTE_DOMAIN_FSTHAW,
        };
        static const struct {
                int32_t code;
                const char *message;
        } answers[] = {
                {VIR_ERR_OPERATION_INVALID,
                 "Requested operation is not valid: domain is not running"},
                {VIR_ERR_ARGUMENT_UNSUPPORTED,
                 "argument unsupported: QEMU guest agent is not configured"},
                {VIR_ERR_AGENT_UNRESPONSIVE,
                 "Guest agent is not responding: QEMU guest agent is not connected"},
        };
        Peer peer = peer_open(*state, false);
        WireDomain dom = peer_define(&peer, "a");

        for (size_t i = 0; i < ELEMENTSOF(answers); i++) {
                if (i == 1)
                        peer_on(&peer, REMOTE_DOMAIN_CREATE, &dom);
                if (i == 2)
                        add_agent_channel(engine_domain(*state, "a"));
                for (size_t k = 0; k < ELEMENTSOF(procedures); k++) {
                        const WireProc *proc = &wire_programs[WIRE_REMOTE].procs[procedures[k] - 1];
                        _cleanup_(free_ptr) WireDomain *args = xcalloc(1, proc->args->size);

                        *args = dom; /* it comes first in each */
                        peer_fail(&peer, procedures[k], args, answers[i].code, TEST,
                                  answers[i].message);
                }
        }
        free(dom.name);
        peer_done(&peer);
}

static void addresses_by_source(void **state)
{
        Peer peer = peer_open(*state, false);
        WireDomain dom = peer_define(&peer, "a");
        RemoteDomainInterfaceAddressesArgs args = {.dom = dom};
        RemoteDomainInterfaceAddressesRet ret;
        RemoteDomainGetHostnameArgs name = {.dom = dom, .flags = VIR_DOMAIN_GET_HOSTNAME_LEASE};

        peer_fail(&peer, REMOTE_DOMAIN_INTERFACE_ADDRESSES, &args, VIR_ERR_OPERATION_INVALID, TEST,
                  "Requested operation is not valid: domain is not running");
        peer_on(&peer, REMOTE_DOMAIN_CREATE, &dom);
        peer_do(&peer, REMOTE_DOMAIN_INTERFACE_ADDRESSES, &args, &ret);
        assert_int_equal(ret.n_ifaces, 0);
        args.source = VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT;
        peer_fail(&peer, REMOTE_DOMAIN_INTERFACE_ADDRESSES, &args, VIR_ERR_ARGUMENT_UNSUPPORTED,
                  TEST, "argument unsupported: QEMU guest agent is not configured");
        args.source = 9;
        peer_fail(&peer, REMOTE_DOMAIN_INTERFACE_ADDRESSES, &args, VIR_ERR_ARGUMENT_UNSUPPORTED,
                  TEST, "argument unsupported: Unknown IP address data source 9");
        peer_fail(&peer, REMOTE_DOMAIN_GET_HOSTNAME, &name, VIR_ERR_NO_HOSTNAME, TEST,
                  "no hostname found: no hostname found for domain a");
        free(dom.name);
        peer_done(&peer);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                wire_test(keys),
                wire_test(what_the_fake_does_not_have),
                wire_test(taints_are_told),
                wire_test(nobody_is_there_to_answer_for_the_guest),
                wire_test(addresses_by_source),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}

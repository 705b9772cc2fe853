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
        RemoteDomainSendKeyArgs args = {.dom = dom,
                                        .codeset = VIR_KEYCODE_SET_XT,
                                        .keycodes = codes,
                                        .n_keycodes = 1};
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

int main(void)
{
        const struct CMUnitTest tests[] = {
                wire_test(keys),
                wire_test(what_the_fake_does_not_have),
                wire_test(taints_are_told),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}

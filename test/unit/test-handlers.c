/* What stands behind the procedures, over the protocol and the fake hypervisor. */
#include "wire-fixture.h"

enum {
        INVALID = VIR_ERR_OPERATION_INVALID,
        ARGUMENT = VIR_ERR_INVALID_ARG,
        TEST = VIR_FROM_TEST,
};

/* --- connection --- */

static void test_open_chooses_the_driver_by_name(void **state)
{
        static const char *const good[] = {
                "test:///default",     "test:///system",     "test://", "",
                "test:///default?x=y", "test://host/default"};
        static const char *const bad[] = {
                "foo:///system", "test", "test:", "test:/default", "test:///other", "://",
                ":///default",   "///",  "te"};

        for (size_t i = 0; i < ELEMENTSOF(good); i++) {
                Peer peer = peer_new(*state, false);
                RemoteConnectOpenArgs open = {.name = (char *) good[i]};
                RemoteConnectGetUriRet uri;

                peer_do(&peer, REMOTE_CONNECT_OPEN, &open, NULL);
                peer_do(&peer, REMOTE_CONNECT_GET_URI, NULL, &uri);
                assert_string_equal(uri.uri, *good[i] ? good[i] : "test:///system");
                free(uri.uri);
                peer_fail(&peer, REMOTE_CONNECT_OPEN, &open, VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC,
                          "internal error: connection already open");
                peer_done(&peer);
        }
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                Peer peer = peer_new(*state, false);
                RemoteConnectOpenArgs open = {.name = (char *) bad[i]};
                _cleanup_(free_ptr) char *message =
                        xasprintf("no connection driver available for %s", bad[i]);

                peer_fail(&peer, REMOTE_CONNECT_OPEN, &open, VIR_ERR_NO_CONNECT, VIR_FROM_NONE,
                          message);
                open.name = NULL;
                peer_fail(&peer, REMOTE_CONNECT_OPEN, &open, VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC,
                          "internal error: connection not open");
                open.name = (char *) good[0]; /* one may try again */
                peer_do(&peer, REMOTE_CONNECT_OPEN, &open, NULL);
                peer_done(&peer);
        }
}

static void test_features(void **state)
{
        Peer peer = peer_open(*state, false);
        const bool served[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 1, 1, 1, 0};
        RemoteConnectSupportsFeatureArgs args;
        RemoteConnectSupportsFeatureRet ret;

        for (int32_t i = 0; i < (int32_t) ELEMENTSOF(served); i++) {
                args.feature = i;
                peer_do(&peer, REMOTE_CONNECT_SUPPORTS_FEATURE, &args, &ret);
                assert_int_equal(ret.supported, served[i]);
        }
        args.feature = -1;
        peer_do(&peer, REMOTE_CONNECT_SUPPORTS_FEATURE, &args, &ret);
        assert_int_equal(ret.supported, 0);
        args.feature = INT32_MAX;
        peer_do(&peer, REMOTE_CONNECT_SUPPORTS_FEATURE, &args, &ret);
        assert_int_equal(ret.supported, 0);
        peer_done(&peer);
}

static void test_the_host_and_the_driver(void **state)
{
        Peer peer = peer_open(*state, true);
        RemoteConnectGetTypeRet type;
        RemoteConnectGetLibVersionRet version;
        RemoteConnectIsSecureRet secure;
        RemoteNodeGetInfoRet node;
        RemoteNodeGetSecurityModelRet model;
        RemoteConnectGetMaxVcpusArgs kvm = {.type = (char *) "kvm"}, none = {};
        RemoteConnectGetMaxVcpusRet vcpus;

        peer_do(&peer, REMOTE_CONNECT_GET_TYPE, NULL, &type);
        assert_string_equal(type.type, fake_driver.kind);
        free(type.type);
        peer_do(&peer, REMOTE_CONNECT_GET_LIB_VERSION, NULL, &version);
        assert_int_equal(version.lib_ver, 9000000);
        peer_do(&peer, REMOTE_CONNECT_IS_SECURE, NULL, &secure);
        assert_int_equal(secure.secure, 1);
        peer_do(&peer, REMOTE_NODE_GET_INFO, NULL, &node);
        assert_int_equal(node.nodes * node.sockets * node.cores * node.threads, node.cpus);
        peer_do(&peer, REMOTE_NODE_GET_SECURITY_MODEL, NULL, &model);
        assert_int_equal(model.n_model, 5);
        assert_memory_equal(model.model, "none", 5);
        xdr_release(&wire_layout_remote_node_get_security_model_ret, &model);
        peer_do(&peer, REMOTE_CONNECT_GET_MAX_VCPUS, &none, &vcpus);
        assert_true(vcpus.max_vcpus > 0);
        peer_fail(&peer, REMOTE_CONNECT_GET_MAX_VCPUS, &kvm, ARGUMENT, TEST,
                  "invalid argument: unknown type 'kvm'");
        peer_do(&peer, REMOTE_CONNECT_REGISTER_CLOSE_CALLBACK, NULL, NULL);
        peer_do(&peer, REMOTE_CONNECT_UNREGISTER_CLOSE_CALLBACK, NULL, NULL);
        peer_done(&peer);
}

/* --- lists --- */

static uint32_t count_all(Peer *peer, uint32_t flags)
{
        RemoteConnectListAllDomainsArgs args = {.need_results = 1, .flags = flags};
        RemoteConnectListAllDomainsRet ret;
        uint32_t n;

        peer_do(peer, REMOTE_CONNECT_LIST_ALL_DOMAINS, &args, &ret);
        n = ret.n_domains;
        assert_int_equal(ret.ret, n);
        xdr_release(&wire_layout_remote_connect_list_all_domains_ret, &ret);
        args.need_results = 0;
        peer_do(peer, REMOTE_CONNECT_LIST_ALL_DOMAINS, &args, &ret);
        assert_int_equal(ret.n_domains, 0);
        assert_int_equal(ret.ret, n);
        return n;
}

static void test_lists(void **state)
{
        Peer peer = peer_open(*state, false);
        WireDomain off = peer_define(&peer, "off"), runs = peer_define(&peer, "runs");
        RemoteConnectListDefinedDomainsArgs names = {.maxnames = 10};
        RemoteConnectListDefinedDomainsRet defined;
        RemoteConnectListDomainsArgs ids = {.maxids = 10};
        RemoteConnectListDomainsRet active;
        RemoteConnectNumOfDomainsRet num;
        RemoteConnectListAllDomainsArgs all = {.flags = 1 << 16};

        peer_on(&peer, REMOTE_DOMAIN_CREATE, &runs);
        assert_int_equal(count_all(&peer, 0), 2);
        assert_int_equal(count_all(&peer, 1), 1);
        assert_int_equal(count_all(&peer, 2), 1);
        assert_int_equal(count_all(&peer, 8), 0);
        peer_fail(&peer, REMOTE_CONNECT_LIST_ALL_DOMAINS, &all, ARGUMENT, TEST,
                  "unsupported flags (0x10000) in function virConnectListAllDomains");

        peer_do(&peer, REMOTE_CONNECT_NUM_OF_DOMAINS, NULL, &num);
        assert_int_equal(num.num, 1);
        peer_do(&peer, REMOTE_CONNECT_NUM_OF_DEFINED_DOMAINS, NULL, &num);
        assert_int_equal(num.num, 1);
        peer_do(&peer, REMOTE_CONNECT_LIST_DEFINED_DOMAINS, &names, &defined);
        assert_int_equal(defined.n_names, 1);
        assert_string_equal(defined.names[0], "off");
        xdr_release(&wire_layout_remote_connect_list_defined_domains_ret, &defined);
        peer_do(&peer, REMOTE_CONNECT_LIST_DOMAINS, &ids, &active);
        assert_int_equal(active.n_ids, 1);
        xdr_release(&wire_layout_remote_connect_list_domains_ret, &active);

        /* capacities: fewer than there are is fine, absurd ones are not */
        names.maxnames = 0;
        peer_do(&peer, REMOTE_CONNECT_LIST_DEFINED_DOMAINS, &names, &defined);
        assert_int_equal(defined.n_names, 0);
        ids.maxids = -1;
        peer_fail(&peer, REMOTE_CONNECT_LIST_DOMAINS, &ids, VIR_ERR_RPC, VIR_FROM_RPC,
                  "maxids must be non-negative");
        ids.maxids = 16385;
        peer_fail(&peer, REMOTE_CONNECT_LIST_DOMAINS, &ids, VIR_ERR_RPC, VIR_FROM_RPC,
                  "maxids > REMOTE_DOMAIN_LIST_MAX");
        free(off.name);
        free(runs.name);
        peer_done(&peer);
}

static void test_look_ups(void **state)
{
        Peer peer = peer_open(*state, false);
        WireDomain dom = peer_define(&peer, "vm1");
        RemoteDomainLookupByNameArgs name = {.name = (char *) "vm1"};
        RemoteDomainLookupByUuidArgs uuid = {.uuid = dom.uuid};
        RemoteDomainLookupByIdArgs id = {.id = 1};
        RemoteDomainLookupByNameRet ret;
        RemoteDomainGetStateArgs get = {.dom = dom};

        peer_do(&peer, REMOTE_DOMAIN_LOOKUP_BY_NAME, &name, &ret);
        assert_int_equal(ret.dom.id, -1);
        assert_true(uuid_equal(&ret.dom.uuid, &dom.uuid));
        free(ret.dom.name);
        peer_do(&peer, REMOTE_DOMAIN_LOOKUP_BY_UUID, &uuid, &ret);
        free(ret.dom.name);
        peer_fail(&peer, REMOTE_DOMAIN_LOOKUP_BY_ID, &id, VIR_ERR_NO_DOMAIN, TEST,
                  "Domain not found: no domain with matching id 1");
        peer_on(&peer, REMOTE_DOMAIN_CREATE, &dom);
        peer_do(&peer, REMOTE_DOMAIN_LOOKUP_BY_ID, &id, &ret);
        assert_string_equal(ret.dom.name, "vm1");
        assert_int_equal(ret.dom.id, 1);
        free(ret.dom.name);
        id.id = -1;
        peer_fail(&peer, REMOTE_DOMAIN_LOOKUP_BY_ID, &id, ARGUMENT, TEST,
                  "id in virDomainLookupByID must be zero or greater");
        name.name = (char *) "X";
        peer_fail(&peer, REMOTE_DOMAIN_LOOKUP_BY_NAME, &name, VIR_ERR_NO_DOMAIN, TEST,
                  "Domain not found: no domain with matching name 'X'");
        /* a handle of a domain that is gone; its name is the client's memory alone */
        memset(&get.dom.uuid, 0x11, sizeof(get.dom.uuid));
        get.dom.name = (char *) "old";
        peer_fail(&peer, REMOTE_DOMAIN_GET_STATE, &get, VIR_ERR_NO_DOMAIN, TEST,
                  "Domain not found: no domain with matching uuid "
                  "'11111111-1111-1111-1111-111111111111' (old)");
        free(dom.name);
        peer_done(&peer);
}

/* --- one domain --- */

static void expect_state(Peer *peer, const WireDomain *dom, int32_t wanted, int32_t reason)
{
        RemoteDomainGetStateArgs args = {.dom = *dom};
        RemoteDomainGetStateRet ret;

        peer_do(peer, REMOTE_DOMAIN_GET_STATE, &args, &ret);
        assert_int_equal(ret.state, wanted);
        assert_int_equal(ret.reason, reason);
}

static void test_a_domain_is_read_from_memory(void **state)
{
        Peer peer = peer_open(*state, false);
        WireDomain dom = peer_define(&peer, "vm1");
        RemoteDomainGetInfoArgs on = {.dom = dom};
        RemoteDomainGetXmlDescArgs xml = {.dom = dom};
        RemoteDomainGetInfoRet info;
        RemoteDomainGetMaxMemoryRet memory;
        RemoteDomainGetMaxVcpusRet vcpus;
        RemoteDomainGetOsTypeRet os;
        RemoteDomainIsActiveRet active;
        RemoteDomainIsPersistentRet persistent;
        RemoteDomainGetXmlDescRet doc;

        peer_on(&peer, REMOTE_DOMAIN_CREATE, &dom);
        peer_do(&peer, REMOTE_DOMAIN_GET_INFO, &on, &info);
        assert_int_equal(info.state, 1);
        assert_int_equal(info.max_mem, 16384);
        assert_int_equal(info.nr_virt_cpu, 2);
        peer_do(&peer, REMOTE_DOMAIN_GET_MAX_MEMORY, &on, &memory);
        assert_int_equal(memory.memory, 16384);
        peer_do(&peer, REMOTE_DOMAIN_GET_MAX_VCPUS, &on, &vcpus);
        assert_int_equal(vcpus.num, 2);
        peer_do(&peer, REMOTE_DOMAIN_GET_OS_TYPE, &on, &os);
        assert_string_equal(os.type, "hvm");
        free(os.type);
        peer_do(&peer, REMOTE_DOMAIN_IS_ACTIVE, &on, &active);
        assert_int_equal(active.active, 1);
        peer_do(&peer, REMOTE_DOMAIN_IS_PERSISTENT, &on, &persistent);
        assert_int_equal(persistent.persistent, 1);

        peer_do(&peer, REMOTE_DOMAIN_GET_XML_DESC, &xml, &doc);
        assert_non_null(strstr(doc.xml, "id='1'"));
        free(doc.xml);
        xml.flags = 2;
        peer_do(&peer, REMOTE_DOMAIN_GET_XML_DESC, &xml, &doc);
        assert_null(strstr(doc.xml, "id='1'"));
        free(doc.xml);
        xml.flags = 16;
        peer_fail(&peer, REMOTE_DOMAIN_GET_XML_DESC, &xml, ARGUMENT, TEST,
                  "unsupported flags (0x10) in function virDomainGetXMLDesc");
        free(dom.name);
        peer_done(&peer);
}

static void test_start_and_stop(void **state)
{
        Peer peer = peer_open(*state, false);
        WireDomain dom = peer_define(&peer, "vm1");
        RemoteDomainCreateArgs on = {.dom = dom};
        RemoteDomainCreateWithFlagsArgs start = {.dom = dom, .flags = 1};
        RemoteDomainCreateWithFlagsRet started;
        RemoteDomainShutdownFlagsArgs stop = {.dom = dom, .flags = 4};
        const char *off = "Requested operation is not valid: domain is not running";

        expect_state(&peer, &dom, 5, 0);
        peer_fail(&peer, REMOTE_DOMAIN_DESTROY, &on, INVALID, TEST, off);
        peer_fail(&peer, REMOTE_DOMAIN_SHUTDOWN, &on, INVALID, TEST, off);
        peer_do(&peer, REMOTE_DOMAIN_CREATE_WITH_FLAGS, &start, &started);
        assert_int_equal(started.dom.id, 1);
        free(started.dom.name);
        expect_state(&peer, &dom, 3, 1);
        peer_on(&peer, REMOTE_DOMAIN_RESUME, &dom);
        expect_state(&peer, &dom, 1, 5);
        peer_fail(&peer, REMOTE_DOMAIN_RESUME, &on, INVALID, TEST,
                  "Requested operation is not valid: domain is already running");
        peer_fail(&peer, REMOTE_DOMAIN_CREATE, &on, INVALID, TEST,
                  "Requested operation is not valid: domain is already running");
        peer_fail(&peer, REMOTE_DOMAIN_SHUTDOWN_FLAGS, &stop, ARGUMENT, TEST,
                  "unsupported flags (0x4) in function virDomainShutdownFlags");
        start.flags = 2;
        peer_fail(&peer, REMOTE_DOMAIN_CREATE_WITH_FLAGS, &start, ARGUMENT, TEST,
                  "unsupported flags (0x2) in function virDomainCreateWithFlags");
        peer_on(&peer, REMOTE_DOMAIN_DESTROY, &dom);
        expect_state(&peer, &dom, 5, 2);
        free(dom.name);
        peer_done(&peer);
}

static void test_a_transient_domain_goes_with_its_guest(void **state)
{
        Peer peer = peer_open(*state, false);
        RemoteDomainCreateXmlArgs create = {
                .xml_desc = (char *) "<domain type='test'><name>t</name><memory>16384</memory>"
                                     "<os><type>hvm</type></os></domain>"};
        RemoteDomainCreateXmlRet ret;
        RemoteDomainSetAutostartArgs autostart;

        peer_do(&peer, REMOTE_DOMAIN_CREATE_XML, &create, &ret);
        assert_string_equal(ret.dom.name, "t");
        assert_int_equal(ret.dom.id, 1);
        autostart = (RemoteDomainSetAutostartArgs){.dom = ret.dom, .autostart = 1};
        peer_fail(&peer, REMOTE_DOMAIN_SET_AUTOSTART, &autostart, INVALID, TEST,
                  "Requested operation is not valid: cannot set autostart for transient domain");
        peer_on(&peer, REMOTE_DOMAIN_DESTROY, &ret.dom);
        assert_int_equal(count_all(&peer, 0), 0);
        free(ret.dom.name);
        peer_done(&peer);
}

static void test_autostart(void **state)
{
        Peer peer = peer_open(*state, false);
        WireDomain dom = peer_define(&peer, "vm1");
        RemoteDomainSetAutostartArgs set = {.dom = dom, .autostart = 1};
        RemoteDomainGetAutostartArgs get = {.dom = dom};
        RemoteDomainGetAutostartRet ret;

        peer_do(&peer, REMOTE_DOMAIN_SET_AUTOSTART, &set, NULL);
        peer_do(&peer, REMOTE_DOMAIN_GET_AUTOSTART, &get, &ret);
        assert_int_equal(ret.autostart, 1);
        assert_int_equal(count_all(&peer, 1024), 1);
        set.autostart = 0;
        peer_do(&peer, REMOTE_DOMAIN_SET_AUTOSTART, &set, NULL);
        assert_int_equal(count_all(&peer, 1024), 0);
        free(dom.name);
        peer_done(&peer);
}

static void test_bad_documents(void **state)
{
        Peer peer = peer_open(*state, false);
        WireDomain dom = peer_define(&peer, "vm1");
        RemoteDomainDefineXmlFlagsArgs args = {.flags = 2};
        static const struct {
                const char *xml;
                int32_t code;
        } documents[] = {
                {"", VIR_ERR_XML_DETAIL},
                {"<domain", VIR_ERR_XML_DETAIL},
                {"<other/>", VIR_ERR_XML_ERROR},
                {"<domain type='test'><memory>1</memory><os><type>hvm</type></os></domain>",
                 VIR_ERR_NO_NAME},
                {"<domain type='test'><name>vm1</name>"
                 "<uuid>11111111-2222-3333-4444-555555555555</uuid><memory>16384</memory>"
                 "<os><type>hvm</type></os></domain>",
                 VIR_ERR_OPERATION_FAILED},
                {"<domain type='zzz'><name>z</name><memory>16384</memory>"
                 "<os><type>hvm</type></os></domain>",
                 VIR_ERR_CONFIG_UNSUPPORTED},
        };

        for (size_t i = 0; i < ELEMENTSOF(documents); i++) {
                RemoteDomainDefineXmlArgs define = {.xml = (char *) documents[i].xml};
                uint32_t serial = peer_call(&peer, REMOTE_DOMAIN_DEFINE_XML, &define);
                _cleanup_(packet_done) Packet packet = peer_next(&peer);
                WireError wire;
                Error err = {};

                assert_int_equal(packet.header.serial, serial);
                assert_int_equal(packet.header.status, WIRE_STATUS_ERROR);
                assert_ok(xdr_decode(&wire_layout_error, packet.payload, packet.len, &wire, &err));
                if (wire.code != documents[i].code)
                        fail_msg("%s: %d: %s", documents[i].xml, wire.code, wire.message);
                xdr_release(&wire_layout_error, &wire);
        }
        args.xml = (char *) "<domain/>";
        peer_fail(&peer, REMOTE_DOMAIN_DEFINE_XML_FLAGS, &args, ARGUMENT, TEST,
                  "unsupported flags (0x2) in function virDomainDefineXMLFlags");
        assert_int_equal(count_all(&peer, 0), 1);
        free(dom.name);
        peer_done(&peer);
}

/* --- images --- */

static void expect_image(Peer *peer, const WireDomain *dom, int32_t there)
{
        RemoteDomainHasManagedSaveImageArgs has = {.dom = *dom};
        RemoteDomainHasManagedSaveImageRet ret;

        peer_do(peer, REMOTE_DOMAIN_HAS_MANAGED_SAVE_IMAGE, &has, &ret);
        assert_int_equal(ret.result, there);
        assert_int_equal(count_all(peer, 256), there);
}

static void test_managed_save(void **state)
{
        Peer peer = peer_open(*state, false);
        WireDomain dom = peer_define(&peer, "vm1");
        RemoteDomainManagedSaveArgs save = {.dom = dom};
        RemoteDomainManagedSaveGetXmlDescArgs xml = {.dom = dom};
        RemoteDomainManagedSaveGetXmlDescRet doc;
        RemoteDomainUndefineFlagsArgs undefine = {.dom = dom, .flags = 1};
        RemoteDomainUndefineArgs plain = {.dom = dom};

        peer_fail(&peer, REMOTE_DOMAIN_MANAGED_SAVE, &save, INVALID, TEST,
                  "Requested operation is not valid: domain is not running");
        peer_fail(&peer, REMOTE_DOMAIN_MANAGED_SAVE_GET_XML_DESC, &xml, INVALID, TEST,
                  "Requested operation is not valid: domain does not have managed save image");
        peer_on(&peer, REMOTE_DOMAIN_CREATE, &dom);
        expect_image(&peer, &dom, 0);
        peer_do(&peer, REMOTE_DOMAIN_MANAGED_SAVE, &save, NULL);
        expect_image(&peer, &dom, 1);
        expect_state(&peer, &dom, 5, 5);
        peer_do(&peer, REMOTE_DOMAIN_MANAGED_SAVE_GET_XML_DESC, &xml, &doc);
        assert_non_null(strstr(doc.xml, "<name>vm1</name>"));
        free(doc.xml);
        peer_fail(&peer, REMOTE_DOMAIN_UNDEFINE, &plain, INVALID, TEST,
                  "Requested operation is not valid: Refusing to undefine while domain managed "
                  "save image exists");
        peer_on(&peer, REMOTE_DOMAIN_CREATE, &dom);
        expect_image(&peer, &dom, 0);
        expect_state(&peer, &dom, 1, 3);
        peer_do(&peer, REMOTE_DOMAIN_MANAGED_SAVE, &save, NULL);
        peer_do(&peer, REMOTE_DOMAIN_UNDEFINE_FLAGS, &undefine, NULL);
        assert_int_equal(count_all(&peer, 0), 0);
        free(dom.name);
        peer_done(&peer);
}

static void test_save_and_restore(void **state)
{
        WireFixture *f = *state;
        Peer peer = peer_open(f, false);
        WireDomain dom = peer_define(&peer, "vm1");
        _cleanup_(free_ptr) char *path = path_join(f->root, "x.save");
        RemoteDomainSaveArgs save = {.dom = dom, .to = path};
        RemoteDomainSaveFlagsArgs flagged = {.dom = dom, .to = path, .flags = 2 | 4};
        RemoteDomainRestoreFlagsArgs restore = {.from = path, .flags = 4};
        RemoteDomainRestoreArgs gone = {.from = (char *) "/nonexistent/file"};
        RemoteDomainSaveImageGetXmlDescArgs xml = {.file = path};
        RemoteDomainSaveImageGetXmlDescRet doc;

        peer_on(&peer, REMOTE_DOMAIN_CREATE, &dom);
        peer_fail(&peer, REMOTE_DOMAIN_SAVE_FLAGS, &flagged, ARGUMENT, TEST,
                  "flags RUNNING and PAUSED in virDomainSaveFlags exclude one another");
        flagged.to = (char *) "relative";
        flagged.flags = 0;
        peer_fail(&peer, REMOTE_DOMAIN_SAVE_FLAGS, &flagged, ARGUMENT, TEST,
                  "path 'relative' in virDomainSaveFlags must be absolute");
        peer_do(&peer, REMOTE_DOMAIN_SAVE, &save, NULL);
        expect_state(&peer, &dom, 5, 5);
        peer_do(&peer, REMOTE_DOMAIN_SAVE_IMAGE_GET_XML_DESC, &xml, &doc);
        assert_non_null(strstr(doc.xml, "<name>vm1</name>"));
        free(doc.xml);
        peer_do(&peer, REMOTE_DOMAIN_RESTORE_FLAGS, &restore, NULL);
        expect_state(&peer, &dom, 3, 1);
        peer_fail(&peer, REMOTE_DOMAIN_RESTORE, &gone, VIR_ERR_SYSTEM_ERROR, TEST,
                  "Failed to open file '/nonexistent/file': No such file or directory");
        free(dom.name);
        peer_done(&peer);
}

static void test_save_and_restore_by_parameters(void **state)
{
        WireFixture *f = *state;
        Peer peer = peer_open(f, false);
        WireDomain dom = peer_define(&peer, "vm1");
        _cleanup_(free_ptr) char *path = path_join(f->root, "x.save");
        WireTypedParam file = {.field = (char *) "file", .tag = WIRE_PARAM_STRING, .value.s = path};
        WireTypedParam other = {.field = (char *) "zzz", .tag = WIRE_PARAM_INT};
        RemoteDomainSaveParamsArgs save = {.dom = dom, .params = &file, .n_params = 1};
        RemoteDomainRestoreParamsArgs restore = {.params = &file, .n_params = 1};

        peer_on(&peer, REMOTE_DOMAIN_CREATE, &dom);
        peer_do(&peer, REMOTE_DOMAIN_SAVE_PARAMS, &save, NULL);
        peer_do(&peer, REMOTE_DOMAIN_RESTORE_PARAMS, &restore, NULL);
        expect_state(&peer, &dom, 1, 3);
        restore.n_params = 0;
        peer_fail(&peer, REMOTE_DOMAIN_RESTORE_PARAMS, &restore, ARGUMENT, TEST,
                  "invalid argument: missing parameter 'file'");
        restore.params = &other;
        restore.n_params = 1;
        peer_fail(&peer, REMOTE_DOMAIN_RESTORE_PARAMS, &restore, ARGUMENT, TEST,
                  "invalid argument: parameter 'zzz' not supported");
        free(dom.name);
        peer_done(&peer);
}

/* The client goes while a thread reads the image. */
static void test_a_client_may_go_while_an_image_is_read(void **state)
{
        WireFixture *f = *state;
        Peer peer = peer_open(f, false);
        RemoteDomainSaveImageGetXmlDescArgs xml = {.file = (char *) "/nonexistent"};

        peer_call(&peer, REMOTE_DOMAIN_SAVE_IMAGE_GET_XML_DESC, &xml);
        loop_turn(f->loop, true);
        peer_done(&peer);
        while (!strstr(f->notices.text, "closed"))
                loop_turn(f->loop, true);
}

/* --- jobs, metadata, statistics --- */

static void test_jobs(void **state)
{
        Peer peer = peer_open(*state, false);
        WireDomain dom = peer_define(&peer, "vm1");
        RemoteDomainGetJobInfoArgs on = {.dom = dom};
        RemoteDomainGetJobStatsArgs stats = {.dom = dom};
        RemoteDomainGetJobInfoRet info;
        RemoteDomainGetJobStatsRet ret;
        const char *off = "Requested operation is not valid: domain is not running";

        peer_fail(&peer, REMOTE_DOMAIN_GET_JOB_INFO, &on, INVALID, TEST, off);
        peer_fail(&peer, REMOTE_DOMAIN_GET_JOB_STATS, &stats, INVALID, TEST, off);
        peer_fail(&peer, REMOTE_DOMAIN_ABORT_JOB, &on, INVALID, TEST, off);
        peer_on(&peer, REMOTE_DOMAIN_CREATE, &dom);
        peer_do(&peer, REMOTE_DOMAIN_GET_JOB_INFO, &on, &info);
        assert_int_equal(info.type, 0);
        peer_do(&peer, REMOTE_DOMAIN_GET_JOB_STATS, &stats, &ret);
        assert_int_equal(ret.type, 0);
        assert_int_equal(ret.n_params, 0);
        peer_fail(&peer, REMOTE_DOMAIN_ABORT_JOB, &on, INVALID, TEST,
                  "Requested operation is not valid: no job is active on the domain");
        free(dom.name);
        peer_done(&peer);
}

static void test_title_and_description(void **state)
{
        Peer peer = peer_open(*state, false);
        RemoteDomainDefineXmlArgs define = {
                .xml = (char *) "<domain type='test'><name>vm1</name><title>the title</title>"
                                "<metadata><a:x xmlns:a='http://a'>1</a:x></metadata>"
                                "<memory>16384</memory><os><type>hvm</type></os></domain>"};
        RemoteDomainDefineXmlRet dom;
        RemoteDomainGetMetadataArgs get = {.type = 1};
        RemoteDomainGetMetadataRet ret;

        peer_do(&peer, REMOTE_DOMAIN_DEFINE_XML, &define, &dom);
        get.dom = dom.dom;
        peer_do(&peer, REMOTE_DOMAIN_GET_METADATA, &get, &ret);
        assert_string_equal(ret.metadata, "the title");
        free(ret.metadata);
        get.type = 0;
        peer_fail(&peer, REMOTE_DOMAIN_GET_METADATA, &get, VIR_ERR_NO_DOMAIN_METADATA,
                  VIR_FROM_DOMAIN, "metadata not found: Requested metadata element is not present");
        get.type = 2;
        peer_fail(&peer, REMOTE_DOMAIN_GET_METADATA, &get, ARGUMENT, TEST,
                  "uri in virDomainGetMetadata must not be NULL");
        get.uri = (char *) "http://a";
        peer_do(&peer, REMOTE_DOMAIN_GET_METADATA, &get, &ret);
        assert_string_equal(ret.metadata, "<x>1</x>");
        free(ret.metadata);
        get.type = 3;
        peer_fail(&peer, REMOTE_DOMAIN_GET_METADATA, &get, ARGUMENT, TEST,
                  "invalid argument: unknown metadata type 3");
        get.flags = 1;
        peer_fail(&peer, REMOTE_DOMAIN_GET_METADATA, &get, INVALID, TEST,
                  "Requested operation is not valid: domain is not running");
        free(dom.dom.name);
        peer_done(&peer);
}

static void test_statistics_of_many(void **state)
{
        Peer peer = peer_open(*state, false);
        WireDomain one = peer_define(&peer, "one"), two = peer_define(&peer, "two");
        WireDomain asked[] = {two, {.name = (char *) "gone"}};
        RemoteConnectGetAllDomainStatsArgs args = {.stats = 1};
        RemoteConnectGetAllDomainStatsRet ret;

        peer_on(&peer, REMOTE_DOMAIN_CREATE, &two);
        peer_do(&peer, REMOTE_CONNECT_GET_ALL_DOMAIN_STATS, &args, &ret);
        assert_int_equal(ret.n_ret_stats, 2);
        assert_int_equal(ret.ret_stats[0].n_params, 2);
        assert_string_equal(ret.ret_stats[0].params[0].field, "state.state");
        assert_int_equal(ret.ret_stats[0].params[0].value.i, 5);
        xdr_release(&wire_layout_remote_connect_get_all_domain_stats_ret, &ret);

        /* named ones; who is gone meanwhile is left out */
        args.doms = asked;
        args.n_doms = 2;
        args.stats = 0;
        peer_do(&peer, REMOTE_CONNECT_GET_ALL_DOMAIN_STATS, &args, &ret);
        assert_int_equal(ret.n_ret_stats, 1);
        assert_string_equal(ret.ret_stats[0].dom.name, "two");
        assert_int_equal(ret.ret_stats[0].params[0].value.i, 1);
        xdr_release(&wire_layout_remote_connect_get_all_domain_stats_ret, &ret);

        args = (RemoteConnectGetAllDomainStatsArgs){.stats = 1 << 20, .flags = 1u << 31};
        peer_fail(&peer, REMOTE_CONNECT_GET_ALL_DOMAIN_STATS, &args, VIR_ERR_ARGUMENT_UNSUPPORTED,
                  TEST,
                  "argument unsupported: Stats types bits 0x100000 are not supported by this daemon");
        free(one.name);
        free(two.name);
        peer_done(&peer);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                wire_test(test_open_chooses_the_driver_by_name),
                wire_test(test_features),
                wire_test(test_the_host_and_the_driver),
                wire_test(test_lists),
                wire_test(test_look_ups),
                wire_test(test_a_domain_is_read_from_memory),
                wire_test(test_start_and_stop),
                wire_test(test_a_transient_domain_goes_with_its_guest),
                wire_test(test_autostart),
                wire_test(test_bad_documents),
                wire_test(test_managed_save),
                wire_test(test_save_and_restore),
                wire_test(test_save_and_restore_by_parameters),
                wire_test(test_a_client_may_go_while_an_image_is_read),
                wire_test(test_jobs),
                wire_test(test_title_and_description),
                wire_test(test_statistics_of_many),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}

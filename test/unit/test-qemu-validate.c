/* What the QEMU driver refuses, and what it fills in; on the capabilities of the real binary. */
#include "qemu-fixture.h"

#include "config/device.h"
#include "qemu/validate.h"

static void on_prepared(void *data, const Error *err)
{
        QemuFixture *f = data;

        f->waiting--;
        if (error_is_set(err))
                fail_msg("%s", error_text(err));
}

static DomainConfig *config_of(const char *xml)
{
        DomainConfig *config;
        Error err = {};

        assert_ok(domain_config_from_xml(xml, strlen(xml), &config, &err));
        assert_ok(domain_config_finish(config, &err));
        return config;
}

/* A document with these parts. NULL: the usual. */
static char *document(const char *type, const char *head, const char *os, const char *devices)
{
        return xasprintf("<domain type='%s'><name>guest</name><memory>65536</memory>%s%s"
                         "<devices>%s</devices></domain>",
                         type ? type : "qemu", head ? head : "",
                         os ? os : "<os><type>hvm</type></os>", devices ? devices : "");
}

static void prepare(QemuFixture *f, const DomainConfig *config)
{
        f->waiting = 1;
        f->driver->type->prepare(f->driver, config, on_prepared, f);
        fixture_wait(f);
}

static void what_was_not_said_is_filled_in(void **state)
{
        QemuFixture *f = *state;
        _cleanup_(free_ptr) char *xml = document(NULL, NULL, NULL, NULL);
        _cleanup_(domain_config_freep) DomainConfig *config = config_of(xml);
        Error err = {};

        prepare(f, config);
        assert_ok(qemu_validate(f->driver, config, &err));
        assert_string_equal(config->emulator, QEMU_BINARY);
        assert_string_equal(config->os.arch, "x86_64");
        assert_non_null(str_after(config->os.machine, "pc-i440fx-")); /* the alias is resolved */

        _cleanup_(domain_config_freep) DomainConfig *again = domain_config_copy(config);
        assert_ok(qemu_validate(f->driver, again, &err));
        assert_true(schema_equal(&domain_config_schema, config, again));
}

static void what_cannot_be_done_is_refused_by_name(void **state)
{
        static const struct {
                const char *type, *head, *os, *devices, *words;
        } documents[] = {
                {.type = "xen", .words = "invalid domain type 'xen'"},
                {.head = "<on_crash>coredump-restart</on_crash>", .words = "coredump-restart"},
                {.head = "<on_poweroff>preserve</on_poweroff>", .words = "on_poweroff"},
                {.head = "<clock offset='timezone' timezone='Europe/Berlin'/>",
                 .words = "clock offset 'timezone'"},
                {.head = "<clock offset='utc'><timer name='platform'/></clock>",
                 .words = "'platform'"},
                {.head = "<features><hap/></features>", .words = "'hap'"},
                {.head = "<vcpu placement='auto'>1</vcpu>", .words = "virtual processors"},
                {.head = "<cpu mode='custom'><model>nonesuch</model></cpu>",
                 .words = "no CPU model 'nonesuch'"},
                {.head = "<cpu mode='custom'><model>EPYC</model><feature name='svm,x=y'/></cpu>",
                 .words = "has a comma"},
                {.head = "<features><hyperv><vendor_id state='on' "
                         "value='a,b'/></hyperv></features>",
                 .words = "has a comma"},
                {.head = "<vcpu>4000</vcpu>", .words = "type limit"},
                {.os = "<os><type machine='nonesuch'>hvm</type></os>",
                 .words = "no machine type 'nonesuch'"},
                {.os = "<os><type arch='aarch64'>hvm</type></os>",
                 .devices = "<emulator>" QEMU_BINARY "</emulator>",
                 .words = "architecture x86_64, not aarch64"},
                {.os = "<os><type>hvm</type><nvram>/x</nvram></os>", .words = "firmware"},
                {.devices = "<disk type='file'><source file='/x'/><target dev='hda' bus='ide'/>"
                            "<readonly/></disk>",
                 .words = "readonly ide disks are not supported"},
                {.devices = "<disk type='file'><source file='/x'/><target dev='sda' bus='scsi'/>"
                            "<wwn>xyz</wwn></disk>",
                 .words = "not 16 hex digits"},
                {.devices = "<disk type='file'><source file='/x'/><target dev='vda'/>"
                            "<transient/></disk>",
                 .words = "transient"},
                {.devices = "<disk type='file'><source file='/x'/><target dev='sdx' bus='sd'/>"
                            "</disk>",
                 .words = "'sd' is not supported"},
                {.devices = "<interface type='user'><driver queues='2'/></interface>",
                 .words = "queues need"},
                {.devices = "<interface type='user'><model type='vfio-pci'/></interface>",
                 .words = "interface model 'vfio-pci'"},
                {.devices = "<graphics type='spice'><gl enable='yes'/></graphics>",
                 .words = "graphics card"},
                {.devices = "<audio id='1' type='spice'/>", .words = "needs a SPICE display"},
                {.devices = "<watchdog model='itco'/>", .words = "watchdog"},
        };
        QemuFixture *f = *state;
        _cleanup_(domain_config_freep) DomainConfig *usual = NULL;
        _cleanup_(free_ptr) char *plain = document(NULL, NULL, NULL, NULL);

        usual = config_of(plain);
        prepare(f, usual);
        for (size_t i = 0; i < ELEMENTSOF(documents); i++) {
                _cleanup_(free_ptr) char *xml = document(documents[i].type, documents[i].head,
                                                         documents[i].os, documents[i].devices);
                _cleanup_(domain_config_freep) DomainConfig *config = NULL;
                _cleanup_(error_done) Error err = {};

                if (domain_config_from_xml(xml, strlen(xml), &config, &err) < 0 ||
                    domain_config_finish(config, &err) < 0)
                        fail_msg("%s: %s", xml, err.message);
                if (qemu_validate(f->driver, config, &err) != -ERROR_CONFIG_UNSUPPORTED)
                        fail_msg("%s: taken", xml);
                if (!strstr(err.message, documents[i].words))
                        fail_msg("%s: %s", xml, err.message);
        }
}

static void what_is_kept_is_refused_at_start_by_name(void **state)
{
        static const struct {
                const char *head, *devices, *words;
        } documents[] = {
                {.head = "<memtune><hard_limit>1000000</hard_limit></memtune>",
                 .words = "<memtune> is kept"},
                {.head = "<blkiotune><weight>200</weight></blkiotune>", .words = "<blkiotune>"},
                {.head = "<resource><partition>/x</partition></resource>", .words = "<resource>"},
                {.head = "<cputune><shares>5</shares></cputune>", .words = "<cputune>"},
                {.head = "<seclabel type='dynamic' model='selinux'/>", .words = "'selinux'"},
                {.head = "<seclabel type='static' model='dac'><label>a:b</label></seclabel>",
                 .words = "static label 'a:b'"},
                {.devices = "<interface type='network'><source network='default'/></interface>",
                 .words = "virtual network 'default'"},
                {.devices = "<filesystem type='mount'><driver type='virtiofs'/><source dir='/x'/>"
                            "<target dir='t'/></filesystem>",
                 .words = "virtiofsd"},
                {.devices = "<tpm><backend type='emulator'/></tpm>", .words = "swtpm"},
                {.devices = "<hostdev mode='subsystem' type='pci' managed='yes'><source><address "
                            "domain='0' bus='1' slot='0' function='0'/></source></hostdev>",
                 .words = "vfio-pci"},
        };
        QemuFixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(documents); i++) {
                _cleanup_(free_ptr) char *xml =
                        document(NULL, documents[i].head, NULL, documents[i].devices);
                _cleanup_(domain_config_freep) DomainConfig *config = config_of(xml);
                _cleanup_(error_done) Error err = {};

                if (i == 0)
                        prepare(f, config);
                assert_ok(qemu_validate(f->driver, config, &err));
                if (qemu_validate_start(f->driver, config, &err) != -ERROR_CONFIG_UNSUPPORTED)
                        fail_msg("%s: taken", xml);
                if (!strstr(err.message, documents[i].words))
                        fail_msg("%s: %s", xml, err.message);
        }
}

static void sockets_get_paths_and_devices_get_aliases(void **state)
{
        QemuFixture *f = *state;
        _cleanup_(free_ptr) char *xml =
                document(NULL, NULL, NULL,
                         "<serial type='unix'/><channel type='unix'><target type='virtio' "
                         "name='org.qemu.guest_agent.0'/></channel>");
        _cleanup_(domain_config_freep) DomainConfig *config = config_of(xml);
        const CharUnix *serial, *console, *channel;

        qemu_fill_live(f->driver, config);
        serial = &config->serials.items[0].source.data.unix_;
        console = &config->consoles.items[0].source.data.unix_;
        channel = &config->channels.items[0].source.data.unix_;
        assert_non_null(str_after(serial->path, f->root));
        assert_string_equal(serial->path, console->path);
        assert_string_not_equal(serial->path, channel->path);
        assert_int_equal(channel->mode, SOCKET_MODE_BIND);
        assert_string_equal(config->serials.items[0].info.alias, "serial0");
}

#define validate_test(name) cmocka_unit_test_setup_teardown(name, qemu_set_up, qemu_tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                validate_test(what_was_not_said_is_filled_in),
                validate_test(what_cannot_be_done_is_refused_by_name),
                validate_test(what_is_kept_is_refused_at_start_by_name),
                validate_test(sockets_get_paths_and_devices_get_aliases),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "config/finish.h"

#include "base/str.h"
#include "unit.h"

#define HEAD(machine)                                                                              \
        "<domain type='qemu'><name>a</name><memory>65536</memory>"                                 \
        "<os><type arch='x86_64' machine='" machine "'>hvm</type></os><devices>"
#define TAIL "</devices></domain>"

static DomainConfig *finished(const char *xml)
{
        DomainConfig *config = NULL;
        Error err = {};

        if (domain_config_from_xml(xml, strlen(xml), &config, &err) < 0 ||
            domain_config_finish(config, &err) < 0)
                fail_msg("%s\n%s", error_text(&err), xml);
        return config;
}

static void finish_again_changes_nothing(const DomainConfig *config)
{
        _cleanup_(domain_config_freep) DomainConfig *again = domain_config_copy(config);
        _cleanup_(free_ptr) char *before = domain_config_to_json(config), *after = NULL;

        assert_int_equal(domain_config_finish(again, NULL), 0);
        after = domain_config_to_json(again);
        assert_string_equal(before, after);
}

static char *address_text(const Address *at)
{
        if (!at)
                return xstrdup("none");
        switch (at->type) {
        case ADDRESS_TYPE_PCI:
                return xasprintf("%u:%x.%u", at->at.pci.bus, at->at.pci.slot, at->at.pci.function);
        case ADDRESS_TYPE_DRIVE:
                return xasprintf("%u.%u.%u.%u", at->at.drive.controller, at->at.drive.bus,
                                 at->at.drive.target, at->at.drive.unit);
        case ADDRESS_TYPE_USB:
                return xasprintf("usb %u %s", at->at.usb.bus, at->at.usb.port);
        case ADDRESS_TYPE_VIRTIO_SERIAL:
                return xasprintf("line %u %u", at->at.virtio_serial.controller,
                                 at->at.virtio_serial.port);
        default:
                return xstrdup(address_type_text(at->type));
        }
}

/* "disk 'vda'=0:3.0 ..." of all devices that have an address, in their order. */
static char *places(const DomainConfig *config)
{
        Str text = {};

        FOREACH_DEVICE(device, config) {
                if (!device.info->address)
                        continue;
                _cleanup_(free_ptr) char *what = device_describe(&device);
                _cleanup_(free_ptr) char *where = address_text(device.info->address);
                str_addf(&text, "%s%s=%s", text.len ? ", " : "", what, where);
        }
        return str_take(&text);
}

static void places_are(const char *xml, const char *expected)
{
        _cleanup_(domain_config_freep) DomainConfig *config = finished(xml);
        _cleanup_(free_ptr) char *text = places(config);

        assert_string_equal(text, expected);
        finish_again_changes_nothing(config);
}

static void a_pc_has_one_bus(void **state _unused_)
{
        places_are(HEAD("pc") "<disk><source file='/a'/><target dev='vda'/></disk>"
                              "<interface type='user'><model type='virtio'/></interface>"
                              "<rng model='virtio'><backend model='random'/></rng>"
                              "<graphics type='vnc'/>" TAIL,
                   "interface 0=0:3.0, controller usb 0=0:1.2, disk 'vda'=0:4.0, rng 0=0:5.0, "
                   "video 0=0:2.0, memballoon=0:6.0");
}

static void a_q35_has_ports(void **state _unused_)
{
        places_are(HEAD("q35") "<disk><source file='/a'/><target dev='vda'/></disk>"
                               "<disk device='cdrom'><target dev='sda' bus='sata'/></disk>"
                               "<interface type='user'><model type='e1000'/></interface>"
                               "<graphics type='vnc'/>" TAIL,
                   "interface 0=0:3.0, controller usb 0=1:0.0, controller sata 0=0:1f.2, "
                   "controller pci 1=0:2.0, controller pci 2=0:2.1, controller pci 3=0:2.2, "
                   "disk 'vda'=2:0.0, disk 'sda'=0.0.0.0, video 0=0:1.0, memballoon=3:0.0");
}

static void given_places_are_left_alone(void **state _unused_)
{
        places_are(HEAD("pc") "<disk><source file='/a'/><target dev='vda'/></disk>"
                              "<disk><source file='/b'/><target dev='vdb'/>"
                              "<address type='pci' slot='3'/></disk>"
                              "<disk><source file='/c'/><target dev='vdc'/>"
                              "<address type='pci' slot='2'/></disk>"
                              "<memballoon model='none'/>" TAIL,
                   "controller usb 0=0:1.2, disk 'vda'=0:4.0, disk 'vdb'=0:3.0, disk 'vdc'=0:2.0");
}

static void the_order_of_words_keeps_places_stable(void **state _unused_)
{
        _cleanup_(domain_config_freep) DomainConfig *config =
                finished(HEAD("pc") "<disk><source file='/a'/><target dev='vda'/></disk>" TAIL);
        _cleanup_(free_ptr) char *xml = domain_config_to_xml(config, -1, 0);
        const char *at = strstr(xml, "    <controller");
        _cleanup_(free_ptr) char *more =
                xasprintf("%.*s<disk><source file='/b'/><target dev='vdb'/></disk>%s",
                          (int) (at - xml), xml, at);

        places_are(more, "controller usb 0=0:1.2, disk 'vda'=0:3.0, disk 'vdb'=0:5.0, "
                         "memballoon=0:4.0");
}

static void drives_sit_by_their_names(void **state _unused_)
{
        places_are(HEAD("pc") "<disk><source file='/a'/><target dev='hda'/></disk>"
                              "<disk device='cdrom'><target dev='hdc'/></disk>"
                              "<disk><source file='/b'/><target dev='sdi'/></disk>"
                              "<disk><source file='/c'/><target dev='sdb' bus='sata'/></disk>"
                              "<disk device='floppy'><target dev='fdb'/></disk>"
                              "<memballoon model='none'/>" TAIL,
                   "controller usb 0=0:1.2, controller ide 0=0:1.1, controller sata 0=0:3.0, "
                   "controller scsi 0=0:4.0, controller scsi 1=0:5.0, disk 'hda'=0.0.0.0, "
                   "disk 'hdc'=0.1.0.0, disk 'sdi'=1.0.0.1, disk 'sdb'=0.0.0.1, "
                   "disk 'fdb'=0.0.0.1");
}

static void a_full_bus_gets_bridges(void **state _unused_)
{
        _cleanup_(str_done) Str xml = {};

        str_add(&xml, HEAD("pc"));
        for (int i = 0; i < 70; i++)
                str_addf(&xml,
                         "<interface type='user'><mac address='52:54:00:00:00:%02x'/>"
                         "</interface>",
                         i);
        str_add(&xml, TAIL);
        _cleanup_(domain_config_freep) DomainConfig *config = finished(xml.text);
        size_t bridges = 0;
        for (size_t i = 0; i < config->controllers.len; i++)
                bridges += config->controllers.items[i].model == CONTROLLER_MODEL_PCI_BRIDGE;
        assert_int_equal(bridges, 2);
        /* Slots 3 to 31 of the root hold the two bridges and 27 interfaces. */
        _cleanup_(free_ptr) char *text = places(config);
        assert_non_null(strstr(text, "interface 0=0:5.0"));
        assert_non_null(strstr(text, "interface 27=1:1.0"));
        assert_non_null(strstr(text, "interface 58=2:1.0"));
        assert_non_null(strstr(text, "controller pci 1=0:3.0, controller pci 2=0:4.0"));
        finish_again_changes_nothing(config);
}

static void no_two_devices_share_a_place(void **state _unused_)
{
        static const char *const machines[] = {"pc", "q35"};

        for (int n = 0; n < 60; n++) {
                _cleanup_(str_done) Str xml = {};
                str_addf(&xml,
                         "<domain type='qemu'><name>a</name><memory>65536</memory>"
                         "<os><type machine='%s'>hvm</type></os><devices>",
                         machines[n % 2]);
                for (int i = 0; i < n; i++)
                        str_addf(&xml, "<disk><source file='/%d'/><target dev='vd%c%c'/></disk>", i,
                                 'a' + i / 26, 'a' + i % 26);
                for (int i = 0; i < n / 4; i++)
                        str_add(&xml, "<sound model='ac97'/>");
                str_add(&xml, TAIL);
                _cleanup_(domain_config_freep) DomainConfig *config = finished(xml.text);
                FOREACH_DEVICE(a, config)
                        FOREACH_DEVICE(b, config) {
                                const Address *x = a.info->address, *y = b.info->address;
                                if (a.info == b.info || !x || !y || x->type != y->type)
                                        continue;
                                assert_true(memcmp(&x->at.pci, &y->at.pci,
                                                   offsetof(PciAddress, has_multifunction)) != 0);
                        }
        }
}

static void lines_and_ports_are_numbered(void **state _unused_)
{
        places_are(HEAD("pc") "<channel type='unix'><target type='virtio' name='a'/></channel>"
                              "<channel type='unix'><target type='virtio' name='b'/>"
                              "<address type='virtio-serial' controller='0' bus='0' port='1'/>"
                              "</channel>"
                              "<console type='pty'><target type='virtio'/></console>"
                              "<input type='tablet'/><memballoon model='none'/>" TAIL,
                   "controller usb 0=0:1.2, controller virtio-serial 0=0:3.0, input 0=usb 0 1, "
                   "console 0=line 0 0, channel 0=line 0 2, channel 1=line 0 1");
}

static void the_first_console_is_the_first_serial_port(void **state _unused_)
{
        static const char *const cases[] = {
                HEAD("pc") "<serial type='file'><source path='/tmp/log'/></serial>" TAIL,
                HEAD("pc") "<console type='file'><source path='/tmp/log'/></console>" TAIL,
                HEAD("pc") "<serial type='file'><source path='/tmp/log'/></serial>"
                           "<console type='pty'><target type='serial'/></console>" TAIL,
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(domain_config_freep) DomainConfig *c = finished(cases[i]);
                assert_int_equal(c->serials.len, 1);
                assert_int_equal(c->consoles.len, 1);
                assert_int_equal(c->serials.items[0].source.type, CHAR_TYPE_FILE);
                assert_int_equal(c->serials.items[0].target_type, SERIAL_TARGET_TYPE_ISA_SERIAL);
                assert_int_equal(c->consoles.items[0].target_type, CONSOLE_TARGET_TYPE_SERIAL);
                assert_true(char_source_equal(&c->serials.items[0].source,
                                              &c->consoles.items[0].source));
                finish_again_changes_nothing(c);
        }
        _cleanup_(domain_config_freep) DomainConfig *none = finished(HEAD("pc") TAIL);
        assert_int_equal(none->consoles.len, 0);
        _cleanup_(domain_config_freep) DomainConfig *virtio = finished(
                HEAD("pc") "<serial type='null'/><console type='pty'><target type='virtio'/>"
                           "</console>" TAIL);
        assert_int_equal(virtio->consoles.len, 1);
        assert_int_equal(virtio->consoles.items[0].source.type, CHAR_TYPE_PTY);
}

static void a_socket_without_a_path_is_listened_on(void **state _unused_)
{
        _cleanup_(domain_config_freep) DomainConfig *c = finished(
                HEAD("pc") "<channel type='unix'><target type='virtio' name='a'/></channel>"
                           "<channel type='unix'><source path='/s'/>"
                           "<target type='virtio' name='b'/></channel>" TAIL);

        assert_int_equal(c->channels.items[0].source.data.unix_.mode, SOCKET_MODE_BIND);
        assert_int_equal(c->channels.items[1].source.data.unix_.mode, SOCKET_MODE_CONNECT);
}

static void what_was_not_said_is_filled_in(void **state _unused_)
{
        _cleanup_(domain_config_freep) DomainConfig *c = finished(
                "<domain type='qemu'><name>a</name><memory unit='MiB'>64</memory>"
                "<os><type>hvm</type></os><devices>"
                "<disk device='cdrom'><target dev='hda'/></disk><interface type='user'/>"
                "<graphics type='vnc'/><rng model='virtio'><backend model='random'/></rng>" TAIL);

        assert_false(uuid_is_null(&c->uuid));
        assert_int_equal(c->current_memory, 65536);
        assert_int_equal(c->vcpus, 1);
        assert_int_equal(c->vcpu_placement, VCPU_PLACEMENT_STATIC);
        assert_string_equal(c->os.arch, "x86_64");
        assert_int_equal(c->os.boot.items[0], BOOT_DEVICE_HD);
        assert_int_equal(c->clock.offset, CLOCK_OFFSET_UTC);
        assert_int_equal(c->on_poweroff, LIFECYCLE_ACTION_DESTROY);
        assert_int_equal(c->on_reboot, LIFECYCLE_ACTION_RESTART);
        assert_int_equal(c->on_crash, LIFECYCLE_ACTION_DESTROY);
        assert_true(c->disks.items[0].readonly);
        assert_int_equal(c->disks.items[0].bus, DISK_BUS_IDE);
        assert_int_equal(c->disks.items[0].driver.type, DISK_FORMAT_RAW);
        assert_string_equal(c->disks.items[0].driver.name, "qemu");
        assert_false(mac_is_null(&c->interfaces.items[0].mac));
        assert_string_equal(c->interfaces.items[0].model, "rtl8139");
        assert_int_equal(c->graphics.items[0].data.vnc.port, -1);
        assert_true(c->graphics.items[0].data.vnc.autoport);
        assert_int_equal(c->videos.items[0].type, VIDEO_TYPE_VGA);
        assert_int_equal(c->memballoon->model, MEMBALLOON_MODEL_VIRTIO);
        assert_string_equal(c->rngs.items[0].device, "/dev/urandom");
        assert_int_equal(c->inputs.len, 2);
        finish_again_changes_nothing(c);
}

static void an_unknown_machine_is_not_laid_out(void **state _unused_)
{
        places_are("<domain type='qemu'><name>a</name><memory>65536</memory>"
                   "<os><type arch='aarch64' machine='virt'>hvm</type></os><devices>"
                   "<disk><source file='/a'/><target dev='vda'/></disk>" TAIL,
                   "");
        places_are("<domain type='xen'><name>a</name><memory>65536</memory>"
                   "<os><type>xen</type></os><devices>"
                   "<disk><source file='/a'/><target dev='xvda'/></disk>" TAIL,
                   "");
}

static void aliases_are_libvirts(void **state _unused_)
{
        _cleanup_(domain_config_freep) DomainConfig *c = finished(
                HEAD("pc") "<disk><source file='/a'/><target dev='vda'/></disk>"
                           "<disk><source file='/b'/><target dev='hdb'/></disk>"
                           "<disk><source file='/b'/><target dev='sda'/><alias name='ua-x'/></disk>"
                           "<interface type='user'/><serial type='pty'/>"
                           "<rng model='virtio'><backend model='random'/></rng>" TAIL);
        Str text = {};

        domain_config_set_aliases(c);
        FOREACH_DEVICE(device, c)
                str_addf(&text, "%s ", device.info->alias);
        assert_string_equal(text.text, "net0 pci.0 usb ide scsi0 virtio-disk0 ide0-0-1 ua-x rng0 "
                                       "input0 input1 serial0 serial0 balloon0 ");
        str_done(&text);
}

static void names_of_disks_have_numbers(void **state _unused_)
{
        assert_int_equal(disk_number("vda"), 0);
        assert_int_equal(disk_number("sdz"), 25);
        assert_int_equal(disk_number("hdaa"), 26);
        assert_int_equal(disk_number("xvdb1"), 1);
        assert_int_equal(disk_number("vd"), -1);
        assert_int_equal(disk_number("vdA"), -1);
        assert_int_equal(disk_number("sda/b"), -1);
        assert_int_equal(disk_number("nvme0"), -1);
        assert_int_equal(disk_number("vdzzzzzzzzzzzzzzzzzzzz"), -1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_pc_has_one_bus),
                cmocka_unit_test(a_q35_has_ports),
                cmocka_unit_test(given_places_are_left_alone),
                cmocka_unit_test(the_order_of_words_keeps_places_stable),
                cmocka_unit_test(drives_sit_by_their_names),
                cmocka_unit_test(a_full_bus_gets_bridges),
                cmocka_unit_test(no_two_devices_share_a_place),
                cmocka_unit_test(lines_and_ports_are_numbered),
                cmocka_unit_test(the_first_console_is_the_first_serial_port),
                cmocka_unit_test(a_socket_without_a_path_is_listened_on),
                cmocka_unit_test(what_was_not_said_is_filled_in),
                cmocka_unit_test(an_unknown_machine_is_not_laid_out),
                cmocka_unit_test(aliases_are_libvirts),
                cmocka_unit_test(names_of_disks_have_numbers),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Places in controllers: drives by their names, USB ports, virtio-serial ports.
 *
 * What the document says is claimed first, then the others get what is free. */
#include "config/finish.h"

#include "base/map.h"
#include "base/str.h"

Address *info_need_address(DeviceInfo *info, AddressType type)
{
        if (!info->address) {
                info->address = xnew0(Address, 1);
                info->address->type = type;
        }
        return info->address;
}

/* Where libvirt puts the n-th disk of a bus. */
static DriveAddress drive_place(DiskBus bus, uint32_t n)
{
        switch (bus) {
        case DISK_BUS_IDE:
                return (DriveAddress){.controller = n / 4, .bus = n % 4 / 2, .unit = n % 2};
        case DISK_BUS_SATA:
                return (DriveAddress){.controller = n / 6, .unit = n % 6};
        case DISK_BUS_FDC:
                return (DriveAddress){.controller = n / 2, .unit = n % 2};
        default:
                return (DriveAddress){.controller = n / 7, .unit = n % 7};
        }
}

static ControllerType drive_controller(DiskBus bus)
{
        switch (bus) {
        case DISK_BUS_IDE:
                return CONTROLLER_TYPE_IDE;
        case DISK_BUS_SATA:
                return CONTROLLER_TYPE_SATA;
        case DISK_BUS_FDC:
                return CONTROLLER_TYPE_FDC;
        default:
                return CONTROLLER_TYPE_SCSI;
        }
}

/* The places that are taken, by a text for each; value: the DeviceInfo. */
static bool claim(Map *taken, const Device *device, const char *key)
{
        if (map_get_str(taken, key))
                return false;
        map_put_str(taken, key, device->info);
        return true;
}

static int fault_taken(const Device *device, const char *key, Error *err)
{
        _cleanup_(free_ptr) char *what = device_describe(device);

        return error_set(err, ERROR_XML_INVALID, "%s: %s is taken", what, key);
}

static char *drive_key(DiskBus bus, const DriveAddress *at)
{
        return xasprintf("%s controller %u bus %u target %u unit %u",
                         controller_type_text(drive_controller(bus)), at->controller, at->bus,
                         at->target, at->unit);
}

static int check_drive(const DomainConfig *config, const Disk *disk, Error *err)
{
        const DriveAddress *at = &disk->info.address->at.drive;

        if (disk->bus == DISK_BUS_IDE && at->controller > 0 && machine_bus(config) == MACHINE_PCI)
                return error_set(err, ERROR_CONFIG_UNSUPPORTED,
                                 "disk '%s': the machine has one IDE controller, with four drives",
                                 disk->target);
        if (at->controller > CONTROLLER_INDEX_MAX ||
            (disk->bus == DISK_BUS_IDE && (at->bus > 1 || at->unit > 1 || at->target)) ||
            (disk->bus == DISK_BUS_SATA && (at->bus || at->target || at->unit > 5)) ||
            (disk->bus == DISK_BUS_FDC && (at->bus || at->target || at->unit > 1)))
                return error_set(err, ERROR_XML_INVALID, "disk '%s': no such place on bus %s",
                                 disk->target, disk_bus_text(disk->bus));
        return 0;
}

static int place_drive(DomainConfig *config, const Device *device, Map *taken, Error *err)
{
        Disk *disk = device->item;

        if (!disk->info.address)
                info_need_address(&disk->info, ADDRESS_TYPE_DRIVE)->at.drive =
                        drive_place(disk->bus, (uint32_t) disk_number(disk->target));
        int r = check_drive(config, disk, err);
        if (r < 0)
                return r;
        _cleanup_(free_ptr) char *key = drive_key(disk->bus, &disk->info.address->at.drive);
        return claim(taken, device, key) ? 0 : fault_taken(device, key, err);
}

static int need_controllers(DomainConfig *config, ControllerType type, uint32_t n, Error *err)
{
        if (n > CONTROLLER_INDEX_MAX + 1)
                return error_set(err, ERROR_CONFIG_UNSUPPORTED, "too many controllers of type %s",
                                 controller_type_text(type));
        for (uint32_t i = 0; i < n; i++) {
                if (config_find_controller(config, type, i))
                        continue;
                Controller *c = config_add_controller(config, type, CONTROLLER_MODEL_UNSET);
                if (type == CONTROLLER_TYPE_SCSI)
                        c->model = CONTROLLER_MODEL_VIRTIO_SCSI;
        }
        return 0;
}

static int place_drives(DomainConfig *config, Map *taken, Error *err)
{
        uint32_t need[_CONTROLLER_TYPE_MAX] = {};
        int r = 0;

        for (int given = 1; given >= 0; given--)
                FOREACH_DEVICE(device, config) {
                        if (device_wants(&device) != WANT_DRIVE ||
                            (device.info->address != NULL) != given)
                                continue;
                        r = place_drive(config, &device, taken, err);
                        if (r < 0)
                                return r;
                }
        FOREACH_DEVICE(device, config) {
                const Disk *disk = device.item;
                if (device_wants(&device) != WANT_DRIVE)
                        continue;
                uint32_t *n = &need[drive_controller(disk->bus)];
                if (disk->info.address->at.drive.controller >= *n)
                        *n = disk->info.address->at.drive.controller + 1;
        }
        for (unsigned type = 0; r == 0 && type < _CONTROLLER_TYPE_MAX; type++)
                if (need[type])
                        r = need_controllers(config, type, need[type], err);
        return r;
}

static uint32_t usb_ports(const Controller *c)
{
        if (c->type != CONTROLLER_TYPE_USB || c->has_startport)
                return 0;
        if (c->has_ports)
                return c->ports;
        switch (c->model) {
        case CONTROLLER_MODEL_NEC_XHCI:
        case CONTROLLER_MODEL_QEMU_XHCI:
                return 4;
        case CONTROLLER_MODEL_EHCI:
        case CONTROLLER_MODEL_ICH9_EHCI1:
                return 6;
        case CONTROLLER_MODEL_PCI_OHCI:
                return 3;
        case CONTROLLER_MODEL_NONE:
                return 0;
        default:
                return 2;
        }
}

static char *usb_key(uint32_t bus, const char *port)
{
        return xasprintf("USB port %s of bus %u", port, bus);
}

/* Where the search for a free port goes on. */
typedef struct UsbSearch {
        size_t controller;
        uint32_t port;
} UsbSearch;

static int place_usb_device(DomainConfig *config, const Device *device, Map *taken,
                            UsbSearch *search, Error *err)
{
        for (; search->controller < config->controllers.len; search->controller++) {
                const Controller *c = &config->controllers.items[search->controller];
                while (search->port < usb_ports(c)) {
                        _cleanup_(free_ptr) char *port = xasprintf("%u", ++search->port);
                        _cleanup_(free_ptr) char *key = usb_key(c->index, port);
                        if (!claim(taken, device, key))
                                continue;
                        UsbAddress *at = &info_need_address(device->info, ADDRESS_TYPE_USB)->at.usb;
                        at->bus = c->index;
                        free(at->port);
                        at->port = TAKE_PTR(port);
                        return 0;
                }
                search->port = 0;
        }
        _cleanup_(free_ptr) char *what = device_describe(device);
        return error_set(err, ERROR_CONFIG_UNSUPPORTED, "%s: no USB port is free", what);
}

static bool usb_is_given(const Device *device)
{
        return device->info->address && device->info->address->at.usb.port;
}

static int place_usb(DomainConfig *config, Map *taken, Error *err)
{
        UsbSearch search = {};

        FOREACH_DEVICE(device, config) {
                if (device_wants(&device) != WANT_USB || !usb_is_given(&device))
                        continue;
                const UsbAddress *at = &device.info->address->at.usb;
                _cleanup_(free_ptr) char *key = usb_key(at->bus, at->port);
                if (!config_find_controller(config, CONTROLLER_TYPE_USB, at->bus))
                        return error_set(err, ERROR_XML_INVALID, "%s: there is no such bus", key);
                if (!claim(taken, &device, key))
                        return fault_taken(&device, key, err);
        }
        FOREACH_DEVICE(device, config) {
                if (device_wants(&device) != WANT_USB || usb_is_given(&device))
                        continue;
                int r = place_usb_device(config, &device, taken, &search, err);
                if (r < 0)
                        return r;
        }
        return 0;
}

static char *line_key(const VirtioSerialAddress *at)
{
        return xasprintf("port %u of virtio-serial controller %u", at->port, at->controller);
}

static uint32_t line_ports(const DomainConfig *config, uint32_t index)
{
        const Controller *c = config_find_controller(config, CONTROLLER_TYPE_VIRTIO_SERIAL, index);

        return c && c->has_ports ? c->ports : 31;
}

/* The next free port; port 0 is for consoles, which old guests expect there. */
static void place_line(DomainConfig *config, const Device *device, Map *taken,
                       VirtioSerialAddress *search)
{
        uint32_t first = device->kind == DEVICE_CONSOLE ? 0 : 1;
        VirtioSerialAddress *at =
                &info_need_address(device->info, ADDRESS_TYPE_VIRTIO_SERIAL)->at.virtio_serial;

        for (*at = *search; at->port < first;)
                at->port++;
        for (;;) {
                _cleanup_(free_ptr) char *key = line_key(at);
                if (at->port < line_ports(config, at->controller) && claim(taken, device, key))
                        break;
                if (++at->port < line_ports(config, at->controller))
                        continue;
                at->controller++;
                at->port = first;
        }
        if (first)
                *search = *at;
}

static int place_lines(DomainConfig *config, Map *taken, Error *err)
{
        VirtioSerialAddress search = {};
        uint32_t need = 0;

        FOREACH_DEVICE(device, config) {
                if (device_wants(&device) != WANT_VIRTIO_SERIAL || !device.info->address)
                        continue;
                _cleanup_(free_ptr) char *key = line_key(&device.info->address->at.virtio_serial);
                if (!claim(taken, &device, key))
                        return fault_taken(&device, key, err);
        }
        FOREACH_DEVICE(device, config) {
                if (device_wants(&device) != WANT_VIRTIO_SERIAL)
                        continue;
                if (!device.info->address)
                        place_line(config, &device, taken, &search);
                const VirtioSerialAddress *at = &device.info->address->at.virtio_serial;
                if (at->controller >= need)
                        need = at->controller + 1;
        }
        return need_controllers(config, CONTROLLER_TYPE_VIRTIO_SERIAL, need, err);
}

/* A reader has one slot, so every card gets a reader. */
static int place_cards(DomainConfig *config, Map *taken, Error *err)
{
        uint32_t need = 0, next = 0;

        for (int given = 1; given >= 0; given--)
                FOREACH_DEVICE(device, config) {
                        if (device_wants(&device) != WANT_CCID ||
                            (device.info->address != NULL) != given)
                                continue;
                        CcidAddress *at =
                                &info_need_address(device.info, ADDRESS_TYPE_CCID)->at.ccid;
                        if (!given)
                                at->controller = next;
                        _cleanup_(free_ptr) char *key = xasprintf("slot %u of smart card reader %u",
                                                                  at->slot, at->controller);
                        if (!claim(taken, &device, key))
                                return fault_taken(&device, key, err);
                        if (at->controller >= next)
                                next = at->controller + 1;
                        need = next;
                }
        return need_controllers(config, CONTROLLER_TYPE_CCID, need, err);
}

int config_place_units(DomainConfig *config, Error *err)
{
        _cleanup_(map_done) Map taken = {};
        int r;

        if (machine_bus(config) == MACHINE_OTHER)
                return 0;
        r = place_drives(config, &taken, err);
        if (r == 0)
                r = place_cards(config, &taken, err);
        if (r == 0)
                r = place_usb(config, &taken, err);
        if (r == 0)
                r = place_lines(config, &taken, err);
        return r;
}

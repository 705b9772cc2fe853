/* The command line of controllers and disks. */
#include "qemu/argv-internal.h"

/* --- controllers --- */

/* QEMU's device for a model; NULL: it is part of the board, or of nothing to be said. */
static const char *controller_device(const DomainConfig *config, const Controller *controller)
{
        static const char *const models[_CONTROLLER_MODEL_MAX] = {
                [CONTROLLER_MODEL_PCI_BRIDGE] = "pci-bridge",
                [CONTROLLER_MODEL_DMI_TO_PCI_BRIDGE] = "i82801b11-bridge",
                [CONTROLLER_MODEL_PCIE_TO_PCI_BRIDGE] = "pcie-pci-bridge",
                [CONTROLLER_MODEL_PCIE_ROOT_PORT] = "pcie-root-port",
                [CONTROLLER_MODEL_PCIE_SWITCH_UPSTREAM_PORT] = "x3130-upstream",
                [CONTROLLER_MODEL_PCIE_SWITCH_DOWNSTREAM_PORT] = "xio3130-downstream",
                [CONTROLLER_MODEL_LSILOGIC] = "lsi",
                [CONTROLLER_MODEL_LSISAS1068] = "mptsas1068",
                [CONTROLLER_MODEL_LSISAS1078] = "megasas",
                [CONTROLLER_MODEL_VMPVSCSI] = "pvscsi",
                [CONTROLLER_MODEL_VIRTIO_SCSI] = "virtio-scsi-pci",
                [CONTROLLER_MODEL_PIIX3_UHCI] = "piix3-usb-uhci",
                [CONTROLLER_MODEL_PIIX4_UHCI] = "piix4-usb-uhci",
                [CONTROLLER_MODEL_EHCI] = "usb-ehci",
                [CONTROLLER_MODEL_ICH9_EHCI1] = "ich9-usb-ehci1",
                [CONTROLLER_MODEL_ICH9_UHCI1] = "ich9-usb-uhci1",
                [CONTROLLER_MODEL_ICH9_UHCI2] = "ich9-usb-uhci2",
                [CONTROLLER_MODEL_ICH9_UHCI3] = "ich9-usb-uhci3",
                [CONTROLLER_MODEL_VT82C686B_UHCI] = "vt82c686b-usb-uhci",
                [CONTROLLER_MODEL_PCI_OHCI] = "pci-ohci",
                [CONTROLLER_MODEL_NEC_XHCI] = "nec-usb-xhci",
                [CONTROLLER_MODEL_QEMU_XHCI] = "qemu-xhci",
        };

        if (models[controller->model])
                return models[controller->model];
        switch (controller->type) {
        case CONTROLLER_TYPE_SATA:
                return machine_is_q35(config) && controller->index == 0 ? NULL : "ahci";
        case CONTROLLER_TYPE_SCSI:
                return "lsi";
        case CONTROLLER_TYPE_USB:
                return controller->model == CONTROLLER_MODEL_NONE ? NULL : "piix3-usb-uhci";
        case CONTROLLER_TYPE_VIRTIO_SERIAL:
                switch (controller->model) {
                case CONTROLLER_MODEL_VIRTIO_TRANSITIONAL:
                        return "virtio-serial-pci-transitional";
                case CONTROLLER_MODEL_VIRTIO_NON_TRANSITIONAL:
                        return "virtio-serial-pci-non-transitional";
                default:
                        return "virtio-serial-pci";
                }
        default:
                return NULL;
        }
}

static const char *controller_prefix(const Controller *controller)
{
        switch (controller->type) {
        case CONTROLLER_TYPE_PCI:
                return "pci.";
        case CONTROLLER_TYPE_SATA:
                return "sata";
        case CONTROLLER_TYPE_SCSI:
                return "scsi";
        case CONTROLLER_TYPE_USB:
                return "usb";
        case CONTROLLER_TYPE_VIRTIO_SERIAL:
                return "virtio-serial";
        default:
                return "controller";
        }
}

/* A USB companion shares the bus of its master. */
static void add_companion(json_t *device, const Controller *controller)
{
        char bus[32];

        if (!controller->has_startport)
                return;
        snprintf(bus, sizeof(bus), "usb%u.0", controller->index);
        json_object_set_new(device, "masterbus", json_string(bus));
        json_object_set_new(device, "firstport", json_integer(controller->startport));
}

static void add_controller(Argv *argv, const Controller *controller, const char *driver)
{
        _cleanup_(free_ptr) char *id =
                device_id(&controller->info, controller_prefix(controller), controller->index);
        json_t *device = device_new(driver, id);
        bool bridge = controller->model == CONTROLLER_MODEL_PCI_BRIDGE;

        device_number(device, "chassis_nr", bridge && controller->has_chassis_nr,
                      controller->chassis_nr);
        device_number(device, "chassis", !bridge && controller->has_chassis, controller->chassis);
        device_number(device, "port", controller->has_port, controller->port);
        device_onoff(device, "hotplug", controller->has_hotplug, controller->hotplug);
        if (controller->type == CONTROLLER_TYPE_VIRTIO_SERIAL) {
                device_number(device, "max_ports", controller->has_ports, controller->ports);
                device_number(device, "vectors", controller->has_vectors, controller->vectors);
        } else if (controller->model == CONTROLLER_MODEL_QEMU_XHCI ||
                   controller->model == CONTROLLER_MODEL_NEC_XHCI) {
                device_number(device, "p2", controller->has_ports, controller->ports);
                device_number(device, "p3", controller->has_ports, controller->ports);
        } else if (controller->model == CONTROLLER_MODEL_VIRTIO_SCSI) {
                device_number(device, "num_queues", controller->has_queues, controller->queues);
        }
        add_companion(device, controller);
        device_pci(argv, device, &controller->info);
        argv_json(argv, "-device", device);
}

/* Lower bus numbers come first, whatever the order in the document: a bridge's bus must be there
 * before what sits on it. */
static void add_pci_controllers(Argv *argv)
{
        const DomainConfig *config = argv->config;

        for (uint32_t index = 1; index < 256; index++)
                for (size_t i = 0; i < config->controllers.len; i++) {
                        const Controller *controller = &config->controllers.items[i];
                        const char *driver = controller_device(config, controller);

                        if (controller->type == CONTROLLER_TYPE_PCI && driver &&
                            controller->index == index)
                                add_controller(argv, controller, driver);
                }
}

int argv_controllers(Argv *argv, Error *err)
{
        const DomainConfig *config = argv->config;

        (void) err;
        add_pci_controllers(argv);
        for (size_t i = 0; i < config->controllers.len; i++) {
                const Controller *controller = &config->controllers.items[i];
                const char *driver = controller_device(config, controller);

                if (controller->type != CONTROLLER_TYPE_PCI && driver)
                        add_controller(argv, controller, driver);
        }
        return 0;
}

/* --- disks: what is behind them --- */

static void add_cache(json_t *node, DiskCache cache)
{
        if (cache == DISK_CACHE_UNSET || cache == DISK_CACHE_DEFAULT)
                return;
        json_object_set_new(node, "cache",
                            json_pack("{s:b, s:b}", "direct",
                                      cache == DISK_CACHE_NONE || cache == DISK_CACHE_DIRECTSYNC,
                                      "no-flush", cache == DISK_CACHE_UNSAFE));
}

/* The file and, above it, the format. A guest's data never chooses the format. */
static void add_nodes(Argv *argv, const Disk *disk, bool readonly)
{
        const DiskDriver *driver = &disk->driver;
        DiskFormat format = driver->type ? driver->type : DISK_FORMAT_RAW;
        _cleanup_(free_ptr) char *storage_name = xasprintf("%s-storage", disk->target);
        _cleanup_(free_ptr) char *format_name = xasprintf("%s-format", disk->target);
        bool host_device = disk->type == DISK_TYPE_BLOCK && disk->device != DISK_DEVICE_CDROM;
        const char *discard = driver->discard == DISK_DISCARD_IGNORE ? "ignore" : "unmap";
        json_t *storage, *node;

        storage = json_pack("{s:s, s:s, s:s, s:b, s:s}", "driver",
                            host_device ? "host_device" : "file", "filename", disk_path(disk),
                            "node-name", storage_name, "auto-read-only", 1, "discard", discard);
        device_text(storage, "aio", driver->io ? disk_io_text(driver->io) : NULL);
        add_cache(storage, driver->cache);
        argv_json(argv, "-blockdev", storage);

        node = json_pack("{s:s, s:s, s:b, s:s}", "node-name", format_name, "driver",
                         format == DISK_FORMAT_VPC ? "vpc" : disk_format_text(format), "read-only",
                         readonly, "file", storage_name);
        if (driver->discard)
                json_object_set_new(node, "discard", json_string(discard));
        device_text(node, "detect-zeroes",
                    driver->detect_zeroes ? disk_detect_zeroes_text(driver->detect_zeroes) : NULL);
        add_cache(node, driver->cache);
        argv_json(argv, "-blockdev", node);
}

/* --- disks: what the guest sees --- */

static const char *disk_device(const Disk *disk)
{
        bool cdrom = disk->device == DISK_DEVICE_CDROM;

        switch (disk->bus) {
        case DISK_BUS_VIRTIO:
                return "virtio-blk-pci";
        case DISK_BUS_SCSI:
                return cdrom                             ? "scsi-cd"
                       : disk->device == DISK_DEVICE_LUN ? "scsi-block"
                                                         : "scsi-hd";
        case DISK_BUS_USB:
                return "usb-storage";
        default:
                return cdrom ? "ide-cd" : "ide-hd";
        }
}

static const Controller *find_controller(const DomainConfig *config, ControllerType type,
                                         uint32_t index)
{
        for (size_t i = 0; i < config->controllers.len; i++)
                if (config->controllers.items[i].type == type &&
                    config->controllers.items[i].index == index)
                        return &config->controllers.items[i];
        return NULL;
}

static void add_scsi_address(const DomainConfig *config, json_t *device, const DriveAddress *at)
{
        const Controller *controller =
                find_controller(config, CONTROLLER_TYPE_SCSI, at->controller);
        _cleanup_(free_ptr) char *id =
                device_id(controller ? &controller->info : NULL, "scsi", at->controller);
        _cleanup_(free_ptr) char *bus = xasprintf("%s.0", id);
        bool lsi = !controller || controller->model != CONTROLLER_MODEL_VIRTIO_SCSI;

        json_object_set_new(device, "bus", json_string(bus));
        if (lsi) {
                json_object_set_new(device, "scsi-id", json_integer(at->unit));
        } else {
                json_object_set_new(device, "channel", json_integer(0));
                json_object_set_new(device, "scsi-id", json_integer(at->target));
                json_object_set_new(device, "lun", json_integer(at->unit));
        }
}

static void add_drive_address(const DomainConfig *config, json_t *device, const Disk *disk)
{
        const Address *address = disk->info.address;
        const DriveAddress *at;

        if (!address || address->type != ADDRESS_TYPE_DRIVE)
                return;
        at = &address->at.drive;
        if (disk->bus == DISK_BUS_SCSI) {
                add_scsi_address(config, device, at);
                return;
        }

        char bus[300];
        if (disk->bus == DISK_BUS_IDE) {
                snprintf(bus, sizeof(bus), "ide.%u", at->bus);
                json_object_set_new(device, "unit", json_integer(at->unit));
        } else if (machine_is_q35(config) && at->controller == 0) {
                snprintf(bus, sizeof(bus), "ide.%u", at->unit);
        } else {
                const Controller *sata =
                        find_controller(config, CONTROLLER_TYPE_SATA, at->controller);
                _cleanup_(free_ptr) char *id =
                        device_id(sata ? &sata->info : NULL, "sata", at->controller);

                snprintf(bus, sizeof(bus), "%s.%u", id, at->unit);
        }
        json_object_set_new(device, "bus", json_string(bus));
}

static const char *error_word(DiskErrorPolicy policy)
{
        return policy == DISK_ERROR_POLICY_ENOSPACE ? "enospc" : disk_error_policy_text(policy);
}

static void add_policies(json_t *device, const DiskDriver *driver)
{
        if (driver->cache && driver->cache != DISK_CACHE_DEFAULT)
                json_object_set_new(
                        device, "write-cache",
                        json_string(driver->cache == DISK_CACHE_WRITETHROUGH ||
                                                    driver->cache == DISK_CACHE_DIRECTSYNC
                                            ? "off"
                                            : "on"));
        device_text(device, "werror",
                    driver->error_policy ? error_word(driver->error_policy) : NULL);
        device_text(device, "rerror",
                    driver->rerror_policy ? error_word(driver->rerror_policy) : NULL);
}

static void add_disk(Argv *argv, const Disk *disk)
{
        const DomainConfig *config = argv->config;
        bool readonly = disk->readonly || disk->device == DISK_DEVICE_CDROM;
        _cleanup_(free_ptr) char *id =
                disk->info.alias ? xstrdup(disk->info.alias) : xasprintf("disk-%s", disk->target);
        _cleanup_(free_ptr) char *drive = xasprintf("%s-format", disk->target);
        json_t *device = device_new(disk_device(disk), id);

        if (disk_path(disk) && *disk_path(disk)) {
                add_nodes(argv, disk, readonly);
                json_object_set_new(device, "drive", json_string(drive));
                add_policies(device, &disk->driver);
        }
        if (disk->bus == DISK_BUS_VIRTIO)
                device_pci(argv, device, &disk->info);
        else if (disk->bus == DISK_BUS_USB)
                device_usb(argv, device, &disk->info);
        else
                add_drive_address(config, device, disk);
        device_boot(device, boot_index_disk(config, disk));
        device_text(device, "serial", disk->serial);
        device_number(device, "wwn", disk->wwn != NULL,
                      disk->wwn ? strtoull(disk->wwn, NULL, 16) : 0);
        device_text(device, "vendor", disk->vendor);
        device_text(device, "product", disk->product);
        device_onoff(device, "removable", disk->has_removable, disk->removable);
        device_number(device, "rotation_rate", disk->has_rotation_rate, disk->rotation_rate);
        device_onoff(device, "share-rw", disk->shareable, true);
        device_number(device, "num-queues", disk->driver.has_queues, disk->driver.queues);
        argv_json(argv, "-device", device);
}

int argv_disks(Argv *argv, Error *err)
{
        (void) err;
        for (size_t i = 0; i < argv->config->disks.len; i++)
                add_disk(argv, &argv->config->disks.items[i]);
        return 0;
}

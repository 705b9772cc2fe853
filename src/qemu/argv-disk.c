/* The command line of disks: what is behind them is argv-block.c. */
#include "qemu/argv-internal.h"

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
        case DISK_BUS_FDC:
                return "floppy";
        default:
                return cdrom ? "ide-cd" : "ide-hd";
        }
}

static void add_scsi_address(const DomainConfig *config, json_t *device, const DriveAddress *at)
{
        const Controller *controller =
                controller_find(config, CONTROLLER_TYPE_SCSI, at->controller);
        _cleanup_(free_ptr) char *id =
                device_id(controller ? &controller->info : NULL, "scsi", at->controller);
        _cleanup_(free_ptr) char *bus = xasprintf("%s.0", id);
        bool lsi = !controller || !controller_is_virtio_scsi(controller);

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
        if (disk->bus == DISK_BUS_FDC) {
                const Controller *fdc =
                        controller_find(config, CONTROLLER_TYPE_FDC, at->controller);
                _cleanup_(free_ptr) char *id =
                        device_id(fdc ? &fdc->info : NULL, "fdc", at->controller);

                json_object_set_new(device, "unit", json_integer(at->unit));
                if (!machine_is_q35(config))
                        return; /* on the board, under a name that is QEMU's own */
                snprintf(bus, sizeof(bus), "%s.0", id);
        } else if (disk->bus == DISK_BUS_IDE) {
                snprintf(bus, sizeof(bus), "ide.%u", at->bus);
                json_object_set_new(device, "unit", json_integer(at->unit));
        } else if (machine_is_q35(config) && at->controller == 0) {
                snprintf(bus, sizeof(bus), "ide.%u", at->unit);
        } else {
                const Controller *sata =
                        controller_find(config, CONTROLLER_TYPE_SATA, at->controller);
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
        const DiskDriver *driver = &disk->driver;
        _cleanup_(free_ptr) char *id =
                disk->info.alias ? xstrdup(disk->info.alias) : xasprintf("disk-%s", disk->target);
        _cleanup_(free_ptr) char *drive = NULL;
        json_t *device = device_new(disk_device(disk), id);

        if (disk_path(disk) && *disk_path(disk)) {
                drive = argv_block(argv, disk);
                json_object_set_new(device, "drive", json_string(drive));
                add_policies(device, driver);
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
        device_number(device, "logical_block_size", disk->has_logical_block, disk->logical_block);
        device_number(device, "physical_block_size", disk->has_physical_block,
                      disk->physical_block);
        device_number(device, "num-queues", driver->has_queues, driver->queues);
        device_number(device, "queue-size", driver->has_queue_size, driver->queue_size);
        device_onoff(device, "event_idx", driver->has_event_idx, driver->event_idx);
        device_onoff(device, "ioeventfd", driver->has_ioeventfd, driver->ioeventfd);
        device_onoff(device, "packed", driver->has_packed, driver->packed);
        device_onoff(device, "iommu_platform", driver->has_iommu, driver->iommu);
        device_iothread(device, driver->has_iothread, driver->iothread);
        argv_json(argv, "-device", device);
}

int argv_disks(Argv *argv, Error *err)
{
        (void) err;
        for (size_t i = 0; i < argv->config->disks.len; i++)
                add_disk(argv, &argv->config->disks.items[i]);
        return 0;
}

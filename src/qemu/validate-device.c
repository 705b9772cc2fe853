/* What the QEMU driver cannot make of devices. */
#include "base/str.h"
#include "qemu/argv-internal.h"
#include "qemu/validate-internal.h"

#define HEX_DIGITS "0123456789abcdefABCDEF"

/* NULL is none. */
static int check_path(const char *path, const char *what, Error *err)
{
        return path && *path != '/' ? refuse(err, "%s '%s' is not an absolute path", what, path)
                                    : 0;
}

static int check_disk_bus(const Disk *disk, Error *err)
{
        if (disk->bus == DISK_BUS_SD || disk->bus == DISK_BUS_XEN)
                return refuse(err, "disk '%s': bus '%s' is not supported", disk->target,
                              disk_bus_text(disk->bus));
        if (disk->device == DISK_DEVICE_CDROM &&
            (disk->bus == DISK_BUS_VIRTIO || disk->bus == DISK_BUS_USB))
                return refuse(err, "disk '%s': bus '%s' has no CD-ROM drives", disk->target,
                              disk_bus_text(disk->bus));
        if (disk->readonly && disk->device == DISK_DEVICE_DISK &&
            (disk->bus == DISK_BUS_IDE || disk->bus == DISK_BUS_SATA))
                return refuse(err, "disk '%s': readonly %s disks are not supported", disk->target,
                              disk_bus_text(disk->bus));
        if (disk->device == DISK_DEVICE_LUN)
                return refuse(err, "disk '%s': device 'lun' is not supported", disk->target);
        return 0;
}

static int check_disk(const Disk *disk, Error *err)
{
        const DiskDriver *driver = &disk->driver;
        const struct {
                bool set;
                const char *name;
        } unknown[] = {
                {disk->transient, "transient"},
                {disk->bus != DISK_BUS_VIRTIO &&
                         (driver->has_queue_size || driver->has_event_idx ||
                          driver->has_ioeventfd || driver->has_packed || driver->has_iommu ||
                          driver->has_iothread || driver->has_queues),
                 "a property of virtio"},
                {driver->type == DISK_FORMAT_LUKS, "luks encryption"},
                {disk->type == DISK_TYPE_FILE && disk->source.file.startup_policy, "startupPolicy"},
                {disk->type == DISK_TYPE_BLOCK && disk->source.block.startup_policy,
                 "startupPolicy"},
                {driver->name && !str_eq(driver->name, "qemu"), "a driver other than qemu"},
        };
        int r;

        r = check_disk_bus(disk, err);
        if (r < 0)
                return r;
        for (size_t i = 0; i < ELEMENTSOF(unknown); i++)
                if (unknown[i].set)
                        return refuse(err, "disk '%s': %s is not supported", disk->target,
                                      unknown[i].name);
        if (disk->wwn && (strlen(disk->wwn) != 16 || strspn(disk->wwn, HEX_DIGITS) != 16))
                return refuse(err, "disk '%s': wwn '%s' is not 16 hex digits", disk->target,
                              disk->wwn);
        return 0;
}

static int check_interface(const Interface *interface, Error *err)
{
        static const char *const models[] = {
                "virtio",
                "virtio-transitional",
                "virtio-non-transitional",
                "e1000",
                "e1000e",
                "e1000-82544gc",
                "e1000-82545em",
                "rtl8139",
                "ne2k_pci",
                "pcnet",
                "vmxnet3",
                "i82551",
                "i82557b",
                "i82559er",
                "usb-net",
                "igb",
        };
        bool known = !interface->model;

        for (size_t i = 0; i < ELEMENTSOF(models); i++)
                known = known || str_eq(interface->model, models[i]);
        if (!known)
                return refuse(err, "interface model '%s' is not supported", interface->model);
        if (interface->driver.name == INTERFACE_BACKEND_VHOST)
                return refuse(err, "the interface driver 'vhost' is not supported");
        if (interface->driver.has_queues && interface->type == INTERFACE_TYPE_USER)
                return refuse(err, "queues need an interface with a tap device");
        if (interface->script)
                return refuse(err, "a script of an interface is not supported");
        if (interface->rom && interface->rom->file && interface->rom->file[0] != '/')
                return refuse(err, "option ROM '%s' is not an absolute path", interface->rom->file);
        return 0;
}

/* `spice`: it may be a channel of the SPICE display. */
static int check_line(const CharSource *source, bool spice, Error *err)
{
        if (source->type == CHAR_TYPE_SPICEVMC && !spice)
                return refuse(err, "character device type 'spicevmc' is not supported");
        if (source->type == CHAR_TYPE_TCP && (source->data.tcp.protocol == TCP_PROTOCOL_TLS ||
                                              source->data.tcp.protocol == TCP_PROTOCOL_TELNETS))
                return refuse(err, "encrypted character devices are not supported");
        return 0;
}

static int check_lines(const DomainConfig *config, Error *err)
{
        int r = 0;

        for (size_t i = 0; i < config->serials.len && r >= 0; i++)
                r = check_line(&config->serials.items[i].source, false, err);
        for (size_t i = 0; i < config->consoles.len && r >= 0; i++) {
                const Console *console = &config->consoles.items[i];

                r = check_line(&console->source, false, err);
                if (r >= 0 && console->target_type == CONSOLE_TARGET_TYPE_XEN)
                        r = refuse(err, "console target type 'xen' is not supported");
        }
        for (size_t i = 0; i < config->parallels.len && r >= 0; i++)
                r = check_line(&config->parallels.items[i].source, false, err);
        for (size_t i = 0; i < config->redirdevs.len && r >= 0; i++)
                r = check_line(&config->redirdevs.items[i].source, true, err);
        for (size_t i = 0; i < config->smartcards.len && r >= 0; i++)
                if (config->smartcards.items[i].mode == SMARTCARD_MODE_PASSTHROUGH)
                        r = check_line(&config->smartcards.items[i].data.passthrough.source, true,
                                       err);
        for (size_t i = 0; i < config->channels.len && r >= 0; i++) {
                r = check_line(&config->channels.items[i].source, true, err);
                if (r >= 0 && config->channels.items[i].target_type != CHANNEL_TARGET_TYPE_VIRTIO)
                        r = refuse(err, "only channels of type virtio are supported");
        }
        return r;
}

static int check_listen(const Listen *listens, size_t n, Error *err)
{
        if (n > 1)
                return refuse(err, "a display can listen at one place only");
        if (n && listens->type == LISTEN_TYPE_NETWORK)
                return refuse(err, "a display cannot listen on a virtual network");
        return n && listens->type == LISTEN_TYPE_SOCKET
                       ? check_path(listens->at.socket.path, "socket of a display", err)
                       : 0;
}

static int check_spice(const GraphicsSpice *spice, Error *err)
{
        if (spice->has_tls_port || spice->default_mode == SPICE_MODE_SECURE)
                return refuse(err, "encrypted SPICE displays are not supported");
        if (spice->has_gl && spice->gl)
                return refuse(err, "drawing by the host's graphics card is not supported");
        if (spice->passwd_valid_to)
                return refuse(err, "passwords that end are not supported");
        return check_listen(spice->listens.items, spice->listens.len, err);
}

static int check_vnc(const GraphicsVnc *vnc, Error *err)
{
        if (vnc->passwd_valid_to)
                return refuse(err, "passwords that end are not supported");
        return check_listen(vnc->listens.items, vnc->listens.len, err);
}

static int check_graphics(const DomainConfig *config, Error *err)
{
        bool spice = false;
        int r = 0;

        for (size_t i = 0; i < config->graphics.len && r >= 0; i++) {
                const Graphics *graphics = &config->graphics.items[i];

                spice |= graphics->type == GRAPHICS_TYPE_SPICE;
                r = graphics->type == GRAPHICS_TYPE_SPICE ? check_spice(&graphics->data.spice, err)
                                                          : check_vnc(&graphics->data.vnc, err);
        }
        for (size_t i = 0; i < config->audios.len && r >= 0; i++)
                if (config->audios.items[i].type == AUDIO_TYPE_SPICE && !spice)
                        r = refuse(err, "audio type 'spice' needs a SPICE display");
        return r;
}

static int check_hostdev(const Hostdev *hostdev, Error *err)
{
        const HostdevUsb *usb = &hostdev->source.usb;

        if (hostdev->type == HOSTDEV_TYPE_USB && !usb->has_vendor && !usb->has_bus)
                return refuse(err, "a USB device needs vendor and product, or bus and device");
        return hostdev->rom ? check_path(hostdev->rom->file, "option ROM", err) : 0;
}

static int check_others(const DomainConfig *config, Error *err)
{
        int r = 0;

        for (size_t i = 0; i < config->hostdevs.len && r >= 0; i++)
                r = check_hostdev(&config->hostdevs.items[i], err);
        for (size_t i = 0; i < config->filesystems.len && r >= 0; i++)
                r = check_path(config->filesystems.items[i].source, "folder", err);
        if (r < 0)
                return r;
        for (size_t i = 0; i < config->watchdogs.len; i++)
                if (config->watchdogs.items[i].action == WATCHDOG_ACTION_DUMP ||
                    (config->watchdogs.items[i].model == WATCHDOG_MODEL_ITCO &&
                     !machine_is_q35(config)))
                        return refuse(err, "this watchdog model or action is not supported");
        for (size_t i = 0; i < config->inputs.len; i++)
                if (config->inputs.items[i].bus == INPUT_BUS_XEN)
                        return refuse(err, "input bus 'xen' is not supported");
        for (size_t i = 0; i < config->videos.len; i++)
                if (config->videos.items[i].type == VIDEO_TYPE_XEN ||
                    (config->videos.items[i].has_accel3d && config->videos.items[i].accel3d))
                        return refuse(err, "this video model is not supported");
        if (config->memballoon && config->memballoon->model == MEMBALLOON_MODEL_XEN)
                return refuse(err, "memballoon model 'xen' is not supported");
        return 0;
}

int validate_devices(const DomainConfig *config, Error *err)
{
        int r = 0;

        for (size_t i = 0; i < config->controllers.len && r >= 0; i++) {
                const Controller *controller = &config->controllers.items[i];

                if (controller->has_iothread && !controller_is_virtio_scsi(controller))
                        r = refuse(err, "only controllers of model virtio-scsi have an iothread");
                if (controller->type == CONTROLLER_TYPE_XENBUS ||
                    controller->model == CONTROLLER_MODEL_PCI_EXPANDER_BUS ||
                    controller->model == CONTROLLER_MODEL_PCIE_EXPANDER_BUS)
                        r = refuse(err, "controller type '%s' is not supported",
                                   controller_type_text(controller->type));
        }
        for (size_t i = 0; i < config->disks.len && r >= 0; i++)
                r = check_disk(&config->disks.items[i], err);
        for (size_t i = 0; i < config->interfaces.len && r >= 0; i++)
                r = check_interface(&config->interfaces.items[i], err);
        if (r >= 0)
                r = check_lines(config, err);
        if (r >= 0)
                r = check_graphics(config, err);
        return r < 0 ? r : check_others(config, err);
}

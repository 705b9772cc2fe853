/* The kind of place that each kind of device needs. */
#include "config/finish.h"

#include "base/str.h"

static bool is_model(const char *model, const char *const *known)
{
        for (; model && *known; known++)
                if (str_eq(model, *known))
                        return true;
        return false;
}

static Want interface_wants(const Interface *i)
{
        static const char *const express[] = {"virtio",
                                              "virtio-net-pci",
                                              "virtio-transitional",
                                              "virtio-non-transitional",
                                              "e1000e",
                                              "igb",
                                              "vmxnet3",
                                              NULL};

        if (str_eq(i->model, "usb-net"))
                return WANT_USB;
        return is_model(i->model, express) ? WANT_PCIE : WANT_PCI;
}

static Want controller_wants(const Controller *c)
{
        switch (c->type) {
        case CONTROLLER_TYPE_VIRTIO_SERIAL:
                return WANT_PCIE;
        case CONTROLLER_TYPE_CCID:
                return WANT_USB;
        case CONTROLLER_TYPE_IDE:
        case CONTROLLER_TYPE_SATA:
                return WANT_PCI;
        case CONTROLLER_TYPE_SCSI:
                return c->model == CONTROLLER_MODEL_VIRTIO_SCSI ||
                                       c->model == CONTROLLER_MODEL_VIRTIO_TRANSITIONAL ||
                                       c->model == CONTROLLER_MODEL_VIRTIO_NON_TRANSITIONAL ||
                                       c->model == CONTROLLER_MODEL_VMPVSCSI
                               ? WANT_PCIE
                               : WANT_PCI;
        case CONTROLLER_TYPE_USB:
                if (c->model == CONTROLLER_MODEL_NONE)
                        return WANT_NOTHING;
                return c->model == CONTROLLER_MODEL_QEMU_XHCI ||
                                       c->model == CONTROLLER_MODEL_NEC_XHCI
                               ? WANT_PCIE
                               : WANT_PCI;
        case CONTROLLER_TYPE_PCI:
                if (c->model == CONTROLLER_MODEL_PCI_ROOT || c->model == CONTROLLER_MODEL_PCIE_ROOT)
                        return WANT_NOTHING;
                return c->model == CONTROLLER_MODEL_PCIE_TO_PCI_BRIDGE ||
                                       c->model == CONTROLLER_MODEL_PCIE_SWITCH_UPSTREAM_PORT
                               ? WANT_PCIE
                               : WANT_PCI;
        default:
                return WANT_NOTHING;
        }
}

static Want disk_wants(const Disk *disk)
{
        switch (disk->bus) {
        case DISK_BUS_VIRTIO:
                return WANT_PCIE;
        case DISK_BUS_USB:
                return WANT_USB;
        case DISK_BUS_SD:
        case DISK_BUS_XEN:
                return WANT_NOTHING;
        default:
                return WANT_DRIVE;
        }
}

static Want sound_wants(const Sound *sound)
{
        if (sound->model == SOUND_MODEL_USB)
                return WANT_USB;
        bool isa = sound->model == SOUND_MODEL_SB16 || sound->model == SOUND_MODEL_PCSPK;
        return isa ? WANT_NOTHING : WANT_PCI;
}

static Want input_wants(const Input *input)
{
        return input->bus == INPUT_BUS_USB      ? WANT_USB
               : input->bus == INPUT_BUS_VIRTIO ? WANT_PCIE
                                                : WANT_NOTHING;
}

static Want serial_wants(const Serial *serial)
{
        return serial->target_type == SERIAL_TARGET_TYPE_USB_SERIAL   ? WANT_USB
               : serial->target_type == SERIAL_TARGET_TYPE_PCI_SERIAL ? WANT_PCI
                                                                      : WANT_NOTHING;
}

static Want video_wants(const Device *device)
{
        const Video *video = device->item;

        switch (video->type) {
        case VIDEO_TYPE_RAMFB:
        case VIDEO_TYPE_NONE:
        case VIDEO_TYPE_XEN:
                return WANT_NOTHING;
        case VIDEO_TYPE_VIRTIO:
                return device->index == 0 ? WANT_PCI : WANT_PCIE;
        default:
                return WANT_PCI;
        }
}

Want device_wants(const Device *device)
{
        const void *item = device->item;

        switch (device->kind) {
        case DEVICE_DISK:
                return disk_wants(item);
        case DEVICE_CONTROLLER:
                return controller_wants(item);
        case DEVICE_INTERFACE:
                return interface_wants(item);
        case DEVICE_SOUND:
                return sound_wants(item);
        case DEVICE_INPUT:
                return input_wants(item);
        case DEVICE_SERIAL:
                return serial_wants(item);
        case DEVICE_VIDEO:
                return video_wants(device);
        case DEVICE_HOSTDEV:
                return ((const Hostdev *) item)->type == HOSTDEV_TYPE_PCI ? WANT_PCIE : WANT_USB;
        case DEVICE_WATCHDOG:
                return ((const Watchdog *) item)->model == WATCHDOG_MODEL_I6300ESB ? WANT_PCI
                                                                                   : WANT_NOTHING;
        case DEVICE_PANIC:
                return ((const Panic *) item)->model == PANIC_MODEL_PVPANIC ? WANT_PCI
                                                                            : WANT_NOTHING;
        case DEVICE_MEMBALLOON: {
                MemballoonModel model = ((const Memballoon *) item)->model;
                return model == MEMBALLOON_MODEL_NONE || model == MEMBALLOON_MODEL_XEN
                               ? WANT_NOTHING
                               : WANT_PCIE;
        }
        case DEVICE_CONSOLE:
                return ((const Console *) item)->target_type == CONSOLE_TARGET_TYPE_VIRTIO
                               ? WANT_VIRTIO_SERIAL
                               : WANT_NOTHING;
        case DEVICE_CHANNEL:
                return ((const Channel *) item)->target_type == CHANNEL_TARGET_TYPE_VIRTIO
                               ? WANT_VIRTIO_SERIAL
                               : WANT_NOTHING;
        case DEVICE_REDIRDEV:
                return WANT_USB;
        case DEVICE_SMARTCARD:
                return WANT_CCID;
        case DEVICE_FILESYSTEM:
        case DEVICE_RNG:
        case DEVICE_VSOCK:
                return WANT_PCIE;
        default:
                return WANT_NOTHING;
        }
}

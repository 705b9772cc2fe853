/* The command line of controllers. */
#include "qemu/argv-internal.h"

static const char *scsi_device(ControllerModel model)
{
        switch (model) {
        case CONTROLLER_MODEL_VIRTIO_TRANSITIONAL:
                return "virtio-scsi-pci-transitional";
        case CONTROLLER_MODEL_VIRTIO_NON_TRANSITIONAL:
                return "virtio-scsi-pci-non-transitional";
        default:
                return "lsi";
        }
}

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
                return scsi_device(controller->model);
        case CONTROLLER_TYPE_CCID:
                return "usb-ccid";
        case CONTROLLER_TYPE_FDC:
                return machine_is_q35(config) ? "isa-fdc" : NULL;
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
        case CONTROLLER_TYPE_CCID:
                return "ccid";
        default:
                return "controller";
        }
}

/* A USB companion shares the bus of its master. */
static void add_companion(json_t *device, const Controller *controller)
{
        if (!controller->has_startport)
                return;
        _cleanup_(free_ptr) char *id = device_id(&controller->info, "usb", controller->index);
        _cleanup_(free_ptr) char *bus = xasprintf("%s.0", id);

        json_object_del(device, "id"); /* its master's */
        json_object_set_new(device, "masterbus", json_string(bus));
        json_object_set_new(device, "firstport", json_integer(controller->startport));
}

bool controller_is_virtio_scsi(const Controller *controller)
{
        return controller->type == CONTROLLER_TYPE_SCSI &&
               (controller->model == CONTROLLER_MODEL_VIRTIO_SCSI ||
                controller->model == CONTROLLER_MODEL_VIRTIO_TRANSITIONAL ||
                controller->model == CONTROLLER_MODEL_VIRTIO_NON_TRANSITIONAL);
}

const Controller *controller_find(const DomainConfig *config, ControllerType type, uint32_t index)
{
        for (size_t i = 0; i < config->controllers.len; i++)
                if (config->controllers.items[i].type == type &&
                    config->controllers.items[i].index == index)
                        return &config->controllers.items[i];
        return NULL;
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
        } else if (controller_is_virtio_scsi(controller)) {
                device_number(device, "num_queues", controller->has_queues, controller->queues);
                device_iothread(device, controller->has_iothread, controller->iothread);
        }
        add_companion(device, controller);
        if (controller->type == CONTROLLER_TYPE_CCID)
                device_usb(argv, device, &controller->info);
        else
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
        /* Readers of smart cards hang on the others. */
        for (int readers = 0; readers <= 1; readers++)
                for (size_t i = 0; i < config->controllers.len; i++) {
                        const Controller *controller = &config->controllers.items[i];
                        const char *driver = controller_device(config, controller);

                        if (controller->type != CONTROLLER_TYPE_PCI && driver &&
                            (controller->type == CONTROLLER_TYPE_CCID) == readers)
                                add_controller(argv, controller, driver);
                }
        return 0;
}

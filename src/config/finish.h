/* Inside config/: domain_config_finish() and its parts, in the order in which they run. */
#pragma once

#include "config/config.h"
#include "config/device.h"

enum {
        CONTROLLER_INDEX_MAX = 255, /* as disk.schema has it */
};

/* What the machine offers to its devices. */
typedef enum MachineBus {
        MACHINE_OTHER, /* not laid out here: addresses stay as they are */
        MACHINE_PCI,   /* i440fx: one conventional bus, IDE and USB on its south bridge */
        MACHINE_PCIE,  /* q35: root ports, SATA on its south bridge */
} MachineBus;

MachineBus machine_bus(const DomainConfig *config);
bool machine_is_x86(const DomainConfig *config);
bool machine_is_xen(const DomainConfig *config);

int config_finish(DomainConfig *config, Error *err);

/* Refuses what contradicts itself, before anything is filled in. */
int config_check(const DomainConfig *config, Error *err);
/* Its part for the host's resources. */
int config_check_tune(const DomainConfig *config, Error *err);

/* Values that were not said. */
void config_fill(DomainConfig *config);
/* Devices that were not said: root of the bus, controllers, console, input, balloon. */
int config_add_devices(DomainConfig *config, Error *err);
/* Refuses an address of a kind that the device cannot have; after the devices are complete. */
int config_check_addresses(const DomainConfig *config, Error *err);
/* Places in controllers: disks, USB, virtio-serial; adds the controllers that are missing. */
int config_place_units(DomainConfig *config, Error *err);
/* Places on the PCI buses, the last: it adds bridges and ports. */
int config_place_pci(DomainConfig *config, Error *err);

/* A new controller at the end, with the lowest index that is free in its type. */
Controller *config_add_controller(DomainConfig *config, ControllerType type, ControllerModel model);
Controller *config_find_controller(const DomainConfig *config, ControllerType type, unsigned index);
/* The address of a device, of this type, made where there is none. */
Address *info_need_address(DeviceInfo *info, AddressType type);

/* The number in a disk's name: vda 0, vdb 1, sdaa 26; -1 when it is none. */
long disk_number(const char *target);

typedef enum Want {
        WANT_NOTHING,
        WANT_PCI,  /* conventional */
        WANT_PCIE, /* a port of its own where there are ports */
        WANT_DRIVE,
        WANT_USB,
        WANT_VIRTIO_SERIAL,
        WANT_CCID,
} Want;

/* The kind of place that a device needs. */
Want device_wants(const Device *device);

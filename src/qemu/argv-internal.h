/* What the parts of the command line share. */
#pragma once

#include "base/str.h"
#include "config/config.h"

#include <jansson.h>

typedef struct Argv {
        const DomainConfig *config;
        char **words;
} Argv;

void argv_add(Argv *argv, const char *word);
void argv_addf(Argv *argv, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The option and its value as JSON, taken over. */
void argv_json(Argv *argv, const char *option, json_t *value);
/* The text as a value of a comma-separated option: commas doubled. */
void argv_value(Str *out, const char *text);

/* The device's alias, or `prefix` and its number. The caller's. */
char *device_id(const DeviceInfo *info, const char *prefix, size_t n);
/* A new -device: {"driver": driver, "id": id}. */
json_t *device_new(const char *driver, const char *id);
/* Adds bus and addr of a PCI device; nothing where it has no PCI address. */
void device_pci(const Argv *argv, json_t *device, const DeviceInfo *info);
void device_usb(const Argv *argv, json_t *device, const DeviceInfo *info);
void device_virtio_serial(const Argv *argv, json_t *device, const DeviceInfo *info);
void device_boot(json_t *device, unsigned bootindex);
/* Sets members where there is something to say. */
void device_text(json_t *device, const char *key, const char *text);
void device_onoff(json_t *device, const char *key, bool has, bool on);
void device_number(json_t *device, const char *key, bool has, uint64_t value);
/* "NAME-pci" for a virtio model, with the generation asked for. */
char *virtio_device(const char *name, VirtioModel model);

/* Boot order: by boot_order of the device, else from <boot dev> of the os. 0: none. */
unsigned boot_index_disk(const DomainConfig *config, const Disk *disk);
unsigned boot_index_interface(const DomainConfig *config, const Interface *interface);

bool machine_is_q35(const DomainConfig *config);

/* The parts, each of one area. */
typedef int ArgvPart(Argv *argv, Error *err);
ArgvPart argv_machine, argv_cpu, argv_clock, argv_boot, argv_controllers, argv_disks,
        argv_interfaces, argv_lines, argv_inputs, argv_graphics, argv_videos, argv_devices;

/* What the parts of the command line share. */
#pragma once

#include "base/str.h"
#include "config/config.h"
#include "qemu/argv.h"

#include <jansson.h>

typedef struct Argv {
        const DomainConfig *config;
        const QemuArgvSpec *spec;
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
void device_iothread(json_t *device, bool has, uint32_t number);
/* "NAME-pci" for a virtio model, with the generation asked for. */
char *virtio_device(const char *name, VirtioModel model);

/* Boot order: by boot_order of the device, else from <boot dev> of the os. 0: none. */
unsigned boot_index_disk(const DomainConfig *config, const Disk *disk);
unsigned boot_index_interface(const DomainConfig *config, const Interface *interface);

bool machine_is_q35(const DomainConfig *config);
bool config_is_kvm(const DomainConfig *config);
/* NULL where the document does not say it. */
const ClockTimer *config_timer(const DomainConfig *config, TimerName name);
/* ",key=on" or off, where there is something to say. */
void argv_onoff(Str *out, const char *key, bool has, bool on);

/* Whether one object "pc.ram" is all of the guest's memory. */
bool argv_has_ram_object(const DomainConfig *config);
/* Adds the firmware's flash devices, and what the machine says of them. */
void argv_firmware(Argv *argv, Str *machine);
/* The nodes behind a disk that has a source; the name of the topmost, the caller's. */
char *argv_block(Argv *argv, const Disk *disk);
/* A chardev "char<id>", and a -device on top of it, for the caller to finish and add. `spice_name`:
 * what the SPICE display calls such a line. */
int argv_line(Argv *argv, const CharSource *source, const char *driver, const char *id,
              const char *spice_name, json_t **ret, Error *err);

bool controller_is_virtio_scsi(const Controller *controller);
const Controller *controller_find(const DomainConfig *config, ControllerType type, uint32_t index);

/* The parts, each of one area. */
typedef int ArgvPart(Argv *argv, Error *err);
ArgvPart argv_machine, argv_cpu, argv_memory, argv_clock, argv_boot, argv_controllers, argv_disks,
        argv_interfaces, argv_lines, argv_inputs, argv_graphics, argv_videos, argv_sounds,
        argv_host, argv_devices;

/* The devices of a configuration, whatever their kind, one after another. */
#pragma once

#include "config/config.h"

/* NAME, field of DomainConfig, type, the word for people. In the order in which addresses are given
 * out. Displays are no devices of the guest. */
#define DEVICE_LISTS(X)                                                                            \
        X(FILESYSTEM, filesystems, Filesystem, "filesystem")                                       \
        X(INTERFACE, interfaces, Interface, "interface")                                           \
        X(SOUND, sounds, Sound, "sound")                                                           \
        X(CONTROLLER, controllers, Controller, "controller")                                       \
        X(DISK, disks, Disk, "disk")                                                               \
        X(SMARTCARD, smartcards, Smartcard, "smartcard")                                           \
        X(REDIRDEV, redirdevs, Redirdev, "redir")                                                  \
        X(HOSTDEV, hostdevs, Hostdev, "hostdev")                                                   \
        X(RNG, rngs, Rng, "rng")                                                                   \
        X(WATCHDOG, watchdogs, Watchdog, "watchdog")                                               \
        X(VIDEO, videos, Video, "video")                                                           \
        X(INPUT, inputs, Input, "input")                                                           \
        X(SERIAL, serials, Serial, "serial")                                                       \
        X(PARALLEL, parallels, Parallel, "parallel")                                               \
        X(CONSOLE, consoles, Console, "console")                                                   \
        X(CHANNEL, channels, Channel, "channel")                                                   \
        X(TPM, tpms, Tpm, "tpm")                                                                   \
        X(PANIC, panics, Panic, "panic")

#define DEVICE_SINGLES(X)                                                                          \
        X(MEMBALLOON, memballoon, Memballoon, "memballoon")                                        \
        X(VSOCK, vsock, Vsock, "vsock")

typedef enum DeviceKind {
#define X(name, field, type, word) DEVICE_##name,
        DEVICE_LISTS(X) DEVICE_SINGLES(X)
#undef X
                _DEVICE_KIND_MAX,
} DeviceKind;

/* A device of a configuration; good until a list of the configuration grows. */
typedef struct Device {
        DeviceKind kind;
        size_t index; /* among those of its kind */
        void *item;   /* of the type that DEVICE_LISTS tells */
        DeviceInfo *info;
        /* private */
        size_t next;
} Device;

/* Moves to the next device, true while there is one. `device` starts zeroed. */
bool device_next(const DomainConfig *config, Device *device);
#define FOREACH_DEVICE(var, config) for (Device var = {}; device_next((config), &var);)

/* "disk 'vda'", "controller pci 1", for messages; the caller's. */
char *device_describe(const Device *device);

/* Gives every device the alias that libvirt's users know it by (virtio-disk0, net0, serial0), where
 * the user gave none. For the running guest's copy of a finished configuration. */
void domain_config_set_aliases(DomainConfig *config);

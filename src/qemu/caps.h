/* What a QEMU binary can do: asked of it over QMP once, kept in memory and in the store until the
 * binary changes (path, inode, mtime).
 *
 *   an entry:  IDLE -> STAT (a job looks at the file) -> IDLE when nothing changed
 *                           STAT -> PROBE (a short-lived QEMU answers) -> IDLE
 *
 *   qemu_caps_want()  IDLE -> STAT; joins STAT and PROBE; a file looked at within CAPS_FRESH_MS is
 *                     believed
 *   qemu_caps_find()  any state: the last facts, without waiting */
#pragma once

#include "driver/driver.h"

#include <jansson.h>

enum {
        CAPS_FRESH_MS = 1000,
};

typedef struct QemuCapsCache QemuCapsCache;

typedef struct QemuCaps {
        char *path;
        uint64_t inode;
        int64_t mtime_ns;
        unsigned long version; /* 7002022 for 7.2.22 */
        const char *arch;
        bool kvm; /* QEMU was built with it and the host has it */
        /* private */
        json_t *facts;
} QemuCaps;

/* A machine type. Strings are borrowed from the caps. */
typedef struct QemuMachine {
        const char *name;  /* canonical: pc-i440fx-7.2 */
        const char *alias; /* pc, or NULL */
        unsigned max_cpus;
        bool is_default;
} QemuMachine;

/* Loads what the store knows; blocks. */
int qemu_caps_cache_new(Driver *driver, QemuCapsCache **ret, Error *err);
QemuCapsCache *qemu_caps_cache_free(QemuCapsCache *cache);

/* A leaf; `done` is never called from inside. ERROR_SYSTEM in libvirt's words when there is no such
 * binary. */
void qemu_caps_want(QemuCapsCache *cache, const char *path, DriverDoneFn *done, void *data);
/* NULL when nothing is known. Good until the next return to the loop. */
const QemuCaps *qemu_caps_find(const QemuCapsCache *cache, const char *path);

/* By name or alias; NULL asks for the default. */
bool qemu_caps_machine(const QemuCaps *caps, const char *name, QemuMachine *ret);
/* Machine i; false past the last. */
bool qemu_caps_machine_at(const QemuCaps *caps, size_t i, QemuMachine *ret);
bool qemu_caps_device(const QemuCaps *caps, const char *device);
bool qemu_caps_cpu(const QemuCaps *caps, const char *model);
/* Model i, with whether TCG has all of it; false past the last. */
bool qemu_caps_cpu_at(const QemuCaps *caps, size_t i, const char **ret_model, bool *ret_usable);

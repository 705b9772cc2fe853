/* QEMU's command line from a configuration: the words, and nothing of the host is looked at.
 *
 * The configuration was validated (validate.h) and carries aliases and addresses. Everything that
 * can be given as JSON is, so no value can end an option early; the rest has its commas doubled.
 * Guests are started stopped (-S). */
#pragma once

#include "config/config.h"

typedef struct QemuArgvSpec {
        int monitor_fd; /* the listening socket, as the child has it */
        bool incoming;  /* wait for a memory stream */
        int tap_fd;     /* the first of the taps' descriptors, in the order of interfaces */
        int64_t now;    /* seconds since 1970, for clocks that count from it */
} QemuArgvSpec;

/* Whether the interface is a tap device of the host, and in how many queues. */
bool interface_has_tap(const Interface *interface);
unsigned interface_queues(const Interface *interface);

/* NULL-terminated, the first is the emulator. ERROR_CONFIG_UNSUPPORTED for what cannot be said. */
int qemu_argv(const DomainConfig *config, const QemuArgvSpec *spec, char ***ret, Error *err);

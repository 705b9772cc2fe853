/* Tap devices of the host: the daemon opens them and hands QEMU the descriptors, for QEMU has no
 * right to. A device that was made here is gone when the last descriptor is closed. */
#pragma once

#include "config/config.h"

enum {
        TAP_QUEUES_MAX = 256, /* as network.schema has it */
};

/* Opens the interface's device, in as many queues as it has (interface_queues()), and connects it
 * to its bridge. `ret_fds` has room for them; they are the caller's. `ret_name`: the device's name,
 * the caller's. Needs CAP_NET_ADMIN; the calls are short, and wait for no packet. */
int tap_open(const Interface *interface, int *ret_fds, char **ret_name, Error *err);

/* The descriptors of all of a guest's taps, in the order of its interfaces and queues. */
typedef VEC(int) TapFds;

/* Adds those of `config` to `fds`, and puts the names into it. On error `fds` holds the ones that
 * were opened. */
int tap_open_all(DomainConfig *config, TapFds *fds, Error *err);
void tap_close_all(TapFds *fds);

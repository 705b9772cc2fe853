/* Taking up a guest of an earlier daemon: find the process, connect its monitor, ask how it stands.
 */
#pragma once

#include "qemu/guest.h"

typedef struct Reconnect Reconnect;

/* DriverType.reconnect. A guest that does not answer within command_ms stays active and is told of
 * as an error; should it answer later, its state becomes right then. */
void qemu_reconnect(Driver *driver, Domain *d, const RuntimeRow *row, DriverDoneFn *done,
                    void *data);
/* The process ended while it was being taken up: tells it. Harmless at any other time. */
void reconnect_ended(QemuGuest *guest, const Error *cause);
Reconnect *reconnect_free(Reconnect *reconnect);

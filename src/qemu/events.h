/* QMP events, turned into what happened to the domain. */
#pragma once

#include "qemu/guest.h"

void qemu_event(QemuGuest *guest, const char *event, const json_t *value);
/* The domain's state becomes what query-status told, without an event: after a reconnect. A guest
 * that had shut down meanwhile is ended. */
void qemu_sync_status(QemuGuest *guest, const char *status);

/* What of a configuration the QEMU driver can do, and what it decides itself. */
#pragma once

#include "driver/driver.h"

/* The emulator that runs the configuration: the one that it names, or the usual one of its
 * architecture. The caller's. */
char *qemu_emulator(const DomainConfig *config);
/* DriverType.validate: refuses what the driver or, where its capabilities are known, the emulator
 * cannot do; fills emulator, architecture and the canonical machine type. */
int qemu_validate(Driver *driver, DomainConfig *config, Error *err);
/* What may be kept and cannot be served when the guest starts, here and now. */
int qemu_validate_start(Driver *driver, const DomainConfig *config, Error *err);
/* Fills what a running guest needs to have: paths of sockets that the configuration leaves to us.
 */
void qemu_fill_live(const Driver *driver, DomainConfig *config);

/* Consoles: a descriptor that speaks with one of the guest's character devices. */
#pragma once

#include "driver/driver.h"

/* DriverType.open_console. */
int qemu_open_console(Driver *driver, Domain *d, const char *device, int *ret_fd, Error *err);

/* Calls of DriverType that answer clients' questions about guests that can be run. */
#pragma once

#include "driver/driver.h"

char *qemu_capabilities(Driver *driver);
int qemu_domain_capabilities(Driver *driver, const DriverMachine *machine, char **ret, Error *err);
int qemu_cpu_models(Driver *driver, const char *arch, char ***ret, Error *err);

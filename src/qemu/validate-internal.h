/* What the parts of validate.h share. */
#pragma once

#include "config/config.h"

#define refuse(err, ...) error_set((err), ERROR_CONFIG_UNSUPPORTED, __VA_ARGS__)

int validate_devices(const DomainConfig *config, Error *err);

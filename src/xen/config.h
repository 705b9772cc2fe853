/* A guest's configuration as libxl wants it. */
#pragma once

#include "config/config.h"
#include "xen/xl.h"

/* Refuses what the driver does not serve (ERROR_CONFIG_UNSUPPORTED), and fills what it decides. */
int xen_config_check(DomainConfig *config, Error *err);

/* The caller disposes of it: libxl_domain_config_dispose(). Everything in it is libxl's to free. On
 * the thread of a task. */
int xen_config_make(libxl_ctx *ctx, const DomainConfig *config, libxl_domain_config *ret,
                    Error *err);

/* The Xen driver: guests of libxl. Absent where the host does not run on Xen. */
#pragma once

#include "driver/driver.h"

extern const DriverType xen_driver;

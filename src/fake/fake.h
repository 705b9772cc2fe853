/* A hypervisor in memory (URI test:///default), for tests, demonstrations and benchmarks.
 *
 * It keeps every promise of driver.h with guests that are small files, and its save images are the
 * real ones, of the same format as any other driver's. */
#pragma once

#include "driver/driver.h"

extern const DriverType fake_driver;

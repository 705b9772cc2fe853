/* A picture of a guest's screen: QEMU writes it to a memory file of ours that it is handed, so no
 * path is involved and nothing is left behind.
 *
 *   add-fd -> screendump (PNG, else PPM) -> remove-fd -> answered
 *
 * What QEMU wrote is not trusted; whoever reads it bounds it. */
#pragma once

#include "qemu/ask.h"

int qemu_screenshot(QemuAsk *ask, const DriverQuestion *question, Error *err);

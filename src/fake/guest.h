/* The fake hypervisor: guests as small files, which outlive the daemon as processes would.
 *
 * A guest has a memory, one number that is drawn at boot, so that a lost state shows; it runs or is
 * paused. Its file is <run_dir>/UUID.guest. */
#pragma once

#include "driver/driver.h"

typedef struct FakeGuest {
        uint64_t memory;
        bool running;
} FakeGuest;

bool fake_guest_exists(const Driver *driver, const Uuid *uuid);
int fake_guest_read(const Driver *driver, const Uuid *uuid, FakeGuest *ret, Error *err);
int fake_guest_write(const Driver *driver, const Uuid *uuid, const FakeGuest *guest, Error *err);
/* Harmless when there is none. */
void fake_guest_remove(const Driver *driver, const Uuid *uuid);
/* A number for a fresh boot, never 0. */
uint64_t fake_memory_new(void);

/* The fake hypervisor: guests as small files, which outlive the daemon as processes would.
 *
 * A guest has a memory, one number that is drawn at boot, so that a lost state shows; it runs or is
 * paused; and it has as much memory and as many processors as it was told last. Its file is
 * <run_dir>/UUID.guest. */
#pragma once

#include "driver/driver.h"

typedef struct FakeGuest {
        uint64_t memory;
        bool running;
        uint64_t balloon_kib;
        uint32_t vcpus;
} FakeGuest;

/* As it boots with this configuration. */
FakeGuest fake_guest_of(const DomainConfig *config);
/* Gives it what the configuration says, and leaves the rest. */
void fake_guest_follow(FakeGuest *guest, const DomainConfig *config);

bool fake_guest_exists(const Driver *driver, const Uuid *uuid);
int fake_guest_read(const Driver *driver, const Uuid *uuid, FakeGuest *ret, Error *err);
int fake_guest_write(const Driver *driver, const Uuid *uuid, const FakeGuest *guest, Error *err);
/* Harmless when there is none. */
void fake_guest_remove(const Driver *driver, const Uuid *uuid);
/* A number for a fresh boot, never 0. */
uint64_t fake_memory_new(void);

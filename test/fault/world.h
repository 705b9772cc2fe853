/* The fault suite's view of the world, and what it must know of a driver. */
#pragma once

#include "engine/engine.h"

/* A hypervisor under test. */
typedef struct FaultDriver {
        const char *name; /* on the command line; NULL: the type's */
        const DriverType *type;
        /* Makes what the guest's configuration names, before the engine opens. May be NULL. */
        void (*prepare)(const char *root);
        /* Domain XML for a guest of the given name whose files lie below `root`. The caller's. */
        char *(*xml)(const char *root, const char *name, const char *uuid);
        /* Who the guest is: the same text as long as its memory lives, another after a fresh boot;
         * "none" when no guest is there, "many" when there is more than one. Blocks. The caller's.
         */
        char *(*identity)(const char *root, const Domain *d, const char *uuid);
        /* Whether the guest, which is there, has what its live configuration says. May be NULL. */
        bool (*agrees)(const Domain *d);
        bool willing; /* a guest gives a device back when it is asked to */
} FaultDriver;

extern const FaultDriver fault_fake, fault_qemu, fault_qemu_user;

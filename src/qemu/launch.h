/* The steps that a start and a restore share: from a configuration to a QEMU that waits, stopped.
 */
#pragma once

#include "qemu/guest.h"
#include "qemu/qemu.h"

/* The state of such an operation begins with this. */
typedef struct Launch {
        DomainConfig *config; /* becomes the live one */
        bool owners_on_disk;  /* of files_take(): the journal's word of them */
} Launch;

/* Frees what Launch owns. */
void launch_done(Launch *launch);

/* The host has what the configuration names; on a thread, since a mount may be stuck. */
OpStepFn launch_check;
/* The monitor's socket. */
OpStepFn launch_bind, launch_unbind;
/* QEMU's process, held back, and its end. */
OpStepFn launch_spawn, launch_spawn_incoming, launch_kill;
/* Its pid is in the store. */
OpStepFn launch_record;
/* It runs and answers. */
OpStepFn launch_connect;
/* The live configuration tells what QEMU chose. */
OpStepFn launch_learn_lines, launch_learn_displays;
/* What the command line cannot say; one command a run. */
OpStepFn launch_set_up;

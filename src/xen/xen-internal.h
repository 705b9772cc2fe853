/* What the files of xen/ share. */
#pragma once

#include "xen/guest.h"
#include "xen/xen.h"

extern const OpType xen_start_op, xen_restore_op, xen_save_op, xen_managed_save_op, xen_shutdown_op,
        xen_reboot_op, xen_destroy_op, xen_suspend_op, xen_resume_op;

/* A leaf: pauses or unpauses the domain in Xen; `then` tells of it. */
int xen_guest_set_running(Op *op, bool running, OpJobThenFn *then, Error *err);
/* A step: the record of the active domain is with the kernel. */
OpStepFn xen_guest_record;

/* Suspend: the guest's processors stop. A guest that is paused stays so. */
#include "qemu/guest.h"
#include "qemu/qemu.h"

static OpStepFn guest_stop;

static const OpStep steps[] = {
        {.name = "stop guest", .run = guest_stop, .needs = DOMAIN_NEEDS_ACTIVE},
        {},
};

const OpType qemu_op_suspend = {.name = "suspend", .steps = steps, .flags = OP_UNJOURNALLED};

static int guest_stop(Op *op, Error *err)
{
        Domain *d = op_domain(op);

        if (d->state == DOMAIN_PMSUSPENDED)
                return error_set(err, ERROR_OPERATION_INVALID, "domain is pmsuspended");
        if (d->state == DOMAIN_PAUSED)
                return OP_NEXT;
        qemu_guest(d)->paused_because = REASON_USER;
        return qemu_guest_call(op, "stop", NULL, NULL, err);
}

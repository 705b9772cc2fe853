/* Resume: the guest's processors run again. */
#include "qemu/guest.h"
#include "qemu/qemu.h"

static OpStepFn guest_cont;

static const OpStep steps[] = {
        {.name = "resume guest", .run = guest_cont, .needs = DOMAIN_NEEDS_ACTIVE},
        {},
};

const OpType qemu_op_resume = {.name = "resume", .steps = steps, .flags = OP_UNJOURNALLED};

static int guest_cont(Op *op, Error *err)
{
        Domain *d = op_domain(op);

        if (d->state == DOMAIN_PMSUSPENDED)
                return error_set(err, ERROR_OPERATION_INVALID, "domain is pmsuspended");
        qemu_guest(d)->running_because = REASON_UNPAUSED;
        return qemu_guest_call(op, "cont", NULL, NULL, err);
}

/* Destroy: end the guest's process. The engine had it killed already; this waits for the end, and
 * ends what a recovered or late caller finds alive. Harmless when the domain is off. */
#include "qemu/guest.h"
#include "qemu/qemu.h"

static OpStepFn qemu_end;

static const OpStep steps[] = {
        {.name = "end qemu", .run = qemu_end},
        {},
};

const OpType qemu_op_destroy = {.name = "destroy", .steps = steps, .flags = OP_UNJOURNALLED};

static int qemu_end(Op *op, Error *err)
{
        (void) err;
        qemu_driver_kill(op_driver(op), op_domain(op));
        return qemu_guest_wait_end(op_domain(op), op);
}

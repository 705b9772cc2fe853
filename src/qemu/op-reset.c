/* Reset: as the button of that name. The guest boots anew, without having been asked. */
#include "qemu/guest.h"
#include "qemu/qemu.h"

static OpStepFn button_press;

static const OpStep steps[] = {
        {.name = "reset", .run = button_press, .needs = DOMAIN_NEEDS_ACTIVE},
        {},
};

const OpType qemu_op_reset = {.name = "reset", .steps = steps, .flags = OP_UNJOURNALLED};

static int button_press(Op *op, Error *err)
{
        return qemu_guest_call(op, "system_reset", NULL, NULL, err);
}

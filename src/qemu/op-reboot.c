/* Reboot: press the power button of a guest that, when it has shut down, is reset instead of ended
 * (see events.c). Done when it is pressed. */
#include "qemu/guest.h"
#include "qemu/qemu.h"

#include "base/str.h"

static OpStepFn ending_prevent, button_press;

static const OpStep steps[] = {
        {.name = "keep guest", .run = ending_prevent, .needs = DOMAIN_NEEDS_ACTIVE},
        {.name = "press button", .run = button_press, .needs = DOMAIN_NEEDS_ACTIVE},
        {},
};

const OpType qemu_op_reboot = {.name = "reboot", .steps = steps, .flags = OP_UNJOURNALLED};

static int ending_prevent(Op *op, Error *err)
{
        if (op->args.mode && !str_eq(op->args.mode, "acpi"))
                return error_set(err, ERROR_CONFIG_UNSUPPORTED, "reboot by '%s' is not supported",
                                 op->args.mode);
        qemu_guest(op_domain(op))->restart = true;
        return qemu_guest_call(op, "set-action", json_pack("{s:s}", "shutdown", "pause"), NULL,
                               err);
}

static int button_press(Op *op, Error *err)
{
        return qemu_guest_call(op, "system_powerdown", NULL, NULL, err);
}

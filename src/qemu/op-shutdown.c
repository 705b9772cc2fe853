/* Shutdown: press the guest's power button. Done when it is pressed; the guest ends when it will.
 */
#include "qemu/guest.h"
#include "qemu/qemu.h"

#include "base/str.h"

static OpStepFn ending_allow, button_press;

static const OpStep steps[] = {
        {.name = "let guest end", .run = ending_allow, .needs = DOMAIN_NEEDS_ACTIVE},
        {.name = "press button", .run = button_press, .needs = DOMAIN_NEEDS_ACTIVE},
        {},
};

const OpType qemu_op_shutdown = {.name = "shutdown", .steps = steps, .flags = OP_UNJOURNALLED};

/* A reboot that the guest did not follow is forgotten. */
static int ending_allow(Op *op, Error *err)
{
        QemuGuest *guest = qemu_guest(op_domain(op));

        if (op->args.mode && !str_eq(op->args.mode, "acpi"))
                return error_set(err, ERROR_CONFIG_UNSUPPORTED, "shutdown by '%s' is not supported",
                                 op->args.mode);
        if (!TAKE(guest->restart, false))
                return OP_NEXT;
        return qemu_guest_call(op, "set-action", json_pack("{s:s}", "shutdown", "poweroff"), NULL,
                               err);
}

static int button_press(Op *op, Error *err)
{
        return qemu_guest_call(op, "system_powerdown", NULL, NULL, err);
}

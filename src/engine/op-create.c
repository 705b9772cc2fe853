/* Create: start a domain from a configuration given with the call (args.xml), without storing it.
 *
 * Before: no domain of this name and uuid, or one that is off. After: it runs, transient if it was
 * not stored before. On error or cancel: as before. The start itself is the driver's operation,
 * with the journal; this one only finds its domain. */
#include "engine/arrival.h"

static OpStepFn config_read, domain_claim, domain_start;

static const OpStep steps[] = {
        {.name = "read configuration", .run = config_read},
        {.name = "probe emulator", .run = arrival_probe},
        {.name = "claim domain", .run = domain_claim, .undo = arrival_unclaim},
        {.name = "start", .run = domain_start, .cancel = arrival_cancel},
        {},
};

const OpType create_op = {
        .name = "create",
        .steps = steps,
        .state_size = sizeof(Arrival),
        .release = arrival_release,
        .flags = OP_UNJOURNALLED,
};

static int config_read(Op *op, Error *err)
{
        int r = arrival_parse(op, op->args.xml, err);

        return r < 0 ? r : OP_NEXT;
}

static int domain_claim(Op *op, Error *err)
{
        Arrival *a = op->state;
        Driver *driver = call_of(op)->driver;
        int r = driver->type->validate(driver, a->config, err);

        return r < 0 ? r : arrival_claim(op, err);
}

static int domain_start(Op *op, Error *err)
{
        Arrival *a = op->state;
        OpArgs args;

        /* What was filled in when it was read must not be drawn again: uuid, addresses. */
        op_args_init(&args);
        args.xml = domain_config_to_xml(a->config, -1, CONFIG_XML_SECURE);
        args.paused = op->args.paused;
        args.force_boot = true;
        return arrival_hand_over(op, VERB_START, &args, err);
}

/* Learn: have the driver find out what a hypervisor's program can do (args.emulator, args.arch),
 * for a client that is about to be told. Changes nothing. */
#include "engine/arrival.h"

#include "base/str.h"

static OpStepFn config_make;

static const OpStep steps[] = {
        {.name = "name emulator", .run = config_make},
        {.name = "probe emulator", .run = arrival_probe},
        {},
};

const OpType learn_op = {
        .name = "learn",
        .steps = steps,
        .state_size = sizeof(Arrival),
        .release = arrival_release,
        .flags = OP_UNJOURNALLED,
};

static int config_make(Op *op, Error *err)
{
        Arrival *a = op->state;

        (void) err;
        a->config = xnew0(DomainConfig, 1);
        schema_init(&domain_config_schema, a->config);
        a->config->emulator = xstrdup_null(op->args.emulator);
        a->config->os.arch = xstrdup_null(op->args.arch);
        return OP_NEXT;
}

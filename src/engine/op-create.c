/* Create: start a domain from a configuration given with the call (args.xml), without storing it.
 *
 * Before: no domain of this name and uuid, or one that is off. After: it runs, transient if it was
 * not stored before. On error or cancel: as before. The start itself is the driver's operation,
 * with the journal; this one only finds its domain. */
#include "engine/engine-internal.h"

#include "base/str.h"

typedef struct CreateState {
        DomainConfig *config;
        Domain *d; /* referenced */
        EngineCall *start;
} CreateState;

static OpStepFn config_read, emulator_probe, domain_claim, domain_unclaim, domain_start,
        start_cancel;

static void release(Op *op)
{
        CreateState *s = op->state;

        domain_config_free(s->config);
        domain_unref(s->d);
}

static const OpStep steps[] = {
        {.name = "read configuration", .run = config_read},
        {.name = "probe emulator", .run = emulator_probe},
        {.name = "claim domain", .run = domain_claim, .undo = domain_unclaim},
        {.name = "start", .run = domain_start, .cancel = start_cancel},
        {},
};

const OpType create_op = {
        .name = "create",
        .steps = steps,
        .state_size = sizeof(CreateState),
        .release = release,
        .flags = OP_UNJOURNALLED,
};

static int config_read(Op *op, Error *err)
{
        CreateState *s = op->state;
        int r = domain_config_from_xml(op->args.xml, strlen(op->args.xml), &s->config, err);

        return r < 0 ? r : domain_config_finish(s->config, err);
}

static int emulator_probe(Op *op, Error *err)
{
        CreateState *s = op->state;
        Driver *driver = call_of(op)->driver;

        (void) err;
        op->waits_for = "the emulator's capabilities";
        driver->type->prepare(driver, s->config, op_wake_cb, op);
        return OP_WAIT;
}

static int domain_claim(Op *op, Error *err)
{
        CreateState *s = op->state;
        EngineCall *call = call_of(op);
        int r = call->driver->type->validate(call->driver, s->config, err);

        return r < 0 ? r : engine_claim(call->driver, s->config, &s->d, err);
}

static int domain_unclaim(Op *op, Error *err)
{
        CreateState *s = op->state;

        (void) err;
        engine_unclaim(s->d);
        return OP_NEXT;
}

static void started(void *data, Domain *d, const Error *err)
{
        Op *op = data;
        CreateState *s = op->state;
        EngineCall *call = call_of(op);

        s->start = NULL;
        if (!call->d && !error_is_set(err))
                call->d = domain_ref(d);
        op_wake(op, err);
}

static int domain_start(Op *op, Error *err)
{
        CreateState *s = op->state;
        EngineCall *call = call_of(op);
        OpArgs args;
        int r;

        /* What was filled in when it was read must not be drawn again: uuid, addresses. */
        op_args_init(&args);
        args.xml = domain_config_to_xml(s->config, -1, CONFIG_XML_SECURE);
        args.paused = op->args.paused;
        args.force_boot = true;
        op->waits_for = "the start";
        r = engine_submit(call->engine, call->driver, s->d, VERB_START, &args, started, op,
                          &s->start, err);
        op_args_done(&args);
        return r < 0 ? r : OP_WAIT;
}

static int start_cancel(Op *op, Error *err)
{
        CreateState *s = op->state;

        (void) err;
        if (s->start)
                engine_cancel(s->start);
        return OP_NEXT;
}

/* Define: store a configuration, the template of the domain's next start.
 *
 * Before: no domain of this name and uuid, or one whose template is replaced; it may be active.
 * After: the domain is persistent. On error or cancel: as before. The configuration arrives in
 * args.xml. */
#include "engine/engine-internal.h"

#include <string.h>

typedef struct DefineState {
        DomainConfig *config;
        Domain *d; /* referenced */
} DefineState;

static OpStepFn config_read, emulator_probe, domain_claim, domain_unclaim, config_record,
        config_show;

static void release(Op *op)
{
        DefineState *s = op->state;

        domain_config_free(s->config);
        domain_unref(s->d);
}

static const OpStep steps[] = {
        {.name = "read configuration", .run = config_read},
        {.name = "probe emulator", .run = emulator_probe},
        {.name = "claim name", .run = domain_claim, .undo = domain_unclaim},
        {.name = "record configuration", .run = config_record, .flags = OP_COMMITS},
        {.name = "show configuration", .run = config_show},
        {},
};

const OpType define_op = {
        .name = "define",
        .steps = steps,
        .state_size = sizeof(DefineState),
        .release = release,
        .flags = OP_UNJOURNALLED,
};

static int config_read(Op *op, Error *err)
{
        DefineState *s = op->state;
        int r = domain_config_from_xml(op->args.xml, strlen(op->args.xml), &s->config, err);

        return r < 0 ? r : domain_config_finish(s->config, err);
}

static int emulator_probe(Op *op, Error *err)
{
        DefineState *s = op->state;
        Driver *driver = call_of(op)->driver;

        (void) err;
        op->waits_for = "the emulator's capabilities";
        driver->type->prepare(driver, s->config, op_wake_cb, op);
        return OP_WAIT;
}

static int domain_claim(Op *op, Error *err)
{
        DefineState *s = op->state;
        EngineCall *call = call_of(op);
        DomainList *list = call->driver->host.domains;
        Domain *d;
        int r = call->driver->type->validate(call->driver, s->config, err);

        if (r < 0)
                return r;
        r = domain_list_check_free(list, s->config->name, &s->config->uuid, err);
        if (r < 0)
                return r;
        d = domain_list_by_uuid(list, &s->config->uuid);
        if (!d) {
                r = domain_list_add(list, s->config->name, &s->config->uuid, &d, err);
                if (r < 0)
                        return r;
        } else if (d->holder && d->holder->type == &undefine_op) {
                return error_set(err, ERROR_OPERATION_INVALID, "domain '%s' is being undefined",
                                 d->name);
        }
        s->d = domain_ref(d);
        return OP_NEXT;
}

static int domain_unclaim(Op *op, Error *err)
{
        DefineState *s = op->state;

        (void) err;
        engine_unclaim(s->d);
        return OP_NEXT;
}

static int config_record(Op *op, Error *err)
{
        DefineState *s = op->state;
        StoreTx *tx = store_tx_new(op_store(op));

        domain_record_config(tx, s->d, s->config, s->d->autostart);
        return op_commit(op, tx, err);
}

static int config_show(Op *op, Error *err)
{
        DefineState *s = op->state;
        EngineCall *call = call_of(op);

        (void) err;
        domain_set_config(s->d, TAKE_PTR(s->config));
        if (!call->d)
                call->d = domain_ref(s->d);
        return OP_NEXT;
}

/* Define: store a configuration, the template of the domain's next start.
 *
 * Before: no domain of this name and uuid, or one whose template is replaced; it may be active.
 * After: the domain is persistent. On error or cancel: as before. The configuration arrives in
 * args.xml. */
#include "engine/arrival.h"

static OpStepFn config_read, domain_claim, domain_unclaim, config_record, config_show;

static const OpStep steps[] = {
        {.name = "read configuration", .run = config_read},
        {.name = "probe emulator", .run = arrival_probe},
        {.name = "claim name", .run = domain_claim, .undo = domain_unclaim},
        {.name = "record configuration", .run = config_record, .flags = OP_COMMITS},
        {.name = "show configuration", .run = config_show},
        {},
};

const OpType define_op = {
        .name = "define",
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
        EngineCall *call = call_of(op);
        DomainList *list = call->driver->host.domains;
        Domain *d;
        int r = call->driver->type->validate(call->driver, a->config, err);

        if (r < 0)
                return r;
        r = domain_list_check_free(list, a->config->name, &a->config->uuid, err);
        if (r < 0)
                return r;
        d = domain_list_by_uuid(list, &a->config->uuid);
        if (!d) {
                r = domain_list_add(list, a->config->name, &a->config->uuid, &d, err);
                if (r < 0)
                        return r;
        } else if (d->holder &&
                   (d->holder->type == &undefine_op || d->holder->type == &rename_op)) {
                return error_set(err, ERROR_OPERATION_INVALID, "domain '%s' is being %s", d->name,
                                 d->holder->type == &rename_op ? "renamed" : "undefined");
        }
        d->defining++;
        a->d = domain_ref(d);
        return OP_NEXT;
}

static int domain_unclaim(Op *op, Error *err)
{
        Arrival *a = op->state;

        a->d->defining--;
        return arrival_unclaim(op, err);
}

static int config_record(Op *op, Error *err)
{
        Arrival *a = op->state;
        StoreTx *tx = store_tx_new(op_store(op));

        domain_record_config(tx, a->d, a->config);
        return op_commit(op, tx, err);
}

static int config_show(Op *op, Error *err)
{
        Arrival *a = op->state;
        EngineCall *call = call_of(op);

        (void) err;
        a->d->defining--;
        domain_set_config(a->d, TAKE_PTR(a->config));
        if (!call->d)
                call->d = domain_ref(a->d);
        return OP_NEXT;
}

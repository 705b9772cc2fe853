#include "engine/arrival.h"

#include <string.h>

void arrival_release(Op *op)
{
        Arrival *a = op->state;

        domain_config_free(a->config);
        domain_unref(a->d);
}

int arrival_parse(Op *op, const char *xml, Error *err)
{
        Arrival *a = op->state;
        int r = domain_config_from_xml(xml, strlen(xml), &a->config, err);

        return r < 0 ? r : domain_config_finish(a->config, err);
}

int arrival_probe(Op *op, Error *err)
{
        Arrival *a = op->state;
        Driver *driver = call_of(op)->driver;

        (void) err;
        op->waits_for = "the emulator's capabilities";
        driver->type->prepare(driver, a->config, op_wake_cb, op);
        return OP_WAIT;
}

int arrival_claim(Op *op, Error *err)
{
        Arrival *a = op->state;
        DomainList *list = call_of(op)->driver->host.domains;
        Domain *d;
        int r = domain_list_check_free(list, a->config->name, &a->config->uuid, err);

        if (r < 0)
                return r;
        d = domain_list_by_uuid(list, &a->config->uuid);
        if (d && domain_active(d))
                return error_set(err, ERROR_OPERATION_INVALID, "domain '%s' is already active",
                                 d->name);
        if (!d) {
                r = domain_list_add(list, a->config->name, &a->config->uuid, &d, err);
                if (r < 0)
                        return r;
        }
        a->d = domain_ref(d);
        return OP_NEXT;
}

int arrival_unclaim(Op *op, Error *err)
{
        Arrival *a = op->state;

        (void) err;
        engine_unclaim(a->d);
        return OP_NEXT;
}

static void inner_ended(void *data, Domain *d, const Error *err)
{
        Op *op = data;
        Arrival *a = op->state;
        EngineCall *call = call_of(op);

        a->inner = NULL;
        if (!call->d && !error_is_set(err))
                call->d = domain_ref(d);
        op_wake(op, err);
}

int arrival_hand_over(Op *op, DomainVerb verb, OpArgs *args, Error *err)
{
        Arrival *a = op->state;
        EngineCall *call = call_of(op);
        int r = engine_submit(call->engine, call->driver, a->d, verb, args, inner_ended, op,
                              &a->inner, err);

        op_args_done(args);
        op->waits_for = domain_verb_text(verb);
        return r < 0 ? r : OP_WAIT;
}

int arrival_cancel(Op *op, Error *err)
{
        Arrival *a = op->state;

        (void) err;
        if (a->inner)
                engine_cancel(a->inner);
        return OP_NEXT;
}

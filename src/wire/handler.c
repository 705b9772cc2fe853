/* What handlers share. */
#include "wire/handler.h"

#include "base/str.h"
#include "wire/call.h"
#include "wire/server-internal.h"

#include <libvirt/libvirt.h>

Driver *call_driver(const WireCall *call)
{
        return call->client->driver;
}

Engine *call_engine(const WireCall *call)
{
        return call->client->server->engine;
}

int call_domain(WireCall *call, const WireDomain *dom, Domain **ret, Error *err)
{
        Domain *d = domain_list_by_uuid(call_driver(call)->host.domains, &dom->uuid);

        if (!d)
                return error_set(err, ERROR_NO_DOMAIN, "no domain with matching uuid '%s' (%s)",
                                 UUID_TEXT(&dom->uuid), dom->name);
        *ret = d;
        return 0;
}

int call_bad_argument(WireCall *call, const char *argument, Error *err, const char *format, ...)
{
        va_list ap;
        int r;

        call->argument = argument;
        va_start(ap, format);
        r = error_setv(err, ERROR_INVALID_ARGUMENT, format, ap);
        va_end(ap);
        return r;
}

int call_flags(WireCall *call, uint32_t flags, uint32_t supported, Error *err)
{
        if (flags & ~supported)
                return call_bad_argument(call, "flags", err,
                                         "unsupported flags (0x%x) in function %s",
                                         flags & ~supported, call->proc->api);
        return 0;
}

int call_choose_config(WireCall *call, const Domain *d, uint32_t flags, const DomainConfig **ret,
                       Error *err)
{
        if ((flags & VIR_DOMAIN_AFFECT_LIVE) && (flags & VIR_DOMAIN_AFFECT_CONFIG))
                return call_bad_argument(call, "flags", err,
                                         "flags LIVE and CONFIG in %s exclude one another",
                                         call->proc->api);
        if ((flags & VIR_DOMAIN_AFFECT_LIVE) && !domain_active(d))
                return error_set(err, ERROR_OPERATION_INVALID, "domain is not running");
        if ((flags & VIR_DOMAIN_AFFECT_CONFIG) && !domain_persistent(d))
                return error_set(err, ERROR_OPERATION_INVALID,
                                 "transient domains do not have any persistent config");
        *ret = flags & VIR_DOMAIN_AFFECT_CONFIG ? d->config : domain_current_config(d);
        return 0;
}

static void verb_ended(void *data, Domain *d, const Error *err)
{
        WireCall *call = data;

        if (!error_is_set(err) && d && call->fill)
                call->fill(call, d);
        call_end(call, err);
}

int call_submit(WireCall *call, Domain *d, DomainVerb verb, OpArgs *args, WireFillFn *fill,
                Error *err)
{
        int r;

        call->fill = fill;
        r = engine_submit(call_engine(call), call_driver(call), d, verb, args, verb_ended, call,
                          &call->engine_call, err);
        return r < 0 ? r : WIRE_LATER;
}

int call_ask(WireCall *call, Domain *d, const DriverQuestion *question, DriverAnswerFn *done,
             Error *err)
{
        int r = engine_ask(call_engine(call), d, question, done, call, &call->ask, err);

        return r < 0 ? r : WIRE_LATER;
}

void fill_domain(WireDomain *ret, const Domain *d)
{
        free(ret->name);
        *ret = (WireDomain){
                .name = xstrdup(d->name),
                .uuid = d->uuid,
                .id = (int32_t) d->id,
        };
}

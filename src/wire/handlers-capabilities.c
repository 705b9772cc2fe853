/* What guests can be run here: capabilities, domain capabilities, CPU models. Each may have to wait
 * until the driver has learned what a hypervisor's program can do. */
#include "wire/handler.h"

#include "base/str.h"
#include "wire/call.h"
#include "wire/server-internal.h"

#include <string.h>

static int fill_capabilities(WireCall *call, Error *err)
{
        RemoteConnectGetCapabilitiesRet *ret = call->ret;
        Driver *driver = call_driver(call);
        _cleanup_(free_ptr) char *host =
                host_to_xml(&call->client->server->host, driver->type->virt_types);
        _cleanup_(free_ptr) char *guests = driver->type->capabilities(driver);

        (void) err;
        ret->capabilities = xasprintf("<capabilities>\n\n%s\n%s\n</capabilities>\n", host, guests);
        return WIRE_DONE;
}

static int fill_domain_capabilities(WireCall *call, Error *err)
{
        const RemoteConnectGetDomainCapabilitiesArgs *args = call->args;
        RemoteConnectGetDomainCapabilitiesRet *ret = call->ret;
        Driver *driver = call_driver(call);
        const DriverMachine machine = {args->emulatorbin, args->arch, args->machine,
                                       args->virttype};

        return driver->type->domain_capabilities(driver, &machine, &ret->capabilities, err);
}

static int fill_models(WireCall *call, Error *err)
{
        const RemoteConnectGetCpuModelNamesArgs *args = call->args;
        RemoteConnectGetCpuModelNamesRet *ret = call->ret;
        Driver *driver = call_driver(call);
        _cleanup_(strv_freep) char **models = NULL;
        int r = driver->type->cpu_models(driver, args->arch, &models, err);

        if (r < 0)
                return r;
        ret->ret = (int32_t) strv_len(models);
        if (args->need_results) {
                ret->n_models = (uint32_t) strv_len(models);
                ret->models = TAKE_PTR(models);
        }
        return WIRE_DONE;
}

/* --- learning first --- */

typedef int FillFn(WireCall *call, Error *err);

static FillFn *fill_of(const WireCall *call)
{
        switch (call->proc->number) {
        case REMOTE_CONNECT_GET_CAPABILITIES:
                return fill_capabilities;
        case REMOTE_CONNECT_GET_DOMAIN_CAPABILITIES:
                return fill_domain_capabilities;
        default:
                return fill_models;
        }
}

/* What could not be learned is told by the document, or by its absence. */
static void learned(void *data, Domain *d, const Error *why)
{
        WireCall *call = data;
        const RemoteConnectGetDomainCapabilitiesArgs *args = call->args;
        _cleanup_(error_done) Error err = {};

        (void) d;
        if (error_is_set(why) && call->proc->number == REMOTE_CONNECT_GET_DOMAIN_CAPABILITIES &&
            args->emulatorbin)
                error_copy(&err, why);
        else
                (void) fill_of(call)(call, &err);
        call_end(call, &err);
}

static int learn(WireCall *call, const char *emulator, const char *arch, Error *err)
{
        OpArgs args;
        int r;

        op_args_init(&args);
        args.emulator = xstrdup_null(emulator);
        args.arch = xstrdup_null(arch);
        r = engine_submit(call_engine(call), call_driver(call), NULL, VERB_LEARN, &args, learned,
                          call, &call->engine_call, err);
        return r < 0 ? r : WIRE_LATER;
}

/* It becomes part of a path. */
static bool is_arch(const char *arch)
{
        size_t len = strlen(arch);

        return len > 0 && len < 32 &&
               strspn(arch, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
                       len;
}

/* --- handlers --- */

static int get_capabilities(WireCall *call, Error *err)
{
        Driver *driver = call_driver(call);

        if (driver->type->version(driver) > 0)
                return fill_capabilities(call, err);
        return learn(call, NULL, NULL, err);
}

static int get_domain_capabilities(WireCall *call, Error *err)
{
        const RemoteConnectGetDomainCapabilitiesArgs *args = call->args;
        const char *const *type = call_driver(call)->type->virt_types;
        int r = call_flags(call, args->flags, 0, err);

        if (r < 0)
                return r;
        while (args->virttype && *type && !str_eq(*type, args->virttype))
                type++;
        if (!*type)
                return error_set(err, ERROR_INVALID_ARGUMENT, "unknown virttype: %s",
                                 args->virttype);
        if (args->arch && !is_arch(args->arch))
                return error_set(err, ERROR_INVALID_ARGUMENT, "unknown architecture: %s",
                                 args->arch);
        return learn(call, args->emulatorbin, args->arch, err);
}

static int get_cpu_model_names(WireCall *call, Error *err)
{
        const RemoteConnectGetCpuModelNamesArgs *args = call->args;
        int r = call_flags(call, args->flags, 0, err);

        if (r < 0)
                return r;
        if (!is_arch(args->arch))
                return error_set(err, ERROR_INVALID_ARGUMENT, "cannot find architecture %s",
                                 args->arch);
        return learn(call, NULL, args->arch, err);
}

const WireHandler handlers_capabilities[] = {
        {WIRE_REMOTE, REMOTE_CONNECT_GET_CAPABILITIES, get_capabilities, WIRE_SLOW},
        {WIRE_REMOTE, REMOTE_CONNECT_GET_DOMAIN_CAPABILITIES, get_domain_capabilities, WIRE_SLOW},
        {WIRE_REMOTE, REMOTE_CONNECT_GET_CPU_MODEL_NAMES, get_cpu_model_names, WIRE_SLOW},
        {},
};

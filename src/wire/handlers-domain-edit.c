/* Changes of a configuration, and the flags that say which one is meant. */
#include "wire/handler.h"

#include "base/str.h"

#include <libvirt/libvirt.h>

enum {
        AFFECT = VIR_DOMAIN_AFFECT_LIVE | VIR_DOMAIN_AFFECT_CONFIG,
};

_Static_assert((int) VIR_DOMAIN_MEM_LIVE == (int) VIR_DOMAIN_AFFECT_LIVE &&
                       (int) VIR_DOMAIN_MEM_CONFIG == (int) VIR_DOMAIN_AFFECT_CONFIG &&
                       (int) VIR_DOMAIN_VCPU_LIVE == (int) VIR_DOMAIN_AFFECT_LIVE &&
                       (int) VIR_DOMAIN_VCPU_CONFIG == (int) VIR_DOMAIN_AFFECT_CONFIG,
               "the flags of memory, processors and the rest differ");

static EditAffect affect_of(uint32_t flags)
{
        switch (flags & AFFECT) {
        case VIR_DOMAIN_AFFECT_LIVE:
                return EDIT_AFFECT_LIVE;
        case VIR_DOMAIN_AFFECT_CONFIG:
                return EDIT_AFFECT_CONFIG;
        case AFFECT:
                return EDIT_AFFECT_BOTH;
        default:
                return EDIT_AFFECT_CURRENT;
        }
}

int call_edit(WireCall *call, const WireDomain *dom, uint32_t flags, Edit *edit, Error *err)
{
        OpArgs args;
        Domain *d;
        int r = call_domain(call, dom, &d, err);

        edit->affect = affect_of(flags);
        if (r < 0) {
                edit_done(edit);
                return r;
        }
        op_args_init(&args);
        args.edit = xmemdup(edit, sizeof(*edit));
        return call_submit(call, d, VERB_EDIT, &args, NULL, err);
}

/* --- texts --- */

static int set_metadata(WireCall *call, Error *err)
{
        const RemoteDomainSetMetadataArgs *args = call->args;
        Edit edit = {.text = NULL};
        int r = call_flags(call, args->flags, AFFECT, err);

        if (r < 0)
                return r;
        switch (args->type) {
        case VIR_DOMAIN_METADATA_DESCRIPTION:
                edit.kind = EDIT_KIND_DESCRIPTION;
                break;
        case VIR_DOMAIN_METADATA_TITLE:
                edit.kind = EDIT_KIND_TITLE;
                break;
        case VIR_DOMAIN_METADATA_ELEMENT:
                edit.kind = EDIT_KIND_ELEMENT;
                if (!args->uri || !*args->uri)
                        return call_bad_argument(call, "uri", err, "uri in %s must not be NULL",
                                                 call->proc->api);
                if (args->metadata && (!args->key || !*args->key))
                        return call_bad_argument(call, "key", err, "key in %s must not be NULL",
                                                 call->proc->api);
                break;
        default:
                return error_set(err, ERROR_INVALID_ARGUMENT, "unknown metadata type %d",
                                 args->type);
        }
        edit.text = xstrdup_null(args->metadata);
        edit.uri = xstrdup_null(args->uri);
        edit.key = xstrdup_null(args->key);
        return call_edit(call, &args->dom, args->flags, &edit, err);
}

/* --- memory --- */

static int submit_memory(WireCall *call, const WireDomain *dom, uint64_t kib, uint32_t flags,
                         Error *err)
{
        Edit edit = {
                .kind = flags & VIR_DOMAIN_MEM_MAXIMUM ? EDIT_KIND_MAX_MEMORY : EDIT_KIND_MEMORY,
                .number = kib,
        };
        int r = call_flags(call, flags, AFFECT | VIR_DOMAIN_MEM_MAXIMUM, err);

        return r < 0 ? r : call_edit(call, dom, flags, &edit, err);
}

static int set_max_memory(WireCall *call, Error *err)
{
        const RemoteDomainSetMaxMemoryArgs *args = call->args;

        return submit_memory(call, &args->dom, args->memory, VIR_DOMAIN_MEM_MAXIMUM, err);
}

static int set_memory(WireCall *call, Error *err)
{
        const RemoteDomainSetMemoryArgs *args = call->args;

        return submit_memory(call, &args->dom, args->memory, VIR_DOMAIN_MEM_LIVE, err);
}

static int set_memory_flags(WireCall *call, Error *err)
{
        const RemoteDomainSetMemoryFlagsArgs *args = call->args;

        return submit_memory(call, &args->dom, args->memory, args->flags, err);
}

static int set_memory_stats_period(WireCall *call, Error *err)
{
        const RemoteDomainSetMemoryStatsPeriodArgs *args = call->args;
        Edit edit = {.kind = EDIT_KIND_STATS_PERIOD, .number = (uint64_t) args->period};
        int r = call_flags(call, args->flags, AFFECT, err);

        if (r < 0)
                return r;
        if (args->period < 0)
                return call_bad_argument(call, "period", err,
                                         "period in %s must be zero or greater", call->proc->api);
        return call_edit(call, &args->dom, args->flags, &edit, err);
}

/* --- virtual processors --- */

static int submit_vcpus(WireCall *call, const WireDomain *dom, uint32_t n, uint32_t flags,
                        Error *err)
{
        Edit edit = {
                .kind = flags & VIR_DOMAIN_VCPU_MAXIMUM ? EDIT_KIND_MAX_VCPUS : EDIT_KIND_VCPUS,
                .number = n,
        };
        int r = call_flags(call, flags,
                           AFFECT | VIR_DOMAIN_VCPU_MAXIMUM | VIR_DOMAIN_VCPU_GUEST |
                                   VIR_DOMAIN_VCPU_HOTPLUGGABLE,
                           err);

        if (r < 0)
                return r;
        if (n == 0)
                return call_bad_argument(call, "nvcpus", err, "nvcpus in %s must not be zero",
                                         call->proc->api);
        if (flags & (VIR_DOMAIN_VCPU_GUEST | VIR_DOMAIN_VCPU_HOTPLUGGABLE))
                return error_set(err, ERROR_UNSUPPORTED,
                                 "processors that the guest itself or a user can take away");
        if (n > call_driver(call)->type->max_vcpus && (flags & VIR_DOMAIN_VCPU_MAXIMUM))
                return error_set(err, ERROR_INVALID_ARGUMENT,
                                 "requested vcpus is greater than max allowable vcpus for the "
                                 "domain: %u > %u",
                                 n, call_driver(call)->type->max_vcpus);
        return call_edit(call, dom, flags, &edit, err);
}

static int set_vcpus(WireCall *call, Error *err)
{
        const RemoteDomainSetVcpusArgs *args = call->args;

        return submit_vcpus(call, &args->dom, args->nvcpus, VIR_DOMAIN_VCPU_LIVE, err);
}

static int set_vcpus_flags(WireCall *call, Error *err)
{
        const RemoteDomainSetVcpusFlagsArgs *args = call->args;

        return submit_vcpus(call, &args->dom, args->nvcpus, args->flags, err);
}

static int get_vcpus_flags(WireCall *call, Error *err)
{
        const RemoteDomainGetVcpusFlagsArgs *args = call->args;
        RemoteDomainGetVcpusFlagsRet *ret = call->ret;
        const DomainConfig *config;
        Domain *d;
        int r = call_flags(call, args->flags,
                           AFFECT | VIR_DOMAIN_VCPU_MAXIMUM | VIR_DOMAIN_VCPU_GUEST, err);

        if (r >= 0)
                r = call_domain(call, &args->dom, &d, err);
        if (r >= 0 && (args->flags & VIR_DOMAIN_VCPU_GUEST))
                r = error_set(err, ERROR_UNSUPPORTED, "processors as the guest itself counts them");
        if (r >= 0)
                r = call_choose_config(call, d, args->flags, &config, err);
        if (r < 0)
                return r;
        ret->num = (int32_t) (args->flags & VIR_DOMAIN_VCPU_MAXIMUM ? config->vcpus
                                                                    : config_current_vcpus(config));
        return WIRE_DONE;
}

/* --- the name --- */

static int rename_domain(WireCall *call, Error *err)
{
        const RemoteDomainRenameArgs *args = call->args;
        OpArgs verb;
        Domain *d;
        int r = call_flags(call, args->flags, 0, err);

        if (r >= 0)
                r = call_domain(call, &args->dom, &d, err);
        if (r >= 0 && (!args->new_name || !*args->new_name))
                r = call_bad_argument(call, "new_name", err, "new_name in %s must not be empty",
                                      call->proc->api);
        if (r < 0)
                return r;
        op_args_init(&verb);
        verb.name = xstrdup(args->new_name);
        return call_submit(call, d, VERB_RENAME, &verb, NULL, err);
}

const WireHandler handlers_domain_edit[] = {
        {WIRE_REMOTE, REMOTE_DOMAIN_SET_METADATA, set_metadata, WIRE_SLOW},
        {WIRE_REMOTE, REMOTE_DOMAIN_SET_MAX_MEMORY, set_max_memory, WIRE_SLOW},
        {WIRE_REMOTE, REMOTE_DOMAIN_SET_MEMORY, set_memory, WIRE_SLOW},
        {WIRE_REMOTE, REMOTE_DOMAIN_SET_MEMORY_FLAGS, set_memory_flags, WIRE_SLOW},
        {WIRE_REMOTE, REMOTE_DOMAIN_SET_MEMORY_STATS_PERIOD, set_memory_stats_period, WIRE_SLOW},
        {WIRE_REMOTE, REMOTE_DOMAIN_SET_VCPUS, set_vcpus, WIRE_SLOW},
        {WIRE_REMOTE, REMOTE_DOMAIN_SET_VCPUS_FLAGS, set_vcpus_flags, WIRE_SLOW},
        {WIRE_REMOTE, REMOTE_DOMAIN_GET_VCPUS_FLAGS, get_vcpus_flags, 0},
        {WIRE_REMOTE, REMOTE_DOMAIN_RENAME, rename_domain, WIRE_SLOW},
        {},
};

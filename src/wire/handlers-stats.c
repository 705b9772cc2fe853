/* Statistics of many domains in one call. */
#include "wire/handler.h"

#include "base/str.h"
#include "wire/list-filter.h"
#include "wire/typed-params.h"
#include "wire/word-map.h"

#include <libvirt/libvirt.h>

enum {
        GROUPS = VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_CPU_TOTAL | VIR_DOMAIN_STATS_BALLOON |
                 VIR_DOMAIN_STATS_VCPU,
        FILTERS = VIR_CONNECT_LIST_DOMAINS_ACTIVE | VIR_CONNECT_LIST_DOMAINS_INACTIVE |
                  VIR_CONNECT_LIST_DOMAINS_PERSISTENT | VIR_CONNECT_LIST_DOMAINS_TRANSIENT |
                  VIR_CONNECT_LIST_DOMAINS_RUNNING | VIR_CONNECT_LIST_DOMAINS_PAUSED |
                  VIR_CONNECT_LIST_DOMAINS_SHUTOFF | VIR_CONNECT_LIST_DOMAINS_OTHER,
};

static void add_vcpus(TypedParams *params, const DomainConfig *config)
{
        uint32_t current = config->has_vcpu_current ? config->vcpu_current : config->vcpus;

        *vec_push(params) = (WireTypedParam){
                .field = xstrdup("vcpu.current"), .tag = WIRE_PARAM_UINT, .value.u = current};
        *vec_push(params) = (WireTypedParam){
                .field = xstrdup("vcpu.maximum"), .tag = WIRE_PARAM_UINT, .value.u = config->vcpus};
}

static void fill_record(WireDomainStatsRecord *record, Driver *driver, Domain *d, uint32_t groups)
{
        const DomainConfig *config = domain_current_config(d);
        uint64_t memory = config->has_current_memory ? config->current_memory : config->memory;
        TypedParams params = {};

        if (domain_active(d) && driver->type->sample)
                driver->type->sample(driver, d);
        if (groups & VIR_DOMAIN_STATS_STATE) {
                params_add_int(&params, "state.state", word_map_state(d->state));
                params_add_int(&params, "state.reason", word_map_reason(d->state, d->reason));
        }
        if ((groups & VIR_DOMAIN_STATS_CPU_TOTAL) && domain_active(d))
                params_add_ullong(&params, "cpu.time", d->stats.cpu_time_ns);
        if (groups & VIR_DOMAIN_STATS_BALLOON) {
                if (domain_active(d) && d->stats.balloon_kib > 0)
                        memory = d->stats.balloon_kib;
                params_add_ullong(&params, "balloon.current", memory);
                params_add_ullong(&params, "balloon.maximum", config->memory);
        }
        if (groups & VIR_DOMAIN_STATS_VCPU)
                add_vcpus(&params, config);
        fill_domain(&record->dom, d);
        params_take(&params, &record->params, &record->n_params);
}

/* The domains asked for, in the order of their names in the call, or all. */
static void collect(WireCall *call, uint32_t groups)
{
        const RemoteConnectGetAllDomainStatsArgs *args = call->args;
        RemoteConnectGetAllDomainStatsRet *ret = call->ret;
        Driver *driver = call_driver(call);
        size_t room = args->n_doms > 0 ? args->n_doms : driver->host.domains->len;

        if (room > WIRE_DOMAIN_LIST_MAX)
                room = WIRE_DOMAIN_LIST_MAX;
        ret->ret_stats = xnew0(WireDomainStatsRecord, room + 1);
        for (uint32_t i = 0; i < args->n_doms; i++) {
                Domain *d = domain_list_by_uuid(driver->host.domains, &args->doms[i].uuid);

                if (d && list_filter_matches(d, args->flags & FILTERS))
                        fill_record(&ret->ret_stats[ret->n_ret_stats++], driver, d, groups);
        }
        if (args->n_doms > 0)
                return;
        LIST_FOREACH(d, &driver->host.domains->domains, Domain, node)
                if (ret->n_ret_stats < room && list_filter_matches(d, args->flags & FILTERS))
                        fill_record(&ret->ret_stats[ret->n_ret_stats++], driver, d, groups);
}

static int get_all_domain_stats(WireCall *call, Error *err)
{
        const RemoteConnectGetAllDomainStatsArgs *args = call->args;
        const uint32_t supported = FILTERS | VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT |
                                   VIR_CONNECT_GET_ALL_DOMAINS_STATS_BACKING |
                                   VIR_CONNECT_GET_ALL_DOMAINS_STATS_ENFORCE_STATS;
        int r = call_flags(call, args->flags, supported, err);

        if (r < 0)
                return r;
        if ((args->flags & VIR_CONNECT_GET_ALL_DOMAINS_STATS_ENFORCE_STATS) &&
            (args->stats & ~(uint32_t) GROUPS))
                return error_set(err, ERROR_UNSUPPORTED, "statistics of groups 0x%x",
                                 args->stats & ~(uint32_t) GROUPS);
        collect(call, args->stats ? args->stats : GROUPS);
        return WIRE_DONE;
}

const WireHandler handlers_stats[] = {
        {WIRE_REMOTE, REMOTE_CONNECT_GET_ALL_DOMAIN_STATS, get_all_domain_stats, 0},
        {},
};

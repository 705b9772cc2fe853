/* Statistics of many domains in one call. */
#include "wire/handler.h"

#include "base/str.h"
#include "wire/domain-stats.h"
#include "wire/list-filter.h"

#include <libvirt/libvirt.h>

enum {
        FILTERS = VIR_CONNECT_LIST_DOMAINS_ACTIVE | VIR_CONNECT_LIST_DOMAINS_INACTIVE |
                  VIR_CONNECT_LIST_DOMAINS_PERSISTENT | VIR_CONNECT_LIST_DOMAINS_TRANSIENT |
                  VIR_CONNECT_LIST_DOMAINS_RUNNING | VIR_CONNECT_LIST_DOMAINS_PAUSED |
                  VIR_CONNECT_LIST_DOMAINS_SHUTOFF | VIR_CONNECT_LIST_DOMAINS_OTHER,
};

/* Groups that the hypervisor has to be asked for. */
static const uint32_t asked_groups = VIR_DOMAIN_STATS_BALLOON | VIR_DOMAIN_STATS_VCPU |
                                     VIR_DOMAIN_STATS_BLOCK | VIR_DOMAIN_STATS_IOTHREAD;

typedef VEC(Domain *) Domains;

/* The domains asked for, in the order of the call, or all; those that the filters let through. */
static void collect(WireCall *call, Domains *ret)
{
        const RemoteConnectGetAllDomainStatsArgs *args = call->args;
        DomainList *list = call_driver(call)->host.domains;

        for (uint32_t i = 0; i < args->n_doms; i++) {
                Domain *d = domain_list_by_uuid(list, &args->doms[i].uuid);

                if (d && list_filter_matches(d, args->flags & FILTERS))
                        *vec_push(ret) = d;
        }
        if (args->n_doms > 0)
                return;
        LIST_FOREACH(d, &list->domains, Domain, node)
                if (ret->len < WIRE_DOMAIN_LIST_MAX && domain_visible(d) &&
                    list_filter_matches(d, args->flags & FILTERS))
                        *vec_push(ret) = d;
}

/* With NOWAIT a domain that an operation holds is told as it is known. */
static int refresh(WireCall *call, const Domains *domains, bool nowait)
{
        _cleanup_(free_ptr) Domain **stale = xnew0(Domain *, domains->len + 1);
        size_t n = 0;

        for (size_t i = 0; i < domains->len; i++)
                if (!nowait || !domains->items[i]->holder)
                        stale[n++] = domains->items[i];
        return call_stats(call, stale, n);
}

static void fill_record(WireDomainStatsRecord *record, Domain *d, uint32_t groups, bool backing)
{
        const DriverType *type = d->list->driver->type;
        TypedParams params = {};

        if (domain_active(d) && type->sample)
                type->sample(d->list->driver, d);
        domain_stats_add(&params, d, groups, backing);
        fill_domain(&record->dom, d);
        params_take(&params, &record->params, &record->n_params);
}

static int get_all_domain_stats(WireCall *call, Error *err)
{
        const RemoteConnectGetAllDomainStatsArgs *args = call->args;
        RemoteConnectGetAllDomainStatsRet *ret = call->ret;
        const uint32_t nowait = VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT;
        const uint32_t backing = VIR_CONNECT_GET_ALL_DOMAINS_STATS_BACKING;
        const uint32_t enforce = VIR_CONNECT_GET_ALL_DOMAINS_STATS_ENFORCE_STATS;
        uint32_t groups = args->stats ? args->stats : domain_stats_groups;
        Domains domains = {};
        int r = call_flags(call, args->flags, FILTERS | nowait | backing | enforce, err);

        if (r < 0)
                return r;
        if ((args->flags & enforce) && (groups & ~domain_stats_groups))
                return error_set(err, ERROR_ARGUMENT_UNSUPPORTED,
                                 "Stats types bits 0x%x are not supported by this daemon",
                                 groups & ~domain_stats_groups);
        collect(call, &domains);
        r = groups & asked_groups ? refresh(call, &domains, args->flags & nowait) : WIRE_DONE;
        if (r == WIRE_DONE) {
                ret->ret_stats = xnew0(WireDomainStatsRecord, domains.len + 1);
                for (size_t i = 0; i < domains.len; i++)
                        fill_record(&ret->ret_stats[ret->n_ret_stats++], domains.items[i], groups,
                                    args->flags & backing);
        }
        vec_done(&domains);
        return r;
}

const WireHandler handlers_stats[] = {
        {WIRE_REMOTE, REMOTE_CONNECT_GET_ALL_DOMAIN_STATS, get_all_domain_stats,
         WIRE_SLOW | WIRE_URGENT},
        {},
};

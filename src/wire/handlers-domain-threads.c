/* The guest's threads: where virtual processors, I/O threads and the hypervisor itself run; and the
 * coming and going of I/O threads. */
#include "wire/handler.h"

#include "base/str.h"
#include "config/cpu-set.h"
#include "wire/server-internal.h"

#include <libvirt/libvirt.h>

enum {
        AFFECT = VIR_DOMAIN_AFFECT_LIVE | VIR_DOMAIN_AFFECT_CONFIG,
        VCPUS_MAX = 16384, /* the protocol's */
        CPUMAPS_MAX = 8388608,
};

/* --- pins --- */

static int submit_pin(WireCall *call, const WireDomain *dom, EditKind kind, uint32_t id,
                      const WireBytes *map, uint32_t flags, Error *err)
{
        _cleanup_(free_ptr) CpuSet *set = xnew0(CpuSet, 1);
        Edit edit = {.kind = kind, .id = id};
        int r = call_flags(call, flags, AFFECT, err);

        if (r < 0)
                return r;
        cpu_set_from_bytes(set, map->data, map->len);
        edit.text = cpu_set_text(set);
        return call_edit(call, dom, flags, &edit, err);
}

static int pin_vcpu(WireCall *call, Error *err)
{
        const RemoteDomainPinVcpuArgs *args = call->args;

        return submit_pin(call, &args->dom, EDIT_KIND_VCPU_PIN, args->vcpu, &args->cpumap,
                          VIR_DOMAIN_AFFECT_LIVE, err);
}

static int pin_vcpu_flags(WireCall *call, Error *err)
{
        const RemoteDomainPinVcpuFlagsArgs *args = call->args;

        return submit_pin(call, &args->dom, EDIT_KIND_VCPU_PIN, args->vcpu, &args->cpumap,
                          args->flags, err);
}

static int pin_emulator(WireCall *call, Error *err)
{
        const RemoteDomainPinEmulatorArgs *args = call->args;

        return submit_pin(call, &args->dom, EDIT_KIND_EMULATOR_PIN, 0, &args->cpumap, args->flags,
                          err);
}

static int pin_iothread(WireCall *call, Error *err)
{
        const RemoteDomainPinIothreadArgs *args = call->args;

        return submit_pin(call, &args->dom, EDIT_KIND_IOTHREAD_PIN, args->iothreads_id,
                          &args->cpumap, args->flags, err);
}

/* --- what is pinned --- */

/* The processors of the host that a set allows, as far as the host has them. */
static void fill_map(const WireCall *call, const char *text, uint8_t *map, size_t len)
{
        unsigned cpus = call->client->server->host.present;
        CpuSet set;

        if (!text || !cpu_set_parse(text, &set))
                memset(&set, 0xff, sizeof(set));
        for (unsigned cpu = cpus; cpu < CPU_SET_MAX; cpu++)
                set.bits[cpu / 64] &= ~(1ull << (cpu % 64));
        cpu_set_to_bytes(&set, map, len);
}

static int choose(WireCall *call, const WireDomain *dom, uint32_t flags, const DomainConfig **ret,
                  Error *err)
{
        Domain *d;
        int r = call_flags(call, flags, AFFECT, err);

        if (r >= 0)
                r = call_domain(call, dom, &d, err);
        return r < 0 ? r : call_choose_config(call, d, flags, ret, err);
}

static int get_vcpu_pins(WireCall *call, Error *err)
{
        const RemoteDomainGetVcpuPinInfoArgs *args = call->args;
        RemoteDomainGetVcpuPinInfoRet *ret = call->ret;
        const DomainConfig *config;
        uint32_t n;
        int r = choose(call, &args->dom, args->flags, &config, err);

        if (r < 0)
                return r;
        if (args->ncpumaps < 0 || args->ncpumaps > VCPUS_MAX || args->maplen < 0 ||
            (int64_t) args->ncpumaps * args->maplen > CPUMAPS_MAX)
                return error_set(err, ERROR_PROTOCOL, "vCPU map buffer length exceeds maximum");
        n = config->vcpus < (uint32_t) args->ncpumaps ? config->vcpus : (uint32_t) args->ncpumaps;
        ret->num = (int32_t) n;
        ret->cpumaps.len = n * (uint32_t) args->maplen;
        if (ret->cpumaps.len)
                ret->cpumaps.data = xnew0(uint8_t, ret->cpumaps.len);
        for (uint32_t i = 0; i < n && args->maplen; i++)
                fill_map(call, config_vcpu_cpuset(config, i),
                         ret->cpumaps.data + i * (uint32_t) args->maplen, (size_t) args->maplen);
        return WIRE_DONE;
}

static int get_emulator_pin(WireCall *call, Error *err)
{
        const RemoteDomainGetEmulatorPinInfoArgs *args = call->args;
        RemoteDomainGetEmulatorPinInfoRet *ret = call->ret;
        const DomainConfig *config;
        int r = choose(call, &args->dom, args->flags, &config, err);

        if (r < 0)
                return r;
        if (args->maplen < 0 || args->maplen > CPUMAPS_MAX)
                return error_set(err, ERROR_PROTOCOL, "emulator map buffer length exceeds maximum");
        ret->ret = 1;
        ret->cpumaps.len = (uint32_t) args->maplen;
        if (ret->cpumaps.len) {
                ret->cpumaps.data = xnew0(uint8_t, ret->cpumaps.len);
                fill_map(call, config_emulator_cpuset(config), ret->cpumaps.data, ret->cpumaps.len);
        }
        return WIRE_DONE;
}

/* --- I/O threads --- */

static int get_iothreads(WireCall *call, Error *err)
{
        const RemoteDomainGetIothreadInfoArgs *args = call->args;
        RemoteDomainGetIothreadInfoRet *ret = call->ret;
        uint32_t len = (call->client->server->host.present + 7) / 8;
        const DomainConfig *config;
        int r = choose(call, &args->dom, args->flags, &config, err);

        if (r < 0)
                return r;
        ret->n_info = (uint32_t) config_iothreads(config);
        ret->info = xnew0(WireDomainIothreadInfo, ret->n_info + 1);
        ret->ret = ret->n_info;
        for (uint32_t i = 0; i < ret->n_info; i++) {
                uint32_t id = config_iothread_id(config, i);

                ret->info[i] = (WireDomainIothreadInfo){
                        .iothread_id = id, .cpumap = {.data = xnew0(uint8_t, len), .len = len}};
                fill_map(call, config_iothread_cpuset(config, id), ret->info[i].cpumap.data, len);
        }
        return WIRE_DONE;
}

static int submit_iothread(WireCall *call, const WireDomain *dom, EditKind kind, uint32_t id,
                           uint32_t flags, Error *err)
{
        Edit edit = {.kind = kind, .id = id};
        int r = call_flags(call, flags, AFFECT, err);

        if (r < 0)
                return r;
        if (id == 0)
                return error_set(err, ERROR_INVALID_ARGUMENT, "invalid value of 0 for iothread_id");
        return call_edit(call, dom, flags, &edit, err);
}

static int add_iothread(WireCall *call, Error *err)
{
        const RemoteDomainAddIothreadArgs *args = call->args;

        return submit_iothread(call, &args->dom, EDIT_KIND_IOTHREAD_ADD, args->iothread_id,
                               args->flags, err);
}

static int delete_iothread(WireCall *call, Error *err)
{
        const RemoteDomainDelIothreadArgs *args = call->args;

        return submit_iothread(call, &args->dom, EDIT_KIND_IOTHREAD_DELETE, args->iothread_id,
                               args->flags, err);
}

const WireHandler handlers_domain_threads[] = {
        {WIRE_REMOTE, REMOTE_DOMAIN_PIN_VCPU, pin_vcpu, WIRE_SLOW},
        {WIRE_REMOTE, REMOTE_DOMAIN_PIN_VCPU_FLAGS, pin_vcpu_flags, WIRE_SLOW},
        {WIRE_REMOTE, REMOTE_DOMAIN_GET_VCPU_PIN_INFO, get_vcpu_pins, 0},
        {WIRE_REMOTE, REMOTE_DOMAIN_PIN_EMULATOR, pin_emulator, WIRE_SLOW},
        {WIRE_REMOTE, REMOTE_DOMAIN_GET_EMULATOR_PIN_INFO, get_emulator_pin, 0},
        {WIRE_REMOTE, REMOTE_DOMAIN_GET_IOTHREAD_INFO, get_iothreads, 0},
        {WIRE_REMOTE, REMOTE_DOMAIN_PIN_IOTHREAD, pin_iothread, WIRE_SLOW},
        {WIRE_REMOTE, REMOTE_DOMAIN_ADD_IOTHREAD, add_iothread, WIRE_SLOW},
        {WIRE_REMOTE, REMOTE_DOMAIN_DEL_IOTHREAD, delete_iothread, WIRE_SLOW},
        {},
};

/* What changes on the host: processors, their time, memory. */
#include "wire/handler.h"

#include "base/str.h"
#include "wire/server-internal.h"

#include <libvirt/libvirt.h>

static const WireHost *host_of(const WireCall *call)
{
        return &call->client->server->host;
}

static unsigned cells_of(const WireHost *host)
{
        unsigned cells = 1;

        for (size_t i = 0; i < host->online.len; i++)
                if (host->online.items[i].node >= cells)
                        cells = host->online.items[i].node + 1;
        return cells;
}

/* --- statistics: a client that has no room asks how many there are --- */

static int get_cpu_stats(WireCall *call, Error *err)
{
        const RemoteNodeGetCpuStatsArgs *args = call->args;
        RemoteNodeGetCpuStatsRet *ret = call->ret;
        HostCpuTimes times;
        int r = call_flags(call, args->flags, 0, err);

        if (r < 0)
                return r;
        if (args->cpu_num < 0 && args->cpu_num != VIR_NODE_CPU_STATS_ALL_CPUS)
                return error_set(err, ERROR_INVALID_ARGUMENT, "Invalid cpuNum in %s",
                                 call->proc->api);
        r = host_cpu_times(args->cpu_num, &times, err);
        if (r < 0)
                return r;

        const struct {
                const char *name;
                uint64_t value;
        } all[] = {{VIR_NODE_CPU_STATS_KERNEL, times.kernel},
                   {VIR_NODE_CPU_STATS_USER, times.user},
                   {VIR_NODE_CPU_STATS_IDLE, times.idle},
                   {VIR_NODE_CPU_STATS_IOWAIT, times.iowait}};

        ret->nparams = ELEMENTSOF(all);
        if (args->nparams == 0)
                return WIRE_DONE;
        if (args->nparams != (int32_t) ELEMENTSOF(all))
                return call_bad_argument(call, "nparams", err, "nparams in %s must be %zu",
                                         call->proc->api, ELEMENTSOF(all));
        ret->params = xnew0(WireNodeGetCpuStats, ELEMENTSOF(all));
        ret->n_params = ELEMENTSOF(all);
        for (size_t i = 0; i < ELEMENTSOF(all); i++)
                ret->params[i] = (WireNodeGetCpuStats){xstrdup(all[i].name), all[i].value};
        return WIRE_DONE;
}

static int get_memory_stats(WireCall *call, Error *err)
{
        const RemoteNodeGetMemoryStatsArgs *args = call->args;
        RemoteNodeGetMemoryStatsRet *ret = call->ret;
        bool all_cells = args->cell_num == VIR_NODE_MEMORY_STATS_ALL_CELLS;
        HostMemory memory;
        int32_t n;
        int r = call_flags(call, args->flags, 0, err);

        if (r < 0)
                return r;
        if (!all_cells &&
            (args->cell_num < 0 || (unsigned) args->cell_num >= cells_of(host_of(call))))
                return call_bad_argument(call, "cellNum", err,
                                         "cellNum in %s must be less than or equal to %u",
                                         call->proc->api, cells_of(host_of(call)) - 1);
        r = host_memory(all_cells ? -1 : args->cell_num, &memory, err);
        if (r < 0)
                return r;

        const struct {
                const char *name;
                uint64_t value;
        } all[] = {{VIR_NODE_MEMORY_STATS_TOTAL, memory.total},
                   {VIR_NODE_MEMORY_STATS_FREE, memory.free},
                   {VIR_NODE_MEMORY_STATS_BUFFERS, memory.buffers},
                   {VIR_NODE_MEMORY_STATS_CACHED, memory.cached}};

        n = ret->nparams = all_cells ? 4 : 2;
        if (args->nparams == 0)
                return WIRE_DONE;
        if (args->nparams != n)
                return call_bad_argument(call, "nparams", err, "nparams in %s must be %d",
                                         call->proc->api, n);
        ret->params = xnew0(WireNodeGetMemoryStats, (size_t) n);
        ret->n_params = (uint32_t) n;
        for (int32_t i = 0; i < n; i++)
                ret->params[i] = (WireNodeGetMemoryStats){xstrdup(all[i].name), all[i].value};
        return WIRE_DONE;
}

/* --- memory --- */

static int get_free_memory(WireCall *call, Error *err)
{
        RemoteNodeGetFreeMemoryRet *ret = call->ret;
        HostMemory memory;
        int r = host_memory(-1, &memory, err);

        if (r < 0)
                return r;
        ret->free_mem = memory.free * 1024;
        return WIRE_DONE;
}

static int get_cells_free_memory(WireCall *call, Error *err)
{
        const RemoteNodeGetCellsFreeMemoryArgs *args = call->args;
        RemoteNodeGetCellsFreeMemoryRet *ret = call->ret;
        unsigned cells = cells_of(host_of(call)), n;

        if (args->start_cell < 0 || (unsigned) args->start_cell >= cells)
                return error_set(err, ERROR_INTERNAL, "start cell %d out of range (0-%u)",
                                 args->start_cell, cells - 1);
        if (args->maxcells <= 0)
                return call_bad_argument(call, "maxCells", err,
                                         "maxCells in %s must be greater than zero",
                                         call->proc->api);
        n = cells - (unsigned) args->start_cell;
        if (n > (unsigned) args->maxcells)
                n = (unsigned) args->maxcells;
        ret->cells = xnew0(uint64_t, n);
        ret->n_cells = n;
        for (unsigned i = 0; i < n; i++) {
                HostMemory memory;
                int r = host_memory(args->start_cell + (int) i, &memory, err);

                if (r < 0)
                        return r;
                ret->cells[i] = memory.free * 1024;
        }
        return WIRE_DONE;
}

/* --- processors --- */

static int get_cpu_map(WireCall *call, Error *err)
{
        const RemoteNodeGetCpuMapArgs *args = call->args;
        RemoteNodeGetCpuMapRet *ret = call->ret;
        const WireHost *host = host_of(call);
        int r = call_flags(call, args->flags, 0, err);

        if (r < 0)
                return r;
        ret->ret = (int32_t) host->present;
        if (args->need_online)
                ret->online = host->cpus;
        if (!args->need_map)
                return WIRE_DONE;
        ret->cpumap.len = (host->present + 7) / 8;
        ret->cpumap.data = xnew0(uint8_t, ret->cpumap.len);
        for (size_t i = 0; i < host->online.len; i++) {
                unsigned id = host->online.items[i].id;

                if (id / 8 < ret->cpumap.len)
                        ret->cpumap.data[id / 8] |= (uint8_t) (1u << id % 8);
        }
        return WIRE_DONE;
}

const WireHandler handlers_node[] = {
        {WIRE_REMOTE, REMOTE_NODE_GET_CPU_STATS, get_cpu_stats, 0},
        {WIRE_REMOTE, REMOTE_NODE_GET_MEMORY_STATS, get_memory_stats, 0},
        {WIRE_REMOTE, REMOTE_NODE_GET_FREE_MEMORY, get_free_memory, 0},
        {WIRE_REMOTE, REMOTE_NODE_GET_CELLS_FREE_MEMORY, get_cells_free_memory, 0},
        {WIRE_REMOTE, REMOTE_NODE_GET_CPU_MAP, get_cpu_map, 0},
        {},
};

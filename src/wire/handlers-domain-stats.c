/* What one domain uses of the host: disks, interfaces, memory, virtual CPUs. Each call sees to it
 * that the statistics are good, then answers from memory. */
#include "wire/handler.h"

#include "base/str.h"
#include "wire/typed-params.h"

#include <libvirt/libvirt.h>

/* The active domain of a handle with good statistics. WIRE_LATER: the handler is called again. */
static int active_domain(WireCall *call, const WireDomain *dom, Domain **ret, Error *err)
{
        Driver *driver = call_driver(call);
        Domain *d;
        int r = call_domain(call, dom, &d, err);

        if (r < 0)
                return r;
        if (!domain_active(d))
                return error_set(err, ERROR_OPERATION_INVALID, "domain is not running");
        r = call_stats(call, &d, 1);
        if (r == WIRE_DONE && driver->type->sample)
                driver->type->sample(driver, d);
        *ret = d;
        return r;
}

/* By its name in the guest or by what it is made of. */
static const Disk *find_disk(const DomainConfig *config, const char *path)
{
        for (size_t i = 0; i < config->disks.len; i++) {
                const Disk *disk = &config->disks.items[i];

                if (str_eq(disk->target, path) || str_eq(disk_path(disk), path))
                        return disk;
        }
        return NULL;
}

/* --- disks --- */

/* The figures of one disk, or of all together where `path` is empty. */
static int sum_disks(const Domain *d, const char *path, DiskStats *ret, Error *err)
{
        const Disk *only = *path ? find_disk(d->live, path) : NULL;
        DiskStats sum = {};

        if (*path && !only)
                return error_set(err, ERROR_INVALID_ARGUMENT, "invalid path: %s", path);
        for (size_t i = 0; i < d->stats.disks.len; i++) {
                const DiskStats *disk = &d->stats.disks.items[i];

                if (!disk->has_io || (only && !str_eq(only->target, disk->target)))
                        continue;
                sum.has_io = true;
                sum.rd_ops += disk->rd_ops;
                sum.rd_bytes += disk->rd_bytes;
                sum.rd_ns += disk->rd_ns;
                sum.wr_ops += disk->wr_ops;
                sum.wr_bytes += disk->wr_bytes;
                sum.wr_ns += disk->wr_ns;
                sum.flush_ops += disk->flush_ops;
                sum.flush_ns += disk->flush_ns;
        }
        if (!sum.has_io)
                return error_set(err, ERROR_OPERATION_FAILED,
                                 "cannot find statistics for device '%s'", path);
        *ret = sum;
        return 0;
}

static int block_stats(WireCall *call, Error *err)
{
        const RemoteDomainBlockStatsArgs *args = call->args;
        RemoteDomainBlockStatsRet *ret = call->ret;
        DiskStats sum;
        Domain *d;
        int r = active_domain(call, &args->dom, &d, err);

        if (r == WIRE_DONE)
                r = sum_disks(d, args->path, &sum, err);
        if (r != WIRE_DONE)
                return r;
        *ret = (RemoteDomainBlockStatsRet){
                .rd_req = (int64_t) sum.rd_ops,
                .rd_bytes = (int64_t) sum.rd_bytes,
                .wr_req = (int64_t) sum.wr_ops,
                .wr_bytes = (int64_t) sum.wr_bytes,
                .errs = -1,
        };
        return WIRE_DONE;
}

static int block_stats_flags(WireCall *call, Error *err)
{
        const RemoteDomainBlockStatsFlagsArgs *args = call->args;
        RemoteDomainBlockStatsFlagsRet *ret = call->ret;
        TypedParams params = {};
        DiskStats sum;
        Domain *d;
        int r = call_flags(call, args->flags, VIR_TYPED_PARAM_STRING_OKAY, err);

        if (r >= 0)
                r = active_domain(call, &args->dom, &d, err);
        if (r == WIRE_DONE)
                r = sum_disks(d, args->path, &sum, err);
        if (r != WIRE_DONE)
                return r;

        const struct {
                const char *name;
                uint64_t value;
        } figures[] = {
                {VIR_DOMAIN_BLOCK_STATS_WRITE_BYTES, sum.wr_bytes},
                {VIR_DOMAIN_BLOCK_STATS_WRITE_REQ, sum.wr_ops},
                {VIR_DOMAIN_BLOCK_STATS_READ_BYTES, sum.rd_bytes},
                {VIR_DOMAIN_BLOCK_STATS_READ_REQ, sum.rd_ops},
                {VIR_DOMAIN_BLOCK_STATS_FLUSH_REQ, sum.flush_ops},
                {VIR_DOMAIN_BLOCK_STATS_WRITE_TOTAL_TIMES, sum.wr_ns},
                {VIR_DOMAIN_BLOCK_STATS_READ_TOTAL_TIMES, sum.rd_ns},
                {VIR_DOMAIN_BLOCK_STATS_FLUSH_TOTAL_TIMES, sum.flush_ns},
        };
        if (args->nparams == 0) {
                ret->nparams = ELEMENTSOF(figures);
                return WIRE_DONE;
        }
        for (int32_t i = 0; i < args->nparams && (size_t) i < ELEMENTSOF(figures); i++)
                params_add_llong(&params, figures[i].name, (int64_t) figures[i].value);
        params_take(&params, &ret->params, &ret->n_params);
        return WIRE_DONE;
}

static int get_block_info(WireCall *call, Error *err)
{
        const RemoteDomainGetBlockInfoArgs *args = call->args;
        RemoteDomainGetBlockInfoRet *ret = call->ret;
        const DiskStats *stats;
        const Disk *disk;
        Domain *d;
        int r = call_flags(call, args->flags, 0, err);

        if (r >= 0)
                r = call_domain(call, &args->dom, &d, err);
        if (r < 0)
                return r;
        disk = find_disk(domain_current_config(d), args->path);
        if (!disk)
                return error_set(err, ERROR_INVALID_ARGUMENT,
                                 "invalid path %s not assigned to domain", args->path);
        if (!disk_path(disk))
                return error_set(err, ERROR_INVALID_ARGUMENT,
                                 "disk '%s' does not currently have a source assigned", args->path);
        r = active_domain(call, &args->dom, &d, err);
        if (r != WIRE_DONE)
                return r;
        stats = stats_disk(&d->stats, disk->target);
        if (!stats || !stats->has_size)
                return error_set(err, ERROR_OPERATION_FAILED,
                                 "QEMU has not told the size of disk '%s'", args->path);
        ret->capacity = stats->capacity;
        ret->allocation = stats->highest ? stats->highest : stats->allocated;
        ret->physical = stats->length;
        return WIRE_DONE;
}

static int get_disk_errors(WireCall *call, Error *err)
{
        static const int32_t numbers[] = {
                [DISK_FAULT_OTHER] = VIR_DOMAIN_DISK_ERROR_UNSPEC,
                [DISK_FAULT_NO_SPACE] = VIR_DOMAIN_DISK_ERROR_NO_SPACE,
        };
        const RemoteDomainGetDiskErrorsArgs *args = call->args;
        RemoteDomainGetDiskErrorsRet *ret = call->ret;
        Domain *d;
        int r = call_flags(call, args->flags, 0, err);

        if (r >= 0)
                r = active_domain(call, &args->dom, &d, err);
        if (r != WIRE_DONE)
                return r;
        if (args->maxerrors == 0) {
                ret->nerrors = (int32_t) d->live->disks.len;
                return WIRE_DONE;
        }
        ret->errors = xnew0(WireDomainDiskError, d->stats.disks.len + 1);
        for (size_t i = 0; i < d->stats.disks.len && ret->n_errors < args->maxerrors; i++) {
                const DiskStats *disk = &d->stats.disks.items[i];

                if (disk->fault)
                        ret->errors[ret->n_errors++] = (WireDomainDiskError){
                                .disk = xstrdup(disk->target), .error = numbers[disk->fault]};
        }
        ret->nerrors = (int32_t) ret->n_errors;
        return WIRE_DONE;
}

/* --- interfaces --- */

static const Interface *find_interface(const DomainConfig *config, const char *device)
{
        Mac mac;
        bool is_mac = mac_parse(device, &mac);

        for (size_t i = 0; i < config->interfaces.len; i++) {
                const Interface *interface = &config->interfaces.items[i];

                if (str_eq(interface->target_dev, device) ||
                    (is_mac && mac_equal(&interface->mac, &mac)))
                        return interface;
        }
        return NULL;
}

static int interface_stats(WireCall *call, Error *err)
{
        const RemoteDomainInterfaceStatsArgs *args = call->args;
        RemoteDomainInterfaceStatsRet *ret = call->ret;
        const Interface *interface;
        Domain *d;
        int r = active_domain(call, &args->dom, &d, err);

        if (r != WIRE_DONE)
                return r;
        interface = find_interface(d->live, args->device);
        if (!interface)
                return error_set(err, ERROR_INVALID_ARGUMENT,
                                 "invalid path, '%s' is not a known interface", args->device);
        if (!interface->target_dev)
                return error_set(err, ERROR_INTERNAL, "Interface name not provided");
        for (size_t i = 0; i < d->stats.nets.len; i++) {
                const NetStats *net = &d->stats.nets.items[i];

                if (!str_eq(net->device, interface->target_dev))
                        continue;
                *ret = (RemoteDomainInterfaceStatsRet){
                        .rx_bytes = (int64_t) net->rx_bytes,
                        .rx_packets = (int64_t) net->rx_packets,
                        .rx_errs = (int64_t) net->rx_errs,
                        .rx_drop = (int64_t) net->rx_drop,
                        .tx_bytes = (int64_t) net->tx_bytes,
                        .tx_packets = (int64_t) net->tx_packets,
                        .tx_errs = (int64_t) net->tx_errs,
                        .tx_drop = (int64_t) net->tx_drop,
                };
                return WIRE_DONE;
        }
        return error_set(err, ERROR_INTERNAL, "/proc/net/dev: Interface not found");
}

/* --- memory --- */

static void add_memory(RemoteDomainMemoryStatsRet *ret, uint32_t max, int32_t tag, uint64_t value)
{
        if (ret->n_stats < max && ret->n_stats < VIR_DOMAIN_MEMORY_STAT_NR)
                ret->stats[ret->n_stats++] = (WireDomainMemoryStat){.tag = tag, .val = value};
}

static int memory_stats(WireCall *call, Error *err)
{
        static const int32_t tags[_MEMORY_STAT_MAX] = {
                [MEMORY_SWAP_IN] = VIR_DOMAIN_MEMORY_STAT_SWAP_IN,
                [MEMORY_SWAP_OUT] = VIR_DOMAIN_MEMORY_STAT_SWAP_OUT,
                [MEMORY_MAJOR_FAULT] = VIR_DOMAIN_MEMORY_STAT_MAJOR_FAULT,
                [MEMORY_MINOR_FAULT] = VIR_DOMAIN_MEMORY_STAT_MINOR_FAULT,
                [MEMORY_UNUSED] = VIR_DOMAIN_MEMORY_STAT_UNUSED,
                [MEMORY_AVAILABLE] = VIR_DOMAIN_MEMORY_STAT_AVAILABLE,
                [MEMORY_USABLE] = VIR_DOMAIN_MEMORY_STAT_USABLE,
                [MEMORY_DISK_CACHES] = VIR_DOMAIN_MEMORY_STAT_DISK_CACHES,
                [MEMORY_HUGE_ALLOCATED] = VIR_DOMAIN_MEMORY_STAT_HUGETLB_PGALLOC,
                [MEMORY_HUGE_FAILED] = VIR_DOMAIN_MEMORY_STAT_HUGETLB_PGFAIL,
        };
        const RemoteDomainMemoryStatsArgs *args = call->args;
        RemoteDomainMemoryStatsRet *ret = call->ret;
        const DomainStats *stats;
        Domain *d;
        int r = call_flags(call, args->flags, 0, err);

        if (r >= 0)
                r = active_domain(call, &args->dom, &d, err);
        if (r != WIRE_DONE)
                return r;
        stats = &d->stats;
        ret->stats = xnew0(WireDomainMemoryStat, VIR_DOMAIN_MEMORY_STAT_NR);
        add_memory(ret, args->max_stats, VIR_DOMAIN_MEMORY_STAT_ACTUAL_BALLOON, stats->balloon_kib);
        for (MemoryStat stat = 0; stat < _MEMORY_STAT_MAX; stat++)
                if (stats->memory.present & (1u << stat))
                        add_memory(ret, args->max_stats, tags[stat], stats->memory.value[stat]);
        if (stats->memory.reports)
                add_memory(ret, args->max_stats, VIR_DOMAIN_MEMORY_STAT_LAST_UPDATE,
                           stats->memory.last_update);
        if (stats->rss_kib)
                add_memory(ret, args->max_stats, VIR_DOMAIN_MEMORY_STAT_RSS, stats->rss_kib);
        return WIRE_DONE;
}

/* --- virtual CPUs --- */

enum {
        VCPUS_MAX = 16384, /* the protocol's */
        CPUMAPS_MAX = 8388608,
};

static int get_vcpus(WireCall *call, Error *err)
{
        const RemoteDomainGetVcpusArgs *args = call->args;
        RemoteDomainGetVcpusRet *ret = call->ret;
        size_t n, map_len;
        Domain *d;
        int r = call_domain(call, &args->dom, &d, err);

        if (r < 0)
                return r;
        if (args->maxinfo < 0 || args->maxinfo > VCPUS_MAX || args->maplen < 0 ||
            (int64_t) args->maxinfo * args->maplen > CPUMAPS_MAX)
                return error_set(err, ERROR_PROTOCOL, "vCPU map buffer length exceeds maximum");
        if (!domain_active(d))
                return error_set(err, ERROR_OPERATION_INVALID,
                                 "cannot retrieve vcpu information for inactive domain");
        r = active_domain(call, &args->dom, &d, err);
        if (r != WIRE_DONE)
                return r;
        n = d->stats.vcpus.len < (size_t) args->maxinfo ? d->stats.vcpus.len
                                                        : (size_t) args->maxinfo;
        map_len = (size_t) args->maplen;
        ret->info = xnew0(WireVcpuInfo, n + 1);
        if (n * map_len > 0)
                ret->cpumaps.data = xnew0(uint8_t, n * map_len);
        ret->cpumaps.len = (uint32_t) (n * map_len);
        for (size_t i = 0; i < n; i++) {
                const VcpuStats *vcpu = &d->stats.vcpus.items[i];
                size_t len = map_len < sizeof(vcpu->affinity) ? map_len : sizeof(vcpu->affinity);

                ret->info[ret->n_info++] = (WireVcpuInfo){
                        .number = vcpu->number,
                        .state = VIR_VCPU_RUNNING,
                        .cpu_time = vcpu->time_ns,
                        .cpu = vcpu->has_times ? vcpu->cpu : -1,
                };
                if (len > 0)
                        memcpy(ret->cpumaps.data + i * map_len, vcpu->affinity, len);
        }
        return WIRE_DONE;
}

/* Totals alone: the kernel tells use by CPU only of a cgroup of version 1. */
static int get_cpu_stats(WireCall *call, Error *err)
{
        const RemoteDomainGetCpuStatsArgs *args = call->args;
        RemoteDomainGetCpuStatsRet *ret = call->ret;
        TypedParams params = {};
        Domain *d;
        int r = call_flags(call, args->flags, VIR_TYPED_PARAM_STRING_OKAY, err);

        if (r >= 0)
                r = active_domain(call, &args->dom, &d, err);
        if (r != WIRE_DONE)
                return r;
        if (args->start_cpu != -1)
                return error_set(err, ERROR_OPERATION_INVALID,
                                 "cgroup CPUACCT controller is not mounted");

        const struct {
                const char *name;
                uint64_t value;
        } figures[] = {
                {VIR_DOMAIN_CPU_STATS_CPUTIME, d->stats.cpu_time_ns},
                {VIR_DOMAIN_CPU_STATS_USERTIME, d->stats.cpu_user_ns},
                {VIR_DOMAIN_CPU_STATS_SYSTEMTIME, d->stats.cpu_system_ns},
        };
        ret->nparams = ELEMENTSOF(figures);
        for (uint32_t i = 0; i < args->nparams && i < ELEMENTSOF(figures); i++)
                params_add_ullong(&params, figures[i].name, figures[i].value);
        params_take(&params, &ret->params, &ret->n_params);
        return WIRE_DONE;
}

enum {
        STATS = WIRE_SLOW | WIRE_URGENT,
};

const WireHandler handlers_domain_stats[] = {
        {WIRE_REMOTE, REMOTE_DOMAIN_BLOCK_STATS, block_stats, STATS},
        {WIRE_REMOTE, REMOTE_DOMAIN_BLOCK_STATS_FLAGS, block_stats_flags, STATS},
        {WIRE_REMOTE, REMOTE_DOMAIN_GET_BLOCK_INFO, get_block_info, STATS},
        {WIRE_REMOTE, REMOTE_DOMAIN_GET_DISK_ERRORS, get_disk_errors, STATS},
        {WIRE_REMOTE, REMOTE_DOMAIN_INTERFACE_STATS, interface_stats, STATS},
        {WIRE_REMOTE, REMOTE_DOMAIN_MEMORY_STATS, memory_stats, STATS},
        {WIRE_REMOTE, REMOTE_DOMAIN_GET_VCPUS, get_vcpus, STATS},
        {WIRE_REMOTE, REMOTE_DOMAIN_GET_CPU_STATS, get_cpu_stats, STATS},
        {},
};

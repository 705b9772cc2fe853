#include "wire/domain-stats.h"

#include "base/str.h"
#include "wire/word-map.h"

#include <libvirt/libvirt.h>
#include <stdio.h>

typedef struct Record {
        TypedParams *params;
        const Domain *d;
        const DomainConfig *config;
        bool backing;
} Record;

typedef void GroupFn(Record *record);

/* Names are at most WIRE_PARAM_FIELD_MAX long. */
static WireTypedParam *add(Record *record, WireParamTag tag, const char *format, va_list ap)
        __attribute__((format(printf, 3, 0)));

static WireTypedParam *add(Record *record, WireParamTag tag, const char *format, va_list ap)
{
        WireTypedParam *param = vec_push(record->params);

        param->field = xvasprintf(format, ap);
        param->tag = tag;
        return param;
}

__attribute__((format(printf, 3, 4))) static void add_big(Record *record, uint64_t value,
                                                          const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        add(record, WIRE_PARAM_ULLONG, format, ap)->value.ul = value;
        va_end(ap);
}

__attribute__((format(printf, 3, 4))) static void add_uint(Record *record, size_t value,
                                                           const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        add(record, WIRE_PARAM_UINT, format, ap)->value.u = (uint32_t) value;
        va_end(ap);
}

__attribute__((format(printf, 3, 4))) static void add_int(Record *record, int32_t value,
                                                          const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        add(record, WIRE_PARAM_INT, format, ap)->value.i = value;
        va_end(ap);
}

__attribute__((format(printf, 3, 4))) static void add_text(Record *record, const char *value,
                                                           const char *format, ...)
{
        va_list ap;

        if (!value)
                return;
        va_start(ap, format);
        add(record, WIRE_PARAM_STRING, format, ap)->value.s = xstrdup(value);
        va_end(ap);
}

/* --- groups --- */

static void group_state(Record *record)
{
        const Domain *d = record->d;

        add_int(record, word_map_state(d->state), "state.state");
        add_int(record, word_map_reason(d->state, d->reason), "state.reason");
}

static void group_cpu(Record *record)
{
        const DomainStats *stats = &record->d->stats;

        if (!domain_active(record->d))
                return;
        add_big(record, stats->cpu_time_ns, "cpu.time");
        add_big(record, stats->cpu_user_ns, "cpu.user");
        add_big(record, stats->cpu_system_ns, "cpu.system");
}

static void group_balloon(Record *record)
{
        static const char *const names[_MEMORY_STAT_MAX] = {
                [MEMORY_SWAP_IN] = "swap_in",
                [MEMORY_SWAP_OUT] = "swap_out",
                [MEMORY_MAJOR_FAULT] = "major_fault",
                [MEMORY_MINOR_FAULT] = "minor_fault",
                [MEMORY_UNUSED] = "unused",
                [MEMORY_AVAILABLE] = "available",
                [MEMORY_USABLE] = "usable",
                [MEMORY_DISK_CACHES] = "disk_caches",
                [MEMORY_HUGE_ALLOCATED] = "hugetlb_pgalloc",
                [MEMORY_HUGE_FAILED] = "hugetlb_pgfail",
        };
        const DomainConfig *config = record->config;
        const DomainStats *stats = &record->d->stats;
        uint64_t current = config_current_memory(config);

        add_big(record, stats->balloon_kib ? stats->balloon_kib : current, "balloon.current");
        add_big(record, config->memory, "balloon.maximum");
        if (!domain_active(record->d))
                return;
        for (MemoryStat stat = 0; stat < _MEMORY_STAT_MAX; stat++)
                if (stats->memory.present & (1u << stat))
                        add_big(record, stats->memory.value[stat], "balloon.%s", names[stat]);
        if (stats->memory.reports)
                add_big(record, stats->memory.last_update, "balloon.last-update");
        if (stats->rss_kib)
                add_big(record, stats->rss_kib, "balloon.rss");
}

static void group_vcpu(Record *record)
{
        const DomainConfig *config = record->config;
        const DomainStats *stats = &record->d->stats;

        add_uint(record, config_current_vcpus(config), "vcpu.current");
        add_uint(record, config->vcpus, "vcpu.maximum");
        for (size_t i = 0; i < stats->vcpus.len; i++) {
                const VcpuStats *vcpu = &stats->vcpus.items[i];

                add_int(record, VIR_VCPU_RUNNING, "vcpu.%u.state", vcpu->number);
                if (!vcpu->has_times)
                        continue;
                add_big(record, vcpu->time_ns, "vcpu.%u.time", vcpu->number);
                add_big(record, 0, "vcpu.%u.wait", vcpu->number);
                add_big(record, vcpu->delay_ns, "vcpu.%u.delay", vcpu->number);
        }
}

static const NetStats *find_net(const DomainStats *stats, const char *device)
{
        for (size_t i = 0; device && i < stats->nets.len; i++)
                if (str_eq(stats->nets.items[i].device, device))
                        return &stats->nets.items[i];
        return NULL;
}

/* An interface without a device of the host is counted and has no figures. */
static void group_interface(Record *record)
{
        const DomainConfig *config = record->config;

        if (!domain_active(record->d))
                return;
        add_uint(record, config->interfaces.len, "net.count");
        for (size_t i = 0; i < config->interfaces.len; i++) {
                const NetStats *net =
                        find_net(&record->d->stats, config->interfaces.items[i].target_dev);

                if (!net)
                        continue;
                add_text(record, net->device, "net.%zu.name", i);
                add_big(record, net->rx_bytes, "net.%zu.rx.bytes", i);
                add_big(record, net->rx_packets, "net.%zu.rx.pkts", i);
                add_big(record, net->rx_errs, "net.%zu.rx.errs", i);
                add_big(record, net->rx_drop, "net.%zu.rx.drop", i);
                add_big(record, net->tx_bytes, "net.%zu.tx.bytes", i);
                add_big(record, net->tx_packets, "net.%zu.tx.pkts", i);
                add_big(record, net->tx_errs, "net.%zu.tx.errs", i);
                add_big(record, net->tx_drop, "net.%zu.tx.drop", i);
        }
}

static void add_layer(Record *record, const DiskStats *disk, const char *path, size_t n)
{
        add_text(record, disk->target, "block.%zu.name", n);
        add_text(record, path, "block.%zu.path", n);
        if (disk->has_io) {
                add_big(record, disk->rd_ops, "block.%zu.rd.reqs", n);
                add_big(record, disk->rd_bytes, "block.%zu.rd.bytes", n);
                add_big(record, disk->rd_ns, "block.%zu.rd.times", n);
                add_big(record, disk->wr_ops, "block.%zu.wr.reqs", n);
                add_big(record, disk->wr_bytes, "block.%zu.wr.bytes", n);
                add_big(record, disk->wr_ns, "block.%zu.wr.times", n);
                add_big(record, disk->flush_ops, "block.%zu.fl.reqs", n);
                add_big(record, disk->flush_ns, "block.%zu.fl.times", n);
        }
        if (disk->has_size) {
                add_big(record, disk->highest, "block.%zu.allocation", n);
                add_big(record, disk->capacity, "block.%zu.capacity", n);
                add_big(record, disk->allocated, "block.%zu.physical", n);
        }
}

static size_t add_disk(Record *record, const Disk *config, size_t n)
{
        const DomainStats *stats = &record->d->stats;
        size_t first = n;

        for (size_t i = 0; i < stats->disks.len; i++) {
                const DiskStats *disk = &stats->disks.items[i];

                if (str_eq(disk->target, config->target) && (disk->layer == 0 || record->backing))
                        add_layer(record, disk, disk->layer ? disk->path : disk_path(config), n++);
        }
        if (n == first)
                add_layer(record, &(DiskStats){.target = config->target}, disk_path(config), n++);
        return n;
}

static void group_block(Record *record)
{
        size_t count = record->params->len, n = 0;

        add_uint(record, 0, "block.count");
        for (size_t i = 0; i < record->config->disks.len; i++)
                n = add_disk(record, &record->config->disks.items[i], n);
        record->params->items[count].value.u = (uint32_t) n;
}

static void group_iothread(Record *record)
{
        const DomainStats *stats = &record->d->stats;

        if (stats->iothreads.len == 0)
                return;
        add_uint(record, stats->iothreads.len, "iothread.count");
        for (size_t i = 0; i < stats->iothreads.len; i++) {
                const IothreadStats *iothread = &stats->iothreads.items[i];

                add_big(record, iothread->poll_max_ns, "iothread.%u.poll-max-ns", iothread->number);
                add_uint(record, iothread->poll_grow, "iothread.%u.poll-grow", iothread->number);
                add_uint(record, iothread->poll_shrink, "iothread.%u.poll-shrink",
                         iothread->number);
        }
}

static void group_none(Record *record)
{
        (void) record; /* nothing is measured, as long as nobody can ask for it */
}

static const struct {
        uint32_t group;
        GroupFn *fn;
} groups_table[] = {
        {VIR_DOMAIN_STATS_STATE, group_state},         {VIR_DOMAIN_STATS_CPU_TOTAL, group_cpu},
        {VIR_DOMAIN_STATS_BALLOON, group_balloon},     {VIR_DOMAIN_STATS_VCPU, group_vcpu},
        {VIR_DOMAIN_STATS_INTERFACE, group_interface}, {VIR_DOMAIN_STATS_BLOCK, group_block},
        {VIR_DOMAIN_STATS_PERF, group_none},           {VIR_DOMAIN_STATS_IOTHREAD, group_iothread},
};

const uint32_t domain_stats_groups = VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_CPU_TOTAL |
                                     VIR_DOMAIN_STATS_BALLOON | VIR_DOMAIN_STATS_VCPU |
                                     VIR_DOMAIN_STATS_INTERFACE | VIR_DOMAIN_STATS_BLOCK |
                                     VIR_DOMAIN_STATS_PERF | VIR_DOMAIN_STATS_IOTHREAD;

void domain_stats_add(TypedParams *params, const Domain *d, uint32_t groups, bool backing)
{
        Record record = {
                .params = params,
                .d = d,
                .config = domain_current_config(d),
                .backing = backing,
        };

        for (size_t i = 0; i < ELEMENTSOF(groups_table); i++)
                if (groups & groups_table[i].group)
                        groups_table[i].fn(&record);
}

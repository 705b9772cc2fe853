#include "domain/stats.h"

#include "base/str.h"

void stats_clear_disks(DomainStats *stats)
{
        for (size_t i = 0; i < stats->disks.len; i++) {
                free(stats->disks.items[i].target);
                free(stats->disks.items[i].path);
                free(stats->disks.items[i].node);
        }
        vec_done(&stats->disks);
}

void stats_clear_nets(DomainStats *stats)
{
        for (size_t i = 0; i < stats->nets.len; i++)
                free(stats->nets.items[i].device);
        vec_done(&stats->nets);
}

void stats_clear(DomainStats *stats)
{
        stats_clear_disks(stats);
        stats_clear_nets(stats);
        vec_done(&stats->vcpus);
        vec_done(&stats->iothreads);
        *stats = (DomainStats){};
}

const DiskStats *stats_disk(const DomainStats *stats, const char *target)
{
        for (size_t i = 0; i < stats->disks.len; i++)
                if (stats->disks.items[i].layer == 0 &&
                    str_eq(stats->disks.items[i].target, target))
                        return &stats->disks.items[i];
        return NULL;
}

void memory_stats_set(MemoryStats *memory, MemoryStat which, uint64_t value)
{
        memory->value[which] = value;
        memory->present |= 1u << which;
}

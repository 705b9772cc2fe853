/* QEMU's answers, turned into statistics; a function each. */
#include "base/str.h"
#include "qemu/stats.h"

enum {
        LAYERS_MAX = 200, /* of one disk */
        LIST_MAX = 4096,  /* of what QEMU lists */
};

/* --- disks --- */

/* The disk that a qdev name means: its alias, or a path below /machine/peripheral. */
static const Disk *disk_of(const DomainConfig *live, const json_t *entry)
{
        const char *qdev = json_text(entry, "qdev", "");
        const char *rest = str_after(qdev, "/machine/peripheral/");
        const char *id = rest ? rest : qdev;
        size_t len = strcspn(id, "/");

        for (size_t i = 0; i < live->disks.len; i++) {
                const char *alias = live->disks.items[i].info.alias;

                if (alias && strlen(alias) == len && memcmp(alias, id, len) == 0)
                        return &live->disks.items[i];
        }
        return NULL;
}

static DiskStats *find_layer(DomainStats *stats, const char *target, unsigned layer)
{
        for (size_t i = 0; i < stats->disks.len; i++) {
                DiskStats *disk = &stats->disks.items[i];

                if (disk->layer == layer && str_eq(disk->target, target))
                        return disk;
        }
        return NULL;
}

static DiskStats *layer_new(DomainStats *stats, const Disk *disk, unsigned layer)
{
        DiskStats *added = vec_push(&stats->disks);

        added->target = xstrdup(disk->target);
        added->layer = layer;
        return added;
}

static void add_io(DiskStats *disk, const json_t *stats)
{
        disk->has_io = true;
        disk->rd_ops = json_u64(stats, "rd_operations", 0);
        disk->rd_bytes = json_u64(stats, "rd_bytes", 0);
        disk->rd_ns = json_u64(stats, "rd_total_time_ns", 0);
        disk->wr_ops = json_u64(stats, "wr_operations", 0);
        disk->wr_bytes = json_u64(stats, "wr_bytes", 0);
        disk->wr_ns = json_u64(stats, "wr_total_time_ns", 0);
        disk->flush_ops = json_u64(stats, "flush_operations", 0);
        disk->flush_ns = json_u64(stats, "flush_total_time_ns", 0);
}

/* The layers of one disk. A layer's file is the node under it, known by its name until the lengths
 * come with the nodes. */
static void add_layers(DomainStats *stats, const Disk *config, const json_t *entry)
{
        for (unsigned layer = 0; json_is_object(entry) && layer < LAYERS_MAX; layer++) {
                const json_t *parent = json_object_get(entry, "parent");
                DiskStats *disk = layer_new(stats, config, layer);

                if (layer == 0)
                        add_io(disk, json_object_get(entry, "stats"));
                disk->highest = json_u64(json_object_get(parent, "stats"), "wr_highest_offset", 0);
                disk->node = xstrdup_null(json_text(parent, "node-name", NULL));
                entry = json_object_get(entry, "backing");
        }
}

void qemu_stats_blockstats(DomainStats *stats, const DomainConfig *live, const json_t *value)
{
        for (size_t i = 0; i < json_array_size(value) && i < LIST_MAX; i++) {
                const json_t *entry = json_array_get(value, i);
                const Disk *disk = disk_of(live, entry);

                if (disk && !find_layer(stats, disk->target, 0))
                        add_layers(stats, disk, entry);
        }
}

static DiskFault fault_of(const char *status)
{
        return str_eq(status, "nospace")  ? DISK_FAULT_NO_SPACE
               : str_eq(status, "failed") ? DISK_FAULT_OTHER
                                          : DISK_FAULT_NONE;
}

static void add_sizes(DomainStats *stats, const Disk *config, const json_t *image)
{
        for (unsigned layer = 0; json_is_object(image) && layer < LAYERS_MAX; layer++) {
                DiskStats *disk = find_layer(stats, config->target, layer);

                if (!disk)
                        return;
                disk->has_size = true;
                disk->capacity = json_u64(image, "virtual-size", 0);
                disk->allocated = json_u64(image, "actual-size", disk->capacity);
                disk->length = disk->allocated;
                free(disk->path);
                disk->path = xstrdup_null(json_text(image, "filename", NULL));
                image = json_object_get(image, "backing-image");
        }
}

void qemu_stats_block(DomainStats *stats, const DomainConfig *live, const json_t *value)
{
        for (size_t i = 0; i < json_array_size(value) && i < LIST_MAX; i++) {
                const json_t *entry = json_array_get(value, i);
                const Disk *disk = disk_of(live, entry);
                DiskStats *top = disk ? find_layer(stats, disk->target, 0) : NULL;

                if (!top)
                        continue;
                top->fault = fault_of(json_text(entry, "io-status", "ok"));
                add_sizes(stats, disk,
                          json_object_get(json_object_get(entry, "inserted"), "image"));
        }
}

void qemu_stats_nodes(DomainStats *stats, const DomainConfig *live, const json_t *value)
{
        (void) live;
        for (size_t i = 0; i < json_array_size(value) && i < LIST_MAX; i++) {
                const json_t *node = json_array_get(value, i);
                const char *name = json_text(node, "node-name", "");
                const json_t *image = json_object_get(node, "image");

                for (size_t k = 0; k < stats->disks.len; k++)
                        if (str_eq(stats->disks.items[k].node, name))
                                stats->disks.items[k].length = json_u64(image, "virtual-size", 0);
        }
}

/* --- memory --- */

void qemu_stats_balloon(DomainStats *stats, const DomainConfig *live, const json_t *value)
{
        (void) live;
        stats->balloon_kib = json_u64(value, "actual", 0) / 1024;
}

void qemu_stats_memory(DomainStats *stats, const DomainConfig *live, const json_t *value)
{
        static const struct {
                const char *name;
                MemoryStat stat;
                unsigned unit; /* bytes of QEMU's in one of ours */
        } names[] = {
                {"stat-swap-in", MEMORY_SWAP_IN, 1024},
                {"stat-swap-out", MEMORY_SWAP_OUT, 1024},
                {"stat-major-faults", MEMORY_MAJOR_FAULT, 1},
                {"stat-minor-faults", MEMORY_MINOR_FAULT, 1},
                {"stat-free-memory", MEMORY_UNUSED, 1024},
                {"stat-total-memory", MEMORY_AVAILABLE, 1024},
                {"stat-available-memory", MEMORY_USABLE, 1024},
                {"stat-disk-caches", MEMORY_DISK_CACHES, 1024},
                {"stat-htlb-pgalloc", MEMORY_HUGE_ALLOCATED, 1},
                {"stat-htlb-pgfail", MEMORY_HUGE_FAILED, 1},
        };
        const json_t *told = json_object_get(value, "stats");

        (void) live;
        stats->memory.reports = true;
        stats->memory.last_update = json_u64(value, "last-update", 0);
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                const json_t *number = json_object_get(told, names[i].name);

                /* what the guest did not report is -1 */
                if (json_is_integer(number) && json_integer_value(number) >= 0)
                        memory_stats_set(&stats->memory, names[i].stat,
                                         (uint64_t) json_integer_value(number) / names[i].unit);
        }
}

/* --- threads --- */

void qemu_stats_cpus(DomainStats *stats, const DomainConfig *live, const json_t *value)
{
        (void) live;
        for (size_t i = 0; i < json_array_size(value) && i < LIST_MAX; i++) {
                const json_t *entry = json_array_get(value, i);
                VcpuStats *vcpu = vec_push(&stats->vcpus);

                vcpu->number = (uint32_t) json_u64(entry, "cpu-index", i);
                vcpu->thread = (int64_t) json_u64(entry, "thread-id", 0);
        }
}

void qemu_stats_iothreads(DomainStats *stats, const DomainConfig *live, const json_t *value)
{
        (void) live;
        for (size_t i = 0; i < json_array_size(value) && i < LIST_MAX; i++) {
                const json_t *entry = json_array_get(value, i);
                const char *number = str_after(json_text(entry, "id", ""), "iothread");
                IothreadStats iothread = {
                        .thread = (int64_t) json_u64(entry, "thread-id", 0),
                        .poll_max_ns = json_u64(entry, "poll-max-ns", 0),
                        .poll_grow = json_u64(entry, "poll-grow", 0),
                        .poll_shrink = json_u64(entry, "poll-shrink", 0),
                };

                if (number && str_to_u32(number, &iothread.number))
                        *vec_push(&stats->iothreads) = iothread;
        }
}

/* The command line of what is behind a disk: a file, the format above it, and what lies between the
 * format and the guest.
 *
 *   NAME-storage <- NAME-format [<- NAME-copy] [<- NAME-throttle]   NAME: the disk's target
 *
 * A backing store that the configuration names is NAME-backingN-storage and so on; one that it does
 * not name is left to the file itself. A guest's data never chooses the format of a disk. */
#include "qemu/argv-internal.h"

static void add_cache(json_t *node, DiskCache cache)
{
        if (cache == DISK_CACHE_UNSET || cache == DISK_CACHE_DEFAULT)
                return;
        json_object_set_new(node, "cache",
                            json_pack("{s:b, s:b}", "direct",
                                      cache == DISK_CACHE_NONE || cache == DISK_CACHE_DIRECTSYNC,
                                      "no-flush", cache == DISK_CACHE_UNSAFE));
}

/* The two nodes of one image, `backing` the one below, "" for none, NULL for what the file says. */
static void add_image(Argv *argv, const char *name, const char *path, bool device,
                      DiskFormat format, bool readonly, const char *backing,
                      const DiskDriver *driver)
{
        _cleanup_(free_ptr) char *storage_name = xasprintf("%s-storage", name);
        _cleanup_(free_ptr) char *format_name = xasprintf("%s-format", name);
        const char *discard = driver->discard == DISK_DISCARD_IGNORE ? "ignore" : "unmap";
        json_t *storage, *node;

        storage = json_pack("{s:s, s:s, s:s, s:b, s:s}", "driver", device ? "host_device" : "file",
                            "filename", path, "node-name", storage_name, "auto-read-only", 1,
                            "discard", discard);
        device_text(storage, "aio", driver->io ? disk_io_text(driver->io) : NULL);
        add_cache(storage, driver->cache);
        argv_json(argv, "-blockdev", storage);

        node = json_pack("{s:s, s:s, s:b, s:s}", "node-name", format_name, "driver",
                         disk_format_text(format), "read-only", readonly, "file", storage_name);
        if (driver->discard)
                json_object_set_new(node, "discard", json_string(discard));
        device_text(node, "detect-zeroes",
                    driver->detect_zeroes ? disk_detect_zeroes_text(driver->detect_zeroes) : NULL);
        add_cache(node, driver->cache);
        if (backing && format != DISK_FORMAT_RAW)
                json_object_set_new(node, "backing", *backing ? json_string(backing) : json_null());
        argv_json(argv, "-blockdev", node);
}

/* The nodes of the chain from `store` down; the name of its top, "" at its end, the caller's. NULL
 * where the chain is not told. */
static char *add_chain(Argv *argv, const Disk *disk, const BackingStore *store, unsigned depth)
{
        DiskDriver driver = {.cache = disk->driver.cache, .io = disk->driver.io};
        _cleanup_(free_ptr) char *name = NULL, *below = NULL;

        if (!store)
                return NULL;
        if (!backing_store_path(store))
                return xstrdup("");
        name = xasprintf("%s-backing%u", disk->target, depth);
        below = add_chain(argv, disk, store->backing, depth + 1);
        add_image(argv, name, backing_store_path(store), store->type == DISK_TYPE_BLOCK,
                  store->format ? store->format : DISK_FORMAT_RAW, true, below, &driver);
        return xasprintf("%s-format", name);
}

/* --- limits --- */

#define LIMITS(X)                                                                                  \
        X(total_bytes_sec, "bps-total")                                                            \
        X(read_bytes_sec, "bps-read")                                                              \
        X(write_bytes_sec, "bps-write")                                                            \
        X(total_iops_sec, "iops-total")                                                            \
        X(read_iops_sec, "iops-read")                                                              \
        X(write_iops_sec, "iops-write")                                                            \
        X(total_bytes_sec_max, "bps-total-max")                                                    \
        X(read_bytes_sec_max, "bps-read-max")                                                      \
        X(write_bytes_sec_max, "bps-write-max")                                                    \
        X(total_iops_sec_max, "iops-total-max")                                                    \
        X(read_iops_sec_max, "iops-read-max")                                                      \
        X(write_iops_sec_max, "iops-write-max")                                                    \
        X(total_bytes_sec_max_length, "bps-total-max-length")                                      \
        X(read_bytes_sec_max_length, "bps-read-max-length")                                        \
        X(write_bytes_sec_max_length, "bps-write-max-length")                                      \
        X(total_iops_sec_max_length, "iops-total-max-length")                                      \
        X(read_iops_sec_max_length, "iops-read-max-length")                                        \
        X(write_iops_sec_max_length, "iops-write-max-length")                                      \
        X(size_iops_sec, "iops-size")

static json_t *limits(const IoTune *tune)
{
        json_t *object = json_object();

#define X(field, key) device_number(object, key, tune->has_##field && tune->field, tune->field);
        LIMITS(X)
#undef X
        return object;
}

/* Disks that name the same group share one; the first of them says its limits. */
static bool group_is_made(const Argv *argv, const Disk *disk)
{
        for (const Disk *d = argv->config->disks.items; d < disk; d++)
                if (d->iotune && disk_path(d) &&
                    str_eq(d->iotune->group_name, disk->iotune->group_name))
                        return disk->iotune->group_name != NULL;
        return false;
}

static char *add_throttle(Argv *argv, const Disk *disk, const char *below)
{
        const char *given = disk->iotune->group_name;
        _cleanup_(free_ptr) char *group =
                given ? xasprintf("limits-group-%s", given) : xasprintf("limits-%s", disk->target);
        char *name = xasprintf("%s-throttle", disk->target);

        if (!group_is_made(argv, disk))
                argv_json(argv, "-object",
                          json_pack("{s:s, s:s, s:o}", "qom-type", "throttle-group", "id", group,
                                    "limits", limits(disk->iotune)));
        argv_json(argv, "-blockdev",
                  json_pack("{s:s, s:s, s:s, s:s}", "driver", "throttle", "node-name", name,
                            "throttle-group", group, "file", below));
        return name;
}

char *argv_block(Argv *argv, const Disk *disk)
{
        const DiskDriver *driver = &disk->driver;
        bool cdrom = disk->device == DISK_DEVICE_CDROM;
        _cleanup_(free_ptr) char *backing = add_chain(argv, disk, disk->backing, 1);
        char *top = xasprintf("%s-format", disk->target);

        add_image(argv, disk->target, disk_path(disk), disk->type == DISK_TYPE_BLOCK && !cdrom,
                  driver->type ? driver->type : DISK_FORMAT_RAW, disk->readonly || cdrom, backing,
                  driver);
        if (driver->has_copy_on_read && driver->copy_on_read) {
                _cleanup_(free_ptr) char *below = top;

                top = xasprintf("%s-copy", disk->target);
                argv_json(argv, "-blockdev",
                          json_pack("{s:s, s:s, s:s}", "driver", "copy-on-read", "node-name", top,
                                    "file", below));
        }
        if (disk->iotune) {
                _cleanup_(free_ptr) char *below = top;

                top = add_throttle(argv, disk, below);
        }
        return top;
}

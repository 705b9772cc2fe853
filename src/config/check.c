/* What a configuration must not say, whatever the hypervisor. */
#include "config/cpu-set.h"
#include "config/finish.h"

#include "base/map.h"
#include "base/str.h"

#include <inttypes.h>

static int check_path(const char *path, const char *what, Error *err)
{
        if (!path || *path == '/')
                return 0;
        return error_set(err, ERROR_XML_INVALID, "%s: path '%.200s' is not absolute", what, path);
}

static int check_size(const DomainConfig *config, Error *err)
{
        if (config->memory == 0)
                return error_set(err, ERROR_XML_INVALID, "<memory> in <domain> is missing or zero");
        if (config->has_current_memory && config->current_memory == 0)
                return error_set(err, ERROR_XML_INVALID, "<currentMemory> in <domain> is zero");
        if (config->vcpus == 0)
                return error_set(err, ERROR_XML_INVALID, "<vcpu> in <domain> is zero");
        if (config->has_vcpu_current && config->vcpu_current > config->vcpus)
                return error_set(err, ERROR_XML_INVALID,
                                 "<vcpu> in <domain>: current %u is more than %u",
                                 config->vcpu_current, config->vcpus);
        CpuSet set;
        if (config->vcpu_cpuset && !cpu_set_parse(config->vcpu_cpuset, &set))
                return error_set(err, ERROR_XML_INVALID,
                                 "<vcpu> in <domain>: '%.64s' is no set of processors",
                                 config->vcpu_cpuset);
        const CpuTopology *t = config->cpu ? config->cpu->topology : NULL;
        if (!t)
                return 0;
        uint64_t product = (uint64_t) t->sockets * t->cores * t->threads;
        product *= t->has_dies ? t->dies : 1;
        if (product != config->vcpus)
                return error_set(err, ERROR_CONFIG_UNSUPPORTED,
                                 "<topology> in <cpu>: %" PRIu64 " processors, and <vcpu> says %u",
                                 product, config->vcpus);
        return 0;
}

static int check_os(const DomainConfig *config, Error *err)
{
        const Os *os = &config->os;
        int r = 0;

        if (!os->type && !config->bootloader)
                return error_set(err, ERROR_NO_OS, "missing element <type> in <os>");
        if (!os->kernel && (os->initrd || os->cmdline || os->dtb))
                return error_set(err, ERROR_XML_INVALID, "<%s> in <os> needs <kernel>",
                                 os->initrd    ? "initrd"
                                 : os->cmdline ? "cmdline"
                                               : "dtb");
        if (os->has_boot_menu_timeout && !(os->has_boot_menu && os->boot_menu))
                return error_set(err, ERROR_XML_INVALID,
                                 "<bootmenu> in <os>: timeout needs enable='yes'");
        if ((r = check_path(os->kernel, "<kernel> in <os>", err)) < 0 ||
            (r = check_path(os->initrd, "<initrd> in <os>", err)) < 0 ||
            (r = check_path(os->dtb, "<dtb> in <os>", err)) < 0 ||
            (r = check_path(os->loader, "<loader> in <os>", err)) < 0 ||
            (r = check_path(os->nvram, "<nvram> in <os>", err)) < 0 ||
            (r = check_path(os->nvram_template, "<nvram> in <os>", err)) < 0)
                return r;
        return check_path(config->emulator, "<emulator> in <devices>", err);
}

static int check_clock(const GuestClock *clock, Error *err)
{
        bool adjusts = clock->offset == CLOCK_OFFSET_VARIABLE;

        if (clock->timezone && clock->offset != CLOCK_OFFSET_TIMEZONE)
                return error_set(err, ERROR_XML_INVALID,
                                 "<clock> in <domain>: timezone needs offset='timezone'");
        if (!clock->timezone && clock->offset == CLOCK_OFFSET_TIMEZONE)
                return error_set(err, ERROR_XML_INVALID,
                                 "<clock> in <domain>: offset='timezone' needs timezone");
        if ((clock->basis || clock->has_adjustment) && !adjusts)
                return error_set(err, ERROR_XML_INVALID,
                                 "<clock> in <domain>: %s needs offset='variable'",
                                 clock->basis ? "basis" : "adjustment");
        if (clock->has_start != (clock->offset == CLOCK_OFFSET_ABSOLUTE))
                return error_set(err, ERROR_XML_INVALID,
                                 "<clock> in <domain>: start and offset='absolute' go together");
        for (size_t i = 0; i < clock->timers.len; i++)
                for (size_t k = 0; k < i; k++)
                        if (clock->timers.items[i].name == clock->timers.items[k].name)
                                return error_set(err, ERROR_XML_INVALID,
                                                 "<clock> in <domain>: timer '%s' appears twice",
                                                 timer_name_text(clock->timers.items[i].name));
        return 0;
}

static int check_disk(const Disk *disk, Error *err)
{
        const char *path = disk_path(disk), *target = disk->target;
        bool removable = disk->device == DISK_DEVICE_CDROM || disk->device == DISK_DEVICE_FLOPPY;
        bool floppy = disk->device == DISK_DEVICE_FLOPPY;
        _cleanup_(free_ptr) char *what = xasprintf("disk '%s'", target);

        if (disk_number(target) < 0)
                return error_set(err, ERROR_XML_INVALID,
                                 "disk '%s': the target is no disk's name, as vda", target);
        if ((!path || !*path) && !removable)
                return error_set(err, ERROR_XML_INVALID, "disk '%s' has no source", target);
        if (disk->bus && floppy != (disk->bus == DISK_BUS_FDC))
                return error_set(err, ERROR_CONFIG_UNSUPPORTED,
                                 "disk '%s': bus %s does not fit device %s", target,
                                 disk_bus_text(disk->bus), disk_device_text(disk->device));
        if (disk->device == DISK_DEVICE_CDROM && disk->bus == DISK_BUS_VIRTIO)
                return error_set(err, ERROR_CONFIG_UNSUPPORTED,
                                 "disk '%s': bus virtio has no medium to change", target);
        if (disk->device == DISK_DEVICE_LUN &&
            (disk->type != DISK_TYPE_BLOCK ||
             (disk->bus && disk->bus != DISK_BUS_SCSI && disk->bus != DISK_BUS_VIRTIO)))
                return error_set(err, ERROR_CONFIG_UNSUPPORTED,
                                 "disk '%s': device lun needs type block and bus scsi or virtio",
                                 target);
        if (disk->tray && !removable)
                return error_set(err, ERROR_XML_INVALID, "disk '%s' has no tray", target);
        if (disk->has_removable && disk->bus != DISK_BUS_USB)
                return error_set(err, ERROR_XML_INVALID, "disk '%s': removable needs bus usb",
                                 target);
        if (disk->transient && disk->readonly)
                return error_set(err, ERROR_XML_INVALID,
                                 "disk '%s' cannot be transient and readonly", target);
        return path && *path ? check_path(path, what, err) : 0;
}

static int check_disks(const DomainConfig *config, Error *err)
{
        _cleanup_(map_done) Map targets = {};

        for (size_t i = 0; i < config->disks.len; i++) {
                Disk *disk = &config->disks.items[i];
                int r = check_disk(disk, err);
                if (r < 0)
                        return r;
                if (map_put_str(&targets, disk->target, disk))
                        return error_set(err, ERROR_XML_INVALID, "target '%s' is used by two disks",
                                         disk->target);
        }
        return 0;
}

static int check_controllers(const DomainConfig *config, Error *err)
{
        _cleanup_(map_done) Map seen = {};

        for (size_t i = 0; i < config->controllers.len; i++) {
                Controller *c = &config->controllers.items[i];
                /* A fast USB controller and its slow companions are one bus. */
                bool companion = c->type == CONTROLLER_TYPE_USB && c->has_startport;
                if (!c->has_index || companion)
                        continue;
                _cleanup_(free_ptr) char *key =
                        xasprintf("%s %u", controller_type_text(c->type), c->index);
                if (map_put_str(&seen, key, c))
                        return error_set(err, ERROR_XML_INVALID, "controller %s appears twice",
                                         key);
        }
        return 0;
}

static int check_char(const CharSource *source, const char *what, size_t i, Error *err)
{
        _cleanup_(free_ptr) char *place = xasprintf("%s %zu", what, i);
        const char *path = NULL;

        if (source->type == CHAR_TYPE_FILE)
                path = source->data.file.path;
        else if (source->type == CHAR_TYPE_DEV)
                path = source->data.dev.path;
        else if (source->type == CHAR_TYPE_PIPE)
                path = source->data.pipe.path;
        else if (source->type == CHAR_TYPE_UNIX)
                path = source->data.unix_.path;
        if (source->type == CHAR_TYPE_UNIX && !path &&
            source->data.unix_.mode == SOCKET_MODE_CONNECT)
                return error_set(err, ERROR_XML_INVALID, "%s: mode 'connect' needs a path", place);
        int r = check_path(path, place, err);
        return r < 0 ? r : check_path(source->log_file, place, err);
}

static int check_ports(const DomainConfig *config, Error *err)
{
        for (size_t i = 0; i < config->serials.len; i++)
                for (size_t k = 0; k < i; k++)
                        if (config->serials.items[i].has_port &&
                            config->serials.items[k].has_port &&
                            config->serials.items[i].port == config->serials.items[k].port)
                                return error_set(err, ERROR_XML_INVALID,
                                                 "serial port %u appears twice",
                                                 config->serials.items[i].port);
        for (size_t i = 0; i < config->parallels.len; i++)
                for (size_t k = 0; k < i; k++)
                        if (config->parallels.items[i].has_port &&
                            config->parallels.items[k].has_port &&
                            config->parallels.items[i].port == config->parallels.items[k].port)
                                return error_set(err, ERROR_XML_INVALID,
                                                 "parallel port %u appears twice",
                                                 config->parallels.items[i].port);
        return 0;
}

static int check_lines(const DomainConfig *config, Error *err)
{
        _cleanup_(map_done) Map names = {};
        int r = 0;

        for (size_t i = 0; r == 0 && i < config->serials.len; i++)
                r = check_char(&config->serials.items[i].source, "serial", i, err);
        for (size_t i = 0; r == 0 && i < config->parallels.len; i++)
                r = check_char(&config->parallels.items[i].source, "parallel", i, err);
        for (size_t i = 0; r == 0 && i < config->consoles.len; i++)
                r = check_char(&config->consoles.items[i].source, "console", i, err);
        for (size_t i = 0; r == 0 && i < config->channels.len; i++) {
                Channel *c = &config->channels.items[i];
                if (c->name && map_put_str(&names, c->name, c))
                        r = error_set(err, ERROR_XML_INVALID, "channel '%s' appears twice",
                                      c->name);
                else
                        r = check_char(&c->source, "channel", i, err);
        }
        return r < 0 ? r : check_ports(config, err);
}

static int check_displays(const DomainConfig *config, Error *err)
{
        bool seen[_GRAPHICS_TYPE_MAX] = {};

        for (size_t i = 0; i < config->graphics.len; i++) {
                GraphicsType type = config->graphics.items[i].type;
                if (seen[type])
                        return error_set(err, ERROR_CONFIG_UNSUPPORTED,
                                         "only one graphics of type %s is possible",
                                         graphics_type_text(type));
                seen[type] = true;
                const Graphics *g = &config->graphics.items[i];
                const char *listen =
                        type == GRAPHICS_TYPE_VNC ? g->data.vnc.listen : g->data.spice.listen;
                size_t n = type == GRAPHICS_TYPE_VNC ? g->data.vnc.listens.len
                                                     : g->data.spice.listens.len;
                const Listen *first = type == GRAPHICS_TYPE_VNC ? g->data.vnc.listens.items
                                                                : g->data.spice.listens.items;
                if (listen && n > 0 && first->type == LISTEN_TYPE_ADDRESS &&
                    first->at.address.address && !str_eq(listen, first->at.address.address))
                        return error_set(err, ERROR_XML_INVALID,
                                         "graphics %zu: listen='%s' and <listen address='%s'> "
                                         "contradict each other",
                                         i, listen, first->at.address.address);
        }
        for (size_t i = 0; i < config->videos.len; i++) {
                const Video *v = &config->videos.items[i];
                if (v->has_primary && v->primary && i > 0)
                        return error_set(err, ERROR_CONFIG_UNSUPPORTED,
                                         "video %zu: only the first can be the primary one", i);
                if (v->type == VIDEO_TYPE_NONE && config->videos.len > 1)
                        return error_set(err, ERROR_XML_INVALID,
                                         "video %zu: type none must be the only one", i);
                if (v->has_width != v->has_height)
                        return error_set(err, ERROR_XML_INVALID,
                                         "video %zu: <resolution> needs x and y", i);
        }
        return 0;
}

static int check_misc(const DomainConfig *config, Error *err)
{
        for (size_t i = 0; i < config->rngs.len; i++) {
                const Rng *rng = &config->rngs.items[i];
                if (rng->device && rng->backend == RNG_BACKEND_BUILTIN)
                        return error_set(err, ERROR_XML_INVALID,
                                         "rng %zu: backend builtin has no device", i);
                if (rng->has_rate_period && !rng->has_rate_bytes)
                        return error_set(err, ERROR_XML_INVALID, "rng %zu: <rate> needs bytes", i);
                int r = check_path(rng->device, "<backend> in <rng>", err);
                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < config->interfaces.len; i++) {
                const Interface *n = &config->interfaces.items[i];
                if (!mac_is_null(&n->mac) && (n->mac.bytes[0] & 1))
                        return error_set(err, ERROR_XML_INVALID,
                                         "interface %zu: a multicast address is no interface's", i);
        }
        const Vsock *vsock = config->vsock;
        bool automatic = vsock && vsock->has_auto_cid && vsock->auto_cid;
        if (vsock && !automatic && !vsock->has_cid)
                return error_set(err, ERROR_XML_INVALID, "vsock: <cid> needs address or auto");
        return 0;
}

/* Orders are unique, and there is one way of telling them. */
static int check_boot(const DomainConfig *config, Error *err)
{
        _cleanup_(map_done) Map orders = {};

        FOREACH_DEVICE(device, config) {
                if (!device.info->has_boot_order)
                        continue;
                if (config->os.boot.len > 0)
                        return error_set(err, ERROR_CONFIG_UNSUPPORTED,
                                         "<boot> in <os> and <boot> of devices exclude each other");
                uint32_t order = device.info->boot_order;
                if (map_put(&orders, &order, sizeof(order), device.info)) {
                        _cleanup_(free_ptr) char *what = device_describe(&device);
                        return error_set(err, ERROR_XML_INVALID, "%s: boot order %u is taken", what,
                                         order);
                }
        }
        return 0;
}

int config_check(const DomainConfig *config, Error *err)
{
        int r = 0;

        if (config->title && strchr(config->title, '\n'))
                return error_set(err, ERROR_XML_INVALID, "<title> in <domain> has two lines");
        if ((r = check_size(config, err)) < 0 || (r = check_os(config, err)) < 0 ||
            (r = check_clock(&config->clock, err)) < 0 || (r = check_disks(config, err)) < 0 ||
            (r = check_controllers(config, err)) < 0 || (r = check_lines(config, err)) < 0 ||
            (r = check_displays(config, err)) < 0 || (r = config_check_tune(config, err)) < 0 ||
            (r = check_misc(config, err)) < 0)
                return r;
        return check_boot(config, err);
}

static bool address_fits(Want want, const Device *device, AddressType type)
{
        switch (want) {
        case WANT_PCI:
        case WANT_PCIE:
                return type == ADDRESS_TYPE_PCI ||
                       (device->kind == DEVICE_HOSTDEV && type == ADDRESS_TYPE_UNASSIGNED);
        case WANT_DRIVE:
                return type == ADDRESS_TYPE_DRIVE;
        case WANT_USB:
                return type == ADDRESS_TYPE_USB;
        case WANT_VIRTIO_SERIAL:
                return type == ADDRESS_TYPE_VIRTIO_SERIAL;
        case WANT_CCID:
                return type == ADDRESS_TYPE_CCID;
        default:
                return type == ADDRESS_TYPE_ISA &&
                       (device->kind == DEVICE_SERIAL || device->kind == DEVICE_PARALLEL ||
                        device->kind == DEVICE_PANIC || device->kind == DEVICE_SOUND ||
                        device->kind == DEVICE_WATCHDOG);
        }
}

int config_check_addresses(const DomainConfig *config, Error *err)
{
        if (machine_bus(config) == MACHINE_OTHER)
                return 0;
        FOREACH_DEVICE(device, config) {
                const Address *at = device.info->address;
                if (!at || address_fits(device_wants(&device), &device, at->type))
                        continue;
                _cleanup_(free_ptr) char *what = device_describe(&device);
                return error_set(err, ERROR_XML_INVALID, "%s cannot have an address of type '%s'",
                                 what, address_type_text(at->type));
        }
        return 0;
}

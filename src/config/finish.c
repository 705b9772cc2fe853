/* domain_config_finish(): a configuration as its user wrote it becomes one that says everything
 * that needs no hypervisor to decide. */
#include "config/finish.h"

#include "base/str.h"

bool machine_is_xen(const DomainConfig *config)
{
        return str_eq(config->type, "xen");
}

bool machine_is_x86(const DomainConfig *config)
{
        return !config->os.arch || str_eq(config->os.arch, "x86_64") ||
               str_eq(config->os.arch, "i686");
}

MachineBus machine_bus(const DomainConfig *config)
{
        const char *m = config->os.machine;

        if (!machine_is_x86(config) || machine_is_xen(config))
                return MACHINE_OTHER;
        if (!m || str_eq(m, "pc") || str_after(m, "pc-i440fx") || str_after(m, "pc-0.") ||
            str_after(m, "pc-1."))
                return MACHINE_PCI;
        return str_eq(m, "q35") || str_after(m, "pc-q35") ? MACHINE_PCIE : MACHINE_OTHER;
}

long disk_number(const char *target)
{
        static const char *const prefixes[] = {"xvd", "vd", "sd", "hd", "fd", "ubd"};
        const char *p = NULL;
        long n = 0;

        for (size_t i = 0; !p && i < ELEMENTSOF(prefixes); i++)
                p = str_after(target, prefixes[i]);
        if (!p || *p < 'a' || *p > 'z')
                return -1;
        for (; *p >= 'a' && *p <= 'z'; p++)
                if ((n = n * 26 + (*p - 'a' + 1)) > 100000)
                        return -1;
        return p[strspn(p, "0123456789")] ? -1 : n - 1;
}

static DiskBus disk_bus_by_name(const Disk *disk)
{
        static const struct {
                const char *prefix;
                DiskBus bus;
        } buses[] = {{"hd", DISK_BUS_IDE},
                     {"sd", DISK_BUS_SCSI},
                     {"vd", DISK_BUS_VIRTIO},
                     {"xvd", DISK_BUS_XEN},
                     {"fd", DISK_BUS_FDC}};

        if (disk->device == DISK_DEVICE_FLOPPY)
                return DISK_BUS_FDC;
        for (size_t i = 0; i < ELEMENTSOF(buses); i++)
                if (str_after(disk->target, buses[i].prefix))
                        return buses[i].bus;
        return DISK_BUS_IDE;
}

static void fill_disk(const DomainConfig *config, Disk *disk)
{
        if (disk->bus == DISK_BUS_UNSET)
                disk->bus = disk_bus_by_name(disk);
        if (disk->device == DISK_DEVICE_CDROM)
                disk->readonly = true;
        if (disk->driver.type == DISK_FORMAT_UNSET)
                disk->driver.type = DISK_FORMAT_RAW;
        if (!disk->driver.name && !machine_is_xen(config))
                disk->driver.name = xstrdup("qemu");
}

static void fill_interface(const DomainConfig *config, Interface *interface)
{
        if (mac_is_null(&interface->mac))
                interface->mac = mac_new();
        if (!interface->model && machine_is_x86(config) && !machine_is_xen(config))
                interface->model = xstrdup("rtl8139");
}

/* The first listen element and the attribute `listen` say the same. */
static void fill_listens(char **listen, const char *socket, GraphicsVnc *vnc, GraphicsSpice *spice)
{
        Listen first = {.type = LISTEN_TYPE_ADDRESS};

        if (vnc ? vnc->listens.len : spice->listens.len) {
                const Listen *l = vnc ? vnc->listens.items : spice->listens.items;
                if (!*listen && l->type == LISTEN_TYPE_ADDRESS)
                        *listen = xstrdup_null(l->at.address.address);
                return;
        }
        if (socket) {
                first.type = LISTEN_TYPE_SOCKET;
                first.at.socket.path = xstrdup(socket);
        } else {
                first.at.address.address = xstrdup_null(*listen);
        }
        if (vnc)
                *vec_push(&vnc->listens) = first;
        else
                *vec_push(&spice->listens) = first;
}

static void fill_graphics(Graphics *graphics)
{
        if (graphics->type == GRAPHICS_TYPE_VNC) {
                GraphicsVnc *vnc = &graphics->data.vnc;
                fill_listens(&vnc->listen, vnc->socket, vnc, NULL);
                if (vnc->listens.items[0].type == LISTEN_TYPE_SOCKET)
                        return;
                bool automatic =
                        vnc->has_autoport ? vnc->autoport : !vnc->has_port || vnc->port == -1;
                vnc->has_autoport = vnc->has_port = true;
                if ((vnc->autoport = automatic))
                        vnc->port = -1;
        } else if (graphics->type == GRAPHICS_TYPE_SPICE) {
                GraphicsSpice *spice = &graphics->data.spice;
                fill_listens(&spice->listen, NULL, NULL, spice);
                if (!spice->has_autoport && !spice->has_port && !spice->has_tls_port)
                        spice->has_autoport = spice->autoport = true;
                if (!spice->autoport)
                        return;
                spice->has_port = true;
                spice->port = -1;
                spice->has_tls_port = false;
                spice->tls_port = 0;
        }
}

static void fill_video(Video *video, bool first)
{
        if (video->type == VIDEO_TYPE_NONE)
                return;
        if (!video->has_heads)
                video->has_heads = true, video->heads = 1;
        if (first && !video->has_primary)
                video->has_primary = video->primary = true;
        bool vga = video->type == VIDEO_TYPE_VGA || video->type == VIDEO_TYPE_CIRRUS ||
                   video->type == VIDEO_TYPE_BOCHS;
        if (vga && !video->has_vram)
                video->has_vram = true, video->vram = 16384;
}

/* Cells are numbered, and together they are the guest's memory. */
static void fill_cells(DomainConfig *config)
{
        uint64_t memory = 0;

        if (!config->cpu)
                return;
        for (size_t i = 0; i < config->cpu->cells.len; i++) {
                NumaCell *cell = &config->cpu->cells.items[i];
                if (!cell->has_id)
                        cell->has_id = true, cell->id = (uint32_t) i;
                memory += cell->memory;
        }
        if (memory)
                config->memory = memory;
}

static void fill_os(DomainConfig *config)
{
        Os *os = &config->os;
        bool boots_by_device = false;

        if (!os->type || os->type == OS_TYPE_XEN)
                os->type = OS_TYPE_LINUX; /* what libvirt shows; where there is none, a boot loader was given, see config_check() */
        if (!os->arch)
                os->arch = xstrdup("x86_64");
        FOREACH_DEVICE(device, config)
                boots_by_device |= device.info->has_boot_order;
        if (os->type == OS_TYPE_HVM && !boots_by_device && os->boot.len == 0)
                *vec_push(&os->boot) = BOOT_DEVICE_HD;
}

static void fill_disk_chain(BackingStore *store)
{
        for (; store && store->type; store = store->backing)
                if (!store->format)
                        store->format = DISK_FORMAT_RAW;
}

static void fill_char(CharSource *source)
{
        CharUnix *socket = source->type == CHAR_TYPE_UNIX ? &source->data.unix_ : NULL;

        if (socket && !socket->mode)
                socket->mode = socket->path ? SOCKET_MODE_CONNECT : SOCKET_MODE_BIND;
}

/* The lowest number that no other port has. */
static uint32_t free_serial_port(const DomainConfig *config)
{
        uint32_t port = 0;

        for (size_t i = 0; i < config->serials.len; i++)
                if (config->serials.items[i].has_port && config->serials.items[i].port == port)
                        port++, i = SIZE_MAX; /* from the beginning */
        return port;
}

static uint32_t free_parallel_port(const DomainConfig *config)
{
        uint32_t port = 0;

        for (size_t i = 0; i < config->parallels.len; i++)
                if (config->parallels.items[i].has_port && config->parallels.items[i].port == port)
                        port++, i = SIZE_MAX;
        return port;
}

static void fill_lines(DomainConfig *config)
{
        bool x86 = machine_is_x86(config) && !machine_is_xen(config);

        for (size_t i = 0; i < config->channels.len; i++)
                fill_char(&config->channels.items[i].source);

        for (size_t i = 0; i < config->serials.len; i++) {
                Serial *s = &config->serials.items[i];
                fill_char(&s->source);
                if (!s->target_type && x86)
                        s->target_type = SERIAL_TARGET_TYPE_ISA_SERIAL;
                if (!s->model && s->target_type)
                        s->model = xstrdup(serial_target_type_text(s->target_type));
                if (!s->has_port) {
                        s->port = free_serial_port(config);
                        s->has_port = true;
                }
        }
        for (size_t i = 0; i < config->parallels.len; i++) {
                Parallel *p = &config->parallels.items[i];
                fill_char(&p->source);
                if (!p->has_port) {
                        p->port = free_parallel_port(config);
                        p->has_port = true;
                }
        }
        for (size_t i = 0; i < config->consoles.len; i++) {
                Console *c = &config->consoles.items[i];
                fill_char(&c->source);
                if (!c->target_type)
                        c->target_type = config->os.type == OS_TYPE_HVM ? CONSOLE_TARGET_TYPE_SERIAL
                                                                        : CONSOLE_TARGET_TYPE_XEN;
                if (!c->has_port)
                        c->has_port = true, c->port = (uint32_t) i;
        }
}

void config_fill(DomainConfig *config)
{
        if (uuid_is_null(&config->uuid))
                config->uuid = uuid_new();
        fill_cells(config);
        if (!config->has_current_memory || config->current_memory > config->memory)
                config->current_memory = config->memory;
        config->has_current_memory = true;
        if (!config->vcpu_placement)
                config->vcpu_placement = VCPU_PLACEMENT_STATIC;
        if (config->vcpu_current == config->vcpus)
                config->has_vcpu_current = false, config->vcpu_current = 0;
        if (config->iothread_ids.len > config->iothreads)
                config->has_iothreads = true,
                config->iothreads = (uint32_t) config->iothread_ids.len;
        if (!config->clock.offset)
                config->clock.offset = CLOCK_OFFSET_UTC;
        if (!config->on_poweroff)
                config->on_poweroff = LIFECYCLE_ACTION_DESTROY;
        if (!config->on_reboot)
                config->on_reboot = LIFECYCLE_ACTION_RESTART;
        if (!config->on_crash)
                config->on_crash = LIFECYCLE_ACTION_DESTROY;
        if (config->cpu && !config->cpu->mode)
                config->cpu->mode = CPU_MODE_CUSTOM;
        fill_os(config);
        for (size_t i = 0; i < config->disks.len; i++)
                fill_disk(config, &config->disks.items[i]);
        for (size_t i = 0; i < config->disks.len; i++)
                fill_disk_chain(config->disks.items[i].backing);
        for (size_t i = 0; i < config->interfaces.len; i++)
                fill_interface(config, &config->interfaces.items[i]);
        for (size_t i = 0; i < config->graphics.len; i++)
                fill_graphics(&config->graphics.items[i]);
        for (size_t i = 0; i < config->inputs.len; i++) {
                Input *input = &config->inputs.items[i];
                if (!input->bus)
                        input->bus = machine_is_xen(config)             ? INPUT_BUS_XEN
                                     : input->type == INPUT_TYPE_TABLET ? INPUT_BUS_USB
                                                                        : INPUT_BUS_PS2;
        }
        for (size_t i = 0; i < config->rngs.len; i++) {
                Rng *rng = &config->rngs.items[i];
                if (rng->backend == RNG_BACKEND_RANDOM && !rng->device)
                        rng->device = xstrdup("/dev/urandom");
        }
        if (config->vsock && !config->vsock->model)
                config->vsock->model = VIRTIO_MODEL_VIRTIO;
        fill_lines(config);
}

int config_finish(DomainConfig *config, Error *err)
{
        int r = config_check(config, err);

        if (r < 0)
                return r;
        config_fill(config);
        r = config_add_devices(config, err);
        for (size_t i = 0; i < config->videos.len; i++)
                fill_video(&config->videos.items[i], i == 0);
        if (r == 0)
                r = config_check_addresses(config, err);
        if (r == 0)
                r = config_place_units(config, err);
        if (r == 0)
                r = config_place_pci(config, err);
        return r;
}

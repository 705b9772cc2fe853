#include "xen/config.h"

#include "base/str.h"

#include <stdlib.h>
#include <string.h>

/* --- what is served --- */

static int refuse(Error *err, const char *what)
{
        return error_set(err, ERROR_CONFIG_UNSUPPORTED, "%s is not supported on Xen", what);
}

static libxl_domain_type type_of(const DomainConfig *config)
{
        switch (config->os.type) {
        case OS_TYPE_LINUX:
                return LIBXL_DOMAIN_TYPE_PV;
        case OS_TYPE_XENPVH:
                return LIBXL_DOMAIN_TYPE_PVH;
        default:
                return LIBXL_DOMAIN_TYPE_HVM;
        }
}

static int check_disk(const Disk *disk, Error *err)
{
        if (disk->backing)
                return refuse(err, "a backing chain in the configuration");
        if (disk->iotune)
                return refuse(err, "iotune");
        switch (disk->driver.type) {
        case DISK_FORMAT_RAW:
        case DISK_FORMAT_QCOW2:
        case DISK_FORMAT_QED:
        case DISK_FORMAT_VHDX:
        case DISK_FORMAT_UNSET:
                return 0;
        default:
                return error_set(err, ERROR_CONFIG_UNSUPPORTED,
                                 "disk '%s': format %s is not supported on Xen", disk->target,
                                 disk_format_text(disk->driver.type));
        }
}

int xen_config_check(DomainConfig *config, Error *err)
{
        int r = 0;

        if (config->os.type != OS_TYPE_HVM && !config->os.kernel && !config->bootloader)
                return error_set(err, ERROR_NO_OS,
                                 "a paravirtual guest needs a kernel or a bootloader");
        for (size_t i = 0; r >= 0 && i < config->disks.len; i++)
                r = check_disk(&config->disks.items[i], err);
        if (r < 0)
                return r;
        for (size_t i = 0; i < config->interfaces.len; i++)
                if (config->interfaces.items[i].type != INTERFACE_TYPE_BRIDGE)
                        return refuse(err, "an interface that is not on a bridge");
        return 0;
}

/* --- libxl's form --- */

static libxl_disk_format format_of(const Disk *disk)
{
        if (!disk_path(disk))
                return LIBXL_DISK_FORMAT_EMPTY;
        switch (disk->driver.type) {
        case DISK_FORMAT_QCOW2:
                return LIBXL_DISK_FORMAT_QCOW2;
        case DISK_FORMAT_QED:
                return LIBXL_DISK_FORMAT_QED;
        case DISK_FORMAT_VHDX:
                return LIBXL_DISK_FORMAT_VHD;
        default: /* never probed */
                return LIBXL_DISK_FORMAT_RAW;
        }
}

/* The backend is libxl's choice where <driver name> does not say it. */
static libxl_disk_backend backend_of(const Disk *disk)
{
        if (str_eq(disk->driver.name, "phy"))
                return LIBXL_DISK_BACKEND_PHY;
        return str_eq(disk->driver.name, "qemu") ? LIBXL_DISK_BACKEND_QDISK
                                                 : LIBXL_DISK_BACKEND_UNKNOWN;
}

static void make_disks(const DomainConfig *config, libxl_domain_config *ret)
{
        ret->disks = xnew0(libxl_device_disk, config->disks.len + 1);
        for (size_t i = 0; i < config->disks.len; i++) {
                const Disk *disk = &config->disks.items[i];
                libxl_device_disk *x = &ret->disks[ret->num_disks++];

                libxl_device_disk_init(x);
                x->pdev_path = xstrdup_null(disk_path(disk));
                x->vdev = xstrdup(disk->target);
                x->format = format_of(disk);
                x->backend = backend_of(disk);
                x->is_cdrom = disk->device == DISK_DEVICE_CDROM;
                x->removable = x->is_cdrom;
                x->readwrite = !disk->readonly && !x->is_cdrom;
        }
}

static void make_nics(const DomainConfig *config, libxl_domain_config *ret)
{
        ret->nics = xnew0(libxl_device_nic, config->interfaces.len + 1);
        for (size_t i = 0; i < config->interfaces.len; i++) {
                const Interface *interface = &config->interfaces.items[i];
                libxl_device_nic *x = &ret->nics[ret->num_nics++];

                libxl_device_nic_init(x);
                x->devid = (libxl_devid) i;
                memcpy(x->mac, &interface->mac, sizeof(x->mac));
                x->bridge = xstrdup(interface->source.bridge.bridge);
                x->script = xstrdup_null(interface->script);
                x->ifname = xstrdup_null(interface->target_dev);
                x->model = xstrdup_null(interface->model);
                if (interface->has_mtu)
                        x->mtu = (int) interface->mtu;
                x->nictype = config->os.type == OS_TYPE_HVM && interface->model &&
                                             !str_eq(interface->model, "netfront")
                                     ? LIBXL_NIC_TYPE_VIF_IOEMU
                                     : LIBXL_NIC_TYPE_VIF;
        }
}

static void make_hvm(const DomainConfig *config, libxl_domain_build_info *b)
{
        const Graphics *vnc = NULL;

        libxl_defbool_set(&b->u.hvm.pae, config->features.pae);
        libxl_defbool_set(&b->acpi, config->features.acpi);
        libxl_defbool_set(&b->apic, config->features.apic != NULL);
        libxl_defbool_set(&b->u.hvm.viridian, config->features.viridian);
        for (size_t i = 0; i < config->graphics.len && !vnc; i++)
                if (config->graphics.items[i].type == GRAPHICS_TYPE_VNC)
                        vnc = &config->graphics.items[i];
        libxl_defbool_set(&b->u.hvm.vnc.enable, vnc != NULL);
        if (!vnc) {
                b->u.hvm.vga.kind = LIBXL_VGA_INTERFACE_TYPE_NONE;
                libxl_defbool_set(&b->u.hvm.nographic, true);
        }
        if (config->serials.len)
                b->u.hvm.serial = xstrdup("pty");
        if (config->os.boot.len) {
                static const char letters[] = {[BOOT_DEVICE_FD] = 'a',
                                               [BOOT_DEVICE_HD] = 'c',
                                               [BOOT_DEVICE_CDROM] = 'd',
                                               [BOOT_DEVICE_NETWORK] = 'n'};

                b->u.hvm.boot = xnew0(char, config->os.boot.len + 1);
                for (size_t i = 0; i < config->os.boot.len; i++)
                        b->u.hvm.boot[i] = letters[config->os.boot.items[i]];
        }
}

static int make_build(libxl_ctx *ctx, const DomainConfig *config, libxl_domain_build_info *b,
                      Error *err)
{
        uint32_t online = config->has_vcpu_current ? config->vcpu_current : config->vcpus;

        libxl_domain_build_info_init_type(b, type_of(config));
        b->max_memkb = config->memory;
        b->target_memkb = config->has_current_memory ? config->current_memory : config->memory;
        b->max_vcpus = (int) config->vcpus;
        if (libxl_cpu_bitmap_alloc(ctx, &b->avail_vcpus, (int) config->vcpus) != 0)
                return error_set(err, ERROR_INTERNAL, "no memory for %u processors", config->vcpus);
        libxl_bitmap_set_none(&b->avail_vcpus);
        for (uint32_t i = 0; i < online; i++)
                libxl_bitmap_set(&b->avail_vcpus, (int) i);
        b->kernel = xstrdup_null(config->os.kernel);
        b->ramdisk = xstrdup_null(config->os.initrd);
        b->cmdline = xstrdup_null(config->os.cmdline);
        b->bootloader = xstrdup_null(config->bootloader);
        b->device_model = xstrdup_null(config->emulator);
        libxl_defbool_set(&b->localtime, config->clock.offset == CLOCK_OFFSET_LOCALTIME);
        if (config->os.type == OS_TYPE_HVM)
                make_hvm(config, b);
        return 0;
}

int xen_config_make(libxl_ctx *ctx, const DomainConfig *config, libxl_domain_config *ret,
                    Error *err)
{
        libxl_domain_config_init(ret);
        ret->c_info.type = type_of(config);
        ret->c_info.name = xstrdup(config->name);
        memcpy(ret->c_info.uuid.uuid, config->uuid.bytes, sizeof(config->uuid.bytes));
        if (config->features.has_hap)
                libxl_defbool_set(&ret->c_info.hap, config->features.hap);
        make_disks(config, ret);
        make_nics(config, ret);
        return make_build(ctx, config, &ret->b_info, err);
}

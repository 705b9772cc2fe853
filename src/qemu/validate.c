#include "qemu/validate.h"

#include "base/path.h"
#include "base/str.h"
#include "config/device.h"
#include "qemu/caps.h"
#include "qemu/qemu.h"

#include <sys/utsname.h>

enum {
        VERSION_OLDEST = 6002000, /* takes -device as JSON, and -action */
};

#define HEX_DIGITS       "0123456789abcdefABCDEF"
#define refuse(err, ...) error_set((err), ERROR_CONFIG_UNSUPPORTED, __VA_ARGS__)

char *qemu_emulator(const DomainConfig *config)
{
        const char *arch = config->os.arch;
        struct utsname uts;

        if (config->emulator)
                return xstrdup(config->emulator);
        if (!arch) {
                uname(&uts);
                arch = uts.machine;
        }
        return xasprintf("/usr/bin/qemu-system-%s", str_eq(arch, "i686") ? "i386" : arch);
}

/* --- the machine --- */

static int check_lifecycle(const DomainConfig *config, Error *err)
{
        const struct {
                const char *name;
                LifecycleAction action;
                bool preserve; /* can be done */
        } actions[] = {
                {"on_poweroff", config->on_poweroff, false},
                {"on_reboot", config->on_reboot, false},
                {"on_crash", config->on_crash, true},
        };

        for (size_t i = 0; i < ELEMENTSOF(actions); i++) {
                LifecycleAction action = actions[i].action;
                bool bad = action == LIFECYCLE_ACTION_COREDUMP_DESTROY ||
                           action == LIFECYCLE_ACTION_COREDUMP_RESTART ||
                           (action == LIFECYCLE_ACTION_PRESERVE && !actions[i].preserve);

                if (bad)
                        return refuse(err, "%s '%s' is not supported", actions[i].name,
                                      lifecycle_action_text(action));
        }
        return 0;
}

static int check_os(const DomainConfig *config, Error *err)
{
        const Os *os = &config->os;

        if (os->type != OS_TYPE_UNSET && os->type != OS_TYPE_HVM)
                return refuse(err, "os type '%s' is not supported by QEMU", os_type_text(os->type));
        if (os->firmware)
                return refuse(err, "choosing a firmware is not supported: name a loader");
        if (os->loader_type == LOADER_TYPE_PFLASH || os->nvram)
                return refuse(err, "firmware in flash memory is not supported");
        if (os->smbios && os->smbios != SMBIOS_MODE_EMULATE)
                return refuse(err, "smbios mode '%s' is not supported",
                              smbios_mode_text(os->smbios));
        if (os->has_bios_use_serial && os->bios_use_serial)
                return refuse(err, "firmware output on the serial port is not supported");
        if (config->bootloader)
                return refuse(err, "a bootloader is not supported by QEMU");
        return 0;
}

static int check_processor(const DomainConfig *config, Error *err)
{
        const Cpu *cpu = config->cpu;

        if (config->vcpu_cpuset || config->vcpu_placement == VCPU_PLACEMENT_AUTO)
                return refuse(err, "placing virtual processors is not supported");
        if (!cpu)
                return 0;
        if ((cpu->mode == CPU_MODE_UNSET || cpu->mode == CPU_MODE_CUSTOM) && !cpu->model &&
            cpu->features.len)
                return refuse(err, "CPU features need a CPU model");
        return 0;
}

static int check_clock(const GuestClock *clock, Error *err)
{
        if (clock->offset != CLOCK_OFFSET_UNSET && clock->offset != CLOCK_OFFSET_UTC &&
            clock->offset != CLOCK_OFFSET_LOCALTIME)
                return refuse(err, "clock offset '%s' is not supported",
                              clock_offset_text(clock->offset));
        for (size_t i = 0; i < clock->timers.len; i++) {
                const ClockTimer *timer = &clock->timers.items[i];

                if (timer->name != TIMER_NAME_HPET && timer->name != TIMER_NAME_RTC &&
                    timer->name != TIMER_NAME_PIT)
                        return refuse(err, "timer '%s' is not supported",
                                      timer_name_text(timer->name));
                if (timer->track || timer->has_frequency || timer->mode)
                        return refuse(err,
                                      "track, frequency and mode of timer '%s' are not supported",
                                      timer_name_text(timer->name));
        }
        return 0;
}

static int check_features(const DomainConfig *config, Error *err)
{
        const Features *features = &config->features;
        const struct {
                bool set;
                const char *name;
        } unknown[] = {
                {features->hyperv != NULL, "hyperv"},
                {features->has_hap, "hap"},
                {features->viridian, "viridian"},
                {features->privnet, "privnet"},
                {features->apic && features->apic->has_eoi, "apic/eoi"},
                {features->has_pvspinlock, "pvspinlock"},
                {features->kvm &&
                         (features->kvm->has_hint_dedicated || features->kvm->has_poll_control),
                 "kvm hints"},
        };

        for (size_t i = 0; i < ELEMENTSOF(unknown); i++)
                if (unknown[i].set)
                        return refuse(err, "feature '%s' is not supported", unknown[i].name);
        return 0;
}

/* --- devices --- */

static int check_disk_bus(const Disk *disk, Error *err)
{
        if (disk->bus == DISK_BUS_FDC || disk->bus == DISK_BUS_SD || disk->bus == DISK_BUS_XEN)
                return refuse(err, "disk '%s': bus '%s' is not supported", disk->target,
                              disk_bus_text(disk->bus));
        if (disk->device == DISK_DEVICE_FLOPPY)
                return refuse(err, "disk '%s': floppy disks are not supported", disk->target);
        if (disk->device == DISK_DEVICE_CDROM &&
            (disk->bus == DISK_BUS_VIRTIO || disk->bus == DISK_BUS_USB))
                return refuse(err, "disk '%s': bus '%s' has no CD-ROM drives", disk->target,
                              disk_bus_text(disk->bus));
        if (disk->readonly && disk->device == DISK_DEVICE_DISK &&
            (disk->bus == DISK_BUS_IDE || disk->bus == DISK_BUS_SATA))
                return refuse(err, "disk '%s': readonly %s disks are not supported", disk->target,
                              disk_bus_text(disk->bus));
        if (disk->device == DISK_DEVICE_LUN)
                return refuse(err, "disk '%s': device 'lun' is not supported", disk->target);
        return 0;
}

static int check_disk(const Disk *disk, Error *err)
{
        const DiskDriver *driver = &disk->driver;
        const struct {
                bool set;
                const char *name;
        } unknown[] = {
                {disk->transient, "transient"},
                {driver->has_copy_on_read && driver->copy_on_read, "copy_on_read"},
                {driver->has_iothread, "iothread"},
                {disk->iotune != NULL, "iotune"},
                {disk->backing != NULL, "backingStore"},
                {disk->has_logical_block || disk->has_physical_block, "blockio"},
                {driver->has_queue_size || driver->has_event_idx || driver->has_ioeventfd ||
                         driver->has_packed || driver->has_iommu,
                 "a property of virtio"},
                {driver->type == DISK_FORMAT_LUKS, "luks encryption"},
                {disk->type == DISK_TYPE_FILE && disk->source.file.startup_policy, "startupPolicy"},
                {disk->type == DISK_TYPE_BLOCK && disk->source.block.startup_policy,
                 "startupPolicy"},
                {driver->name && !str_eq(driver->name, "qemu"), "a driver other than qemu"},
        };
        int r;

        r = check_disk_bus(disk, err);
        if (r < 0)
                return r;
        for (size_t i = 0; i < ELEMENTSOF(unknown); i++)
                if (unknown[i].set)
                        return refuse(err, "disk '%s': %s is not supported", disk->target,
                                      unknown[i].name);
        if (disk->wwn && (strlen(disk->wwn) != 16 || strspn(disk->wwn, HEX_DIGITS) != 16))
                return refuse(err, "disk '%s': wwn '%s' is not 16 hex digits", disk->target,
                              disk->wwn);
        return 0;
}

static int check_interface(const Interface *interface, Error *err)
{
        static const char *const models[] = {
                "virtio",
                "virtio-transitional",
                "virtio-non-transitional",
                "e1000",
                "e1000e",
                "e1000-82544gc",
                "e1000-82545em",
                "rtl8139",
                "ne2k_pci",
                "pcnet",
                "vmxnet3",
                "i82551",
                "i82557b",
                "i82559er",
                "usb-net",
                "igb",
        };
        bool known = !interface->model;

        if (interface->type != INTERFACE_TYPE_USER)
                return refuse(err, "interface type '%s' is not supported by the QEMU driver",
                              interface_type_text(interface->type));
        for (size_t i = 0; i < ELEMENTSOF(models); i++)
                known = known || str_eq(interface->model, models[i]);
        if (!known)
                return refuse(err, "interface model '%s' is not supported", interface->model);
        if (interface->driver.name == INTERFACE_BACKEND_VHOST || interface->driver.has_queues)
                return refuse(err, "vhost and queues need an interface with a tap device");
        if (interface->link == LINK_STATE_DOWN)
                return refuse(err, "interface link state 'down' is not supported");
        if (interface->rom && interface->rom->file && interface->rom->file[0] != '/')
                return refuse(err, "option ROM '%s' is not an absolute path", interface->rom->file);
        return 0;
}

static int check_line(const CharSource *source, Error *err)
{
        if (source->type == CHAR_TYPE_SPICEVMC)
                return refuse(err, "character device type 'spicevmc' is not supported");
        if (source->type == CHAR_TYPE_TCP && (source->data.tcp.protocol == TCP_PROTOCOL_TLS ||
                                              source->data.tcp.protocol == TCP_PROTOCOL_TELNETS))
                return refuse(err, "encrypted character devices are not supported");
        return 0;
}

static int check_lines(const DomainConfig *config, Error *err)
{
        int r = 0;

        for (size_t i = 0; i < config->serials.len && r >= 0; i++)
                r = check_line(&config->serials.items[i].source, err);
        for (size_t i = 0; i < config->consoles.len && r >= 0; i++) {
                const Console *console = &config->consoles.items[i];

                r = check_line(&console->source, err);
                if (r >= 0 && console->target_type == CONSOLE_TARGET_TYPE_XEN)
                        r = refuse(err, "console target type 'xen' is not supported");
        }
        for (size_t i = 0; i < config->channels.len && r >= 0; i++) {
                r = check_line(&config->channels.items[i].source, err);
                if (r >= 0 && config->channels.items[i].target_type != CHANNEL_TARGET_TYPE_VIRTIO)
                        r = refuse(err, "only channels of type virtio are supported");
        }
        return r;
}

static int check_graphics(const DomainConfig *config, Error *err)
{
        if (config->graphics.len > 1)
                return refuse(err, "only one display is supported");
        for (size_t i = 0; i < config->graphics.len; i++) {
                const Graphics *graphics = &config->graphics.items[i];

                if (graphics->type != GRAPHICS_TYPE_VNC)
                        return refuse(err, "graphics type '%s' is not supported",
                                      graphics_type_text(graphics->type));
                if (graphics->data.vnc.listens.len > 1)
                        return refuse(err, "a display can listen at one place only");
                if (graphics->data.vnc.listens.len &&
                    graphics->data.vnc.listens.items[0].type == LISTEN_TYPE_NETWORK)
                        return refuse(err, "a display cannot listen on a virtual network");
                if (graphics->data.vnc.passwd_valid_to)
                        return refuse(err, "passwords that end are not supported");
        }
        return 0;
}

static int check_others(const DomainConfig *config, Error *err)
{
        const struct {
                size_t n;
                const char *name;
        } unknown[] = {
                {config->filesystems.len, "filesystem"},
                {config->parallels.len, "parallel"},
                {config->tpms.len, "tpm"},
                {config->sounds.len, "sound"},
                {config->hostdevs.len, "hostdev"},
                {config->vsock != NULL, "vsock"},
                {config->redirdevs.len, "redirdev"},
                {config->smartcards.len, "smartcard"},
                {config->audios.len, "audio"},
                {config->memory_backing != NULL, "memoryBacking"},
                {config->memory_tune != NULL, "memtune"},
                {config->iothreads, "iothreads"},
                {config->cpu_tune != NULL, "cputune"},
                {config->numa_tune != NULL, "numatune"},
                {config->block_tune != NULL, "blkiotune"},
                {config->partition != NULL, "resource"},
                {config->seclabels.len, "seclabel"},
                {config->os.firmware_features.len, "firmware"},
                {config->cpu && config->cpu->cells.len, "numa"},
                {config->cpu && config->cpu->cache, "cache"},
                {config->cpu && config->cpu->address, "maxphysaddr"},
        };

        for (size_t i = 0; i < ELEMENTSOF(unknown); i++)
                if (unknown[i].n)
                        return refuse(err, "element <%s> is not supported by the QEMU driver",
                                      unknown[i].name);
        for (size_t i = 0; i < config->watchdogs.len; i++)
                if (config->watchdogs.items[i].model == WATCHDOG_MODEL_ITCO ||
                    config->watchdogs.items[i].action == WATCHDOG_ACTION_DUMP)
                        return refuse(err, "this watchdog model or action is not supported");
        for (size_t i = 0; i < config->panics.len; i++)
                if (config->panics.items[i].model == PANIC_MODEL_HYPERV ||
                    config->panics.items[i].model == PANIC_MODEL_PVPANIC)
                        return refuse(err, "this model of panic device is not supported");
        for (size_t i = 0; i < config->inputs.len; i++)
                if (config->inputs.items[i].bus == INPUT_BUS_XEN)
                        return refuse(err, "input bus 'xen' is not supported");
        for (size_t i = 0; i < config->videos.len; i++)
                if (config->videos.items[i].type == VIDEO_TYPE_XEN ||
                    (config->videos.items[i].has_accel3d && config->videos.items[i].accel3d))
                        return refuse(err, "this video model is not supported");
        if (config->memballoon && config->memballoon->model == MEMBALLOON_MODEL_XEN)
                return refuse(err, "memballoon model 'xen' is not supported");
        return 0;
}

static int check_devices(const DomainConfig *config, Error *err)
{
        int r = 0;

        for (size_t i = 0; i < config->controllers.len && r >= 0; i++) {
                const Controller *controller = &config->controllers.items[i];

                if (controller->has_iothread)
                        r = refuse(err, "iothread of a controller is not supported");
                if (controller->type == CONTROLLER_TYPE_FDC ||
                    controller->type == CONTROLLER_TYPE_CCID ||
                    controller->type == CONTROLLER_TYPE_XENBUS ||
                    controller->model == CONTROLLER_MODEL_PCI_EXPANDER_BUS ||
                    controller->model == CONTROLLER_MODEL_PCIE_EXPANDER_BUS)
                        r = refuse(err, "controller type '%s' is not supported",
                                   controller_type_text(controller->type));
        }
        for (size_t i = 0; i < config->disks.len && r >= 0; i++)
                r = check_disk(&config->disks.items[i], err);
        for (size_t i = 0; i < config->interfaces.len && r >= 0; i++)
                r = check_interface(&config->interfaces.items[i], err);
        if (r >= 0)
                r = check_lines(config, err);
        if (r >= 0)
                r = check_graphics(config, err);
        return r < 0 ? r : check_others(config, err);
}

/* --- the emulator --- */

static int check_emulator(const QemuCaps *caps, DomainConfig *config, Error *err)
{
        QemuMachine machine;

        if (caps->version < VERSION_OLDEST)
                return refuse(err, "emulator %s is QEMU %lu.%lu; 6.2 or later is needed",
                              caps->path, caps->version / 1000000, caps->version / 1000 % 1000);
        if (config->os.arch && !str_eq(config->os.arch, caps->arch))
                return refuse(err, "emulator %s is of architecture %s, not %s", caps->path,
                              caps->arch, config->os.arch);
        if (str_eq(config->type, "kvm") && !caps->kvm)
                return refuse(err, "emulator %s has no KVM", caps->path);
        if (!qemu_caps_machine(caps, config->os.machine, &machine))
                return refuse(err, "emulator %s has no machine type '%s'", caps->path,
                              config->os.machine ? config->os.machine : "default");
        if (config->vcpus > machine.max_cpus)
                return refuse(err, "Maximum CPUs greater than specified machine type limit %u",
                              machine.max_cpus);
        if (config->cpu && config->cpu->model && !qemu_caps_cpu(caps, config->cpu->model))
                return refuse(err, "emulator %s has no CPU model '%s'", caps->path,
                              config->cpu->model);
        for (size_t i = 0; i < config->videos.len; i++)
                if (config->videos.items[i].type == VIDEO_TYPE_QXL &&
                    !qemu_caps_device(caps, "qxl-vga"))
                        return refuse(err, "emulator %s has no video model 'qxl'", caps->path);

        free(config->os.machine);
        config->os.machine = xstrdup(machine.name);
        if (!config->os.arch)
                config->os.arch = xstrdup(caps->arch);
        return 0;
}

static int check_type(const Driver *driver, const DomainConfig *config, Error *err)
{
        for (size_t i = 0; driver->type->virt_types[i]; i++)
                if (str_eq(config->type, driver->type->virt_types[i]))
                        return 0;
        return refuse(err, "invalid domain type '%s': the QEMU driver has qemu and kvm",
                      config->type ? config->type : "");
}

int qemu_validate(Driver *driver, DomainConfig *config, Error *err)
{
        const QemuCaps *caps;
        int r;

        r = check_type(driver, config, err);
        if (r >= 0 && !path_is_component(config->name))
                r = refuse(err, "name '%s' cannot be part of a file name", config->name);
        if (r >= 0)
                r = check_lifecycle(config, err);
        if (r >= 0)
                r = check_os(config, err);
        if (r >= 0)
                r = check_processor(config, err);
        if (r >= 0)
                r = check_clock(&config->clock, err);
        if (r >= 0)
                r = check_features(config, err);
        if (r >= 0)
                r = check_devices(config, err);
        if (r < 0)
                return r;

        if (!config->emulator)
                config->emulator = qemu_emulator(config);
        caps = qemu_caps_find(qemu_driver_of(driver)->caps, config->emulator);
        return caps ? check_emulator(caps, config, err) : 0;
}

/* --- live --- */

static void fill_socket(const Driver *driver, const DomainConfig *config, CharSource *source,
                        const char *name)
{
        if (source->type != CHAR_TYPE_UNIX || source->data.unix_.path)
                return;
        source->data.unix_.mode = SOCKET_MODE_BIND;
        source->data.unix_.path =
                xasprintf("%s/%s.%s", driver->host.run_dir, UUID_TEXT(&config->uuid), name);
}

void qemu_fill_live(const Driver *driver, DomainConfig *config)
{
        char name[32];

        domain_config_set_aliases(config);
        for (size_t i = 0; i < config->serials.len; i++) {
                snprintf(name, sizeof(name), "serial%zu", i);
                fill_socket(driver, config, &config->serials.items[i].source, name);
        }
        for (size_t i = 0; i < config->consoles.len; i++) {
                bool serial = config->consoles.items[i].target_type != CONSOLE_TARGET_TYPE_VIRTIO;

                snprintf(name, sizeof(name), "%s%zu", serial ? "serial" : "console", i);
                fill_socket(driver, config, &config->consoles.items[i].source, name);
        }
        for (size_t i = 0; i < config->channels.len; i++) {
                snprintf(name, sizeof(name), "channel%zu", i);
                fill_socket(driver, config, &config->channels.items[i].source, name);
        }
}

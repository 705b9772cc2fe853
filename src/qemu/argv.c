/* The command line's frame and the words its parts share; see argv.h. */
#include "qemu/argv.h"

#include "qemu/argv-internal.h"

void argv_add(Argv *argv, const char *word)
{
        strv_add(&argv->words, xstrdup(word));
}

void argv_addf(Argv *argv, const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        strv_add(&argv->words, xvasprintf(format, ap));
        va_end(ap);
}

void argv_json(Argv *argv, const char *option, json_t *value)
{
        argv_add(argv, option);
        strv_add(&argv->words, json_dumps(value, JSON_COMPACT));
        json_decref(value);
}

void argv_value(Str *out, const char *text)
{
        for (; *text; text++) {
                str_addc(out, *text);
                if (*text == ',')
                        str_addc(out, ',');
        }
}

/* --- devices --- */

char *device_id(const DeviceInfo *info, const char *prefix, size_t n)
{
        return info && info->alias ? xstrdup(info->alias) : xasprintf("%s%zu", prefix, n);
}

json_t *device_new(const char *driver, const char *id)
{
        return json_pack("{s:s, s:s}", "driver", driver, "id", id);
}

bool machine_is_q35(const DomainConfig *config)
{
        const char *machine = config->os.machine;

        return machine && (str_after(machine, "pc-q35") || str_eq(machine, "q35"));
}

/* The name of a PCI bus: the root's own, or the alias of the controller that makes it. */
static char *pci_bus(const DomainConfig *config, uint32_t bus)
{
        if (bus == 0)
                return xstrdup(machine_is_q35(config) ? "pcie.0" : "pci.0");
        for (size_t i = 0; i < config->controllers.len; i++) {
                const Controller *controller = &config->controllers.items[i];

                if (controller->type == CONTROLLER_TYPE_PCI && controller->index == bus)
                        return device_id(&controller->info, "pci.", bus);
        }
        return xasprintf("pci.%u", bus);
}

void device_pci(const Argv *argv, json_t *device, const DeviceInfo *info)
{
        const Address *address = info->address;

        if (!address || address->type != ADDRESS_TYPE_PCI)
                return;

        const PciAddress *pci = &address->at.pci;
        _cleanup_(free_ptr) char *bus = pci_bus(argv->config, pci->bus);
        _cleanup_(free_ptr) char *addr = pci->function
                                                 ? xasprintf("0x%x.0x%x", pci->slot, pci->function)
                                                 : xasprintf("0x%x", pci->slot);

        json_object_set_new(device, "bus", json_string(bus));
        device_onoff(device, "multifunction", pci->has_multifunction, pci->multifunction);
        json_object_set_new(device, "addr", json_string(addr));
}

void device_usb(const Argv *argv, json_t *device, const DeviceInfo *info)
{
        const Address *address = info->address;
        _cleanup_(free_ptr) char *bus = NULL;
        uint32_t number = 0;

        if (address && address->type == ADDRESS_TYPE_USB)
                number = address->at.usb.bus;
        for (size_t i = 0; i < argv->config->controllers.len && !bus; i++) {
                const Controller *controller = &argv->config->controllers.items[i];

                if (controller->type == CONTROLLER_TYPE_USB && controller->index == number) {
                        _cleanup_(free_ptr) char *id = device_id(&controller->info, "usb", number);

                        bus = xasprintf("%s.0", id);
                }
        }
        device_text(device, "bus", bus);
        if (address && address->type == ADDRESS_TYPE_USB)
                device_text(device, "port", address->at.usb.port);
}

void device_virtio_serial(const Argv *argv, json_t *device, const DeviceInfo *info)
{
        const Address *address = info->address;
        const VirtioSerialAddress *at;

        if (!address || address->type != ADDRESS_TYPE_VIRTIO_SERIAL)
                return;
        at = &address->at.virtio_serial;
        for (size_t i = 0; i < argv->config->controllers.len; i++) {
                const Controller *controller = &argv->config->controllers.items[i];

                if (controller->type != CONTROLLER_TYPE_VIRTIO_SERIAL ||
                    controller->index != at->controller)
                        continue;
                _cleanup_(free_ptr) char *id =
                        device_id(&controller->info, "virtio-serial", at->controller);
                _cleanup_(free_ptr) char *bus = xasprintf("%s.0", id);

                json_object_set_new(device, "bus", json_string(bus));
        }
        json_object_set_new(device, "nr", json_integer(at->port));
}

void device_boot(json_t *device, unsigned bootindex)
{
        if (bootindex)
                json_object_set_new(device, "bootindex", json_integer(bootindex));
}

void device_text(json_t *device, const char *key, const char *text)
{
        if (text)
                json_object_set_new(device, key, json_string(text));
}

void device_onoff(json_t *device, const char *key, bool has, bool on)
{
        if (has)
                json_object_set_new(device, key, json_boolean(on));
}

void device_number(json_t *device, const char *key, bool has, uint64_t value)
{
        if (has)
                json_object_set_new(device, key, json_integer((json_int_t) value));
}

void device_iothread(json_t *device, bool has, uint32_t number)
{
        char id[32];

        if (!has)
                return;
        snprintf(id, sizeof(id), "iothread%u", number);
        json_object_set_new(device, "iothread", json_string(id));
}

char *virtio_device(const char *name, VirtioModel model)
{
        switch (model) {
        case VIRTIO_MODEL_VIRTIO_TRANSITIONAL:
                return xasprintf("%s-pci-transitional", name);
        case VIRTIO_MODEL_VIRTIO_NON_TRANSITIONAL:
                return xasprintf("%s-pci-non-transitional", name);
        default:
                return xasprintf("%s-pci", name);
        }
}

/* --- the frame --- */

static void add_monitor(Argv *argv, const QemuArgvSpec *spec)
{
        argv_add(argv, "-chardev");
        argv_addf(argv, "socket,id=monitor,fd=%d,server=on,wait=off", spec->monitor_fd);
        argv_add(argv, "-mon");
        argv_add(argv, "chardev=monitor,mode=control");
}

static void add_name(Argv *argv)
{
        _cleanup_(str_done) Str name = {};

        str_add(&name, "guest=");
        argv_value(&name, argv->config->name);
        str_add(&name, ",debug-threads=on");
        argv_add(argv, "-name");
        argv_add(argv, name.text);
}

static const char *reboot_action(const DomainConfig *config)
{
        return config->on_reboot == LIFECYCLE_ACTION_DESTROY ? "shutdown" : "reset";
}

/* Where the guest shall live on, QEMU stops it, and events.c resets it. */
static const char *shutdown_action(const DomainConfig *config)
{
        return config->on_poweroff == LIFECYCLE_ACTION_RESTART ||
                               config->on_poweroff == LIFECYCLE_ACTION_RENAME_RESTART
                       ? "pause"
                       : "poweroff";
}

static const char *panic_action(const DomainConfig *config)
{
        return config->on_crash == LIFECYCLE_ACTION_UNSET ||
                               config->on_crash == LIFECYCLE_ACTION_DESTROY
                       ? "shutdown"
                       : "pause";
}

static void add_frame(Argv *argv)
{
        const DomainConfig *config = argv->config;

        add_name(argv);
        argv_add(argv, "-uuid");
        argv_add(argv, UUID_TEXT(&config->uuid));
        argv_add(argv, "-S");
        argv_add(argv, "-no-user-config");
        argv_add(argv, "-nodefaults");
        argv_add(argv, "-display");
        argv_add(argv, "none");
        argv_add(argv, "-sandbox");
        argv_add(argv, "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
        argv_add(argv, "-msg");
        argv_add(argv, "timestamp=on");
        argv_add(argv, "-action");
        argv_addf(argv, "reboot=%s,shutdown=%s,panic=%s", reboot_action(config),
                  shutdown_action(config), panic_action(config));
}

int qemu_argv(const DomainConfig *config, const QemuArgvSpec *spec, char ***ret, Error *err)
{
        static ArgvPart *const parts[] = {
                argv_machine,     argv_cpu,    argv_memory,     argv_clock,  argv_boot,
                argv_controllers, argv_disks,  argv_lines,      argv_inputs, argv_graphics,
                argv_videos,      argv_sounds, argv_interfaces, argv_host,   argv_devices,
        };
        Argv argv = {.config = config, .spec = spec};
        int r;

        if (!config->emulator || !config->os.machine)
                return error_set(err, ERROR_CONFIG_UNSUPPORTED,
                                 "domain '%s' names no emulator or no machine type", config->name);
        argv_add(&argv, config->emulator);
        add_frame(&argv);
        add_monitor(&argv, spec);
        for (size_t i = 0; i < ELEMENTSOF(parts); i++) {
                r = parts[i](&argv, err);
                if (r < 0) {
                        strv_free(argv.words);
                        return r;
                }
        }
        if (spec->incoming) {
                argv_add(&argv, "-incoming");
                argv_add(&argv, "defer");
        }
        *ret = argv.words;
        return 0;
}

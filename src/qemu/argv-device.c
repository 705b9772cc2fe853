/* The command line of network interfaces and of devices of one purpose each. */
#include "qemu/argv-internal.h"

/* --- network --- */

static char *interface_device(const Interface *interface)
{
        const char *model = interface->model ? interface->model : "rtl8139";

        if (str_eq(model, "virtio"))
                return virtio_device("virtio-net", VIRTIO_MODEL_VIRTIO);
        if (str_eq(model, "virtio-transitional"))
                return virtio_device("virtio-net", VIRTIO_MODEL_VIRTIO_TRANSITIONAL);
        if (str_eq(model, "virtio-non-transitional"))
                return virtio_device("virtio-net", VIRTIO_MODEL_VIRTIO_NON_TRANSITIONAL);
        return xstrdup(model);
}

static void add_interface(Argv *argv, const Interface *interface, size_t n)
{
        _cleanup_(free_ptr) char *driver = interface_device(interface);
        _cleanup_(free_ptr) char *id = device_id(&interface->info, "net", n);
        _cleanup_(free_ptr) char *netdev = xasprintf("host%s", id);
        char mac[MAC_TEXT_SIZE];
        json_t *device;

        argv_json(argv, "-netdev", json_pack("{s:s, s:s}", "type", "user", "id", netdev));
        device = device_new(driver, id);
        json_object_set_new(device, "netdev", json_string(netdev));
        if (!mac_is_null(&interface->mac))
                json_object_set_new(device, "mac", json_string(mac_format(&interface->mac, mac)));
        device_number(device, "host_mtu", interface->has_mtu, interface->mtu);
        device_number(device, "rx_queue_size", interface->driver.has_rx_queue_size,
                      interface->driver.rx_queue_size);
        device_number(device, "tx_queue_size", interface->driver.has_tx_queue_size,
                      interface->driver.tx_queue_size);
        if (interface->rom) {
                device_number(device, "rombar", interface->rom->has_bar, interface->rom->bar);
                device_text(device, "romfile",
                            interface->rom->has_enabled && !interface->rom->enabled
                                    ? ""
                                    : interface->rom->file);
        }
        device_boot(device, boot_index_interface(argv->config, interface));
        if (str_eq(driver, "usb-net"))
                device_usb(argv, device, &interface->info);
        else
                device_pci(argv, device, &interface->info);
        argv_json(argv, "-device", device);
}

int argv_interfaces(Argv *argv, Error *err)
{
        for (size_t i = 0; i < argv->config->interfaces.len; i++) {
                const Interface *interface = &argv->config->interfaces.items[i];

                if (interface->type != INTERFACE_TYPE_USER)
                        return error_set(err, ERROR_CONFIG_UNSUPPORTED,
                                         "interface type '%s' is not supported by the QEMU driver",
                                         interface_type_text(interface->type));
                add_interface(argv, interface, i);
        }
        return 0;
}

/* --- the others --- */

static void add_rng(Argv *argv, const Rng *rng, size_t n)
{
        _cleanup_(free_ptr) char *driver = virtio_device("virtio-rng", rng->model);
        _cleanup_(free_ptr) char *id = device_id(&rng->info, "rng", n);
        _cleanup_(free_ptr) char *object_id = xasprintf("obj%s", id);
        json_t *object, *device;

        if (rng->backend == RNG_BACKEND_BUILTIN)
                object = json_pack("{s:s, s:s}", "qom-type", "rng-builtin", "id", object_id);
        else
                object = json_pack("{s:s, s:s, s:s}", "qom-type", "rng-random", "id", object_id,
                                   "filename", rng->device ? rng->device : "/dev/urandom");
        argv_json(argv, "-object", object);

        device = device_new(driver, id);
        json_object_set_new(device, "rng", json_string(object_id));
        if (rng->has_rate_bytes) {
                json_object_set_new(device, "max-bytes", json_integer(rng->rate_bytes));
                json_object_set_new(device, "period",
                                    json_integer(rng->has_rate_period ? rng->rate_period : 1000));
        }
        device_pci(argv, device, &rng->info);
        argv_json(argv, "-device", device);
}

static VirtioModel memballoon_model(MemballoonModel model)
{
        return model == MEMBALLOON_MODEL_VIRTIO_TRANSITIONAL ? VIRTIO_MODEL_VIRTIO_TRANSITIONAL
               : model == MEMBALLOON_MODEL_VIRTIO_NON_TRANSITIONAL
                       ? VIRTIO_MODEL_VIRTIO_NON_TRANSITIONAL
                       : VIRTIO_MODEL_VIRTIO;
}

static void add_memballoon(Argv *argv, const Memballoon *balloon)
{
        _cleanup_(free_ptr) char *driver =
                virtio_device("virtio-balloon", memballoon_model(balloon->model));
        _cleanup_(free_ptr) char *id = device_id(&balloon->info, "balloon", 0);
        json_t *device = device_new(driver, id);

        device_onoff(device, "deflate-on-oom", balloon->has_autodeflate, balloon->autodeflate);
        device_onoff(device, "free-page-reporting", balloon->has_free_page_reporting,
                     balloon->free_page_reporting);
        device_pci(argv, device, &balloon->info);
        argv_json(argv, "-device", device);
}

static void add_watchdog(Argv *argv, const Watchdog *watchdog, size_t n)
{
        _cleanup_(free_ptr) char *id = device_id(&watchdog->info, "watchdog", n);
        bool ib700 = watchdog->model == WATCHDOG_MODEL_IB700;
        json_t *device = device_new(ib700 ? "ib700" : "i6300esb", id);

        if (!ib700)
                device_pci(argv, device, &watchdog->info);
        argv_json(argv, "-device", device);
        argv_add(argv, "-action");
        argv_addf(argv, "watchdog=%s", watchdog_action_text(watchdog->action));
}

static void add_panic(Argv *argv, const Panic *panic, size_t n)
{
        _cleanup_(free_ptr) char *id = device_id(&panic->info, "panic", n);
        json_t *device = device_new("pvpanic", id);
        const Address *address = panic->info.address;

        if (address && address->type == ADDRESS_TYPE_ISA)
                device_number(device, "ioport", address->at.isa.has_iobase, address->at.isa.iobase);
        argv_json(argv, "-device", device);
}

int argv_devices(Argv *argv, Error *err)
{
        const DomainConfig *config = argv->config;

        (void) err;
        for (size_t i = 0; i < config->watchdogs.len; i++)
                add_watchdog(argv, &config->watchdogs.items[i], i);
        if (config->memballoon && config->memballoon->model != MEMBALLOON_MODEL_NONE)
                add_memballoon(argv, config->memballoon);
        for (size_t i = 0; i < config->rngs.len; i++)
                add_rng(argv, &config->rngs.items[i], i);
        for (size_t i = 0; i < config->panics.len; i++)
                add_panic(argv, &config->panics.items[i], i);
        return 0;
}

/* The command line of network interfaces. */
#include "qemu/argv-internal.h"

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

bool interface_has_tap(const Interface *interface)
{
        return interface->type == INTERFACE_TYPE_BRIDGE ||
               interface->type == INTERFACE_TYPE_ETHERNET;
}

unsigned interface_queues(const Interface *interface)
{
        return interface->driver.has_queues ? interface->driver.queues : 1;
}

/* A tap device comes as descriptors, one for each queue. */
static void add_netdev(Argv *argv, const Interface *interface, size_t n, const char *id)
{
        _cleanup_(str_done) Str fds = {};
        json_t *netdev = json_pack("{s:s, s:s}", "type",
                                   interface_has_tap(interface) ? "tap" : "user", "id", id);

        if (interface_has_tap(interface)) {
                unsigned queues = interface_queues(interface);
                int first = argv->spec->tap_fd;

                for (size_t i = 0; i < n; i++)
                        if (interface_has_tap(&argv->config->interfaces.items[i]))
                                first += (int) interface_queues(&argv->config->interfaces.items[i]);
                for (unsigned i = 0; i < queues; i++)
                        str_addf(&fds, "%s%d", i ? ":" : "", first + (int) i);
                json_object_set_new(netdev, queues > 1 ? "fds" : "fd", json_string(fds.text));
        }
        argv_json(argv, "-netdev", netdev);
}

static void add_interface(Argv *argv, const Interface *interface, size_t n)
{
        _cleanup_(free_ptr) char *driver = interface_device(interface);
        _cleanup_(free_ptr) char *id = device_id(&interface->info, "net", n);
        _cleanup_(free_ptr) char *netdev = xasprintf("host%s", id);
        char mac[MAC_TEXT_SIZE];
        json_t *device;

        add_netdev(argv, interface, n, netdev);
        device = device_new(driver, id);
        json_object_set_new(device, "netdev", json_string(netdev));
        if (!mac_is_null(&interface->mac))
                json_object_set_new(device, "mac", json_string(mac_format(&interface->mac, mac)));
        device_number(device, "host_mtu", interface->has_mtu, interface->mtu);
        if (interface->driver.has_queues && interface->driver.queues > 1) {
                json_object_set_new(device, "mq", json_true());
                json_object_set_new(device, "vectors",
                                    json_integer(2 * (json_int_t) interface->driver.queues + 2));
        }
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

                if (interface->type != INTERFACE_TYPE_USER && !interface_has_tap(interface))
                        return error_set(err, ERROR_CONFIG_UNSUPPORTED,
                                         "interface type '%s' is not supported by the QEMU driver",
                                         interface_type_text(interface->type));
                add_interface(argv, interface, i);
        }
        return 0;
}

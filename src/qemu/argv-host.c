/* The command line of what the guest gets of the host's devices and folders. */
#include "qemu/argv-internal.h"

static void add_filesystem(Argv *argv, const Filesystem *filesystem, size_t n)
{
        static const char *const models[] = {
                [FILESYSTEM_ACCESS_UNSET] = "passthrough",
                [FILESYSTEM_ACCESS_PASSTHROUGH] = "passthrough",
                [FILESYSTEM_ACCESS_MAPPED] = "mapped",
                [FILESYSTEM_ACCESS_SQUASH] = "none",
        };
        _cleanup_(free_ptr) char *id = device_id(&filesystem->info, "fs", n);
        _cleanup_(free_ptr) char *backend = xasprintf("fsdev-%s", id);
        _cleanup_(str_done) Str text = {};
        json_t *device = device_new("virtio-9p-pci", id);

        str_addf(&text, "local,security_model=%s,id=%s,path=", models[filesystem->access], backend);
        argv_value(&text, filesystem->source);
        if (filesystem->readonly)
                str_add(&text, ",readonly=on");
        argv_add(argv, "-fsdev");
        argv_add(argv, text.text);
        json_object_set_new(device, "fsdev", json_string(backend));
        json_object_set_new(device, "mount_tag", json_string(filesystem->target));
        device_pci(argv, device, &filesystem->info);
        argv_json(argv, "-device", device);
}

static void add_rom(json_t *device, const Rom *rom)
{
        if (!rom)
                return;
        device_number(device, "rombar", rom->has_bar, rom->bar);
        device_text(device, "romfile", rom->has_enabled && !rom->enabled ? "" : rom->file);
}

static void add_hostdev(Argv *argv, const Hostdev *hostdev, size_t n)
{
        bool usb = hostdev->type == HOSTDEV_TYPE_USB;
        _cleanup_(free_ptr) char *id = device_id(&hostdev->info, "hostdev", n);
        json_t *device = device_new(usb ? "usb-host" : "vfio-pci", id);

        if (usb) {
                const HostdevUsb *source = &hostdev->source.usb;

                device_number(device, "vendorid", source->has_vendor, source->vendor);
                device_number(device, "productid", source->has_product, source->product);
                device_number(device, "hostbus", source->has_bus, source->bus);
                device_number(device, "hostaddr", source->has_device, source->device);
                device_usb(argv, device, &hostdev->info);
        } else {
                const HostdevPci *source = &hostdev->source.pci;
                char host[32];

                snprintf(host, sizeof(host), "%04x:%02x:%02x.%x", source->domain, source->bus,
                         source->slot, source->function);
                json_object_set_new(device, "host", json_string(host));
                add_rom(device, hostdev->rom);
                device_pci(argv, device, &hostdev->info);
        }
        if (hostdev->info.has_boot_order)
                device_boot(device, hostdev->info.boot_order);
        argv_json(argv, "-device", device);
}

static int add_redirdev(Argv *argv, const Redirdev *redirdev, size_t n, Error *err)
{
        _cleanup_(free_ptr) char *id = device_id(&redirdev->info, "redir", n);
        json_t *device;
        int r;

        r = argv_line(argv, &redirdev->source, "usb-redir", id, "usbredir", &device, err);
        if (r < 0)
                return r;
        device_usb(argv, device, &redirdev->info);
        if (redirdev->info.has_boot_order)
                device_boot(device, redirdev->info.boot_order);
        argv_json(argv, "-device", device);
        return 0;
}

static void card_place(const Argv *argv, json_t *device, const Smartcard *card)
{
        const Address *address = card->info.address;
        uint32_t number = address ? address->at.ccid.controller : 0;
        const Controller *reader = controller_find(argv->config, CONTROLLER_TYPE_CCID, number);
        _cleanup_(free_ptr) char *id = device_id(reader ? &reader->info : NULL, "ccid", number);
        _cleanup_(free_ptr) char *bus = xasprintf("%s.0", id);

        json_object_set_new(device, "bus", json_string(bus));
}

static int add_smartcard(Argv *argv, const Smartcard *card, size_t n, Error *err)
{
        _cleanup_(free_ptr) char *id = device_id(&card->info, "smartcard", n);
        json_t *device;
        int r;

        if (card->mode == SMARTCARD_MODE_PASSTHROUGH) {
                r = argv_line(argv, &card->data.passthrough.source, "ccid-card-passthru", id,
                              "smartcard", &device, err);
                if (r < 0)
                        return r;
        } else {
                const SmartcardCertificates *made = &card->data.host_certificates;
                bool host = card->mode == SMARTCARD_MODE_HOST;

                device = device_new("ccid-card-emulated", id);
                json_object_set_new(device, "backend",
                                    json_string(host ? "nss-emulated" : "certificates"));
                for (size_t i = 0; !host && i < made->certificates.len; i++) {
                        char key[32];

                        snprintf(key, sizeof(key), "cert%zu", i + 1);
                        json_object_set_new(device, key, json_string(made->certificates.items[i]));
                }
                device_text(device, "db", host ? NULL : made->database);
        }
        card_place(argv, device, card);
        argv_json(argv, "-device", device);
        return 0;
}

int argv_host(Argv *argv, Error *err)
{
        const DomainConfig *config = argv->config;
        int r = 0;

        for (size_t i = 0; i < config->filesystems.len; i++)
                add_filesystem(argv, &config->filesystems.items[i], i);
        for (size_t i = 0; i < config->hostdevs.len; i++)
                add_hostdev(argv, &config->hostdevs.items[i], i);
        for (size_t i = 0; i < config->redirdevs.len && r >= 0; i++)
                r = add_redirdev(argv, &config->redirdevs.items[i], i, err);
        for (size_t i = 0; i < config->smartcards.len && r >= 0; i++)
                r = add_smartcard(argv, &config->smartcards.items[i], i, err);
        return r;
}

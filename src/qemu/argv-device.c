/* The command line of devices of one purpose each. */
#include "qemu/argv-internal.h"

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

        if (watchdog->model == WATCHDOG_MODEL_ITCO) { /* part of the board, asleep */
                argv_add(argv, "-global");
                argv_add(argv, "ICH9-LPC.noreboot=off");
        } else {
                json_t *device = device_new(ib700 ? "ib700" : "i6300esb", id);

                if (!ib700)
                        device_pci(argv, device, &watchdog->info);
                argv_json(argv, "-device", device);
        }
        argv_add(argv, "-action");
        argv_addf(argv, "watchdog=%s", watchdog_action_text(watchdog->action));
}

static void add_panic(Argv *argv, const Panic *panic, size_t n)
{
        _cleanup_(free_ptr) char *id = device_id(&panic->info, "panic", n);
        bool pci = panic->model == PANIC_MODEL_PVPANIC;
        const Address *address = panic->info.address;
        json_t *device;

        if (panic->model == PANIC_MODEL_HYPERV)
                return; /* a property of the processor */
        device = device_new(pci ? "pvpanic-pci" : "pvpanic", id);
        if (pci)
                device_pci(argv, device, &panic->info);
        else if (address && address->type == ADDRESS_TYPE_ISA)
                device_number(device, "ioport", address->at.isa.has_iobase, address->at.isa.iobase);
        argv_json(argv, "-device", device);
}

static void add_vsock(Argv *argv, const Vsock *vsock)
{
        _cleanup_(free_ptr) char *driver = virtio_device("vhost-vsock", vsock->model);
        _cleanup_(free_ptr) char *id = device_id(&vsock->info, "vsock", 0);
        json_t *device = device_new(driver, id);

        json_object_set_new(device, "guest-cid", json_integer(vsock->has_cid ? vsock->cid : 3));
        device_pci(argv, device, &vsock->info);
        argv_json(argv, "-device", device);
}

static void add_tpm(Argv *argv, const Tpm *tpm, size_t n)
{
        _cleanup_(free_ptr) char *id = device_id(&tpm->info, "tpm", n);
        _cleanup_(free_ptr) char *backend = xasprintf("tpm-%s", id);
        _cleanup_(str_done) Str text = {};
        json_t *device = device_new(tpm->model == TPM_MODEL_TPM_CRB ? "tpm-crb" : "tpm-tis", id);

        str_addf(&text, "passthrough,id=%s,path=", backend);
        argv_value(&text, tpm->device ? tpm->device : "/dev/tpm0");
        argv_add(argv, "-tpmdev");
        argv_add(argv, text.text);
        json_object_set_new(device, "tpmdev", json_string(backend));
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
        for (size_t i = 0; i < config->tpms.len; i++)
                add_tpm(argv, &config->tpms.items[i], i);
        if (config->vsock)
                add_vsock(argv, config->vsock);
        return 0;
}

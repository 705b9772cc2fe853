/* What a configuration may hold and this driver, or this host, cannot do when the guest starts. */
#include "base/str.h"
#include "qemu/caps.h"
#include "qemu/qemu.h"
#include "qemu/validate-internal.h"
#include "qemu/validate.h"

/* Shares of the host are the control group's, which the driver does not divide. */
static int check_shares(const DomainConfig *config, Error *err)
{
        const CpuTune *tune = config->cpu_tune;
        const MemoryBacking *backing = config->memory_backing;
        const struct {
                bool set;
                const char *name;
        } unserved[] = {
                {config->memory_tune != NULL, "memtune"},
                {config->block_tune != NULL, "blkiotune"},
                {config->partition && !str_eq(config->partition, "/machine"), "resource"},
                {tune && (tune->has_shares || tune->has_period || tune->has_quota ||
                          tune->has_global_period || tune->has_global_quota ||
                          tune->has_emulator_period || tune->has_emulator_quota ||
                          tune->has_iothread_period || tune->has_iothread_quota),
                 "shares, period or quota of <cputune"},
                {config->numa_tune && (config->numa_tune->mode == NUMA_MODE_RESTRICTIVE ||
                                       config->numa_tune->placement == VCPU_PLACEMENT_AUTO),
                 "this mode or placement of <numatune"},
                {backing && backing->source == MEMORY_SOURCE_FILE,
                 "source type 'file' of <memoryBacking"},
        };

        for (size_t i = 0; i < ELEMENTSOF(unserved); i++)
                if (unserved[i].set)
                        return refuse(err, "%s%s> is kept, but cannot be applied by this driver",
                                      strchr(unserved[i].name, '<') ? "" : "<", unserved[i].name);
        return 0;
}

static int check_labels(const DomainConfig *config, Error *err)
{
        for (size_t i = 0; i < config->seclabels.len; i++) {
                const Seclabel *label = &config->seclabels.items[i];
                bool dac = !label->model || str_eq(label->model, "dac");

                if (label->type == SECLABEL_TYPE_NONE)
                        continue;
                if (!dac && !str_eq(label->model, "none"))
                        return refuse(err, "security model '%s' is not available", label->model);
                if (label->label && label->type == SECLABEL_TYPE_STATIC)
                        return refuse(err, "a static label '%s' cannot be applied", label->label);
        }
        return 0;
}

static int check_partners(const DomainConfig *config, Error *err)
{
        for (size_t i = 0; i < config->interfaces.len; i++)
                if (config->interfaces.items[i].type == INTERFACE_TYPE_NETWORK)
                        return refuse(
                                err,
                                "interface %zu: virtual network '%s' cannot be reached: there "
                                "are no networks here, use type 'bridge' or 'user'",
                                i, config->interfaces.items[i].source.network.network);
        for (size_t i = 0; i < config->filesystems.len; i++)
                if (config->filesystems.items[i].driver == FILESYSTEM_DRIVER_VIRTIOFS)
                        return refuse(err,
                                      "filesystem '%s': driver 'virtiofs' needs virtiofsd, which "
                                      "is not supported",
                                      config->filesystems.items[i].target);
        for (size_t i = 0; i < config->tpms.len; i++)
                if (config->tpms.items[i].backend == TPM_BACKEND_EMULATOR)
                        return refuse(err,
                                      "tpm backend 'emulator' needs swtpm, which is not supported");
        for (size_t i = 0; i < config->hostdevs.len; i++)
                if (config->hostdevs.items[i].type == HOSTDEV_TYPE_PCI &&
                    config->hostdevs.items[i].managed)
                        return refuse(err,
                                      "hostdev %zu: managed PCI devices are not supported: "
                                      "give it to vfio-pci first",
                                      i);
        return 0;
}

/* Devices that a QEMU may be built without. */
static int check_built(const QemuCaps *caps, const DomainConfig *config, Error *err)
{
        bool spice = false, passed = false;

        for (size_t i = 0; i < config->graphics.len; i++)
                spice |= config->graphics.items[i].type == GRAPHICS_TYPE_SPICE;
        for (size_t i = 0; i < config->smartcards.len; i++)
                passed |= config->smartcards.items[i].mode == SMARTCARD_MODE_PASSTHROUGH;

        const struct {
                bool wanted;
                const char *device, *what;
        } parts[] = {
                {spice, "qxl", "spice display"},
                {config->redirdevs.len, "usb-redir", "redirdev"},
                {passed, "ccid-card-passthru", "smartcard"},
                {config->smartcards.len && !passed, "ccid-card-emulated", "smartcard"},
                {config->vsock != NULL, "vhost-vsock-pci", "vsock"},
                {config->filesystems.len, "virtio-9p-pci", "filesystem"},
        };
        for (size_t i = 0; i < ELEMENTSOF(parts); i++)
                if (parts[i].wanted && !qemu_caps_device(caps, parts[i].device))
                        return refuse(err, "emulator %s has no %s", caps->path, parts[i].what);
        return 0;
}

int qemu_validate_start(Driver *driver, const DomainConfig *config, Error *err)
{
        const QemuCaps *caps = qemu_caps_find(qemu_driver_of(driver)->caps, config->emulator);
        int r;

        if ((r = check_shares(config, err)) < 0 || (r = check_labels(config, err)) < 0 ||
            (r = check_partners(config, err)) < 0)
                return r;
        return caps ? check_built(caps, config, err) : 0;
}

#include "config/device.h"

#include "base/str.h"
#include "config/schema-walk.h"

typedef struct DeviceList {
        size_t offset; /* of the VEC, or of the pointer */
        size_t size;   /* of an element; 0: a pointer */
        size_t info;   /* of the DeviceInfo in the element */
        const char *word;
} DeviceList;

static const DeviceList lists[] = {
#define X(name, field, type, text)                                                                 \
        [DEVICE_##name] = {offsetof(DomainConfig, field), sizeof(type), offsetof(type, info), text},
        DEVICE_LISTS(X)
#undef X
#define X(name, field, type, text)                                                                 \
        [DEVICE_##name] = {offsetof(DomainConfig, field), 0, offsetof(type, info), text},
                DEVICE_SINGLES(X)
#undef X
};

bool device_next(const DomainConfig *config, Device *device)
{
        for (; device->kind < _DEVICE_KIND_MAX; device->kind++, device->next = 0) {
                const DeviceList *list = &lists[device->kind];
                void *at = (char *) config + list->offset;
                const AnyVec *v = at;

                if (device->next >= (list->size ? v->len : *(void **) at != NULL))
                        continue;
                device->index = device->next++;
                device->item = list->size ? vec_at(v, list->size, device->index) : *(void **) at;
                device->info = (DeviceInfo *) ((char *) device->item + list->info);
                return true;
        }
        return false;
}

char *device_describe(const Device *device)
{
        const char *word = lists[device->kind].word;

        switch (device->kind) {
        case DEVICE_DISK:
                return xasprintf("%s '%s'", word, ((const Disk *) device->item)->target);
        case DEVICE_CONTROLLER: {
                const Controller *c = device->item;
                return xasprintf("%s %s %u", word, controller_type_text(c->type), c->index);
        }
        case DEVICE_MEMBALLOON:
        case DEVICE_VSOCK:
                return xstrdup(word);
        default:
                return xasprintf("%s %zu", word, device->index);
        }
}

static char *disk_alias(const Disk *disk, size_t index)
{
        const DriveAddress *a = disk->info.address && disk->info.address->type == ADDRESS_TYPE_DRIVE
                                        ? &disk->info.address->at.drive
                                        : NULL;
        const char *bus = disk_bus_text(disk->bus);

        if (!a)
                return xasprintf("%s-disk%zu", bus, index);
        if (disk->bus == DISK_BUS_SCSI)
                return xasprintf("scsi%u-%u-%u-%u", a->controller, a->bus, a->target, a->unit);
        return xasprintf("%s%u-%u-%u", bus, a->controller, a->bus, a->unit);
}

static char *controller_alias(const Controller *c)
{
        const char *type = controller_type_text(c->type);

        if (c->type == CONTROLLER_TYPE_PCI)
                return c->model == CONTROLLER_MODEL_PCIE_ROOT ? xasprintf("pcie.%u", c->index)
                                                              : xasprintf("pci.%u", c->index);
        bool only = c->type == CONTROLLER_TYPE_IDE || c->type == CONTROLLER_TYPE_USB;
        return only && c->index == 0 ? xstrdup(type) : xasprintf("%s%u", type, c->index);
}

static char *alias(const DomainConfig *config, const Device *device)
{
        switch (device->kind) {
        case DEVICE_DISK:
                return disk_alias(device->item, device->index);
        case DEVICE_CONTROLLER:
                return controller_alias(device->item);
        case DEVICE_INTERFACE:
                return xasprintf("net%zu", device->index);
        case DEVICE_FILESYSTEM:
                return xasprintf("fs%zu", device->index);
        case DEVICE_MEMBALLOON:
                return xstrdup("balloon0");
        case DEVICE_VSOCK:
                return xstrdup("vsock0");
        case DEVICE_CONSOLE:
                /* It is the first serial port under another name. */
                if (((const Console *) device->item)->target_type == CONSOLE_TARGET_TYPE_SERIAL &&
                    config->serials.len > 0)
                        return xstrdup(config->serials.items[0].info.alias);
                return xasprintf("console%zu", device->index);
        default:
                return xasprintf("%s%zu", lists[device->kind].word, device->index);
        }
}

void domain_config_set_aliases(DomainConfig *config)
{
        FOREACH_DEVICE(device, config) {
                if (device.info->alias && str_after(device.info->alias, "ua-"))
                        continue;
                free(device.info->alias);
                device.info->alias = alias(config, &device);
        }
}

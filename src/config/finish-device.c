/* Devices that a user expects without saying so. */
#include "config/finish.h"

Controller *config_find_controller(const DomainConfig *config, ControllerType type, unsigned index)
{
        for (size_t i = 0; i < config->controllers.len; i++) {
                Controller *c = &config->controllers.items[i];
                if (c->type == type && c->has_index && c->index == index)
                        return c;
        }
        return NULL;
}

static unsigned free_index(const DomainConfig *config, ControllerType type)
{
        unsigned index = 0;

        while (config_find_controller(config, type, index))
                index++;
        return index;
}

Controller *config_add_controller(DomainConfig *config, ControllerType type, ControllerModel model)
{
        unsigned index = free_index(config, type);
        Controller *c = vec_push(&config->controllers);

        *c = (Controller){.type = type, .has_index = true, .index = index, .model = model};
        return c;
}

/* The root comes first in the list, as the bus that the others are on. */
static void add_root(DomainConfig *config, ControllerModel model)
{
        if (config_find_controller(config, CONTROLLER_TYPE_PCI, 0))
                return;
        Controller root = *config_add_controller(config, CONTROLLER_TYPE_PCI, model);
        size_t n = config->controllers.len - 1;
        memmove(config->controllers.items + 1, config->controllers.items,
                n * sizeof(config->controllers.items[0]));
        config->controllers.items[0] = root;
}

static ControllerModel default_model(MachineBus bus, const Controller *c)
{
        switch (c->type) {
        case CONTROLLER_TYPE_PCI:
                if (c->index == 0)
                        return bus == MACHINE_PCIE ? CONTROLLER_MODEL_PCIE_ROOT
                                                   : CONTROLLER_MODEL_PCI_ROOT;
                return bus == MACHINE_PCIE ? CONTROLLER_MODEL_PCIE_ROOT_PORT
                                           : CONTROLLER_MODEL_PCI_BRIDGE;
        case CONTROLLER_TYPE_USB:
                return bus == MACHINE_PCIE ? CONTROLLER_MODEL_QEMU_XHCI
                                           : CONTROLLER_MODEL_PIIX3_UHCI;
        case CONTROLLER_TYPE_SCSI:
                return CONTROLLER_MODEL_VIRTIO_SCSI;
        default:
                return CONTROLLER_MODEL_UNSET;
        }
}

static int check_roots(const DomainConfig *config, MachineBus bus, Error *err)
{
        for (size_t i = 0; i < config->controllers.len; i++) {
                const Controller *c = &config->controllers.items[i];
                bool conventional = c->model == CONTROLLER_MODEL_PCI_ROOT;
                bool root = conventional || c->model == CONTROLLER_MODEL_PCIE_ROOT;
                if (c->type != CONTROLLER_TYPE_PCI || (c->index != 0 && !root))
                        continue;
                if (c->index != 0 || !root || conventional != (bus == MACHINE_PCI))
                        return error_set(err, ERROR_CONFIG_UNSUPPORTED,
                                         "controller pci %u cannot be a '%s' on machine '%s'",
                                         c->index, controller_model_text(c->model),
                                         config->os.machine ? config->os.machine : "pc");
        }
        return 0;
}

/* The nearest fast USB controller before a slow companion that names no other; NULL for others. */
static const Controller *usb_master(const DomainConfig *config, size_t n)
{
        const Controller *items = config->controllers.items;

        if (items[n].type != CONTROLLER_TYPE_USB || !items[n].has_startport)
                return NULL;
        while (n-- > 0)
                if (items[n].type == CONTROLLER_TYPE_USB && !items[n].has_startport &&
                    items[n].has_index)
                        return &items[n];
        return NULL;
}

static int add_controllers(DomainConfig *config, MachineBus bus, Error *err)
{
        for (size_t i = 0; i < config->controllers.len; i++) {
                Controller *c = &config->controllers.items[i];
                if (c->has_index)
                        continue;
                const Controller *master = usb_master(config, i);
                unsigned index = master ? master->index : free_index(config, c->type);
                if (index > CONTROLLER_INDEX_MAX)
                        return error_set(err, ERROR_CONFIG_UNSUPPORTED,
                                         "too many controllers of type %s",
                                         controller_type_text(c->type));
                c->has_index = true;
                c->index = index;
        }
        if (bus == MACHINE_OTHER)
                return 0;
        add_root(config,
                 bus == MACHINE_PCIE ? CONTROLLER_MODEL_PCIE_ROOT : CONTROLLER_MODEL_PCI_ROOT);
        if (!config_find_controller(config, CONTROLLER_TYPE_USB, 0))
                config_add_controller(config, CONTROLLER_TYPE_USB, CONTROLLER_MODEL_UNSET);
        if (bus == MACHINE_PCIE && !config_find_controller(config, CONTROLLER_TYPE_SATA, 0))
                config_add_controller(config, CONTROLLER_TYPE_SATA, CONTROLLER_MODEL_UNSET);
        for (size_t i = 0; i < config->controllers.len; i++) {
                Controller *c = &config->controllers.items[i];
                if (!c->model || c->model == CONTROLLER_MODEL_AUTO)
                        c->model = default_model(bus, c);
        }
        return check_roots(config, bus, err);
}

/* The first console of type serial is the first serial port under another name: what one says the
 * other says, and where one is missing it is made. */
static int pair_console(DomainConfig *config, Error *err)
{
        Console *first = config->consoles.len ? &config->consoles.items[0] : NULL;

        for (size_t i = 1; i < config->consoles.len; i++)
                if (config->consoles.items[i].target_type == CONSOLE_TARGET_TYPE_SERIAL)
                        return error_set(err, ERROR_CONFIG_UNSUPPORTED,
                                         "console %zu: only the first one can be of type serial",
                                         i);
        if (first && first->target_type != CONSOLE_TARGET_TYPE_SERIAL)
                return 0;
        if (first && config->serials.len == 0) {
                Serial *s = vec_push(&config->serials);
                char_source_copy(&s->source, &first->source);
                s->target_type = SERIAL_TARGET_TYPE_ISA_SERIAL;
                s->model = xmemdup("isa-serial", sizeof("isa-serial"));
                s->has_port = true;
        }
        if (config->serials.len == 0)
                return 0;
        const Serial *serial = &config->serials.items[0];
        if (!first) {
                if (serial->target_type != SERIAL_TARGET_TYPE_ISA_SERIAL)
                        return 0;
                first = vec_push(&config->consoles);
                first->target_type = CONSOLE_TARGET_TYPE_SERIAL;
                first->has_port = true;
        }
        CharSource source;
        char_source_copy(&source, &serial->source);
        char_source_done(&first->source);
        first->source = source;
        return 0;
}

static void add_input(DomainConfig *config, InputType type)
{
        for (size_t i = 0; i < config->inputs.len; i++)
                if (config->inputs.items[i].type == type &&
                    config->inputs.items[i].bus == INPUT_BUS_PS2)
                        return;
        *vec_push(&config->inputs) = (Input){.type = type, .bus = INPUT_BUS_PS2};
}

int config_add_devices(DomainConfig *config, Error *err)
{
        MachineBus bus = machine_bus(config);
        int r = add_controllers(config, bus, err);

        if (r == 0 && machine_is_x86(config) && config->os.type == OS_TYPE_HVM)
                r = pair_console(config, err);
        if (r < 0 || bus == MACHINE_OTHER)
                return r;
        add_input(config, INPUT_TYPE_MOUSE);
        add_input(config, INPUT_TYPE_KEYBOARD);
        if (config->graphics.len > 0 && config->videos.len == 0)
                vec_push(&config->videos)->type = VIDEO_TYPE_VGA;
        if (!config->memballoon) {
                config->memballoon = xnew0(Memballoon, 1);
                config->memballoon->model = MEMBALLOON_MODEL_VIRTIO;
        }
        return 0;
}

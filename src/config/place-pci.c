/* PCI: every device a place, the same one each time.
 *
 * i440fx: one conventional bus, bridges behind it when it is full. q35: devices that speak PCI
 * Express get a root port each, the others sit on the root itself. What the document says is
 * claimed first; then bridges and ports are added until there is room; then the rest is placed in
 * the order of DEVICE_LISTS. */
#include "config/finish.h"

#include "base/str.h"

enum {
        SLOTS = 32,
        FUNCTIONS = 8,
        BUSES = 256,
        ALL_FUNCTIONS = 0xff,
};

typedef struct Bus {
        ControllerModel model; /* UNSET: there is no such bus */
        uint8_t first, last;   /* slots that devices may have */
        uint8_t used[SLOTS];   /* functions, a bit each */
        bool ports[SLOTS];     /* the slot holds root ports, and has room for more */
} Bus;

typedef struct Layout {
        DomainConfig *config;
        MachineBus machine;
        Bus buses[BUSES];
        Error *err;
} Layout;

static bool bus_is_conventional(const Bus *bus)
{
        switch (bus->model) {
        case CONTROLLER_MODEL_PCI_ROOT:
        case CONTROLLER_MODEL_PCI_BRIDGE:
        case CONTROLLER_MODEL_DMI_TO_PCI_BRIDGE:
        case CONTROLLER_MODEL_PCIE_TO_PCI_BRIDGE:
        case CONTROLLER_MODEL_PCI_EXPANDER_BUS:
                return true;
        default:
                return false;
        }
}

static bool bus_is_port(const Bus *bus)
{
        return bus->model == CONTROLLER_MODEL_PCIE_ROOT_PORT ||
               bus->model == CONTROLLER_MODEL_PCIE_SWITCH_DOWNSTREAM_PORT;
}

static void open_bus(Layout *l, const Controller *c)
{
        Bus *bus = &l->buses[c->index];

        *bus = (Bus){.model = c->model, .first = 1, .last = SLOTS - 1};
        if (bus_is_port(bus))
                bus->first = bus->last = 0;
        else if (c->model == CONTROLLER_MODEL_PCIE_SWITCH_UPSTREAM_PORT ||
                 c->model == CONTROLLER_MODEL_PCIE_EXPANDER_BUS)
                bus->first = 0;
}

/* What the chipset itself sits on. */
static void reserve_chipset(Layout *l)
{
        Bus *root = &l->buses[0];

        root->used[0] = ALL_FUNCTIONS;
        if (l->machine == MACHINE_PCI) {
                root->used[1] = ALL_FUNCTIONS;
        } else {
                /* LPC, SATA, SMBus */
                root->used[0x1f] = 1 << 0 | 1 << 2 | 1 << 3;
        }
}

static bool wants_slot(const Device *device)
{
        Want want = device_wants(device);

        return want == WANT_PCI || want == WANT_PCIE;
}

static PciAddress *pci_address(const Device *device)
{
        Address *at = device->info->address;

        return at && at->type == ADDRESS_TYPE_PCI ? &at->at.pci : NULL;
}

static void set_address(Layout *l, const Device *device, unsigned bus, unsigned slot,
                        unsigned function)
{
        PciAddress *at = &info_need_address(device->info, ADDRESS_TYPE_PCI)->at.pci;

        *at = (PciAddress){.bus = bus, .slot = slot, .function = function};
        l->buses[bus].used[slot] |= (uint8_t) (1 << function);
}

/* Devices that the chipset or long habit put in one place. False: it is not one of them. */
static bool fixed_place(const Layout *l, const Device *device, unsigned *ret_slot,
                        unsigned *ret_function)
{
        const Controller *c = device->kind == DEVICE_CONTROLLER ? device->item : NULL;

        *ret_function = 0;
        if (device->kind == DEVICE_VIDEO && device->index == 0) {
                *ret_slot = l->machine == MACHINE_PCI ? 2 : 1;
                return true;
        }
        if (!c || c->index != 0)
                return false;
        if (l->machine == MACHINE_PCI && c->type == CONTROLLER_TYPE_IDE)
                *ret_slot = 1, *ret_function = 1;
        else if (l->machine == MACHINE_PCI && c->type == CONTROLLER_TYPE_USB &&
                 c->model == CONTROLLER_MODEL_PIIX3_UHCI)
                *ret_slot = 1, *ret_function = 2;
        else if (l->machine == MACHINE_PCIE && c->type == CONTROLLER_TYPE_SATA)
                *ret_slot = 0x1f, *ret_function = 2;
        else
                return false;
        return true;
}

static int fault_place(Layout *l, const Device *device, const PciAddress *at, const char *why)
{
        _cleanup_(free_ptr) char *what = device_describe(device);

        return error_set(l->err, ERROR_XML_INVALID, "%s: PCI address %04x:%02x:%02x.%x %s", what,
                         at->domain, at->bus, at->slot, at->function, why);
}

static int claim_given(Layout *l, const Device *device)
{
        const PciAddress *at = pci_address(device);
        Bus *bus = &l->buses[at->bus];
        unsigned slot, function;
        bool onboard =
                device->kind == DEVICE_CONTROLLER && fixed_place(l, device, &slot, &function);

        if (at->domain)
                return fault_place(l, device, at, "is in a segment that does not exist");
        if (!bus->model)
                return fault_place(l, device, at, "is on a bus that does not exist");
        if (onboard) {
                if (at->bus || at->slot != slot || at->function != function)
                        return fault_place(l, device, at, "is not where the chipset has it");
                bus->used[slot] |= (uint8_t) (1 << function);
                return 0;
        }
        if (at->slot < bus->first || at->slot > bus->last)
                return fault_place(l, device, at, "is in a slot that the bus does not have");
        if (bus->used[at->slot] & (1 << at->function))
                return fault_place(l, device, at, "is taken");
        bus->used[at->slot] |= (uint8_t) (1 << at->function);
        const Controller *c = device->kind == DEVICE_CONTROLLER ? device->item : NULL;
        if (c && c->type == CONTROLLER_TYPE_PCI && c->model == CONTROLLER_MODEL_PCIE_ROOT_PORT &&
            at->function == 0 && at->has_multifunction && at->multifunction)
                bus->ports[at->slot] = true;
        return 0;
}

/* Slot 2 (q35: 1) is kept for the first video card, there or not. */
static unsigned video_slot(const Layout *l)
{
        return l->machine == MACHINE_PCI ? 2 : 1;
}

/* A bridge goes on a bus `below` its own number, so that no bridge hangs on itself. */
static bool find_free(const Layout *l, bool port, unsigned below, unsigned *ret_bus,
                      unsigned *ret_slot)
{
        for (unsigned b = 0; b < below; b++) {
                const Bus *bus = &l->buses[b];
                bool fits =
                        port ? bus_is_port(bus)
                             : bus_is_conventional(bus) || bus->model == CONTROLLER_MODEL_PCIE_ROOT;
                if (!bus->model || !fits)
                        continue;
                for (unsigned s = bus->first; s <= bus->last; s++) {
                        if (bus->used[s] || (b == 0 && s == video_slot(l)))
                                continue;
                        *ret_bus = b;
                        *ret_slot = s;
                        return true;
                }
        }
        return false;
}

static unsigned count_free(const Layout *l, bool ports)
{
        unsigned n = 0;

        for (unsigned b = 0; b < BUSES; b++) {
                const Bus *bus = &l->buses[b];
                bool fits = ports ? bus_is_port(bus) : bus_is_conventional(bus);
                if (!bus->model || !fits)
                        continue;
                for (unsigned s = bus->first; s <= bus->last; s++)
                        n += !bus->used[s] && !(b == 0 && s == video_slot(l));
        }
        return n;
}

/* Whether it goes behind a root port; the ports themselves sit on the root. */
static bool wants_port(const Layout *l, const Device *device)
{
        return l->machine == MACHINE_PCIE && device_wants(device) == WANT_PCIE;
}

static bool is_root_port(const Device *device)
{
        const Controller *c = device->item;

        return device->kind == DEVICE_CONTROLLER && c->type == CONTROLLER_TYPE_PCI &&
               c->model == CONTROLLER_MODEL_PCIE_ROOT_PORT;
}

static int fault_full(Layout *l, const Device *device)
{
        _cleanup_(free_ptr) char *what = device_describe(device);

        return error_set(l->err, ERROR_CONFIG_UNSUPPORTED, "%s: no PCI slot is free", what);
}

/* Root ports share slots, eight to a slot. */
static int place_root_port(Layout *l, const Device *device)
{
        Bus *root = &l->buses[0];
        unsigned bus = 0, slot, function = 0;

        for (slot = 0; slot < SLOTS; slot++)
                if (root->ports[slot] && root->used[slot] != ALL_FUNCTIONS)
                        break;
        if (slot == SLOTS) {
                if (!find_free(l, false, 1, &bus, &slot))
                        return fault_full(l, device);
                root->ports[slot] = true;
        } else {
                while (root->used[slot] & (1 << function))
                        function++;
        }
        set_address(l, device, 0, slot, function);
        if (function == 0) {
                PciAddress *at = pci_address(device);
                at->has_multifunction = at->multifunction = true;
        }
        return 0;
}

static int place_device(Layout *l, const Device *device)
{
        const Controller *c = device->kind == DEVICE_CONTROLLER ? device->item : NULL;
        bool port = wants_port(l, device), bridge = c && c->type == CONTROLLER_TYPE_PCI && !port;
        unsigned bus, slot;

        if (!find_free(l, port, bridge ? c->index : BUSES, &bus, &slot))
                return fault_full(l, device);
        set_address(l, device, bus, slot, 0);
        return 0;
}

static const char *pci_device_name(ControllerModel model)
{
        switch (model) {
        case CONTROLLER_MODEL_DMI_TO_PCI_BRIDGE:
                return "i82801b11-bridge";
        case CONTROLLER_MODEL_PCIE_TO_PCI_BRIDGE:
                return "pcie-pci-bridge";
        case CONTROLLER_MODEL_PCIE_SWITCH_UPSTREAM_PORT:
                return "x3130-upstream";
        case CONTROLLER_MODEL_PCIE_SWITCH_DOWNSTREAM_PORT:
                return "xio3130-downstream";
        case CONTROLLER_MODEL_PCI_EXPANDER_BUS:
                return "pxb";
        case CONTROLLER_MODEL_PCIE_EXPANDER_BUS:
                return "pxb-pcie";
        default:
                return controller_model_text(model);
        }
}

/* Names of devices and numbers that follow from the kind of a PCI controller. */
static void fill_controller(Controller *c)
{
        if (c->type != CONTROLLER_TYPE_PCI || c->index == 0)
                return;
        if (!c->model_name)
                c->model_name = xstrdup(pci_device_name(c->model));
        if (c->model == CONTROLLER_MODEL_PCI_BRIDGE && !c->has_chassis_nr)
                c->has_chassis_nr = true, c->chassis_nr = c->index;
        if (c->model != CONTROLLER_MODEL_PCIE_ROOT_PORT)
                return;
        const PciAddress *at = &c->info.address->at.pci;
        if (!c->has_chassis)
                c->has_chassis = true, c->chassis = c->index;
        if (!c->has_port)
                c->has_port = true, c->port = at->slot << 3 | at->function;
}

static unsigned count_waiting(const Layout *l, bool for_ports)
{
        unsigned n = 0;

        FOREACH_DEVICE(device, l->config) {
                unsigned slot, function;
                if (!wants_slot(&device) || device.info->address ||
                    fixed_place(l, &device, &slot, &function) || is_root_port(&device))
                        continue;
                n += wants_port(l, &device) == for_ports;
        }
        return n;
}

/* Adds bridges (i440fx) or root ports (q35) until every device that waits has room. */
static int make_room(Layout *l)
{
        bool ports = l->machine == MACHINE_PCIE;
        ControllerModel model =
                ports ? CONTROLLER_MODEL_PCIE_ROOT_PORT : CONTROLLER_MODEL_PCI_BRIDGE;

        /* A bridge waits for a slot too, a port sits on the root. */
        for (unsigned waiting = count_waiting(l, ports); waiting > count_free(l, ports);
             waiting += !ports) {
                Controller *c = config_add_controller(l->config, CONTROLLER_TYPE_PCI, model);
                if (c->index >= BUSES)
                        return error_set(l->err, ERROR_CONFIG_UNSUPPORTED, "too many PCI devices");
                open_bus(l, c);
        }
        return 0;
}

static int place_fixed(Layout *l)
{
        FOREACH_DEVICE(device, l->config) {
                unsigned bus = 0, slot, function;
                if (!wants_slot(&device) || device.info->address ||
                    !fixed_place(l, &device, &slot, &function))
                        continue;
                /* The slot of the video card may have been given to another device. */
                if (device.kind == DEVICE_VIDEO && l->buses[0].used[slot] &&
                    !find_free(l, false, BUSES, &bus, &slot))
                        return fault_full(l, &device);
                set_address(l, &device, bus, slot, function);
        }
        return 0;
}

/* Bridges and ports first: the others go behind them. */
static int place_rest(Layout *l, bool controllers)
{
        FOREACH_DEVICE(device, l->config) {
                const Controller *c = device.kind == DEVICE_CONTROLLER ? device.item : NULL;
                bool bus = c && c->type == CONTROLLER_TYPE_PCI;
                if (!wants_slot(&device) || device.info->address || bus != controllers)
                        continue;
                int r = is_root_port(&device) ? place_root_port(l, &device)
                                              : place_device(l, &device);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* An address that names a bus asks for it. */
static void add_named_buses(Layout *l)
{
        ControllerModel model = l->machine == MACHINE_PCIE ? CONTROLLER_MODEL_PCIE_ROOT_PORT
                                                           : CONTROLLER_MODEL_PCI_BRIDGE;
        unsigned last = 0;

        FOREACH_DEVICE(device, l->config) {
                const PciAddress *at = wants_slot(&device) ? pci_address(&device) : NULL;
                if (at && at->bus > last)
                        last = at->bus;
        }
        for (unsigned bus = 1; bus <= last; bus++)
                if (!config_find_controller(l->config, CONTROLLER_TYPE_PCI, bus))
                        config_add_controller(l->config, CONTROLLER_TYPE_PCI, model);
}

static int open_buses(Layout *l)
{
        add_named_buses(l);
        for (size_t i = 0; i < l->config->controllers.len; i++) {
                const Controller *c = &l->config->controllers.items[i];
                if (c->type == CONTROLLER_TYPE_PCI)
                        open_bus(l, c);
        }
        reserve_chipset(l);
        FOREACH_DEVICE(device, l->config) {
                if (!wants_slot(&device) || !pci_address(&device))
                        continue;
                int r = claim_given(l, &device);
                if (r < 0)
                        return r;
        }
        return 0;
}

int config_place_pci(DomainConfig *config, Error *err)
{
        MachineBus machine = machine_bus(config);

        if (machine == MACHINE_OTHER)
                return 0;
        _cleanup_(free_ptr) Layout *l = xnew0(Layout, 1);
        *l = (Layout){.config = config, .machine = machine, .err = err};
        int r = open_buses(l);
        if (r == 0)
                r = place_fixed(l);
        if (r == 0)
                r = make_room(l);
        if (r == 0)
                r = place_rest(l, true);
        if (r == 0)
                r = place_rest(l, false);
        for (size_t i = 0; r == 0 && i < config->controllers.len; i++)
                fill_controller(&config->controllers.items[i]);
        return r;
}

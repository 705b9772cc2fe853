/* The command line of the machine itself: board, memory, processors, clock, boot. */
#include "qemu/argv-internal.h"

static bool is_kvm(const DomainConfig *config)
{
        return str_eq(config->type, "kvm");
}

static const ClockTimer *find_timer(const DomainConfig *config, TimerName name)
{
        for (size_t i = 0; i < config->clock.timers.len; i++)
                if (config->clock.timers.items[i].name == name)
                        return &config->clock.timers.items[i];
        return NULL;
}

static void add_onoff(Str *out, const char *key, bool has, bool on)
{
        if (has)
                str_addf(out, ",%s=%s", key, on ? "on" : "off");
}

int argv_machine(Argv *argv, Error *err)
{
        const DomainConfig *config = argv->config;
        const Features *features = &config->features;
        const ClockTimer *hpet = find_timer(config, TIMER_NAME_HPET);
        _cleanup_(str_done) Str machine = {};

        (void) err;
        argv_value(&machine, config->os.machine);
        str_addf(&machine, ",accel=%s,usb=off,dump-guest-core=off", is_kvm(config) ? "kvm" : "tcg");
        add_onoff(&machine, "acpi", !features->acpi, false);
        add_onoff(&machine, "vmport", features->has_vmport, features->vmport);
        add_onoff(&machine, "smm", features->has_smm, features->smm);
        add_onoff(&machine, "hpet", hpet && hpet->has_present, hpet && hpet->present);

        argv_add(argv, "-machine");
        argv_add(argv, machine.text);
        argv_add(argv, "-m");
        argv_addf(argv, "size=%lluk", (unsigned long long) config->memory);
        argv_add(argv, "-overcommit");
        argv_add(argv, "mem-lock=off");
        if (features->has_vmcoreinfo && features->vmcoreinfo) {
                argv_add(argv, "-device");
                argv_add(argv, "vmcoreinfo");
        }
        return 0;
}

/* --- processors --- */

static const char *policy_word(CpuPolicy policy)
{
        return policy == CPU_POLICY_DISABLE || policy == CPU_POLICY_FORBID ? "off" : "on";
}

/* The emulator has no host processor to pass through: there it is all that it can offer. */
static const char *cpu_model(const DomainConfig *config)
{
        const Cpu *cpu = config->cpu;

        switch (cpu->mode) {
        case CPU_MODE_HOST_MODEL:
        case CPU_MODE_HOST_PASSTHROUGH:
                return is_kvm(config) ? "host" : "max";
        case CPU_MODE_MAXIMUM:
                return "max";
        default:
                return cpu->model;
        }
}

static void add_cpu(Argv *argv, const Cpu *cpu)
{
        const Features *features = &argv->config->features;
        _cleanup_(str_done) Str text = {};

        argv_value(&text, cpu_model(argv->config));
        for (size_t i = 0; i < cpu->features.len; i++) {
                const CpuFeature *feature = &cpu->features.items[i];

                str_addc(&text, ',');
                argv_value(&text, feature->name);
                str_addf(&text, "=%s", policy_word(feature->policy));
        }
        add_onoff(&text, "migratable", cpu->has_migratable && is_kvm(argv->config),
                  cpu->migratable);
        add_onoff(&text, "pmu", features->has_pmu, features->pmu);
        add_onoff(&text, "kvm", features->kvm && features->kvm->has_hidden,
                  features->kvm && !features->kvm->hidden);
        argv_add(argv, "-cpu");
        argv_add(argv, text.text);
}

int argv_cpu(Argv *argv, Error *err)
{
        const DomainConfig *config = argv->config;
        const CpuTopology *topology = config->cpu ? config->cpu->topology : NULL;
        uint32_t now = config->has_vcpu_current ? config->vcpu_current : config->vcpus;
        _cleanup_(str_done) Str smp = {};

        (void) err;
        if (config->cpu && cpu_model(config))
                add_cpu(argv, config->cpu);

        str_addf(&smp, "%u", now);
        if (now != config->vcpus)
                str_addf(&smp, ",maxcpus=%u", config->vcpus);
        if (topology) {
                str_addf(&smp, ",sockets=%u", topology->sockets);
                if (topology->has_dies)
                        str_addf(&smp, ",dies=%u", topology->dies);
                str_addf(&smp, ",cores=%u,threads=%u", topology->cores, topology->threads);
        } else {
                str_addf(&smp, ",sockets=%u,cores=1,threads=1", config->vcpus);
        }
        argv_add(argv, "-smp");
        argv_add(argv, smp.text);
        return 0;
}

/* --- clock --- */

int argv_clock(Argv *argv, Error *err)
{
        const GuestClock *clock = &argv->config->clock;
        const ClockTimer *rtc = find_timer(argv->config, TIMER_NAME_RTC);
        const ClockTimer *pit = find_timer(argv->config, TIMER_NAME_PIT);
        _cleanup_(str_done) Str text = {};

        (void) err;
        str_addf(&text, "base=%s", clock->offset == CLOCK_OFFSET_LOCALTIME ? "localtime" : "utc");
        if (rtc && rtc->tickpolicy == TICK_POLICY_CATCHUP)
                str_add(&text, ",driftfix=slew");
        argv_add(argv, "-rtc");
        argv_add(argv, text.text);
        if (pit && is_kvm(argv->config) && pit->tickpolicy == TICK_POLICY_DELAY) {
                argv_add(argv, "-global");
                argv_add(argv, "kvm-pit.lost_tick_policy=delay");
        }
        return 0;
}

/* --- boot --- */

static unsigned order_of(const DomainConfig *config, BootDevice kind)
{
        for (size_t i = 0; i < config->os.boot.len; i++)
                if (config->os.boot.items[i] == kind)
                        return (unsigned) i + 1;
        return 0;
}

static BootDevice boot_kind(const Disk *disk)
{
        switch (disk->device) {
        case DISK_DEVICE_CDROM:
                return BOOT_DEVICE_CDROM;
        case DISK_DEVICE_FLOPPY:
                return BOOT_DEVICE_FD;
        default:
                return BOOT_DEVICE_HD;
        }
}

/* A kind of device in <boot> means the first of that kind; the orders of two kinds leave no room
 * for a second, so no index is used twice. */
unsigned boot_index_disk(const DomainConfig *config, const Disk *disk)
{
        BootDevice kind = boot_kind(disk);

        if (disk->info.has_boot_order)
                return disk->info.boot_order;
        for (size_t i = 0; i < config->disks.len; i++)
                if (boot_kind(&config->disks.items[i]) == kind)
                        return &config->disks.items[i] == disk ? order_of(config, kind) : 0;
        return 0;
}

unsigned boot_index_interface(const DomainConfig *config, const Interface *interface)
{
        if (interface->info.has_boot_order)
                return interface->info.boot_order;
        return interface == config->interfaces.items ? order_of(config, BOOT_DEVICE_NETWORK) : 0;
}

static void add_sleep_states(Argv *argv)
{
        const Pm *pm = argv->config->pm;
        const char *device = machine_is_q35(argv->config) ? "ICH9-LPC" : "PIIX4_PM";

        if (pm && pm->has_suspend_to_mem) {
                argv_add(argv, "-global");
                argv_addf(argv, "%s.disable_s3=%d", device, !pm->suspend_to_mem);
        }
        if (pm && pm->has_suspend_to_disk) {
                argv_add(argv, "-global");
                argv_addf(argv, "%s.disable_s4=%d", device, !pm->suspend_to_disk);
        }
}

int argv_boot(Argv *argv, Error *err)
{
        const Os *os = &argv->config->os;
        _cleanup_(str_done) Str boot = {};

        (void) err;
        str_add(&boot, "strict=on");
        if (os->has_boot_menu)
                str_addf(&boot, ",menu=%s", os->boot_menu ? "on" : "off");
        if (os->has_boot_menu_timeout)
                str_addf(&boot, ",splash-time=%u", os->boot_menu_timeout);
        if (os->has_bios_reboot_timeout)
                str_addf(&boot, ",reboot-timeout=%lld", (long long) os->bios_reboot_timeout);
        argv_add(argv, "-boot");
        argv_add(argv, boot.text);

        const struct {
                const char *option, *value;
        } files[] = {
                {"-bios", os->loader},    {"-kernel", os->kernel}, {"-initrd", os->initrd},
                {"-append", os->cmdline}, {"-dtb", os->dtb},
        };
        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                if (files[i].value) {
                        argv_add(argv, files[i].option);
                        argv_add(argv, files[i].value);
                }
        add_sleep_states(argv);
        return 0;
}

/* The command line of the machine itself: board, clock, boot. */
#include "qemu/argv-internal.h"

#include <time.h>

bool config_is_kvm(const DomainConfig *config)
{
        return str_eq(config->type, "kvm");
}

const ClockTimer *config_timer(const DomainConfig *config, TimerName name)
{
        for (size_t i = 0; i < config->clock.timers.len; i++)
                if (config->clock.timers.items[i].name == name)
                        return &config->clock.timers.items[i];
        return NULL;
}

void argv_onoff(Str *out, const char *key, bool has, bool on)
{
        if (has)
                str_addf(out, ",%s=%s", key, on ? "on" : "off");
}

int argv_machine(Argv *argv, Error *err)
{
        const DomainConfig *config = argv->config;
        const Features *features = &config->features;
        const MemoryBacking *backing = config->memory_backing;
        const ClockTimer *hpet = config_timer(config, TIMER_NAME_HPET);
        _cleanup_(str_done) Str machine = {};

        (void) err;
        argv_value(&machine, config->os.machine);
        str_addf(&machine, ",accel=%s,usb=off,dump-guest-core=off",
                 config_is_kvm(config) ? "kvm" : "tcg");
        argv_onoff(&machine, "acpi", !features->acpi, false);
        argv_onoff(&machine, "vmport", features->has_vmport, features->vmport);
        argv_onoff(&machine, "smm", features->has_smm, features->smm);
        argv_onoff(&machine, "hpet", hpet && hpet->has_present, hpet && hpet->present);

        argv_onoff(&machine, "mem-merge", backing && backing->nosharepages, false);
        if (argv_has_ram_object(config))
                str_add(&machine, ",memory-backend=pc.ram");
        for (size_t i = 0; i < config->sounds.len; i++)
                if (config->sounds.items[i].model == SOUND_MODEL_PCSPK)
                        str_addf(&machine, ",pcspk-audiodev=audio%u",
                                 config->sounds.items[i].has_audio ? config->sounds.items[i].audio
                                                                   : 1);
        argv_firmware(argv, &machine);

        argv_add(argv, "-machine");
        argv_add(argv, machine.text);
        if (features->has_vmcoreinfo && features->vmcoreinfo) {
                argv_add(argv, "-device");
                argv_add(argv, "vmcoreinfo");
        }
        return 0;
}

/* Firmware in flash memory: its code, and its variables. */
void argv_firmware(Argv *argv, Str *machine)
{
        const Os *os = &argv->config->os;
        const struct {
                const char *name, *path;
                bool readonly;
        } units[] = {
                {"pflash0", os->loader_type == LOADER_TYPE_PFLASH ? os->loader : NULL,
                 !os->has_loader_readonly || os->loader_readonly},
                {"pflash1", os->nvram, false},
        };

        for (size_t i = 0; i < ELEMENTSOF(units); i++) {
                if (!units[i].path)
                        continue;
                argv_json(argv, "-blockdev",
                          json_pack("{s:s, s:s, s:b, s:{s:s, s:s}}", "driver", "raw", "node-name",
                                    units[i].name, "read-only", units[i].readonly, "file", "driver",
                                    "file", "filename", units[i].path));
                str_addf(machine, ",%s=%s", units[i].name, units[i].name);
        }
        if (os->has_loader_secure && os->loader_secure) {
                argv_add(argv, "-global");
                argv_add(argv, "driver=cfi.pflash01,property=secure,value=on");
        }
}

/* --- clock --- */

/* The time that the guest's clock starts with, as QEMU reads it. */
static void add_base(Str *text, const GuestClock *clock, int64_t now)
{
        time_t start;
        struct tm tm;

        switch (clock->offset) {
        case CLOCK_OFFSET_LOCALTIME:
                str_add(text, "base=localtime");
                return;
        case CLOCK_OFFSET_VARIABLE:
                start = (time_t) (now + clock->adjustment);
                break;
        case CLOCK_OFFSET_ABSOLUTE:
                start = (time_t) clock->start;
                break;
        default:
                str_add(text, "base=utc");
                return;
        }
        if (clock->basis == CLOCK_BASIS_LOCALTIME)
                localtime_r(&start, &tm);
        else
                gmtime_r(&start, &tm);
        str_addf(text, "base=%04d-%02d-%02dT%02d:%02d:%02d", tm.tm_year + 1900, tm.tm_mon + 1,
                 tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

int argv_clock(Argv *argv, Error *err)
{
        const GuestClock *clock = &argv->config->clock;
        const ClockTimer *rtc = config_timer(argv->config, TIMER_NAME_RTC);
        const ClockTimer *pit = config_timer(argv->config, TIMER_NAME_PIT);
        _cleanup_(str_done) Str text = {};

        (void) err;
        add_base(&text, clock, argv->spec->now);
        if (rtc && rtc->track)
                str_addf(&text, ",clock=%s",
                         rtc->track == TIMER_TRACK_GUEST  ? "vm"
                         : rtc->track == TIMER_TRACK_WALL ? "host"
                                                          : "rt");
        if (rtc && rtc->tickpolicy == TICK_POLICY_CATCHUP)
                str_add(&text, ",driftfix=slew");
        argv_add(argv, "-rtc");
        argv_add(argv, text.text);
        if (pit && config_is_kvm(argv->config) && pit->tickpolicy == TICK_POLICY_DELAY) {
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
                {"-bios", os->loader_type == LOADER_TYPE_PFLASH ? NULL : os->loader},
                {"-kernel", os->kernel},
                {"-initrd", os->initrd},
                {"-append", os->cmdline},
                {"-dtb", os->dtb},
        };
        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                if (files[i].value) {
                        argv_add(argv, files[i].option);
                        argv_add(argv, files[i].value);
                }
        add_sleep_states(argv);
        return 0;
}

#include "qemu/validate.h"

#include "base/path.h"
#include "base/str.h"
#include "config/device.h"
#include "qemu/caps.h"
#include "qemu/qemu.h"
#include "qemu/validate-internal.h"

#include <sys/utsname.h>

enum {
        VERSION_OLDEST = 6002000, /* takes -device as JSON, and -action */
};

char *qemu_emulator(const DomainConfig *config)
{
        const char *arch = config->os.arch;
        struct utsname uts;

        if (config->emulator)
                return xstrdup(config->emulator);
        if (!arch) {
                uname(&uts);
                arch = uts.machine;
        }
        return xasprintf("/usr/bin/qemu-system-%s", str_eq(arch, "i686") ? "i386" : arch);
}

/* --- the machine --- */

static int check_lifecycle(const DomainConfig *config, Error *err)
{
        const struct {
                const char *name;
                LifecycleAction action;
                bool preserve; /* can be done */
        } actions[] = {
                {"on_poweroff", config->on_poweroff, false},
                {"on_reboot", config->on_reboot, false},
                {"on_crash", config->on_crash, true},
        };

        for (size_t i = 0; i < ELEMENTSOF(actions); i++) {
                LifecycleAction action = actions[i].action;
                bool bad = action == LIFECYCLE_ACTION_COREDUMP_DESTROY ||
                           action == LIFECYCLE_ACTION_COREDUMP_RESTART ||
                           (action == LIFECYCLE_ACTION_PRESERVE && !actions[i].preserve);

                if (bad)
                        return refuse(err, "%s '%s' is not supported", actions[i].name,
                                      lifecycle_action_text(action));
        }
        return 0;
}

static int check_os(const DomainConfig *config, Error *err)
{
        const Os *os = &config->os;

        if (os->type != OS_TYPE_UNSET && os->type != OS_TYPE_HVM)
                return refuse(err, "os type '%s' is not supported by QEMU", os_type_text(os->type));
        if (os->nvram && os->loader_type != LOADER_TYPE_PFLASH && !os->firmware)
                return refuse(err, "variables of a firmware need a loader of type 'pflash'");
        if (os->smbios && os->smbios != SMBIOS_MODE_EMULATE)
                return refuse(err, "smbios mode '%s' is not supported",
                              smbios_mode_text(os->smbios));
        if (os->has_bios_use_serial && os->bios_use_serial)
                return refuse(err, "firmware output on the serial port is not supported");
        if (config->bootloader)
                return refuse(err, "a bootloader is not supported by QEMU");
        return 0;
}

/* QEMU's words for a processor have no way to say a comma. */
static int check_commas(const DomainConfig *config, Error *err)
{
        const Hyperv *hyperv = config->features.hyperv;
        const char *vendor = hyperv && hyperv->vendor_id ? hyperv->vendor_id->value : NULL;

        if (vendor && strchr(vendor, ','))
                return refuse(err, "vendor_id '%s' has a comma", vendor);
        for (size_t i = 0; config->cpu && i < config->cpu->features.len; i++)
                if (strpbrk(config->cpu->features.items[i].name, ",="))
                        return refuse(err, "CPU feature '%s' has a comma or equals sign",
                                      config->cpu->features.items[i].name);
        if (config->cpu && config->cpu->model && strchr(config->cpu->model, ','))
                return refuse(err, "CPU model '%s' has a comma", config->cpu->model);
        return 0;
}

static int check_processor(const DomainConfig *config, Error *err)
{
        const Cpu *cpu = config->cpu;

        if (config->vcpu_placement == VCPU_PLACEMENT_AUTO)
                return refuse(err, "placing virtual processors is not supported");
        if (!cpu)
                return 0;
        if ((cpu->mode == CPU_MODE_UNSET || cpu->mode == CPU_MODE_CUSTOM) && !cpu->model &&
            cpu->features.len)
                return refuse(err, "CPU features need a CPU model");
        return 0;
}

static int check_timer(const ClockTimer *timer, Error *err)
{
        static const struct {
                bool known, track, frequency;
        } timers[_TIMER_NAME_MAX] = {
                [TIMER_NAME_HPET] = {.known = true},
                [TIMER_NAME_PIT] = {.known = true},
                [TIMER_NAME_RTC] = {.known = true, .track = true},
                [TIMER_NAME_KVMCLOCK] = {.known = true},
                [TIMER_NAME_HYPERVCLOCK] = {.known = true},
                [TIMER_NAME_TSC] = {.known = true, .frequency = true},
        };

        if (!timers[timer->name].known)
                return refuse(err, "timer '%s' is not supported", timer_name_text(timer->name));
        if ((timer->track && !timers[timer->name].track) ||
            (timer->has_frequency && !timers[timer->name].frequency) ||
            (timer->mode && timer->mode != TIMER_MODE_AUTO))
                return refuse(err, "track, frequency or mode of timer '%s' is not supported",
                              timer_name_text(timer->name));
        if (timer->track == TIMER_TRACK_BOOT)
                return refuse(err, "a timer that follows 'boot' is not supported");
        return 0;
}

static int check_clock(const GuestClock *clock, Error *err)
{
        int r = 0;

        if (clock->offset == CLOCK_OFFSET_TIMEZONE)
                return refuse(err, "clock offset '%s' is not supported",
                              clock_offset_text(clock->offset));
        for (size_t i = 0; i < clock->timers.len && r >= 0; i++)
                r = check_timer(&clock->timers.items[i], err);
        return r;
}

static int check_features(const DomainConfig *config, Error *err)
{
        const Features *features = &config->features;
        const struct {
                bool set;
                const char *name;
        } unknown[] = {
                {features->has_hap, "hap"},
                {features->viridian, "viridian"},
                {features->privnet, "privnet"},
        };

        for (size_t i = 0; i < ELEMENTSOF(unknown); i++)
                if (unknown[i].set)
                        return refuse(err, "feature '%s' is not supported", unknown[i].name);
        return 0;
}

/* --- the emulator --- */

static int check_emulator(const QemuCaps *caps, DomainConfig *config, Error *err)
{
        QemuMachine machine;

        if (caps->version < VERSION_OLDEST)
                return refuse(err, "emulator %s is QEMU %lu.%lu; 6.2 or later is needed",
                              caps->path, caps->version / 1000000, caps->version / 1000 % 1000);
        if (config->os.arch && !str_eq(config->os.arch, caps->arch))
                return refuse(err, "emulator %s is of architecture %s, not %s", caps->path,
                              caps->arch, config->os.arch);
        if (str_eq(config->type, "kvm") && !caps->kvm)
                return refuse(err, "emulator %s has no KVM", caps->path);
        if (!qemu_caps_machine(caps, config->os.machine, &machine))
                return refuse(err, "emulator %s has no machine type '%s'", caps->path,
                              config->os.machine ? config->os.machine : "default");
        if (config->vcpus > machine.max_cpus)
                return refuse(err, "Maximum CPUs greater than specified machine type limit %u",
                              machine.max_cpus);
        if (config->cpu && config->cpu->model && !qemu_caps_cpu(caps, config->cpu->model))
                return refuse(err, "emulator %s has no CPU model '%s'", caps->path,
                              config->cpu->model);
        for (size_t i = 0; i < config->videos.len; i++)
                if (config->videos.items[i].type == VIDEO_TYPE_QXL &&
                    !qemu_caps_device(caps, "qxl-vga"))
                        return refuse(err, "emulator %s has no video model 'qxl'", caps->path);

        free(config->os.machine);
        config->os.machine = xstrdup(machine.name);
        if (!config->os.arch)
                config->os.arch = xstrdup(caps->arch);
        return 0;
}

static int check_type(const Driver *driver, const DomainConfig *config, Error *err)
{
        for (size_t i = 0; driver->type->virt_types[i]; i++)
                if (str_eq(config->type, driver->type->virt_types[i]))
                        return 0;
        return refuse(err, "invalid domain type '%s': the QEMU driver has qemu and kvm",
                      config->type ? config->type : "");
}

int qemu_validate(Driver *driver, DomainConfig *config, Error *err)
{
        const QemuCaps *caps;
        int r;

        r = check_type(driver, config, err);
        if (r >= 0 && !path_is_component(config->name))
                r = refuse(err, "name '%s' cannot be part of a file name", config->name);
        if (r >= 0)
                r = check_lifecycle(config, err);
        if (r >= 0)
                r = check_os(config, err);
        if (r >= 0)
                r = check_processor(config, err);
        if (r >= 0)
                r = check_commas(config, err);
        if (r >= 0)
                r = check_clock(&config->clock, err);
        if (r >= 0)
                r = check_features(config, err);
        if (r >= 0)
                r = validate_devices(config, err);
        if (r < 0)
                return r;

        if (!config->emulator)
                config->emulator = qemu_emulator(config);
        caps = qemu_caps_find(qemu_driver_of(driver)->caps, config->emulator);
        return caps ? check_emulator(caps, config, err) : 0;
}

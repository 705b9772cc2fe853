/* What clients ask of the driver: libvirt's documents about guests that can be run, from the
 * emulator's capabilities and from what validate.c lets through. A kind of device that validate.c
 * learns to let through is one more value here. */
#include "qemu/domcaps.h"

#include "base/str.h"
#include "qemu/qemu.h"
#include "qemu/validate.h"

#include <string.h>
#include <sys/utsname.h>

/* --- text --- */

static void add_escaped(Str *out, const char *text)
{
        for (; *text; text++)
                switch (*text) {
                case '&':
                        str_add(out, "&amp;");
                        break;
                case '<':
                        str_add(out, "&lt;");
                        break;
                case '\'':
                        str_add(out, "&apos;");
                        break;
                default:
                        str_addc(out, *text);
                }
}

static void add_element(Str *out, const char *name, const char *text)
{
        str_addf(out, "  <%s>", name);
        add_escaped(out, text);
        str_addf(out, "</%s>\n", name);
}

/* --- capabilities --- */

static void add_machines(Str *out, const QemuCaps *caps)
{
        QemuMachine machine;

        for (size_t i = 0; qemu_caps_machine_at(caps, i, &machine); i++) {
                if (machine.alias)
                        str_addf(out, "      <machine canonical='%s' maxCpus='%u'>%s</machine>\n",
                                 machine.name, machine.max_cpus, machine.alias);
                str_addf(out, "      <machine maxCpus='%u'>%s</machine>\n", machine.max_cpus,
                         machine.name);
        }
}

char *qemu_capabilities(Driver *driver)
{
        static const DomainConfig none = {};
        _cleanup_(free_ptr) char *emulator = qemu_emulator(&none);
        const QemuCaps *caps = qemu_caps_find(qemu_driver_of(driver)->caps, emulator);
        Str out = {};

        if (!caps)
                return xstrdup("");
        str_addf(&out,
                 "  <guest>\n"
                 "    <os_type>hvm</os_type>\n"
                 "    <arch name='%s'>\n"
                 "      <wordsize>%d</wordsize>\n"
                 "      <emulator>%s</emulator>\n",
                 caps->arch, strstr(caps->arch, "64") ? 64 : 32, caps->path);
        add_machines(&out, caps);
        str_addf(&out,
                 "      <domain type='qemu'/>\n"
                 "%s"
                 "    </arch>\n"
                 "    <features>\n"
                 "      <acpi default='on' toggle='yes'/>\n"
                 "      <apic default='on' toggle='no'/>\n"
                 "      <cpuselection/>\n"
                 "      <deviceboot/>\n"
                 "    </features>\n"
                 "  </guest>\n",
                 caps->kvm ? "      <domain type='kvm'/>\n" : "");
        return str_take(&out);
}

/* --- CPU models --- */

/* QEMU names each model once more for each version of it; those names are left out, as are the
 * three that are no model of a processor. */
static bool is_plain_model(const char *name)
{
        const char *version = strrchr(name, '-');

        if (str_eq(name, "max") || str_eq(name, "host") || str_eq(name, "base"))
                return false;
        return !version || version[1] != 'v' || !version[2] ||
               version[2 + strspn(version + 2, "0123456789")];
}

int qemu_cpu_models(Driver *driver, const char *arch, char ***ret, Error *err)
{
        DomainConfig config = {.os = {.arch = (char *) arch}};
        _cleanup_(free_ptr) char *emulator = qemu_emulator(&config);
        const QemuCaps *caps = qemu_caps_find(qemu_driver_of(driver)->caps, emulator);
        char **names = NULL;
        const char *name;
        bool usable;

        if (!caps)
                return error_set(err, ERROR_INVALID_ARGUMENT, "cannot find architecture %s", arch);
        for (size_t i = 0; qemu_caps_cpu_at(caps, i, &name, &usable); i++)
                if (is_plain_model(name))
                        strv_add(&names, xstrdup(name));
        *ret = names;
        return 0;
}

static void add_cpu(Str *out, const QemuCaps *caps, bool kvm)
{
        const char *name;
        bool usable;

        str_addf(out,
                 "  <cpu>\n"
                 "    <mode name='host-passthrough' supported='%s'%s",
                 kvm ? "yes" : "no", kvm ? ">\n" : "/>\n");
        if (kvm)
                str_add(out, "      <enum name='hostPassthroughMigratable'>\n"
                             "        <value>on</value>\n"
                             "        <value>off</value>\n"
                             "      </enum>\n"
                             "    </mode>\n");
        str_add(out, "    <mode name='maximum' supported='yes'>\n"
                     "      <enum name='maximumMigratable'>\n"
                     "        <value>on</value>\n"
                     "        <value>off</value>\n"
                     "      </enum>\n"
                     "    </mode>\n"
                     "    <mode name='host-model' supported='yes'/>\n"
                     "    <mode name='custom' supported='yes'>\n");
        for (size_t i = 0; qemu_caps_cpu_at(caps, i, &name, &usable); i++)
                if (is_plain_model(name))
                        str_addf(out, "      <model usable='%s'>%s</model>\n",
                                 kvm      ? "unknown" /* it was asked under TCG */
                                 : usable ? "yes"
                                          : "no",
                                 name);
        str_add(out, "    </mode>\n  </cpu>\n");
}

/* --- devices --- */

/* Values of an <enum>: those whose device the emulator has. */
typedef struct Value {
        const char *text;
        const char *needs; /* a device of QEMU, or NULL */
} Value;

typedef struct Choice {
        const char *block, *name;
        const Value *values;
} Choice;

#define VALUES(...)                                                                                \
        (const Value[])                                                                            \
        {                                                                                          \
                __VA_ARGS__,                                                                       \
                {                                                                                  \
                }                                                                                  \
        }

/* Sorted by block: the values of one stand together. */
static const Choice choices[] = {
        {"disk", "diskDevice", VALUES({"disk"}, {"cdrom"})},
        {"disk", "bus",
         VALUES({"ide", "ide-hd"}, {"scsi", "scsi-hd"}, {"virtio", "virtio-blk-pci"},
                {"usb", "usb-storage"}, {"sata", "ich9-ahci"})},
        {"disk", "model",
         VALUES({"virtio", "virtio-blk-pci"},
                {"virtio-transitional", "virtio-blk-pci-transitional"},
                {"virtio-non-transitional", "virtio-blk-pci-non-transitional"})},
        {"graphics", "type", VALUES({"vnc"})},
        {"video", "modelType",
         VALUES({"vga", "VGA"}, {"cirrus", "cirrus-vga"}, {"vmvga", "vmware-svga"},
                {"qxl", "qxl-vga"}, {"virtio", "virtio-vga"}, {"none"}, {"bochs", "bochs-display"},
                {"ramfb", "ramfb"})},
        {"rng", "model",
         VALUES({"virtio", "virtio-rng-pci"},
                {"virtio-transitional", "virtio-rng-pci-transitional"},
                {"virtio-non-transitional", "virtio-rng-pci-non-transitional"})},
        {"rng", "backendModel", VALUES({"random"}, {"builtin"})},
        {"channel", "type", VALUES({"pty"}, {"unix"})},
};

static void add_choice(Str *out, const QemuCaps *caps, const Choice *choice)
{
        str_addf(out, "      <enum name='%s'>\n", choice->name);
        for (const Value *value = choice->values; value->text; value++)
                if (!value->needs || qemu_caps_device(caps, value->needs))
                        str_addf(out, "        <value>%s</value>\n", value->text);
        str_add(out, "      </enum>\n");
}

static void add_devices(Str *out, const QemuCaps *caps)
{
        const char *block = NULL;

        str_add(out, "  <devices>\n");
        for (size_t i = 0; i < ELEMENTSOF(choices); i++) {
                if (!str_eq(choices[i].block, block)) {
                        if (block)
                                str_addf(out, "    </%s>\n", block);
                        block = choices[i].block;
                        str_addf(out, "    <%s supported='yes'>\n", block);
                }
                add_choice(out, caps, &choices[i]);
        }
        str_addf(out, "    </%s>\n  </devices>\n", block);
}

/* --- domain capabilities --- */

static const char *const os_block = "  <os supported='yes'>\n"
                                    "    <enum name='firmware'/>\n"
                                    "    <loader supported='yes'>\n"
                                    "      <enum name='type'>\n"
                                    "        <value>rom</value>\n"
                                    "      </enum>\n"
                                    "      <enum name='readonly'>\n"
                                    "        <value>yes</value>\n"
                                    "      </enum>\n"
                                    "      <enum name='secure'>\n"
                                    "        <value>no</value>\n"
                                    "      </enum>\n"
                                    "    </loader>\n"
                                    "  </os>\n";

static const char *const features_block = "  <features>\n"
                                          "    <gic supported='no'/>\n"
                                          "    <sev supported='no'/>\n"
                                          "    <sgx supported='no'/>\n"
                                          "  </features>\n";

/* The kind of guest: the one that was asked for, else the first. */
static int choose_type(const Driver *driver, const DriverMachine *machine, const QemuCaps *caps,
                       const char **ret, Error *err)
{
        const char *const *type = driver->type->virt_types;

        while (machine->virt_type && *type && !str_eq(*type, machine->virt_type))
                type++;
        if (!*type)
                return error_set(err, ERROR_INVALID_ARGUMENT, "unknown virttype: %s",
                                 machine->virt_type);
        if (str_eq(*type, "kvm") && !caps->kvm)
                return error_set(err, ERROR_INVALID_ARGUMENT,
                                 "KVM is not supported by '%s' on this host", caps->path);
        *ret = *type;
        return 0;
}

int qemu_domain_capabilities(Driver *driver, const DriverMachine *machine, char **ret, Error *err)
{
        DomainConfig config = {.emulator = (char *) machine->emulator,
                               .os = {.arch = (char *) machine->arch}};
        _cleanup_(free_ptr) char *emulator = qemu_emulator(&config);
        const QemuCaps *caps = qemu_caps_find(qemu_driver_of(driver)->caps, emulator);
        QemuMachine found;
        const char *type = NULL;
        Str out = {};
        int r;

        if (!caps)
                return error_set(err, ERROR_CONFIG_UNSUPPORTED,
                                 "unable to find any emulator to serve '%s' architecture",
                                 machine->arch ? machine->arch : "the host's");
        if (machine->arch && !str_eq(machine->arch, caps->arch))
                return error_set(
                        err, ERROR_INVALID_ARGUMENT,
                        "architecture from emulator '%s' doesn't match given architecture '%s'",
                        caps->arch, machine->arch);
        r = choose_type(driver, machine, caps, &type, err);
        if (r < 0)
                return r;
        if (!qemu_caps_machine(caps, machine->machine, &found))
                return error_set(err, ERROR_INVALID_ARGUMENT,
                                 "the machine '%s' is not supported by emulator '%s'",
                                 machine->machine ? machine->machine : "default", emulator);

        str_add(&out, "<domainCapabilities>\n");
        add_element(&out, "path", caps->path);
        add_element(&out, "domain", type);
        add_element(&out, "machine", found.name);
        add_element(&out, "arch", caps->arch);
        str_addf(&out, "  <vcpu max='%u'/>\n  <iothreads supported='no'/>\n", found.max_cpus);
        str_add(&out, os_block);
        add_cpu(&out, caps, str_eq(type, "kvm"));
        add_devices(&out, caps);
        str_add(&out, features_block);
        str_add(&out, "</domainCapabilities>\n");
        *ret = str_take(&out);
        return 0;
}

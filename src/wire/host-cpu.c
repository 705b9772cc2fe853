#include "wire/host-cpu.h"

#include <stdio.h>
#include <stdlib.h>

/* Models of libvirt's list, each with what it has beyond the one before it of the same vendor.
 * Words are the kernel's; "kernel:libvirt" where libvirt calls the same thing otherwise. */
static const struct {
        const char *vendor, *model, *adds;
} models[] = {
        {"Intel", "Conroe", "lm nx syscall ssse3 lahf_lm"},
        {"Intel", "Penryn", "cx16 sse4_1:sse4.1"},
        {"Intel", "Nehalem", "sse4_2:sse4.2 popcnt"},
        {"Intel", "Westmere", "aes"},
        {"Intel", "SandyBridge",
         "avx pclmulqdq:pclmuldq rdtscp tsc_deadline_timer:tsc-deadline x2apic xsave"},
        {"Intel", "IvyBridge", "erms f16c fsgsbase rdrand smep"},
        {"Intel", "Haswell-noTSX", "avx2 bmi1 bmi2 fma invpcid movbe pcid"},
        {"Intel", "Broadwell-noTSX", "3dnowprefetch adx rdseed smap"},
        {"Intel", "Skylake-Client-noTSX-IBRS", "abm arat ibrs:spec-ctrl xgetbv1 xsavec"},
        {"Intel", "Skylake-Server-noTSX-IBRS",
         "avx512bw avx512cd avx512dq avx512f avx512vl clwb pdpe1gb pku"},
        {"Intel", "Cascadelake-Server-noTSX", "avx512_vnni:avx512vnni ssbd"},
        {"Intel", "Icelake-Server-noTSX",
         "avx512_bitalg:avx512bitalg avx512_vbmi2:avx512vbmi2 avx512_vpopcntdq:avx512-vpopcntdq "
         "avx512vbmi gfni umip vaes vpclmulqdq wbnoinvd la57"},
        {"AMD", "Opteron_G1", "lm nx syscall"},
        {"AMD", "Opteron_G2", "cx16 svm rdtscp"},
        {"AMD", "Opteron_G3", "abm lahf_lm misalignsse popcnt sse4a"},
        {"AMD", "Opteron_G4",
         "3dnowprefetch aes avx fma4 pclmulqdq:pclmuldq pdpe1gb sse4_1:sse4.1 sse4_2:sse4.2 ssse3 "
         "xop xsave"},
        {"AMD", "Opteron_G5", "f16c fma tbm"},
};

/* Zen has not all that its forerunners had: a line of its own. */
static const struct {
        const char *vendor, *model, *adds;
} zen[] = {
        {"AMD", "EPYC",
         "lm nx syscall cx16 rdtscp abm lahf_lm misalignsse popcnt sse4a 3dnowprefetch adx aes "
         "arat avx "
         "avx2 bmi1 bmi2 clflushopt f16c fma fsgsbase movbe pclmulqdq:pclmuldq pdpe1gb rdrand "
         "rdseed "
         "sha_ni:sha-ni smap smep sse4_1:sse4.1 sse4_2:sse4.2 ssse3 xgetbv1 xsave xsavec"},
        {"AMD", "EPYC-Rome", "clwb rdpid umip wbnoinvd"},
        {"AMD", "EPYC-Milan", "erms fsrm invpcid pcid pku vaes vpclmulqdq"},
};

/* What else is told of, since clients look for it. */
static const char *const beyond =
        "vmx svm hypervisor rdpid sha_ni:sha-ni md_clear:md-clear stibp ibpb "
        "arch_capabilities:arch-capabilities xsaves fsrm serialize cldemote movdiri movdir64b "
        "avx512_bf16:avx512-bf16 avx512ifma amx_bf16:amx-bf16 amx_int8:amx-int8 amx_tile:amx-tile "
        "clflushopt tsc_adjust invtsc";

static bool has_flag(const HostCpu *cpu, const char *flag, size_t len)
{
        _cleanup_(free_ptr) char *word = xasprintf(" %.*s ", (int) len, flag);

        return cpu->flags && strstr(cpu->flags, word);
}

/* Takes the next word of a list apart; false at its end. */
static bool next_word(const char **at, const char **ret_flag, size_t *ret_flag_len,
                      const char **ret_name, size_t *ret_name_len)
{
        size_t len;
        const char *colon;

        *at += strspn(*at, " ");
        len = strcspn(*at, " ");
        if (len == 0)
                return false;
        colon = memchr(*at, ':', len);
        *ret_flag = *at;
        *ret_flag_len = colon ? (size_t) (colon - *at) : len;
        *ret_name = colon ? colon + 1 : *at;
        *ret_name_len = colon ? len - *ret_flag_len - 1 : len;
        *at += len;
        return true;
}

static bool has_all(const HostCpu *cpu, const char *list)
{
        const char *flag, *name;
        size_t flag_len, name_len;

        while (next_word(&list, &flag, &flag_len, &name, &name_len))
                if (!has_flag(cpu, flag, flag_len))
                        return false;
        return true;
}

const char *host_cpu_model(const HostCpu *cpu)
{
        const char *best = NULL;
        bool all = true;

        if (!cpu->vendor)
                return NULL;
        for (size_t i = 0; i < ELEMENTSOF(models); i++)
                if (str_eq(models[i].vendor, cpu->vendor)) {
                        all = all && has_all(cpu, models[i].adds);
                        best = all ? models[i].model : best;
                }
        all = true;
        for (size_t i = 0; i < ELEMENTSOF(zen); i++)
                if (str_eq(zen[i].vendor, cpu->vendor)) {
                        all = all && has_all(cpu, zen[i].adds);
                        best = all ? zen[i].model : best;
                }
        return best;
}

/* --- reading --- */

/* The value of a line "name : value" of the first processor, the caller's. */
static char *value_of(const char *cpuinfo, const char *name)
{
        const char *end = strstr(cpuinfo, "\n\n");
        size_t len = strlen(name);

        for (const char *line = cpuinfo; line && *line && (!end || line < end);) {
                const char *next = strchr(line, '\n'), *at = line + len;

                if (strncmp(line, name, len) == 0) {
                        at += strspn(at, "\t ");
                        if (*at == ':') {
                                at++;
                                at += strspn(at, "\t ");
                                return xstrndup(at, strcspn(at, "\n"));
                        }
                }
                line = next ? next + 1 : NULL;
        }
        return NULL;
}

static unsigned number_of(const char *cpuinfo, const char *name)
{
        _cleanup_(free_ptr) char *text = value_of(cpuinfo, name);

        return text ? (unsigned) strtoul(text, NULL, 10) : 0;
}

void host_cpu_parse(const char *cpuinfo, HostCpu *ret)
{
        _cleanup_(free_ptr) char *vendor = value_of(cpuinfo, "vendor_id");
        _cleanup_(free_ptr) char *microcode = value_of(cpuinfo, "microcode");
        _cleanup_(free_ptr) char *flags = value_of(cpuinfo, "flags");

        *ret = (HostCpu){
                .family = number_of(cpuinfo, "cpu family"),
                .model = number_of(cpuinfo, "model"),
                .stepping = number_of(cpuinfo, "stepping"),
                .address_bits = number_of(cpuinfo, "address sizes"),
                .flags = flags ? xasprintf(" %s ", flags) : NULL,
        };
        if (str_eq(vendor, "GenuineIntel"))
                ret->vendor = xstrdup("Intel");
        else if (str_eq(vendor, "AuthenticAMD"))
                ret->vendor = xstrdup("AMD");
        if (microcode)
                ret->microcode = xasprintf("%lu", strtoul(microcode, NULL, 0));
}

void host_cpu_done(HostCpu *cpu)
{
        free(cpu->vendor);
        free(cpu->microcode);
        free(cpu->flags);
        *cpu = (HostCpu){};
}

/* --- telling --- */

void host_cpu_add_model(const HostCpu *cpu, Str *out)
{
        const char *model = host_cpu_model(cpu);

        if (model)
                str_addf(out, "      <model>%s</model>\n", model);
        if (cpu->vendor)
                str_addf(out, "      <vendor>%s</vendor>\n", cpu->vendor);
        if (cpu->microcode)
                str_addf(out, "      <microcode version='%s'/>\n", cpu->microcode);
        if (cpu->family)
                str_addf(out, "      <signature family='%u' model='%u' stepping='%u'/>\n",
                         cpu->family, cpu->model, cpu->stepping);
}

/* Those of the list that the processor has; `told` keeps the names that were written. */
static void add_list(const HostCpu *cpu, const char *list, Str *told, Str *out)
{
        const char *flag, *name;
        size_t flag_len, name_len;

        while (next_word(&list, &flag, &flag_len, &name, &name_len)) {
                _cleanup_(free_ptr) char *word = xasprintf(" %.*s ", (int) name_len, name);

                if (!has_flag(cpu, flag, flag_len) || (told->text && strstr(told->text, word)))
                        continue;
                str_add(told, word);
                if (out)
                        str_addf(out, "      <feature name='%.*s'/>\n", (int) name_len, name);
        }
}

void host_cpu_add_features(const HostCpu *cpu, Str *out)
{
        const char *model = host_cpu_model(cpu);
        bool within = model != NULL, in_zen = false;
        _cleanup_(str_done) Str told = {};

        if (cpu->address_bits)
                str_addf(out, "      <maxphysaddr mode='emulate' bits='%u'/>\n", cpu->address_bits);
        if (!cpu->vendor)
                return;
        for (size_t i = 0; i < ELEMENTSOF(zen); i++)
                in_zen = in_zen || str_eq(zen[i].model, model);
        for (size_t i = 0; i < ELEMENTSOF(zen) && in_zen; i++) {
                add_list(cpu, zen[i].adds, &told, within ? NULL : out);
                within = within && !str_eq(zen[i].model, model);
        }
        for (size_t i = 0; i < ELEMENTSOF(models); i++)
                if (str_eq(models[i].vendor, cpu->vendor)) {
                        add_list(cpu, models[i].adds, &told, within ? NULL : out);
                        within = within && !str_eq(models[i].model, model);
                }
        add_list(cpu, beyond, &told, out);
}

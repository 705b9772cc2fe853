/* The host's processor, as libvirt's documents name it. */
#pragma once

#include "base/str.h"

typedef struct HostCpu {
        char *vendor;                                   /* "Intel", "AMD"; NULL: not known */
        char *microcode;                                /* in decimal, or NULL */
        unsigned family, model, stepping, address_bits; /* 0: not known */
        char *flags; /* the kernel's names, each between blanks; NULL: none known */
} HostCpu;

/* From the text of /proc/cpuinfo, its first processor; what is not there stays 0. */
void host_cpu_parse(const char *cpuinfo, HostCpu *ret);
void host_cpu_done(HostCpu *cpu);

/* The newest model of libvirt's list that has nothing which the processor lacks, NULL where none
 * fits. */
const char *host_cpu_model(const HostCpu *cpu);
/* <model>, <vendor>, <microcode>, <signature>. */
void host_cpu_add_model(const HostCpu *cpu, Str *out);
/* <maxphysaddr> and a <feature> for what the processor has beyond its model. */
void host_cpu_add_features(const HostCpu *cpu, Str *out);

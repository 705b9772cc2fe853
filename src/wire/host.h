/* What clients ask of the host: read once, so that no call waits for it; and what changes all the
 * time, read from the kernel's own files, which answer without waiting. */
#pragma once

#include "base/error.h"
#include "base/vec.h"
#include "wire/host-cpu.h"

#include <stdint.h>

/* A processor that is online. */
typedef struct HostThread {
        unsigned id, node, socket, die, core;
        char *siblings; /* as "0-1" */
} HostThread;

typedef struct HostPages {
        uint64_t size_kib;
        bool base; /* not huge: of the rest of the memory */
} HostPages;

typedef struct WireHost {
        char *hostname;
        char model[32]; /* of the CPU, as uname tells it */
        uint64_t memory_kib;
        unsigned cpus, mhz;
        unsigned nodes, sockets, cores,
                threads; /* sockets a node, cores a socket, threads a core */
        unsigned present; /* processors, online or not */
        HostCpu cpu;
        VEC(HostThread) online;
        VEC(HostPages) pages;
} WireHost;

/* What cannot be read is 0 or empty; the topology is then one socket with a core a CPU. */
void host_read(WireHost *host);
void host_done(WireHost *host);

/* The <host> element of libvirt's capabilities, the caller's. `virt_types` is NULL-terminated. */
char *host_to_xml(const WireHost *host, const char *const *virt_types);

/* Nanoseconds since the host booted; of one processor, or of all where cpu is negative.
 * ERROR_INVALID_ARGUMENT when there is no such processor. */
typedef struct HostCpuTimes {
        uint64_t kernel, user, idle, iowait;
} HostCpuTimes;
int host_cpu_times(int cpu, HostCpuTimes *ret, Error *err);

/* KiB; of one NUMA node, or of all where node is negative: then with buffers and cached. */
typedef struct HostMemory {
        uint64_t total, free, buffers, cached;
} HostMemory;
int host_memory(int node, HostMemory *ret, Error *err);

/* What was last known of a guest's use of the host: a sample, renewed by the driver, answered from
 * memory. A part that the hypervisor does not tell is marked as absent, never told as zero. */
#pragma once

#include "base/vec.h"

#include <stdbool.h>
#include <stdint.h>

/* What the guest's own driver of the balloon reports. Sizes are in KiB. */
#define MEMORY_STATS(X)                                                                            \
        X(SWAP_IN)                                                                                 \
        X(SWAP_OUT)                                                                                \
        X(MAJOR_FAULT)                                                                             \
        X(MINOR_FAULT)                                                                             \
        X(UNUSED)                                                                                  \
        X(AVAILABLE)                                                                               \
        X(USABLE)                                                                                  \
        X(DISK_CACHES)                                                                             \
        X(HUGE_ALLOCATED)                                                                          \
        X(HUGE_FAILED)

typedef enum MemoryStat {
#define X(name) MEMORY_##name,
        MEMORY_STATS(X)
#undef X
                _MEMORY_STAT_MAX,
} MemoryStat;

typedef struct MemoryStats {
        uint64_t value[_MEMORY_STAT_MAX];
        uint32_t present;     /* bit n: value[n] was reported */
        bool reports;         /* there is a balloon that can report */
        uint64_t last_update; /* s since 1970; 0: never */
} MemoryStats;

typedef enum DiskFault {
        DISK_FAULT_NONE,
        DISK_FAULT_OTHER,
        DISK_FAULT_NO_SPACE,
} DiskFault;

/* One layer of a disk: what the guest writes to, and the files behind it. */
typedef struct DiskStats {
        char *target;   /* name in the guest */
        char *path;     /* what holds the layer; NULL: no medium */
        char *node;     /* what the driver calls its file */
        unsigned layer; /* 0: the top, n: the nth behind it */
        bool has_io, has_size;
        uint64_t rd_ops, rd_bytes, rd_ns;
        uint64_t wr_ops, wr_bytes, wr_ns;
        uint64_t flush_ops, flush_ns;
        uint64_t highest;   /* end of the last byte written to the file */
        uint64_t capacity;  /* bytes that the guest sees */
        uint64_t allocated; /* bytes that the file takes up */
        uint64_t length;    /* bytes that the file is long */
        DiskFault fault;    /* why the guest stands still for it */
} DiskStats;

enum {
        STATS_CPUS_MAX = 1024, /* CPUs of the host */
};

typedef struct VcpuStats {
        uint32_t number;
        int64_t thread;                       /* of the host */
        int cpu;                              /* of the host, that it ran on last */
        bool has_times;                       /* those that follow, and cpu */
        uint64_t time_ns, delay_ns;           /* ran; wanted to run and did not */
        uint8_t affinity[STATS_CPUS_MAX / 8]; /* bit n % 8 of byte n / 8: may run on CPU n */
} VcpuStats;

typedef struct IothreadStats {
        uint32_t number;
        int64_t thread;
        uint64_t poll_max_ns, poll_grow, poll_shrink;
} IothreadStats;

/* Of an interface that has a device of the host; as the guest sees them. */
typedef struct NetStats {
        char *device; /* of the host */
        uint64_t rx_bytes, rx_packets, rx_errs, rx_drop;
        uint64_t tx_bytes, tx_packets, tx_errs, tx_drop;
} NetStats;

typedef struct DomainStats {
        /* what costs nothing: DriverType.sample */
        uint64_t sampled_ms; /* loop time */
        uint64_t cpu_time_ns, cpu_user_ns, cpu_system_ns;
        uint64_t rss_kib;
        uint64_t balloon_kib; /* memory that the guest has now */

        /* what the hypervisor tells: DriverType.refresh */
        uint64_t refreshed_ms; /* loop time; 0: never */
        MemoryStats memory;
        VEC(DiskStats) disks;
        VEC(VcpuStats) vcpus;
        VEC(IothreadStats) iothreads;
        VEC(NetStats) nets;
} DomainStats;

/* Back to nothing known. */
void stats_clear(DomainStats *stats);
/* The lists alone, each before it is filled again. */
void stats_clear_disks(DomainStats *stats);
void stats_clear_nets(DomainStats *stats);

/* The top layer of a disk; NULL where nothing is known of it. */
const DiskStats *stats_disk(const DomainStats *stats, const char *target);
void memory_stats_set(MemoryStats *memory, MemoryStat which, uint64_t value);

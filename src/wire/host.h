/* What clients ask of the host: read once, so that no call waits for it. */
#pragma once

#include <stdint.h>

typedef struct WireHost {
        char *hostname;
        char model[32]; /* of the CPU, as uname tells it */
        uint64_t memory_kib;
        unsigned cpus, mhz;
        unsigned nodes, sockets, cores,
                threads; /* sockets a node, cores a socket, threads a core */
} WireHost;

/* What cannot be read is 0 or empty; the topology is then one socket with a core a CPU. */
void host_read(WireHost *host);
void host_done(WireHost *host);

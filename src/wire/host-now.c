/* What changes all the time on the host: processor times and memory, from the kernel's files. */
#include "wire/host.h"

#include "base/fd.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum {
        FILE_MAX = 8 * 1024 * 1024,
};

int host_cpu_times(int cpu, HostCpuTimes *ret, Error *err)
{
        _cleanup_(free_ptr) char *text = NULL;
        _cleanup_(free_ptr) char *name = cpu < 0 ? xstrdup("cpu ") : xasprintf("cpu%d ", cpu);
        uint64_t user, nice, system, idle, iowait, irq = 0, softirq = 0;
        uint64_t tick = 1000000000ull / (unsigned long) sysconf(_SC_CLK_TCK);
        const char *line;
        int r = file_read("/proc/stat", FILE_MAX, &text, NULL, err);

        if (r < 0)
                return r;
        for (line = text; line && !str_after(line, name);) {
                line = strchr(line, '\n');
                line = line ? line + 1 : NULL;
        }
        if (!line || sscanf(line + strlen(name),
                            "%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
                            " %" SCNu64,
                            &user, &nice, &system, &idle, &iowait, &irq, &softirq) < 5)
                return error_set(err, ERROR_INVALID_ARGUMENT, "Invalid cpuNum in %s", __func__);
        *ret = (HostCpuTimes){
                .kernel = (system + irq + softirq) * tick,
                .user = (user + nice) * tick,
                .idle = idle * tick,
                .iowait = iowait * tick,
        };
        return 0;
}

/* The number behind "name:" of a file like meminfo, 0 where it is not there. */
static uint64_t field(const char *text, const char *name)
{
        const char *at = strstr(text, name);
        uint64_t value = 0;

        if (!at || sscanf(at + strlen(name), " %" SCNu64, &value) != 1)
                return 0;
        return value;
}

int host_memory(int node, HostMemory *ret, Error *err)
{
        _cleanup_(free_ptr) char *text = NULL;
        _cleanup_(free_ptr) char *path =
                node < 0 ? xstrdup("/proc/meminfo")
                         : xasprintf("/sys/devices/system/node/node%d/meminfo", node);
        int r = file_read(path, FILE_MAX, &text, NULL, err);

        if (r < 0)
                return r;
        *ret = (HostMemory){
                .total = field(text, "MemTotal:"),
                .free = field(text, "MemFree:"),
        };
        if (node < 0) {
                ret->buffers = field(text, "\nBuffers:");
                ret->cached = field(text, "\nCached:");
        }
        return 0;
}

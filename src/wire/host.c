#include "wire/host.h"

#include "base/fd.h"
#include "base/str.h"

#include <limits.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

enum {
        SMALL_FILE = 4096,
        CPUINFO_MAX = 8 * 1024 * 1024,
        CPUS_MAX = 8192,
        PACKAGES_MAX = 256,
};

static uint64_t number_in(const char *path)
{
        _cleanup_(free_ptr) char *text = NULL;

        return file_read(path, SMALL_FILE, &text, NULL, NULL) < 0 ? 0 : strtoull(text, NULL, 10);
}

/* How many numbers a list like "0-3,8" holds. */
static unsigned list_count(const char *path)
{
        _cleanup_(free_ptr) char *text = NULL;
        unsigned count = 0;
        const char *at;

        if (file_read(path, SMALL_FILE, &text, NULL, NULL) < 0)
                return 0;
        for (at = text; *at >= '0' && *at <= '9';) {
                char *end;
                unsigned long first = strtoul(at, &end, 10), last = first;

                if (*end == '-')
                        last = strtoul(end + 1, &end, 10);
                if (last >= first && last - first < CPUS_MAX)
                        count += (unsigned) (last - first) + 1;
                at = *end == ',' ? end + 1 : end;
        }
        return count;
}

static unsigned read_mhz(void)
{
        _cleanup_(free_ptr) char *text = NULL;
        const char *line;

        if (file_read("/proc/cpuinfo", CPUINFO_MAX, &text, NULL, NULL) < 0)
                return 0;
        line = strstr(text, "cpu MHz");
        line = line ? strchr(line, ':') : NULL;
        return line ? (unsigned) strtoul(line + 1, NULL, 10) : 0;
}

static uint64_t read_memory(void)
{
        _cleanup_(free_ptr) char *text = NULL;
        const char *line;

        if (file_read("/proc/meminfo", CPUINFO_MAX, &text, NULL, NULL) < 0)
                return 0;
        line = strstr(text, "MemTotal:");
        return line ? strtoull(line + strlen("MemTotal:"), NULL, 10) : 0;
}

static void read_topology(WireHost *host)
{
        bool seen[PACKAGES_MAX] = {};
        unsigned packages = 0;

        host->nodes = list_count("/sys/devices/system/node/online");
        host->threads = list_count("/sys/devices/system/cpu/cpu0/topology/thread_siblings_list");
        for (unsigned cpu = 0; cpu < host->cpus && cpu < CPUS_MAX; cpu++) {
                char path[96];
                uint64_t package;

                snprintf(path, sizeof(path),
                         "/sys/devices/system/cpu/cpu%u/topology/physical_package_id", cpu);
                package = number_in(path);
                if (package < PACKAGES_MAX && !seen[package]) {
                        seen[package] = true;
                        packages++;
                }
        }
        host->nodes = host->nodes ? host->nodes : 1;
        host->threads = host->threads ? host->threads : 1;
        host->sockets = packages > host->nodes ? packages / host->nodes : 1;
        host->cores = host->cpus / (host->nodes * host->sockets * host->threads);
        if (host->nodes * host->sockets * host->cores * host->threads != host->cpus) {
                host->nodes = host->sockets = host->threads = 1;
                host->cores = host->cpus;
        }
}

void host_read(WireHost *host)
{
        long cpus = sysconf(_SC_NPROCESSORS_ONLN);
        char name[HOST_NAME_MAX + 1] = "localhost";
        struct utsname system;

        *host = (WireHost){};
        (void) gethostname(name, HOST_NAME_MAX); /* ignoring: then it is localhost */
        host->hostname = xstrdup(name);
        if (uname(&system) == 0)
                snprintf(host->model, sizeof(host->model), "%.31s", system.machine);
        host->cpus = cpus > 0 ? (unsigned) cpus : 1;
        host->mhz = read_mhz();
        host->memory_kib = read_memory();
        read_topology(host);
}

void host_done(WireHost *host)
{
        free(host->hostname);
        *host = (WireHost){};
}

#include "wire/host.h"

#include "base/fd.h"
#include "base/str.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
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

static unsigned read_mhz(const char *text)
{
        const char *line;

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

/* One number of /sys/devices/system/cpu/cpuN/topology. */
static uint64_t topology_of(unsigned cpu, const char *name)
{
        _cleanup_(free_ptr) char *path =
                xasprintf("/sys/devices/system/cpu/cpu%u/topology/%s", cpu, name);

        return number_in(path);
}

/* Calls for each number of a list like "0-3,8". */
static void list_each(const char *path, void (*fn)(WireHost *, unsigned, unsigned), WireHost *host,
                      unsigned arg)
{
        _cleanup_(free_ptr) char *text = NULL;

        if (file_read(path, SMALL_FILE, &text, NULL, NULL) < 0)
                return;
        for (const char *at = text; *at >= '0' && *at <= '9';) {
                char *end;
                unsigned long first = strtoul(at, &end, 10), last = first;

                if (*end == '-')
                        last = strtoul(end + 1, &end, 10);
                for (; first <= last && first < CPUS_MAX; first++)
                        fn(host, (unsigned) first, arg);
                at = *end == ',' ? end + 1 : end;
        }
}

static void add_thread(WireHost *host, unsigned cpu, unsigned node)
{
        _cleanup_(free_ptr) char *path = xasprintf(
                "/sys/devices/system/cpu/cpu%u/topology/thread_siblings_list", cpu);
        char *siblings = NULL;

        if (file_read(path, SMALL_FILE, &siblings, NULL, NULL) >= 0)
                siblings[strspn(siblings, "0123456789,-")] = 0;
        *vec_push(&host->online) = (HostThread){
                .id = cpu,
                .node = node,
                .socket = (unsigned) topology_of(cpu, "physical_package_id"),
                .die = (unsigned) topology_of(cpu, "die_id"),
                .core = (unsigned) topology_of(cpu, "core_id"),
                .siblings = siblings ? siblings : xasprintf("%u", cpu),
        };
}

static void set_node(WireHost *host, unsigned cpu, unsigned node)
{
        for (size_t i = 0; i < host->online.len; i++)
                if (host->online.items[i].id == cpu)
                        host->online.items[i].node = node;
}

static void read_node(WireHost *host, unsigned node, unsigned unused)
{
        _cleanup_(free_ptr) char *path =
                xasprintf("/sys/devices/system/node/node%u/cpulist", node);

        (void) unused;
        list_each(path, set_node, host, node);
}

/* The sizes of pages: the base size and the kernel's huge ones, ascending. */
static void read_pages(WireHost *host)
{
        static const unsigned huge[] = {64, 2048, 32768, 524288, 1048576, 16777216};

        *vec_push(&host->pages) =
                (HostPages){(uint64_t) sysconf(_SC_PAGESIZE) / 1024, true};
        for (size_t i = 0; i < ELEMENTSOF(huge); i++) {
                _cleanup_(free_ptr) char *path =
                        xasprintf("/sys/kernel/mm/hugepages/hugepages-%ukB", huge[i]);

                if (access(path, F_OK) == 0)
                        *vec_push(&host->pages) = (HostPages){huge[i], false};
        }
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
        _cleanup_(free_ptr) char *cpuinfo = NULL;
        struct utsname system;

        *host = (WireHost){};
        (void) gethostname(name, HOST_NAME_MAX); /* ignoring: then it is localhost */
        host->hostname = xstrdup(name);
        if (uname(&system) == 0)
                snprintf(host->model, sizeof(host->model), "%.31s", system.machine);
        host->cpus = cpus > 0 ? (unsigned) cpus : 1;
        if (file_read("/proc/cpuinfo", CPUINFO_MAX, &cpuinfo, NULL, NULL) >= 0) {
                host->mhz = read_mhz(cpuinfo);
                host_cpu_parse(cpuinfo, &host->cpu);
        }
        host->memory_kib = read_memory();
        read_topology(host);
        list_each("/sys/devices/system/cpu/online", add_thread, host, 0);
        list_each("/sys/devices/system/node/online", read_node, host, 0);
        host->present = list_count("/sys/devices/system/cpu/present");
        host->present = host->present > host->cpus ? host->present : host->cpus;
        read_pages(host);
}

void host_done(WireHost *host)
{
        for (size_t i = 0; i < host->online.len; i++)
                free(host->online.items[i].siblings);
        vec_done(&host->online);
        vec_done(&host->pages);
        host_cpu_done(&host->cpu);
        free(host->hostname);
        *host = (WireHost){};
}

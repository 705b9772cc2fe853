/* What the kernel tells of a guest without waiting: times of its process and threads, and the
 * counters of its interfaces, from /proc. */
#include "base/fd.h"
#include "base/str.h"
#include "qemu/stats.h"

#include <sched.h>
#include <stdio.h>
#include <unistd.h>

typedef struct Times {
        uint64_t user_ns, system_ns, rss_kib;
        int cpu;
} Times;

static uint64_t from_ticks(unsigned long long ticks)
{
        return ticks * (1000000000ull / (unsigned long) sysconf(_SC_CLK_TCK));
}

/* Fields 14, 15, 24 and 39 of a stat file, behind the name, which may hold anything. */
static bool read_times(const char *path, Times *ret)
{
        _cleanup_(free_ptr) char *text = NULL;
        unsigned long long user, system;
        const char *rest;
        long rss;
        int cpu;

        if (file_read(path, 4096, &text, NULL, NULL) < 0)
                return false;
        rest = strrchr(text, ')');
        if (!rest || sscanf(rest + 1,
                            " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d %*d "
                            "%*d %*d %*d %*u %*u %ld %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u "
                            "%*u %*u %*d %d",
                            &user, &system, &rss, &cpu) != 4)
                return false;
        *ret = (Times){
                .user_ns = from_ticks(user),
                .system_ns = from_ticks(system),
                .rss_kib = (uint64_t) rss * (unsigned long) sysconf(_SC_PAGESIZE) / 1024,
                .cpu = cpu,
        };
        return true;
}

/* Nanoseconds that a thread wanted to run and did not. */
static uint64_t read_delay(const char *path)
{
        _cleanup_(free_ptr) char *text = NULL;
        unsigned long long delay;

        if (file_read(path, 256, &text, NULL, NULL) < 0 || sscanf(text, "%*u %llu", &delay) != 1)
                return 0;
        return delay;
}

static void sample_affinity(VcpuStats *vcpu)
{
        cpu_set_t set;

        CPU_ZERO(&set);
        memset(vcpu->affinity, 0, sizeof(vcpu->affinity));
        if (sched_getaffinity((pid_t) vcpu->thread, sizeof(set), &set) < 0)
                return;
        for (size_t cpu = 0; cpu < STATS_CPUS_MAX && cpu < CPU_SETSIZE; cpu++)
                if (CPU_ISSET(cpu, &set))
                        vcpu->affinity[cpu / 8] |= (uint8_t) (1u << (cpu % 8));
}

static void sample_vcpu(pid_t pid, VcpuStats *vcpu)
{
        _cleanup_(free_ptr) char *stat =
                xasprintf("/proc/%d/task/%lld/stat", (int) pid, (long long) vcpu->thread);
        _cleanup_(free_ptr) char *schedstat =
                xasprintf("/proc/%d/task/%lld/schedstat", (int) pid, (long long) vcpu->thread);
        Times times;

        vcpu->has_times = vcpu->thread > 0 && read_times(stat, &times);
        if (!vcpu->has_times)
                return;
        vcpu->time_ns = times.user_ns + times.system_ns;
        vcpu->cpu = times.cpu;
        vcpu->delay_ns = read_delay(schedstat);
        sample_affinity(vcpu);
}

/* --- interfaces --- */

/* A line of /proc/net/dev: the device, then what it received and what it sent, which the guest sees
 * the other way round. */
static void sample_net(NetStats *net, const char *table)
{
        _cleanup_(free_ptr) char *key = xasprintf("%s:", net->device);
        unsigned long long rx[4], tx[4];
        const char *line = strstr(table, key);

        while (line && line != table && line[-1] != ' ' && line[-1] != '\n')
                line = strstr(line + 1, key);
        if (!line ||
            sscanf(line + strlen(key), " %llu %llu %llu %llu %*u %*u %*u %*u %llu %llu %llu %llu",
                   &rx[0], &rx[1], &rx[2], &rx[3], &tx[0], &tx[1], &tx[2], &tx[3]) != 8)
                return;
        net->rx_bytes = tx[0];
        net->rx_packets = tx[1];
        net->rx_errs = tx[2];
        net->rx_drop = tx[3];
        net->tx_bytes = rx[0];
        net->tx_packets = rx[1];
        net->tx_errs = rx[2];
        net->tx_drop = rx[3];
}

static void sample_nets(DomainStats *stats, const DomainConfig *live)
{
        _cleanup_(free_ptr) char *table = NULL;

        stats_clear_nets(stats);
        for (size_t i = 0; i < live->interfaces.len; i++) {
                const char *device = live->interfaces.items[i].target_dev;

                if (!device)
                        continue;
                if (!table && file_read("/proc/net/dev", 1024 * 1024, &table, NULL, NULL) < 0)
                        return;
                NetStats *net = vec_push(&stats->nets);
                net->device = xstrdup(device);
                sample_net(net, table);
        }
}

void qemu_sample(Driver *driver, Domain *d)
{
        QemuGuest *guest = qemu_guest(d);
        DomainStats *stats = &d->stats;
        _cleanup_(free_ptr) char *path = NULL;
        Times times;
        pid_t pid;

        if (!guest || !guest->child || !d->live)
                return;
        pid = child_pid(guest->child);
        path = xasprintf("/proc/%d/stat", (int) pid);
        stats->sampled_ms = loop_now_ms(driver->host.loop);
        if (read_times(path, &times)) {
                stats->cpu_time_ns = times.user_ns + times.system_ns;
                stats->cpu_user_ns = times.user_ns;
                stats->cpu_system_ns = times.system_ns;
                stats->rss_kib = times.rss_kib;
        }
        if (!stats->balloon_kib)
                stats->balloon_kib = config_current_memory(d->live);
        for (size_t i = 0; i < stats->vcpus.len; i++)
                sample_vcpu(pid, &stats->vcpus.items[i]);
        sample_nets(stats, d->live);
}

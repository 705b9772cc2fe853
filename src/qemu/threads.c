/* Where the threads of a guest run, and its I/O threads.
 *
 * A thread runs on the processors that its own pin names, else on those of <vcpu cpuset>, else
 * anywhere. The kernel is told thread by thread, which waits for nothing. */
#include "base/str.h"
#include "config/cpu-set.h"
#include "qemu/follow.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>

enum {
        THREADS_MAX = 4096, /* of one list of QEMU's */
};

/* --- pins --- */

/* Pins are texts of a checked configuration; one that is no set stands for all processors. */
static int pin(int64_t thread, const char *text, Error *err)
{
        CpuSet set;

        if (!text || !cpu_set_parse(text, &set))
                memset(&set, 0xff, sizeof(set));
        if (sched_setaffinity((pid_t) thread, sizeof(set.bits), (const cpu_set_t *) set.bits) < 0)
                return error_set_errno(err, errno, "cannot set CPU affinity on process %lld",
                                       (long long) thread);
        return 0;
}

int qemu_pin_process(const DomainConfig *live, pid_t pid, Error *err)
{
        const char *text = config_emulator_cpuset(live);

        return text ? pin(pid, text, err) : 0;
}

/* The number in "iothreadN"; 0: another one's. */
static uint32_t iothread_number(const json_t *iothread)
{
        const char *number = str_after(json_text(iothread, "id", ""), "iothread");
        uint32_t id;

        return number && str_to_u32(number, &id) ? id : 0;
}

static bool lists(const json_t *threads, int64_t thread)
{
        for (size_t i = 0; i < json_array_size(threads); i++)
                if (json_u64(json_array_get(threads, i), "thread-id", 0) == (uint64_t) thread)
                        return true;
        return false;
}

/* The threads that are neither a processor's nor for I/O. They come and go. */
static int pin_others(const QemuFollow *f, pid_t pid, const DomainConfig *to, Error *err)
{
        const char *text = config_emulator_cpuset(to);
        _cleanup_(free_ptr) char *path = xasprintf("/proc/%d/task", (int) pid);
        int r = pin(pid, text, err);
        DIR *tasks = opendir(path);
        struct dirent *entry;

        while (r == 0 && tasks && (entry = readdir(tasks))) {
                uint32_t thread;

                if (str_to_u32(entry->d_name, &thread) && thread != (uint32_t) pid &&
                    !lists(f->vcpus, thread) && !lists(f->iothreads, thread))
                        (void) pin(thread, text, NULL); /* ignoring: it has ended */
        }
        if (tasks)
                closedir(tasks);
        return r;
}

int qemu_move_ask_vcpus(Op *op, QemuFollow *f, const DomainConfig *to, Error *err)
{
        (void) to;
        f->vcpus = TAKE_PTR(f->answer);
        return f->vcpus ? OP_NEXT : qemu_move_ask(op, "query-cpus-fast", err);
}

int qemu_move_ask_iothreads(Op *op, QemuFollow *f, const DomainConfig *to, Error *err)
{
        (void) to;
        f->iothreads = TAKE_PTR(f->answer);
        return f->iothreads ? OP_NEXT : qemu_move_ask(op, "query-iothreads", err);
}

int qemu_move_pins(Op *op, QemuFollow *f, const DomainConfig *to, Error *err)
{
        const QemuGuest *guest = qemu_guest(op_domain(op));
        int r = pin_others(f, child_pid(guest->child), to, err);

        for (size_t i = 0; r == 0 && i < json_array_size(f->vcpus) && i < THREADS_MAX; i++) {
                const json_t *vcpu = json_array_get(f->vcpus, i);

                r = pin((int64_t) json_u64(vcpu, "thread-id", 0),
                        config_vcpu_cpuset(to, json_u64(vcpu, "cpu-index", i)), err);
        }
        for (size_t i = 0; r == 0 && i < json_array_size(f->iothreads) && i < THREADS_MAX; i++) {
                const json_t *iothread = json_array_get(f->iothreads, i);
                uint32_t id = iothread_number(iothread);

                if (id)
                        r = pin((int64_t) json_u64(iothread, "thread-id", 0),
                                config_iothread_cpuset(to, id), err);
        }
        return r < 0 ? r : OP_NEXT;
}

/* --- I/O threads --- */

static bool has_iothread(const json_t *there, uint32_t id)
{
        for (size_t i = 0; i < json_array_size(there); i++)
                if (iothread_number(json_array_get(there, i)) == id)
                        return true;
        return false;
}

int qemu_move_iothreads(Op *op, QemuFollow *f, const DomainConfig *to, Error *err)
{
        _cleanup_(json_p) json_t *there = TAKE_PTR(f->answer);
        char name[32];

        if (!there)
                return qemu_move_ask(op, "query-iothreads", err);
        for (size_t i = 0; i < config_iothreads(to); i++) {
                uint32_t id = config_iothread_id(to, i);

                if (has_iothread(there, id))
                        continue;
                snprintf(name, sizeof(name), "iothread%u", id);
                return qemu_move_tell(op, "object-add",
                                      json_pack("{s:s, s:s}", "qom-type", "iothread", "id", name),
                                      err);
        }
        for (size_t i = 0; i < json_array_size(there); i++) {
                uint32_t id = iothread_number(json_array_get(there, i));

                if (!id || config_has_iothread(to, id))
                        continue;
                snprintf(name, sizeof(name), "iothread%u", id);
                return qemu_move_tell(op, "object-del", json_pack("{s:s}", "id", name), err);
        }
        return OP_NEXT;
}

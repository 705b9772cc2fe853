#include "qemu/caps.h"

#include "base/fd.h"
#include "base/list.h"
#include "base/map.h"
#include "base/str.h"
#include "loop/child.h"
#include "loop/job.h"
#include "loop/timer.h"
#include "qemu/process.h"
#include "qemu/qemu.h"
#include "qemu/qmp.h"
#include "store/table-capability.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
        FACTS_FORMAT = 2, /* of a stored row's facts; raised when the probe asks for more */
};

typedef enum EntryState {
        ENTRY_IDLE,
        ENTRY_STAT,
        ENTRY_PROBE,
} EntryState;

typedef struct Waiter {
        ListNode node;
        DriverDoneFn *done;
        void *data;
} Waiter;

/* What the job learns of the file; its own while it runs. */
typedef struct Look {
        struct Entry *entry;
        char *path;
        uint64_t inode;
        int64_t mtime_ns;
        int sys_errno;
} Look;

typedef struct Entry {
        QemuCapsCache *cache;
        QemuCaps caps; /* facts NULL: nothing is known */
        EntryState state;
        uint64_t looked_ms; /* loop time of the last look; 0: never */
        ListNode waiters;
        Timer *answer; /* tells the waiters, with `result` */
        Error result;
        Job *job;
        /* PROBE */
        uint64_t inode;
        int64_t mtime_ns;
        json_t *facts;
        Child *child;
        QmpClient *qmp;
        off_t log_start;
} Entry;

struct QemuCapsCache {
        Driver *driver;
        Map entries; /* path -> Entry */
};

/* --- facts --- */

static void caps_set_facts(QemuCaps *caps, json_t *facts)
{
        json_decref(caps->facts);
        caps->facts = facts;
        caps->version = (unsigned long) json_u64(facts, "version", 0);
        caps->arch = json_text(facts, "arch", "");
        caps->kvm = json_flag(facts, "kvm", false);
}

bool qemu_caps_machine_at(const QemuCaps *caps, size_t i, QemuMachine *ret)
{
        const json_t *machine = json_array_get(json_object_get(caps->facts, "machines"), i);

        if (!machine)
                return false;
        *ret = (QemuMachine){
                .name = json_text(machine, "name", ""),
                .alias = json_text(machine, "alias", NULL),
                .max_cpus = (unsigned) json_u64(machine, "cpu-max", 1),
                .is_default = json_flag(machine, "is-default", false),
        };
        return true;
}

bool qemu_caps_machine(const QemuCaps *caps, const char *name, QemuMachine *ret)
{
        QemuMachine machine;

        for (size_t i = 0; qemu_caps_machine_at(caps, i, &machine); i++)
                if (name ? str_eq(machine.name, name) || str_eq(machine.alias, name)
                         : machine.is_default) {
                        *ret = machine;
                        return true;
                }
        return false;
}

static bool listed(const QemuCaps *caps, const char *list, const char *name)
{
        return json_object_get(json_object_get(caps->facts, list), name) != NULL;
}

bool qemu_caps_device(const QemuCaps *caps, const char *device)
{
        return listed(caps, "devices", device);
}

bool qemu_caps_cpu(const QemuCaps *caps, const char *model)
{
        return listed(caps, "cpus", model);
}

bool qemu_caps_cpu_at(const QemuCaps *caps, size_t i, const char **ret_model, bool *ret_usable)
{
        json_t *cpus = json_object_get(caps->facts, "cpus");
        void *at = json_object_iter(cpus);

        for (; at && i > 0; i--)
                at = json_object_iter_next(cpus, at);
        if (!at)
                return false;
        *ret_model = json_object_iter_key(at);
        *ret_usable = json_is_true(json_object_iter_value(at));
        return true;
}

const QemuCaps *qemu_caps_find(const QemuCapsCache *cache, const char *path)
{
        const Entry *entry = map_get_str(&cache->entries, path);

        return entry && entry->caps.facts ? &entry->caps : NULL;
}

/* --- entries --- */

static void answer(void *data)
{
        Entry *entry = data;
        _cleanup_(error_done) Error result = {};
        ListNode waiters;
        bool failed = error_is_set(&entry->result);

        /* A waiter may ask again; those that do wait for the next answer. */
        list_init(&waiters);
        LIST_FOREACH(waiter, &entry->waiters, Waiter, node) {
                list_remove(&waiter->node);
                list_append(&waiters, &waiter->node);
        }
        error_move(&result, &entry->result);
        LIST_FOREACH(waiter, &waiters, Waiter, node) {
                DriverDoneFn *done = waiter->done;
                void *done_data = waiter->data;

                list_remove(&waiter->node);
                free(waiter);
                done(done_data, failed ? &result : NULL);
        }
}

static Entry *entry_new(QemuCapsCache *cache, const char *path)
{
        Entry *entry = xnew0(Entry, 1);

        entry->cache = cache;
        entry->caps.path = xstrdup(path);
        entry->answer = timer_new(cache->driver->host.loop, answer, entry);
        list_init(&entry->waiters);
        map_put_str(&cache->entries, path, entry);
        return entry;
}

static void probe_clear(Entry *entry)
{
        entry->qmp = qmp_client_free(entry->qmp);
        if (entry->child)
                child_kill(entry->child, SIGKILL);
        entry->child = child_free(entry->child);
        json_decref(TAKE_PTR(entry->facts));
}

static void entry_free(Entry *entry)
{
        probe_clear(entry);
        job_abandon(entry->job);
        timer_free(entry->answer);
        error_done(&entry->result);
        LIST_FOREACH(waiter, &entry->waiters, Waiter, node)
                free(waiter);
        json_decref(entry->caps.facts);
        free(entry->caps.path);
        free(entry);
}

/* STAT or PROBE -> IDLE. `err` NULL: the facts are good. */
static void entry_settle(Entry *entry, const Error *err)
{
        probe_clear(entry);
        entry->state = ENTRY_IDLE;
        error_done(&entry->result);
        if (err)
                error_copy(&entry->result, err);
        else
                entry->looked_ms = loop_now_ms(entry->cache->driver->host.loop);
        timer_start(entry->answer, 0);
}

static void probe_failed(Entry *entry, const Error *why)
{
        _cleanup_(error_done) Error err = {};

        error_copy(&err, why);
        error_prefix(&err, "cannot learn what QEMU binary %s can do", entry->caps.path);
        entry_settle(entry, &err);
}

/* --- the probe's answers, in the order of the commands --- */

static void take_version(json_t *facts, const json_t *value)
{
        const json_t *qemu = json_object_get(value, "qemu");

        json_object_set_new(facts, "version",
                            json_integer((json_int_t) (json_u64(qemu, "major", 0) * 1000000 +
                                                       json_u64(qemu, "minor", 0) * 1000 +
                                                       json_u64(qemu, "micro", 0))));
}

static void take_target(json_t *facts, const json_t *value)
{
        json_object_set_new(facts, "arch", json_string(json_text(value, "arch", "")));
}

static void take_kvm(json_t *facts, const json_t *value)
{
        json_object_set_new(facts, "kvm", json_boolean(json_flag(value, "present", false)));
}

static void take_machines(json_t *facts, const json_t *value)
{
        json_t *machines = json_array();
        const json_t *machine;
        size_t i;

        json_array_foreach(value, i, machine)
        {
                json_array_append_new(
                        machines,
                        json_pack("{s:s, s:s*, s:I, s:b}", "name", json_text(machine, "name", ""),
                                  "alias", json_text(machine, "alias", NULL), "cpu-max",
                                  (json_int_t) json_u64(machine, "cpu-max", 1), "is-default",
                                  json_flag(machine, "is-default", false)));
        }
        json_object_set_new(facts, "machines", machines);
}

/* A set of names, as members of an object. */
static void take_names(json_t *facts, const char *list, const json_t *value)
{
        json_t *names = json_object();
        const json_t *item;
        size_t i;

        json_array_foreach(value, i, item)
                json_object_set_new(names, json_text(item, "name", ""), json_true());
        json_object_set_new(facts, list, names);
}

static void take_devices(json_t *facts, const json_t *value)
{
        take_names(facts, "devices", value);
}

/* Models in the order of their names, true where nothing of one is lacking under TCG. */
static void take_cpus(json_t *facts, const json_t *value)
{
        json_t *cpus = json_object();
        const json_t *item;
        size_t i;

        json_array_foreach(value, i, item)
        {
                const json_t *lacks = json_object_get(item, "unavailable-features");

                json_object_set_new(cpus, json_text(item, "name", ""),
                                    json_boolean(json_array_size(lacks) == 0));
        }
        json_object_set_new(facts, "cpus", cpus);
        json_object_set_new(facts, "format", json_integer(FACTS_FORMAT));
}

static void probed(Entry *entry)
{
        _cleanup_(free_ptr) char *text = json_dumps(entry->facts, JSON_COMPACT | JSON_SORT_KEYS);
        StoreTx *tx = store_tx_new(entry->cache->driver->host.store);

        entry->caps.inode = entry->inode;
        entry->caps.mtime_ns = entry->mtime_ns;
        capability_row_put(tx, &(CapabilityRow){
                                       .path = entry->caps.path,
                                       .inode = entry->inode,
                                       .mtime_ns = entry->mtime_ns,
                                       .facts = text,
                               });
        /* A row that is lost costs a probe. */
        store_commit(tx, STORE_ORDERED, NULL, NULL);
        caps_set_facts(&entry->caps, TAKE_PTR(entry->facts));
        entry_settle(entry, NULL);
}

static void probe_told(Entry *entry, void (*take)(json_t *, const json_t *), const json_t *value,
                       const Error *err)
{
        if (entry->state != ENTRY_PROBE)
                return;
        if (err)
                probe_failed(entry, err);
        else
                take(entry->facts, value);
}

#define PROBES(X)                                                                                  \
        X(version, "query-version", NULL)                                                          \
        X(target, "query-target", NULL)                                                            \
        X(kvm, "query-kvm", NULL)                                                                  \
        X(machines, "query-machines", NULL)                                                        \
        X(devices, "qom-list-types", json_pack("{s:s, s:b}", "implements", "device", "abstract", 0))

#define X(name, command, args)                                                                     \
        static void told_##name(void *data, json_t *value, const Error *err)                       \
        {                                                                                          \
                probe_told(data, take_##name, value, err);                                         \
        }
PROBES(X)
#undef X

/* The last: a QEMU whose machine has no CPU models does not know the command. */
static void told_cpus(void *data, json_t *value, const Error *err)
{
        Entry *entry = data;

        if (entry->state != ENTRY_PROBE)
                return;
        if (err && (err->code == ERROR_TIMEOUT || qmp_client_broken(entry->qmp))) {
                probe_failed(entry, err);
                return;
        }
        take_cpus(entry->facts, err ? NULL : value);
        probed(entry);
}

/* --- the probe --- */

static char *probe_log(const Entry *entry)
{
        return xasprintf("%s/capabilities.log", entry->cache->driver->host.log_dir);
}

static void probe_ended(void *data, const ChildStatus *status)
{
        Entry *entry = data;
        _cleanup_(free_ptr) char *how = child_status_text(status);
        _cleanup_(free_ptr) char *log = probe_log(entry);
        _cleanup_(free_ptr) char *said = process_log_tail(log, entry->log_start);
        _cleanup_(error_done) Error err = {};

        error_set(&err, ERROR_OPERATION_FAILED, "process ended (%s)%s%s", how, said ? ": " : "",
                  said ? said : "");
        probe_failed(entry, &err);
}

/* Its process's end says more, and is about to be seen; until then the calls' deadlines hold. */
static void probe_lost(void *data, const Error *err)
{
        (void) data;
        (void) err;
}

static int probe_spawn(Entry *entry, int monitor_fd, Error *err)
{
        enum { MONITOR = 3 };
        _cleanup_(free_ptr) char *log = probe_log(entry);
        _cleanup_(fd_closep) int log_fd = -1;
        static char *const environment[] = {(char *) "LC_ALL=C", NULL};
        char *const argv[] = {entry->caps.path,
                              (char[]){"-S"},
                              (char[]){"-no-user-config"},
                              (char[]){"-nodefaults"},
                              (char[]){"-display"},
                              (char[]){"none"},
                              (char[]){"-machine"},
                              (char[]){"none,accel=tcg"},
                              (char[]){"-chardev"},
                              (char[]){"socket,id=monitor,fd=3"},
                              (char[]){"-mon"},
                              (char[]){"chardev=monitor,mode=control"},
                              NULL};
        int r;

        r = process_log_open(log, argv, &log_fd, &entry->log_start, err);
        if (r < 0)
                return r;

        const int fds[] = {-1, log_fd, log_fd, [MONITOR] = monitor_fd};
        const QemuUser *user = &qemu_driver_of(entry->cache->driver)->settings.user;
        ChildSpec spec = {
                .path = entry->caps.path,
                .argv = argv,
                .envp = environment,
                .fds = fds,
                .n_fds = ELEMENTSOF(fds),
                .new_session = true,
                .user = user->set ? &(ChildUser){user->uid, user->gid, user->groups, user->n_groups}
                                  : NULL,
                .umask = 0077,
                .no_core = true,
                .no_new_privs = true,
        };
        return child_spawn(entry->cache->driver->host.loop, &spec, probe_ended, entry,
                           &entry->child, err);
}

static int probe_start(Entry *entry, Error *err)
{
        Driver *driver = entry->cache->driver;
        const QemuSettings *settings = &qemu_driver_of(driver)->settings;
        _cleanup_(free_ptr) char *subject = xasprintf("QEMU binary %s", entry->caps.path);
        QmpSpec spec = {
                .subject = subject,
                .greeting_ms = settings->startup_ms,
                .command_ms = settings->command_ms,
                .lost = probe_lost,
                .data = entry,
        };
        int pair[2], r;

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
                return error_set_errno(err, errno, "cannot make a monitor socket");
        _cleanup_(fd_closep) int ours = pair[0];
        _cleanup_(fd_closep) int theirs = pair[1];

        r = probe_spawn(entry, theirs, err);
        if (r < 0)
                return r;
        r = qmp_client_new(driver->host.loop, ours, &spec, &entry->qmp, err);
        if (r < 0)
                return r;
        TAKE_FD(ours);
        entry->facts = json_object();
#define X(name, command, args) qmp_client_call(entry->qmp, command, args, told_##name, entry);
        PROBES(X)
#undef X
        qmp_client_call(entry->qmp, "query-cpu-definitions", NULL, told_cpus, entry);
        return 0;
}

/* --- the look at the file --- */

static void look_run(void *data)
{
        Look *look = data;
        struct stat st;

        if (look->path[0] != '/')
                look->sys_errno = ENOENT; /* the daemon's folder means nothing to a client */
        else if (stat(look->path, &st) < 0)
                look->sys_errno = errno;
        else if (!S_ISREG(st.st_mode) || access(look->path, X_OK) < 0)
                look->sys_errno = EACCES;
        if (look->sys_errno)
                return;
        look->inode = st.st_ino;
        look->mtime_ns = (int64_t) st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
}

static void looked(Entry *entry, const Look *look)
{
        _cleanup_(error_done) Error err = {};

        entry->job = NULL;
        if (look->sys_errno) {
                error_set_errno(&err, look->sys_errno, "Cannot check QEMU binary %s", look->path);
                entry_settle(entry, &err);
                return;
        }
        if (entry->caps.facts && entry->caps.inode == look->inode &&
            entry->caps.mtime_ns == look->mtime_ns) {
                entry_settle(entry, NULL);
                return;
        }
        entry->state = ENTRY_PROBE;
        entry->inode = look->inode;
        entry->mtime_ns = look->mtime_ns;
        if (probe_start(entry, &err) < 0)
                probe_failed(entry, &err);
}

static void look_done(void *data, bool abandoned)
{
        Look *look = data;

        if (!abandoned)
                looked(look->entry, look);
        free(look->path);
        free(look);
}

void qemu_caps_want(QemuCapsCache *cache, const char *path, DriverDoneFn *done, void *data)
{
        Entry *entry = map_get_str(&cache->entries, path);
        Loop *loop = cache->driver->host.loop;
        Waiter *waiter = xnew0(Waiter, 1);

        if (!entry)
                entry = entry_new(cache, path);
        waiter->done = done;
        waiter->data = data;
        list_append(&entry->waiters, &waiter->node);
        if (entry->state != ENTRY_IDLE)
                return;
        if (entry->looked_ms && loop_now_ms(loop) - entry->looked_ms < CAPS_FRESH_MS) {
                timer_start(entry->answer, 0);
                return;
        }

        Look *look = xnew0(Look, 1);
        look->entry = entry;
        look->path = xstrdup(path);
        entry->state = ENTRY_STAT;
        entry->job = job_start(loop, look_run, look_done, look);
}

/* --- the cache --- */

static int load_row(void *data, const CapabilityRow *row, Error *err)
{
        QemuCapsCache *cache = data;
        json_t *facts = json_loads(row->facts, 0, NULL);
        Entry *entry;

        (void) err;
        if (json_u64(facts, "format", 0) != FACTS_FORMAT) { /* ignoring: it is learned again */
                json_decref(facts);
                return 0;
        }
        entry = entry_new(cache, row->path);
        entry->caps.inode = row->inode;
        entry->caps.mtime_ns = row->mtime_ns;
        caps_set_facts(&entry->caps, facts);
        return 0;
}

int qemu_caps_cache_new(Driver *driver, QemuCapsCache **ret, Error *err)
{
        QemuCapsCache *cache = xnew0(QemuCapsCache, 1);
        int r;

        cache->driver = driver;
        r = capability_row_load(driver->host.store, load_row, cache, err);
        if (r < 0) {
                qemu_caps_cache_free(cache);
                return r;
        }
        *ret = cache;
        return 0;
}

QemuCapsCache *qemu_caps_cache_free(QemuCapsCache *cache)
{
        const MapEntry *slot;
        size_t cursor = 0;

        if (!cache)
                return NULL;
        while ((slot = map_next(&cache->entries, &cursor)))
                entry_free(slot->value);
        map_done(&cache->entries);
        free(cache);
        return NULL;
}

/* The QEMU driver under the fault suite, with the boot sector's guest (boot-sector.S). */
#include "world.h"

#include "base/fd.h"
#include "base/str.h"
#include "qemu/guest.h"
#include "qemu/qemu.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
        LINE = 9, /* eight digits and the end of line */
};

static char *serial_path(const char *root)
{
        return xasprintf("%s/serial.log", root);
}

static char *xml_with(const char *disk, const char *root, const char *name, const char *uuid)
{
        return xasprintf("<domain type='qemu'><name>%s</name><uuid>%s</uuid>"
                         "<memory unit='MiB'>2</memory><vcpu current='1'>2</vcpu>"
                         "<os><type machine='pc'>hvm</type></os><devices>"
                         "<disk type='file' device='disk'><driver name='qemu' type='raw'/>"
                         "<source file='%s'/><target dev='vda' bus='virtio'/>"
                         "<readonly/></disk>"
                         "<serial type='file'><source path='%s/serial.log'/></serial>"
                         "</devices></domain>",
                         name, uuid, disk, root);
}

static char *xml(const char *root, const char *name, const char *uuid)
{
        return xml_with(BOOT_SECTOR, root, name, uuid);
}

/* Processes of QEMU that speak of the root on their command line. */
static int count_processes(const char *root)
{
        DIR *proc = opendir("/proc");
        struct dirent *entry;
        int n = 0;

        while (proc && (entry = readdir(proc))) {
                _cleanup_(free_ptr) char *path = xasprintf("/proc/%s/cmdline", entry->d_name);
                _cleanup_(free_ptr) char *text = NULL;
                size_t len = 0;

                if (entry->d_name[0] < '1' || entry->d_name[0] > '9' ||
                    file_read(path, 1 << 20, &text, &len, NULL) < 0)
                        continue;
                if (strstr(text, "qemu-system") && memmem(text, len, root, strlen(root)))
                        n++;
        }
        closedir(proc);
        return n;
}

static off_t size_of(const char *path)
{
        struct stat st;

        return stat(path, &st) == 0 ? st.st_size : 0;
}

/* Waits until the file has grown to `size`. */
static void wait_for_size(const char *path, off_t size)
{
        _cleanup_(fd_closep) int fd = inotify_init1(IN_CLOEXEC);
        char events[4096];

        if (fd < 0 || inotify_add_watch(fd, path, IN_MODIFY) < 0) {
                perror(path);
                exit(1);
        }
        while (size_of(path) < size)
                if (read(fd, events, sizeof(events)) < 0 && errno != EINTR)
                        exit(1);
}

static char *identity(const char *root, const Domain *d, const char *uuid)
{
        _cleanup_(free_ptr) char *path = serial_path(root);
        _cleanup_(free_ptr) char *text = NULL;
        int processes = count_processes(root);
        size_t len;

        (void) uuid;
        if (processes != 1)
                return xstrdup(processes == 0 ? "none" : "many");
        if (d && d->state == DOMAIN_RUNNING)
                wait_for_size(path, size_of(path) / LINE * LINE + 2 * LINE);
        if (file_read(path, 1 << 24, &text, &len, NULL) < 0 || len < LINE)
                return xstrdup("silent");
        return xstrndup(text + len / LINE * LINE - LINE, LINE - 1);
}

/* Threads of the guest's QEMU whose name begins so. */
static unsigned count_threads(pid_t pid, const char *begin)
{
        _cleanup_(free_ptr) char *path = xasprintf("/proc/%d/task", (int) pid);
        DIR *tasks = opendir(path);
        struct dirent *entry;
        unsigned n = 0;

        while (tasks && (entry = readdir(tasks))) {
                _cleanup_(free_ptr) char *comm = xasprintf("%s/%s/comm", path, entry->d_name);
                _cleanup_(free_ptr) char *name = NULL;

                if (file_read(comm, 64, &name, NULL, NULL) == 0 && str_after(name, begin))
                        n++;
        }
        closedir(tasks);
        return n;
}

static bool agrees(const Domain *d)
{
        pid_t pid = child_pid(qemu_guest(d)->child);

        return count_threads(pid, "CPU ") == config_current_vcpus(d->live) &&
               count_threads(pid, "IO iothread") == config_iothreads(d->live);
}

const FaultDriver fault_qemu = {
        .type = &qemu_driver, .xml = xml, .identity = identity, .agrees = agrees};

/* --- QEMU as a user of its own, whose disk is another's ---
 *
 * Whatever befell the operation and the daemon: while the guest is there its disk is the user's,
 * and else its owner's. */

enum {
        USER = 65534,
        OWNER = 1,
        PATIENCE_MS = 60000, /* for files that are never given back */
};

static char *disk_path_in(const char *root)
{
        return xasprintf("%s/disk", root);
}

static void prepare_user(const char *root)
{
        _cleanup_(free_ptr) char *path = disk_path_in(root), *text = NULL;
        size_t len;

        qemu_settings.user = (QemuUser){.set = true, .uid = USER, .gid = USER};
        if (access(path, F_OK) == 0)
                return;
        if (chmod(root, 0711) < 0 || file_read(BOOT_SECTOR, 1 << 24, &text, &len, NULL) < 0 ||
            file_write_atomic(path, text, len, 0600, NULL) < 0 || chown(path, OWNER, OWNER) < 0) {
                perror(path);
                exit(1);
        }
}

static char *xml_user(const char *root, const char *name, const char *uuid)
{
        _cleanup_(free_ptr) char *path = disk_path_in(root);

        return xml_with(path, root, name, uuid);
}

/* Waits until the file belongs to `uid`. */
static bool comes_to(const char *path, uid_t uid)
{
        _cleanup_(fd_closep) int fd = inotify_init1(IN_CLOEXEC);
        struct pollfd event = {.fd = fd, .events = POLLIN};
        char events[4096];
        struct stat st;

        if (fd < 0 || inotify_add_watch(fd, path, IN_ATTRIB) < 0)
                return false;
        while (stat(path, &st) == 0 && st.st_uid != uid)
                if (poll(&event, 1, PATIENCE_MS) < 1 || read(fd, events, sizeof(events)) < 0)
                        return false;
        return st.st_uid == uid;
}

static char *identity_user(const char *root, const Domain *d, const char *uuid)
{
        _cleanup_(free_ptr) char *path = disk_path_in(root), *who = identity(root, d, uuid);

        if (!comes_to(path, str_eq(who, "none") ? OWNER : USER))
                return xstrdup("without its disk");
        return TAKE_PTR(who);
}

const FaultDriver fault_qemu_user = {.name = "qemu-user",
                                     .type = &qemu_driver,
                                     .prepare = prepare_user,
                                     .xml = xml_user,
                                     .identity = identity_user};

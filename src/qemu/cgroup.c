#include "qemu/cgroup.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Writes a file that the kernel made; one that is not there is a controller that is not there. */
static void set(const char *dir, const char *file, const char *text)
{
        _cleanup_(free_ptr) char *path = path_join(dir, file);
        _cleanup_(fd_closep) int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

        if (fd >= 0)
                (void) fd_write_all(fd, text, strlen(text)); /* ignoring: no limit, then */
}

static void set_limit(const char *dir, const char *file, uint64_t limit)
{
        _cleanup_(free_ptr) char *text =
                limit ? xasprintf("%llu", (unsigned long long) limit) : xstrdup("max");

        set(dir, file, text);
}

/* The mount point of the first cgroup2 in a text as of /proc/mounts, the caller's, or NULL. */
static char *find_mount(char *text)
{
        char *rest = NULL;

        for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
                char *words = NULL;
                const char *device = strtok_r(line, " ", &words);
                const char *point = device ? strtok_r(NULL, " ", &words) : NULL;
                const char *type = point ? strtok_r(NULL, " ", &words) : NULL;

                if (str_eq(type, "cgroup2") && !strchr(point, '\\'))
                        return xstrdup(point);
        }
        return NULL;
}

static bool make(const char *dir)
{
        return mkdir(dir, 0755) == 0 || access(dir, W_OK) == 0;
}

char *cgroup_parent(const char *mounts, const char *name)
{
        _cleanup_(free_ptr) char *text = NULL, *mount = NULL, *parent = NULL;

        if (file_read(mounts, 1 << 20, &text, NULL, NULL) < 0)
                return NULL;
        mount = find_mount(text);
        if (!mount)
                return NULL;
        parent = path_join(mount, name);
        if (!make(parent))
                return NULL;
        /* One by one: a controller that is not there must not keep the other off. */
        set(mount, "cgroup.subtree_control", "+memory");
        set(mount, "cgroup.subtree_control", "+pids");
        set(parent, "cgroup.subtree_control", "+memory");
        set(parent, "cgroup.subtree_control", "+pids");
        return TAKE_PTR(parent);
}

void cgroup_sweep(const char *parent, const char *suffix)
{
        DIR *dir = opendir(parent);
        struct dirent *entry;

        while (dir && (entry = readdir(dir)))
                if (str_ends(entry->d_name, suffix))
                        cgroup_remove(parent, entry->d_name);
        if (dir)
                closedir(dir);
}

int cgroup_make(const char *parent, const char *guest, const CgroupLimits *limits)
{
        _cleanup_(free_ptr) char *dir = path_join(parent, guest);
        _cleanup_(free_ptr) char *procs = path_join(dir, "cgroup.procs");

        if (!make(dir))
                return -1;
        set_limit(dir, "memory.max", limits->memory);
        set_limit(dir, "pids.max", limits->pids);
        return open(procs, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
}

void cgroup_remove(const char *parent, const char *guest)
{
        _cleanup_(free_ptr) char *dir = path_join(parent, guest);

        (void) rmdir(dir); /* ignoring: in use, or gone */
}

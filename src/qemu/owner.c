#include "qemu/owner.h"

#include "base/fd.h"
#include "base/str.h"
#include "qemu/qmp.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- looking --- */

static bool in_groups(const QemuUser *user, gid_t gid)
{
        for (size_t i = 0; i < user->n_groups; i++)
                if (user->groups[i] == gid)
                        return true;
        return user->gid == gid;
}

/* As the kernel judges by the mode. Lists of access rights are not looked at: what they allow
 * beyond the mode costs a needless change of owner. */
static bool may_open(const QemuUser *user, const struct stat *st, bool write)
{
        mode_t need = write ? 6 : 4, has = st->st_mode;

        if (user->uid == 0)
                return true;
        if (st->st_uid == user->uid)
                return true; /* where the mode forbids it, owning it more does not help */
        has >>= in_groups(user, st->st_gid) ? 3 : 0;
        return (has & need) == need;
}

static bool can_be_given(const struct stat *st)
{
        return S_ISREG(st->st_mode) || S_ISBLK(st->st_mode);
}

static json_t *entry(const char *path, const struct stat *st)
{
        return json_pack("{s:s, s:I, s:I, s:I, s:I}", "path", path, "device",
                         (json_int_t) st->st_dev, "inode", (json_int_t) st->st_ino, "uid",
                         (json_int_t) st->st_uid, "gid", (json_int_t) st->st_gid);
}

static int look_at(const QemuUser *user, const OwnerWant *want, json_t *held, Error *err)
{
        struct stat st = {.st_uid = geteuid(), .st_gid = getegid()};

        if (stat(want->path, &st) < 0) {
                if (errno != ENOENT)
                        return error_set_errno(err, errno, "Cannot access '%s'", want->path);
                if (!want->make)
                        return 0;
        } else if (!can_be_given(&st) || may_open(user, &st, want->write))
                return 0;
        json_t *object = entry(want->path, &st);
        if (!object)
                return error_set(err, ERROR_CONFIG_UNSUPPORTED, "a path that is not UTF-8");
        json_object_set_new(object, "to", json_integer((json_int_t) user->uid));
        json_array_append_new(held, object);
        return 0;
}

int owner_look(const QemuUser *user, const OwnerWant *wants, size_t n, char **ret, Error *err)
{
        _cleanup_(json_p) json_t *held = json_array();

        for (size_t i = 0; i < n; i++) {
                int r = look_at(user, &wants[i], held, err);

                if (r < 0)
                        return r;
        }
        *ret = json_array_size(held) ? json_dumps(held, JSON_COMPACT) : NULL;
        return 0;
}

/* --- changing --- */

static bool is_same(const json_t *file, const struct stat *st)
{
        uint64_t inode = json_u64(file, "inode", 0);

        return can_be_given(st) && (inode == 0 || st->st_ino == inode);
}

static bool is_same_device(const json_t *file, const struct stat *st)
{
        return json_u64(file, "inode", 0) == 0 || st->st_dev == json_u64(file, "device", 0);
}

/* The file by its descriptor, without opening it for anything. One that we made is no link. */
static int open_held(const json_t *file, struct stat *ret_st, int *ret_fd, Error *err)
{
        const char *path = json_text(file, "path", "");
        int no_link = json_u64(file, "inode", 0) ? 0 : O_NOFOLLOW;
        _cleanup_(fd_closep) int fd = open(path, O_PATH | O_CLOEXEC | no_link);

        if (fd < 0 || fstat(fd, ret_st) < 0)
                return error_set_errno(err, errno, "Cannot access '%s'", path);
        *ret_fd = TAKE_FD(fd);
        return 0;
}

static int give(int fd, const char *path, uid_t uid, gid_t gid, Error *err)
{
        if (fchownat(fd, "", uid, gid, AT_EMPTY_PATH) < 0)
                return error_set_errno(err, errno, "cannot change the owner of '%s' to %u:%u", path,
                                       (unsigned) uid, (unsigned) gid);
        return 0;
}

/* A file that the guest writes and that is not there yet. */
static int make(const char *path, Error *err)
{
        int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);

        if (fd < 0 && errno != EEXIST)
                return error_set_errno(err, errno, "cannot create '%s'", path);
        fd_close(fd);
        return 0;
}

static int take_one(const QemuUser *user, const json_t *file, Error *err)
{
        const char *path = json_text(file, "path", "");
        _cleanup_(fd_closep) int fd = -1;
        struct stat st;
        int r = 0;

        if (json_u64(file, "inode", 0) == 0)
                r = make(path, err);
        if (r >= 0)
                r = open_held(file, &st, &fd, err);
        if (r < 0)
                return r;
        if (!is_same(file, &st) || !is_same_device(file, &st) ||
            (st.st_uid != user->uid && st.st_uid != json_u64(file, "uid", 0)))
                return error_set(err, ERROR_OPERATION_FAILED,
                                 "'%s' was replaced while its owner was to change", path);
        return st.st_uid == user->uid ? 0 : give(fd, path, user->uid, user->gid, err);
}

/* `err` is not NULL. */
static int return_one(const json_t *file, Error *err)
{
        const char *path = json_text(file, "path", "");
        _cleanup_(fd_closep) int fd = -1;
        struct stat st;

        int r = open_held(file, &st, &fd, err);
        if (r < 0 && err->sys_errno == ENOENT) {
                error_done(err);
                return 0;
        }
        if (r < 0)
                return r;
        /* The host may have booted since, and counted its devices anew. */
        if (!is_same(file, &st) || st.st_uid != json_u64(file, "to", UINT64_MAX))
                return 0;
        return give(fd, path, (uid_t) json_u64(file, "uid", 0), (gid_t) json_u64(file, "gid", 0),
                    err);
}

int owner_return(const char *held, Error *err)
{
        _cleanup_(json_p) json_t *files = json_loads(held, 0, NULL);
        const json_t *file;
        size_t i;
        int r = 0;

        json_array_foreach(files, i, file)
        {
                _cleanup_(error_done) Error own = {};

                if (return_one(file, &own) < 0 && r == 0)
                        r = error_move(err, &own);
        }
        return r;
}

int owner_take(const QemuUser *user, const char *held, Error *err)
{
        _cleanup_(json_p) json_t *files = json_loads(held, 0, NULL);
        const json_t *file;
        size_t i;

        json_array_foreach(files, i, file)
        {
                int r = take_one(user, file, err);

                if (r < 0) {
                        (void) owner_return(held, NULL); /* ignoring: the first error is told */
                        return r;
                }
        }
        return 0;
}

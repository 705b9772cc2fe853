/* qemu/owner: which files change their owner, how, and how they come back. As root alone, since
 * nobody else gives files away. */
#include "unit.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "qemu/owner.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/ostler-owner-XXXXXX";
static const QemuUser user = {
        .set = true, .uid = 65534, .gid = 65533, .groups = {777}, .n_groups = 1};

static int setup(void **state)
{
        (void) state;
        strcpy(folder, "/tmp/ostler-owner-XXXXXX");
        return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state)
{
        _cleanup_(free_ptr) char *command = xasprintf("rm -rf %s", folder);

        (void) state;
        return system(command);
}

static char *at(const char *name)
{
        return path_join(folder, name);
}

static char *file(const char *name, uid_t uid, gid_t gid, mode_t mode)
{
        char *path = at(name);
        int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);

        assert_true(fd >= 0);
        assert_int_equal(fchown(fd, uid, gid), 0);
        assert_int_equal(fchmod(fd, mode), 0);
        fd_close(fd);
        return path;
}

static void assert_owner(const char *path, uid_t uid, gid_t gid)
{
        struct stat st;

        assert_int_equal(lstat(path, &st), 0);
        assert_int_equal(st.st_uid, uid);
        assert_int_equal(st.st_gid, gid);
}

static char *look(const char *path, bool write, bool make)
{
        Error err = {};
        char *held = NULL;

        assert_ok(owner_look(&user, &(OwnerWant){path, write, make}, 1, &held, &err));
        return held;
}

static bool changes(const char *path, bool write)
{
        _cleanup_(free_ptr) char *held = look(path, write, false);

        return held != NULL;
}

#define AS_ROOT()                                                                                  \
        (void) state;                                                                              \
        if (geteuid() != 0)                                                                        \
        skip()

static void the_mode_decides(void **state)
{
        static const struct {
                uid_t uid;
                gid_t gid;
                mode_t mode;
                bool read, write; /* whether the owner has to change for it */
        } cases[] = {
                {0, 0, 0600, true, true},       {0, 0, 0644, false, true},
                {0, 0, 0666, false, false},     {0, 65533, 0640, false, true},
                {0, 65533, 0660, false, false}, {0, 777, 0660, false, false},
                {0, 777, 0604, true, true},     {0, 778, 0660, true, true},
                {65534, 0, 0600, false, false}, {65534, 0, 0000, false, false},
                {1, 1, 0602, true, true},
        };

        AS_ROOT();
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(free_ptr) char *path =
                        file("disk", cases[i].uid, cases[i].gid, cases[i].mode);

                assert_int_equal(changes(path, false), cases[i].read);
                assert_int_equal(changes(path, true), cases[i].write);
                assert_owner(path, cases[i].uid, cases[i].gid);
                unlink(path);
        }
}

static void given_and_given_back(void **state)
{
        Error err = {};

        AS_ROOT();
        _cleanup_(free_ptr) char *path = file("disk", 5, 6, 0600);
        _cleanup_(free_ptr) char *held = look(path, true, false);
        assert_non_null(held);
        for (int again = 0; again < 2; again++) {
                assert_ok(owner_take(&user, held, &err));
                assert_owner(path, 65534, 65533);
        }
        assert_false(changes(path, true));
        for (int again = 0; again < 2; again++) {
                assert_ok(owner_return(held, &err));
                assert_owner(path, 5, 6);
        }
}

static void a_taken_one_is_the_users_alone_to_return(void **state)
{
        Error err = {};

        AS_ROOT();
        _cleanup_(free_ptr) char *path = file("disk", 5, 6, 0600), *other = at("other");
        _cleanup_(free_ptr) char *held = look(path, true, false);
        assert_ok(owner_take(&user, held, &err));

        /* somebody gave it to a third one meanwhile */
        assert_int_equal(chown(path, 9, 9), 0);
        assert_ok(owner_return(held, &err));
        assert_owner(path, 9, 9);

        /* the user put something else in its place */
        assert_int_equal(rename(path, other), 0);
        free(file("disk", 65534, 65533, 0600));
        assert_ok(owner_return(held, &err));
        assert_owner(path, 65534, 65533);

        /* or nothing */
        unlink(path);
        assert_ok(owner_return(held, &err));
}

static void replaced_before_it_was_taken(void **state)
{
        Error err = {};

        AS_ROOT();
        _cleanup_(free_ptr) char *path = file("disk", 5, 6, 0600),
                                 *secret = file("secret", 0, 0, 0600);
        _cleanup_(free_ptr) char *held = look(path, true, false);
        unlink(path);
        assert_int_equal(symlink(secret, path), 0);
        assert_error(owner_take(&user, held, &err), OPERATION_FAILED);
        assert_owner(secret, 0, 0);
}

static void what_fails_halfway_is_undone(void **state)
{
        Error err = {};
        char *held = NULL;

        AS_ROOT();
        _cleanup_(free_ptr) char *one = file("one", 1, 2, 0600), *two = file("two", 3, 4, 0600);
        assert_ok(owner_look(&user, (OwnerWant[]){{one, true, false}, {two, true, false}}, 2, &held,
                             &err));
        unlink(two);
        assert_error(owner_take(&user, held, &err), SYSTEM);
        assert_owner(one, 1, 2);
        free(held);
}

static void only_files_and_block_devices(void **state)
{
        Error err = {};

        AS_ROOT();
        _cleanup_(free_ptr) char *fifo = at("fifo"), *dir = at("dir"), *device = at("null");
        _cleanup_(free_ptr) char *block = at("block"), *link = at("link"), *held = NULL;
        assert_int_equal(mkfifo(fifo, 0600), 0);
        assert_int_equal(mkdir(dir, 0700), 0);
        assert_false(changes(fifo, true));
        assert_false(changes(dir, true));
        if (mknod(device, S_IFCHR | 0600, 1 << 8 | 3) == 0)
                assert_false(changes(device, true));
        if (mknod(block, S_IFBLK | 0600, 7 << 8 | 250) == 0)
                assert_true(changes(block, true));

        /* a link to a file gives that file away, never the link; one to a folder gives nothing */
        _cleanup_(free_ptr) char *disk = file("disk", 5, 6, 0600);
        assert_int_equal(symlink(disk, link), 0);
        held = look(link, true, false);
        assert_ok(owner_take(&user, held, &err));
        assert_owner(disk, 65534, 65533);
        assert_owner(link, 0, 0);
        unlink(link);
        assert_int_equal(symlink(dir, link), 0);
        assert_error(owner_take(&user, held, &err), OPERATION_FAILED);
        assert_owner(dir, 0, 0);
}

static void a_log_is_made(void **state)
{
        Error err = {};

        AS_ROOT();
        _cleanup_(free_ptr) char *path = at("new.log"), *link = at("dangling"),
                                 *target = at("target");
        _cleanup_(free_ptr) char *held = look(path, true, true), *through = NULL;
        assert_int_equal(access(path, F_OK), -1);
        for (int again = 0; again < 2; again++) {
                assert_ok(owner_take(&user, held, &err));
                assert_owner(path, 65534, 65533);
        }
        assert_ok(owner_return(held, &err));
        assert_owner(path, geteuid(), getegid());

        /* the user may not have us make a file elsewhere */
        assert_int_equal(symlink(target, link), 0);
        through = look(link, true, true);
        assert_error(owner_take(&user, through, &err), OPERATION_FAILED);
        assert_int_equal(access(target, F_OK), -1);
}

static void what_is_not_there(void **state)
{
        Error err = {};
        char *held = NULL;

        (void) state;
        assert_false(changes("/nonexistent/disk", true));
        assert_error(owner_look(&user, &(OwnerWant){"/dev/null/disk", true, false}, 1, &held, &err),
                     SYSTEM);
        assert_ok(owner_return("not JSON", &err));
        assert_ok(owner_return("[1, {\"path\": 7}]", &err));
}

int main(void)
{
#define owner_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                owner_test(the_mode_decides),
                owner_test(given_and_given_back),
                owner_test(a_taken_one_is_the_users_alone_to_return),
                owner_test(replaced_before_it_was_taken),
                owner_test(what_fails_halfway_is_undone),
                owner_test(only_files_and_block_devices),
                owner_test(a_log_is_made),
                owner_test(what_is_not_there),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}

/* qemu/cgroup: over a folder that looks like a cgroup2 mount with both controllers, and over the
 * real one where it can be written. */
#include "unit.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "qemu/cgroup.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/ostler-cgroup-XXXXXX";
static char *mounts;

static void put(const char *name, const char *text)
{
        _cleanup_(free_ptr) char *path = path_join(folder, name);
        Error err = {};

        assert_ok(file_write_atomic(path, text, strlen(text), 0600, &err));
}

static void make_dir(const char *name)
{
        _cleanup_(free_ptr) char *path = path_join(folder, name);

        assert_int_equal(mkdir(path, 0700), 0);
}

static void assert_text(const char *name, const char *text)
{
        _cleanup_(free_ptr) char *path = path_join(folder, name), *got = NULL;
        Error err = {};

        assert_ok(file_read(path, 4096, &got, NULL, &err));
        assert_string_equal(got, text);
}

static int setup(void **state)
{
        _cleanup_(free_ptr) char *text = NULL;

        (void) state;
        strcpy(folder, "/tmp/ostler-cgroup-XXXXXX");
        if (!mkdtemp(folder))
                return -1;
        mounts = path_join(folder, "mounts");
        text = xasprintf("proc /proc proc rw 0 0\ncgroup /x cgroup rw,pids 0 0\n"
                         "cgroup2 %s cgroup2 rw,relatime 0 0\ncgroup2 /other cgroup2 rw 0 0\n",
                         folder);
        put("mounts", text);
        return 0;
}

static int teardown(void **state)
{
        _cleanup_(free_ptr) char *command = xasprintf("rm -rf %s", folder);

        (void) state;
        free(mounts);
        return system(command);
}

static void the_parent_is_made(void **state)
{
        _cleanup_(free_ptr) char *want = path_join(folder, "ostler");

        (void) state;
        put("cgroup.subtree_control", "");
        for (int again = 0; again < 2; again++) {
                _cleanup_(free_ptr) char *parent = cgroup_parent(mounts, "ostler");

                assert_string_equal(parent, want);
        }
        assert_int_equal(access(want, W_OK), 0);
        /* a plain file keeps what was written over it last */
        assert_text("cgroup.subtree_control", "+pidsry");
}

static void no_cgroups_are_no_error(void **state)
{
        static const char *const texts[] = {
                "",
                "proc /proc proc rw 0 0\n",
                "cgroup2\n",
                "cgroup2 /a\n",
                "\n\n \n",
                "cgroup2 /nonexistent/mount cgroup2 rw 0 0\n",
                "cgroup2 /a\\040b cgroup2 rw 0 0\n",
                "cgroup2 /proc cgroup2 ro 0 0\n",
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                put("mounts", texts[i]);
                assert_null(cgroup_parent(mounts, "ostler"));
        }
        assert_null(cgroup_parent("/nonexistent", "ostler"));
        assert_int_equal(cgroup_make("/nonexistent", "guest", &(CgroupLimits){}), -1);
        cgroup_remove("/nonexistent", "guest");
        cgroup_sweep("/nonexistent", "x");
}

static void limits_are_set_where_controllers_are(void **state)
{
        const CgroupLimits limits = {.memory = 1 << 30, .pids = 77};
        _cleanup_(fd_closep) int fd = -1;

        (void) state;
        make_dir("guest");
        put("guest/cgroup.procs", "");
        put("guest/memory.max", "max");
        fd = cgroup_make(folder, "guest", &limits);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, "0", 1), 1);
        assert_text("guest/cgroup.procs", "0");
        assert_text("guest/memory.max", "1073741824");
        fd = fd_close(fd);

        put("guest/pids.max", "max");
        fd = cgroup_make(folder, "guest", &limits);
        assert_text("guest/pids.max", "77x");
        fd = fd_close(fd);
        put("guest/memory.max", "123");
        fd = cgroup_make(folder, "guest", &(CgroupLimits){});
        assert_text("guest/memory.max", "max");
}

static void the_sweep_takes_ours_that_are_empty(void **state)
{
        _cleanup_(free_ptr) char *busy = NULL, *foreign = NULL, *empty = NULL;

        (void) state;
        make_dir("a.1234");
        make_dir("b.1234");
        make_dir("c.9999");
        put("b.1234/child", "");
        cgroup_sweep(folder, ".1234");
        empty = path_join(folder, "a.1234");
        busy = path_join(folder, "b.1234");
        foreign = path_join(folder, "c.9999");
        assert_int_equal(access(empty, F_OK), -1);
        assert_int_equal(access(busy, F_OK), 0);
        assert_int_equal(access(foreign, F_OK), 0);
}

static void the_real_one(void **state)
{
        _cleanup_(free_ptr) char *name = xasprintf("ostler-unit-%d", (int) getpid());
        _cleanup_(free_ptr) char *parent = cgroup_parent("/proc/mounts", name);
        _cleanup_(free_ptr) char *procs = NULL;
        struct stat st;
        int fd;

        (void) state;
        if (!parent)
                skip();
        fd = cgroup_make(parent, "guest", &(CgroupLimits){.memory = 1 << 30, .pids = 77});
        procs = xasprintf("%s/guest/cgroup.procs", parent);
        assert_int_equal(stat(procs, &st), 0);
        fd_close(fd);
        cgroup_remove(parent, "guest");
        assert_int_equal(stat(procs, &st), -1);
        assert_int_equal(rmdir(parent), 0);
}

int main(void)
{
#define cgroup_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                cgroup_test(the_parent_is_made),
                cgroup_test(no_cgroups_are_no_error),
                cgroup_test(limits_are_set_where_controllers_are),
                cgroup_test(the_sweep_takes_ours_that_are_empty),
                cmocka_unit_test(the_real_one),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}

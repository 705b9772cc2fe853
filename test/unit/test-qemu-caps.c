/* Capabilities: asked once for each binary, shared by all who wait, kept until the binary changes.
 */
#include "qemu-fixture.h"

#include "base/fd.h"
#include "qemu/caps.h"

#include <fcntl.h>

#include <sys/stat.h>
#include <time.h>

/* A binary that is QEMU, and leaves a mark each time it is run. */
static char *counted_binary(const QemuFixture *f)
{
        char *path = path_join(f->root, "qemu");
        _cleanup_(free_ptr) char *script =
                xasprintf("#!/bin/sh\necho >>'%s/marks'\nexec " QEMU_BINARY " \"$@\"\n", f->root);

        assert_int_equal(file_write_atomic(path, script, strlen(script), 0755, NULL), 0);
        return path;
}

static unsigned marks(const QemuFixture *f)
{
        _cleanup_(free_ptr) char *path = path_join(f->root, "marks");
        struct stat st;

        return stat(path, &st) == 0 ? (unsigned) st.st_size : 0;
}

static void on_known(void *data, const Error *err)
{
        QemuFixture *f = data;

        f->waiting--;
        if (error_is_set(err))
                error_copy(&f->error, err);
}

static QemuCapsCache *cache_of(const QemuFixture *f)
{
        return qemu_driver_of(f->driver)->caps;
}

static void want(QemuFixture *f, const char *path)
{
        unsigned before = ++f->waiting;

        qemu_caps_want(cache_of(f), path, on_known, f);
        assert_int_equal(f->waiting, before); /* never from inside */
}

/* The next look at the file is due. */
static void let_it_grow_old(QemuFixture *f)
{
        loop_use_fake_clock(f->loop);
        loop_advance(f->loop, CAPS_FRESH_MS);
}

static void a_binary_is_asked_once_for_all_who_wait(void **state)
{
        QemuFixture *f = *state;
        _cleanup_(free_ptr) char *path = counted_binary(f);
        const QemuCaps *caps;
        QemuMachine machine;

        assert_null(qemu_caps_find(cache_of(f), path));
        for (int i = 0; i < 5; i++)
                want(f, path);
        fixture_wait(f);
        assert_false(error_is_set(&f->error));
        assert_int_equal(marks(f), 1);

        caps = qemu_caps_find(cache_of(f), path);
        assert_non_null(caps);
        assert_true(caps->version >= 6002000);
        assert_string_equal(caps->arch, "x86_64");
        assert_true(qemu_caps_machine(caps, "q35", &machine));
        assert_non_null(str_after(machine.name, "pc-q35-"));
        assert_string_equal(machine.alias, "q35");
        assert_true(machine.max_cpus > 1);
        assert_true(qemu_caps_machine(caps, NULL, &machine));
        assert_true(machine.is_default);
        assert_false(qemu_caps_machine(caps, "nonesuch", &machine));
        assert_true(qemu_caps_device(caps, "virtio-blk-pci"));
        assert_false(qemu_caps_device(caps, "nonesuch"));
        assert_true(qemu_caps_cpu(caps, "qemu64"));
        assert_false(qemu_caps_cpu(caps, "nonesuch"));
}

static void it_is_not_asked_again_until_it_changes(void **state)
{
        QemuFixture *f = *state;
        _cleanup_(free_ptr) char *path = counted_binary(f);
        const struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};

        want(f, path);
        fixture_wait(f);
        let_it_grow_old(f);
        want(f, path);
        fixture_wait(f);
        assert_int_equal(marks(f), 1);

        assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
        let_it_grow_old(f);
        want(f, path);
        fixture_wait(f);
        assert_int_equal(marks(f), 2);
        assert_non_null(qemu_caps_find(cache_of(f), path));
}

static void the_next_daemon_knows_it(void **state)
{
        QemuFixture *f = *state;
        _cleanup_(free_ptr) char *path = counted_binary(f);

        want(f, path);
        fixture_wait(f);
        fixture_restart(f);
        assert_non_null(qemu_caps_find(cache_of(f), path));
        want(f, path);
        fixture_wait(f);
        assert_int_equal(marks(f), 1);
}

static void what_is_no_binary_is_an_error_each_time(void **state)
{
        QemuFixture *f = *state;

        want(f, "/nonexistent");
        fixture_wait(f);
        assert_int_equal(f->error.code, ERROR_SYSTEM);
        assert_string_equal(f->error.message,
                            "Cannot check QEMU binary /nonexistent: No such file or directory");
        error_done(&f->error);
        want(f, f->root); /* a folder */
        fixture_wait(f);
        assert_int_equal(f->error.code, ERROR_SYSTEM);
        error_done(&f->error);
        want(f, "/bin/true");
        fixture_wait(f);
        assert_int_equal(f->error.code, ERROR_OPERATION_FAILED);
        assert_non_null(strstr(f->error.message, "/bin/true"));
        assert_null(qemu_caps_find(cache_of(f), "/bin/true"));
}

static void the_document_lists_machines(void **state)
{
        QemuFixture *f = *state;
        _cleanup_(free_ptr) char *xml = NULL;

        want(f, QEMU_BINARY);
        fixture_wait(f);
        xml = f->driver->type->capabilities(f->driver);
        assert_non_null(strstr(xml, "<emulator>" QEMU_BINARY "</emulator>"));
        assert_non_null(strstr(xml, ">q35</machine>"));
        assert_non_null(strstr(xml, "<domain type='qemu'/>"));
        assert_true(f->driver->type->version(f->driver) >= 6002000);
}

#define caps_test(name) cmocka_unit_test_setup_teardown(name, qemu_set_up, qemu_tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                caps_test(a_binary_is_asked_once_for_all_who_wait),
                caps_test(it_is_not_asked_again_until_it_changes),
                caps_test(the_next_daemon_knows_it),
                caps_test(what_is_no_binary_is_an_error_each_time),
                caps_test(the_document_lists_machines),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}

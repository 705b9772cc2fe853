/* base/path: paths as text, and folders with their parents. */
#include "unit.h"

#include "base/path.h"
#include "base/str.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static void join_and_parent(void **state)
{
        static const char *const joins[][3] = {
                {"/a", "b", "/a/b"}, {"/a/", "b", "/a/b"}, {"/", "b", "/b"}, {"a", "b/c", "a/b/c"}};
        static const char *const parents[][2] = {
                {"/a/b", "/a"}, {"/a", "/"}, {"a", "."}, {"a/b/c", "a/b"}};

        (void) state;
        for (size_t i = 0; i < ELEMENTSOF(joins); i++) {
                _cleanup_(free_ptr) char *path = path_join(joins[i][0], joins[i][1]);

                assert_string_equal(path, joins[i][2]);
        }
        for (size_t i = 0; i < ELEMENTSOF(parents); i++) {
                _cleanup_(free_ptr) char *parent = path_parent(parents[i][0]);

                assert_string_equal(parent, parents[i][1]);
        }
}

static void components(void **state)
{
        char name[257];

        (void) state;
        assert_true(path_is_component("a"));
        assert_true(path_is_component("..."));
        assert_true(path_is_component(".hidden"));
        assert_false(path_is_component(""));
        assert_false(path_is_component("."));
        assert_false(path_is_component(".."));
        assert_false(path_is_component("a/b"));
        assert_false(path_is_component("/"));
        memset(name, 'x', sizeof(name));
        name[256] = '\0';
        assert_false(path_is_component(name));
        name[255] = '\0';
        assert_true(path_is_component(name));
}

static void make_dirs(void **state)
{
        char root[] = "/tmp/ostler-test-path-XXXXXX";
        _cleanup_(error_done) Error err = {};
        struct stat st;

        (void) state;
        assert_non_null(mkdtemp(root));
        _cleanup_(free_ptr) char *a = path_join(root, "a"), *b = path_join(root, "a/b"),
                                 *file = path_join(root, "a/file"),
                                 *below = path_join(root, "a/file/c");
        umask(022);
        assert_ok(path_make_dirs(b, 0750, &err));
        assert_int_equal(stat(b, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0750);
        assert_ok(path_make_dirs(b, 0700, &err));
        assert_int_equal(stat(b, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0750);

        int fd = open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        close(fd);
        assert_error(path_make_dirs(file, 0700, &err), SYSTEM);
        assert_error(path_make_dirs(below, 0700, &err), SYSTEM);

        assert_int_equal(unlink(file), 0);
        assert_int_equal(rmdir(b), 0);
        assert_int_equal(rmdir(a), 0);
        assert_int_equal(rmdir(root), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(join_and_parent),
                cmocka_unit_test(components),
                cmocka_unit_test(make_dirs),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}

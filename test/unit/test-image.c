/* Save images: what is written comes back, and everything else is refused with its own phrase. */
#include "unit.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "image/image.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <xxhash.h>

static const char xml_text[] = "<domain type='qemu'>\n  <name>\xc3\xa9</name>\n</domain>\n";

typedef struct Fixture {
        char *dir, *path;
} Fixture;

static int begin(void **state)
{
        Fixture *f = xnew0(Fixture, 1);

        f->dir = xstrdup("/tmp/ostler-image-XXXXXX");
        assert_non_null(mkdtemp(f->dir));
        f->path = path_join(f->dir, "a.save");
        *state = f;
        return 0;
}

static int end(void **state)
{
        Fixture *f = *state;
        _cleanup_(free_ptr) char *command = xasprintf("rm -rf '%s'", f->dir);

        assert_int_equal(system(command), 0);
        free(f->path);
        free(f->dir);
        free(f);
        return 0;
}

static ImageInfo info_new(void)
{
        return (ImageInfo){.paused = true,
                           .created = 1700000000123,
                           .driver = "qemu",
                           .xml = xstrdup(xml_text)};
}

/* A whole image with a stream of `len` bytes. */
static void make(const char *path, size_t len)
{
        _cleanup_(image_info_done) ImageInfo info = info_new();
        _cleanup_(free_ptr) char *stream = xcalloc(1, len + 1);
        _cleanup_(fd_closep) int fd = -1;
        Error err = {};

        memset(stream, 's', len);
        assert_ok(image_create(path, &info, &fd, &err));
        assert_int_equal(info.stream_offset % 4096, 0);
        assert_int_equal(pwrite(fd, stream, len, (off_t) info.stream_offset), len);
        info.stream_len = len;
        info.checksum = XXH3_64bits(stream, len);
        assert_ok(image_finish(fd, path, &info, &err));
}

/* Refused with ERROR_BAD_IMAGE, the path and the phrase, and nothing set. */
static void refused(const Fixture *f, const char *phrase)
{
        _cleanup_(error_done) Error err = {};
        ImageInfo info = {.created = 77};
        int fd = -77;

        assert_int_equal(image_open(f->path, &info, &fd, &err), -ERROR_BAD_IMAGE);
        if (!strstr(error_text(&err), f->path) || !strstr(error_text(&err), phrase))
                fail_msg("'%s' lacks the path or '%s'", error_text(&err), phrase);
        assert_int_equal(fd, -77);
        assert_int_equal(info.created, 77);
}

static void poke(const Fixture *f, off_t at, const void *bytes, size_t len)
{
        _cleanup_(fd_closep) int fd = open(f->path, O_WRONLY);

        assert_int_equal(pwrite(fd, bytes, len, at), len);
}

/* Pokes into the header and makes its sum right again: a writer that wrote nonsense. */
static void poke_signed(const Fixture *f, off_t at, const void *bytes, size_t len)
{
        char covered[72 + sizeof(xml_text)];
        uint64_t sum;

        unlink(f->path);
        make(f->path, 10);
        poke(f, at, bytes, len);
        _cleanup_(fd_closep) int fd = open(f->path, O_RDWR);
        assert_int_equal(pread(fd, covered, 72, 0), 72);
        size_t xml_len = (uint8_t) covered[16];
        assert_int_equal(pread(fd, covered + 72, xml_len, 80), xml_len);
        sum = XXH3_64bits(covered, 72 + xml_len);
        assert_int_equal(pwrite(fd, &sum, sizeof(sum), 72), sizeof(sum));
}

static void a_whole_image_comes_back(void **state)
{
        Fixture *f = *state;
        _cleanup_(image_info_done) ImageInfo info = {};
        _cleanup_(fd_closep) int fd = -1;
        Error err = {};
        struct stat st;
        char c;

        make(f->path, 5000);
        assert_ok(image_open(f->path, &info, &fd, &err));
        assert_true(info.whole && info.paused);
        assert_int_equal(info.created, 1700000000123);
        assert_string_equal(info.driver, "qemu");
        assert_string_equal(info.xml, xml_text);
        assert_int_equal(info.stream_offset, 4096);
        assert_int_equal(info.stream_len, 5000);
        assert_int_equal(pread(fd, &c, 1, 4096 + 4999), 1);
        assert_int_equal(c, 's');
        assert_int_equal(fstat(fd, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
}

static void a_long_xml_moves_the_stream(void **state)
{
        Fixture *f = *state;
        _cleanup_(image_info_done) ImageInfo info = info_new();
        _cleanup_(fd_closep) int fd = -1;
        Error err = {};

        free(info.xml);
        info.xml = xcalloc(1, IMAGE_XML_MAX + 2);
        memset(info.xml, 'x', IMAGE_XML_MAX + 1);
        assert_error(image_create(f->path, &info, &fd, &err), INVALID_ARGUMENT);
        assert_int_equal(access(f->path, F_OK), -1);

        info.xml[IMAGE_XML_MAX] = '\0';
        memcpy(info.driver, "sixteen-letters!", 16);
        assert_ok(image_create(f->path, &info, &fd, &err));
        assert_int_equal(info.stream_offset, IMAGE_XML_MAX + 4096);
        assert_int_equal(ftruncate(fd, (off_t) info.stream_offset), 0);
        info.checksum = XXH3_64bits("", 0);
        assert_ok(image_finish(fd, f->path, &info, &err));

        _cleanup_(image_info_done) ImageInfo back = {};
        fd = fd_close(fd);
        assert_ok(image_open(f->path, &back, &fd, &err));
        assert_string_equal(back.driver, "sixteen-letters!");
        assert_string_equal(back.xml, info.xml);
        assert_int_equal(back.stream_len, 0);
}

static void an_existing_file_is_not_replaced(void **state)
{
        Fixture *f = *state;
        _cleanup_(image_info_done) ImageInfo info = info_new();
        Error err = {};
        int fd = -1;

        make(f->path, 7);
        assert_error(image_create(f->path, &info, &fd, &err), SYSTEM);
        _cleanup_(image_info_done) ImageInfo back = {};
        assert_ok(image_open(f->path, &back, &fd, &err));
        fd_close(fd);
}

static void an_unfinished_image_is_refused(void **state)
{
        Fixture *f = *state;
        _cleanup_(image_info_done) ImageInfo info = info_new();
        _cleanup_(fd_closep) int fd = -1;
        Error err = {};

        assert_ok(image_create(f->path, &info, &fd, &err));
        refused(f, "is partial");
        assert_int_equal(pwrite(fd, "stream", 6, (off_t) info.stream_offset), 6);
        refused(f, "is partial");
}

static void finishing_refuses_a_file_of_another_length(void **state)
{
        Fixture *f = *state;
        _cleanup_(image_info_done) ImageInfo info = info_new();
        _cleanup_(fd_closep) int fd = -1;
        Error err = {};

        assert_ok(image_create(f->path, &info, &fd, &err));
        assert_int_equal(pwrite(fd, "stream", 6, (off_t) info.stream_offset), 6);
        info.stream_len = 5;
        assert_error(image_finish(fd, f->path, &info, &err), BAD_IMAGE);
        info.stream_len = 7;
        assert_error(image_finish(fd, f->path, &info, &err), BAD_IMAGE);
        refused(f, "is partial");
}

static void every_shorter_file_is_refused(void **state)
{
        Fixture *f = *state;

        make(f->path, 100);
        for (off_t len = 4096 + 99; len >= 0; len -= len > 200 ? 97 : 1) {
                assert_int_equal(truncate(f->path, len), 0);
                refused(f, len == 0                              ? "is empty"
                           : len < 80                            ? "is truncated within its header"
                           : len < 80 + (off_t) strlen(xml_text) ? "is truncated within its XML"
                                                                 : "is truncated: it has");
        }
}

static void a_longer_file_is_refused(void **state)
{
        Fixture *f = *state;

        make(f->path, 100);
        poke(f, 4096 + 100, "x", 1);
        refused(f, "has 1 bytes too many");
}

static void every_changed_byte_of_header_and_xml_is_refused(void **state)
{
        Fixture *f = *state;

        make(f->path, 100);
        _cleanup_(fd_closep) int fd = open(f->path, O_RDWR);
        for (off_t at = 0; at < 80 + (off_t) strlen(xml_text); at++) {
                uint8_t was, bad;

                assert_int_equal(pread(fd, &was, 1, at), 1);
                bad = was ^ 0x10;
                poke(f, at, &bad, 1);
                refused(f, "");
                poke(f, at, &was, 1);
        }
        _cleanup_(image_info_done) ImageInfo info = {};
        Error err = {};
        int again;
        assert_ok(image_open(f->path, &info, &again, &err));
        fd_close(again);
}

static void each_kind_of_nonsense_has_its_phrase(void **state)
{
        Fixture *f = *state;

        make(f->path, 10);
        poke(f, 3, "X", 1);
        refused(f, "is not a save image of ostler");

        unlink(f->path);
        make(f->path, 10);
        poke(f, 80, "X", 1);
        refused(f, "its sum does not match");
        poke(f, 16, &(uint32_t){IMAGE_XML_MAX + 1}, 4);
        refused(f, "an XML of 4194305 bytes");

        poke_signed(f, 8, &(uint32_t){2}, 4);
        refused(f, "has version 2, and this program knows 1");
        poke_signed(f, 8, &(uint32_t){0}, 4);
        refused(f, "has version 0");
        poke_signed(f, 12, &(uint32_t){3}, 4);
        refused(f, "its state");
        poke_signed(f, 12, &(uint32_t){1}, 4);
        refused(f, "is partial");
        poke_signed(f, 20, &(uint32_t){2}, 4);
        refused(f, "its flags");
        poke_signed(f, 24, &(uint64_t){8192}, 8);
        refused(f, "the place of its stream");
        poke_signed(f, 24, &(uint64_t){UINT64_MAX - 4095}, 8);
        refused(f, "the place of its stream");
        poke_signed(f, 32, &(uint64_t){11}, 8);
        refused(f, "is truncated: it has 4106 bytes of 4107");
        poke_signed(f, 32, &(uint64_t){UINT64_MAX}, 8);
        refused(f, "is truncated");
        poke_signed(f, 32, &(uint64_t){9}, 8);
        refused(f, "has 1 bytes too many");
        poke_signed(f, 56, "\0", 1);
        refused(f, "its driver's name");
        poke_signed(f, 60, "\0x", 2);
        refused(f, "its driver's name");
        poke_signed(f, 85, "\0", 1);
        refused(f, "its XML");
}

static void what_is_no_regular_file_is_refused_unopened(void **state)
{
        Fixture *f = *state;
        struct sockaddr_un address = {.sun_family = AF_UNIX};

        assert_int_equal(mkdir(f->path, 0700), 0);
        refused(f, "is not a regular file");
        rmdir(f->path);
        assert_int_equal(mkfifo(f->path, 0600), 0);
        refused(f, "is not a regular file");
        unlink(f->path);
        assert_int_equal(symlink("/dev/null", f->path), 0);
        refused(f, "is not a regular file");
        unlink(f->path);
        _cleanup_(fd_closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        snprintf(address.sun_path, sizeof(address.sun_path), "%s", f->path);
        assert_int_equal(bind(fd, (struct sockaddr *) &address, sizeof(address)), 0);
        refused(f, "is not a regular file");
}

static void a_file_that_cannot_be_opened_says_why(void **state)
{
        Fixture *f = *state;
        ImageInfo info;
        Error err = {};
        int fd;

        assert_int_equal(image_open(f->path, &info, &fd, &err), -ERROR_SYSTEM);
        _cleanup_(free_ptr) char *want =
                xasprintf("Failed to open file '%s': No such file or directory", f->path);
        assert_string_equal(error_text(&err), want);
        error_done(&err);
}

static void refusals_leave_no_descriptor(void **state)
{
        Fixture *f = *state;
        int before = count_fds();

        make(f->path, 10);
        poke(f, 80, "X", 1);
        for (unsigned i = 0; i < 3; i++)
                refused(f, "sum");
        assert_int_equal(count_fds(), before);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
                TEST(a_whole_image_comes_back),
                TEST(a_long_xml_moves_the_stream),
                TEST(an_existing_file_is_not_replaced),
                TEST(an_unfinished_image_is_refused),
                TEST(finishing_refuses_a_file_of_another_length),
                TEST(every_shorter_file_is_refused),
                TEST(a_longer_file_is_refused),
                TEST(every_changed_byte_of_header_and_xml_is_refused),
                TEST(each_kind_of_nonsense_has_its_phrase),
                TEST(what_is_no_regular_file_is_refused_unopened),
                TEST(a_file_that_cannot_be_opened_says_why),
                TEST(refusals_leave_no_descriptor),
#undef TEST
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}

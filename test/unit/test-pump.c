/* Pumps: everything arrives, sums match, a cancel reaches a stuck one, and bad images stop in time.
 */
#include "unit.h"

#include "base/fd.h"
#include "base/str.h"
#include "image/image.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>
#include <xxhash.h>

enum {
        MIB = 1024 * 1024,
        OFFSET = 4096,
        ODD = 5 * MIB + 12345,
};

typedef struct Fixture {
        Loop *loop;
        char *path;
        int file;    /* our own descriptor of the image */
        int guest;   /* the guest's end of the pipe */
        int pump_fd; /* the pump's end */
        int fds;     /* open at the start */
        uint8_t *bytes;

        unsigned ended;
        ImagePumpResult result;
        Error error;
} Fixture;

static int begin(void **state)
{
        Fixture *f = xnew0(Fixture, 1);
        Error err = {};

        f->fds = count_fds();
        f->path = xstrdup("/tmp/ostler-pump-XXXXXX");
        f->file = mkostemp(f->path, O_CLOEXEC);
        assert_true(f->file >= 0);
        assert_ok(loop_new(&f->loop, &err));
        f->bytes = xcalloc(1, ODD);
        for (size_t i = 0; i < ODD; i++)
                f->bytes[i] = (uint8_t) (i * 2654435761u >> 13);
        f->guest = f->pump_fd = -1;
        *state = f;
        return 0;
}

static int end(void **state)
{
        Fixture *f = *state;

        loop_free(f->loop);
        unlink(f->path);
        fd_close(f->file);
        fd_close(f->guest);
        assert_int_equal(count_fds(), f->fds);
        error_done(&f->error);
        free(f->path);
        free(f->bytes);
        free(f);
        return 0;
}

/* The guest reads from, or writes to, its end. */
static void make_pipe(Fixture *f, bool guest_writes)
{
        int fds[2];

        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        f->guest = fds[guest_writes];
        f->pump_fd = fds[!guest_writes];
}

static void on_ended(void *data, const ImagePumpResult *result, const Error *err)
{
        Fixture *f = data;

        f->ended++;
        f->result = *result;
        error_copy(&f->error, err);
}

static void wait_ended(Fixture *f)
{
        while (!f->ended)
                loop_turn(f->loop, true);
        assert_int_equal(f->ended, 1);
}

static ImagePump *start_save(Fixture *f)
{
        make_pipe(f, true);
        return image_pump_save(f->loop, f->pump_fd, dup(f->file), OFFSET, on_ended, f);
}

/* The image's stream is the first `len` of the bytes, put there now. */
static ImagePump *start_load(Fixture *f, size_t len)
{
        ImageInfo info = {
                .stream_offset = OFFSET, .stream_len = len, .checksum = XXH3_64bits(f->bytes, len)};

        assert_int_equal(ftruncate(f->file, (off_t) (OFFSET + len)), 0);
        assert_int_equal(pwrite(f->file, f->bytes, len, OFFSET), len);
        make_pipe(f, false);
        return image_pump_load(f->loop, dup(f->file), f->pump_fd, &info, on_ended, f);
}

typedef struct Guest {
        Fixture *f;
        uint8_t *bytes;
        size_t len;
} Guest;

static void *guest_write(void *data)
{
        Guest *g = data;
        static const size_t pieces[] = {1, 4096, 65536, 3 * MIB, 77};

        for (size_t at = 0, i = 0; at < g->len; i++) {
                size_t n = pieces[i % ELEMENTSOF(pieces)];

                n = n < g->len - at ? n : g->len - at;
                if (fd_write_all(g->f->guest, g->bytes + at, n) < 0)
                        break;
                at += n;
        }
        g->f->guest = fd_close(g->f->guest);
        return NULL;
}

/* Reads up to its end, or `len` bytes at most; then g->len is what there was. */
static void *guest_read(void *data)
{
        Guest *g = data;
        size_t at = 0;
        ssize_t n;

        while (at < g->len && (n = read(g->f->guest, g->bytes + at, g->len - at)) > 0)
                at += (size_t) n;
        g->len = at;
        g->f->guest = fd_close(g->f->guest);
        return NULL;
}

static void save_through(Fixture *f, size_t len)
{
        Guest guest = {f, f->bytes, len};
        _cleanup_(free_ptr) uint8_t *back = xcalloc(1, len + 2);
        ImagePump *pump = start_save(f);
        pthread_t thread;

        assert_int_equal(pthread_create(&thread, NULL, guest_write, &guest), 0);
        wait_ended(f);
        pthread_join(thread, NULL);
        if (error_is_set(&f->error))
                fail_msg("%s", error_text(&f->error));
        assert_int_equal(f->result.bytes, len);
        assert_int_equal(image_pump_bytes(pump), len);
        assert_true(f->result.checksum == XXH3_64bits(f->bytes, len));
        assert_int_equal(pread(f->file, back, len + 1, OFFSET), len);
        assert_memory_equal(back, f->bytes, len);
        image_pump_free(pump);
}

static void a_stream_is_saved_and_summed(void **state)
{
        save_through(*state, ODD);
}

static void an_empty_stream_is_saved(void **state)
{
        save_through(*state, 0);
}

static void load_through(Fixture *f, size_t len)
{
        Guest guest = {f, xcalloc(1, len + 1), len + 1};
        ImagePump *pump = start_load(f, len);
        pthread_t thread;

        assert_int_equal(pthread_create(&thread, NULL, guest_read, &guest), 0);
        wait_ended(f);
        pthread_join(thread, NULL);
        if (error_is_set(&f->error))
                fail_msg("%s", error_text(&f->error));
        assert_int_equal(guest.len, len);
        assert_memory_equal(guest.bytes, f->bytes, len);
        assert_int_equal(f->result.bytes, len);
        image_pump_free(pump);
        free(guest.bytes);
}

static void an_odd_stream_is_loaded(void **state)
{
        load_through(*state, ODD);
}

static void a_stream_of_whole_blocks_is_loaded(void **state)
{
        load_through(*state, 3 * MIB);
}

static void a_short_stream_is_loaded(void **state)
{
        load_through(*state, 100);
}

static void an_empty_stream_is_loaded(void **state)
{
        load_through(*state, 0);
}

/* One byte of the image changes; the guest must not get the end of the stream. */
static void load_damaged(Fixture *f, size_t len, size_t at)
{
        Guest guest = {f, xcalloc(1, len + 1), len + 1};
        ImageInfo info = {
                .stream_offset = OFFSET, .stream_len = len, .checksum = XXH3_64bits(f->bytes, len)};
        uint8_t bad = f->bytes[at] ^ 1;
        pthread_t thread;

        assert_int_equal(pwrite(f->file, f->bytes, len, OFFSET), len);
        assert_int_equal(pwrite(f->file, &bad, 1, (off_t) (OFFSET + at)), 1);
        make_pipe(f, false);
        ImagePump *pump = image_pump_load(f->loop, dup(f->file), f->pump_fd, &info, on_ended, f);
        assert_int_equal(pthread_create(&thread, NULL, guest_read, &guest), 0);
        wait_ended(f);
        pthread_join(thread, NULL);
        assert_int_equal(f->error.code, ERROR_BAD_IMAGE);
        assert_non_null(strstr(error_text(&f->error), f->path));
        assert_non_null(strstr(error_text(&f->error), "sum of its memory does not match"));
        assert_int_equal(guest.len, len > MIB ? len - MIB : 0);
        assert_int_equal(f->result.bytes, guest.len);
        image_pump_free(pump);
        free(guest.bytes);
}

static void damage_at_the_start_is_found_before_the_end_is_let_go(void **state)
{
        load_damaged(*state, ODD, 0);
}

static void damage_in_the_last_byte_is_found_before_the_end_is_let_go(void **state)
{
        load_damaged(*state, ODD, ODD - 1);
}

static void a_short_damaged_stream_is_not_let_go_at_all(void **state)
{
        load_damaged(*state, 100, 50);
}

static void an_image_that_became_shorter_is_refused(void **state)
{
        Fixture *f = *state;
        Guest guest = {f, xcalloc(1, ODD), ODD};
        pthread_t thread;

        ImageInfo info = {.stream_offset = OFFSET, .stream_len = ODD};
        assert_int_equal(pwrite(f->file, f->bytes, 100, OFFSET), 100);
        make_pipe(f, false);
        ImagePump *pump = image_pump_load(f->loop, dup(f->file), f->pump_fd, &info, on_ended, f);
        assert_int_equal(pthread_create(&thread, NULL, guest_read, &guest), 0);
        wait_ended(f);
        pthread_join(thread, NULL);
        assert_int_equal(f->error.code, ERROR_BAD_IMAGE);
        assert_non_null(strstr(error_text(&f->error), "is truncated"));
        assert_int_equal(guest.len, 0);
        image_pump_free(pump);
        free(guest.bytes);
}

static void a_cancel_reaches_a_pump_that_waits_for_the_guest(void **state)
{
        Fixture *f = *state;
        ImagePump *pump = start_save(f);

        assert_int_equal(write(f->guest, "x", 1), 1);
        while (image_pump_bytes(pump) < 1)
                loop_turn(f->loop, false);
        image_pump_cancel(pump);
        wait_ended(f);
        assert_int_equal(f->error.code, ERROR_ABORTED);
        assert_int_equal(f->result.bytes, 1);
        image_pump_cancel(pump);
        image_pump_free(pump);
}

static void a_cancel_reaches_a_pump_whose_guest_does_not_read(void **state)
{
        Fixture *f = *state;
        ImagePump *pump = start_load(f, ODD);

        /* At least what a pipe takes. */
        while (image_pump_bytes(pump) < 4096)
                loop_turn(f->loop, false);
        image_pump_cancel(pump);
        wait_ended(f);
        assert_int_equal(f->error.code, ERROR_ABORTED);
        assert_true(f->result.bytes < ODD);
        image_pump_free(pump);
}

static void a_freed_pump_ends_and_does_not_call(void **state)
{
        Fixture *f = *state;

        image_pump_free(start_save(f));
        f->guest = fd_close(f->guest);
        image_pump_free(start_load(f, ODD));
        f->loop = loop_free(f->loop);
        assert_int_equal(f->ended, 0);
}

static void free_in_done(void *data, const ImagePumpResult *result, const Error *err)
{
        ImagePump **pump = data;

        *pump = image_pump_free(*pump);
        assert_int_equal(result->bytes, 0);
        assert_int_equal(err->code, ERROR_OK);
}

static void a_pump_may_be_freed_from_its_end(void **state)
{
        Fixture *f = *state;
        ImagePump *pump;

        make_pipe(f, true);
        f->guest = fd_close(f->guest);
        pump = image_pump_save(f->loop, f->pump_fd, dup(f->file), OFFSET, free_in_done, &pump);
        while (pump)
                loop_turn(f->loop, true);
}

static void a_guest_that_goes_away_is_an_error_and_no_signal(void **state)
{
        Fixture *f = *state;
        void (*before)(int) = signal(SIGPIPE, SIG_DFL);
        ImagePump *pump = start_load(f, ODD);

        f->guest = fd_close(f->guest);
        wait_ended(f);
        signal(SIGPIPE, before);
        assert_int_equal(f->error.code, ERROR_SYSTEM);
        assert_non_null(strstr(error_text(&f->error), "Broken pipe"));
        image_pump_free(pump);
}

static void a_guest_that_goes_away_over_damage_leaves_the_damage_to_be_told(void **state)
{
        Fixture *f = *state;
        uint8_t bad = f->bytes[ODD / 2] ^ 1;
        ImagePump *pump;

        assert_int_equal(pwrite(f->file, f->bytes, ODD, OFFSET), ODD);
        assert_int_equal(pwrite(f->file, &bad, 1, OFFSET + ODD / 2), 1);
        make_pipe(f, false);
        ImageInfo info = {
                .stream_offset = OFFSET, .stream_len = ODD, .checksum = XXH3_64bits(f->bytes, ODD)};
        pump = image_pump_load(f->loop, dup(f->file), f->pump_fd, &info, on_ended, f);
        f->guest = fd_close(f->guest);
        wait_ended(f);
        assert_int_equal(f->error.code, ERROR_BAD_IMAGE);
        assert_non_null(strstr(error_text(&f->error), "sum of its memory does not match"));
        image_pump_free(pump);
}

static void a_full_disk_is_an_error_that_names_the_image(void **state)
{
        Fixture *f = *state;
        Guest guest = {f, f->bytes, ODD};
        struct rlimit before;
        pthread_t thread;

        getrlimit(RLIMIT_FSIZE, &before);
        void (*was)(int) = signal(SIGPIPE, SIG_IGN);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &(struct rlimit){2 * MIB, before.rlim_max}), 0);
        ImagePump *pump = start_save(f);
        assert_int_equal(pthread_create(&thread, NULL, guest_write, &guest), 0);
        wait_ended(f);
        pthread_join(thread, NULL);
        setrlimit(RLIMIT_FSIZE, &before);
        signal(SIGPIPE, was);
        assert_int_equal(f->error.code, ERROR_SYSTEM);
        assert_non_null(strstr(error_text(&f->error), "File too large"));
        assert_non_null(strstr(error_text(&f->error), f->path));
        assert_true(f->result.bytes <= 2 * MIB);
        image_pump_free(pump);
}

static void a_pump_writes_into_regular_files_alone(void **state)
{
        Fixture *f = *state;

        make_pipe(f, true);
        ImagePump *pump = image_pump_save(
                f->loop, f->pump_fd, open("/dev/null", O_RDWR | O_CLOEXEC), OFFSET, on_ended, f);
        wait_ended(f);
        assert_int_equal(f->error.code, ERROR_BAD_IMAGE);
        assert_non_null(strstr(error_text(&f->error), "'/dev/null' is not a regular file"));
        image_pump_free(pump);
}

/* libuv opens descriptors of its own with the first loop and keeps them. */
static int begin_all(void **state _unused_)
{
        Loop *loop;
        Error err = {};

        assert_ok(loop_new(&loop, &err));
        loop_free(loop);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
                TEST(a_stream_is_saved_and_summed),
                TEST(an_empty_stream_is_saved),
                TEST(an_odd_stream_is_loaded),
                TEST(a_stream_of_whole_blocks_is_loaded),
                TEST(a_short_stream_is_loaded),
                TEST(an_empty_stream_is_loaded),
                TEST(damage_at_the_start_is_found_before_the_end_is_let_go),
                TEST(damage_in_the_last_byte_is_found_before_the_end_is_let_go),
                TEST(a_short_damaged_stream_is_not_let_go_at_all),
                TEST(an_image_that_became_shorter_is_refused),
                TEST(a_cancel_reaches_a_pump_that_waits_for_the_guest),
                TEST(a_cancel_reaches_a_pump_whose_guest_does_not_read),
                TEST(a_freed_pump_ends_and_does_not_call),
                TEST(a_pump_may_be_freed_from_its_end),
                TEST(a_guest_that_goes_away_is_an_error_and_no_signal),
                TEST(a_guest_that_goes_away_over_damage_leaves_the_damage_to_be_told),
                TEST(a_full_disk_is_an_error_that_names_the_image),
                TEST(a_pump_writes_into_regular_files_alone),
#undef TEST
        };

        return cmocka_run_group_tests(tests, begin_all, NULL);
}

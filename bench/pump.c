/* How fast pumps move a guest's memory: MB a second into a file (with and without the sync at the
 * end) and out of it, with a writer that costs next to nothing.
 *
 * usage: bench-pump [FOLDER [MB]]     The folder (default /tmp) decides the disk. */
#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "image/image.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct Run {
        Loop *loop;
        int fd; /* the guest's end of the pipe */
        uint64_t len;
        uint64_t done_ns;
        ImagePumpResult result;
} Run;

enum {
        CHUNK = 256 * 1024,
};

static void *guest_writes(void *data)
{
        Run *run = data;
        char *chunk = xcalloc(1, CHUNK);

        for (uint64_t i = 0; i < run->len; i += CHUNK) {
                memcpy(chunk, &i, sizeof(i));
                if (write(run->fd, chunk, CHUNK) != CHUNK)
                        abort();
        }
        run->done_ns = clock_monotonic_ns();
        close(run->fd);
        free(chunk);
        return NULL;
}

static void *guest_reads(void *data)
{
        Run *run = data;
        char *chunk = xcalloc(1, CHUNK);

        while (read(run->fd, chunk, CHUNK) > 0)
                ;
        close(run->fd);
        free(chunk);
        return NULL;
}

static void ended(void *data, const ImagePumpResult *result, const Error *err)
{
        Run *run = data;

        if (error_is_set(err)) {
                fprintf(stderr, "bench-pump: %s\n", error_text(err));
                exit(1);
        }
        run->result = *result;
        loop_stop(run->loop);
}

static double mb_a_second(uint64_t len, uint64_t begin, uint64_t end)
{
        return (double) len / 1e6 / ((double) (end - begin) / 1e9);
}

int main(int argc, char **argv)
{
        _cleanup_(free_ptr) char *path = path_join(argc > 1 ? argv[1] : "/tmp", "bench-pump.save");
        Run run = {.len = (argc > 2 ? strtoull(argv[2], NULL, 10) : 90) * 1024 * 1024};
        ImageInfo info = {.driver = "bench", .xml = xstrdup("<domain/>")};
        Error err = {};
        pthread_t thread;
        int fd, fds[2];

        (void) unlink(path);
        if (loop_new(&run.loop, &err) < 0 || image_create(path, &info, &fd, &err) < 0 ||
            pipe2(fds, O_CLOEXEC) < 0) {
                fprintf(stderr, "bench-pump: %s\n", error_text(&err));
                return 1;
        }
        run.fd = fds[1];
        uint64_t begin = clock_monotonic_ns();
        ImagePump *pump =
                image_pump_save(run.loop, fds[0], dup(fd), info.stream_offset, ended, &run);
        pthread_create(&thread, NULL, guest_writes, &run);
        loop_run(run.loop);
        uint64_t end = clock_monotonic_ns();
        pthread_join(thread, NULL);
        image_pump_free(pump);
        printf("save  %7.0f MB/s until the guest is through, %7.0f MB/s until on disk\n",
               mb_a_second(run.len, begin, run.done_ns), mb_a_second(run.len, begin, end));

        info.stream_len = run.result.bytes;
        info.checksum = run.result.checksum;
        if (image_finish(fd, path, &info, &err) < 0 || pipe2(fds, O_CLOEXEC) < 0)
                return 1;
        run.fd = fds[0];
        begin = clock_monotonic_ns();
        pump = image_pump_load(run.loop, fd, fds[1], &info, ended, &run);
        pthread_create(&thread, NULL, guest_reads, &run);
        loop_run(run.loop);
        end = clock_monotonic_ns();
        pthread_join(thread, NULL);
        image_pump_free(pump);
        printf("load  %7.0f MB/s\n", mb_a_second(run.len, begin, end));
        image_info_done(&info);
        loop_free(run.loop);
        (void) unlink(path);
        return 0;
}

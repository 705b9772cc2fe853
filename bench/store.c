/* Transactions a second: one domain put each, ordered and durable, alone and with 8 in flight.
 *
 * usage: bench-store [FOLDER]     The folder (default: a new one in /tmp) decides the disk. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "store/table-domain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct Run {
        Loop *loop;
        Store *store;
        StoreDurability durability;
        const char *config;
        uint32_t submitted, ended, total, domains;
} Run;

static void submit(Run *run);

static void ended(void *data, const Error *err)
{
        Run *run = data;

        if (error_is_set(err)) {
                fprintf(stderr, "bench-store: %s\n", error_text(err));
                exit(1);
        }
        if (++run->ended == run->total)
                loop_stop(run->loop);
        else if (run->submitted < run->total)
                submit(run);
}

static void submit(Run *run)
{
        uint32_t n = run->submitted++ % run->domains;
        char name[32];
        DomainRow row = {.driver = "bench", .name = name, .config = run->config};
        StoreTx *tx = store_tx_new(run->store);

        memcpy(row.uuid.bytes, &n, sizeof(n));
        row.autostart = run->submitted / run->domains % 2;
        snprintf(name, sizeof(name), "domain%u", n);
        domain_row_put(tx, &row);
        store_commit(tx, run->durability, ended, run);
}

static void measure(Run *run, StoreDurability durability, unsigned in_flight, uint32_t total)
{
        uint64_t begin = clock_monotonic_ns();

        run->durability = durability;
        run->submitted = run->ended = 0;
        run->total = total;
        while (run->submitted < in_flight)
                submit(run);
        loop_run(run->loop);

        double seconds = (double) (clock_monotonic_ns() - begin) / 1e9;
        printf("%-8s %2u in flight  %9.0f a second  %8.1f us each\n",
               durability == STORE_DURABLE ? "durable" : "ordered", in_flight, total / seconds,
               1e6 * seconds / total);
}

int main(int argc, char **argv)
{
        char temp[] = "/tmp/bench-store-XXXXXX";
        const char *dir = argc > 1 ? argv[1] : mkdtemp(temp);
        _cleanup_(free_ptr) char *path = path_join(dir, "bench-store.db");
        _cleanup_(free_ptr) char *config = xcalloc(1, 3001);
        Run run = {.config = config, .domains = 1000};
        Error err = {};

        memset(config, 'x', 3000);
        if (loop_new(&run.loop, &err) < 0 || store_open(run.loop, path, &run.store, &err) < 0) {
                fprintf(stderr, "bench-store: %s\n", error_text(&err));
                return 1;
        }
        measure(&run, STORE_ORDERED, 1, 20000);
        measure(&run, STORE_ORDERED, 8, 40000);
        measure(&run, STORE_DURABLE, 1, 1000);
        measure(&run, STORE_DURABLE, 8, 4000);
        store_close(run.store);
        loop_free(run.loop);
        (void) unlink(path);
        if (argc < 2)
                (void) rmdir(temp);
        return 0;
}

/* What the tests of store/ share: a folder, a loop, an open store, and waiting for transactions. */
#pragma once

#include "base/path.h"
#include "base/str.h"
#include "loop/loop.h"
#include "store/store.h"
#include "store/table-domain.h"
#include "store/table-image.h"
#include "store/table-operation.h"

#include "unit.h"

#include <stdlib.h>
#include <unistd.h>

typedef struct Fixture {
        char *dir, *path;
        Loop *loop;
        Store *store;
} Fixture;

_unused_ static void store_reopen(Fixture *f)
{
        Error err = {};

        f->store = store_close(f->store);
        if (store_open(f->loop, f->path, &f->store, &err) < 0)
                fail_msg("%s", error_text(&err));
}

/* Opening fails, with a message that holds `phrase`. */
_unused_ static void store_open_fails(Fixture *f, const char *phrase)
{
        _cleanup_(error_done) Error err = {};
        Store *store = NULL;

        assert_true(store_open(f->loop, f->path, &store, &err) < 0);
        assert_null(store);
        if (!strstr(error_text(&err), phrase) || !strstr(error_text(&err), f->path))
                fail_msg("'%s' lacks '%s' or the path", error_text(&err), phrase);
}

/* A folder and a loop, and no store yet. */
_unused_ static int fixture_begin(void **state)
{
        Fixture *f = xnew0(Fixture, 1);
        Error err = {};

        f->dir = xstrdup("/tmp/ostler-store-XXXXXX");
        assert_non_null(mkdtemp(f->dir));
        f->path = path_join(f->dir, "store.db");
        assert_int_equal(loop_new(&f->loop, &err), 0);
        *state = f;
        return 0;
}

_unused_ static int fixture_begin_open(void **state)
{
        fixture_begin(state);
        store_reopen(*state);
        return 0;
}

_unused_ static int fixture_end(void **state)
{
        Fixture *f = *state;

        store_close(f->store);
        loop_free(f->loop);
        _cleanup_(free_ptr) char *command = xasprintf("rm -rf '%s'", f->dir);
        assert_int_equal(system(command), 0);
        free(f->path);
        free(f->dir);
        free(f);
        return 0;
}

/* The ends of transactions, in the order they were told. */
typedef struct Ends {
        unsigned n;
        unsigned tags[64];
        int codes[64];
        char texts[64][256];
} Ends;

typedef struct End {
        Ends *ends;
        unsigned tag;
} End;

_unused_ static void on_end(void *data, const Error *err)
{
        End *end = data;
        unsigned i = end->ends->n++ % ELEMENTSOF(end->ends->tags);

        end->ends->tags[i] = end->tag;
        end->ends->codes[i] = err ? (int) err->code : 0;
        snprintf(end->ends->texts[i], sizeof(end->ends->texts[i]), "%s",
                 err && err->message ? err->message : "");
        free(end);
}

/* For store_commit(..., on_end, end_new(&ends, 1)). */
_unused_ static End *end_new(Ends *ends, unsigned tag)
{
        End *end = xnew0(End, 1);

        *end = (End){ends, tag};
        return end;
}

_unused_ static void wait_ends(Fixture *f, const Ends *ends, unsigned n)
{
        while (ends->n < n)
                loop_turn(f->loop, true);
}

_unused_ static Uuid uuid_of(uint32_t n)
{
        Uuid uuid = {};

        memcpy(uuid.bytes, &n, sizeof(n));
        return uuid;
}

_unused_ static StoreTx *tx_domain(Fixture *f, uint32_t n, const char *name, const char *config)
{
        StoreTx *tx = store_tx_new(f->store);

        domain_row_put(
                tx,
                &(DomainRow){.uuid = uuid_of(n), .driver = "test", .name = name, .config = config});
        return tx;
}

static int count_row(void *data, const DomainRow *row _unused_, Error *err _unused_)
{
        ++*(unsigned *) data;
        return 0;
}

_unused_ static unsigned count_domains(Fixture *f)
{
        unsigned n = 0;
        Error err = {};

        assert_int_equal(domain_row_load(f->store, count_row, &n, &err), 0);
        return n;
}

#include "qemu/stats.h"

#include "base/str.h"
#include "qemu/qemu.h"

struct QemuRefresh {
        QemuGuest *guest;
        DriverDoneFn *done;
        void *data;
        DomainStats next;
        unsigned pending; /* questions without an answer */
        bool answered;    /* QEMU spoke */
        Error error;
        struct Question {
                QemuRefresh *refresh;
                QemuStatsFn *fn;
        } questions[8];
};

QemuRefresh *qemu_refresh_free(QemuRefresh *refresh)
{
        if (!refresh)
                return NULL;
        stats_clear(&refresh->next);
        error_done(&refresh->error);
        free(refresh);
        return NULL;
}

/* What was learned replaces what was known. */
static void take_over(QemuRefresh *refresh)
{
        Domain *d = refresh->guest->domain;
        DomainStats *now = &d->stats, *next = &refresh->next;

        next->sampled_ms = now->sampled_ms;
        next->cpu_time_ns = now->cpu_time_ns;
        next->cpu_user_ns = now->cpu_user_ns;
        next->cpu_system_ns = now->cpu_system_ns;
        next->rss_kib = now->rss_kib;
        if (!next->balloon_kib)
                next->balloon_kib = now->balloon_kib;
        next->refreshed_ms = loop_now_ms(d->list->loop);
        stats_clear(now);
        *now = TAKE(*next, (DomainStats){});
        if (d->list->driver->type->sample)
                d->list->driver->type->sample(d->list->driver, d);
}

static void finish(QemuRefresh *refresh)
{
        DriverDoneFn *done = refresh->done;
        void *data = refresh->data;
        _cleanup_(error_done) Error err = {};

        if (refresh->answered && domain_active(refresh->guest->domain))
                take_over(refresh);
        else
                error_move(&err, &refresh->error);
        refresh->guest->refresh = NULL;
        qemu_refresh_free(refresh);
        done(data, error_is_set(&err) ? &err : NULL);
}

static void told(void *data, json_t *value, const Error *err)
{
        struct Question *question = data;
        QemuRefresh *refresh = question->refresh;
        const DomainConfig *live = refresh->guest->domain->live;

        if (value && live) {
                question->fn(&refresh->next, live, value);
                refresh->answered = true;
        } else if (err && !error_is_set(&refresh->error)) {
                error_copy(&refresh->error, err);
        }
        if (--refresh->pending == 0)
                finish(refresh);
}

void qemu_refresh_ended(QemuGuest *guest, const Error *cause)
{
        QemuRefresh *refresh = guest->refresh;

        if (!refresh)
                return;
        error_copy(&refresh->error, cause);
        refresh->answered = false;
        finish(refresh);
}

static void ask(QemuRefresh *refresh, const char *command, json_t *args, QemuStatsFn *fn)
{
        struct Question *question = &refresh->questions[refresh->pending++];

        *question = (struct Question){.refresh = refresh, .fn = fn};
        qmp_client_ask(refresh->guest->qmp, command, args, told, question);
}

char *qemu_balloon_path(const DomainConfig *live)
{
        const Memballoon *balloon = live->memballoon;

        if (!balloon || balloon->model == MEMBALLOON_MODEL_NONE ||
            balloon->model == MEMBALLOON_MODEL_XEN)
                return NULL;
        return xasprintf("/machine/peripheral/%s",
                         balloon->info.alias ? balloon->info.alias : "balloon0");
}

json_t *qemu_stats_period(const char *path, uint32_t seconds)
{
        return json_pack("{s:s, s:s, s:I}", "path", path, "property",
                         "guest-stats-polling-interval", "value", (json_int_t) seconds);
}

int qemu_refresh(Driver *driver, Domain *d, DriverDoneFn *done, void *data, Error *err)
{
        QemuGuest *guest = qemu_guest(d);
        _cleanup_(free_ptr) char *balloon = d->live ? qemu_balloon_path(d->live) : NULL;
        QemuRefresh *refresh;

        (void) driver;
        if (!guest || !guest->qmp || !d->live)
                return error_set(err, ERROR_OPERATION_FAILED,
                                 "domain '%s' has no monitor connection", d->name);
        refresh = xnew0(QemuRefresh, 1);
        *refresh = (QemuRefresh){.guest = guest, .done = done, .data = data};
        guest->refresh = refresh;
        ask(refresh, "query-blockstats", NULL, qemu_stats_blockstats);
        ask(refresh, "query-block", NULL, qemu_stats_block);
        ask(refresh, "query-named-block-nodes", json_pack("{s:b}", "flat", 1), qemu_stats_nodes);
        ask(refresh, "query-cpus-fast", NULL, qemu_stats_cpus);
        ask(refresh, "query-iothreads", NULL, qemu_stats_iothreads);
        if (balloon) {
                ask(refresh, "query-balloon", NULL, qemu_stats_balloon);
                ask(refresh, "qom-get",
                    json_pack("{s:s, s:s}", "path", balloon, "property", "guest-stats"),
                    qemu_stats_memory);
        }
        return 0;
}

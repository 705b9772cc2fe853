/* The thread's loop has three sources: xenstore's descriptor, and posts that ask for a look and for
 * the end. The last picture is handed over under a lock; a picture that the main loop has not taken
 * yet is replaced by the next one. */
#include "xen/census.h"

#include "base/str.h"
#include "loop/post.h"
#include "loop/watch.h"
#include "xen/logger.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <xenstore.h>

struct XenCensus {
        XenCensusFn *fn;
        void *data;
        Post *told;
        pthread_t thread;

        pthread_mutex_t lock;
        XenDomain *domains; /* under the lock: not taken yet, or NULL */
        size_t n;
        uint64_t as_of, asked; /* under the lock */

        /* the thread's, and before it runs and after it ended everybody's */
        Loop *loop;
        Post *look, *stop;
        Watch *watch;
        struct xs_handle *xenstore;
        libxl_ctx *ctx;
        XenLogger logger;
};

/* --- on the thread --- */

static size_t convert(const libxl_dominfo *infos, int n, XenDomain *ret)
{
        size_t used = 0;

        for (int i = 0; i < n; i++) {
                if (infos[i].domid == 0)
                        continue;
                ret[used] = (XenDomain){.domid = infos[i].domid,
                                        .paused = infos[i].paused,
                                        .shutdown = infos[i].shutdown,
                                        .dying = infos[i].dying,
                                        .cpu_time_ns = infos[i].cpu_time,
                                        .reason = infos[i].shutdown_reason};
                memcpy(ret[used++].uuid.bytes, infos[i].uuid.uuid, sizeof(ret->uuid.bytes));
        }
        return used;
}

static void look(void *data)
{
        XenCensus *census = data;
        libxl_dominfo *infos;
        XenDomain *domains, *old;
        uint64_t as_of;
        size_t used;
        int n = 0;

        pthread_mutex_lock(&census->lock);
        as_of = census->asked;
        pthread_mutex_unlock(&census->lock);
        infos = libxl_list_domain(census->ctx, &n);
        if (!infos)
                return; /* not told is better than told wrong; the next change looks again */
        domains = xnew0(XenDomain, (size_t) n + 1);
        used = convert(infos, n, domains);
        libxl_dominfo_list_free(infos, n);
        pthread_mutex_lock(&census->lock);
        old = census->domains;
        census->domains = domains;
        census->n = used;
        census->as_of = as_of;
        pthread_mutex_unlock(&census->lock);
        free(old);
        post_send(census->told);
}

static void changed(void *data, int events _unused_)
{
        XenCensus *census = data;
        bool any = false;
        char **word;

        while ((word = xs_check_watch(census->xenstore))) {
                free(word);
                any = true;
        }
        if (any)
                look(census);
}

static void stop(void *data)
{
        XenCensus *census = data;

        loop_stop(census->loop);
}

static void *thread_run(void *data)
{
        XenCensus *census = data;

        loop_run(census->loop);
        return NULL;
}

/* --- on the main loop --- */

static void tell(void *data)
{
        XenCensus *census = data;
        XenDomain *domains;
        uint64_t as_of;
        size_t n;

        pthread_mutex_lock(&census->lock);
        domains = TAKE_PTR(census->domains);
        n = census->n;
        as_of = census->as_of;
        pthread_mutex_unlock(&census->lock);
        if (domains)
                census->fn(census->data, domains, n, as_of);
        free(domains);
}

static int connect_xen(XenCensus *census, Error *err)
{
        xen_logger_init(&census->logger);
        if (libxl_ctx_alloc(&census->ctx, LIBXL_VERSION, 0, &census->logger.xtl) != 0) {
                census->ctx = NULL;
                return error_set(err, ERROR_NO_CONNECT, "this host does not run on Xen: %s",
                                 xen_logger_words(&census->logger, ERROR_FAIL));
        }
        census->xenstore = xs_open(0);
        if (!census->xenstore)
                return error_set_errno(err, errno, "cannot connect to xenstore");
        if (!xs_watch(census->xenstore, "@introduceDomain", "came") ||
            !xs_watch(census->xenstore, "@releaseDomain", "went"))
                return error_set_errno(err, errno, "cannot watch xenstore");
        return watch_new(census->loop, xs_fileno(census->xenstore), WATCH_IN, changed, census,
                         &census->watch, err);
}

static int prepare(XenCensus *census, Loop *loop, Error *err)
{
        int r = post_new(loop, tell, census, &census->told, err);

        if (r >= 0)
                r = loop_new(&census->loop, err);
        if (r >= 0)
                r = post_new(census->loop, look, census, &census->look, err);
        if (r >= 0)
                r = post_new(census->loop, stop, census, &census->stop, err);
        return r >= 0 ? connect_xen(census, err) : r;
}

static void release(XenCensus *census)
{
        watch_free(census->watch);
        if (census->xenstore)
                xs_close(census->xenstore);
        if (census->ctx)
                libxl_ctx_free(census->ctx);
        post_free(census->look);
        post_free(census->stop);
        loop_free(census->loop);
        post_free(census->told);
        pthread_mutex_destroy(&census->lock);
        free(census->domains);
        free(census);
}

int xen_census_new(Loop *loop, XenCensusFn *fn, void *data, XenCensus **ret, Error *err)
{
        XenCensus *census = xnew0(XenCensus, 1);
        int r;

        census->fn = fn;
        census->data = data;
        pthread_mutex_init(&census->lock, NULL);
        r = prepare(census, loop, err);
        if (r >= 0) {
                r = -pthread_create(&census->thread, NULL, thread_run, census);
                if (r < 0)
                        r = error_set_errno(err, -r, "cannot start a thread");
        }
        if (r < 0) {
                release(census);
                return r;
        }
        post_send(census->look);
        *ret = census;
        return 0;
}

uint64_t xen_census_look(XenCensus *census)
{
        uint64_t ticket;

        pthread_mutex_lock(&census->lock);
        ticket = ++census->asked;
        pthread_mutex_unlock(&census->lock);
        post_send(census->look);
        return ticket;
}

XenCensus *xen_census_free(XenCensus *census)
{
        if (!census)
                return NULL;
        post_send(census->stop);
        pthread_join(census->thread, NULL);
        release(census);
        return NULL;
}

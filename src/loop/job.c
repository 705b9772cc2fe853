/* Jobs: a detached thread each, results through one uv_async.
 *
 * A job is queued -> running -> finished -> gone. job_start() queues; start_queued() moves as many
 * as JOB_MAX allows to running, each with a thread; the thread puts it into `finished` and ends;
 * on_ended() calls `done` and frees the job. job_abandon() moves a queued job to finished at once,
 * unrun, and lets a running one go on.
 *
 * A thread touches the job it was given and, under the lock, the list `finished`; all else belongs
 * to the loop thread. It touches nothing after it has released the lock. */
#include "loop/job.h"

#include "loop/internal.h"

#include <assert.h>
#include <signal.h>

enum {
        RETRY_MS = 100,
};

struct Job {
        ListNode node; /* in queued or finished; in none while running */
        Loop *loop;
        JobRunFn *run;
        JobDoneFn *done;
        void *data;
        bool queued, threaded, abandoned;
};

static void finish(Job *job)
{
        JobPool *pool = &job->loop->jobs;

        pthread_mutex_lock(&pool->lock);
        list_append(&pool->finished, &job->node);
        (void) uv_async_send(&pool->ended);
        pthread_mutex_unlock(&pool->lock);
}

static void *thread_main(void *data)
{
        Job *job = data;

        job->run(job->data);
        finish(job);
        return NULL;
}

/* A thread that takes no signals: they are the loop's. 0 or an errno. */
static int start_thread(Job *job)
{
        pthread_attr_t attr;
        pthread_t thread;
        sigset_t all, before;

        int r = pthread_attr_init(&attr);
        if (r != 0)
                return r;
        (void) pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        r = pthread_create(&thread, &attr, thread_main, job);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        pthread_attr_destroy(&attr);
        return r;
}

static void on_retry(uv_timer_t *uv);

static void start_queued(Loop *loop)
{
        JobPool *pool = &loop->jobs;

        while (pool->running < JOB_MAX) {
                Job *job = list_first(&pool->queued, Job, node);

                if (!job)
                        return;
                list_remove(&job->node);
                job->queued = false;
                job->threaded = true;
                if (start_thread(job) != 0) {
                        job->queued = true;
                        job->threaded = false;
                        list_prepend(&pool->queued, &job->node);
                        if (pool->running == 0)
                                (void) uv_timer_start(&pool->retry, on_retry, RETRY_MS, 0);
                        return;
                }
                pool->running++;
        }
}

static void on_retry(uv_timer_t *uv)
{
        start_queued(container_of(uv, Loop, jobs.retry));
}

static Job *next_finished(JobPool *pool)
{
        pthread_mutex_lock(&pool->lock);
        Job *job = list_first(&pool->finished, Job, node);
        if (job)
                list_remove(&job->node);
        pthread_mutex_unlock(&pool->lock);
        return job;
}

static void on_ended(uv_async_t *uv)
{
        Loop *loop = container_of(uv, Loop, jobs.ended);
        JobPool *pool = &loop->jobs;

        for (Job *job; (job = next_finished(pool));) {
                JobDoneFn *done = job->done;
                void *data = job->data;
                bool abandoned = job->abandoned;

                if (job->threaded)
                        pool->running--;
                if (!abandoned)
                        loop->counts[LOOP_KIND_JOB]--;
                pool->owed--;
                free(job);
                start_queued(loop);
                done(data, abandoned);
        }
}

Job *job_start(Loop *loop, JobRunFn *run, JobDoneFn *done, void *data)
{
        Job *job = xnew0(Job, 1);

        *job = (Job){.loop = loop, .run = run, .done = done, .data = data, .queued = true};
        list_append(&loop->jobs.queued, &job->node);
        loop->counts[LOOP_KIND_JOB]++;
        loop->jobs.owed++;
        start_queued(loop);
        return job;
}

void job_abandon(Job *job)
{
        if (!job || job->abandoned)
                return;
        job->abandoned = true;
        job->loop->counts[LOOP_KIND_JOB]--;
        if (!job->queued)
                return;
        list_remove(&job->node);
        job->queued = false;
        finish(job);
}

bool jobs_running(const Loop *loop)
{
        return loop->jobs.running > 0;
}

int jobs_init(Loop *loop)
{
        JobPool *pool = &loop->jobs;

        list_init(&pool->queued);
        list_init(&pool->finished);
        pthread_mutex_init(&pool->lock, NULL);
        int r = uv_async_init(&loop->uv, &pool->ended, on_ended);
        if (r < 0) {
                pthread_mutex_destroy(&pool->lock);
                return r;
        }
        return uv_timer_init(&loop->uv, &pool->retry);
}

void jobs_close(Loop *loop)
{
        JobPool *pool = &loop->jobs;

        while (pool->owed > 0)
                (void) uv_run(&loop->uv, UV_RUN_ONCE);
        uv_close((uv_handle_t *) &pool->ended, NULL);
        uv_close((uv_handle_t *) &pool->retry, NULL);
        pthread_mutex_destroy(&pool->lock);
}

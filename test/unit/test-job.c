/* loop/job: each job runs once, off the loop, and is told of once; a stuck one holds up nobody.
 * Also built with ThreadSanitizer. */
#include "unit-loop.h"

#include "loop/job.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

static pthread_t loop_thread;

typedef struct Work {
        sem_t *enter, *leave; /* posted at the start; waited for before the end. May be NULL */
        int value;            /* written by the thread, without any lock of ours */
        unsigned runs, dones;
        bool abandoned, off_loop, signals_blocked;
        Job *job;
} Work;

static atomic_uint running, most;

static void run(void *data)
{
        Work *work = data;
        unsigned now = atomic_fetch_add(&running, 1) + 1, before = atomic_load(&most);
        sigset_t blocked;

        while (now > before && !atomic_compare_exchange_weak(&most, &before, now))
                ;
        work->off_loop = !pthread_equal(pthread_self(), loop_thread);
        pthread_sigmask(SIG_SETMASK, NULL, &blocked);
        work->signals_blocked = sigismember(&blocked, SIGTERM) && sigismember(&blocked, SIGCHLD);
        if (work->enter)
                sem_post(work->enter);
        if (work->leave)
                while (sem_wait(work->leave) < 0)
                        ;
        work->value = 42;
        work->runs++;
        atomic_fetch_sub(&running, 1);
}

static void done(void *data, bool abandoned)
{
        Work *work = data;

        assert_true(pthread_equal(pthread_self(), loop_thread));
        work->dones++;
        work->abandoned = abandoned;
}

static void start(Work *work)
{
        work->job = job_start(loop, run, done, work);
        assert_int_equal(work->dones, 0);
}

static void finish(const Work *work)
{
        while (work->dones == 0)
                loop_turn(loop, true);
        assert_int_equal(work->dones, 1);
}

static void result_reaches_the_loop(void **state)
{
        Work work = {};

        (void) state;
        start(&work);
        finish(&work);
        assert_int_equal(work.value, 42);
        assert_true(work.off_loop);
        assert_true(work.signals_blocked);
        assert_int_equal(work.runs, 1);
        assert_false(work.abandoned);
        job_abandon(NULL);
}

static void each_once_and_never_more_than_the_limit(void **state)
{
        enum {
                N = 3 * JOB_MAX,
        };
        static Work works[N];
        sem_t enter, leave;

        (void) state;
        sem_init(&enter, 0, 0);
        sem_init(&leave, 0, 0);
        atomic_store(&most, 0);
        for (unsigned i = 0; i < N; i++) {
                works[i] = (Work){.enter = &enter, .leave = &leave};
                start(&works[i]);
        }
        /* So many stand inside at the same time, and no more. */
        for (unsigned i = 0; i < JOB_MAX; i++)
                sem_wait(&enter);
        assert_int_equal(atomic_load(&running), JOB_MAX);
        assert_int_equal(sem_trywait(&enter), -1);
        for (unsigned i = 0; i < N; i++)
                sem_post(&leave);
        for (unsigned i = 0; i < N; i++)
                finish(&works[i]);
        for (unsigned i = 0; i < N; i++) {
                assert_int_equal(works[i].runs, 1);
                assert_int_equal(works[i].dones, 1);
                assert_false(works[i].abandoned);
        }
        assert_int_equal(atomic_load(&most), JOB_MAX);
        sem_destroy(&enter);
        sem_destroy(&leave);
}

static void a_stuck_job_holds_up_nobody(void **state)
{
        sem_t enter, leave;
        Work stuck = {.enter = &enter, .leave = &leave};

        (void) state;
        sem_init(&enter, 0, 0);
        sem_init(&leave, 0, 0);
        start(&stuck);
        sem_wait(&enter);
        for (int i = 0; i < 20; i++) {
                Work work = {};

                start(&work);
                finish(&work);
        }
        assert_int_equal(stuck.dones, 0);
        sem_post(&leave);
        finish(&stuck);
        sem_destroy(&enter);
        sem_destroy(&leave);
}

static void abandoned_while_running(void **state)
{
        sem_t enter, leave;
        Work work = {.enter = &enter, .leave = &leave};

        (void) state;
        sem_init(&enter, 0, 0);
        sem_init(&leave, 0, 0);
        start(&work);
        sem_wait(&enter);
        job_abandon(work.job);
        job_abandon(work.job);
        loop_turn(loop, false);
        assert_int_equal(work.dones, 0); /* the data is the job's until then */
        sem_post(&leave);
        finish(&work);
        assert_true(work.abandoned);
        assert_int_equal(work.runs, 1);
        sem_destroy(&enter);
        sem_destroy(&leave);
}

static void abandoned_before_it_ran(void **state)
{
        static Work works[JOB_MAX + 2];
        sem_t enter, leave;

        (void) state;
        sem_init(&enter, 0, 0);
        sem_init(&leave, 0, 0);
        for (unsigned i = 0; i < ELEMENTSOF(works); i++) {
                works[i] = (Work){.enter = &enter, .leave = &leave};
                start(&works[i]);
        }
        job_abandon(works[JOB_MAX].job);
        assert_int_equal(works[JOB_MAX].dones, 0);
        finish(&works[JOB_MAX]);
        assert_true(works[JOB_MAX].abandoned);
        for (unsigned i = 0; i <= JOB_MAX; i++)
                sem_post(&leave);
        for (unsigned i = 0; i < ELEMENTSOF(works); i++)
                finish(&works[i]);
        assert_int_equal(works[JOB_MAX].runs, 0);
        assert_int_equal(works[JOB_MAX + 1].runs, 1);
        sem_destroy(&enter);
        sem_destroy(&leave);
}

static void *post_later(void *data)
{
        sem_post(data);
        return NULL;
}

/* loop_free() waits for the threads, and the data of each job is given back. */
static void loop_free_waits(void **state)
{
        static Work works[JOB_MAX + 8];
        sem_t enter, leave;
        pthread_t thread;

        (void) state;
        sem_init(&enter, 0, 0);
        sem_init(&leave, 0, 0);
        for (unsigned i = 0; i < ELEMENTSOF(works); i++) {
                works[i] = (Work){.enter = &enter, .leave = i == 0 ? &leave : NULL};
                start(&works[i]);
        }
        sem_wait(&enter);
        for (unsigned i = 0; i < ELEMENTSOF(works); i++)
                job_abandon(works[i].job);
        assert_int_equal(pthread_create(&thread, NULL, post_later, &leave), 0);
        loop = loop_free(loop);
        assert_int_equal(pthread_join(thread, NULL), 0);
        for (unsigned i = 0; i < ELEMENTSOF(works); i++) {
                assert_int_equal(works[i].dones, 1);
                assert_true(works[i].abandoned);
        }
        assert_int_equal(works[0].runs, 1);
        sem_destroy(&enter);
        sem_destroy(&leave);
}

typedef struct Chain {
        Work work;
        unsigned left;
        Work *victim;
} Chain;

static void chain_done(void *data, bool abandoned)
{
        Chain *chain = data;

        assert_false(abandoned);
        if (chain->victim && chain->victim->dones == 0)
                job_abandon(chain->victim->job);
        chain->victim = NULL;
        if (chain->left-- > 0)
                (void) job_start(loop, run, chain_done, chain);
}

static void done_may_start_and_abandon_others(void **state)
{
        sem_t leave;
        Work victim = {.leave = &leave};
        Chain chain = {.left = 10, .victim = &victim};

        (void) state;
        sem_init(&leave, 0, 0);
        start(&victim);
        (void) job_start(loop, run, chain_done, &chain);
        while (chain.left != UINT32_MAX)
                loop_turn(loop, true);
        assert_int_equal(chain.work.runs, 11);
        assert_int_equal(victim.dones, 0);
        sem_post(&leave);
        finish(&victim);
        assert_true(victim.abandoned);
        sem_destroy(&leave);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                loop_test(result_reaches_the_loop),
                loop_test(each_once_and_never_more_than_the_limit),
                loop_test(a_stuck_job_holds_up_nobody),
                loop_test(abandoned_while_running),
                loop_test(abandoned_before_it_ran),
                loop_test(loop_free_waits),
                loop_test(done_may_start_and_abandon_others),
        };

        loop_thread = pthread_self();
        return cmocka_run_group_tests(tests, NULL, NULL);
}

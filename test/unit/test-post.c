#include "unit.h"

#include "loop/post.h"

#include <pthread.h>

enum {
        THREADS = 4,
        SENDS = 5000,
};

typedef struct Box {
        Loop *loop;
        Post *post;
        pthread_mutex_t mutex;
        unsigned put;   /* under the mutex */
        unsigned seen;  /* the loop's */
        unsigned calls; /* of `fn` */
} Box;

static void begin(Box *box, PostFn *fn)
{
        Error err = {};

        *box = (Box){.mutex = PTHREAD_MUTEX_INITIALIZER};
        assert_ok(loop_new(&box->loop, &err));
        assert_ok(post_new(box->loop, fn, box, &box->post, &err));
}

static void end(Box *box)
{
        post_free(box->post);
        loop_free(box->loop);
        pthread_mutex_destroy(&box->mutex);
}

static void look(void *data)
{
        Box *box = data;

        pthread_mutex_lock(&box->mutex);
        box->seen = box->put;
        pthread_mutex_unlock(&box->mutex);
        box->calls++;
}

static void *put_many(void *data)
{
        Box *box = data;

        for (unsigned i = 0; i < SENDS; i++) {
                pthread_mutex_lock(&box->mutex);
                box->put++;
                pthread_mutex_unlock(&box->mutex);
                post_send(box->post);
        }
        return NULL;
}

static void the_loop_sees_everything_that_was_sent(void **state _unused_)
{
        pthread_t threads[THREADS];
        Box box;

        begin(&box, look);
        for (unsigned i = 0; i < THREADS; i++)
                assert_int_equal(pthread_create(&threads[i], NULL, put_many, &box), 0);
        while (box.seen < THREADS * SENDS)
                loop_turn(box.loop, true);
        for (unsigned i = 0; i < THREADS; i++)
                pthread_join(threads[i], NULL);
        end(&box);
}

static void sends_before_the_call_are_one_call(void **state _unused_)
{
        Box box;

        begin(&box, look);
        for (unsigned i = 0; i < 100; i++)
                post_send(box.post);
        assert_int_equal(box.calls, 0);
        loop_turn(box.loop, true);
        loop_turn(box.loop, false);
        assert_int_equal(box.calls, 1);
        end(&box);
}

static void send_again(void *data)
{
        Box *box = data;

        if (++box->calls < 5)
                post_send(box->post);
}

static void a_send_from_inside_calls_again(void **state _unused_)
{
        Box box;

        begin(&box, send_again);
        post_send(box.post);
        while (box.calls < 5)
                loop_turn(box.loop, true);
        end(&box);
}

static void free_self(void *data)
{
        Box *box = data;

        box->calls++;
        box->post = post_free(box->post);
}

static void it_may_be_freed_from_inside_and_with_a_send_pending(void **state _unused_)
{
        Box box;

        begin(&box, free_self);
        post_send(box.post);
        loop_turn(box.loop, true);
        assert_int_equal(box.calls, 1);
        end(&box);

        int fds = count_fds();
        begin(&box, look);
        post_send(box.post);
        box.post = post_free(box.post);
        loop_turn(box.loop, false);
        assert_int_equal(box.calls, 0);
        end(&box);
        assert_int_equal(count_fds(), fds);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_loop_sees_everything_that_was_sent),
                cmocka_unit_test(sends_before_the_call_are_one_call),
                cmocka_unit_test(a_send_from_inside_calls_again),
                cmocka_unit_test(it_may_be_freed_from_inside_and_with_a_send_pending),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Posts: an eventfd that the loop watches.
 *
 * States of `pending`: false -> true by the first post_send(), which alone writes to the eventfd;
 * true -> false by the loop, before it calls `fn`, so that a send during `fn` calls it again. */
#include "loop/post.h"

#include "base/fd.h"
#include "loop/watch.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct Post {
        PostFn *fn;
        void *data;
        Watch *watch;
        int fd;
        atomic_bool pending;
};

static void on_ready(void *data, int events _unused_)
{
        Post *post = data;
        uint64_t count;

        if (read(post->fd, &count, sizeof(count)) != sizeof(count))
                return;
        atomic_exchange(&post->pending, false);
        post->fn(post->data);
}

int post_new(Loop *loop, PostFn *fn, void *data, Post **ret, Error *err)
{
        _cleanup_(post_freep) Post *post = xnew0(Post, 1);
        int r;

        post->fn = fn;
        post->data = data;
        post->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (post->fd < 0)
                return error_set_errno(err, errno, "cannot make an event descriptor");
        r = watch_new(loop, post->fd, WATCH_IN, on_ready, post, &post->watch, err);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(post);
        return 0;
}

void post_send(Post *post)
{
        uint64_t one = 1;

        if (!atomic_exchange(&post->pending, true))
                (void) !write(post->fd, &one, sizeof(one));
}

Post *post_free(Post *post)
{
        if (!post)
                return NULL;
        watch_free(post->watch);
        fd_close(post->fd);
        free(post);
        return NULL;
}

/* Posts: how another thread reaches the loop.
 *
 * post_send() may be called on any thread; `fn` then runs on the loop, after what the sender wrote
 * before it. Sends that come before `fn` has begun are one call of it. */
#pragma once

#include "loop/loop.h"

typedef struct Post Post;
typedef void PostFn(void *data);

int post_new(Loop *loop, PostFn *fn, void *data, Post **ret, Error *err);
void post_send(Post *post);
/* No thread sends any more. What was sent and not yet told is dropped. */
Post *post_free(Post *post);
DEFINE_CLEANUP(Post, post_free)

/* Leaves of the operations that write and read save images. The arguments name the files:
 * args.path, and args.temp_path until the image is published. */
#pragma once

#include "image/image.h"
#include "op/op.h"

/* Part of an operation's state. Zeroed: there is none. */
typedef struct OpImage {
        ImageInfo info;
        int fd_plus_one; /* of the open file, 0: none */
} OpImage;

void op_image_done(OpImage *image);
/* The descriptor, the caller's from here on. */
int op_image_take_fd(OpImage *image);

/* Creates args.temp_path, after a look that args.path may be replaced. `info` is taken over:
 * paused, driver and xml are set. */
int op_image_create(Op *op, OpImage *image, ImageInfo info);
/* Makes it whole and durable; info.stream_len and .checksum are set. */
int op_image_finish(Op *op, const OpImage *image);
/* A step's undo: removes args.temp_path, if it is named already. */
OpStepFn op_image_discard;

/* Opens args.path and checks its header; then `then`, on the loop. */
typedef int OpImageThenFn(Op *op, OpImage *image, Error *err);
int op_image_open(Op *op, OpImage *image, OpImageThenFn *then);

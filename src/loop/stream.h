/* A byte stream over a socket, pipe or pty: buffered input, a bounded output queue, descriptors.
 *
 * States: OPEN -> CLOSED. OPEN calls `input` and `drained`; end of file, an error, or an overrun of
 * the output bound calls `closed` once, and then nothing is called any more. No callback runs
 * inside stream_write(); after stream_free() none runs at all. Any callback may free the stream. */
#pragma once

#include "loop/loop.h"

#include <stdint.h>

typedef struct Stream Stream;

typedef struct StreamOps {
        /* Bytes that arrived and were not consumed yet. Returns how many are consumed now; the rest
         * is shown again, with more behind it, when more arrived. */
        size_t (*input)(void *data, const uint8_t *bytes, size_t len);
        /* The output queue is empty again; not called where it never filled. May be NULL. */
        void (*drained)(void *data);
        /* The other side closed, also by a reset (err->code is ERROR_OK), or why the stream broke.
         * What it said before has been shown, unless the stream was paused. */
        void (*closed)(void *data, const Error *err);
} StreamOps;

typedef struct StreamLimits {
        size_t max_input;  /* unconsumed bytes; at the bound reading pauses. 0: 64 KiB */
        size_t max_output; /* queued bytes; beyond it the stream breaks. 0: 1 MiB */
} StreamLimits;

/* Takes over the descriptor, on success. */
int stream_new(Loop *loop, int fd, const StreamOps *ops, const StreamLimits *limits, void *data,
               Stream **ret, Error *err);
/* Queues a copy, and writes at once what the descriptor takes. */
void stream_write(Stream *stream, const void *bytes, size_t len);
/* Queues one byte that carries the descriptor, which is taken over (unix sockets). The protocol
 * says which byte: libvirt's wants 0, QMP bears white space alone. */
void stream_write_fd(Stream *stream, uint8_t byte, int fd);
/* Bytes queued and not yet taken by the kernel. */
size_t stream_queued(const Stream *stream);
/* Stops and resumes reading. Resuming shows again what was not consumed, on the next turn. */
void stream_pause(Stream *stream, bool paused);
/* The oldest descriptor that came with the input and was not taken, or -1. At most 64 wait. */
int stream_take_fd(Stream *stream);
int stream_fd(const Stream *stream);
/* Closes the descriptor; what is still queued is dropped. */
Stream *stream_free(Stream *stream);
DEFINE_CLEANUP(Stream, stream_free)

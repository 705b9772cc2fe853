/* Save images: a guest's memory in a file that says whether it is whole.
 *
 * Layout, little endian, offsets in bytes:
 *
 *      0  magic "OSTLERSV"            8
 *      8  version (1)                 u32
 *     12  state: 1 partial, 2 whole   u32
 *     16  length of the XML           u32
 *     20  flags: bit 0 guest paused   u32
 *     24  offset of the stream        u64   4096-aligned
 *     32  length of the stream        u64   0 while partial
 *     40  XXH3-64 of the stream       u64   0 while partial
 *     48  created, ms since 1970      u64
 *     56  driver's name               16, NUL padded
 *     72  XXH3-64 of bytes 0-71 and of the XML   u64
 *     80  the domain's XML, live form, then zeros up to the stream
 *
 * A writer makes a partial image, streams, and marks it whole as the last thing before fsync; a
 * reader accepts whole images alone and checks both sums. The header is checked before any length in
 * it is believed. Everything here blocks and runs in jobs, but for the pump's start and free. */
#pragma once

#include "loop/loop.h"

#include <stdint.h>

enum {
        IMAGE_XML_MAX = 4 * 1024 * 1024,
        IMAGE_HELD_BACK = 1024 * 1024,
};

typedef struct ImageInfo {
        bool paused;
        bool whole;
        uint64_t stream_offset, stream_len, checksum, created;
        char driver[17];
        char *xml;
} ImageInfo;

void image_info_done(ImageInfo *info);

/* Creates `path` (which must not exist) as a partial image, mode 0600. From `info` it takes paused,
 * created, driver and xml, and sets stream_offset: where the stream goes. */
int image_create(const char *path, ImageInfo *info, int *ret_fd, Error *err);
/* Marks it whole: header, fsync. The stream lies at info->stream_offset already and fills the file;
 * stream_len and checksum are the pump's. The folder's entry is the caller's to sync. */
int image_finish(int fd, const char *path, const ImageInfo *info, Error *err);
/* Opens and checks the header; the stream's own sum is checked by image_pump_load(). ERROR_BAD_IMAGE
 * names the path and what is wrong: foreign, newer, partial, truncated, damaged, no regular file. ERROR_SYSTEM when it cannot be opened: "Failed to open file 'F': ..." */
int image_open(const char *path, ImageInfo *ret_info, int *ret_fd, Error *err);

/* A pump: moves a stream between a pipe and an image on a thread, and sums it on the way. */
typedef struct ImagePump ImagePump;

typedef struct ImagePumpResult {
        uint64_t bytes;
        uint64_t checksum;
} ImagePumpResult;

typedef void ImagePumpFn(void *data, const ImagePumpResult *result, const Error *err);

/* From the pipe into the file at the current stream offset, until the pipe ends; the data is on disk
 * when `done` is called. Only a regular file is written. Descriptors are taken over. */
ImagePump *image_pump_save(Loop *loop, int pipe_fd, int file_fd, uint64_t offset,
                           ImagePumpFn *done, void *data);
/* From the file into the pipe, `info->stream_len` bytes; the sum must match, else ERROR_BAD_IMAGE. The
 * last block (IMAGE_HELD_BACK bytes, or all of a shorter stream) is let go only when the sum has
 * matched, so no reader ever gets the whole of a damaged stream. The pipe is closed at the end, so that
 * the reader sees it. */
ImagePump *image_pump_load(Loop *loop, int file_fd, int pipe_fd, const ImageInfo *info,
                           ImagePumpFn *done, void *data);
/* Bytes moved until now. */
uint64_t image_pump_bytes(const ImagePump *pump);
/* Makes it end early with ERROR_ABORTED; `done` still comes. */
void image_pump_cancel(ImagePump *pump);
/* After `done`, or before it: then `done` does not come. */
ImagePump *image_pump_free(ImagePump *pump);

/* The header of save images: any bytes are refused or give an image that fits its file.
 *
 * Each input is tried as it is and once more with the header's sum made right, so that the checks
 * behind the sum are reached. */
#include "base/fd.h"
#include "image/image.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xxhash.h>

enum {
        HEADER = 80,
        SUM = 72,
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void require(bool holds, const char *what)
{
        if (!holds) {
                fprintf(stderr, "broken: %s\n", what);
                abort();
        }
}

static void try_open(const uint8_t *bytes, size_t len)
{
        _cleanup_(image_info_done) ImageInfo info = {};
        _cleanup_(error_done) Error err = {};
        _cleanup_(fd_closep) int file = memfd_create("image", MFD_CLOEXEC);
        _cleanup_(fd_closep) int fd = -1;
        char path[32];

        require(file >= 0 && fd_write_all(file, bytes, len) == 0, "the input is a file");
        snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
        int r = image_open(path, &info, &fd, &err);
        if (r < 0) {
                require(r == -ERROR_BAD_IMAGE && strstr(error_text(&err), path), "refused by name");
                require(!info.xml && fd < 0, "nothing is set");
                return;
        }
        require(info.whole && info.xml && strlen(info.xml) <= IMAGE_XML_MAX, "whole, with an XML");
        require(strnlen(info.driver, sizeof(info.driver)) < sizeof(info.driver),
                "a name that ends");
        require(info.stream_offset % 4096 == 0 && info.stream_offset <= len &&
                        len - info.stream_offset == info.stream_len,
                "the stream fills the file");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
        uint32_t xml_len;

        try_open(bytes, len);
        if (len < HEADER)
                return 0;
        memcpy(&xml_len, bytes + 16, sizeof(xml_len));
        if (xml_len > len - HEADER)
                return 0;

        _cleanup_(free_ptr) uint8_t *copy = xmemdup(bytes, len);
        _cleanup_(free_ptr) uint8_t *covered = xmemdup(bytes, len);
        memmove(covered + SUM, covered + HEADER, xml_len);
        uint64_t sum = XXH3_64bits(covered, SUM + xml_len);
        memcpy(copy + SUM, &sum, sizeof(sum));
        try_open(copy, len);
        return 0;
}

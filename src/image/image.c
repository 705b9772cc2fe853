/* The format of save images: making, finishing and judging them. The layout is in image.h.
 *
 *   (no file) -> PARTIAL  image_create()
 *   PARTIAL   -> WHOLE    image_finish(), the stream being in place
 *
 * A reader believes no field before the header's own sum was right, and no sum before the magic and
 * the version said how to make it; the length of the XML, which the sum covers, is bounded first.
 */
#include "image/image.h"

#include "base/fd.h"
#include "base/str.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

enum {
        VERSION = 1,

        STATE_PARTIAL = 1,
        STATE_WHOLE = 2,

        FLAG_PAUSED = 1 << 0,

        ALIGN = 4096,
};

static const char magic[8] = {'O', 'S', 'T', 'L', 'E', 'R', 'S', 'V'};

/* As it stands in the file: little endian, without gaps. */
typedef struct Header {
        char magic[8];
        uint32_t version, state, xml_len, flags;
        uint64_t stream_offset, stream_len, checksum, created;
        char driver[16];
        uint64_t sum; /* of all before it and of the XML */
} Header;

_Static_assert(sizeof(Header) == 80 && offsetof(Header, sum) == 72, "the layout of image.h");

static uint64_t header_sum(const Header *h, const char *xml, size_t xml_len)
{
        XXH3_state_t *state = XXH3_createState();

        (void) XXH3_64bits_reset(state);
        (void) XXH3_64bits_update(state, h, offsetof(Header, sum));
        (void) XXH3_64bits_update(state, xml, xml_len);
        uint64_t sum = XXH3_64bits_digest(state);
        (void) XXH3_freeState(state);
        return sum;
}

static uint64_t align(uint64_t n)
{
        return (n + ALIGN - 1) / ALIGN * ALIGN;
}

void image_info_done(ImageInfo *info)
{
        free(info->xml);
        *info = (ImageInfo){};
}

/* Writing */

static int write_header(int fd, const char *path, const ImageInfo *info, uint32_t state, Error *err)
{
        size_t xml_len = strlen(info->xml);
        Header h = {
                .version = htole32(VERSION),
                .state = htole32(state),
                .xml_len = htole32((uint32_t) xml_len),
                .flags = htole32(info->paused ? FLAG_PAUSED : 0),
                .stream_offset = htole64(info->stream_offset),
                .stream_len = htole64(info->stream_len),
                .checksum = htole64(info->checksum),
                .created = htole64(info->created),
        };

        memcpy(h.magic, magic, sizeof(magic));
        memcpy(h.driver, info->driver, strnlen(info->driver, sizeof(h.driver)));
        h.sum = htole64(header_sum(&h, info->xml, xml_len));
        if (lseek(fd, 0, SEEK_SET) < 0 || fd_write_all(fd, &h, sizeof(h)) < 0 ||
            fd_write_all(fd, info->xml, xml_len) < 0)
                return error_set_errno(err, errno, "cannot write save image '%s'", path);
        return 0;
}

int image_create(const char *path, ImageInfo *info, int *ret_fd, Error *err)
{
        size_t xml_len = strlen(info->xml);
        ImageInfo partial = *info;
        int r;

        if (xml_len > IMAGE_XML_MAX)
                return error_set(err, ERROR_INVALID_ARGUMENT,
                                 "save image '%s' cannot hold an XML of %zu bytes", path, xml_len);
        _cleanup_(fd_closep) int fd =
                open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return error_set_errno(err, errno, "cannot create save image '%s'", path);

        partial.stream_offset = align(sizeof(Header) + xml_len);
        partial.stream_len = partial.checksum = 0;
        r = write_header(fd, path, &partial, STATE_PARTIAL, err);
        if (r < 0) {
                (void) unlink(path);
                return r;
        }
        info->stream_offset = partial.stream_offset;
        *ret_fd = TAKE_FD(fd);
        return 0;
}

int image_finish(int fd, const char *path, const ImageInfo *info, Error *err)
{
        struct stat st;
        int r;

        if (fstat(fd, &st) < 0)
                return error_set_errno(err, errno, "cannot look at save image '%s'", path);
        if (info->stream_offset != align(sizeof(Header) + strlen(info->xml)) ||
            (uint64_t) st.st_size != info->stream_offset + info->stream_len)
                return error_set(err, ERROR_BAD_IMAGE,
                                 "save image '%s' has %llu bytes, which is not what was written",
                                 path, (unsigned long long) st.st_size);
        r = write_header(fd, path, info, STATE_WHOLE, err);
        if (r < 0)
                return r;
        if (fsync(fd) < 0)
                return error_set_errno(err, errno, "cannot sync save image '%s'", path);
        return 0;
}

/* Reading */

/* A name that leads to a device is not opened: that alone may do something. */
static int open_regular(const char *path, uint64_t *ret_size, int *ret_fd, Error *err)
{
        _cleanup_(fd_closep) int place = open(path, O_PATH | O_CLOEXEC);
        char again[32];
        struct stat st;

        if (place < 0 || fstat(place, &st) < 0)
                return error_set_errno(err, errno, "Failed to open file '%s'", path);
        if (!S_ISREG(st.st_mode))
                return error_set(err, ERROR_BAD_IMAGE, "save image '%s' is not a regular file",
                                 path);
        snprintf(again, sizeof(again), "/proc/self/fd/%d", place);
        int fd = open(again, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return error_set_errno(err, errno, "Failed to open file '%s'", path);
        *ret_size = (uint64_t) st.st_size;
        *ret_fd = fd;
        return 0;
}

static int read_exactly(int fd, const char *path, void *buf, size_t len, Error *err)
{
        if (fd_read_all(fd, buf, len) == 0)
                return 0;
        if (errno == ENODATA)
                return error_set(err, ERROR_BAD_IMAGE, "save image '%s' became shorter", path);
        return error_set_errno(err, errno, "cannot read save image '%s'", path);
}

/* What says how to read the rest: magic, version, and the extent of what the sum covers. */
static int read_header(int fd, const char *path, uint64_t size, Header *ret, char **ret_xml,
                       Error *err)
{
        Header h = {};
        int r;

        r = read_exactly(fd, path, &h, size < sizeof(h) ? size : sizeof(h), err);
        if (r < 0)
                return r;
        if (size == 0)
                return error_set(err, ERROR_BAD_IMAGE, "save image '%s' is empty", path);
        if (memcmp(h.magic, magic, size < sizeof(magic) ? size : sizeof(magic)) != 0)
                return error_set(err, ERROR_BAD_IMAGE, "'%s' is not a save image of ostler", path);
        if (size < sizeof(h))
                return error_set(err, ERROR_BAD_IMAGE,
                                 "save image '%s' is truncated within its header", path);

        uint32_t version = le32toh(h.version), xml_len = le32toh(h.xml_len);
        if (version != VERSION)
                return error_set(err, ERROR_BAD_IMAGE,
                                 "save image '%s' has version %u, and this program knows %d", path,
                                 version, VERSION);
        if (xml_len > IMAGE_XML_MAX)
                return error_set(err, ERROR_BAD_IMAGE,
                                 "save image '%s' has a damaged header: an XML of %u bytes", path,
                                 xml_len);
        if (size - sizeof(h) < xml_len)
                return error_set(err, ERROR_BAD_IMAGE,
                                 "save image '%s' is truncated within its XML", path);
        _cleanup_(free_ptr) char *xml = xcalloc(1, (size_t) xml_len + 1);
        r = read_exactly(fd, path, xml, xml_len, err);
        if (r < 0)
                return r;
        if (header_sum(&h, xml, xml_len) != le64toh(h.sum))
                return error_set(err, ERROR_BAD_IMAGE,
                                 "save image '%s' has a damaged header: its sum does not match",
                                 path);
        *ret = h;
        *ret_xml = TAKE_PTR(xml);
        return 0;
}

/* The fields, now that they are what a writer wrote; they may still make no sense. */
static int check_header(const Header *h, const char *xml, const char *path, uint64_t size,
                        Error *err)
{
        uint32_t state = le32toh(h->state), flags = le32toh(h->flags);
        uint64_t offset = le64toh(h->stream_offset), len = le64toh(h->stream_len);
        size_t xml_len = le32toh(h->xml_len), name = strnlen(h->driver, sizeof(h->driver));
        const char zeros[sizeof(h->driver)] = {};
        const char *wrong = NULL;

        if (state == STATE_PARTIAL)
                return error_set(err, ERROR_BAD_IMAGE,
                                 "save image '%s' is partial: its save did not finish", path);
        if (state != STATE_WHOLE)
                wrong = "its state";
        else if (flags & ~(uint32_t) FLAG_PAUSED)
                wrong = "its flags";
        else if (strlen(xml) != xml_len)
                wrong = "its XML";
        else if (name == 0 || memcmp(h->driver + name, zeros, sizeof(h->driver) - name) != 0)
                wrong = "its driver's name";
        else if (offset != align(sizeof(*h) + xml_len))
                wrong = "the place of its stream";
        if (wrong)
                return error_set(err, ERROR_BAD_IMAGE,
                                 "save image '%s' has an impossible header: %s", path, wrong);
        if (size < offset || size - offset < len)
                return error_set(err, ERROR_BAD_IMAGE,
                                 "save image '%s' is truncated: it has %llu bytes of %llu", path,
                                 (unsigned long long) size, (unsigned long long) (offset + len));
        if (size - offset > len)
                return error_set(err, ERROR_BAD_IMAGE, "save image '%s' has %llu bytes too many",
                                 path, (unsigned long long) (size - offset - len));
        return 0;
}

int image_open(const char *path, ImageInfo *ret_info, int *ret_fd, Error *err)
{
        _cleanup_(free_ptr) char *xml = NULL;
        _cleanup_(fd_closep) int fd = -1;
        uint64_t size = 0;
        Header h;
        int r;

        r = open_regular(path, &size, &fd, err);
        if (r < 0)
                return r;
        r = read_header(fd, path, size, &h, &xml, err);
        if (r < 0)
                return r;
        r = check_header(&h, xml, path, size, err);
        if (r < 0)
                return r;

        *ret_info = (ImageInfo){
                .paused = le32toh(h.flags) & FLAG_PAUSED,
                .whole = true,
                .stream_offset = le64toh(h.stream_offset),
                .stream_len = le64toh(h.stream_len),
                .checksum = le64toh(h.checksum),
                .created = le64toh(h.created),
                .xml = TAKE_PTR(xml),
        };
        memcpy(ret_info->driver, h.driver, sizeof(h.driver));
        *ret_fd = TAKE_FD(fd);
        return 0;
}

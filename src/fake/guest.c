#include "fake/guest.h"

#include "base/fd.h"
#include "base/str.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

static char *guest_path(const Driver *driver, const Uuid *uuid)
{
        return xasprintf("%s/%s.guest", driver->host.run_dir, UUID_TEXT(uuid));
}

void fake_guest_follow(FakeGuest *guest, const DomainConfig *config)
{
        guest->balloon_kib = config_current_memory(config);
        guest->vcpus = config_current_vcpus(config);
}

FakeGuest fake_guest_of(const DomainConfig *config)
{
        FakeGuest guest = {.memory = fake_memory_new()};

        fake_guest_follow(&guest, config);
        return guest;
}

bool fake_guest_exists(const Driver *driver, const Uuid *uuid)
{
        _cleanup_(free_ptr) char *path = guest_path(driver, uuid);

        return access(path, F_OK) == 0;
}

int fake_guest_read(const Driver *driver, const Uuid *uuid, FakeGuest *ret, Error *err)
{
        _cleanup_(free_ptr) char *path = guest_path(driver, uuid);
        _cleanup_(free_ptr) char *text = NULL;
        FakeGuest guest;
        int running;
        int r = file_read(path, 256, &text, NULL, err);

        if (r < 0)
                return r;
        if (sscanf(text, "%" SCNu64 " %d %" SCNu64 " %" SCNu32, &guest.memory, &running,
                   &guest.balloon_kib, &guest.vcpus) != 4)
                return error_set(err, ERROR_INTERNAL, "guest file '%s' is damaged", path);
        guest.running = running;
        *ret = guest;
        return 0;
}

int fake_guest_write(const Driver *driver, const Uuid *uuid, const FakeGuest *guest, Error *err)
{
        _cleanup_(free_ptr) char *path = guest_path(driver, uuid);
        _cleanup_(free_ptr) char *temp = xasprintf("%s.new", path);
        FILE *f = fopen(temp, "we");

        /* Not durable: a guest does not survive its host. */
        if (!f)
                return error_set_errno(err, errno, "cannot create '%s'", temp);
        fprintf(f, "%" PRIu64 " %d %" PRIu64 " %" PRIu32 "\n", guest->memory, guest->running,
                guest->balloon_kib, guest->vcpus);
        if (fclose(f) != 0 || rename(temp, path) < 0)
                return error_set_errno(err, errno, "cannot write '%s'", path);
        return 0;
}

void fake_guest_remove(const Driver *driver, const Uuid *uuid)
{
        _cleanup_(free_ptr) char *path = guest_path(driver, uuid);

        (void) unlink(path);
}

uint64_t fake_memory_new(void)
{
        uint64_t memory = 0;

        if (getrandom(&memory, sizeof(memory), 0) != sizeof(memory))
                memory = (uintptr_t) &memory;
        return memory | 1;
}

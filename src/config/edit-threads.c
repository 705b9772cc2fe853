/* Edits of the guest's threads: virtual processors, I/O threads, and where they run. */
#include "base/str.h"
#include "config/cpu-set.h"
#include "config/edit-internal.h"

/* --- virtual processors --- */

int edit_max_vcpus(DomainConfig *config, const Edit *edit, bool live, Error *err)
{
        const CpuTopology *topology = config->cpu ? config->cpu->topology : NULL;

        if (live)
                return error_set(err, ERROR_OPERATION_INVALID,
                                 "maximum vcpu count of a live domain can't be modified");
        if (topology && (uint64_t) topology->sockets * (topology->has_dies ? topology->dies : 1) *
                                        topology->cores * topology->threads !=
                                edit->number)
                return error_set(err, ERROR_INVALID_ARGUMENT,
                                 "CPU topology doesn't match the desired vcpu count");
        if (config->has_vcpu_current && config->vcpu_current >= edit->number)
                config->has_vcpu_current = false, config->vcpu_current = 0;
        config->vcpus = (uint32_t) edit->number;
        return 0;
}

int edit_vcpus(DomainConfig *config, const Edit *edit, bool live, Error *err)
{
        if (edit->number > config->vcpus)
                return error_set(err, ERROR_INVALID_ARGUMENT,
                                 "requested vcpus is greater than max allowable vcpus for the %s "
                                 "domain: %llu > %u",
                                 live ? "live" : "persistent", (unsigned long long) edit->number,
                                 config->vcpus);
        config->has_vcpu_current = edit->number < config->vcpus;
        config->vcpu_current = config->has_vcpu_current ? (uint32_t) edit->number : 0;
        return 0;
}

/* --- pins --- */

static CpuTune *cpu_tune_of(DomainConfig *config)
{
        if (!config->cpu_tune) {
                config->cpu_tune = xnew0(CpuTune, 1);
                cpu_tune_init(config->cpu_tune);
        }
        return config->cpu_tune;
}

static int check_set(const Edit *edit, Error *err)
{
        CpuSet set;

        return edit->text && cpu_set_parse(edit->text, &set)
                       ? 0
                       : error_set(err, ERROR_INVALID_ARGUMENT, "Empty cpu list for pinning");
}

static void set_text(char **at, const char *text)
{
        free(*at);
        *at = xstrdup(text);
}

int edit_vcpu_pin(DomainConfig *config, const Edit *edit, bool live, Error *err)
{
        uint32_t count = live ? config_current_vcpus(config) : config->vcpus;
        int r = check_set(edit, err);
        CpuTune *tune;

        if (r < 0)
                return r;
        if (edit->id >= count)
                return error_set(err, ERROR_INVALID_ARGUMENT,
                                 "vcpu %u is out of range of %s cpu count %u", edit->id,
                                 live ? "live" : "persistent", count);
        tune = cpu_tune_of(config);
        for (size_t i = 0; i < tune->vcpu_pins.len; i++)
                if (tune->vcpu_pins.items[i].vcpu == edit->id) {
                        set_text(&tune->vcpu_pins.items[i].cpuset, edit->text);
                        return 0;
                }
        *vec_push(&tune->vcpu_pins) = (VcpuPin){.vcpu = edit->id, .cpuset = xstrdup(edit->text)};
        return 0;
}

int edit_emulator_pin(DomainConfig *config, const Edit *edit, bool live, Error *err)
{
        int r = check_set(edit, err);

        (void) live;
        if (r >= 0)
                set_text(&cpu_tune_of(config)->emulator_pin, edit->text);
        return r;
}

int edit_iothread_pin(DomainConfig *config, const Edit *edit, bool live, Error *err)
{
        int r = check_set(edit, err);
        CpuTune *tune;

        (void) live;
        if (r < 0)
                return r;
        if (!config_has_iothread(config, edit->id))
                return error_set(err, ERROR_INVALID_ARGUMENT, "iothreadid %u not found", edit->id);
        tune = cpu_tune_of(config);
        for (size_t i = 0; i < tune->iothread_pins.len; i++)
                if (tune->iothread_pins.items[i].iothread == edit->id) {
                        set_text(&tune->iothread_pins.items[i].cpuset, edit->text);
                        return 0;
                }
        *vec_push(&tune->iothread_pins) =
                (IoThreadPin){.iothread = edit->id, .cpuset = xstrdup(edit->text)};
        return 0;
}

/* --- I/O threads --- */

/* Those that had a place in the count alone get their numbers written down. */
static void name_iothreads(DomainConfig *config)
{
        while (config->iothread_ids.len < config->iothreads) {
                uint32_t id = config_iothread_id(config, config->iothread_ids.len);

                vec_push(&config->iothread_ids)->id = id;
        }
}

static void count_iothreads(DomainConfig *config)
{
        config->iothreads = (uint32_t) config->iothread_ids.len;
        config->has_iothreads = config->iothreads > 0;
}

int edit_iothread_add(DomainConfig *config, const Edit *edit, bool live, Error *err)
{
        (void) live;
        if (edit->id == 0)
                return error_set(err, ERROR_INVALID_ARGUMENT, "invalid value of 0 for iothread_id");
        if (config_has_iothread(config, edit->id))
                return error_set(err, ERROR_INVALID_ARGUMENT,
                                 "an IOThread is already using iothread_id '%u'", edit->id);
        name_iothreads(config);
        vec_push(&config->iothread_ids)->id = edit->id;
        count_iothreads(config);
        return 0;
}

static int check_unused(const DomainConfig *config, uint32_t id, Error *err)
{
        for (size_t i = 0; i < config->disks.len; i++) {
                const Disk *disk = &config->disks.items[i];

                if (disk->driver.has_iothread && disk->driver.iothread == id)
                        return error_set(err, ERROR_INVALID_ARGUMENT,
                                         "cannot remove IOThread %u since it is being used by disk "
                                         "'%s'",
                                         id, disk->target);
        }
        for (size_t i = 0; i < config->controllers.len; i++) {
                const Controller *controller = &config->controllers.items[i];

                if (controller->has_iothread && controller->iothread == id)
                        return error_set(err, ERROR_INVALID_ARGUMENT,
                                         "cannot remove IOThread '%u' since it is being used by "
                                         "controller",
                                         id);
        }
        return 0;
}

int edit_iothread_delete(DomainConfig *config, const Edit *edit, bool live, Error *err)
{
        CpuTune *tune = config->cpu_tune;
        int r;

        (void) live;
        if (!config_has_iothread(config, edit->id))
                return error_set(err, ERROR_INVALID_ARGUMENT,
                                 "cannot find IOThread '%u' in iothreadids list", edit->id);
        r = check_unused(config, edit->id, err);
        if (r < 0)
                return r;
        name_iothreads(config);
        for (size_t i = 0; i < config->iothread_ids.len; i++)
                if (config->iothread_ids.items[i].id == edit->id) {
                        vec_remove(&config->iothread_ids, i);
                        break;
                }
        for (size_t i = 0; tune && i < tune->iothread_pins.len; i++)
                if (tune->iothread_pins.items[i].iothread == edit->id) {
                        free(tune->iothread_pins.items[i].cpuset);
                        vec_remove(&tune->iothread_pins, i);
                        break;
                }
        count_iothreads(config);
        return 0;
}

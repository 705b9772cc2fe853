/* What a configuration says of the host's resources, and must not say, whatever the hypervisor. */
#include "base/str.h"
#include "config/cpu-set.h"
#include "config/finish.h"

static int check_set(const char *text, const char *element, Error *err)
{
        CpuSet set;

        if (!text || cpu_set_parse(text, &set))
                return 0;
        return error_set(err, ERROR_XML_INVALID, "<%s>: '%.64s' is no set of processors or nodes",
                         element, text);
}

/* Each virtual processor is in one cell at most, and there are no others. */
static int check_cells(const DomainConfig *config, Error *err)
{
        _cleanup_(free_ptr) CpuSet *all = xnew0(CpuSet, 1), *set = xnew0(CpuSet, 1);

        for (size_t i = 0; config->cpu && i < config->cpu->cells.len; i++) {
                const NumaCell *cell = &config->cpu->cells.items[i];
                uint32_t id = cell->has_id ? cell->id : (uint32_t) i;

                if (id >= config->cpu->cells.len)
                        return error_set(err, ERROR_XML_INVALID,
                                         "<cell> in <numa>: id %u, and there are %zu cells", id,
                                         config->cpu->cells.len);
                for (size_t k = 0; k < i; k++)
                        if (config->cpu->cells.items[k].has_id == cell->has_id && cell->has_id &&
                            config->cpu->cells.items[k].id == id)
                                return error_set(err, ERROR_XML_INVALID,
                                                 "<cell> in <numa>: id %u appears twice", id);
                if (!cell->memory)
                        return error_set(err, ERROR_XML_INVALID,
                                         "<cell> in <numa>: cell %u has no memory", id);
                if (!cell->cpus)
                        continue;
                int r = check_set(cell->cpus, "cell", err);
                if (r < 0)
                        return r;
                cpu_set_parse(cell->cpus, set);
                if (cpu_set_last(set) >= (long) config->vcpus)
                        return error_set(err, ERROR_XML_INVALID,
                                         "<cell> in <numa>: there is no processor %ld",
                                         cpu_set_last(set));
                for (unsigned cpu = 0; cpu < config->vcpus; cpu++) {
                        if (cpu_set_has(set, cpu) && cpu_set_has(all, cpu))
                                return error_set(err, ERROR_XML_INVALID,
                                                 "<cell> in <numa>: processor %u is in two cells",
                                                 cpu);
                        if (cpu_set_has(set, cpu))
                                all->bits[cpu / 64] |= 1ull << (cpu % 64);
                }
        }
        return 0;
}

static int check_pins(const DomainConfig *config, Error *err)
{
        const CpuTune *tune = config->cpu_tune;
        int r = 0;

        if (!tune)
                return 0;
        for (size_t i = 0; i < tune->vcpu_pins.len && r == 0; i++) {
                const VcpuPin *pin = &tune->vcpu_pins.items[i];

                for (size_t k = 0; k < i; k++)
                        if (tune->vcpu_pins.items[k].vcpu == pin->vcpu)
                                return error_set(err, ERROR_XML_INVALID,
                                                 "<vcpupin>: processor %u appears twice",
                                                 pin->vcpu);
                r = check_set(pin->cpuset, "vcpupin", err);
        }
        for (size_t i = 0; i < tune->iothread_pins.len && r == 0; i++)
                r = check_set(tune->iothread_pins.items[i].cpuset, "iothreadpin", err);
        return r < 0 ? r : check_set(tune->emulator_pin, "emulatorpin", err);
}

static int check_nodes(const DomainConfig *config, Error *err)
{
        const NumaTune *tune = config->numa_tune;
        size_t cells = config->cpu ? config->cpu->cells.len : 0;
        int r;

        if (!tune)
                return 0;
        if (tune->placement == VCPU_PLACEMENT_STATIC && !tune->nodeset)
                return error_set(err, ERROR_XML_INVALID,
                                 "<memory> in <numatune>: placement static needs nodeset");
        r = check_set(tune->nodeset, "numatune", err);
        for (size_t i = 0; i < tune->nodes.len && r == 0; i++) {
                if (tune->nodes.items[i].cell >= cells)
                        return error_set(err, ERROR_XML_INVALID,
                                         "<memnode> in <numatune>: there is no cell %u",
                                         tune->nodes.items[i].cell);
                r = check_set(tune->nodes.items[i].nodeset, "memnode", err);
        }
        return r;
}

uint32_t config_iothread_id(const DomainConfig *config, size_t n)
{
        size_t given = config->iothread_ids.len;
        uint32_t id = 1;

        if (n < given)
                return config->iothread_ids.items[n].id;
        for (;; id++) {
                bool taken = false;
                for (size_t i = 0; i < given; i++)
                        taken |= config->iothread_ids.items[i].id == id;
                if (!taken && n-- == given)
                        return id;
        }
}

size_t config_iothreads(const DomainConfig *config)
{
        return config->iothread_ids.len > config->iothreads ? config->iothread_ids.len
                                                            : config->iothreads;
}

bool config_has_iothread(const DomainConfig *config, uint32_t id)
{
        for (size_t i = 0; i < config_iothreads(config); i++)
                if (config_iothread_id(config, i) == id)
                        return true;
        return false;
}

const char *config_vcpu_cpuset(const DomainConfig *config, uint64_t vcpu)
{
        const CpuTune *tune = config->cpu_tune;

        for (size_t i = 0; tune && i < tune->vcpu_pins.len; i++)
                if (tune->vcpu_pins.items[i].vcpu == vcpu)
                        return tune->vcpu_pins.items[i].cpuset;
        return config->vcpu_cpuset;
}

const char *config_iothread_cpuset(const DomainConfig *config, uint32_t id)
{
        const CpuTune *tune = config->cpu_tune;

        for (size_t i = 0; tune && i < tune->iothread_pins.len; i++)
                if (tune->iothread_pins.items[i].iothread == id)
                        return tune->iothread_pins.items[i].cpuset;
        return config->vcpu_cpuset;
}

const char *config_emulator_cpuset(const DomainConfig *config)
{
        const CpuTune *tune = config->cpu_tune;

        return tune && tune->emulator_pin ? tune->emulator_pin : config->vcpu_cpuset;
}

static int check_iothreads(const DomainConfig *config, Error *err)
{
        for (size_t i = 0; i < config->iothread_ids.len; i++)
                for (size_t k = 0; k < i; k++)
                        if (config->iothread_ids.items[i].id == config->iothread_ids.items[k].id)
                                return error_set(err, ERROR_XML_INVALID,
                                                 "<iothread>: number %u appears twice",
                                                 config->iothread_ids.items[i].id);
        for (size_t i = 0; i < config->disks.len; i++) {
                const Disk *disk = &config->disks.items[i];

                if (disk->driver.has_iothread && !config_has_iothread(config, disk->driver.iothread))
                        return error_set(err, ERROR_XML_INVALID,
                                         "disk '%s': there is no I/O thread %u", disk->target,
                                         disk->driver.iothread);
        }
        for (size_t i = 0; i < config->controllers.len; i++) {
                const Controller *c = &config->controllers.items[i];

                if (c->has_iothread && !config_has_iothread(config, c->iothread))
                        return error_set(err, ERROR_XML_INVALID,
                                         "controller %s %u: there is no I/O thread %u",
                                         controller_type_text(c->type), c->index, c->iothread);
        }
        return 0;
}

static int check_audio(const DomainConfig *config, Error *err)
{
        for (size_t i = 0; i < config->audios.len; i++)
                for (size_t k = 0; k < i; k++)
                        if (config->audios.items[i].id == config->audios.items[k].id)
                                return error_set(err, ERROR_XML_INVALID,
                                                 "<audio>: number %u appears twice",
                                                 config->audios.items[i].id);
        for (size_t i = 0; i < config->sounds.len; i++) {
                const Sound *sound = &config->sounds.items[i];
                bool there = !sound->has_audio;

                for (size_t k = 0; k < config->audios.len; k++)
                        there |= config->audios.items[k].id == sound->audio;
                if (!there)
                        return error_set(err, ERROR_XML_INVALID, "sound %zu: there is no audio %u",
                                         i, sound->audio);
        }
        return 0;
}

int config_check_tune(const DomainConfig *config, Error *err)
{
        int r;

        if ((r = check_cells(config, err)) < 0 || (r = check_pins(config, err)) < 0 ||
            (r = check_nodes(config, err)) < 0 || (r = check_iothreads(config, err)) < 0)
                return r;
        return check_audio(config, err);
}

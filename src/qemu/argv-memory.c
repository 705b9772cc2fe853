/* The command line of memory: how much, what it is made of, and its cells.
 *
 * Plain memory needs an amount alone. What the host is to do in a certain way (large pages,
 * sharing, nodes) needs an object: one for the guest, called as QEMU calls its own so that the
 * stream of a saved guest fits both, or one for each cell. */
#include "config/cpu-set.h"
#include "qemu/argv-internal.h"

static bool needs_object(const DomainConfig *config)
{
        const MemoryBacking *backing = config->memory_backing;
        const NumaTune *tune = config->numa_tune;

        return (backing &&
                (backing->hugepages || backing->source || backing->access ||
                 backing->allocation == MEMORY_ALLOCATION_IMMEDIATE || backing->discard)) ||
               (tune && tune->nodeset && tune->mode != NUMA_MODE_RESTRICTIVE);
}

static size_t cells(const DomainConfig *config)
{
        return config->cpu ? config->cpu->cells.len : 0;
}

bool argv_has_ram_object(const DomainConfig *config)
{
        return cells(config) == 0 && needs_object(config);
}

/* The numbers of a set as JSON. */
static json_t *set_json(const char *text)
{
        _cleanup_(free_ptr) CpuSet *set = xnew0(CpuSet, 1);
        json_t *list = json_array();

        if (cpu_set_parse(text, set))
                for (unsigned i = 0; i < CPU_SET_MAX; i++)
                        if (cpu_set_has(set, i))
                                json_array_append_new(list, json_integer(i));
        return list;
}

static const HugePage *page_of(const HugePages *pages, const NumaCell *cell)
{
        _cleanup_(free_ptr) CpuSet *set = xnew0(CpuSet, 1);
        const HugePage *all = NULL;

        for (size_t i = 0; i < pages->pages.len; i++) {
                const HugePage *page = &pages->pages.items[i];

                if (!page->nodeset)
                        all = page;
                else if (cell && cpu_set_parse(page->nodeset, set) && cpu_set_has(set, cell->id))
                        return page;
        }
        return all;
}

/* Whether this cell, or the whole guest, is in large pages. */
static bool is_huge(const HugePages *pages, const NumaCell *cell)
{
        return pages && (pages->pages.len == 0 || page_of(pages, cell));
}

static void add_nodes(json_t *object, const NumaTune *tune, const NumaCell *cell)
{
        const char *nodeset = tune ? tune->nodeset : NULL;
        NumaMode mode = tune ? tune->mode : NUMA_MODE_UNSET;

        for (size_t i = 0; tune && cell && i < tune->nodes.len; i++)
                if (tune->nodes.items[i].cell == cell->id) {
                        nodeset = tune->nodes.items[i].nodeset;
                        mode = tune->nodes.items[i].mode;
                }
        if (!nodeset || mode == NUMA_MODE_RESTRICTIVE)
                return;
        json_object_set_new(object, "host-nodes", set_json(nodeset));
        json_object_set_new(object, "policy",
                            json_string(mode == NUMA_MODE_PREFERRED    ? "preferred"
                                        : mode == NUMA_MODE_INTERLEAVE ? "interleave"
                                                                       : "bind"));
}

/* `cell` NULL: all of the guest's memory. */
static void add_object(Argv *argv, const char *id, uint64_t kib, const NumaCell *cell)
{
        static const MemoryBacking plain = {};
        const DomainConfig *config = argv->config;
        const MemoryBacking *backing = config->memory_backing ? config->memory_backing : &plain;
        bool huge = is_huge(backing->hugepages, cell);
        MemoryAccess access = cell && cell->access ? cell->access : backing->access;
        bool shared = access == MEMORY_ACCESS_SHARED;
        bool memfd = huge || shared || backing->source == MEMORY_SOURCE_MEMFD;
        bool immediate = huge || backing->allocation == MEMORY_ALLOCATION_IMMEDIATE;
        json_t *object = json_pack("{s:s, s:s, s:I}", "qom-type",
                                   memfd ? "memory-backend-memfd" : "memory-backend-ram", "id", id,
                                   "size", (json_int_t) (kib * 1024));

        if (huge) {
                const HugePage *page = page_of(backing->hugepages, cell);

                json_object_set_new(object, "hugetlb", json_true());
                device_number(object, "hugetlbsize", page != NULL, page ? page->size * 1024 : 0);
        }
        if (memfd)
                json_object_set_new(object, "share", json_boolean(shared));
        device_onoff(object, "prealloc", immediate, true);
        device_number(object, "prealloc-threads", immediate && backing->has_threads,
                      backing->threads);
        add_nodes(object, config->numa_tune, cell);
        argv_json(argv, "-object", object);
}

/* One -numa for each run of processors is needed: "0-1,3" is two. */
static void add_cell(Argv *argv, const NumaCell *cell)
{
        char id[32];
        _cleanup_(str_done) Str text = {};

        snprintf(id, sizeof(id), "ram-node%u", cell->id);
        add_object(argv, id, cell->memory, cell);
        str_addf(&text, "node,nodeid=%u", cell->id);
        if (cell->cpus) {
                _cleanup_(free_ptr) CpuSet *set = xnew0(CpuSet, 1);

                cpu_set_parse(cell->cpus, set);
                for (unsigned i = 0, first; i < argv->config->vcpus; i++) {
                        if (!cpu_set_has(set, i))
                                continue;
                        for (first = i; cpu_set_has(set, i + 1);)
                                i++;
                        str_addf(&text, ",cpus=%u", first);
                        if (i > first)
                                str_addf(&text, "-%u", i);
                }
        }
        str_addf(&text, ",memdev=%s", id);
        argv_add(argv, "-numa");
        argv_add(argv, text.text);
}

static void add_cells(Argv *argv)
{
        const Cpu *cpu = argv->config->cpu;

        for (size_t i = 0; i < cells(argv->config); i++)
                add_cell(argv, &cpu->cells.items[i]);
        for (size_t i = 0; i < cells(argv->config); i++) {
                const NumaCell *cell = &cpu->cells.items[i];

                for (size_t k = 0; k < cell->distances.len; k++) {
                        argv_add(argv, "-numa");
                        argv_addf(argv, "dist,src=%u,dst=%u,val=%u", cell->id,
                                  cell->distances.items[k].cell, cell->distances.items[k].value);
                }
        }
}

int argv_memory(Argv *argv, Error *err)
{
        const DomainConfig *config = argv->config;
        bool locked = config->memory_backing && config->memory_backing->locked;

        (void) err;
        argv_add(argv, "-m");
        argv_addf(argv, "size=%lluk", (unsigned long long) config->memory);
        argv_add(argv, "-overcommit");
        argv_addf(argv, "mem-lock=%s", locked ? "on" : "off");
        if (argv_has_ram_object(config))
                add_object(argv, "pc.ram", config->memory, NULL);
        add_cells(argv);
        return 0;
}

/* The command line of processors: model, features, enlightenments, topology. */
#include "qemu/argv-internal.h"

static const char *policy_word(CpuPolicy policy)
{
        return policy == CPU_POLICY_DISABLE || policy == CPU_POLICY_FORBID ? "off" : "on";
}

/* The emulator has no host processor to pass through: there it is all that it can offer. */
static const char *cpu_model(const DomainConfig *config)
{
        const Cpu *cpu = config->cpu;

        if (!cpu)
                return NULL;
        switch (cpu->mode) {
        case CPU_MODE_HOST_MODEL:
        case CPU_MODE_HOST_PASSTHROUGH:
                return config_is_kvm(config) ? "host" : "max";
        case CPU_MODE_MAXIMUM:
                return "max";
        default:
                return cpu->model;
        }
}

static void add_features(Str *text, const DomainConfig *config)
{
        const Cpu *cpu = config->cpu;

        for (size_t i = 0; i < cpu->features.len; i++) {
                const CpuFeature *feature = &cpu->features.items[i];

                str_addc(text, ',');
                argv_value(text, feature->name);
                str_addf(text, "=%s", policy_word(feature->policy));
        }
        argv_onoff(text, "migratable", cpu->has_migratable && config_is_kvm(config),
                   cpu->migratable);
        if (cpu->cache) {
                CpuCacheMode mode = cpu->cache->mode;

                /* Only models that stand for the host know of its caches. */
                argv_onoff(text, "host-cache-info", mode == CPU_CACHE_MODE_PASSTHROUGH, true);
                argv_onoff(text, "l3-cache", true, mode == CPU_CACHE_MODE_EMULATE);
        }
        if (cpu->address && cpu->address->mode == CPU_ADDRESS_MODE_EMULATE &&
            cpu->address->has_bits)
                str_addf(text, ",phys-bits=%u,host-phys-bits=off", cpu->address->bits);
        else if (cpu->address)
                argv_onoff(text, "host-phys-bits", config_is_kvm(config), true);
}

/* What paravirtual guests find, from <features> and the timers. */
static void add_paravirtual(Str *text, const DomainConfig *config)
{
        const Features *features = &config->features;
        const KvmFeatures *kvm = features->kvm;
        const ClockTimer *kvmclock = config_timer(config, TIMER_NAME_KVMCLOCK);
        const ClockTimer *tsc = config_timer(config, TIMER_NAME_TSC);

        argv_onoff(text, "pmu", features->has_pmu, features->pmu);
        if (kvm) {
                argv_onoff(text, "kvm", kvm->has_hidden, !kvm->hidden);
                argv_onoff(text, "kvm-hint-dedicated", kvm->has_hint_dedicated,
                           kvm->hint_dedicated);
                argv_onoff(text, "kvm-poll-control", kvm->has_poll_control, kvm->poll_control);
        }
        argv_onoff(text, "kvm-pv-unhalt", features->has_pvspinlock, features->pvspinlock);
        if (features->apic)
                argv_onoff(text, "kvm-pv-eoi", features->apic->has_eoi, features->apic->eoi);
        argv_onoff(text, "kvmclock", kvmclock && kvmclock->has_present,
                   kvmclock && kvmclock->present);
        if (tsc && tsc->has_frequency)
                str_addf(text, ",tsc-frequency=%llu", (unsigned long long) tsc->frequency);
}

static void add_hyperv(Str *text, const DomainConfig *config)
{
        const Hyperv *hyperv = config->features.hyperv;
        const ClockTimer *clock = config_timer(config, TIMER_NAME_HYPERVCLOCK);

        argv_onoff(text, "hv-time", clock && clock->has_present, clock && clock->present);
        for (size_t i = 0; i < config->panics.len; i++)
                argv_onoff(text, "hv-crash", config->panics.items[i].model == PANIC_MODEL_HYPERV,
                           true);
        if (!hyperv)
                return;
        argv_onoff(text, "hv-passthrough", hyperv->mode == HYPERV_MODE_PASSTHROUGH, true);

        const struct {
                const char *name;
                bool has, on;
        } words[] = {
                {"hv-relaxed", hyperv->has_relaxed, hyperv->relaxed},
                {"hv-vapic", hyperv->has_vapic, hyperv->vapic},
                {"hv-vpindex", hyperv->has_vpindex, hyperv->vpindex},
                {"hv-runtime", hyperv->has_runtime, hyperv->runtime},
                {"hv-synic", hyperv->has_synic, hyperv->synic},
                {"hv-stimer", hyperv->stimer != NULL, hyperv->stimer && hyperv->stimer->state},
                {"hv-stimer-direct", hyperv->stimer && hyperv->stimer->has_direct,
                 hyperv->stimer && hyperv->stimer->direct},
                {"hv-reset", hyperv->has_reset, hyperv->reset},
                {"hv-frequencies", hyperv->has_frequencies, hyperv->frequencies},
                {"hv-reenlightenment", hyperv->has_reenlightenment, hyperv->reenlightenment},
                {"hv-tlbflush", hyperv->has_tlbflush, hyperv->tlbflush},
                {"hv-ipi", hyperv->has_ipi, hyperv->ipi},
                {"hv-evmcs", hyperv->has_evmcs, hyperv->evmcs},
                {"hv-avic", hyperv->has_avic, hyperv->avic},
        };
        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                argv_onoff(text, words[i].name, words[i].has, words[i].on);
        if (hyperv->spinlocks && hyperv->spinlocks->state)
                str_addf(text, ",hv-spinlocks=0x%x",
                         hyperv->spinlocks->has_retries ? hyperv->spinlocks->retries : 4095);
        if (hyperv->vendor_id && hyperv->vendor_id->state && hyperv->vendor_id->value) {
                str_add(text, ",hv-vendor-id=");
                argv_value(text, hyperv->vendor_id->value);
        }
}

static void add_model(Argv *argv)
{
        const DomainConfig *config = argv->config;
        const char *model = cpu_model(config);
        _cleanup_(str_done) Str text = {}, more = {};

        if (model)
                add_features(&more, config);
        add_paravirtual(&more, config);
        add_hyperv(&more, config);
        if (!model && !more.len)
                return;
        argv_value(&text, model ? model : "qemu64");
        str_addn(&text, more.text ? more.text : "", more.len);
        argv_add(argv, "-cpu");
        argv_add(argv, text.text);
}

static void add_topology(Argv *argv)
{
        const DomainConfig *config = argv->config;
        const CpuTopology *topology = config->cpu ? config->cpu->topology : NULL;
        uint32_t now = config_current_vcpus(config);
        _cleanup_(str_done) Str smp = {};

        str_addf(&smp, "%u", now);
        if (now != config->vcpus)
                str_addf(&smp, ",maxcpus=%u", config->vcpus);
        if (topology) {
                str_addf(&smp, ",sockets=%u", topology->sockets);
                if (topology->has_dies)
                        str_addf(&smp, ",dies=%u", topology->dies);
                str_addf(&smp, ",cores=%u,threads=%u", topology->cores, topology->threads);
        } else {
                str_addf(&smp, ",sockets=%u,cores=1,threads=1", config->vcpus);
        }
        argv_add(argv, "-smp");
        argv_add(argv, smp.text);
}

static void add_iothreads(Argv *argv)
{
        const DomainConfig *config = argv->config;

        for (uint32_t i = 0; i < config->iothreads; i++) {
                const IoThread *given =
                        i < config->iothread_ids.len ? &config->iothread_ids.items[i] : NULL;
                char id[32];
                json_t *object;

                snprintf(id, sizeof(id), "iothread%u", config_iothread_id(config, i));
                object = json_pack("{s:s, s:s}", "qom-type", "iothread", "id", id);
                device_number(object, "thread-pool-min", given && given->has_thread_pool_min,
                              given ? given->thread_pool_min : 0);
                device_number(object, "thread-pool-max", given && given->has_thread_pool_max,
                              given ? given->thread_pool_max : 0);
                argv_json(argv, "-object", object);
        }
}

int argv_cpu(Argv *argv, Error *err)
{
        (void) err;
        add_model(argv);
        add_topology(argv);
        add_iothreads(argv);
        return 0;
}

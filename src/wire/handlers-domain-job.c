/* The job of a domain: what a save or restore has done, and its end on request. */
#include "wire/handler.h"

#include "wire/typed-params.h"
#include "wire/word-map.h"

#include <libvirt/libvirt.h>

static int32_t job_type(const EngineJob *job)
{
        if (!job->active)
                return VIR_DOMAIN_JOB_NONE;
        return job->progress.total > 0 ? VIR_DOMAIN_JOB_BOUNDED : VIR_DOMAIN_JOB_UNBOUNDED;
}

/* A domain that is off can have a job: a restore that has not shown its guest yet. */
static int find_job(WireCall *call, const WireDomain *dom, EngineJob *ret, Error *err)
{
        Domain *d;
        int r = call_domain(call, dom, &d, err);

        if (r < 0)
                return r;
        engine_job(d, ret);
        if (!ret->active && !domain_active(d))
                return error_set(err, ERROR_OPERATION_INVALID, "domain is not running");
        return 0;
}

static int get_job_info(WireCall *call, Error *err)
{
        const RemoteDomainGetJobInfoArgs *args = call->args;
        RemoteDomainGetJobInfoRet *ret = call->ret;
        EngineJob job;
        int r = find_job(call, &args->dom, &job, err);

        if (r < 0)
                return r;
        ret->type = job_type(&job);
        if (!job.active)
                return WIRE_DONE;
        ret->time_elapsed = job.elapsed_ms;
        ret->data_processed = ret->mem_processed = job.progress.done;
        ret->data_total = ret->mem_total =
                job.progress.total > job.progress.done ? job.progress.total : job.progress.done;
        ret->data_remaining = ret->mem_remaining = ret->data_total - ret->data_processed;
        return WIRE_DONE;
}

static int get_job_stats(WireCall *call, Error *err)
{
        const RemoteDomainGetJobStatsArgs *args = call->args;
        RemoteDomainGetJobStatsRet *ret = call->ret;
        const uint32_t supported =
                VIR_DOMAIN_JOB_STATS_COMPLETED | VIR_DOMAIN_JOB_STATS_KEEP_COMPLETED;
        TypedParams params = {};
        EngineJob job;
        Domain *d;
        int r = call_flags(call, args->flags, supported, err);

        if (r < 0)
                return r;
        if (args->flags & VIR_DOMAIN_JOB_STATS_COMPLETED) /* none is kept */
                return call_domain(call, &args->dom, &d, err);
        r = find_job(call, &args->dom, &job, err);
        if (r < 0)
                return r;
        ret->type = job_type(&job);
        if (!job.active)
                return WIRE_DONE;
        params_add_int(&params, VIR_DOMAIN_JOB_OPERATION, word_map_job_operation(job.verb));
        params_add_ullong(&params, VIR_DOMAIN_JOB_TIME_ELAPSED, job.elapsed_ms);
        params_add_progress(&params, &job.progress);
        params_take(&params, &ret->params, &ret->n_params);
        return WIRE_DONE;
}

static int abort_on(WireCall *call, const WireDomain *dom, Error *err)
{
        EngineJob job;
        Domain *d;
        int r = call_domain(call, dom, &d, err);

        if (r >= 0)
                r = find_job(call, dom, &job, err);
        return r < 0 ? r : engine_abort_job(d, err);
}

static int abort_job(WireCall *call, Error *err)
{
        const RemoteDomainAbortJobArgs *args = call->args;

        return abort_on(call, &args->dom, err);
}

static int abort_job_flags(WireCall *call, Error *err)
{
        const RemoteDomainAbortJobFlagsArgs *args = call->args;
        int r = call_flags(call, args->flags, 0, err);

        return r < 0 ? r : abort_on(call, &args->dom, err);
}

const WireHandler handlers_domain_job[] = {
        {WIRE_REMOTE, REMOTE_DOMAIN_GET_JOB_INFO, get_job_info, 0},
        {WIRE_REMOTE, REMOTE_DOMAIN_GET_JOB_STATS, get_job_stats, 0},
        {WIRE_REMOTE, REMOTE_DOMAIN_ABORT_JOB, abort_job, 0},
        {WIRE_REMOTE, REMOTE_DOMAIN_ABORT_JOB_FLAGS, abort_job_flags, 0},
        {},
};

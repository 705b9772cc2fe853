#include "base/log.h"

#include "base/clock.h"
#include "base/str.h"

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

static _Atomic(LogLevel) threshold = LOG_LEVEL_WARNING;
static _Atomic(LogSinkFn *) current_sink;

static const char *const level_texts[] = {
#define X(name, text) [LOG_LEVEL_##name] = text,
        LOG_LEVELS(X)
#undef X
};

static void sink_stderr(LogLevel level, const char *area, const char *line)
{
        uint64_t now = clock_realtime_ms();
        time_t seconds = (time_t) (now / 1000);
        struct tm tm;
        char when[32];

        localtime_r(&seconds, &tm);
        strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
        fprintf(stderr, "%s.%03u %s %s: %s\n", when, (unsigned) (now % 1000), level_texts[level],
                area, line);
}

void log_set_level(LogLevel level)
{
        atomic_store(&threshold, level);
}

LogLevel log_get_level(void)
{
        return atomic_load_explicit(&threshold, memory_order_relaxed);
}

bool log_level_parse(const char *text, LogLevel *ret)
{
        for (unsigned i = 0; i < _LOG_LEVEL_MAX; i++)
                if (str_eq(text, level_texts[i])) {
                        *ret = (LogLevel) i;
                        return true;
                }
        return false;
}

const char *log_level_text(LogLevel level)
{
        return (unsigned) level < _LOG_LEVEL_MAX ? level_texts[level] : "?";
}

void log_set_sink(LogSinkFn *sink)
{
        atomic_store(&current_sink, sink);
}

void log_write(LogLevel level, const char *area, const char *format, ...)
{
        LogSinkFn *sink = atomic_load(&current_sink);
        va_list ap;

        if (level == LOG_LEVEL_NONE || level > log_get_level())
                return;
        va_start(ap, format);
        _cleanup_(free_ptr) char *line = xvasprintf(format, ap);
        va_end(ap);

        /* What came from outside must not forge a line of its own. */
        for (char *p = line; *p; p++)
                if ((unsigned char) *p < ' ')
                        *p = ' ';
        (sink ? sink : sink_stderr)(level, area, line);
}

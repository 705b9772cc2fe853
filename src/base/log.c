#include "base/log.h"

#include "base/clock.h"
#include "base/str.h"

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

enum {
        NO_LEVEL = -1, /* the area follows the general one */
};

static const char *const areas[] = {
#define X(name) name,
        LOG_AREAS(X)
#undef X
};

static _Atomic(LogLevel) general = LOG_LEVEL_WARNING;
static _Atomic(LogLevel) threshold = LOG_LEVEL_WARNING; /* of all areas together */
static _Atomic(int) area_levels[ELEMENTSOF(areas)] = {
#define X(name) NO_LEVEL,
        LOG_AREAS(X)
#undef X
};
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

static void raise_threshold(void)
{
        int most = (int) atomic_load(&general);

        for (size_t i = 0; i < ELEMENTSOF(areas); i++) {
                int level = atomic_load(&area_levels[i]);

                most = level > most ? level : most;
        }
        atomic_store(&threshold, (LogLevel) most);
}

void log_set_level(LogLevel level)
{
        atomic_store(&general, level);
        raise_threshold();
}

static size_t find_area(const char *area)
{
        size_t i = 0;

        while (i < ELEMENTSOF(areas) && !str_eq(areas[i], area))
                i++;
        return i;
}

bool log_set_area_level(const char *area, LogLevel level)
{
        size_t i = find_area(area);

        if (i == ELEMENTSOF(areas))
                return false;
        atomic_store(&area_levels[i], (int) level);
        raise_threshold();
        return true;
}

void log_reset_areas(void)
{
        for (size_t i = 0; i < ELEMENTSOF(areas); i++)
                atomic_store(&area_levels[i], NO_LEVEL);
        raise_threshold();
}

/* What an area keeps. */
static LogLevel level_of(const char *area)
{
        size_t i = find_area(area);
        int level = i < ELEMENTSOF(areas) ? atomic_load(&area_levels[i]) : NO_LEVEL;

        return level == NO_LEVEL ? atomic_load(&general) : (LogLevel) level;
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

        if (level == LOG_LEVEL_NONE || level > level_of(area))
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

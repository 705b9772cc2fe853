/* The log. Lines go to stderr (or to a function of the program), filtered by level and area.
 *
 * Only daemon/ and cli/ log above debug; everything else reports through errors and observers. Safe
 * from any thread. An area is the room's name: "qemu", "wire", "op". */
#pragma once

#include <stdarg.h>
#include <stdbool.h>

#define LOG_LEVELS(X)                                                                              \
        X(NONE, "none")                                                                            \
        X(CRITICAL, "critical") X(ERROR, "error") X(WARNING, "warning") X(NOTICE, "notice")        \
                X(INFO, "info") X(DEBUG, "debug")

typedef enum LogLevel {
#define X(name, text) LOG_LEVEL_##name,
        LOG_LEVELS(X)
#undef X
                _LOG_LEVEL_MAX,
} LogLevel;

typedef void LogSinkFn(LogLevel level, const char *area, const char *line);

/* The rooms that log; an area is one of these names. */
#define LOG_AREAS(X)                                                                               \
        X("base")                                                                                  \
        X("loop") X("config") X("store") X("image") X("op") X("domain") X("fake") X("qemu")        \
                X("xen") X("engine") X("wire") X("lib") X("daemon")

/* Lines of this level and the more severe ones are kept, in every area that has no level of its
 * own. The start value is WARNING. */
void log_set_level(LogLevel level);
/* The level of one area, whatever the general one is; false when there is no such area. */
bool log_set_area_level(const char *area, LogLevel level);
/* No area has a level of its own. */
void log_reset_areas(void);
/* The least severe level that any area keeps. */
LogLevel log_get_level(void);
bool log_level_parse(const char *text, LogLevel *ret);
const char *log_level_text(LogLevel level);
/* NULL restores stderr. */
void log_set_sink(LogSinkFn *sink);

void log_write(LogLevel level, const char *area, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

#define log_at(level, area, ...)                                                                   \
        ((level) <= log_get_level() ? log_write((level), (area), __VA_ARGS__) : (void) 0)
#define log_debug(area, ...) log_at(LOG_LEVEL_DEBUG, area, __VA_ARGS__)

/* Sets of numbers as libvirt's XML writes them: "0-3,8,^2". Processors, NUMA nodes, cells. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
        CPU_SET_MAX = 16384, /* numbers are below */
};

typedef struct CpuSet {
        uint64_t bits[CPU_SET_MAX / 64];
} CpuSet;

/* False where it is no such text, or names nothing. */
bool cpu_set_parse(const char *text, CpuSet *ret);
bool cpu_set_has(const CpuSet *set, unsigned number);
/* The highest number; -1 where the set is empty. */
long cpu_set_last(const CpuSet *set);

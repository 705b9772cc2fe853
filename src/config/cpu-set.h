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
/* The shortest such text, the caller's; "" where the set is empty. */
char *cpu_set_text(const CpuSet *set);
/* Bit n % 8 of byte n / 8 stands for n; what does not fit is left out. */
void cpu_set_from_bytes(CpuSet *set, const uint8_t *bytes, size_t len);
void cpu_set_to_bytes(const CpuSet *set, uint8_t *bytes, size_t len);
bool cpu_set_has(const CpuSet *set, unsigned number);
/* The highest number; -1 where the set is empty. */
long cpu_set_last(const CpuSet *set);

#include "unit.h"

#include "wire/host-cpu.h"

/* Text as of /proc/cpuinfo for a processor of two. */
static char *cpuinfo(const char *vendor, const char *flags)
{
        return xasprintf("processor\t: 0\n"
                         "vendor_id\t: %s\n"
                         "cpu family\t: 6\n"
                         "model\t\t: 85\n"
                         "model name\t: Some Processor\n"
                         "stepping\t: 7\n"
                         "microcode\t: 0x1f\n"
                         "flags\t\t: %s\n"
                         "address sizes\t: 46 bits physical, 48 bits virtual\n"
                         "\n"
                         "processor\t: 1\n"
                         "stepping\t: 9\n",
                         vendor, flags);
}

static HostCpu parsed(const char *vendor, const char *flags)
{
        _cleanup_(free_ptr) char *text = cpuinfo(vendor, flags);
        HostCpu cpu;

        host_cpu_parse(text, &cpu);
        return cpu;
}

#define PENRYN "lm nx syscall ssse3 lahf_lm cx16 sse4_1"

static void test_the_first_processor_is_read(void **state)
{
        HostCpu cpu = parsed("GenuineIntel", PENRYN);

        (void) state;
        assert_string_equal(cpu.vendor, "Intel");
        assert_string_equal(cpu.microcode, "31");
        assert_int_equal(cpu.family, 6);
        assert_int_equal(cpu.model, 85);
        assert_int_equal(cpu.stepping, 7);
        assert_int_equal(cpu.address_bits, 46);
        host_cpu_done(&cpu);
        assert_null(cpu.vendor);
}

static void test_a_model_has_nothing_that_the_processor_lacks(void **state)
{
        static const struct {
                const char *vendor, *flags, *model;
        } cases[] = {
                {"GenuineIntel", PENRYN, "Penryn"},
                {"GenuineIntel", PENRYN " sse4_2 popcnt", "Nehalem"},
                {"GenuineIntel", PENRYN " sse4_2 popcnt avx", "Nehalem"},
                {"GenuineIntel", PENRYN " aes", "Penryn"}, /* Westmere has what Nehalem has */
                {"GenuineIntel", "lm", NULL},
                {"AuthenticAMD", "lm nx syscall", "Opteron_G1"},
                {"SomeoneElse", PENRYN, NULL},
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                HostCpu cpu = parsed(cases[i].vendor, cases[i].flags);
                const char *model = host_cpu_model(&cpu);

                assert_true(str_eq(model, cases[i].model));
                host_cpu_done(&cpu);
        }
}

static void test_zen_is_a_line_of_its_own(void **state)
{
        HostCpu cpu =
                parsed("AuthenticAMD",
                       "lm nx syscall cx16 rdtscp abm lahf_lm misalignsse popcnt sse4a "
                       "3dnowprefetch adx aes "
                       "arat avx avx2 bmi1 bmi2 clflushopt f16c fma fsgsbase movbe pclmulqdq "
                       "pdpe1gb rdrand "
                       "rdseed sha_ni smap smep sse4_1 sse4_2 ssse3 xgetbv1 xsave xsavec clwb svm");
        _cleanup_(str_done) Str out = {};

        (void) state;
        assert_string_equal(host_cpu_model(&cpu), "EPYC");
        host_cpu_add_features(&cpu, &out);
        assert_non_null(strstr(out.text, "<feature name='clwb'/>"));
        assert_non_null(strstr(out.text, "<feature name='svm'/>"));
        assert_null(strstr(out.text, "'avx2'")); /* the model has it */
        host_cpu_done(&cpu);
}

static void test_features_beyond_the_model_are_told_once_in_libvirts_words(void **state)
{
        HostCpu cpu = parsed("GenuineIntel", PENRYN " sse4_2 tsc_deadline_timer md_clear");
        _cleanup_(str_done) Str out = {};
        const char *at;

        (void) state;
        host_cpu_add_model(&cpu, &out);
        host_cpu_add_features(&cpu, &out);
        assert_non_null(strstr(out.text, "<model>Penryn</model>"));
        assert_non_null(strstr(out.text, "<signature family='6' model='85' stepping='7'/>"));
        assert_non_null(strstr(out.text, "<feature name='tsc-deadline'/>"));
        assert_non_null(strstr(out.text, "<feature name='md-clear'/>"));
        at = strstr(out.text, "'sse4.2'");
        assert_non_null(at);
        assert_null(strstr(at + 1, "'sse4.2'"));
        assert_null(strstr(out.text, "sse4.1")); /* the model has it */
        host_cpu_done(&cpu);
}

static void test_nothing_known_is_nothing_told(void **state)
{
        _cleanup_(str_done) Str out = {};
        HostCpu cpu;

        (void) state;
        host_cpu_parse("", &cpu);
        host_cpu_add_model(&cpu, &out);
        host_cpu_add_features(&cpu, &out);
        assert_int_equal(out.len, 0);
        host_cpu_done(&cpu);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_first_processor_is_read),
                cmocka_unit_test(test_a_model_has_nothing_that_the_processor_lacks),
                cmocka_unit_test(test_zen_is_a_line_of_its_own),
                cmocka_unit_test(test_features_beyond_the_model_are_told_once_in_libvirts_words),
                cmocka_unit_test(test_nothing_known_is_nothing_told),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}

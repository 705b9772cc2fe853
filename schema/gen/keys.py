"""Makes the tables of key codes, keys.gen.c: keys.py KEYS.TSV KEYS.GEN.C"""

import sys

NUMBER_MAX = 0xffff
CODE_MAX = 0xfff


def read(path):
    sets = {}
    with open(path) as file:
        for number, line in enumerate(file, 1):
            fields = line.split('#')[0].split()
            if not fields:
                continue
            try:
                name, code, key = fields[0], int(fields[1]), int(fields[2])
                assert len(fields) == 3 and 0 <= code <= CODE_MAX and 0 < key <= NUMBER_MAX
                assert code not in sets.setdefault(name, {})
            except (AssertionError, IndexError, ValueError):
                sys.exit(f'{path}:{number}: not "set code number", or a code that was given')
            sets[name][code] = key
    return sets


def main():
    source, target = sys.argv[1:]
    sets = read(source)
    with open(target, 'w') as out:
        out.write('/* Made by keys.py from keys.tsv. */\n#include "wire/keys.h"\n\n')
        for name, codes in sets.items():
            out.write(f'static const uint16_t keys_{name}[] = {{\n')
            for code, key in sorted(codes.items()):
                out.write(f'        [{code}] = {key},\n')
            out.write('};\n\n')
        out.write('const WireKeySet wire_key_sets[] = {\n')
        for name in sets:
            out.write(f'        {{"{name}", keys_{name}, sizeof(keys_{name}) / sizeof(uint16_t)}},\n')
        out.write('        {},\n};\n')


main()

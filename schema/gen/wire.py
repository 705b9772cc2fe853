#!/usr/bin/env python3
"""Makes the wire protocol's C tables from schema/wire.

    wire.py TYPES PROCS OUT_HEADER OUT_SOURCE

Every payload becomes a struct and a layout (src/wire/layout.h); every procedure becomes a row. The
notation is explained at the top of the two schema files. An error names file and line.
"""
import re
import sys

# letter: (C type, kind, shortest encoding)
SCALARS = {
    'i': ('int32_t', 'WIRE_INT', 4),
    'u': ('uint32_t', 'WIRE_UINT', 4),
    'h': ('int64_t', 'WIRE_HYPER', 8),
    'H': ('uint64_t', 'WIRE_UHYPER', 8),
    'd': ('double', 'WIRE_DOUBLE', 8),
    'w': ('uint16_t', 'WIRE_SHORT', 4),
    'c': ('char', 'WIRE_CHAR', 4),
    'k': ('uint8_t', 'WIRE_UCHAR', 4),
    's': ('char *', 'WIRE_STRING', 4),
    'S': ('char *', 'WIRE_STRING_OPTIONAL', 4),
    'U': ('Uuid', 'WIRE_UUID', 16),
}


class SchemaError(Exception):
    pass


def camel(name):
    return ''.join(part[:1].upper() + part[1:] for part in name.split('_'))


class Field:
    """One field: C declaration, descriptor, shortest encoding."""

    def __init__(self, text, structs):
        match = re.fullmatch(r'([a-z][a-z0-9_]*):(\??)(\{\w+\}|x<=\d+|[A-Za-z])(?:\[(<=)?(\d+)\])?',
                             text)
        if not match:
            raise SchemaError(f'cannot read field "{text}"')
        self.name, optional, base, counted, bound = match.groups()
        self.max, self.layout, self.shape = 0, None, 'WIRE_ONE'
        if base.startswith('x<='):
            self.ctype, self.kind, self.min = 'WireBytes', 'WIRE_BYTES', 4
            self.max = int(base[3:])
        elif base in SCALARS:
            self.ctype, self.kind, self.min = SCALARS[base]
        else:
            struct = structs.get(base.strip('{}'))
            if not struct:
                raise SchemaError(f'unknown type "{base}"')
            self.ctype, self.min = struct.ctype, struct.min
            self.kind = 'WIRE_PARAM' if struct.is_param else 'WIRE_STRUCT'
            self.layout = None if struct.is_param else struct.name
        if optional:
            self.shape, self.min = 'WIRE_OPTIONAL', 4
        elif counted:
            self.shape, self.min, self.max = 'WIRE_COUNTED', 4, int(bound)
        elif bound:
            self.shape, self.max = 'WIRE_FIXED', int(bound)
            self.min *= self.max
        if (optional or bound) and base.startswith('x'):
            raise SchemaError(f'"{text}" is not known to the codec')

    def declaration(self):
        space = '' if self.ctype.endswith('*') else ' '
        if self.shape == 'WIRE_OPTIONAL':
            return f'        {self.ctype} *{self.name};\n'
        if self.shape == 'WIRE_COUNTED':
            return (f'        {self.ctype}{space}*{self.name};\n'
                    f'        uint32_t n_{self.name};\n')
        if self.shape == 'WIRE_FIXED':
            return f'        {self.ctype}{space}{self.name}[{self.max}];\n'
        return f'        {self.ctype}{space}{self.name};\n'

    def descriptor(self, ctype):
        count = f'offsetof({ctype}, n_{self.name})' if self.shape == 'WIRE_COUNTED' else '0'
        layout = f'&wire_layout_{self.layout}' if self.layout else 'NULL'
        return (f'        {{"{self.name}", {self.kind}, {self.shape}, offsetof({ctype}, {self.name}), '
                f'{count}, {self.max}, {layout}}},\n')


class Struct:
    def __init__(self, name, ctype, layout, structs, doc=''):
        self.name, self.ctype, self.doc = name, ctype, doc
        self.is_param = layout == 'param'
        self.fields = []
        if not self.is_param:
            self.fields = [Field(text, structs) for text in layout.strip('()').split()]
            self.min = max(4, sum(field.min for field in self.fields))
        else:
            self.min = 12
        names = [field.name for field in self.fields]
        if len(set(names)) != len(names):
            raise SchemaError(f'{name}: a field comes twice')

    def definition(self):
        doc = f'/* {self.doc} */\n' if self.doc else ''
        body = ''.join(field.declaration() for field in self.fields)
        return f'{doc}typedef struct {self.ctype} {{\n{body}}} {self.ctype};\n'

    def table(self):
        rows = ''.join(field.descriptor(self.ctype) for field in self.fields)
        return (f'static const WireField fields_{self.name}[] = {{\n{rows}}};\n'
                f'const WireLayout wire_layout_{self.name} = {{"{self.name}", sizeof({self.ctype}), '
                f'{self.min}, {len(self.fields)}, fields_{self.name}}};\n')


class Proc:
    KINDS = {'event': 'WIRE_EVENT', 'event-callback': 'WIRE_EVENT_CALLBACK'}

    def __init__(self, program, number, name, args, ret, attributes, structs):
        self.program, self.number, self.name = program, number, name
        prefix = f'{program}_{name}'
        self.enum = prefix.upper()
        self.args = self.payload(prefix + '_args', args, structs)
        self.ret = self.payload(prefix + '_ret', ret, structs)
        self.kind, self.access, self.stream = 'WIRE_CALL', None, 'WIRE_STREAM_NONE'
        self.access_field, self.access_mask = None, 0
        self.high = self.preauth = 0
        self.tier, self.sparse, self.fds, self.since = 0, 0, None, None
        self.api = 'vir' + camel(name)
        for attribute in attributes.split():
            self.attribute(attribute)
        if self.kind == 'WIRE_CALL' and not self.access:
            raise SchemaError(f'{name}: neither ro nor rw')
        self.access = self.access or 'WIRE_READ'

    @staticmethod
    def payload(name, layout, structs):
        return Struct(name, camel(name), layout, structs) if layout != '()' else None

    def attribute(self, text):
        condition = re.fullmatch(r'(write|secure)\((\w+),(\d+)\)', text)
        key, _, value = text.partition('=')
        if text in self.KINDS:
            self.kind = self.KINDS[text]
        elif text in ('ro', 'rw'):
            self.access = 'WIRE_READ' if text == 'ro' else 'WIRE_WRITE'
        elif condition:
            self.access = f'WIRE_{condition[1].upper()}_IF'
            self.access_field, self.access_mask = condition[2], int(condition[3])
            if not any(f.name == condition[2] and f.kind == 'WIRE_UINT' for f in self.args.fields):
                raise SchemaError(f'{self.name}: no flags "{condition[2]}"')
        elif text in ('high', 'preauth'):
            setattr(self, text, 1)
        elif text.startswith('vir'):
            self.api = text
        elif key == 'stream' and value in ('read', 'write'):
            self.stream = f'WIRE_STREAM_{value.upper()}'
        elif key in ('sparse', 'tier'):
            setattr(self, key, int(value))
        elif key in ('fds', 'since'):
            setattr(self, key, value)
        else:
            raise SchemaError(f'{self.name}: unknown attribute "{text}"')

    def row(self, index):
        offset = f'offsetof({self.args.ctype}, {self.access_field})' if self.access_field else '0'
        quote = lambda s: f'"{s}"' if s else 'NULL'
        layout = lambda s: f'&wire_layout_{s.name}' if s else 'NULL'
        return (f'        {{"{self.name}", "{self.api}", {self.number}, {index}, '
                f'WIRE_{self.program.upper()}, {self.kind}, {self.access}, {self.stream}, '
                f'{self.high}, {self.preauth}, {self.tier}, {offset}, {self.access_mask}, '
                f'{self.sparse}, {quote(self.fds)}, {quote(self.since)},\n'
                f'         {layout(self.args)}, {layout(self.ret)}}},\n')


class Protocol:
    def __init__(self):
        self.limits, self.structs, self.by_name = [], [], {}
        self.programs, self.procs = [], []

    def read(self, path):
        with open(path, encoding='utf-8') as lines:
            for number, line in enumerate(lines, 1):
                line = line.strip()
                if not line or line.startswith('#'):
                    continue
                try:
                    self.line(line)
                except SchemaError as error:
                    raise SchemaError(f'{path}:{number}: {error}') from None

    def line(self, line):
        limit = re.fullmatch(r'limit\s+(\w+)\s+(\d+)\s+"(.*)"', line)
        struct = re.fullmatch(r'struct\s+(\w+)\s+(?:([A-Z])\s+)?(\(.*?\)|param)\s+"(.*)"', line)
        program = re.fullmatch(r'program\s+(\w+)\s+(0x[0-9a-f]+)\s+version\s+(\d+)', line)
        proc = re.fullmatch(r'(\d+)\s+(\w+)\s+(\(.*?\))\s+->\s+(\(.*?\))\s*(.*)', line)
        if limit:
            self.limits.append(limit.groups())
        elif struct:
            name, letter, layout, doc = struct.groups()
            made = Struct(name, 'Wire' + camel(name), layout, self.by_name, doc)
            self.structs.append(made)
            self.by_name[name] = made
            if letter:
                self.by_name[letter] = made
        elif program:
            self.programs.append(program.groups())
        elif proc and self.programs:
            self.add_proc(*proc.groups())
        else:
            raise SchemaError('cannot read this line')

    def add_proc(self, number, name, args, ret, attributes):
        program = self.programs[-1][0]
        expected = sum(p.program == program for p in self.procs) + 1
        if int(number) != expected:
            raise SchemaError(f'procedure {number} where {expected} is due')
        self.procs.append(Proc(program, int(number), name, args, ret, attributes, self.by_name))

    def layouts(self):
        made = [struct for struct in self.structs if not struct.is_param]
        for proc in self.procs:
            made += [payload for payload in (proc.args, proc.ret) if payload]
        return made

    def header(self):
        out = ['/* Made from schema/wire by schema/gen/wire.py. */\n#pragma once\n\n'
               '#include "wire/layout.h"\n\n']
        out.append('enum {\n' + ''.join(f'        WIRE_{name.upper()} = {value}, /* {doc} */\n'
                                        for name, value, doc in self.limits) + '};\n\n')
        out.append('typedef enum WireProgram {\n' +
                   ''.join(f'        WIRE_{name.upper()},\n' for name, _, _ in self.programs) +
                   '        _WIRE_PROGRAM_MAX,\n} WireProgram;\n\n')
        for name, _, _ in self.programs:
            out.append('enum {\n' + ''.join(f'        {proc.enum} = {proc.number},\n'
                                            for proc in self.procs if proc.program == name) + '};\n\n')
        out.append(f'enum {{\n        WIRE_PROC_COUNT = {len(self.procs)},\n'
                   f'        WIRE_LAYOUT_COUNT = {len(self.layouts())},\n}};\n\n')
        out += [layout.definition() + '\n' for layout in self.layouts()]
        out += [f'extern const WireLayout wire_layout_{layout.name};\n' for layout in self.layouts()]
        out.append('\n/* Every procedure, by WireProc.index; every layout; every program. */\n'
                   'extern const WireProc wire_procs[WIRE_PROC_COUNT];\n'
                   'extern const WireLayout *const wire_layouts[WIRE_LAYOUT_COUNT];\n'
                   'extern const WireProgramInfo wire_programs[_WIRE_PROGRAM_MAX];\n')
        return ''.join(out)

    def source(self):
        out = ['/* Made from schema/wire by schema/gen/wire.py. */\n#include "wire/protocol.gen.h"\n\n']
        out += [layout.table() + '\n' for layout in self.layouts()]
        out.append('const WireLayout *const wire_layouts[WIRE_LAYOUT_COUNT] = {\n' +
                   ''.join(f'        &wire_layout_{layout.name},\n' for layout in self.layouts()) +
                   '};\n\n')
        out.append('const WireProc wire_procs[WIRE_PROC_COUNT] = {\n' +
                   ''.join(proc.row(index) for index, proc in enumerate(self.procs)) + '};\n\n')
        out.append('const WireProgramInfo wire_programs[_WIRE_PROGRAM_MAX] = {\n')
        first = 0
        for name, number, version in self.programs:
            count = sum(proc.program == name for proc in self.procs)
            out.append(f'        {{"{name}", {number}u, {version}, &wire_procs[{first}], {count}}},\n')
            first += count
        out.append('};\n')
        return ''.join(out)


def main():
    types, procs, header, source = sys.argv[1:]
    protocol = Protocol()
    try:
        protocol.read(types)
        protocol.read(procs)
    except SchemaError as error:
        sys.exit(f'wire.py: {error}')
    with open(header, 'w', encoding='utf-8') as out:
        out.write(protocol.header())
    with open(source, 'w', encoding='utf-8') as out:
        out.write(protocol.source())


if __name__ == '__main__':
    main()

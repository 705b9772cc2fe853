#!/usr/bin/env python3
"""Feeds tools/check-includes good and bad trees. Speaks TAP."""

import os
import subprocess
import sys
import tempfile

TOOL = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../tools/check-includes')

# (what, {file: text}, lines that must be told, as "file:line: start")
CASES = [
    ('a room includes itself and what is below', {
        'loop/loop.c': '#include "loop/loop.h"\n#include "base/error.h"\n#include <uv.h>\n'}, []),
    ('a room includes what is above', {
        'base/error.c': '/* x */\n#include "op/op.h"\n'},
     ['base/error.c:2: base may not include op']),
    ('the engine knows no driver by name', {
        'engine/engine.c': '#include "qemu/qemu.h"\n',
        'wire/server.c': '#include "fake/fake.h"\n'},
     ['engine/engine.c:1: engine may not include qemu',
      'wire/server.c:1: wire may not include fake']),
    ('the daemon and the library name the drivers', {
        'lib/lib.c': '#include "fake/fake.h"\n',
        'daemon/main.c': '#include "qemu/qemu.h"\n#include "wire/server.h"\n'}, []),
    ('neighbours keep apart', {
        'store/store.c': '#include "config/config.h"\n',
        'qemu/qemu.c': '#include "fake/fake.h"\n'},
     ['qemu/qemu.c:1: qemu may not include fake', 'store/store.c:1: store may not include config']),
    ('libraries have their rooms', {
        'wire/a.c': '#include <libvirt/libvirt.h>\n',
        'engine/a.c': '#include <libvirt/libvirt.h>\n#  include <uv.h>\n',
        'config/schema-xml-read.c': '#include <libxml/tree.h>\n',
        'config/config.c': '#include <libxml/tree.h>\n#include <sqlite3.h>\n'},
     ['config/config.c:1: <libxml/tree.h> belongs', 'config/config.c:2: <sqlite3.h> belongs',
      'engine/a.c:1: <libvirt/libvirt.h> belongs', 'engine/a.c:2: <uv.h> belongs']),
    ('an unknown library is told', {
        'base/a.c': '#include <stdio.h>\n#include <glib.h>\n#include <sys/socket.h>\n'},
     ['base/a.c:2: <glib.h> is of no known library']),
    ('an unknown room is told', {
        'misc/a.c': '\n', 'base/a.c': '#include "misc/a.h"\n'},
     ['base/a.c:1: "misc/a.h" is of no room', 'misc/a.c:1: "misc" is no room']),
]


def run(files):
    with tempfile.TemporaryDirectory() as top:
        for path, text in files.items():
            os.makedirs(os.path.dirname(os.path.join(top, path)), exist_ok=True)
            with open(os.path.join(top, path), 'w') as file:
                file.write(text)
        done = subprocess.run([sys.executable, TOOL, top], capture_output=True, text=True)
        told = [line.replace(top + '/', '') for line in done.stdout.splitlines()]
        return done.returncode, told


print(f'1..{len(CASES)}')
failed = 0
for number, (what, files, want) in enumerate(CASES, 1):
    code, told = run(files)
    good = code == (1 if want else 0) and len(told) == len(want) and all(
        line.startswith(start) for line, start in zip(told, want))
    print(('ok' if good else 'not ok'), number, '-', what)
    if not good:
        failed += 1
        print(f'# exit {code}, told {told}')
sys.exit(1 if failed else 0)

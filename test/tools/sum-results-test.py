#!/usr/bin/env python3
"""Feeds sum-results.py logs of known content. Speaks TAP."""

import json
import os
import subprocess
import sys
import tempfile

TOOL = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'sum-results.py')

# (what, lines of the log, value of --broken, last line wanted, exit code wanted)
CASES = [
    ('cases of TAP count each',
     [{'name': 'a', 'result': 'OK', 'stdout': '1..3\nok 1 - x\nok 2 - y # SKIP no xen\nok 3\n'}], 0,
     '2 passed, 0 failed, 1 skipped', 0),
    ('a failed case fails, once',
     [{'name': 'a', 'result': 'FAIL', 'stdout': 'ok 1 - x\nnot ok 2 - y\n1..2\n'}], 0,
     '1 passed, 1 failed', 1),
    ('a leak after good cases fails',
     [{'name': 'a', 'result': 'ERROR', 'stdout': '1..1\nok 1 - x\n', 'stderr': 'leak'}], 0,
     '1 passed, 1 failed', 1),
    ('other programs count as one',
     [{'name': 'a', 'result': 'OK', 'stdout': 'ok, fine\n'}, {'name': 'b', 'result': 'SKIP'},
      {'name': 'c', 'result': 'TIMEOUT'}], 0, '1 passed, 1 failed, 1 skipped', 1),
    ('a broken build fails', [{'name': 'a', 'result': 'OK'}], 1, '1 passed, 1 failed', 1),
    ('nothing at all fails', [], 0, '0 passed, 1 failed', 1),
]

print(f'1..{len(CASES)}')
bad = 0
for number, (what, lines, broken, want, code) in enumerate(CASES, 1):
    with tempfile.NamedTemporaryFile('w', suffix='.json') as file:
        file.write(''.join(json.dumps(line) + '\n' for line in lines))
        file.flush()
        done = subprocess.run([sys.executable, TOOL, '--broken', str(broken), file.name],
                              capture_output=True, text=True)
    last = done.stdout.splitlines()[-1:]
    good = last == [want] and done.returncode == code
    bad += not good
    print(('ok' if good else 'not ok'), number, '-', what)
    if not good:
        print(f'# exit {done.returncode}, {done.stdout!r} {done.stderr!r}')
sys.exit(1 if bad else 0)

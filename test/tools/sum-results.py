#!/usr/bin/env python3
"""Sums meson's testlog.json files into "N passed, N failed, N skipped"; exits 1 if any failed.

    sum-results.py [--broken N] FILE...

A program that speaks TAP counts with each of its cases, any other as one. One that failed without
telling which case (a crash, a leak, a time-out) counts as one failed more. Nothing passed at all is
a failure too. The failed ones are named before the line.
"""

import argparse
import json
import re
import sys

CASE = re.compile(r'^(not )?ok\b([^#\n]*)(#\s*skip\b)?', re.I | re.M)


def cases(test):
    """(passed, names of failed, skipped) of one line of the log."""
    name, result = test['name'], test['result']
    found = CASE.findall(test.get('stdout') or '') if test.get('stdout', '').find('1..') >= 0 else []
    skipped = sum(1 for _, _, skip in found if skip)
    failed = [f'{name}:{what.rstrip()}' for wrong, what, skip in found if wrong and not skip]
    passed = len(found) - skipped - len(failed)
    if result == 'SKIP':
        return passed, failed, skipped or 1
    if result in ('OK', 'EXPECTEDFAIL'):
        return (passed if found else 1), failed, skipped
    return passed, failed or [f'{name}: {result.lower()}'], skipped


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--broken', type=int, default=0)
    parser.add_argument('files', nargs='*')
    args = parser.parse_args()
    passed, failed, skipped = 0, [], 0
    for path in args.files:
        with open(path, encoding='utf-8', errors='replace') as file:
            for line in file:
                p, f, s = cases(json.loads(line))
                passed, skipped = passed + p, skipped + s
                failed += f
    for name in failed:
        print('failed:', name)
    count = len(failed) + args.broken
    if not passed and not count:
        print('failed: nothing ran')
        count = 1
    print(f'{passed} passed, {count} failed' + (f', {skipped} skipped' if skipped else ''))
    return 1 if count else 0


if __name__ == '__main__':
    sys.exit(main())

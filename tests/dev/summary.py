#!/usr/bin/env python3
# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
"""summary: the sum of all test results as one line, "N passed, N failed"

Usage: summary.py STATUS FILE...

FILE is meson's testlog.json, or what a test in TAP printed.  A STATUS other than 0 says that some test run failed: then
there is at least one failure, whatever the files say.  Exits with 1 when anything failed.
"""

import json
import re
import sys
from collections import Counter

TAP_LINE = re.compile(r'\s*(not )?ok\b([^#]*)(?:#\s*(SKIP|TODO))?', re.IGNORECASE)


def count_tap(text):
    """What each "ok" and "not ok" line of a TAP text stands for."""
    counts = Counter()
    for line in text.splitlines():
        match = TAP_LINE.match(line)
        if match and match[3]:
            counts['skipped'] += 1
        elif match:
            counts['failed' if match[1] else 'passed'] += 1
    return counts


def count_meson(lines):
    """Counts TAP lines where a test has them, and otherwise the test as a whole."""
    counts = Counter()
    for test in map(json.loads, lines):
        result = {'OK': 'passed', 'EXPECTEDFAIL': 'passed', 'SKIP': 'skipped'}.get(test['result'], 'failed')
        tap = count_tap(test.get('stdout', ''))
        counts += tap or Counter([result])
        if tap and result == 'failed' and not tap['failed']:
            counts['failed'] += 1
    return counts


def main():
    counts = Counter()
    for path in sys.argv[2:]:
        with open(path, encoding='utf-8', errors='replace') as file:
            counts += count_meson(file) if path.endswith('.json') else count_tap(file.read())

    if sys.argv[1] != '0' and not counts['failed']:
        counts['failed'] = 1

    print(f"{counts['passed']} passed, {counts['failed']} failed"
          + (f", {counts['skipped']} skipped" if counts['skipped'] else ''))
    sys.exit(counts['failed'] > 0)


main()

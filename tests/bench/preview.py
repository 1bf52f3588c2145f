#!/usr/bin/env python3
# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
"""preview.py: how long after a change the preview shows it, beside what the engine alone takes

The preview waits until the arguments rest before it begins; that delay is counted.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path (__file__).resolve ().parents[2]
SAMPLE = SOURCE / 'tests/data/sample'
NEEDED = 'script-fu', 'file-png'
SCRIPT = '''
(script-fu-use-v3)
(let* ((image (gimp-file-load RUN-NONINTERACTIVE "{sample}/noflash.png"))
       (photo (vector-ref (gimp-image-get-layers image) 0))
       (flash (gimp-file-load-layer RUN-NONINTERACTIVE image "{sample}/flash.png")))
  (gimp-image-insert-layer image flash 0 0)
  (plug-in-joint-filter-bench-preview #:run-mode RUN-NONINTERACTIVE #:image image #:drawables (vector photo)
                                      #:guidance flash))
'''


def make_folders (root, arguments):
    (root / 'gimp').mkdir ()
    (root / 'plug-ins/bench-preview').mkdir (parents=True)
    (root / 'plug-ins/bench-preview/bench-preview').symlink_to (arguments.program.resolve ())
    (root / 'plug-ins/bench-preview/models').symlink_to (SOURCE / 'models')
    (root / 'system').mkdir ()
    for name in NEEDED:
        (root / 'system' / name).symlink_to (arguments.gimp_plug_ins / name)
    (root / 'gimp/gimprc').write_text (f'(plug-in-path "{root}/plug-ins:{root}/system")\n'
                                       + (f'(num-processors {arguments.threads})\n' if arguments.threads else ''))
    (root / 'bench.scm').write_text (SCRIPT.format (sample=SAMPLE))


def run (root, arguments):
    result = subprocess.run ([arguments.gimp, '-nidfs', '--batch-interpreter', 'plug-in-script-fu-eval',
                              '-b', f'(load "{root}/bench.scm")', '--quit'],
                             env=dict (os.environ, GIMP3_DIRECTORY=f'{root}/gimp'),
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    found = dict (re.findall (r'(\w+)=([\d.]+)', result.stdout))
    return {name: float (value) for name, value in found.items ()} if 'all_ms' in found else sys.exit (result.stdout)


def main ():
    parser = argparse.ArgumentParser ()
    parser.add_argument ('--program', type=pathlib.Path, required=True)
    parser.add_argument ('--gimp', required=True)
    parser.add_argument ('--gimp-plug-ins', type=pathlib.Path, required=True)
    parser.add_argument ('--threads', type=int)
    arguments = parser.parse_args ()
    with tempfile.TemporaryDirectory (prefix='joint-filter-') as folder:
        root = pathlib.Path (folder)
        make_folders (root, arguments)
        times = run (root, arguments)
    print ('preview of {width:g} x {height:g}, {threads:g} threads: engine alone {core_ms:.0f} ms; '
           'after a change and {delay_ms:.0f} ms of rest, first part after {first_ms:.0f} ms, all after {all_ms:.0f} ms'
           .format (**times))


main ()

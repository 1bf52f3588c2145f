#!/usr/bin/env python3
# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
"""preview.py: how long after a change the preview shows it, beside what the engine alone takes

What is useful is a quarter of the view, in modes of several passes after the first of them. Arguments that change one after
the other have to rest first, which is not measured here.
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
CASES = [('flash-denoise', ''), ('flash-denoise', '#:quality "best"'),
         ('inverse-halftone', '#:iterations 1'), ('inverse-halftone', ''), ('inverse-halftone', '#:iterations 8'),
         ('texture-removal', ''), ('texture-removal', '#:iterations 8'),
         ('upsample', '#:factor 4'), ('upsample', '#:factor 8'), ('upsample', '#:factor 16'),
         ('chroma-upsample', '#:factor 4')]
SELF_GUIDED = 'inverse-halftone', 'texture-removal'
SCRIPT = '''
(script-fu-use-v3)
(let* ((image (gimp-file-load RUN-NONINTERACTIVE "{sample}/noflash.png"))
       (photo (vector-ref (gimp-image-get-layers image) 0))
       (flash (gimp-file-load-layer RUN-NONINTERACTIVE image "{sample}/flash.png")))
  (gimp-image-insert-layer image flash 0 0)
{calls})
'''
CALL = '''  (plug-in-joint-filter-bench-{mode} #:run-mode RUN-NONINTERACTIVE #:image image #:drawables (vector photo)
    {guidance} {arguments})
'''


def make_call (mode, arguments):
    return CALL.format (mode=mode, guidance='' if mode in SELF_GUIDED else '#:guidance flash', arguments=arguments)


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
    (root / 'bench.scm').write_text (SCRIPT.format (sample=SAMPLE, calls=''.join (make_call (*case) for case in CASES)))


def run (root, arguments):
    result = subprocess.run ([arguments.gimp, '-nidfs', '--batch-interpreter', 'plug-in-script-fu-eval',
                              '-b', f'(load "{root}/bench.scm")', '--quit'],
                             env=dict (os.environ, GIMP3_DIRECTORY=f'{root}/gimp'),
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    found = [{name: float (value) for name, value in re.findall (r'(\w+)=([\d.]+)', line)}
             for line in result.stdout.splitlines () if 'all_ms=' in line]
    return found if len (found) == len (CASES) else sys.exit (result.stdout)


def print_table (found):
    print ('{width:g} x {height:g} pixels, {threads:g} threads, milliseconds (medians)\n'.format (**found[0]))
    print ('| mode | engine | something useful | all | something useful / engine | all / engine |\n|---|---|---|---|---|---|')
    for (mode, arguments), times in zip (CASES, found):
        engine, useful, whole = times['core_ms'], times['useful_ms'], times['all_ms']
        print (f'| {mode} {arguments} | {engine:.1f} | {useful:.0f} | {whole:.0f} '
               f'| {useful / engine:.2f} | {whole / engine:.2f} |')


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
        print_table (run (root, arguments))


main ()

# SPDX-License-Identifier: GPL-3.0-or-later
"""every kind of pixel GIMP has"""

from support import *

KINDS = {'u8': 1 / 255, 'u16': 1e-4, 'u32': 1e-4, 'half': 2e-3, 'float': 1e-4, 'double': 1e-4}


def check_kind (precision, base, alpha):
    tolerance = KINDS[precision.split ('-')[0]]
    image = new_image (base=base, precision=getattr (Gimp.Precision, precision.replace ('-', '_').upper ()))
    guidance = add_layer (image, 'guide', 2)
    target = add_layer (image, 'target', 1, alpha)
    colour, transparency = planes (target)
    expected = expect (target, guidance)
    run (image, [target], guidance)
    result, result_transparency = planes (target)
    if precision[0] == 'u':
        expected = [min (max (v, 0.0), 1.0) for v in expected]
    # Rounding to few bits is a step of the values as stored.
    if precision in ('u8-linear', 'u16-linear'):
        result, expected = [decode (v) for v in result], [decode (v) for v in expected]
    check (distance (colour, expected) > 0.1, 'the filter does nothing')
    check_near (result, expected, tolerance)
    check (result_transparency == transparency, 'alpha changed')
    image.delete ()


def decode (value):
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def add (precision, base, alpha):
    def function ():
        check_kind (precision, base, alpha)
    function.__name__ = f'{precision} {base.value_nick}{" alpha" if alpha else ""}'
    case (function)


# Every precision and curve in RGB and in grey, one of them with transparency: in turns.
for i, kind in enumerate (KINDS):
    for j, curve in enumerate (['linear', 'non-linear', 'perceptual']):
        add (f'{kind}-{curve}', Gimp.ImageBaseType.RGB, (i + j) % 2 == 0)
        add (f'{kind}-{curve}', Gimp.ImageBaseType.GRAY, (i + j) % 2 == 1)

run_cases ()

# SPDX-License-Identifier: GPL-3.0-or-later
"""what the suites share; runs inside GIMP"""

import array
import contextlib
import os
import pathlib
import random
import subprocess
import sys
import traceback
import unittest

import gi
gi.require_version ('Gegl', '0.4')
gi.require_version ('Gimp', '3.0')
from gi.repository import Gegl, Gimp

import fixture

PREFIX = 'plug-in-joint-filter-'
PROCEDURE = PREFIX + 'flash-denoise'
NOISE_LEVEL = 0.05
SCRATCH = os.environ['JF_SCRATCH']
MODELS = os.environ['JF_MODELS']

cases = []


# TAP

def case (function):
    cases.append ((function.__name__.replace ('_', ' '), function))
    return function


def check (condition, text='not so'):
    if not condition:
        raise AssertionError (text)


def expect_message (text):
    """GIMP prints messages to the user to stderr; run.py finds any that no case expects."""
    with open (SCRATCH + '/messages', 'a') as file:
        print (text, file=file)


def run_cases ():
    with open (os.environ['JF_TAP'], 'a', buffering=1) as out:
        print (f'1..{len (cases)}', file=out)
        for number, (name, function) in enumerate (cases, 1):
            try:
                function ()
                print (f'ok {number} - {name}', file=out)
            except unittest.SkipTest as reason:
                print (f'ok {number} - {name} # SKIP {reason}', file=out)
            except Exception:
                print (f'not ok {number} - {name}', file=out)
                for line in traceback.format_exc ().splitlines ():
                    print ('#', line, file=out)


# images

def noise (n_values, seed, low=0.0, high=1.0):
    source = random.Random (seed)
    return array.array ('f', [source.uniform (low, high) for i in range (n_values)])


def whole (drawable):
    return Gegl.Rectangle.new (0, 0, drawable.get_width (), drawable.get_height ())


def new_image (width=24, height=17, base=Gimp.ImageBaseType.RGB, precision=Gimp.Precision.FLOAT_NON_LINEAR):
    return Gimp.Image.new_with_precision (width, height, base, precision)


def add_layer (image, name, seed=None, alpha=False, size=None, offset=(0, 0), low=0.0, high=1.0, parent=None):
    """On top of what is there; random colours if there is a seed."""
    width, height = size or (image.get_width (), image.get_height ())
    kind = {(Gimp.ImageBaseType.RGB, False):  Gimp.ImageType.RGB_IMAGE,
            (Gimp.ImageBaseType.RGB, True):   Gimp.ImageType.RGBA_IMAGE,
            (Gimp.ImageBaseType.GRAY, False): Gimp.ImageType.GRAY_IMAGE,
            (Gimp.ImageBaseType.GRAY, True):  Gimp.ImageType.GRAYA_IMAGE}[image.get_base_type (), alpha]
    layer = Gimp.Layer.new (image, name, width, height, kind, 100, Gimp.LayerMode.NORMAL)
    image.insert_layer (layer, parent, 0)
    layer.set_offsets (*offset)
    if seed is not None:
        fill (layer, noise (width * height * 4, seed, low, high))
        if alpha:
            fill_alpha (layer)
    return layer


def add_copy (image, layer):
    copy = layer.copy ()
    image.insert_layer (copy, None, 0)
    return copy


def fill (drawable, rgba):
    buffer = drawable.get_buffer ()
    for i in range (3, len (rgba), 4):
        rgba[i] = 1.0
    buffer.set (whole (drawable), "R'G'B'A float", rgba.tobytes ())
    buffer.flush ()


def fill_alpha (drawable):
    """Steps of alpha that every precision stores exactly (or rounds once, here)."""
    values = read (drawable, "R'G'B'A float")
    for i in range (3, len (values), 4):
        values[i] = (i // 4 % 5) / 4
    buffer = drawable.get_buffer ()
    buffer.set (whole (drawable), "R'G'B'A float", values.tobytes ())
    buffer.flush ()


def read (drawable, format=None, rectangle=None):
    data = drawable.get_buffer ().get (rectangle or whole (drawable), 1.0, format, Gegl.AbyssPolicy.NONE)
    return array.array ('f', data) if format else data


def n_components (drawable):
    return (3 if drawable.is_rgb () else 1) + (1 if drawable.has_alpha () else 0)


# What GIMP keeps, as numbers with the sRGB curve, but for masks and channels, which have none. Only for images without
# a profile, or linear ones: other "non-linear" values have their profile's curve.

def encode (value):
    return 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055


def precision_name (drawable):
    return drawable.get_image ().get_precision ().value_nick


def native (drawable):
    """All components as stored, integers as 0..1."""
    kind = precision_name (drawable).split ('-')[0]
    data = read (drawable)
    if kind == 'half':
        import struct
        return list (struct.unpack (f'{len (data) // 2}e', data))
    code, scale = {'u8': ('B', 255), 'u16': ('H', 65535), 'u32': ('I', 4294967295),
                   'float': ('f', 1), 'double': ('d', 1)}[kind]
    return [value / scale for value in array.array (code, data)]


def planes (drawable):
    """(colour as planes, sRGB-encoded; alpha as stored or None)"""
    values, n = native (drawable), n_components (drawable)
    colours = n - 1 if drawable.has_alpha () else n
    linear = precision_name (drawable).endswith ('-linear') and 'non-linear' not in precision_name (drawable) and \
             isinstance (drawable, Gimp.Layer)
    colour = [encode (v) if linear else v for c in range (colours) for v in values[c::n]]
    return array.array ('f', colour), values[n - 1::n] if drawable.has_alpha () else None


# the filter

def apply (target, guidance, width, height, *noise, model='flash-denoise'):
    """What `joint-filter apply` makes of planes."""
    source, result = SCRATCH + '/in.safetensors', SCRATCH + '/out.safetensors'
    area = width * height
    fixture.save (source, {'target': ([len (target) // area, height, width], target),
                           'guidance': ([len (guidance) // area, height, width], guidance),
                           'noise_level': ([len (noise) or 1], noise or [NOISE_LEVEL])})
    subprocess.run ([os.environ['JF_COMMAND'], 'apply', f'{MODELS}/{model}.safetensors', source, result], check=True)
    return fixture.load (result, 'output')


def expect (target, guidance, **arguments):
    """The filtered colours of a target that guidance covers exactly."""
    return apply (planes (target)[0], planes (guidance)[0], target.get_width (), target.get_height (), **arguments)


def save_excess_model (path):
    fixture.save_model (path, noise_excess=True)


@contextlib.contextmanager
def model_file (change):
    """For as long as it is not what it was."""
    path = pathlib.Path (MODELS, 'flash-denoise.safetensors')
    saved = path.read_bytes ()
    change (path)
    try:
        yield path
    finally:
        path.write_bytes (saved)


def call (image, targets, guidance, run_mode=Gimp.RunMode.NONINTERACTIVE, mode='flash-denoise', **arguments):
    """(status, error text)"""
    procedure = Gimp.get_pdb ().lookup_procedure (PREFIX + mode)
    config = procedure.create_config ()
    config.set_property ('run-mode', run_mode)
    config.set_property ('image', image)
    config.set_core_object_array ('drawables', targets)
    config.set_property ('guidance', guidance)
    if procedure.find_argument ('noise-level'):
        arguments = {'noise-level': NOISE_LEVEL} | arguments
    for name, value in arguments.items ():
        config.set_property (name.replace ('_', '-'), value)
    values = procedure.run (config)
    return values.index (0), values.index (1) if values.length () > 1 else ''


def run (image, targets, guidance, **arguments):
    status, text = call (image, targets, guidance, **arguments)
    check (status == Gimp.PDBStatusType.SUCCESS, f'{status.value_nick}: {text}')


def distance (values, others):
    """Relative where values are beyond 1: there GIMP's own conversions of curves are accurate to 1e-4 or so only."""
    check (len (values) == len (others), f'{len (values)} and {len (others)} values')
    return max (abs (a - b) / max (1, abs (b)) for a, b in zip (values, others))


def check_near (values, others, tolerance=1e-4):
    check (distance (values, others) <= tolerance, f'off by {distance (values, others)}, allowed {tolerance}')


Gegl.init (None)

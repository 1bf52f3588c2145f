# SPDX-License-Identifier: GPL-3.0-or-later
"""safetensors files, a small random model and a colour profile, with the standard library only"""

import array
import json
import math
import random
import struct


def save (path, tensors, metadata=None):
    """tensors: name -> (shape, array of float32)"""
    header, position = {}, 0
    if metadata:
        header['__metadata__'] = metadata
    for name, (shape, values) in tensors.items ():
        end = position + 4 * len (values)
        header[name] = {'dtype': 'F32', 'shape': shape, 'data_offsets': [position, end]}
        position = end
    text = json.dumps (header).encode ()
    with open (path, 'wb') as file:
        file.write (struct.pack ('<Q', len (text)) + text)
        for shape, values in tensors.values ():
            file.write (array.array ('f', values).tobytes ())


def load (path, name):
    with open (path, 'rb') as file:
        size = struct.unpack ('<Q', file.read (8))[0]
        begin, end = json.loads (file.read (size))[name]['data_offsets']
        file.seek (8 + size + begin)
        return array.array ('f', file.read (end - begin))


def save_model (path, seed=20190801, planes=3, noise_level=True, noise_excess=False, width=8, gain=1.0):
    """A network of the shape of those that ship, small, with random weights: what it does to a picture makes no
    sense, but it changes every pixel, by gain or so, and depends on all of its inputs."""
    source = random.Random (seed)
    inputs = 4 * planes + noise_level + noise_excess
    layers = {'target.0': (inputs, width, 3), 'target.1': (width, 8, 3), 'guidance.0': (12, 8, 3), 'guidance.1': (8, 8, 1),
              'filter.0': (16, 8, 3), 'filter.1': (8, 4 * planes, 3)}
    tensors = {}
    for name, (inputs, outputs, kernel) in layers.items ():
        fan_in = inputs * kernel * kernel
        size = math.sqrt (3 / fan_in) * (gain if name == 'filter.1' else 1)
        tensors[name + '.weight'] = ([outputs, inputs, kernel, kernel],
                                     [source.gauss (0, size) for i in range (outputs * fan_in)])
        tensors[name + '.bias'] = ([outputs], [source.gauss (0, 0.1) for i in range (outputs)])
    save (path, tensors, {'format': f'joint-filter-{1 + noise_excess}', 'task': 'test', 'scale': '1', 'residual': 'true',
                          'space_to_depth': '2', 'merge_relu': 'true', 'target_channels': str (planes),
                          'noise_level': str (noise_level).lower (), 'noise_excess': str (noise_excess).lower ()})


# Beyond 0..1 GIMP's conversions are not exact: modes that run more than once, or on chroma, are to stay near it.
NO_LEVEL = {'noise_level': False, 'gain': 0.1}
MODELS = {'flash-denoise': {}, 'flash-denoise-best': {'gain': 0.1}, 'inverse-halftone': NO_LEVEL, 'texture-removal': NO_LEVEL} | \
         {f'{kind}upsampling-x{factor}': NO_LEVEL | {'planes': 1} for kind in ('', 'chroma-') for factor in (4, 8, 16)}


def save_models (folder):
    """A different one for every name."""
    folder.mkdir ()
    for seed, (name, arguments) in enumerate (MODELS.items (), 20190801):
        save_model (folder / f'{name}.safetensors', seed, **arguments)


# Colours of Adobe RGB (1998), adapted to D50 as profiles want it, and its gamma: wider than sRGB.
PRIMARIES = {'r': (0.60974, 0.31111, 0.01947), 'g': (0.20528, 0.62567, 0.06087), 'b': (0.14919, 0.06322, 0.74457)}
WHITE = (0.9642, 1.0, 0.8249)
GAMMA = 563 / 256


def save_profile (path):
    """An ICC profile, version 2."""
    number = lambda value: struct.pack ('>i', round (value * 65536))
    colour = lambda values: b'XYZ ' + bytes (4) + b''.join (map (number, values))
    text = lambda kind, value: kind + bytes (4) + value + b'\0'
    name = b'wide\0'
    tags = {b'desc': b'desc' + bytes (4) + struct.pack ('>I', len (name)) + name + bytes (4 + 4 + 2 + 1 + 67),
            b'cprt': text (b'text', b'public domain'), b'wtpt': colour (WHITE)}
    for letter, values in PRIMARIES.items ():
        tags[letter.encode () + b'XYZ'] = colour (values)
        tags[letter.encode () + b'TRC'] = b'curv' + bytes (4) + struct.pack ('>IH', 1, round (GAMMA * 256))
    data, table, position = b'', b'', 128 + 4 + 12 * len (tags)
    for tag, value in tags.items ():
        value += bytes (-len (value) % 4)
        table += tag + struct.pack ('>II', position, len (value))
        position += len (value)
        data += value
    header = struct.pack ('>I4sI4s4s4s', position, b'none', 0x02100000, b'mntr', b'RGB ', b'XYZ ')
    header += struct.pack ('>6H', 2026, 1, 1, 0, 0, 0) + b'acsp' + bytes (28) + b''.join (map (number, WHITE))
    with open (path, 'wb') as file:
        file.write (header + bytes (128 - len (header)) + struct.pack ('>I', len (tags)) + table + data)

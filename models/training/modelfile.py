# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# modelfile: safetensors files of float32 or float16 arrays
"""Read and write safetensors (https://huggingface.co/docs/safetensors): eight bytes of header length,
a JSON header, raw little-endian data. Small enough to need no package."""

import json
import struct

import numpy as np

TYPES = {'F32': '<f4', 'F16': '<f2'}


def load(path):
    """Return ({name: float32 array}, {metadata key: text}) of the file at path."""
    with open(path, 'rb') as file:
        data = file.read()
    (length,) = struct.unpack_from('<Q', data)
    header = json.loads(data[8:8 + length])
    metadata = header.pop('__metadata__', {})
    tensors = {}
    for name, entry in header.items():
        if entry['dtype'] not in TYPES:
            raise ValueError(f'{path}: tensor {name} is {entry["dtype"]}, none of {", ".join(TYPES)}')
        begin, end = (8 + length + offset for offset in entry['data_offsets'])
        tensors[name] = np.frombuffer(data[begin:end], TYPES[entry['dtype']]).astype('<f4', copy=False).reshape(entry['shape'])
    return tensors, metadata


def save(path, tensors, metadata=None, half=False):
    """Write arrays as float32 or, half as large, float16, in the order given, with metadata of texts."""
    kind = 'F16' if half else 'F32'
    header, blobs, offset = {}, [], 0
    if metadata:
        header['__metadata__'] = metadata
    for name, array in tensors.items():
        blob = np.ascontiguousarray(array, TYPES[kind]).tobytes()
        header[name] = {'dtype': kind, 'shape': list(np.shape(array)), 'data_offsets': [offset, offset + len(blob)]}
        offset += len(blob)
        blobs.append(blob)
    text = json.dumps(header, separators=(',', ':')).encode()
    text += b' ' * (-len(text) % 8)          # data aligned to 8 bytes, as the format asks
    with open(path, 'wb') as file:
        file.write(struct.pack('<Q', len(text)) + text + b''.join(blobs))

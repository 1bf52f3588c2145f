#!/usr/bin/env python3
# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# make-vectors: small random models, and what they must compute
"""Writes NAME.safetensors, a model, and NAME.CASE.vector.safetensors, inputs and the expected output, into the folder of
this script. Everything is computed in float64 from float32 inputs by the plainest means, straight from the description
of the model file, and rounded to float32 at the end. Needs NumPy only; the seeds are fixed."""

import json
import pathlib
import struct

import numpy as np

EXCESS = {'format': 'joint-filter-2', 'noise_level': 'true', 'noise_excess': 'true'}

# name: metadata, then (inputs of the first layer follow from them) outputs and kernel of each layer
MODELS = {
    'plain': ({'residual': 'true'}, {'target': [(6, 5), (4, 1), (1, 3)], 'guidance': [(5, 3), (1, 1)], 'filter': [(6, 5), (1, 3)]}),
    'wide': ({'residual': 'false', 'merge_relu': 'true'}, {'target': [(9, 1)], 'guidance': [(7, 7), (3, 3)], 'filter': [(17, 3), (5, 1), (1, 11)]}),
    'colour': ({'residual': 'true', 'target_channels': '3'}, {'target': [(8, 3), (2, 3)], 'guidance': [(3, 5)], 'filter': [(3, 3)]}),
    'noise': ({'residual': 'true', 'space_to_depth': '2', 'noise_level': 'true'}, {'target': [(6, 3), (5, 3)], 'guidance': [(4, 3)], 'filter': [(6, 3), (4, 3)]}),
    'colour-noise': ({'residual': 'true', 'space_to_depth': '2', 'merge_relu': 'true', 'target_channels': '3', 'noise_level': 'true'},
                     {'target': [(8, 5), (6, 3)], 'guidance': [(6, 3), (4, 3)], 'filter': [(7, 3), (6, 3), (12, 3)]}),
    'blocks': ({'residual': 'false', 'space_to_depth': '4', 'merge_relu': 'true'}, {'target': [(5, 3)], 'guidance': [(3, 1)], 'filter': [(16, 3)]}),
    'joined': ({'residual': 'true', 'space_to_depth': '2', 'target_channels': '3', 'noise_level': 'true'},
               {'target': [(6, 3)], 'guidance': [(5, 3)], 'filter': [(7, 1), (6, 3), (12, 3)]}),
    'joined-planes': ({'residual': 'true', 'noise_level': 'true'}, {'target': [(4, 5)], 'guidance': [(3, 5)], 'filter': [(6, 1), (1, 3)]}),
    'paper': ({'residual': 'true'}, {'target': [(6, 9), (4, 1), (1, 5)], 'guidance': [(5, 9), (3, 1), (1, 5)], 'filter': [(6, 9), (4, 1), (1, 5)]}),
    'deep': ({'residual': 'true', 'space_to_depth': '2', 'target_channels': '3'},
             {'target': [(9, 3)], 'guidance': [(4, 3)], 'filter': [(13, 1), (18, 3), (6, 3), (17, 3), (5, 3), (9, 3), (11, 3), (12, 3)]}),
    'excess': ({'residual': 'true', 'space_to_depth': '2', 'merge_relu': 'true', 'target_channels': '3', **EXCESS},
               {'target': [(7, 3), (5, 3)], 'guidance': [(4, 3)], 'filter': [(6, 3), (12, 3)]}),
    'joined-excess': ({'residual': 'true', **EXCESS}, {'target': [(4, 5)], 'guidance': [(3, 5)], 'filter': [(6, 1), (1, 3)]}),
    'deep-excess': ({'residual': 'true', 'space_to_depth': '2', 'target_channels': '3', **EXCESS},
                    {'target': [(7, 3)], 'guidance': [(4, 3)], 'filter': [(9, 1), (10, 3), (6, 3), (11, 3), (12, 3)]}),
}

# case: shape of the target, shape of the guidance
CASES = {
    'pixel': ((1, 1), (3, 1, 1)),
    'row': ((3, 1, 7), (1, 7)),
    'column': ((1, 5, 1), (3, 5, 1)),
    'grey': ((23, 31), (1, 23, 31)),
    'colour': ((3, 14, 21), (3, 14, 21)),
}


def main():
    folder = pathlib.Path(__file__).parent
    random = np.random.default_rng(20190801)
    for name, (settings, stacks) in MODELS.items():
        metadata = {'format': 'joint-filter-1', 'task': 'test', 'scale': '1'} | settings
        model = make_model(metadata, stacks, random)
        save(folder / f'{name}.safetensors', model, metadata)
        for case, (target, guidance) in CASES.items():
            tensors = {'target': random.uniform(-.1, 1.1, target), 'guidance': random.uniform(0, 1, guidance)}
            if 'noise_level' in metadata:
                tensors['noise_level'] = random.uniform(.01, .1, 1)
            if 'noise_excess' in metadata:
                tensors['noise_level'] = np.append(tensors['noise_level'], random.uniform(-.1, .2))
            tensors = {key: value.astype(np.float32) for key, value in tensors.items()}
            tensors['output'] = apply(model, metadata, **tensors)
            save(folder / f'{name}.{case}.vector.safetensors', tensors, {'format': 'joint-filter-vector-1', 'model': name})


def make_model(metadata, stacks, random):
    block = int(metadata.get('space_to_depth', 1)) ** 2
    noise = [metadata.get(key) for key in ('noise_level', 'noise_excess')].count('true')
    inputs = {'target': int(metadata.get('target_channels', 1)) * block + noise,
              'guidance': 3 * block, 'filter': stacks['guidance'][-1][0] + stacks['target'][-1][0]}
    model = {}
    for stack, layers in stacks.items():
        n = inputs[stack]
        for i, (outputs, kernel) in enumerate(layers):
            scale = np.sqrt(2 / (n * kernel * kernel))
            model[f'{stack}.{i}.weight'] = (scale * random.standard_normal((outputs, n, kernel, kernel))).astype(np.float32)
            model[f'{stack}.{i}.bias'] = random.uniform(-.2, .2, outputs).astype(np.float32)
            n = outputs
    return model


def apply(model, metadata, target, guidance, noise_level=None):
    planes = target.astype(np.float64).reshape(-1, *target.shape[-2:])
    guide = guidance.astype(np.float64).reshape(-1, *target.shape[-2:])
    guide = np.broadcast_to(guide, (3, *guide.shape[1:]))
    if metadata.get('target_channels') == '3':
        output = run(model, metadata, np.broadcast_to(planes, (3, *planes.shape[1:])), guide, noise_level)
        output = output if len(planes) == 3 else output.mean(0, keepdims=True)
    else:
        output = np.concatenate([run(model, metadata, plane[None], guide, noise_level) for plane in planes])
    return output.reshape(target.shape)


def run(model, metadata, planes, guide, noise_level):
    r = int(metadata.get('space_to_depth', 1))
    halo = {stack: sum(w.shape[2] // 2 for w, _ in layers(model, stack)) for stack in ('target', 'guidance', 'filter')}
    longer = max(halo['target'], halo['guidance'])
    height, width = planes.shape[1:]

    def extend(x):
        border = r * (longer + halo['filter'])
        return np.pad(x, ((0, 0), (border, border + -height % r), (border, border + -width % r)), mode='edge')

    t, g = unshuffle(extend(planes), r), unshuffle(extend(guide), r)
    if noise_level is not None:
        t = np.concatenate([t, *(np.full_like(t[:1], np.float64(number)) for number in noise_level)])
    t = crop(convolve(model, 'target', t), longer - halo['target'])
    g = crop(convolve(model, 'guidance', g), longer - halo['guidance'])
    features = np.concatenate([g, t])
    if metadata.get('merge_relu') == 'true':
        features = np.maximum(features, 0)
    output = shuffle(convolve(model, 'filter', features), r)[:, :height, :width]
    return planes + output if metadata['residual'] == 'true' else output


def layers(model, stack):
    i = 0
    while f'{stack}.{i}.weight' in model:
        yield model[f'{stack}.{i}.weight'].astype(np.float64), model[f'{stack}.{i}.bias'].astype(np.float64)
        i += 1


def convolve(model, stack, x):
    for i, (weight, bias) in enumerate(layers(model, stack)):
        x = np.maximum(x, 0) if i else x
        windows = np.lib.stride_tricks.sliding_window_view(x, weight.shape[2:], axis=(1, 2))
        x = np.einsum('ihwyx,oiyx->ohw', windows, weight) + bias[:, None, None]
    return x


def crop(x, border):
    return x[:, border:x.shape[1] - border, border:x.shape[2] - border]


def unshuffle(x, r):
    c, h, w = x.shape
    return x.reshape(c, h // r, r, w // r, r).transpose(0, 2, 4, 1, 3).reshape(c * r * r, h // r, w // r)


def shuffle(x, r):
    c, h, w = x.shape
    return x.reshape(c // (r * r), r, r, h, w).transpose(0, 3, 1, 4, 2).reshape(c // (r * r), h * r, w * r)


def save(path, tensors, metadata):
    header, data = {'__metadata__': metadata}, b''
    for name, tensor in tensors.items():
        values = np.ascontiguousarray(tensor, '<f4').tobytes()
        header[name] = {'dtype': 'F32', 'shape': list(tensor.shape), 'data_offsets': [len(data), len(data) + len(values)]}
        data += values
    text = json.dumps(header, separators=(',', ':')).encode()
    text += b' ' * (-len(text) % 8)
    path.write_bytes(struct.pack('<Q', len(text)) + text + data)


if __name__ == '__main__':
    main()

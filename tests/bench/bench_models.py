# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# bench_models: model files with seeded random weights

import array
import json
import random
import struct
import sys

# (outputs, kernel) of each layer
PAPER = {
    "metadata": {"residual": "true"},
    "target": [(96, 9), (48, 1), (1, 5)],
    "guidance": [(96, 9), (48, 1), (1, 5)],
    "filter": [(64, 9), (32, 1), (1, 5)],
}
COMPACT = {
    "metadata": {"residual": "true", "merge_relu": "true", "space_to_depth": "2", "target_channels": "3",
                 "noise_level": "true"},
    "target": [(48, 5), (32, 3)],
    "guidance": [(48, 5), (32, 3)],
    "filter": [(64, 3), (64, 3), (64, 3), (12, 3)],
}


def write_paper(path):
    """The paper's network: 9x9, 1x1, 5x5 thrice."""
    write(path, PAPER, target_inputs=1, guidance_inputs=3)


def write_compact(path):
    """The shape of the models that ship: half resolution, three target channels at once, the noise level."""
    write(path, COMPACT, target_inputs=3 * 4 + 1, guidance_inputs=3 * 4)


def write(path, network, target_inputs, guidance_inputs):
    tensors = []
    inputs = {
        "target": target_inputs,
        "guidance": guidance_inputs,
        "filter": network["guidance"][-1][0] + network["target"][-1][0],
    }
    generator = random.Random(1)

    for stack, planes in inputs.items():
        for n, (outputs, kernel) in enumerate(network[stack]):
            # He's variance 2 / n for layers followed by a ReLU keeps values near 1
            limit = (6 / (planes * kernel * kernel)) ** 0.5
            tensors.append((f"{stack}.{n}.weight", [outputs, planes, kernel, kernel], limit))
            tensors.append((f"{stack}.{n}.bias", [outputs], 0.1))
            planes = outputs

    write_safetensors(path, network["metadata"] | {"format": "joint-filter-1", "task": "benchmark", "scale": "1"},
                      tensors, generator)


def write_safetensors(path, metadata, tensors, generator):
    header = {"__metadata__": metadata}
    data = array.array("f")

    for name, shape, limit in tensors:
        size = 1
        for length in shape:
            size *= length
        begin = 4 * len(data)
        data.extend(generator.uniform(-limit, limit) for _ in range(size))
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [begin, 4 * len(data)]}

    if sys.byteorder == "big":
        data.byteswap()
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        data.tofile(file)

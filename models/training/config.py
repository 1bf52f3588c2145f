# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# config: one TOML file per model
"""A config has the tables [model] (purpose, as the model file states it), [network] (shape), [data] (recipe of
examples) and [training]; --set table.key=value changes single entries."""

import tomllib


def load(path, changes=()):
    with open(path, 'rb') as file:
        config = tomllib.load(file)
    for change in changes:
        key, _, value = change.partition('=')
        table, *names = key.split('.')
        place = config[table]
        for name in names[:-1]:
            place = place[name]
        place[names[-1]] = tomllib.loads(f'value = {value}')['value']
    return config

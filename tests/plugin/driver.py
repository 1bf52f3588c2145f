#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""driver.py --undo: a user who undoes in GIMP's main window; prints the name of the menu item
driver.py TITLE ACTION…: a user at the dialog of that title; prints what it shows as JSON

Actions, in order: WIDGET=VALUE sets a slider or a combo box by its accessible name, PNG=FILE takes a picture of the screen,
anything else is the name of a button to press.
"""

import json
import sys
import time

import gi
gi.require_version ('Atspi', '2.0')
gi.require_version ('Gdk', '3.0')
from gi.repository import Atspi, Gdk

TIMEOUT = 20


def descend (node):
    yield node
    for i in range (node.get_child_count ()):
        child = node.get_child_at_index (i)
        if child:
            yield from descend (child)


def wait_for (find, what):
    end = time.monotonic () + TIMEOUT
    while time.monotonic () < end:
        found = find ()
        if found:
            return found
        time.sleep (0.1)
    sys.exit (f'no {what} in {TIMEOUT} s')


def find_dialog (title):
    for node in descend (Atspi.get_desktop (0)):
        if node.get_role () == Atspi.Role.DIALOG and node.get_name () == title:
            return node


def find (dialog, role, name):
    """By its name, or by the label in it: that is all some buttons have."""
    for node in descend (dialog):
        if node.get_role () == role and node.get_state_set ().contains (Atspi.StateType.SHOWING) and \
           (node.get_name () == name or not node.get_name () and
            any (child.get_role () == Atspi.Role.LABEL and child.get_name () == name for child in descend (node))):
            return node


def get_items (combo):
    return [node.get_name () for node in descend (combo) if node.get_role () == Atspi.Role.MENU_ITEM]


def get_choice (combo):
    chosen = combo.get_selection_iface ().get_selected_child (0)
    return chosen.get_name () if chosen else None


def look (dialog):
    seen = {}
    for node in descend (dialog):
        if node.get_role () == Atspi.Role.COMBO_BOX:
            seen[node.get_name ()] = {'items': get_items (node), 'choice': get_choice (node)}
        elif node.get_role () == Atspi.Role.SPIN_BUTTON:
            value = node.get_value_iface ()
            seen[node.get_name ()] = [value.get_minimum_value (), value.get_current_value (), value.get_maximum_value ()]
    return seen


def take_picture (path):
    time.sleep (0.5)
    root = Gdk.get_default_root_window ()
    Gdk.pixbuf_get_from_window (root, 0, 0, root.get_width (), root.get_height ()).savev (path, 'png', [], [])


def act (dialog, action):
    name, separator, value = action.partition ('=')
    if not separator:
        button = wait_for (lambda: find (dialog, Atspi.Role.PUSH_BUTTON, name), f'button “{name}”')
        button.get_action_iface ().do_action (0)
    elif name == 'PNG':
        take_picture (value)
    elif find (dialog, Atspi.Role.COMBO_BOX, name):
        combo = find (dialog, Atspi.Role.COMBO_BOX, name)
        combo.get_selection_iface ().select_child (get_items (combo).index (value))
    else:
        find (dialog, Atspi.Role.SPIN_BUTTON, name).get_value_iface ().set_current_value (float (value))
    time.sleep (0.2)


def main (title, *actions):
    dialog = wait_for (lambda: find_dialog (title), f'dialog “{title}”')
    wait_for (lambda: find (dialog, Atspi.Role.PUSH_BUTTON, 'OK'), 'button OK')
    try:
        for action in actions[:-1]:
            act (dialog, action)
        print (json.dumps (look (dialog)), flush=True)
        act (dialog, actions[-1])
    except BaseException:
        act (dialog, 'Cancel')    # GIMP waits for the dialog
        raise


def undo ():
    def find_undo ():
        for node in descend (Atspi.get_desktop (0)):
            if node.get_role () == Atspi.Role.MENU_ITEM and node.get_name ().startswith ('Undo ') and \
               node.get_state_set ().contains (Atspi.StateType.SENSITIVE):
                return node
    item = wait_for (find_undo, 'menu item Undo')
    print (item.get_name ())
    item.get_action_iface ().do_action (0)


if sys.argv[1] == '--undo':
    undo ()
else:
    main (*sys.argv[1:])

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""driver.py --undo: a user who undoes in GIMP's main window; prints the name of the menu item
driver.py TITLE ACTION…: a user at the dialog of that title; prints what it shows as JSON

Actions, in order: WIDGET=VALUE sets a slider, a combo box or a check box by its accessible name; CHANGE changes all of
them, one after the other; CONTROLS=FILE writes what there is to use as JSON; WAIT waits until the preview shows the
result; FOCUS gives it the keyboard; PROGRESS waits until the filter is applied, READY until that has ended;
PROGRESS=FILE follows it to the end and writes what was seen as JSON; FILE=FILE waits for a file,
SAYS=TEXT for a text that begins so; COPY=FILE,FILE copies one; MENU=ITEM chooses from the menus of GIMP's window, and
HAS=ITEM waits until a combo box offers that;
PNG=FILE takes a picture of the screen and PREVIEW=FILE one of the preview; KEYS=KEY… presses keys by their names ("+Key"
holds one down, "-Key" lets it go); DRAG=X,Y,X,Y drags within the preview; anything else is the name of a button to press.
"""

import gettext
import json
import os
import shutil
import sys
import time

import gi
gi.require_version ('Atspi', '2.0')
gi.require_version ('Gdk', '3.0')
from gi.repository import Atspi, Gdk, GLib

TIMEOUT = 60    # a busy machine may stop for a while, and nobody else closes the dialog

# Texts that the driver itself knows are given in English; the dialog may be in another language.
CATALOGUES = (gettext.translation ('joint-filter', os.environ['JF_MODELS'] + '/../locale', fallback=True),
              gettext.translation ('gimp30-libgimp', fallback=True))
MNEMONICS = {'OK': '_OK', 'Cancel': '_Cancel', 'Reset': '_Reset', 'Help': '_Help', 'Split': 'Spli_t', 'Zoom': '_Zoom'}


def translate (text):
    message = MNEMONICS.get (text, text)
    found = [catalogue.gettext (message) for catalogue in CATALOGUES]
    return next ((other for other in found if other != message), message).replace ('_', '')


BUSY = translate ('Computing the preview…')


def descend (node):
    yield node
    for i in range (node.get_child_count ()):
        child = node.get_child_at_index (i)
        if child:
            yield from descend (child)


def wait_for (find, what):
    """What goes while it is looked at, as the items of a combo box do that is filled anew, is not found."""
    end = time.monotonic () + TIMEOUT
    while time.monotonic () < end:
        try:
            found = find ()
        except GLib.Error:
            found = None
        if found:
            return found
        time.sleep (0.1)
    sys.exit (f'no {what} in {TIMEOUT} s')


def get_children (node):
    return [child for child in map (node.get_child_at_index, range (node.get_child_count ())) if child]


def find_dialog (title):
    for program in get_children (Atspi.get_desktop (0)):
        for window in get_children (program):
            if window.get_role () == Atspi.Role.DIALOG and window.get_name () == title:
                return window


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


USABLE = (Atspi.Role.COMBO_BOX, Atspi.Role.SPIN_BUTTON, Atspi.Role.SLIDER, Atspi.Role.PUSH_BUTTON, Atspi.Role.CHECK_BOX,
          Atspi.Role.DRAWING_AREA)


def list_controls (dialog):
    """[role, name, description, key] of each"""
    found = []
    for node in descend (dialog):
        if node.get_role () in USABLE and node.get_state_set ().contains (Atspi.StateType.SHOWING):
            actions = node.get_action_iface ()
            keys = [actions.get_key_binding (i) for i in range (actions.get_n_actions ())] if actions else []
            labels = [child.get_name () for child in descend (node) if child.get_role () == Atspi.Role.LABEL]
            found.append ([node.get_role_name (), node.get_name () or ''.join (labels), node.get_description (),
                           ''.join (keys)])
    return found


def change_all (dialog):
    for node in descend (dialog):
        if node.get_role () == Atspi.Role.COMBO_BOX and node.get_name () not in (translate ('Split'), translate ('Zoom')):
            node.get_selection_iface ().select_child (len (get_items (node)) - 1)
        elif node.get_role () == Atspi.Role.SPIN_BUTTON:
            value = node.get_value_iface ()
            value.set_current_value (round ((value.get_minimum_value () + value.get_maximum_value ()) / 2))
        else:
            continue
        wait_for_preview (dialog)


def take_picture (path, x=0, y=0, width=None, height=None):
    """The pointer is in a corner, lest a tooltip cover something."""
    root = Gdk.get_default_root_window ()
    Atspi.generate_mouse_event (root.get_width () - 1, root.get_height () - 1, 'abs')
    time.sleep (0.3)
    Gdk.pixbuf_get_from_window (root, x, y, width or root.get_width (), height or root.get_height ()).savev (
        path, 'png', [], [])


def get_place (dialog, name):
    """x, y, width and height on the screen"""
    place = find (dialog, Atspi.Role.DRAWING_AREA, translate (name)).get_component_iface ().get_extents (Atspi.CoordType.SCREEN)
    return place.x, place.y, place.width, place.height


def wait_for_preview (dialog):
    """Until nothing has been computed for three looks, which is longer than the delay before it begins."""
    end, idle = time.monotonic () + TIMEOUT, 0
    while idle < 3:
        if time.monotonic () > end:
            sys.exit (f'no preview in {TIMEOUT} s')
        time.sleep (0.05)
        idle = 0 if find (dialog, Atspi.Role.LABEL, BUSY) else idle + 1


def find_progress (dialog):
    """Once there is some."""
    return any (node.get_role () == Atspi.Role.PROGRESS_BAR and node.get_state_set ().contains (Atspi.StateType.SHOWING) and
                node.get_value_iface ().get_current_value () > 0 for node in descend (dialog))


def follow_progress (dialog):
    """What the bar shows, one after the other, until the dialog goes."""
    seen = []
    bar = wait_for (lambda: next ((node for node in descend (dialog) if node.get_role () == Atspi.Role.PROGRESS_BAR), None), 'bar')
    while not bar.get_state_set ().contains (Atspi.StateType.DEFUNCT):
        try:
            value = bar.get_value_iface ().get_current_value ()
        except GLib.Error:
            break
        if not seen or value != seen[-1]:
            seen.append (value)
        time.sleep (0.02)
    return seen


def press_keys (dialog, keys):
    """Without a window manager they go where the pointer is."""
    x, y, width, height = get_place (dialog, 'Preview')
    Atspi.generate_mouse_event (x, y, 'abs')
    for key in keys.split ():
        name = key.lstrip ('+-') or key
        kind = {'+': Atspi.KeySynthType.PRESS, '-': Atspi.KeySynthType.RELEASE}.get (
            key[0] if len (key) > 1 else '', Atspi.KeySynthType.PRESSRELEASE)
        keyval = Gdk.keyval_from_name (name)
        found, entries = Gdk.Keymap.get_for_display (Gdk.Display.get_default ()).get_entries_for_keyval (keyval)
        Atspi.generate_keyboard_event (entries[0].keycode if kind != Atspi.KeySynthType.SYM else keyval, None, kind)
        time.sleep (0.1)


def drag (dialog, points):
    x, y, width, height = get_place (dialog, 'Preview')
    from_x, from_y, to_x, to_y = (int (number) for number in points.split (','))
    Atspi.generate_mouse_event (x + from_x, y + from_y, 'b1p')
    for i in range (1, 6):
        Atspi.generate_mouse_event (x + from_x + (to_x - from_x) * i // 5, y + from_y + (to_y - from_y) * i // 5, 'abs')
        time.sleep (0.02)
    Atspi.generate_mouse_event (x + to_x, y + to_y, 'b1r')


def set_value (control, value):
    if control.get_role () == Atspi.Role.CHECK_BOX:
        if control.get_state_set ().contains (Atspi.StateType.CHECKED) != (value == 'on'):
            control.get_action_iface ().do_action (0)
    elif control.get_role () == Atspi.Role.COMBO_BOX:
        control.get_selection_iface ().select_child (get_items (control).index (value))
    else:
        control.get_value_iface ().set_current_value (float (value))


def act (dialog, action):
    name, separator, value = action.partition ('=')
    if action == 'WAIT':
        wait_for_preview (dialog)
    elif action == 'CHANGE':
        change_all (dialog)
    elif action == 'PROGRESS':
        wait_for (lambda: find_progress (dialog), 'progress')
    elif action == 'READY':
        wait_for (lambda: find (dialog, Atspi.Role.PUSH_BUTTON, translate ('OK')).get_state_set ().contains (Atspi.StateType.SENSITIVE),
                  'end of the progress')
    elif action == 'FOCUS':
        find (dialog, Atspi.Role.DRAWING_AREA, translate ('Preview')).get_component_iface ().grab_focus ()
    elif not separator:
        button = wait_for (lambda: find (dialog, Atspi.Role.PUSH_BUTTON, translate (name)), f'button “{name}”')
        button.get_action_iface ().do_action (0)
    elif name == 'PNG':
        take_picture (value)
    elif name == 'FILE':
        wait_for (lambda: os.path.exists (value), value)
    elif name == 'SAYS':
        wait_for (lambda: any (node.get_role () == Atspi.Role.LABEL and node.get_name ().startswith (value)
                               for node in descend (dialog)), f'text “{value}”')
    elif name == 'MENU':
        wait_for (lambda: find_menu_item (value), f'menu item {value}').get_action_iface ().do_action (0)
    elif name == 'HAS':
        wait_for (lambda: any (value in get_items (node) for node in descend (dialog)
                               if node.get_role () == Atspi.Role.COMBO_BOX), f'choice {value}')
    elif name == 'PROGRESS':
        with open (value, 'w') as file:
            json.dump (follow_progress (dialog), file)
    elif name == 'COPY':
        shutil.copyfile (*value.split (','))
    elif name == 'CONTROLS':
        with open (value, 'w') as file:
            json.dump (list_controls (dialog), file)
    elif name == 'PREVIEW':
        take_picture (value, *get_place (dialog, 'Preview'))
    elif name == 'KEYS':
        press_keys (dialog, value)
    elif name == 'DRAG':
        drag (dialog, value)
    else:
        set_value (wait_for (lambda: find (dialog, Atspi.Role.CHECK_BOX, name) or find (dialog, Atspi.Role.COMBO_BOX, name) or
                             find (dialog, Atspi.Role.SPIN_BUTTON, name), f'control “{name}”'), value)
    time.sleep (0.1)


def main (title, *actions):
    dialog = wait_for (lambda: find_dialog (title), f'dialog “{title}”')
    wait_for (lambda: find (dialog, Atspi.Role.PUSH_BUTTON, translate ('OK')), 'button OK')
    try:
        for action in actions[:-1]:
            act (dialog, action)
        print (json.dumps (look (dialog)), flush=True)
        act (dialog, actions[-1])
    except BaseException:
        act (dialog, 'Cancel')    # GIMP waits for the dialog
        raise


def find_menu_item (start):
    for node in descend (Atspi.get_desktop (0)):
        if node.get_role () in (Atspi.Role.MENU_ITEM, Atspi.Role.RADIO_MENU_ITEM) and node.get_name ().startswith (start) and \
           node.get_state_set ().contains (Atspi.StateType.SENSITIVE):
            return node


def undo ():
    item = wait_for (lambda: find_menu_item ('Undo '), 'menu item Undo')
    print (item.get_name ())
    item.get_action_iface ().do_action (0)


if sys.argv[1] == '--undo':
    undo ()
else:
    main (*sys.argv[1:])

#!/usr/bin/env python3
"""rooms.py - what src/ROOMS says, for meson.build and for the other tools.

Run by meson.build, it prints one line per fact, in layer order:

    uses ROOM LOWER_ROOM     ROOM may include and link with LOWER_ROOM
    lib  ROOM FILE           a source of the static library of ROOM
    test ROOM FILE           a cmocka test program beside the code it tests
    fuzz ROOM FILE           a property or fuzz program beside the code it tests
    main ROOM FILE           the file with main() of the program

A room needs no file at all; such a room has no `lib` line and makes no library.
"""

import pathlib
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
TOWER_ONE_END = "observe"


def read_rooms(top=TOP):
    """Rooms in layer order: {room: [rooms it may use, in layer order]}."""
    rooms = {}
    tower_one = True
    for number, line in enumerate((top / "src/ROOMS").read_text().splitlines(), 1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        name, colon, rule = line.partition(":")
        if not colon:
            sys.exit(f"src/ROOMS:{number}: want 'room: rule', got '{line}'")
        name = name.strip()
        rule = rule.split()
        if name == TOWER_ONE_END:
            tower_one = False
        if rule in (["below"], ["all"]):
            if rule == ["below"] and not tower_one:
                sys.exit(f"src/ROOMS:{number}: 'below' is for tower one; name the rooms")
            uses = list(rooms)
        else:
            uses = rule
            for used in uses:
                if used not in rooms:
                    sys.exit(f"src/ROOMS:{number}: {name} uses {used}, which is not listed before it")
        rooms[name] = uses
    return rooms


def tower_one(rooms):
    """The rooms of the machine, where no wall clock and no randomness of the host may enter."""
    names = list(rooms)
    return names[: names.index(TOWER_ONE_END)]


def kind_of(path):
    if path.name == "main.c":
        return "main"
    if path.name.endswith("_test.c"):
        return "test"
    if path.name.endswith("_fuzz.c"):
        return "fuzz"
    return "lib"


def main():
    for room, uses in read_rooms().items():
        for used in uses:
            print("uses", room, used)
        for path in sorted((TOP / "src" / room).glob("*.c")):
            print(kind_of(path), room, path.relative_to(TOP))


if __name__ == "__main__":
    main()

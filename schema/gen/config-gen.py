"""The generator's command.

    config-gen.py c HEADER SOURCE INCLUDE-NAME SCHEMA...
"""

import sys
from pathlib import Path

import emit_c
from schema_model import load
from schema_parser import SchemaError


def write_c(header, source, name, *schemas):
    model = load(schemas)
    Path(header).write_text(emit_c.header(model, [Path(s).name for s in schemas]))
    Path(source).write_text(emit_c.source(model, name))


COMMANDS = {"c": write_c}


def main(args):
    if not args or args[0] not in COMMANDS:
        sys.exit(__doc__)
    try:
        COMMANDS[args[0]](*args[1:])
    except SchemaError as e:
        sys.exit(str(e))


if __name__ == "__main__":
    main(sys.argv[1:])

"""The generator of structs, tables and documents from schema files (docs/config.md).

    config-gen.py c HEADER SOURCE INCLUDE-NAME SCHEMA...     structs and their tables, in C
    config-gen.py json-schema FILE SCHEMA...                 what the JSON of the document may be
    config-gen.py docs FILE SCHEMA...                        makes the tables of FILE anew
    config-gen.py docs-check FILE SCHEMA...                  fails when `docs` would change FILE
"""

import json
import sys
from pathlib import Path

import emit_c
import emit_docs
import emit_json_schema
from schema_model import load
from schema_parser import SchemaError


def write_c(header, source, name, *schemas):
    model = load(schemas)
    Path(header).write_text(emit_c.header(model, [Path(s).name for s in schemas]),
                            encoding="utf-8")
    Path(source).write_text(emit_c.source(model, name), encoding="utf-8")


def write_json_schema(path, *schemas):
    text = json.dumps(emit_json_schema.schema(load(schemas)), indent=2)
    Path(path).write_text(text + "\n", encoding="utf-8")


def write_docs(path, *schemas):
    document = Path(path).read_text(encoding="utf-8")
    Path(path).write_text(emit_docs.rewrite(load(schemas), document), encoding="utf-8")


def check_docs(path, *schemas):
    document = Path(path).read_text(encoding="utf-8")
    if emit_docs.rewrite(load(schemas), document) != document:
        sys.exit(f"{path} is not up to date: run {sys.argv[0]} docs {path} {' '.join(schemas)}")


COMMANDS = {"c": write_c, "json-schema": write_json_schema, "docs": write_docs,
            "docs-check": check_docs}


def main(args):
    if len(args) < 2 or args[0] not in COMMANDS:
        sys.exit(__doc__)
    try:
        COMMANDS[args[0]](*args[1:])
    except (SchemaError, ValueError) as e:
        sys.exit(str(e))


if __name__ == "__main__":
    main(sys.argv[1:])

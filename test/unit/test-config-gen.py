"""The generator: a fault in a schema is told with its line, and what it writes is right.

    test-config-gen.py GENERATOR-FOLDER JSON-SCHEMA GOLDEN-FOLDER DOCUMENT SCHEMA...
"""

import json
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

GEN, JSON_SCHEMA, GOLDEN, DOCUMENT, *SCHEMAS = sys.argv[1:]
COMMAND = [sys.executable, "-B", str(Path(GEN) / "config-gen.py")]

# A schema, and how its error ends after the path.
FAULTS = [
    ('thing X "d" {\n}', "1: expected enum, union, struct or document, found 'thing'"),
    ('struct', "1: struct without a name"),
    ('struct x "d" {\n a str "d"\n}', "1: 'x' is no name for a type: LikeThis"),
    ('struct X {\n a str "d"\n}', "1: struct X has no documentation string"),
    ('struct X ""  {\n a str "d"\n}', "1: struct X has no documentation string"),
    ('struct X "d"\n a str "d"\n}', "1: expected { after the documentation of X"),
    ('struct X "d" {\n a str "d"', "1: struct X has no closing brace"),
    ('struct X "d" {\n}', "1: X has no fields"),
    ('struct X "d" {\n\n a str\n}', "3: X.a has no documentation string"),
    ('struct X "d" {\n a str "d" "e"\n}', "2: X.a has two documentation strings"),
    ('struct X "d" {\n a str "d\n}', '2: a string without an end: "d'),
    ('struct X "d" {\n a\n}', "2: the line ends where a type is expected"),
    ('struct X "d" {\n A str "d"\n}', "2: 'A' is no name for a field: like_this"),
    ('struct X "d" {\n a str "d"\n a str "d"\n}', "3: X.a: the name is taken"),
    ('struct X "d" {\n default str "d"\n}', "2: X.default: a word of C"),
    ('struct X "d" {\n a strr "d"\n}', "2: X.a: unknown type 'strr'"),
    ('struct X "d" {\n a str "d" shiny\n}', "2: unknown word 'shiny'"),
    ('struct X "d" {\n a str "d" as big xml b\n}',
     "2: unknown form 'big', known: presence, onoff, state, hex1, hex2, hex4, hex8"),
    ('struct X "d" {\n a bool "d" as presence\n}', "2: X.a: has a form and no XML place"),
    ('struct X "d" {\n a str "d" xml b as presence\n}',
     "2: X.a: 'presence' is for truth told by an element"),
    ('struct X "d" {\n a str "d" xml b//c\n}', "2: X.a: 'b//c' is no XML place"),
    ('struct X "d" {\n a str "d" xml .\n}',
     "2: X.a: only a struct or union lies in the element itself"),
    ('struct X "d" {\n a list str "d" xml @b\n}', "2: X.a: a list does not fit in an attribute"),
    ('struct X "d" {\n a str? "d"\n}', "2: X.a: strings and enums can be unset without '?'"),
    ('struct X "d" {\n a u32? "d" required\n}', "2: X.a: required, and yet it may be missing"),
    ('struct X "d" {\n a u32 "d" default many\n}', "2: X.a: 'many' is no number"),
    ('struct X "d" {\n a u32 "d" default 9 max 8\n}', "2: X.a: default 9 is not within 0 and 8"),
    ('struct X "d" {\n a u32 "d" max lots\n}', "2: 'lots' is no number"),
    ('struct X "d" {\n a bool "d" default on\n}', "2: X.a: 'on' is neither true nor false"),
    ('struct X "d" {\n a bool "d" max 3\n}',
     "2: X.a: only numbers, strings and lists have bounds"),
    ('struct X "d" {\n a str "d" keep p\n}',
     "2: X.a: only a live string has a prefix that is kept"),
    ('struct X "d" {\n x X "d"\n}', "1: X holds itself"),
    ('struct X "d" {\n y Y "d"\n}\nstruct Y "d" {\n x X "d"\n}', "1: X holds itself"),
    ('enum E "d" {\n a b a\n}', "2: E says 'a' twice"),
    ('enum E "d" {\n a-b a_b\n}', "2: E says 'a_b' twice"),
    ('enum E "d" {\n}', "1: E has no values"),
    ('enum E "d" {\n "doc" a\n}', "2: a documentation string without its value"),
    ('enum E "d" {\n a\n}\nstruct X "d" {\n e E "d" default b\n}', "5: X.e: 'b' is no value of E"),
    ('enum E "d" {\n a\n}\n\nenum E "d" {\n a\n}', "5: E is declared twice, first at FILE:1"),
    ('union U on E "d" {\n a X\n}', "1: unknown enum 'E'"),
    ('union U "d" {\n a X\n}', '1: expected: union NAME on ENUM "documentation" {'),
    ('enum E "d" {\n a\n}\nunion U on E "d" {\n b X\n}\nstruct X "d" {\n s str "d"\n}',
     "5: 'b' is no value of E"),
    ('enum E "d" {\n a\n}\nunion U on E "d" {\n a X\n}', "5: unknown struct 'X'"),
    ('enum E "d" {\n a\n}\nunion U on E "d" {\n a Y\n}\nstruct Y "d" {\n s str "d"\n}\n'
     'struct X "d" {\n u union U on e "d"\n e E "d"\n}', "11: X.u: 'e' is no earlier field of type E"),
]


class Faults(unittest.TestCase):
    def test_a_fault_is_told_with_its_line(self):
        for text, error in FAULTS:
            with self.subTest(error), tempfile.TemporaryDirectory() as folder:
                path, out = Path(folder) / "x.schema", Path(folder) / "out"
                path.write_text(text)
                run = subprocess.run(COMMAND + ["c", str(out), str(out), "x.h", str(path)],
                                     capture_output=True, text=True)
                self.assertEqual(run.returncode, 1)
                self.assertEqual(run.stderr.replace(str(path), "FILE"), f"FILE:{error}\n")
                self.assertFalse(out.exists())

    def test_a_missing_file_is_told(self):
        run = subprocess.run(COMMAND + ["c", "/dev/null", "/dev/null", "x.h", "/nowhere"],
                             capture_output=True, text=True)
        self.assertEqual(run.returncode, 1)
        self.assertIn("/nowhere:0: cannot be read", run.stderr)


class Output(unittest.TestCase):
    def test_the_tables_of_the_document_are_up_to_date(self):
        run = subprocess.run(COMMAND + ["docs-check", DOCUMENT, *SCHEMAS],
                             capture_output=True, text=True)
        self.assertEqual(run.stderr, "")
        self.assertEqual(run.returncode, 0)

    def test_an_old_document_is_noticed(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "x.md"
            path.write_text(Path(DOCUMENT).read_text().replace("| `target` |", "| `goal` |"))
            run = subprocess.run(COMMAND + ["docs-check", str(path), *SCHEMAS],
                                 capture_output=True, text=True)
            self.assertEqual(run.returncode, 1)
            self.assertIn("is not up to date", run.stderr)

    def test_the_same_schema_gives_the_same_c(self):
        with tempfile.TemporaryDirectory() as folder:
            texts = []
            for name in ("a", "b"):
                header, source = Path(folder) / f"{name}.h", Path(folder) / f"{name}.c"
                subprocess.run(COMMAND + ["c", str(header), str(source), "x.h", *SCHEMAS],
                               check=True)
                texts.append((header.read_text(), source.read_text()))
            self.assertEqual(texts[0], texts[1])


KINDS = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}


def violations(value, schema, root, place):
    """What of a JSON schema (as far as emit_json_schema.py uses it) the value does not keep."""
    if "$ref" in schema:
        yield from violations(value, root["$defs"][schema["$ref"].split("/")[-1]], root, place)
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(isinstance(value, KINDS[k]) for k in kinds):
        yield f"{place} is no {' or '.join(kinds)}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{place}: '{value}'"
    if "pattern" in schema and not re.match(schema["pattern"], value):
        yield f"{place}: '{value}'"
    if "minimum" in schema and not schema["minimum"] <= value <= schema["maximum"]:
        yield f"{place}: {value}"
    for i, item in enumerate(value if "items" in schema else []):
        yield from violations(item, schema["items"], root, f"{place}[{i}]")
    for name in schema.get("required", []):
        if name not in value:
            yield f"{place} has no {name}"
    for name, item in value.items() if "properties" in schema else []:
        if name in schema["properties"]:
            yield from violations(item, schema["properties"][name], root, f"{place}.{name}")
        elif schema.get("additionalProperties") is False:
            yield f"{place}.{name} is unknown"
    for branch in schema.get("allOf", []):
        condition = branch["if"]
        name, wanted = next(iter(condition["properties"].items()))
        if value.get(name) == wanted["const"]:
            yield from violations(value, branch["then"], root, place)


class JsonSchema(unittest.TestCase):
    def setUp(self):
        self.schema = json.loads(Path(JSON_SCHEMA).read_text())

    def test_golden_documents_keep_it(self):
        documents = sorted(Path(GOLDEN).glob("*.json"))
        self.assertGreaterEqual(len(documents), 25)
        for path in documents:
            with self.subTest(path.name):
                value = json.loads(path.read_text())
                self.assertEqual(list(violations(value, self.schema, self.schema, "$")), [])

    def test_other_documents_do_not(self):
        disk = {"target": "vda", "type": "file", "source": {"path": "/a"}}
        good = {"type": "qemu", "name": "a", "disks": [disk]}
        self.assertEqual(list(violations(good, self.schema, self.schema, "$")), [])
        for bad, why in (({**good, "vcpus": 5000}, "$.vcpus: 5000"),
                         ({**good, "colour": 1}, "$.colour is unknown"),
                         ({"name": "a"}, "$ has no type"),
                         ({**good, "uuid": "x"}, "$.uuid: 'x'"),
                         ({**good, "disks": [{"bus": "ide"}]}, "$.disks[0] has no target"),
                         ({**good, "disks": [{**disk, "bus": "warp"}]}, "$.disks[0].bus: 'warp'"),
                         ({**good, "disks": [{**disk, "source": {"dev": "/a"}}]},
                          "$.disks[0].source.dev is unknown")):
            self.assertEqual(list(violations(bad, self.schema, self.schema, "$")), [why])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])

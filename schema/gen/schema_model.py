"""The meaning of a schema: names resolved, every rule of the language checked, C names given.

Entry: load(paths) -> Model. Whatever leaves here can be emitted without further checks; a fault is
a SchemaError with the place.
"""

import re
from pathlib import Path

from schema_parser import Enum, SchemaError, Struct, Union, parse

# Scalars: the C type, the kind of the tables, the largest value.
SCALARS = {
    "str": ("char *", "STR", 65536),
    "xml": ("char *", "XML", 1 << 20),
    "bool": ("bool ", "BOOL", None),
    "u32": ("uint32_t ", "U32", 2**32 - 1),
    "u64": ("uint64_t ", "U64", 2**63 - 1),
    "i64": ("int64_t ", "I64", 2**63 - 1),
    "kib": ("uint64_t ", "KIB", 2**53),
    "uuid": ("Uuid ", "UUID", None),
    "mac": ("Mac ", "MAC", None),
}
NUMBERS = ("u32", "u64", "i64", "kib")
LIST_MAX = 4096
C_WORDS = set("""auto bool break case char const continue default do double else enum extern float
for goto if inline int long register restrict return short signed sizeof static struct switch
typedef union unsigned void volatile while linux unix""".split())
PLACE = re.compile(r"(\.|@[\w-]+|[\w-]+(/[\w-]+)*(/@[\w-]+)?)$")


def snake(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def constant(enum, text):
    return f"{snake(enum)}_{re.sub(r'[^A-Za-z0-9]', '_', text)}".upper()


class Model:
    def __init__(self, declarations):
        self.enums, self.unions, self.structs = {}, {}, {}
        kinds = {Enum: self.enums, Union: self.unions, Struct: self.structs}
        seen = {}
        for d in declarations:
            if d.name in seen:
                raise SchemaError(d.path, d.line, f"{d.name} is declared twice, first at "
                                                  f"{seen[d.name].path}:{seen[d.name].line}")
            seen[d.name] = d
            kinds[type(d)][d.name] = d
        for d in self.enums.values():
            self.check_enum(d)
        for d in self.unions.values():
            self.check_union(d)
        for d in self.structs.values():
            self.check_struct(d)
        self.order = self.sort()

    def check_enum(self, enum):
        names = set()
        for value in enum.values:
            if constant(enum.name, value.text) in names:
                raise SchemaError(enum.path, value.line,
                                  f"{enum.name} says '{value.text}' twice")
            names.add(constant(enum.name, value.text))
        if not names:
            raise SchemaError(enum.path, enum.line, f"{enum.name} has no values")

    def check_union(self, union):
        if union.on not in self.enums:
            raise SchemaError(union.path, union.line, f"unknown enum '{union.on}'")
        texts = [value.text for value in self.enums[union.on].values]
        seen = set()
        for variant in union.variants:
            if variant.tag not in texts or variant.tag in seen:
                why = "is given twice" if variant.tag in seen else f"is no value of {union.on}"
                raise SchemaError(union.path, variant.line, f"'{variant.tag}' {why}")
            if variant.struct not in self.structs:
                raise SchemaError(union.path, variant.line, f"unknown struct '{variant.struct}'")
            seen.add(variant.tag)
        if not seen:
            raise SchemaError(union.path, union.line, f"{union.name} has no variants")

    def check_struct(self, struct):
        earlier = {}
        for f in struct.fields:
            def fault(what):
                raise SchemaError(struct.path, f.line, f"{struct.name}.{f.name}: {what}")

            if f.name in earlier or f.name in C_WORDS:
                fault("the name is taken" if f.name in earlier else "a word of C")
            self.check_type(f, earlier, fault)
            self.check_default(f, fault)
            self.check_xml(f, fault)
            earlier[f.name] = f
        if not struct.fields:
            raise SchemaError(struct.path, struct.line, f"{struct.name} has no fields")

    def check_type(self, f, earlier, fault):
        if f.tag:
            if f.type not in self.unions:
                fault(f"unknown union '{f.type}'")
            if f.optional:
                fault("a union is never optional")
            on = self.unions[f.type].on
            tag = earlier.get(f.tag)
            if not tag or tag.type != on or tag.optional or tag.list:
                fault(f"'{f.tag}' is no earlier field of type {on}")
        elif f.type not in SCALARS and f.type not in self.enums and f.type not in self.structs:
            fault(f"unknown type '{f.type}'")
        if f.list and f.optional:
            fault("a list is never optional")
        if f.optional and (f.type in self.enums or f.type in ("str", "xml")):
            fault("strings and enums can be unset without '?'")
        if f.required and (f.optional or f.default is not None):
            fault("required, and yet it may be missing")
        if (f.min is not None or f.max is not None) and f.type not in NUMBERS + ("str", "xml") \
                and not f.list:
            fault("only numbers, strings and lists have bounds")
        if f.min is not None and (f.list or f.type not in NUMBERS):
            fault("only numbers have a lower bound")
        if f.keep is not None and not (f.live and f.type == "str"):
            fault("only a live string has a prefix that is kept")

    def check_default(self, f, fault):
        if f.default is None:
            return
        if f.list or f.optional or f.tag or f.type in self.structs:
            fault("cannot have a default")
        if f.type in self.enums:
            if f.default not in [v.text for v in self.enums[f.type].values]:
                fault(f"'{f.default}' is no value of {f.type}")
        elif f.type == "bool":
            if f.default not in ("true", "false"):
                fault(f"'{f.default}' is neither true nor false")
        elif f.type in NUMBERS:
            try:
                value = int(f.default, 0)
            except ValueError:
                fault(f"'{f.default}' is no number")
            low, high = self.bounds(f)
            if not low <= value <= high:
                fault(f"default {value} is not within {low} and {high}")
        elif f.type != "str":
            fault("cannot have a default")

    def check_xml(self, f, fault):
        if f.form and not f.xml:
            fault("has a form and no XML place")
        if not f.xml:
            return
        if not PLACE.match(f.xml):
            fault(f"'{f.xml}' is no XML place")
        composite = f.tag or f.type in self.structs
        if f.xml == "." and (not composite or f.list or f.optional):
            fault("only a struct or union lies in the element itself")
        if "@" in f.xml and (composite or f.type == "xml"):
            fault("does not fit in an attribute")
        if f.xml.startswith("@") and f.list:
            fault("a list does not fit in an attribute")
        if f.form in ("presence", "state") and (f.type != "bool" or "@" in f.xml):
            fault(f"'{f.form}' is for truth told by an element")
        if f.form == "presence" and f.optional:
            fault("presence is never unset")
        if f.form == "onoff" and f.type != "bool":
            fault("'onoff' is for truth")
        if f.form and f.form.startswith("hex") and f.type not in NUMBERS:
            fault("'hex' is for numbers")

    def bounds(self, f):
        """Least and largest value, length or count."""
        if f.list:
            return 0, LIST_MAX if f.max is None else f.max
        top = SCALARS[f.type][2] if f.type in SCALARS else None
        low = -(2**63) if f.type == "i64" else 0
        return (low if f.min is None else f.min), (top or 0) if f.max is None else f.max

    def held(self, name):
        """Types that the C type `name` holds by value."""
        if name in self.unions:
            return [v.struct for v in self.unions[name].variants]
        return [f.type for f in self.structs[name].fields
                if not f.list and not f.optional and (f.tag or f.type in self.structs)]

    def sort(self):
        """Structs and unions, each after what it holds by value."""
        done, open_ = [], []

        def visit(name):
            if name in done:
                return
            if name in open_:
                d = self.structs.get(name) or self.unions[name]
                raise SchemaError(d.path, d.line, f"{name} holds itself")
            open_.append(name)
            for other in self.held(name):
                visit(other)
            open_.pop()
            done.append(name)

        for name in list(self.structs) + list(self.unions):
            visit(name)
        return done


def load(paths):
    declarations = []
    for path in paths:
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as e:
            raise SchemaError(path, 0, f"cannot be read: {e}")
        declarations += parse(text, path)
    return Model(declarations)

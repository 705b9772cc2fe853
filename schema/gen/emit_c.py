"""Writes the C of a model: structs with typed functions (header) and the tables (source)."""

from schema_model import C_WORDS, NUMBERS, SCALARS, constant, snake

DO_NOT_EDIT = "/* Generated from {}; not to be edited. */\n"


def c_string(text):
    if text is None:
        return "NULL"
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def member(text):
    """The name of a union's member: the word of the enum, made a C name."""
    name = "".join(c if c.isalnum() else "_" for c in text)
    return name + "_" if name in C_WORDS or name[0].isdigit() else name


def scalar_type(model, name):
    return SCALARS[name][0] if name in SCALARS else name + " "


def declaration(model, f):
    """The members of a struct for one field."""
    doc = f" /* {f.doc} */"
    if f.list:
        return [f"VEC({scalar_type(model, f.type).strip()}) {f.name};{doc}"]
    if f.tag:
        return [f"{f.type} {f.name}; /* by {f.tag}: {f.doc} */"]
    if f.type in model.structs and f.optional:
        return [f"{f.type} *{f.name};{doc}"]
    if f.optional:
        return [f"bool has_{f.name};", f"{scalar_type(model, f.type)}{f.name};{doc}"]
    return [f"{scalar_type(model, f.type)}{f.name};{doc}"]


def header(model, sources):
    out = [DO_NOT_EDIT.format(", ".join(sources)), "#pragma once\n", '#include "base/uuid.h"',
           '#include "base/vec.h"', '#include "config/mac.h"', '#include "config/schema.h"\n']
    for enum in model.enums.values():
        out += [f"/* {enum.doc} */", f"typedef enum {enum.name} {{",
                f"        {constant(enum.name, 'unset')},"]
        for value in enum.values:
            doc = f" /* {value.doc} */" if value.doc else ""
            out.append(f"        {constant(enum.name, value.text)},{doc}")
        out += [f"        _{constant(enum.name, 'max')},", f"}} {enum.name};\n",
                f"extern const SchemaEnum {snake(enum.name)}_words;",
                "/* As the XML says it; NULL for UNSET. */",
                f"static inline const char *{snake(enum.name)}_text({enum.name} value)", "{",
                f"        return schema_enum_text(&{snake(enum.name)}_words, (int) value);", "}\n"]
    for name in model.order:
        if name in model.structs:
            out.append(f"typedef struct {name} {name};")
    out.append("")
    for name in model.order:
        out += struct_text(model, name) if name in model.structs else union_text(model, name)
    return "\n".join(out) + "\n"


def struct_text(model, name):
    struct, s = model.structs[name], snake(name)
    out = [f"/* {struct.doc} */", f"struct {name} {{"]
    for f in struct.fields:
        out += ["        " + line for line in declaration(model, f)]
    out += ["};\n", f"extern const Schema {s}_schema;"]
    if struct.document:
        return out + [""]
    for head, call in (
            (f"void {s}_init({name} *value)", f"schema_init(&{s}_schema, value)"),
            (f"void {s}_done({name} *value)", f"schema_done(&{s}_schema, value)"),
            (f"void {s}_copy({name} *dst, const {name} *src)", f"schema_copy(&{s}_schema, dst, src)"),
            (f"bool {s}_equal(const {name} *a, const {name} *b)",
             f"return schema_equal(&{s}_schema, a, b)"),
            (f"char *{s}_to_json(const {name} *value)",
             f"return schema_to_json(&{s}_schema, value)"),
            (f"int {s}_from_json(const char *json, {name} *ret, Error *err)",
             f"return schema_from_json(&{s}_schema, json, ret, err)")):
        out += ["static inline " + head, "{", f"        {call};", "}"]
    return out + [""]


def union_text(model, name):
    union = model.unions[name]
    out = [f"/* {union.doc} */", f"typedef union {name} {{"]
    out += [f"        {v.struct} {member(v.tag)};" for v in union.variants]
    return out + [f"}} {name};\n"]


def source(model, header_name):
    out = [DO_NOT_EDIT.format("the schema"), f'#include "{header_name}"\n']
    for enum in model.enums.values():
        s = snake(enum.name)
        out.append(f"static const char *const {s}_texts[] = {{")
        out.append("        NULL,")
        out += [f"        {c_string(v.text)}," for v in enum.values]
        out += ["};\n", f"const SchemaEnum {s}_words = {{",
                f'        .name = "{enum.name}", .texts = {s}_texts, .n = {len(enum.values) + 1},',
                "};\n"]
    for union in model.unions.values():
        s = snake(union.name)
        values = len(model.enums[union.on].values) + 1
        out.append(f"static const Schema *const {s}_variants[{values}] = {{")
        out += [f"        [{constant(union.on, v.tag)}] = &{snake(v.struct)}_schema,"
                for v in union.variants]
        out += ["};\n", f"static const SchemaUnion {s}_choice = {{",
                f"        .variants = {s}_variants, .n = {values},", "};\n"]
    for name in model.order:
        if name in model.structs:
            out += table(model, model.structs[name])
    return "\n".join(out) + "\n"


def table(model, struct):
    s = snake(struct.name)
    out = [f"static const SchemaField {s}_fields[] = {{"]
    for f in struct.fields:
        parts = row(model, struct, f)
        out.append("        { " + ",\n          ".join(parts) + " },")
    out += ["};\n", f"const Schema {s}_schema = {{",
            f'        .name = "{struct.name}", .size = sizeof({struct.name}),',
            f"        .fields = {s}_fields, .n = {len(struct.fields)},", "};\n"]
    return out


def row(model, struct, f):
    parts = [f'.name = "{f.name}", .offset = offsetof({struct.name}, {f.name})']
    flags = [flag for flag, on in (("REQUIRED", f.required), ("OPTIONAL", f.optional),
                                   ("LIST", f.list), ("LIVE", f.live), ("SECRET", f.secret)) if on]
    if flags:
        parts.append(".flags = " + " | ".join("FIELD_" + flag for flag in flags))
    if f.tag:
        parts.append(f".kind = KIND_UNION, .tag = offsetof({struct.name}, {f.tag}), "
                     f".variants = &{snake(f.type)}_choice")
    elif f.type in model.structs:
        parts.append(f".kind = KIND_STRUCT, .schema = &{snake(f.type)}_schema")
    elif f.type in model.enums:
        parts.append(f".kind = KIND_ENUM, .choices = &{snake(f.type)}_words")
    else:
        parts.append(f".kind = KIND_{SCALARS[f.type][1]}")
    if f.optional and f.type not in model.structs:
        parts.append(f".has = offsetof({struct.name}, has_{f.name})")
    low, high = model.bounds(f)
    parts.append(f".min = {c_number(low)}, .max = {high}U")
    if f.default is not None:
        parts.append(default(model, f))
    return parts + place(f)


def c_number(n):
    return "INT64_MIN" if n == -(2**63) else str(n)


def default(model, f):
    if f.type in model.enums:
        return f".number = {constant(f.type, f.default)}"
    if f.type == "bool" or f.type in NUMBERS:
        return f".number = {f.default}"
    return f".text = {c_string(f.default)}"


def place(f):
    """The XML place: elements to go through, the element, the attribute, the form."""
    if not f.xml:
        return []
    parts = [".in_xml = true"]
    names = [] if f.xml == "." else f.xml.split("/")
    if names and names[-1].startswith("@"):
        parts.append(f".attribute = {c_string(names.pop()[1:])}")
    if names:
        parts.append(f".element = {c_string(names.pop())}")
    if names:
        words = ", ".join(c_string(n) for n in names)
        parts.append(f".wrap = (const char *const[]){{{words}, NULL}}")
    if f.form and f.form.startswith("hex"):
        parts.append(f".form = FORM_HEX, .width = {f.form[3:]}")
    elif f.form:
        parts.append(f".form = FORM_{f.form.upper()}")
    if f.keep:
        parts.append(f".keep = {c_string(f.keep)}")
    return [", ".join(parts)]

"""Writes the tables of a model as Markdown, between two marks of a document."""

from schema_model import SCALARS

BEGIN = "<!-- generated from schema/domain by schema/gen/config-gen.py: begin -->"
END = "<!-- end -->"

TYPE_TEXTS = {"str": "text", "xml": "XML", "bool": "yes/no", "u32": "number", "u64": "number",
              "i64": "number", "kib": "size", "uuid": "UUID", "mac": "MAC address"}


def anchor(name):
    return f"[{name}](#{name.lower()})"


def type_text(model, f):
    text = TYPE_TEXTS[f.type] if f.type in SCALARS else anchor(f.type)
    if f.tag:
        text += f" by `{f.tag}`"
    return "list of " + text if f.list else text


def place_text(f):
    if not f.xml:
        return ""
    if f.xml == ".":
        return "in the element itself"
    forms = {"presence": " is there", "state": " [`@state`]", "onoff": " on/off"}
    return f"`{f.xml}`" + forms.get(f.form, "")


def notes(model, f):
    result = []
    if f.required:
        result.append("required")
    if f.default is not None:
        result.append(f"default `{f.default}`")
    if f.live:
        result.append(f"live, kept when it begins with `{f.keep}`" if f.keep else "live")
    if f.secret:
        result.append("secret")
    if f.min is not None or (f.max is not None and f.type in ("u32", "u64", "i64", "kib")):
        low, high = model.bounds(f)
        result.append(f"{low} to {high}")
    return ", ".join(result)


def escape(text):
    return text.replace("|", "\\|")


def tables(model):
    out = []
    for struct in sorted(model.structs.values(), key=lambda s: (not s.document, s.name)):
        out += [f"### {struct.name}", "", struct.doc, "",
                "| field | XML | type | | meaning |", "|---|---|---|---|---|"]
        for f in struct.fields:
            cells = (f"`{f.name}`", place_text(f), type_text(model, f), notes(model, f), f.doc)
            out.append("| " + " | ".join(escape(c) for c in cells) + " |")
        out.append("")
    for union in sorted(model.unions.values(), key=lambda u: u.name):
        out += [f"### {union.name}", "", f"{union.doc} Selected by {anchor(union.on)}:", ""]
        out += [f"- `{v.tag}`: {anchor(v.struct)}" for v in union.variants]
        out.append("")
    for enum in sorted(model.enums.values(), key=lambda e: e.name):
        out += [f"### {enum.name}", "", enum.doc, ""]
        out += [f"- `{v.text}`" + (f": {v.doc}" if v.doc else "") for v in enum.values]
        out.append("")
    return "\n".join(out)


def rewrite(model, document):
    """The document with its generated part made anew; ValueError where the marks are missing."""
    if document.count(BEGIN) != 1 or document.count(END) != 1:
        raise ValueError(f"needs one '{BEGIN}' and one '{END}'")
    head, rest = document.split(BEGIN)
    return f"{head}{BEGIN}\n\n{tables(model)}{END}{rest.split(END)[1]}"

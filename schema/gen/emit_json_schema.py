"""Writes the JSON of a model's document as a JSON schema (draft 2020-12)."""

from schema_model import NUMBERS

SPECIAL = {
    "bool": {"type": "boolean"},
    "uuid": {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"},
    "mac": {"type": "string", "pattern": "^[0-9a-f]{2}(:[0-9a-f]{2}){5}$"},
}


def value(model, f):
    if f.type in model.enums:
        return {"enum": [v.text for v in model.enums[f.type].values]}
    if f.type in model.structs:
        return {"$ref": f"#/$defs/{f.type}"}
    if f.type in SPECIAL:
        return dict(SPECIAL[f.type])
    if f.type in NUMBERS:
        low, high = model.bounds(f) if not f.list else (0, 2**63 - 1)
        return {"type": "integer", "minimum": low, "maximum": high}
    # A text that is no UTF-8 is an object with its bytes in hexadecimal.
    return {"type": ["string", "object"]}


def property_of(model, f):
    if f.tag:
        return {"type": "object", "description": f.doc}
    result = value(model, f)
    if f.list:
        result = {"type": "array", "items": result, "maxItems": model.bounds(f)[1]}
    return {"description": f.doc, **result}


def choice(model, f):
    """What the union's object is, for each value of the field that selects."""
    union = model.unions[f.type]
    return [{"if": {"properties": {f.tag: {"const": v.tag}}, "required": [f.tag]},
             "then": {"properties": {f.name: {"$ref": f"#/$defs/{v.struct}"}}}}
            for v in union.variants]


def definition(model, struct):
    result = {"type": "object", "description": struct.doc,
              "properties": {f.name: property_of(model, f) for f in struct.fields},
              "additionalProperties": False}
    required = [f.name for f in struct.fields if f.required]
    if required:
        result["required"] = required
    choices = [c for f in struct.fields if f.tag for c in choice(model, f)]
    if choices:
        result["allOf"] = choices
    return result


def schema(model):
    document = next(s for s in model.structs.values() if s.document)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": document.name, "$ref": f"#/$defs/{document.name}",
            "$defs": {name: definition(model, s) for name, s in sorted(model.structs.items())}}

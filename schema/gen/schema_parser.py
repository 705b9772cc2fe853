"""Reads the schema language (docs/config.md): text in, syntax out, with the line of every part.

Entry: parse(text, path) -> list of Enum, Union and Struct declarations. A fault raises SchemaError,
whose text is "PATH:LINE: what is wrong". Meaning (does the type exist, does the default fit) is
schema_model's part.
"""

import re
from dataclasses import dataclass, field


class SchemaError(Exception):
    def __init__(self, path, line, what):
        super().__init__(f"{path}:{line}: {what}")


@dataclass
class Value:
    """One word an enum can say."""
    text: str
    doc: str
    line: int


@dataclass
class Enum:
    name: str
    doc: str
    path: str
    line: int
    values: list = field(default_factory=list)


@dataclass
class Variant:
    tag: str
    struct: str
    line: int


@dataclass
class Union:
    name: str
    doc: str
    path: str
    line: int
    on: str = ""
    variants: list = field(default_factory=list)


@dataclass
class Field:
    name: str
    type: str
    line: int
    optional: bool = False
    list: bool = False
    tag: str = None
    doc: str = None
    xml: str = None
    form: str = None
    default: str = None
    required: bool = False
    live: bool = False
    keep: str = None
    secret: bool = False
    min: int = None
    max: int = None


@dataclass
class Struct:
    name: str
    doc: str
    path: str
    line: int
    document: bool = False  # the root: its functions are written by hand (config.h)
    fields: list = field(default_factory=list)


@dataclass
class Token:
    text: str
    line: int
    quoted: bool


TOKEN = re.compile(r'\s*(?:(#.*)|"((?:[^"\\]|\\.)*)"|([{}])|([^\s{}"#]+)|(.))')
TYPE_NAME = re.compile(r"[A-Z][A-Za-z0-9]*$")
FIELD_NAME = re.compile(r"[a-z][a-z0-9_]*$")
FORMS = ("presence", "onoff", "state", "hex1", "hex2", "hex4", "hex8")


def parse(text, path):
    return Parser(text, path).declarations()


class Parser:
    def __init__(self, text, path):
        self.path = path
        self.rows = list(self.tokenize(text))
        self.at = 0

    def fault(self, line, what):
        raise SchemaError(self.path, line, what)

    def tokenize(self, text):
        """One list of tokens per logical line; a line that ends in \\ goes on in the next."""
        row = []
        for number, line in enumerate(text.split("\n"), 1):
            goes_on = line.endswith("\\")
            line = line[:-1] if goes_on else line
            place = 0
            while line[place:].strip():
                match = TOKEN.match(line, place)
                place = match.end()
                comment, string, brace, word, stray = match.groups()
                if comment is not None:
                    break
                if stray is not None:
                    self.fault(number, f"a string without an end: {stray}{line[place:]}")
                quoted = string is not None
                token = re.sub(r"\\(.)", r"\1", string) if quoted else brace or word
                row.append(Token(token, number, quoted))
            if row and not goes_on:
                yield row
                row = []
        if row:
            yield row

    def declarations(self):
        kinds = {"enum": self.enum, "union": self.union, "struct": self.struct,
                 "document": self.struct}
        result = []
        while self.at < len(self.rows):
            head = self.rows[self.at]
            if head[0].quoted or head[0].text not in kinds:
                self.fault(head[0].line, "expected enum, union, struct or document, "
                                         f"found '{head[0].text}'")
            result.append(kinds[head[0].text](head))
        return result

    def type_name(self, token):
        if token.quoted or not TYPE_NAME.match(token.text):
            self.fault(token.line, f"'{token.text}' is no name for a type: LikeThis")
        return token.text

    def head(self, row, words):
        """`KIND NAME words... "doc" {`: the name and the doc; the rows of the body follow."""
        if len(row) < 2:
            self.fault(row[0].line, f"{row[0].text} without a name")
        name = self.type_name(row[1])
        rest = row[2 + words:]
        if not rest or not rest[0].quoted or not rest[0].text:
            self.fault(row[0].line, f"{row[0].text} {name} has no documentation string")
        if len(rest) < 2 or rest[1].text != "{" or rest[1].quoted:
            self.fault(row[0].line, f"expected {{ after the documentation of {name}")
        return name, rest[0].text, rest[2:]

    def body(self, row, first, each):
        """Calls each(tokens) for every line up to the closing brace."""
        rows = [first] if first else []
        self.at += 1
        while True:
            while rows:
                tokens = rows.pop(0)
                closes = tokens[-1].text == "}" and not tokens[-1].quoted
                tokens = tokens[:-1] if closes else tokens
                for token in tokens:
                    if token.text in "{}" and not token.quoted:
                        self.fault(token.line, f"'{token.text}' in the middle of a line")
                if tokens:
                    each(tokens)
                if closes:
                    return
            if self.at == len(self.rows):
                self.fault(row[0].line, f"{row[0].text} {row[1].text} has no closing brace")
            rows.append(self.rows[self.at])
            self.at += 1

    def enum(self, row):
        name, doc, first = self.head(row, 0)
        result = Enum(name, doc, self.path, row[0].line)

        def values(tokens):
            for token in tokens:
                if token.quoted and result.values and result.values[-1].line == token.line:
                    result.values[-1].doc = token.text
                elif token.quoted:
                    self.fault(token.line, "a documentation string without its value")
                else:
                    result.values.append(Value(token.text, "", token.line))

        self.body(row, first, values)
        return result

    def union(self, row):
        if len(row) < 4 or row[2].text != "on":
            self.fault(row[0].line, "expected: union NAME on ENUM \"documentation\" {")
        name, doc, first = self.head(row, 2)
        result = Union(name, doc, self.path, row[0].line, self.type_name(row[3]))

        def variant(tokens):
            if len(tokens) != 2:
                self.fault(tokens[0].line, "expected: VALUE STRUCT")
            result.variants.append(Variant(tokens[0].text, self.type_name(tokens[1]),
                                           tokens[0].line))

        self.body(row, first, variant)
        return result

    def struct(self, row):
        name, doc, first = self.head(row, 0)
        result = Struct(name, doc, self.path, row[0].line, row[0].text == "document")
        self.body(row, first, lambda tokens: result.fields.append(self.field(name, tokens)))
        return result

    def field(self, struct, tokens):
        line = tokens[0].line
        tokens = list(tokens)

        def take(what):
            if not tokens:
                self.fault(line, f"the line ends where {what} is expected")
            return tokens.pop(0)

        def number(what):
            token = take(what)
            try:
                return int(token.text, 0)
            except ValueError:
                self.fault(line, f"'{token.text}' is no number")

        name = take("a field")
        if name.quoted or not FIELD_NAME.match(name.text):
            self.fault(line, f"'{name.text}' is no name for a field: like_this")
        result = Field(name.text, "", line)
        word = take("a type").text
        if word == "list":
            result.list = True
            word = take("the type of the list").text
        elif word == "union":
            word = take("the name of the union").text
            if take("'on'").text != "on":
                self.fault(line, "expected 'on' and the field that selects the variant")
            result.tag = take("the field that selects the variant").text
        result.optional = word.endswith("?")
        result.type = word.rstrip("?")

        while tokens:
            token = tokens.pop(0)
            if token.quoted:
                if result.doc is not None:
                    self.fault(line, f"{struct}.{result.name} has two documentation strings")
                result.doc = token.text
            elif token.text == "xml":
                result.xml = take("an XML place").text
            elif token.text == "as":
                result.form = take("a form").text
                if result.form not in FORMS:
                    self.fault(line, f"unknown form '{result.form}', known: {', '.join(FORMS)}")
            elif token.text == "default":
                result.default = take("the default").text
            elif token.text == "keep":
                result.keep = take("the prefix that is kept").text
            elif token.text in ("required", "live", "secret"):
                setattr(result, token.text, True)
            elif token.text in ("min", "max"):
                setattr(result, token.text, number("a number"))
            else:
                self.fault(line, f"unknown word '{token.text}'")
        if not result.doc:
            self.fault(line, f"{struct}.{result.name} has no documentation string")
        return result

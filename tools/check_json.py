#!/usr/bin/env python3
"""check_json.py SCHEMA [DOCUMENT...] - does a JSON document match a JSON Schema?

Documents are read from the files named, or from stdin. Says where it does not match and exits 1. Knows the part
of JSON Schema (draft 2020-12) that docs/schema/ uses; any other keyword in the schema is an error, so that a
schema cannot ask for something that nobody checks.
"""

import json
import re
import sys

NOTES = {"$schema", "title", "description", "$defs"}
TYPES = {
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "number": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
    "boolean": lambda v: isinstance(v, bool),
    "null": lambda v: v is None,
}
KEYWORDS = NOTES | {"type", "enum", "const", "minimum", "maximum", "pattern", "properties", "required",
                    "additionalProperties", "patternProperties", "items", "minItems", "maxItems", "$ref"}


class Checker:
    def __init__(self, schema):
        self.root = schema
        self.errors = []

    def resolve(self, ref):
        if not ref.startswith("#/"):
            raise ValueError(f"schema: $ref {ref}: only references into the same file are known")
        at = self.root
        for part in ref[2:].split("/"):
            at = at[part]
        return at

    def error(self, where, text):
        self.errors.append(f"{where or '/'}: {text}")

    def check(self, value, schema, where=""):
        unknown = set(schema) - KEYWORDS
        if unknown:
            raise ValueError(f"schema: keywords that are not checked: {sorted(unknown)}")
        if "$ref" in schema:
            self.check(value, self.resolve(schema["$ref"]), where)
        if "type" in schema and not self.check_type(value, schema["type"], where):
            return
        if "enum" in schema and value not in schema["enum"]:
            self.error(where, f"{value!r} is none of {schema['enum']}")
        if "const" in schema and value != schema["const"]:
            self.error(where, f"{value!r} is not {schema['const']!r}")
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            if value < schema.get("minimum", value):
                self.error(where, f"{value} is less than {schema['minimum']}")
            if value > schema.get("maximum", value):
                self.error(where, f"{value} is more than {schema['maximum']}")
        if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
            self.error(where, f"{value!r} does not match {schema['pattern']}")
        if isinstance(value, dict):
            self.check_object(value, schema, where)
        if isinstance(value, list):
            if len(value) < schema.get("minItems", 0):
                self.error(where, f"{len(value)} items, fewer than {schema['minItems']}")
            if len(value) > schema.get("maxItems", len(value)):
                self.error(where, f"{len(value)} items, more than {schema['maxItems']}")
            for index, item in enumerate(value):
                self.check(item, schema.get("items", {}), f"{where}/{index}")

    def check_type(self, value, types, where):
        types = [types] if isinstance(types, str) else types
        if any(TYPES[t](value) for t in types):
            return True
        self.error(where, f"{json.dumps(value)[:60]} is not of type {' or '.join(types)}")
        return False

    def check_object(self, value, schema, where):
        for key in schema.get("required", []):
            if key not in value:
                self.error(where, f"'{key}' is missing")
        for key, item in value.items():
            known = False
            if key in schema.get("properties", {}):
                known = True
                self.check(item, schema["properties"][key], f"{where}/{key}")
            for pattern, sub in schema.get("patternProperties", {}).items():
                if re.search(pattern, key):
                    known = True
                    self.check(item, sub, f"{where}/{key}")
            if not known and schema.get("additionalProperties") is False:
                self.error(where, f"'{key}' is not in the schema")


def unique(pairs):
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise ValueError(f"a key stands twice: {sorted(k for k in keys if keys.count(k) > 1)[0]}")
    return dict(pairs)


def main():
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as f:
        schema = json.load(f, object_pairs_hook=unique)
    failed = False
    for name in sys.argv[2:] or ["-"]:
        try:
            with sys.stdin if name == "-" else open(name, encoding="utf-8") as f:
                document = json.load(f, object_pairs_hook=unique)
        except ValueError as e:
            sys.exit(f"{name}: not JSON: {e}")
        checker = Checker(schema)
        checker.check(document, schema)
        for error in checker.errors:
            print(f"{name}: {error}")
        failed = failed or bool(checker.errors)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()

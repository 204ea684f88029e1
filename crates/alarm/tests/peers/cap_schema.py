"""Says for each CAP message on standard input, one JSON string a line, whether the standard's schema (XSD) allows it.

usage: cap_schema.py CAP-v1.2.xsd
"""

import json
import sys

import xmlschema

schema = xmlschema.XMLSchema(sys.argv[1])

for line in sys.stdin:
    text = json.loads(line)
    try:
        schema.validate(xmlschema.XMLResource(text, defuse="always"))
        print("valid", flush=True)
    except Exception as error:
        print("invalid", type(error).__name__, str(getattr(error, "reason", error)).replace("\n", " ")[:200], flush=True)

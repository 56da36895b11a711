# JSONDecodeError tells where; the library's file is CPython's.
import json

for text in ["", "[1,", '{"a" 1}', "nul"]:
    try:
        json.loads(text)
    except json.JSONDecodeError as e:
        print(e, e.msg, e.pos, e.lineno, e.colno)

"""What the tokenizer warns of in the rest of a source that the parser has refused."""

import warnings

for source in (
    "True = 1internal",
    "from a import True = 1in\n",
    "a b = 1in c",
    "a 1in c",
    "a b\nc = 0x1for x in y\n'\\d'\n",
    "a b\nc = 1_000or 2 $",
    "a b = (1in c",
):
    for action in "always", "error":
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter(action)
            try:
                compile(source, "f", "exec")
            except SyntaxError as e:
                print(repr(source), action, e.msg, e.lineno, e.offset)
        print([(str(w.message), w.category.__name__, w.lineno) for w in caught])

# The tokenizer reads a line when its tokens are asked for, not before.
import io
import tokenize


def reader(lines, log):
    rest = iter(lines)

    def readline():
        line = next(rest, "")
        log.append(line)
        return line

    return readline


log = []
lines = [
    "def f(a):\n", "    '''one\n", "    two \"\"\" '\n", "    three'''\n", "    return (a,\n", "\n", "        b)\n",
    "x = 'y\\\n", "z' # c\n", "t = f'''{a}\n", "b'''",
]
for token in tokenize.generate_tokens(reader(lines, log)):
    print(len(log), tokenize.tok_name[token.type], repr(token.string), token.start, token.end, repr(token.line))

for text in ("x = '''a\nb\n", "(1,\n\n", "if a:\n  b\n c\n", "x = 1\r\ny = 2", "\n# c\n\n", "é = 'ü' # ö\nfoo"):
    log = []
    try:
        for token in tokenize.generate_tokens(reader(text.splitlines(True), log)):
            print(len(log), tuple(token))
    except (tokenize.TokenError, SyntaxError) as error:
        print(len(log), type(error).__name__, error.args)

token = next(tokenize.tokenize(io.BytesIO(b"a").readline))
print(type(token).__name__, token)
tokens = list(tokenize.tokenize(io.BytesIO(b"a + b").readline))
print(tokens[1], type(tokens[1]) is tokenize.TokenInfo, tokens[2].exact_type == tokenize.PLUS)

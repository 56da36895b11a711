"""A calculator: a tokenizer, a parser by precedence climbing, and an evaluator of its tree."""

import re

TOKEN = re.compile(r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<name>[a-z]\w*)|(?P<operator>\*\*|[-+*/%()=,]))")


class CalculatorError(Exception):
    def __init__(self, message, position):
        super().__init__(message)
        self.position = position


def tokens(text):
    position = 0
    text = text.rstrip()
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None:
            raise CalculatorError(f"what is {text[position:].split()[0]!r}?", position)
        yield match.lastgroup, match.group(match.lastgroup), match.start(match.lastgroup)
        position = match.end()
    yield "end", "", len(text)


BINDS = {"=": (1, 0), "+": (10, 11), "-": (10, 11), "*": (20, 21), "/": (20, 21), "%": (20, 21), "**": (41, 40)}


class Parser:
    def __init__(self, text):
        self.tokens = tokens(text)
        self.advance()

    def advance(self):
        self.kind, self.text, self.position = next(self.tokens)

    def expect(self, text):
        if self.text != text:
            raise CalculatorError(f"expected {text!r}, not {self.text or 'the end'!r}", self.position)
        self.advance()

    def primary(self):
        kind, text, position = self.kind, self.text, self.position
        match kind, text:
            case "number", _:
                self.advance()
                return ("number", float(text) if "." in text else int(text))
            case "name", _:
                self.advance()
                if self.text != "(":
                    return ("name", text)
                self.advance()
                arguments = [self.expression()]
                while self.text == ",":
                    self.advance()
                    arguments.append(self.expression())
                self.expect(")")
                return ("call", text, *arguments)
            case "operator", "(":
                self.advance()
                inner = self.expression()
                self.expect(")")
                return inner
            case "operator", "-" | "+":
                self.advance()
                return ("sign", text, self.expression(30))
        raise CalculatorError(f"unexpected {text or 'end'!r}", position)

    def expression(self, least=0):
        left = self.primary()
        while self.kind == "operator" and (binds := BINDS.get(self.text)) and binds[0] >= least:
            operator = self.text
            self.advance()
            left = ("binary", operator, left, self.expression(binds[1]))
        return left

    def whole(self):
        tree = self.expression()
        if self.kind != "end":
            raise CalculatorError(f"unexpected {self.text!r}", self.position)
        return tree


FUNCTIONS = {"max": max, "min": min, "abs": abs, "round": round}
OPERATORS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "%": lambda a, b: a % b,
    "**": lambda a, b: a**b,
}


def evaluate(tree, names):
    match tree:
        case ("number", value):
            return value
        case ("name", name):
            return names[name]
        case ("sign", sign, inner):
            value = evaluate(inner, names)
            return -value if sign == "-" else value
        case ("binary", "=", ("name", name), right):
            names[name] = evaluate(right, names)
            return names[name]
        case ("binary", operator, left, right):
            return OPERATORS[operator](evaluate(left, names), evaluate(right, names))
        case ("call", name, *arguments):
            return FUNCTIONS[name](*(evaluate(argument, names) for argument in arguments))
    raise TypeError(tree)


names = {"pi": 3.14159}
for line in ["1 + 2 * 3", "(1 + 2) * 3", "2 ** 3 ** 2", "-2 ** 2", "r = 4", "pi * r ** 2", "max(r, 10, 3 * r)", "round(10 / 4)", "1 / 0", "7 $ 2", "(1", "a = b = 5", "a + b", "q + 1"]:
    try:
        print(f"{line:18} = {evaluate(Parser(line).whole(), names)}")
    except CalculatorError as error:
        print(f"{line:18} ! {error} (at {error.position})")
    except (ArithmeticError, LookupError) as error:
        print(f"{line:18} ! {type(error).__name__}: {error}")

"""Small plausible faults of a C source, one at a time: plain text in, plain text out.

A mutant replaces a piece of one line. Comments, strings, preprocessor lines and declarations of buffers stay as they are: a fault there
changes no behaviour, or every build notices it.
"""

import dataclasses
import re


@dataclasses.dataclass(frozen=True)
class Mutant:
    line: int  # 1..
    begin: int  # of the replaced piece, in the line
    end: int
    new: str
    kind: str

    def apply(self, lines):
        """Returns the source's lines with the fault in them."""
        old = lines[self.line - 1]
        return [*lines[:self.line - 1], old[:self.begin] + self.new + old[self.end:], *lines[self.line:]]

    def mutated(self, lines):
        return self.apply(lines)[self.line - 1].strip()


RELATIONS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
RELATION = re.compile(r"(?<![-<>=!])(<=|>=|==|!=|<|>)(?![<>=])")
NUMBER = re.compile(r"(?<![\w.\"'])(\d+)(?:[uUlL]*)(?![\w.])")
WORD = re.compile(r"\b(true|false)\b")
NEGATION = re.compile(r"!(?=[A-Za-z_(])(?!=)")
SUM = re.compile(r"(?<=[\w)\]]) ([+-]) (?=[\w(])")
ASSIGNMENT = re.compile(r"^\t+((?:\*?[A-Za-z_][\w.\->\[\]]*)\s*(?:[-+|&]?=)\s.*;|(?:\+\+|--)?[A-Za-z_][\w.\->\[\]]*(?:\+\+|--);)$")
CALL = re.compile(r"^\t+(?:\(void\))?[a-z_]\w*\(.*\);$")
LEAVE = re.compile(r"^\t+(return\b.*;|continue;|break;)$")
TYPE_FIRST = re.compile(r"^\t+(?:static |const |struct |enum |unsigned |int |char |bool |size_t |uint\w+ |void |double |long |short )")
BUFFER = re.compile(r"\b(?:char|uint8_t)\s+\w+\[[^\]]*\]")
LOG_ONLY = re.compile(r"\b(?:log_(?:debug|info|warning|error)|REQUIRE|_Static_assert)\(")


def blanked(source):
    """Returns the source with comments and literals as blanks: every other character keeps its place."""
    out, i = list(source), 0
    pattern = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.S)
    for match in pattern.finditer(source):
        for i in range(match.start(), match.end()):
            if out[i] != "\n":
                out[i] = " "
    return "".join(out)


def operands(code):
    """Yields (begin, end) of ` && x` and ` || x` and of `x && `, `x || `: the half of a condition that can be dropped."""
    for match in re.finditer(r" (&&|\|\|) ", code):
        right = scan(code, match.end(), 1)
        if right > match.end():
            yield match.start(), right
        left = scan(code, match.start() - 1, -1)
        if left < match.start():
            yield left, match.end()


def scan(code, at, step):
    """Returns where the operand that begins at `at` ends: at a logical operator, a bracket that is not its own, or the line's end."""
    depth = 0
    opening, closing = ("([", ")]") if step > 0 else (")]", "([")
    while 0 <= at < len(code):
        c = code[at]
        if c in opening:
            depth += 1
        elif c in closing:
            if depth == 0:
                break
            depth -= 1
        elif depth == 0 and (c in ";?:{}\t" or code[at:at + 2] in ("&&", "||") or code[at - 1:at + 1] in ("&&", "||")):
            break
        elif depth == 0 and c == "=" and code[at - 1] not in "=!<>" and code[at + 1:at + 2] != "=":
            break
        at += step
    if step > 0:
        while at > 0 and code[at - 1] == " ":
            at -= 1
        return at
    at += 1
    while at < len(code) and code[at] == " ":
        at += 1
    if code[at:].startswith("return "):
        at += len("return ")
    return at


def of_line(number, code):
    """Yields the mutants of one line, whose comments and literals are blanks."""
    if code.lstrip().startswith("#") or LOG_ONLY.search(code):
        return
    no_buffer = BUFFER.sub(lambda match: " " * len(match[0]), code)
    for match in RELATION.finditer(no_buffer):
        if code[match.start() - 1:match.start()] == " " and code[match.end():match.end() + 1] == " ":
            yield Mutant(number, match.start(), match.end(), RELATIONS[match[1]], "relation")
    for match in NUMBER.finditer(no_buffer):
        value = int(match[1])
        yield Mutant(number, match.start(1), match.end(1), str(value + 1 if value != 1 else 0), "constant")
    for match in WORD.finditer(code):
        yield Mutant(number, match.start(), match.end(), "false" if match[1] == "true" else "true", "constant")
    for match in NEGATION.finditer(code):
        yield Mutant(number, match.start(), match.end(), "", "condition")
    for match in SUM.finditer(no_buffer):
        yield Mutant(number, match.start(1), match.end(1), "-" if match[1] == "+" else "+", "bound")
    for begin, end in operands(code):
        yield Mutant(number, begin, end, "", "half of a condition")
    if ASSIGNMENT.match(code) and not TYPE_FIRST.match(code):
        yield Mutant(number, len(code) - len(code.lstrip()), len(code), ";", "lost assignment")
    elif CALL.match(code):
        yield Mutant(number, len(code) - len(code.lstrip()), len(code), ";", "lost call")
    elif LEAVE.match(code):
        # what follows runs instead; without a following statement the compiler's warning makes it no build
        yield Mutant(number, len(code) - len(code.lstrip()), len(code), ";", "lost return")


def of_source(source):
    """Returns all mutants of a C source, in the order of their lines."""
    return [mutant for number, code in enumerate(blanked(source).split("\n"), 1) for mutant in of_line(number, code)]

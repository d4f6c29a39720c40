"""All faults of a C source in one build: plain text in, plain text out.

Each fault stands in a copy of its function. The function itself begins with a switch that calls the copy whose number the environment
variable LIVE_FAULT names; without it the source does what it did. The text has to be formatted as .clang-format says: a function's braces
stand alone in the first column.
"""

import dataclasses
import re

import mutants

VARIABLE = "LIVE_FAULT"
# read before main(), and without an include that the source may not want yet
PICK = (f'char *getenv(const char *); int atoi(const char *); static int live_fault; __attribute__((constructor)) static void pick_fault(void) '
        f'{{ const char *number = getenv("{VARIABLE}"); live_fault = number ? atoi(number) : 0; }}')
PARAMETER = re.compile(r"\(\*(\w+)\)|(\w+)\s*(?:\[[^\]]*\])*$")


@dataclasses.dataclass(frozen=True)
class Function:
    first: int  # line of its head, 1..
    body: int  # line of its {
    last: int  # line of its }
    head: str  # in one line
    name: str
    arguments: tuple  # the parameters' names

    def renamed(self, name):
        """Returns its head with another name, known to this file only."""
        head = re.sub(rf"\b{self.name}\(", f"{name}(", self.head, count=1)
        return head if re.match(r"static\b", head) else f"static {head}"


def split_at_commas(text):
    """Returns the parts between the commas that stand in no bracket."""
    parts, depth = [""], 0
    for c in text:
        depth += (c in "([") - (c in ")]")
        if c == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += c
    return [part.strip() for part in parts]


def parse_head(head):
    """Returns a function's name and its parameters' names; None where another function cannot call it with what it got."""
    match = re.fullmatch(r"[\w\s*]*?\b(\w+)\((.*)\)", head)
    if match is None or match[1].startswith("__") or match[2].count("(") != match[2].count(")"):
        return None
    parameters = split_at_commas(match[2])
    if parameters == ["void"]:
        return match[1], ()
    names = [PARAMETER.search(parameter) for parameter in parameters]
    if not all(names) or "..." in parameters or any(found[0] == parameter for found, parameter in zip(names, parameters)):
        return None
    return match[1], tuple(found[1] or found[2] for found in names)


def functions(source):
    """Yields the functions that can have copies."""
    lines = mutants.blanked(source).split("\n")
    for at, line in enumerate(lines):
        if line != "{":
            continue
        first = at
        while first > 0 and re.match(r"[^#}\s]|\s+\S", lines[first - 1]) and not re.search(r"[;{\\]\s*$", lines[first - 1]):
            first -= 1
        head = " ".join(text.strip() for text in lines[first:at])
        parsed = parse_head(head)
        if parsed is not None and "}" in lines[at:]:
            yield Function(first + 1, at + 1, lines.index("}", at) + 1, head, *parsed)


def place(source, faults):
    """Returns {function: {number: mutant}} of those that can stand in a copy; the numbers in `faults` that are in none cannot."""
    found = {function: {number: mutant for number, mutant in faults.items() if function.body < mutant.line < function.last}
             for function in functions(source)}
    return {function: its for function, its in found.items() if its}


def write(source, placed):
    """Returns the source with the faults' copies in it, and {number: the lines of its copy}."""
    lines = source.split("\n")
    out, copies, done = [PICK], {}, 0
    for function, faults in sorted(placed.items(), key=lambda item: item[0].first):
        out += lines[done:function.first - 1]
        out.append(f"{function.head};")
        for number, mutant in faults.items():
            begin = len(out) + 1
            out.append(function.renamed(f"{function.name}__fault_{number}"))
            out += mutant.apply(lines)[function.body - 1:function.last]
            copies[number] = range(begin, len(out) + 1)
        out += lines[function.first - 1:function.body]
        calls = (f"case {number}: return {function.name}__fault_{number}({', '.join(function.arguments)});" for number in faults)
        out.append(f"\tswitch (live_fault) {{ {' '.join(calls)} }}")
        done = function.body
    return "\n".join([*out, *lines[done:]]), copies


def unbuildable(said, name, copies):
    """Returns the numbers of the copies that gcc complains of: at an error's own line, or where the macro is used that it is in."""
    bad, is_error = set(), False
    for match in re.finditer(r"^(\S+?):(\d+):\d+: (?:fatal )?(error|warning|note): (.*)$", said, re.M):
        path, line, kind, words = match.groups()
        is_error = is_error if kind == "note" else kind == "error"
        if is_error and path.endswith(name) and (kind == "error" or words.startswith("in expansion of macro")):
            bad |= {number for number, lines in copies.items() if int(line) in lines}
    return bad

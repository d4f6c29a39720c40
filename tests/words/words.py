"""Checks the rules of docs/style.md that can be counted. Prints `FILE:LINE: what is wrong`; exit status 1 when there is any.

Everywhere: "cannot" is one word, and no comment, message or page uses a person's pronoun for a program's part.
In pages and in the comments of C outside tests: a sentence has at most 25 words. In pages: a bullet at most three lines, a line at most 100 columns.
"""

import io
import pathlib
import re
import subprocess
import sys
import tokenize

ROOT = pathlib.Path(__file__).resolve().parents[2]
SENTENCE_WORDS_MAX, BULLET_LINES_MAX, COLUMNS_MAX = 25, 3, 100
PERSONS = re.compile(r"\b(who|whoever|whom|he|him|his|somebody|nobody|everybody|anybody)\b", re.I)
TWO_WORDS = re.compile(r"\bcan not\b", re.I)
CODE_SPAN = re.compile(r"`[^`]*`")
LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


def say_bare(text):
    """Without what is quoted as code, and without the targets of links."""
    return LINK.sub(r"\1", CODE_SPAN.sub("CODE", text))


def check_text(text):
    """Yields what is wrong with the words of a comment, a message or a line of a page."""
    bare = say_bare(text)
    found = PERSONS.search(bare)
    # the user "nobody" of the system is a name
    if found and not re.search(r"\b(user|as|to|than) \"?nobody\b|\bnobody\b.?'?s? (cannot|owns)|--reuid", bare):
        yield f'"{found[0]}": name the actor'
    if TWO_WORDS.search(bare):
        yield '"can not": one word'


# ---- pages


class Block:
    """A paragraph, a bullet or a cell of a table, with the number of its first line."""

    def __init__(self, kind, line, text):
        self.kind, self.line, self.lines = kind, line, [text]

    @property
    def text(self):
        return " ".join(line.strip() for line in self.lines)


def blocks_of(page):
    """Yields the blocks of a page in Markdown; what is fenced or indented as code is left out."""
    block, is_fenced, was_blank = None, False, True
    for number, line in enumerate(page.splitlines(), 1):
        bare = line.strip()
        if bare.startswith("```"):
            is_fenced = not is_fenced
            if block:
                yield block
            block = None
            continue
        is_item = re.match(r"\s*([*-]|\d+\.) ", line)
        is_code = is_fenced or (re.match(r" {4}|\t", line) and not is_item and (was_blank or block is None)
                                and (block is None or block.kind != "bullet"))
        if is_code or not bare or bare.startswith(("#", "|", "<!--")) or is_item:
            if block:
                yield block
            block = None
        was_blank = not bare
        if is_code or not bare or bare.startswith("<!--"):
            continue
        if bare.startswith("#"):
            yield Block("heading", number, bare.lstrip("# "))
        elif bare.startswith("|"):
            cells = re.split(r"(?<!\\)\|", CODE_SPAN.sub(lambda span: span[0].replace("|", "/"), bare).strip("|"))
            for cell in cells:
                if cell.strip(" -:"):
                    yield Block("cell", number, cell)
        elif is_item:
            block = Block("bullet", number, line[is_item.end():])
        elif block:
            block.lines.append(line)
        else:
            block = Block("paragraph", number, line)
    if block:
        yield block


def sentences_of(text):
    return [sentence for sentence in re.split(r"(?<=[.!?])[\"')]*\s+", say_bare(text)) if sentence.strip()]


def words_of(sentence):
    return [word for word in sentence.split() if re.search(r"\w", word)]


def check_page(page):
    """Yields (line, what is wrong)."""
    for block in blocks_of(page):
        for sentence in sentences_of(block.text):
            if len(words_of(sentence)) > SENTENCE_WORDS_MAX:
                yield block.line, f"a sentence of {len(words_of(sentence))} words: {sentence[:60]}..."
        if block.kind == "bullet" and len(block.lines) > BULLET_LINES_MAX:
            yield block.line, f"a bullet of {len(block.lines)} lines"
        for offset, line in enumerate(block.lines):
            if block.kind in ("paragraph", "bullet") and len(line) > COLUMNS_MAX and " " in line.strip():
                yield block.line + offset, f"a line of {len(line)} columns"
        for wrong in check_text(block.text):
            yield block.line, wrong


# ---- sources


def comments_of_c(text, has_strings):
    """Yields (line, text) of comments and, unless it is a test's, of string literals."""
    pattern = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
    for found in pattern.finditer(text):
        is_comment = found[0].startswith(("/*", "//"))
        if not is_comment and (not has_strings or found[0].startswith("'")):
            continue
        first = text.count("\n", 0, found.start()) + 1
        for offset, line in enumerate(found[0].splitlines()):
            yield first + offset, line


CONTRACT = re.compile(r"(Life|Owner|Thread|Limits|Errors|Format|Use):\s")
ENTRY = re.compile(r"[-*] |\d+\. |\w+ +- |\S+(?: \S+)*   +\S")


def paragraphs_of_comment(comment):
    """Yields (offset, text): what stands between blank lines; a line of the contract, an entry of a list and a picture begin anew."""
    begun, lines = 0, []
    for offset, line in enumerate(comment.removeprefix("/*").removesuffix("*/").splitlines() + [""]):
        bare = line.strip().removeprefix("*").strip()
        if lines and (not bare or CONTRACT.match(bare) or ENTRY.match(bare)):
            yield begun, " ".join(lines)
            lines = []
        if bare:
            begun = begun if lines else offset
            lines.append(CONTRACT.sub("", bare))


def check_comments(text):
    """Yields (line, what is wrong) for the sentences of the comments of C."""
    for found in re.finditer(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', text, re.S):
        if not found[0].startswith("/*"):
            continue
        first = text.count("\n", 0, found.start()) + 1
        for offset, paragraph in paragraphs_of_comment(found[0]):
            for sentence in sentences_of(paragraph):
                if len(words_of(sentence)) > SENTENCE_WORDS_MAX:
                    yield first + offset, f"a sentence of {len(words_of(sentence))} words: {sentence[:60]}..."


def comments_of_python(text):
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and token.string.startswith(('"""', "'''"))):
            for offset, line in enumerate(token.string.splitlines()):
                yield token.start[0] + offset, line


def lines_of(text, mark=None):
    """Yields (line, text): whole lines, or what stands behind a comment's mark."""
    for number, line in enumerate(text.splitlines(), 1):
        if mark is None:
            yield number, line
        elif (found := re.search(mark, line)):
            yield number, line[found.start():]


def check_source(path, text):
    """Yields (line, what is wrong)."""
    name, is_test = path.name, path.parts[0] == "tests"
    if path.suffix in (".c", ".h", ".def"):
        found = comments_of_c(text, not is_test)
        if not is_test:
            yield from check_comments(text)
    elif path.suffix == ".py":
        found = comments_of_python(text)
    elif path.suffix == ".sql":
        found = lines_of(text, r"--")
    elif path.suffix in (".cmake", ".js", ".css", ".awk") or name == "CMakeLists.txt":
        found = lines_of(text, r"(^|\s)(#|//|/\*)")
    else:
        found = lines_of(text)
    for number, line in found:
        for wrong in check_text(line):
            yield number, wrong


def check(folder, names):
    """Returns how many files were read and a list of `FILE:LINE: what`."""
    files, wrong = 0, []
    for name in names:
        path = folder / name
        if name.startswith(("tests/fuzz/corpus/", "tests/words/", "tests/mutation/equivalent.txt")) or name == "LICENSE" or not path.is_file():
            continue
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue  # no text
        files += 1
        found = check_page(text) if path.suffix == ".md" else check_source(pathlib.Path(name), text)
        wrong += [f"{name}:{line}: {what}" for line, what in found]
    return files, wrong


def tracked(folder):
    said = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=folder, capture_output=True,
                          check=True, text=True).stdout
    return sorted(name for name in said.split("\0") if name)


def main(arguments):
    names = [name for name in tracked(ROOT) if not arguments or name.startswith(tuple(arguments))]
    files, wrong = check(ROOT, names)
    for line in wrong:
        print(line)
    if not files:
        sys.exit("no file was read")
    print(f"{files} files checked, {len(wrong)} faults")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

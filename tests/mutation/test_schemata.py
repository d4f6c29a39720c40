"""All faults in one build: which functions can have copies, what is written for them, and which copies gcc complains of."""

import os
import subprocess

import mutants
import pytest
import schemata

SOURCE = """\
#include <stdio.h>
#include <stdlib.h>

enum { LIMIT = 3 };

static int twice(int n);

/* counts down to 0 */
static int left_of(const int *from,
                   int count)
{
\treturn from[0] - count > LIMIT ? LIMIT : twice(from[0] - count);
}

static int twice(int n)
{
\tstatic int calls = 0;

\tcalls++;
\treturn n + n + calls;
}

void say(const char *format, ...)
{
\tputs(format + 0);
}

int main(void)
{
\tint from[] = {2};

\tprintf("%d", left_of(from, 1));
\treturn 0;
}
"""


def heads(text):
    return [(function.name, function.arguments) for function in schemata.functions(text)]


def test_functions_and_their_parameters():
    assert heads(SOURCE) == [("left_of", ("from", "count")), ("twice", ("n",)), ("main", ())]
    assert heads("void f(void (*over)(int, int), char out[static 4], struct a *const *b)\n{\n}") == [("f", ("over", "out", "b"))]
    assert heads("struct a *f(const struct b *b)\n{\n}\n\nstatic bool g(unsigned long n)\n{\n}") == [("f", ("b",)), ("g", ("n",))]


@pytest.mark.parametrize("text", [
    "void f(int n, ...)\n{\n}",
    "__attribute__((noinline)) void f(int n)\n{\n}",
    "void f(int)\n{\n}",
    "struct a {\n\tint n;\n};",
    "static const int table[] = {\n\t1,\n};",
    "/*\nint f(int n)\n{\n}\n*/",
])
def test_what_has_no_copy(text):
    assert heads(text) == []


def test_lines_of_a_function():
    function = next(schemata.functions(SOURCE))
    assert (function.first, function.body, function.last) == (9, 11, 13)
    assert function.head == "static int left_of(const int *from, int count)"
    assert function.renamed("other") == "static int other(const int *from, int count)"


def faults_of(source):
    return dict(enumerate(mutants.of_source(source), 1))


def test_faults_outside_of_functions_are_left():
    faults = faults_of(SOURCE)
    placed = schemata.place(SOURCE, faults)
    left = set(faults) - {number for its in placed.values() for number in its}
    assert {SOURCE.split("\n")[faults[number].line - 1].strip() for number in left} == {"enum { LIMIT = 3 };", "puts(format + 0);"}


def build(folder, text):
    (folder / "source.c").write_text(text)
    return subprocess.run(["gcc", "-Wall", "-Werror=return-type", "-o", folder / "program", folder / "source.c"], capture_output=True,
                          text=True)


def said_with(folder, number):
    return subprocess.run([folder / "program"], env={**os.environ, schemata.VARIABLE: str(number)}, capture_output=True, text=True).stdout


def test_the_variable_picks_the_fault(tmp_path):
    faults = faults_of(SOURCE)
    placed = schemata.place(SOURCE, faults)
    text, copies = schemata.write(SOURCE, placed)
    done = build(tmp_path, text)
    bad = schemata.unbuildable(done.stdout + done.stderr, "source.c", copies)
    assert {faults[number].kind for number in bad} == {"lost return"} and done.returncode != 0
    placed = {function: {number: its[number] for number in its if number not in bad} for function, its in placed.items()}
    assert build(tmp_path, schemata.write(SOURCE, placed)[0]).returncode == 0
    assert said_with(tmp_path, 0) == "3"
    for number, mutant in ((number, its[number]) for its in placed.values() for number in its):
        (tmp_path / "alone").mkdir(exist_ok=True)
        assert build(tmp_path / "alone", "\n".join(mutant.apply(SOURCE.split("\n")))).returncode == 0
        assert said_with(tmp_path, number) == said_with(tmp_path / "alone", 0), mutant


def test_an_error_inside_of_a_macro_belongs_to_where_it_is_used():
    copies = {1: range(5, 8), 2: range(8, 12)}
    said = """\
db/a.c:6:2: warning: unused
base/list.h:3:4: note: in expansion of macro 'A'
base/list.h:3:4: error: expected ';'
db/a.c:9:2: note: in expansion of macro 'EACH'
db/a.c:6:2: note: declared here
"""
    assert schemata.unbuildable(said, "db/a.c", copies) == {2}
    assert schemata.unbuildable("db/a.c:7:1: error: no\n", "db/a.c", copies) == {1}

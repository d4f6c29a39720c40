"""The faults that scripts/mutate makes: one of each kind where it belongs, none where it changes nothing."""

import mutants


def faults(line):
    return {mutant.mutated([line]) for mutant in mutants.of_source(line)}


def test_relations_and_constants():
    assert faults("\tif (count < 3)") == {"if (count <= 3)", "if (count < 4)"}
    assert faults("\tif (left == 0)") == {"if (left != 0)", "if (left == 1)"}
    assert faults("\tif (left > 1)") == {"if (left >= 1)", "if (left > 0)"}


def test_conditions():
    assert faults("\tif (!is_open && is_new)") == {"if (is_open && is_new)", "if (!is_open)", "if (is_new)"}
    assert faults("\treturn a || f(b, c);") == {"return a;", "return f(b, c);", ";"}
    assert "x = b;" in faults("\tx = a && b;")


def test_lost_statements():
    assert ";" in faults("\tconn->arrived = 0;")
    assert ";" in faults("\tpool->waiting_count--;")
    assert faults("\tlist_remove(&x->link);") == {";"}
    assert faults("\tcontinue;") == {";"}


def test_bounds():
    assert "at = end - begin;" in faults("\tat = end + begin;")


def test_what_changes_nothing_stays():
    assert faults("\tchar text[16];") == set()
    assert faults("/* a < 3 && b */") == set()
    assert faults('\tputs("a < 3");') == {";"}
    assert faults("#define LIMIT 3") == set()
    assert faults("\tconst char *at = text;") == set()
    assert faults('\tlog_debug("db", "%u", 3);') == set()
    assert faults("\tnode->next = 3 << 2;") == {";", "node->next = 4 << 2;", "node->next = 3 << 3;"}


def test_lines_keep_their_places():
    source = "int f(int a)\n{\n\t/* one\n\t   two */\n\treturn a > 2;\n}"
    lines = source.split("\n")
    assert {mutant.line for mutant in mutants.of_source(source)} == {5}
    mutant = next(mutant for mutant in mutants.of_source(source) if mutant.kind == "relation")
    assert mutant.apply(lines) == [*lines[:4], "\treturn a >= 2;", "}"]

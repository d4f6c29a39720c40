"""The checker finds each kind of fault, and leaves what is right alone."""

import pathlib

import pytest

import words

LONG = "a " * words.SENTENCE_WORDS_MAX


@pytest.mark.parametrize("page, line", [
    (f"# A page\n\n{LONG}b.\n", 3),
    (f"| a | {LONG}b |\n", 1),
    ("* a\n  b\n  c\n  d\n", 1),
    ("a\n" + "longer " * 15 + "\n", 2),
    ("A client who asks.\n", 1),
    ("It can not.\n", 1),
])
def test_a_fault_of_a_page(page, line):
    assert [found for found, _ in words.check_page(page)] == [line]


@pytest.mark.parametrize("page", [
    f"{LONG.strip()}.\n{LONG.strip()}.\n",
    f"```text\n{LONG}{LONG} who can not\n```\n",
    f"    {LONG}{LONG} who\n",
    "* a\n  b\n  c\n* d\n",
    "The word `who`, and a [link](https://example.org/who).\n",
    "| " + "cell " * 15 + "| " + "cell " * 15 + "|\n",
])
def test_what_is_right_in_a_page(page):
    assert not list(words.check_page(page))


@pytest.mark.parametrize("source, line", [
    (f"/* {LONG}b. */\n", 1),
    (f"/* a.h - a.\n *\n * {LONG}\n * b.\n */\n", 3),
    (f"int a;\n/* A.\n *\n * Life:    a.\n * Owner:   {LONG}b. */\n", 5),
    (f'say("/*"); /* {LONG}b */\n', 1),
])
def test_a_long_sentence_of_a_comment(source, line):
    assert [found for found, _ in words.check_source(pathlib.Path("db/a.c"), source)] == [line]
    assert not list(words.check_source(pathlib.Path("tests/unit/a.c"), source))


@pytest.mark.parametrize("source", [
    f"/* {LONG.strip()}.\n * {LONG.strip()}. */\n",
    f"/* {LONG.strip()}\n *\n * {LONG.strip()} */\n",
    f" * Life:    {LONG.strip()}\n * Owner:   {LONG.strip()}\n",
    f"/* Life:    {LONG.strip()}\n * Owner:   {LONG.strip()} */\n",
    f"/*\n * - {LONG.strip()}\n * - {LONG.strip()}\n *   name   {LONG[:20]}\n */\n",
    f'say("{LONG}{LONG}");\n',
])
def test_what_is_right_in_a_comment(source):
    assert not list(words.check_source(pathlib.Path("db/a.c"), source))


@pytest.mark.parametrize("name, text, count", [
    ("db/a.c", "int a; /* nobody\n * knows */\n", 1),
    ("db/a.c", 'say("it can not");\n', 1),
    ("db/a.c", "int who; /* a client that asks */\n", 0),
    ("tests/unit/a.c", 'say("who"); // somebody\n', 1),
    ("tests/a.py", "who = 1  # he asks\n", 1),
    ("tests/a.py", '"""For who asks."""\nname = "who"\n', 1),
    ("scripts/a", "say whoever\n", 1),
    ("config/a.sql", "SELECT who; -- somebody\n", 1),
])
def test_sources(name, text, count):
    assert len(list(words.check_source(pathlib.Path(name), text))) == count

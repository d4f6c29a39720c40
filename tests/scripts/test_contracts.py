"""The contract at the top of a header names only functions, bounds and files that there are."""

import re
import subprocess

import pytest

from conftest import ROOT

COMMENT = re.compile(r"/\*.*?\*/", re.S)
SOURCES = [ROOT / name for name in subprocess.run(["git", "ls-files", "*.c", "*.h", "*.def"], cwd=ROOT, check=True,
                                                  capture_output=True, text=True).stdout.split()]
HEADERS = [path for path in SOURCES if path.suffix == ".h" and ROOT / "tests" not in path.parents]


@pytest.fixture(scope="module")
def names():
    """Every name that the code has, outside of comments."""
    code = "".join(COMMENT.sub(" ", path.read_text()) for path in SOURCES)
    return set(re.findall(r"[A-Za-z_]\w*", code)) | {path.name for path in SOURCES}


def contract_of(header):
    begin = COMMENT.match(header)
    return begin[0] if begin else ""


def missing_from(contract, names):
    functions = re.findall(r"\b([a-z]\w*)\(\)", contract)
    bounds = re.findall(r"(?<!\$)\b([A-Z][A-Z0-9]*_[A-Z0-9_]+)\b", contract)
    files = re.findall(r"(?<!\*)\b(\w+\.[ch])\b", contract)
    return [name for name in functions + bounds + files if name not in names]


def test_a_name_that_is_gone_is_found():
    assert missing_from("/* a.h - see b_begin(), C_MAX and d.h. $E_F */", {"a.h", "b", "C"}) == ["b_begin", "C_MAX", "d.h"]
    assert missing_from("/* a.h - see b_begin(), C_MAX and d.h. */", {"a.h", "b_begin", "C_MAX", "d.h"}) == []


def test_contracts_name_what_there_is(names):
    wrong = {str(path.relative_to(ROOT)): missing for path in HEADERS
             if (missing := missing_from(contract_of(path.read_text()), names))}
    assert len(HEADERS) > 100
    assert wrong == {}

"""What a user copies out of the documentation leaves a readable terminal."""

import re

import pytest

from conftest import ROOT

ENDS_ITS_LINES = ("-w '\\n'", "-w '\\\\n'", "| head -c 1000; echo", "x-ndjson", "/titles")


@pytest.mark.parametrize("file", ["README.md", "scripts/demo"])
def test_a_prompt_after_curl_stands_on_a_line_of_its_own(file):
    """A JSON body ends without a line break; a line a row, and a line a page, end with one."""
    commands = re.findall(r"^\s*(curl .*localhost:8080.*)$", (ROOT / file).read_text(), re.M)
    assert len(commands) >= 3
    for command in commands:
        assert any(end in command for end in ENDS_ITS_LINES), command

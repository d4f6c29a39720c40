"""The pages: what a user copies leaves a readable terminal, links lead somewhere, figures and tables are those of their source."""

import re
import subprocess

import pytest

from conftest import ROOT

ENDS_ITS_LINES = ("-w '\\n'", "-w '\\\\n'", "| head -c 1000; echo", "| jq", "x-ndjson", "text/csv", "/titles", "/live")
README_WORDS_MAX = 900
PAGES = sorted(path for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob(".github/**/*.md")])


def curl_lines(path):
    return re.findall(r"^[\s$]*(curl .*localhost:8080.*)$", path.read_text(), re.M)


WITH_CURL = [path for path in [*PAGES, ROOT / "scripts/demo"] if curl_lines(path)]


def name_of(path):
    return str(path.relative_to(ROOT))


def anchors_of(path):
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```", "", path.read_text(), flags=re.S | re.M), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", WITH_CURL, ids=name_of)
def test_a_prompt_after_curl_stands_on_a_line_of_its_own(path):
    """A JSON body ends without a line break; a line a row, a line a page and an event end with one."""
    for command in curl_lines(path):
        assert any(end in command for end in ENDS_ITS_LINES), command


def test_the_pages_with_commands_are_known():
    """Else the test above would pass for having found nothing."""
    assert {"README.md", "docs/getting-started.md", "docs/built-ins.md", "scripts/demo"} <= {name_of(path) for path in WITH_CURL}


def test_readme_is_short():
    assert len((ROOT / "README.md").read_text().split()) <= README_WORDS_MAX


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_links_lead_somewhere(path):
    text = re.sub(r"^```.*?^```", "", path.read_text(), flags=re.S | re.M)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        file = (path.parent / file).resolve() if file else path
        assert file.exists(), target
        assert not anchor or anchor in anchors_of(file), target


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_files_that_are_named_exist(path):
    """`db/learn.h` in a page, and `0019` among the decisions."""
    text = re.sub(r"^```.*?^```", "", path.read_text(), flags=re.S | re.M)
    if path.name == "CHANGELOG.md":
        return
    for file in re.findall(r"`((?:[a-z_]+/)+[\w.-]+\.(?:c|h|def|py|sql|cmake|json|txt|yml))`", text):
        assert (ROOT / file).exists(), file


def test_every_page_is_on_the_map():
    """README, or a page that README names, leads to it."""
    named, left = set(), [ROOT / "README.md"]
    while left:
        path = left.pop()
        if path in named or path.suffix != ".md" or not path.exists():
            continue
        named.add(path)
        left += [(path.parent / target.partition("#")[0]).resolve()
                 for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text()) if not target.startswith("http")]
    assert {name_of(path) for path in PAGES if not name_of(path).startswith(".github/")} == {name_of(path) for path in named}


def test_the_option_table_is_that_of_the_options():
    done = subprocess.run([ROOT / "scripts/option-table", "--check"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def rows_of(text):
    return [[cell.strip(" *") for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]


def test_figures_of_readme_are_those_of_the_benchmarks():
    section = re.search(r"^## Performance\n(.*?)^## ", (ROOT / "README.md").read_text(), re.S | re.M)[1]
    measured = {}
    for row in rows_of((ROOT / "docs/benchmarks.md").read_text()):
        measured.setdefault(row[0].partition(",")[0].strip("*"), row[1:])
    rows = rows_of(section)[2:]
    assert len(rows) == 4
    for name, rate, p99_ms, cpu_us in rows:
        assert [rate, p99_ms, cpu_us] == [measured[name][at] for at in (0, 2, 3)], name


def test_the_rooms_are_those_of_the_layer_check():
    """Room, the rooms that it may include, and its libraries."""
    table = re.search(r"^rooms='\n(.*?)^'", (ROOT / "scripts/check-layers").read_text(), re.S | re.M)[1]
    held = [[cell.split() for cell in line.split("|")] for line in table.splitlines()]
    section = re.search(r"^## Rooms\n(.*?)^## ", (ROOT / "docs/architecture.md").read_text(), re.S | re.M)[1]
    shown = [[room.strip("`").split(), others.replace(",", " ").split(), libraries.replace(",", " ").split()]
             for room, _, others, libraries in rows_of(section)[2:]]
    assert held and shown == held

"""`cmake --install`: everything under one prefix, wherever that is moved."""

import pytest

from conftest import ROOT, run

BUILD = ROOT / "build/release"
PAGES = ["man1/meantime.1", "man1/meantime-load.1", "man5/meantime-endpoints.5", "man5/meantime-report.5"]


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    first = tmp_path_factory.mktemp("install") / "first"
    run("cmake", "--install", BUILD, "--prefix", first)
    moved = first.parent / "another place"
    first.rename(moved)
    return moved


def test_the_programs_run_where_they_were_moved(prefix):
    for program in ("meantime", "meantime-load"):
        assert run(prefix / "bin" / program, "version", cwd="/").stdout.startswith(f"{program} 0.")
    done = run(prefix / "bin/meantime", "check", "--endpoints", prefix / "share/meantime/endpoints", "--database",
               "host=/nowhere", check=False, cwd="/")
    assert done.returncode == 1 and "cannot connect to the database" in done.stderr, "endpoints were not read"


def test_the_folder_of_endpoints_is_found_beside_the_program(prefix, tmp_path):
    done = run(prefix / "bin/meantime", "check", "--database", "host=/nowhere", check=False, cwd=tmp_path)
    assert done.returncode == 1 and "cannot connect to the database" in done.stderr, done.stderr


def test_compare_finds_the_service_beside_it(prefix):
    done = run(prefix / "bin/meantime-load", "compare", "--quick", "--endpoints", prefix / "share/meantime/endpoints",
               "--database", "host=/nowhere", check=False, cwd="/")
    assert done.returncode == 2 and f"{prefix}/bin/meantime --mode sync" in done.stderr, done.stderr


def test_what_is_installed(prefix):
    for file in ("share/meantime/schema/10_country.sql", "lib/systemd/system/meantime.service",
                 "share/doc/meantime/README.md", "share/doc/meantime/docs/endpoints.md", "share/doc/meantime/copyright"):
        assert (prefix / file).is_file(), file
    assert sorted(str(page.relative_to(prefix / "share/man")) for page in prefix.glob("share/man/*/*")) == [
        f"{page}.gz" for page in sorted(PAGES)]
    assert not (prefix / "etc").exists()


def test_no_file_knows_where_it_was_built(prefix):
    for file in prefix.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert str(ROOT).encode() not in content and str(prefix.parent).encode() not in content, file

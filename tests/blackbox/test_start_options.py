"""Options at the start: where each comes from, and what is wrong with one is named with its place."""

import pytest

from conftest import TEST_ENDPOINTS
from lib.service import run
from lib.starts import check, folder  # noqa: F401


@pytest.mark.parametrize("arguments,status,words", [
    (["--colour", "red"], 2, ["--colour"]),
    (["--listn", "127.0.0.1:0"], 2, ["--listn", "--listen"]),
    (["extra"], 2, ["extra"]),
    (["--threads"], 2, ["--threads"]),
    (["--threads", "0"], 1, ["--threads", "1024"]),
    (["--threads", "many"], 1, ["--threads", "many"]),
    (["--threads", "-1"], 1, ["--threads"]),
    (["--threads", "99999999999999999999"], 1, ["--threads"]),
    (["--mode", "quick"], 1, ["--mode", "quick", "sync"]),
    (["--log-level", "loud"], 1, ["--log-level", "loud"]),
    (["--listen", "nonsense"], 1, ["nonsense"]),
    (["--listen", "127.0.0.1:99999"], 1, ["99999"]),
    (["--config", "/nowhere.json"], 1, ["/nowhere.json"]),
    (["--listen", "nowhere"], 1, ["--listen: listen", "nowhere", "HOST:PORT"]),
    (["--admin", "127.0.0.1"], 1, ["--admin: admin", "127.0.0.1", "HOST:PORT"]),
    (["--fetch-allow", "everything"], 1, ["--fetch-allow: fetch_allow", "everything"]),
    (["--endpoints", "/nowhere/at/all"], 1, ['--endpoints: endpoints: names the folder "/nowhere/at/all"']),
    (["--listen", "::1:80"], 1, ["--listen: listen", "[ADDRESS]:PORT for IPv6"]),
])
def test_wrong_options(database, arguments, status, words):
    done = run("serve", "--database", database, "--endpoints", TEST_ENDPOINTS, *arguments, timeout_s=20)
    assert done.returncode == status, done
    for word in words:
        assert word in done.stderr


def test_what_is_wrong_in_the_environment_is_said_with_its_variable(database, folder):
    """All of it in one run, the endpoints' mistakes included."""
    done = check(database, folder("-- name: a :one\nSELECT 1 AS one;\n"), environment={
        "MEANTIME_LISTEN": "nowhere", "MEANTIME_FETCH_ALLOW": "everything"})
    assert done.returncode == 1
    for words in ("MEANTIME_LISTEN: listen", "MEANTIME_FETCH_ALLOW: fetch_allow", "a.sql:1: "):
        assert words in done.stderr, done.stderr
    done = run("check", "--endpoints", TEST_ENDPOINTS, environment={"DATABASE_URL": "postgresql:///x?host=%2Fnowhere"})
    assert done.returncode == 1 and "from DATABASE_URL" in done.stderr


def test_an_empty_variable_counts_as_not_there(database):
    environment = {"DATABASE_URL": database, "MEANTIME_DATABASE": "", "MEANTIME_MODE": "", "MEANTIME_LOOPS": ""}
    done = run("check", "--endpoints", TEST_ENDPOINTS, environment=environment)
    assert done.returncode == 0, done.stderr


def test_service_links_of_kubernetes_are_passed_over_and_logged(serve):
    """A Service called meantime, or meantime-postgresql, is named to each pod by variables like those of options."""
    one = serve(environment={"MEANTIME_PORT": "tcp://10.0.171.239:8080"})
    assert one.log_contains("passed over as a service link of Kubernetes: MEANTIME_PORT\n")
    two = serve(environment={"MEANTIME_SERVICE_HOST": "10.0.0.1", "MEANTIME_POSTGRESQL_PORT": "tcp://10.0.0.11:5432"})
    assert two.log_contains(" and 1 more\n") and two.log_contains("passed over as service links of Kubernetes: MEANTIME_")
    assert two.get("/numbers/1").json == {"n": 1}


@pytest.mark.parametrize("environment,words", [
    ({"MEANTIME_COLOUR": "red"}, ["MEANTIME_COLOUR"]),
    ({"MEANTIME_THREADS": "0"}, ["MEANTIME_THREADS"]),
    ({"MEANTIME_MODE": "quick"}, ["MEANTIME_MODE", "quick"]),
])
def test_a_wrong_environment(database, environment, words):
    done = check(database, TEST_ENDPOINTS, environment=environment)
    assert done.returncode == 1, done
    for word in words:
        assert word in done.stderr


@pytest.mark.parametrize("text,line,words", [
    ('{\n  "threads": 0\n}\n', 2, ["threads"]),
    ('{\n  "threads": "8x"\n}\n', 2, ["threads"]),
    ('{\n\n  "colour": "red"\n}\n', 3, ["colour"]),
    ('{\n  "threads": 8,\n}\n', 3, []),
    ("[]", 1, []),
])
def test_a_wrong_configuration_file(database, tmp_path, text, line, words):
    (tmp_path / "meantime.json").write_text(text)
    done = check(database, TEST_ENDPOINTS, "--config", tmp_path / "meantime.json")
    assert done.returncode == 1, done
    assert f"meantime.json:{line}:" in done.stderr
    for word in words:
        assert word in done.stderr


def test_where_a_value_comes_from(serve, tmp_path):
    """Defaults < file < environment < command line."""
    config = tmp_path / "meantime.json"
    config.write_text('{"max_path_bytes": 50}')

    def longest(service):
        return next(size for size in (40, 50, 60) if service.get("/" + "x" * (size + 4)).status == 414)

    assert longest(serve("--config", config)) == 50
    assert longest(serve(environment={"MEANTIME_CONFIG": str(config)})) == 50
    assert longest(serve("--config", config, environment={"MEANTIME_MAX_PATH_BYTES": "40"})) == 40
    assert longest(serve("--config", config, "--max-path-bytes=60",
                         environment={"MEANTIME_MAX_PATH_BYTES": "40"})) == 60


def test_the_database_of_the_environment(database):
    assert run("check", "--endpoints", TEST_ENDPOINTS, environment={"DATABASE_URL": database}).returncode == 0
    nowhere = "postgresql:///x?host=%2Fnowhere"
    assert run("check", "--endpoints", TEST_ENDPOINTS,
               environment={"DATABASE_URL": nowhere, "MEANTIME_DATABASE": database}).returncode == 0
    assert run("check", "--endpoints", TEST_ENDPOINTS, "--database", database,
               environment={"MEANTIME_DATABASE": nowhere}).returncode == 0


def test_the_log_names_what_is_not_default_but_no_password(serve, database):
    service = serve("--db-connections", 7, url=database.replace("postgres@", "postgres:secret-word@"))
    assert service.log_contains("db_connections") or service.log_contains("db-connections")
    assert "secret-word" not in service.log()

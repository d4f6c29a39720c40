"""docker-compose.yml as users meet it: up from nothing, hardened, and what it survives."""

import json
import time

import pytest

from conftest import UP_WITHIN_S, Project, compose_commands, docker, wait_until


@pytest.mark.parametrize("compose", compose_commands(), ids=" ".join)
def test_every_compose_understands_it(compose):
    project = Project(compose)
    services = project.compose("--profile", "load", "--profile", "wrk", "config", "--services").stdout.split()
    assert set(services) == {"prepare", "postgres", "meantime", "sync", "threads", "load", "wrk"}
    assert set(project.compose("config", "--services").stdout.split()) >= {"prepare", "postgres", "meantime"}


def test_up_from_nothing(project):
    assert project.took_s < UP_WITHIN_S
    answer = project.request("GET", "/countries/DE")
    assert answer.status == 200 and answer.json["name"] == "Germany"
    assert "db;dur=" in answer.headers["Server-Timing"]
    assert len(project.request("GET", "/languages?limit=5").json) == 5


def test_a_note_is_written_and_read(project):
    written = project.request("POST", "/notes", {"country": "DE", "body": "from outside"})
    assert written.status == 201
    read = project.request("GET", f"/notes/{written.json['id']}")
    assert read.status == 200 and read.json == written.json


def test_alone_it_is_three_services(project):
    ids = docker("ps", "-aq", "--filter", f"label=com.docker.compose.project={project.name}").stdout.split()
    assert len(ids) == 3
    assert project.inspect("prepare")["State"]["ExitCode"] == 0


def test_it_is_healthy_by_its_own_word(project):
    assert wait_until(lambda: project.inspect("meantime")["State"]["Health"]["Status"] == "healthy")


def test_the_log_is_on_stdout(project):
    logs = docker("logs", project.container("meantime"))
    assert "meantime: serving http://0.0.0.0:8080" in logs.stdout and "options: mode is async" in logs.stdout
    assert logs.stderr == ""


# Hardening


@pytest.mark.parametrize("service", ["prepare", "postgres", "meantime"])
def test_hardening(project, service):
    found = project.inspect(service)
    host = found["HostConfig"]
    assert host["ReadonlyRootfs"]
    assert host["CapDrop"] == ["ALL"]
    assert set(host["CapAdd"] or []) <= ({"CHOWN", "FOWNER"} if service == "prepare" else set())
    assert "no-new-privileges:true" in host["SecurityOpt"]
    assert 0 < host["PidsLimit"] <= 300 and 0 < host["Memory"] <= 1 << 30
    assert {"Name": "nofile", "Hard": 20000, "Soft": 20000} in host["Ulimits"]
    assert not host["Privileged"] and "docker.sock" not in json.dumps(host["Binds"])


def test_nobody_is_root_while_it_runs(project):
    for service in ("meantime", "postgres"):
        rows = docker("top", project.container(service), "-eo", "uid,pid,comm").stdout.splitlines()[1:]
        assert rows and {row.split()[0] for row in rows} == {"10001" if service == "meantime" else "10002"}


def test_postgres_is_not_published(project):
    found = project.inspect("postgres")
    assert not found["HostConfig"]["PortBindings"]
    assert list(found["NetworkSettings"]["Networks"]) == [project.network("database")]
    assert json.loads(docker("network", "inspect", project.network("database")).stdout)[0]["Internal"]


def test_only_the_services_network_reaches_postgres(project):
    address = project.inspect("postgres")["NetworkSettings"]["Networks"][project.network("database")]["IPAddress"]

    def is_reached(network):
        done = docker("run", "--rm", "--network", network, "--entrypoint", "/bin/bash", "meantime-wrk", "-c",
                      f"timeout 3 bash -c 'exec 3<>/dev/tcp/{address}/5432'", check=False)
        return done.returncode == 0

    assert is_reached(project.network("database")), "the way of asking is wrong"
    assert not is_reached(project.network("front"))
    assert not is_reached("bridge")


def test_postgres_wants_the_password(project):
    def ask(user, *options):
        return docker("run", "--rm", "--network", project.network("database"), *options, "--entrypoint", "psql",
                      "meantime-postgres", "-XAtc", "select 1", f"postgresql://{user}@postgres/atlas", check=False)

    password = docker("exec", project.container("postgres"), "cat", "/run/secrets/meantime/password").stdout
    assert len(password) == 48
    assert "password" in ask("meantime").stderr
    assert ask("meantime", "-e", f"PGPASSWORD={password}").stdout == "1\n"
    assert "password" in ask("meantime", "-e", "PGPASSWORD=wrong").stderr
    assert "password" in ask("postgres", "-e", f"PGPASSWORD={password}").stderr
    for service in ("meantime", "postgres", "prepare"):
        assert password not in json.dumps(project.inspect(service)), "in the open"
        assert password not in project.compose("logs").stdout


def test_the_service_may_do_no_more_than_it_has_to(project):
    def may(sql):
        done = docker("exec", project.container("postgres"), "psql", "-XAt", "-d", "atlas", "-c", "SET ROLE meantime", "-c",
                      sql, check=False)
        return "permission denied" not in done.stderr and done.returncode == 0

    assert may("SELECT count(*) FROM country")
    assert may("DELETE FROM note WHERE id < 0")
    assert not may("DELETE FROM country WHERE false")
    assert not may("CREATE TABLE own (id int)")
    assert not may("SELECT pg_read_file('/etc/passwd')")


def test_wrk_from_a_container(project):
    """The documented line, shorter."""
    said = project.compose("run", "--rm", "wrk", "-t1", "-c8", "-d1s", "--latency",
                           "http://meantime:8080/countries/DE").stdout
    assert "Requests/sec" in said and "Non-2xx" not in said, said


# What it survives


@pytest.mark.disturbs
def test_a_stop_answers_what_is_in_flight(project):
    answers = project.together(["/wait/2000"] * 20)
    time.sleep(0.7)
    project.compose("stop", "meantime")
    assert [answer and answer.status for answer in answers()] == [200] * 20
    state = project.inspect("meantime")["State"]
    assert state["ExitCode"] == 0 and not state["OOMKilled"]
    project.compose("start", "meantime")
    assert wait_until(project.is_answering)


@pytest.mark.disturbs
def test_postgres_restarted_under_the_service(project):
    started = project.inspect("meantime")["State"]["StartedAt"]
    project.compose("stop", "postgres")
    refused = project.request("GET", "/countries/DE")
    assert refused.status == 503 and refused.headers["Retry-After"] and refused.json["status"] == 503
    assert project.request("GET", "/openapi.json").status == 200
    project.compose("start", "postgres")
    assert wait_until(project.is_answering), "does not come back"
    found = project.inspect("meantime")
    assert found["State"]["StartedAt"] == started and found["RestartCount"] == 0


@pytest.mark.disturbs
def test_the_service_waits_for_the_database_without_restarting(project):
    project.compose("stop", "meantime", "postgres")
    docker("start", project.container("meantime"))
    time.sleep(3)
    found = project.inspect("meantime")
    assert found["State"]["Running"] and found["RestartCount"] == 0
    assert "waiting for the database" in docker("logs", "--tail", "5", project.container("meantime")).stdout
    assert not project.is_answering()
    docker("start", project.container("postgres"))
    assert wait_until(project.is_answering, UP_WITHIN_S)
    assert project.inspect("meantime")["RestartCount"] == 0


@pytest.mark.disturbs
def test_the_first_start_cut_off(project):
    """Killed while it makes its cluster, it begins again."""
    project.compose("down", "-v")
    project.compose("up", "-d", "prepare")
    assert wait_until(lambda: not project.inspect("prepare")["State"]["Running"])
    project.compose("up", "--no-start", "postgres")
    container = project.container("postgres")
    for pause_s in (0.3, 0.8, 1.5):
        docker("start", container)
        time.sleep(pause_s)
        docker("kill", container)
    project.compose("up", "-d")
    assert wait_until(project.is_answering, UP_WITHIN_S), project.compose("logs").stdout[-5000:]


@pytest.mark.disturbs
def test_down_and_up_with_the_notes_still_there(project):
    written = project.request("POST", "/notes", {"country": "FR", "body": "to be kept"}).json
    project.compose("down")
    assert docker("ps", "-aq", "--filter", f"label=com.docker.compose.project={project.name}").stdout == ""
    project.compose("up", "-d")
    assert wait_until(project.is_answering, UP_WITHIN_S)
    assert project.request("GET", f"/notes/{written['id']}").json == written

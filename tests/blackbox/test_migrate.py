"""`meantime migrate`: the tables of the queue are made and upgraded once, whole, by one of several, with few rights."""

import itertools
import subprocess
import urllib.parse

import pytest

from lib.postgres import binaries
from lib.service import ROOT, by_way_of_pooler, clean_environment, program, run, wait_until

MIGRATIONS = sorted((ROOT / "queue/migrations").glob("*.sql"))
NEWEST = len(MIGRATIONS)
LOCK = "DO $$ BEGIN PERFORM pg_advisory_xact_lock(x'6d65616e74696d65'::bigint); END $$"
numbers = itertools.count(1)


class Database:
    def __init__(self, postgres):
        self.postgres = postgres
        self.name = f"migrate_{next(numbers)}"
        self.url = postgres.create_database(self.name)

    def execute(self, sql):
        return self.postgres.execute(sql, self.name)

    def value(self, sql):
        return self.postgres.value(sql, self.name)

    def migrate(self, *words, role="postgres"):
        return run("migrate", "--database", self.url_of(role), *words)

    def url_of(self, role):
        return self.url.replace("postgres@", f"{urllib.parse.quote(role)}@")

    def role(self, attributes="LOGIN"):
        name = f"role {next(numbers)}"
        self.execute(f'CREATE ROLE "{name}" {attributes}')
        return name

    def make(self, version):
        """As a program did that knew no later version."""
        self.execute("CREATE SCHEMA meantime_queue")
        for number, file in enumerate(MIGRATIONS[:version], 1):
            self.execute(file.read_text())
            name = file.stem.partition("_")[2]
            self.execute(f"INSERT INTO meantime_queue.version (number, name) VALUES ({number}, '{name}')")

    def schema(self):
        """All of it, as text; without the lines that are another text each time."""
        done = subprocess.run([binaries() / "pg_dump", "-s", "-n", "meantime_queue", self.url], capture_output=True, text=True,
                              timeout=60, cwd="/tmp")
        assert done.returncode == 0, done.stderr
        return [line for line in done.stdout.splitlines() if not line.startswith("\\")]

    def has_schema(self):
        return self.value("SELECT to_regnamespace('meantime_queue') IS NOT NULL") == "t"


@pytest.fixture
def database(postgres):
    return Database(postgres)


def versions(database):
    return [int(number) for number, in database.execute("SELECT number FROM meantime_queue.version ORDER BY number")]


def add_job(database, number=1):
    database.execute("INSERT INTO meantime_queue.job (id, queue, shard, priority, attempt, max_attempts, enqueued_at, payload) "
                     f"VALUES ({number}, 1, 0, 0, 0, 5, now(), '1')")


def refused(done, *words):
    assert done.returncode == 1 and done.stderr.startswith("meantime: migrate: "), done
    for word in words:
        assert word in done.stderr, done.stderr


def test_it_makes_what_is_not_there_and_leaves_what_is(database):
    first = database.migrate()
    assert first.returncode == 0 and first.stderr == "", first
    assert first.stdout.count(" is made\n") == NEWEST
    assert first.stdout.endswith(f"meantime: the queue's tables have version {NEWEST}\n")
    add_job(database)
    again = database.migrate()
    assert again.returncode == 0 and again.stdout == f"meantime: the queue's tables have version {NEWEST}\n", again
    assert versions(database) == list(range(1, NEWEST + 1))
    assert database.value("SELECT count(*) FROM meantime_queue.job") == "1"


@pytest.mark.parametrize("version", range(1, NEWEST))
def test_an_older_version_becomes_the_same(postgres, database, version):
    database.make(version)
    add_job(database)
    done = database.migrate()
    assert done.returncode == 0 and done.stdout.count(" is made\n") == NEWEST - version, done
    assert versions(database) == list(range(1, NEWEST + 1))
    assert database.value("SELECT count(*) FROM meantime_queue.job") == "1"
    fresh = Database(postgres)
    fresh.migrate()
    assert database.schema() == fresh.schema()


def test_a_newer_version_is_refused(database):
    database.migrate()
    database.execute(f"INSERT INTO meantime_queue.version (number, name) VALUES ({NEWEST + 1}, 'later')")
    for words in ([], ["--dry-run"]):
        refused(database.migrate(*words), f"version {NEWEST + 1}", f"up to {NEWEST}", "newer meantime")
    assert versions(database) == list(range(1, NEWEST + 2))


def waiting(database):
    return int(database.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database ="
                              " (SELECT oid FROM pg_database WHERE datname = current_database())"))


@pytest.mark.parametrize("isolation", ["read committed", "repeatable read"])
def test_several_at_once(database, isolation):
    """All of them wait for the lock before any goes on. What the database has for other transactions does not count."""
    database.execute(f"ALTER DATABASE {database.name} SET default_transaction_isolation = '{isolation}';"
                     f"ALTER DATABASE {database.name} SET default_transaction_read_only = on")
    command = [program(), *by_way_of_pooler(["migrate", "--database", database.url])]
    with database.postgres.hold(LOCK, database.name):
        all_of_them = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        env=clean_environment()) for _ in range(6)]
        assert wait_until(lambda: waiting(database) == 6)
    said = [each.communicate(timeout=60) for each in all_of_them]
    assert [each.returncode for each in all_of_them] == [0] * 6, said
    assert "".join(out for out, _ in said).count(" is made\n") == NEWEST
    assert versions(database) == list(range(1, NEWEST + 1))


def test_a_lock_is_waited_for_so_long(database):
    with database.postgres.hold(LOCK, database.name):
        refused(database.migrate("--lock-timeout-ms", "20"), "held a lock for 20 ms", "try again")
    assert not database.has_schema()


def test_a_dry_run_changes_nothing(database):
    done = database.migrate("--dry-run")
    assert done.returncode == 0 and done.stdout.count(" would be made\n") == NEWEST, done
    assert done.stdout.endswith("meantime: dry run: nothing was changed\n")
    assert not database.has_schema()
    service = database.role()
    done = database.migrate("--dry-run", "--service-role", service)
    assert done.returncode == 0 and f'the role "{service}" would be allowed' in done.stdout, done
    assert not database.has_schema()
    database.migrate()
    assert database.migrate("--dry-run").stdout == "meantime: dry run: nothing was changed\n"


def test_a_migration_is_made_whole_or_not_at_all(database):
    database.execute("CREATE SCHEMA meantime_queue; CREATE TABLE meantime_queue.job (other integer)")
    for words in ([], ["--dry-run"]):
        refused(database.migrate(*words), 'relation "job" already exists')
    tables = database.execute("SELECT relname FROM pg_class WHERE relnamespace = 'meantime_queue'::regnamespace")
    assert tables == [["job"]]


# Rights

def test_create_on_the_database_is_enough(database):
    role = database.role()
    refused(database.migrate(role=role), f'GRANT CREATE ON DATABASE {database.name} TO "{role}"')
    refused(database.migrate("--dry-run", role=role), "GRANT CREATE ON DATABASE")
    database.execute(f'GRANT CREATE ON DATABASE {database.name} TO "{role}"')
    done = database.migrate(role=role)
    assert done.returncode == 0, done
    database.execute(f'REVOKE CREATE ON DATABASE {database.name} FROM "{role}"')
    assert database.migrate(role=role).returncode == 0


def test_a_schema_that_an_administrator_has_made(database):
    role = database.role()
    database.execute(f'CREATE SCHEMA meantime_queue AUTHORIZATION "{role}"')
    assert database.migrate(role=role).returncode == 0


def owners(database):
    return [owner for owner, in database.execute(
        "SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relnamespace = 'meantime_queue'::regnamespace")]


def test_an_upgrade_needs_the_owner_and_belongs_to_it(database):
    owner, other, member = database.role(), database.role(), database.role("LOGIN NOINHERIT")
    database.make(1)
    database.execute(f'ALTER SCHEMA meantime_queue OWNER TO "{owner}"')
    for table in ("version", "owner", "queue", "job"):
        database.execute(f'ALTER TABLE meantime_queue.{table} OWNER TO "{owner}"')
    database.execute(f'ALTER SEQUENCE meantime_queue.job_id OWNER TO "{owner}"; GRANT "{owner}" TO "{member}"')
    refused(database.migrate(role=other), "may not read meantime_queue.version", f'run this as "{owner}"')
    database.execute(f'GRANT USAGE ON SCHEMA meantime_queue TO "{other}", "{member}";'
                     f'GRANT SELECT ON meantime_queue.version TO "{other}", "{member}"')
    refused(database.migrate(role=other), f'belongs to "{owner}"', f'GRANT "{owner}" TO "{other}"')
    assert database.migrate(role=member).returncode == 0
    assert owners(database) == [owner]


def test_an_administrators_upgrade_belongs_to_the_owner(database):
    owner = database.role()
    database.make(NEWEST - 1)
    database.execute(f'ALTER SCHEMA meantime_queue OWNER TO "{owner}"; ALTER SEQUENCE meantime_queue.job_id OWNER TO "{owner}"')
    for table, in database.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'meantime_queue'"):
        database.execute(f'ALTER TABLE meantime_queue.{table} OWNER TO "{owner}"')
    assert database.migrate().returncode == 0
    assert owners(database) == [owner]


def may(database, role, what, table):
    return database.value(f"SELECT has_table_privilege('{role}', 'meantime_queue.{table}', '{what}')") == "t"


def serves(database, role):
    tables = [table for table, in database.execute(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'meantime_queue'::regnamespace")]
    return all(may(database, role, what, table) == (what == "SELECT" or table != "version")
               for table in tables for what in ("SELECT", "INSERT", "UPDATE", "DELETE"))


def test_another_role_may_serve(database):
    service, reader = database.role(), database.role()
    done = database.migrate("--service-role", service)
    assert done.returncode == 0 and f'the role "{service}" is allowed to serve the queue' in done.stdout, done
    assert serves(database, service)
    database.execute(f'SET ROLE "{service}"; SELECT nextval(\'meantime_queue.job_id\');'
                     "INSERT INTO meantime_queue.queue (name) VALUES ('a'); DELETE FROM meantime_queue.queue")
    assert not may(database, service, "TRUNCATE", "job")
    # it is no owner: it sees that all is made, and no more
    assert database.migrate(role=service).returncode == 0
    refused(database.migrate("--service-role", reader, role=service), "belongs to postgres")


def test_a_role_that_serves_may_after_an_upgrade(database):
    service, reader = database.role(), database.role()
    database.make(1)
    database.execute(f'GRANT USAGE ON SCHEMA meantime_queue TO "{service}", "{reader}";'
                     f'GRANT SELECT ON ALL TABLES IN SCHEMA meantime_queue TO "{reader}";'
                     f'GRANT INSERT ON meantime_queue.job TO "{service}"')
    assert database.migrate().returncode == 0
    assert serves(database, service)
    assert not may(database, reader, "INSERT", "job") and not may(database, reader, "SELECT", "dead_letter")


def test_the_owner_may_serve_already(database):
    role = database.role()
    database.execute(f'GRANT CREATE ON DATABASE {database.name} TO "{role}"')
    assert database.migrate("--service-role", role, role=role).returncode == 0
    assert may(database, role, "INSERT", "version")


def test_a_service_role_that_is_not_there(database):
    refused(database.migrate("--service-role", "nobody"), 'no role is called "nobody"')
    assert versions(database) == list(range(1, NEWEST + 1))


def test_an_encoding_that_cannot_hold_every_text(postgres, database):
    postgres.execute("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'")
    refused(run("migrate", "--database", postgres.url("latin")), "LATIN1", "UTF8")


# Words

@pytest.mark.parametrize("words", [["--service-role"], ["--service-role", "--dry-run"], ["--service-role="], ["--colour", "red"],
                                   ["--lock-timeout-ms", "0"], ["--lock-timeout-ms", "3600001"], ["--lock-timeout-ms", "1s"],
                                   ["--lock-timeout-ms="], ["--dry-run=yes"], ["now"]])
def test_words_that_are_not_understood(words):
    done = run("migrate", *words)
    assert done.returncode == 2 and done.stderr.startswith("meantime: ") and done.stdout == "", done


def test_the_database_from_elsewhere(database, tmp_path):
    file = tmp_path / "options.json"
    file.write_text(f'{{"database": "{database.url}"}}')
    assert run("migrate", environment={"DATABASE_URL": database.url}).returncode == 0
    assert run("migrate", "--config", file).returncode == 0
    assert versions(database) == list(range(1, NEWEST + 1))


def test_a_database_that_cannot_be_reached():
    done = run("migrate", "--database", "postgresql://app:secret@127.0.0.1:1/mine")
    assert done.returncode == 1 and "cannot connect to the database (from --database)" in done.stderr, done
    done = run("migrate", "--database", "postgresql://app:secret/@127.0.0.1:1/mine")
    assert done.returncode == 1 and done.stderr.startswith("--database: database: "), done
    assert "secret" not in done.stderr


def test_a_database_that_starts_later(faulty_postgres):
    faulty_postgres.create_database("starts_later")
    url = faulty_postgres.url("starts_later")
    faulty_postgres.stop()
    command = [program(), *by_way_of_pooler(["migrate", "--database", url, "--database-wait-ms", "60000"])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=clean_environment()) as later:
        assert "waiting for the database" in later.stderr.readline()
        faulty_postgres.start()
        out, said = later.communicate(timeout=60)
    assert later.returncode == 0 and f"version {NEWEST}" in out, said


def test_help():
    done = run("migrate", "--help")
    assert done.returncode == 0 and done.stdout.startswith("meantime migrate - ") and "exit status: 0" in done.stdout

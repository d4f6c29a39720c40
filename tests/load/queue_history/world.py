"""Two services on one database, one of which owns the queues, and what is done to them."""

import pathlib
import signal
import threading
import time

from lib.service import Service, run, wait_until

DATABASE = "history"
PAUSED_S = 8  # an owner may be silent for 4 s; then another one gives jobs out


class World:
    def __init__(self, postgres, history, mode, folder):
        self.postgres, self.history, self.mode = postgres, history, mode
        self.endpoints = pathlib.Path(folder)
        (self.endpoints / "one.sql").write_text("-- name: one :one\n-- route: GET /one\nSELECT 1 AS one;\n")
        self.url = postgres.create_database(DATABASE)
        done = run("migrate", "--database", self.url)
        assert done.returncode == 0, done.stderr
        self.lock = threading.Lock()
        self.services = []
        for _ in range(2):
            self.start_service()

    def note(self, what):
        self.history.note("fault", what=what)

    def start_service(self):
        self.note("service started")
        service = Service(self.url, self.endpoints, self.mode, "--queue", "on", "--request-timeout-ms", "8000")
        with self.lock:
            self.services.append(service)

    def addresses(self):
        with self.lock:
            return [service.address for service in self.services]

    def owner(self):
        """None while there is none."""
        with self.lock:
            services = list(self.services)
        for service in services:
            try:
                if service.get("/queues/of-no-one").status == 404:
                    return service
            except OSError:
                pass
        return None

    def await_owner(self):
        assert wait_until(lambda: self.owner() is not None, 90), "no service took the queues over"
        return self.owner() or self.await_owner()

    # Faults

    def kill_service(self):
        service = self.await_owner()
        self.note("service killed")
        service.kill()
        with self.lock:
            self.services.remove(service)
        self.start_service()

    def stop_service(self):
        service = self.await_owner()
        self.note("service stopped")
        with self.lock:
            self.services.remove(service)
        service.stop()
        self.start_service()

    def pause_service(self):
        """Another one owns the queues when it goes on."""
        service = self.await_owner()
        self.note("service paused")
        with service.paused():
            time.sleep(PAUSED_S)
            self.note("service resumed")

    def break_postgres(self, how):
        self.note("postgres killed")
        how()
        self.postgres.server = None
        time.sleep(0.2)
        self.postgres.start()
        self.note("postgres started")

    def stop_postgres_immediately(self):
        self.break_postgres(lambda: self.postgres.stop(signal.SIGQUIT))

    def kill_postgres(self):
        self.break_postgres(self.postgres.kill)

    def end_sessions(self):
        """Again and again, so that some are in the middle of a commit."""
        for _ in range(10):
            self.note("sessions ended")
            self.postgres.terminate_clients(DATABASE)

    FAULTS = (end_sessions, kill_service, stop_postgres_immediately, end_sessions, pause_service, kill_postgres,
              end_sessions, stop_service)

    # The end

    def depth(self, queue):
        owner = self.owner()
        answer = owner and owner.get(f"/queues/{queue}")
        return answer.json["depth"] if answer and answer.status == 200 else None

    def note_rest(self):
        rows = self.postgres.execute("SELECT id FROM meantime_queue.job", DATABASE)
        dead = self.postgres.execute("SELECT id, attempt, max_attempts FROM meantime_queue.dead_letter", DATABASE)
        self.history.note("rest", rows=[int(row[0]) for row in rows], dead=[[int(value) for value in row] for row in dead])

    def close(self):
        for service in self.services:
            try:
                service.stop()
            finally:
                service.kill()

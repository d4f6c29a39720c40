"""A queue of a test's own, and whether a service serves the queues."""

import itertools

from lib.service import wait_until

numbers = itertools.count(1)


class Queue:
    """A queue of the test's own."""

    def __init__(self, service):
        self.service = service
        self.name = f"queue-{next(numbers)}"

    def post(self, path, body=None, **options):
        return self.service.request("POST", f"/queues/{self.name}/{path}", body, **options)

    def ask(self, path, body=None):
        """On a machine so busy that the service is not sure of its queues for a moment, it says 503."""
        answers = []

        def is_answered():
            answers.append(self.post(path, body))
            return answers[-1].status != 503

        wait_until(is_answered, 60)
        return answers[-1]

    def enqueue(self, *payloads, **more):
        jobs = [{"payload": payload, **more} for payload in payloads]
        answer = self.ask("jobs", jobs if len(jobs) != 1 else jobs[0])
        assert answer.status == 201, answer
        return answer.json["ids"]

    def claim(self, query=""):
        answer = self.ask(f"claim{query}")
        assert answer.status == 200, answer
        return answer.json

    def tell(self, what, job, **more):
        return self.post(f"jobs/{job['id']}/{what}", {"token": job["token"], **more})

    def figures(self):
        return self.service.get(f"/queues/{self.name}").json


def is_served(service):
    return service.get("/queues/any").status == 404

"""A Redis of a test's or a benchmark's own, which may be killed and started again."""

import subprocess

from bench.web import free_port
from config.embedded.redis import program


class OwnRedis:
    """A server that nobody else uses, so that nobody else minds when it is killed."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        command = [str(program()), "--port", str(self.port), "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

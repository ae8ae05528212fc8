"""A Redis of a test's own, which may be killed and started again."""

import subprocess

from config.embedded.redis import program
from tests.simulator.conftest import free_port


class OwnRedis:
    """A server that only the test and its processes use, so that nobody else minds when it is killed."""

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

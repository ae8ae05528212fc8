"""A Redis for a single test or benchmark, which can be killed and restarted."""

import subprocess

from bench.web import free_port
from config.embedded.redis import program


class OwnRedis:
    """A Redis server of its own, so that killing it affects nothing else."""

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

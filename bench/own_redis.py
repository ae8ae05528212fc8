"""A Redis for a single test or benchmark, which can be killed and restarted."""

import socket
import subprocess
import time

from config.embedded.redis import program
from simulator.ports import free_port


class OwnRedis:
    """A Redis server of its own, so that killing it affects nothing else."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        command = [str(program()), "--port", str(self.port), "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        while not self._answers():
            if self.process.poll() is not None:
                raise RuntimeError("Redis ended instead of starting")
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 60).close()
        except ConnectionRefusedError:
            return False
        return True

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

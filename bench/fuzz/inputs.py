"""The input of the fuzzer: a request, sent over its own connection from its own IP address."""

import http.client
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from random import Random
from urllib.parse import quote, urlencode

from bench.fuzz.mutations import CHARSETS, TEXTS

TIMEOUT_SECONDS = 60
# A matching pair of cookie and form field, which passes the CSRF protection.
CSRF = "f" * 32
PARAMETERS = ["limit", "cursor", "account", "lang", "format", "q", "page"]


@dataclass(frozen=True)
class Input:
    method: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def send(self, port: int, address: str) -> tuple[int, bytes]:
        """Sends the request. Returns the status (0 if there was no answer) and the answer's beginning."""
        connection = http.client.HTTPConnection(
            "127.0.0.1", port, timeout=TIMEOUT_SECONDS, source_address=(address, 0)
        )
        try:
            connection.putrequest(self.method, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(self.body)))
            connection.endheaders(self.body)
            answer = connection.getresponse()
            return answer.status, answer.read()[:2_000]
        except (OSError, http.client.HTTPException) as error:
            return 0, repr(error).encode()
        finally:
            connection.close()


def with_query(path: str, query: Mapping[str, str | list[str]]) -> str:
    return f"{path}?{urlencode(query, doseq=True, errors='surrogatepass')}" if query else path


def changed_query(random: Random, query: Mapping[str, str]) -> dict[str, str | list[str]]:
    """Returns the query's parameters, sometimes with one of them changed, omitted, added or repeated."""
    changed: dict[str, str | list[str]] = dict(query)
    if changed and random.random() < 0.25:
        name = random.choice(list(changed))
        changed[name] = random.choice(TEXTS)[:4_000]
    if random.random() < 0.1:
        changed[random.choice(PARAMETERS)] = random.choice(TEXTS)[:4_000]
    if changed and random.random() < 0.05:
        name = random.choice(list(changed))
        changed[name] = [query.get(name, ""), random.choice(TEXTS)[:100]]
    return changed


def part(random: Random, usual: str) -> str:
    """Returns a part of a path, usually the valid one."""
    return usual if random.random() < 0.6 else quote(random.choice(TEXTS)[:4_000], safe="", errors="replace")


def multipart(
    fields: Iterable[tuple[str, bytes]], files: Mapping[str, tuple[str, bytes]], boundary: str
) -> bytes:
    """Returns a multipart body as browsers send it; ``files`` has names and contents by field."""
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value + b"\r\n"
        for name, value in fields
    ]
    parts += [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{file}"\r\n'
        f"Content-Type: application/octet-stream\r\n\r\n".encode(errors="replace")
        + content
        + b"\r\n"
        for name, (file, content) in files.items()
    ]
    return b"".join(parts) + f"--{boundary}--\r\n".encode()


def headers(random: Random, kind: str) -> dict[str, str]:
    """Returns the headers of every request; the charset is sometimes an unusual one."""
    charset = "" if random.random() < 0.95 else f"; charset={random.choice(CHARSETS)}"
    return {"Host": "127.0.0.1", "Content-Type": kind + charset}


def word(random: Random) -> str:
    """Returns a random text, limited to characters and length of a header."""
    text = random.choice(TEXTS)[:2_000].encode("latin-1", "replace").decode("latin-1")
    return "".join(each for each in text if each.isprintable())

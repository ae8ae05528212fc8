"""Tests of the packages of the image: bill of materials, licences, and locks with digests."""

import json
import re
import shutil
import subprocess

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from config.bill_of_materials import LOCK, as_json, bill
from config.embedded import PROJECT


def test_the_bill_of_materials_keeps_to_its_published_schema() -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(as_json(bill())) is None


def test_the_bill_names_what_the_image_installs_and_what_it_begins_with() -> None:
    printed = json.loads(as_json(bill()))
    components = {each["name"]: each for each in printed["components"]}
    locked = re.findall(r"^([\w.-]+)==(\S+)( ; [^\\]*)? \\$", LOCK.read_text(), re.M)
    needed = {name: version for name, version, marker in locked if not marker}
    assert len(needed) > 60
    assert {name: components[name]["version"] for name in needed} == needed
    # The lock is for Python 3.11 as well, where one more is needed.
    assert "async-timeout" not in components
    assert all(each["hashes"] for each in components.values() if each["type"] == "library")
    assert [each["version"] for each in components.values() if each["type"] == "container"] == ["3.13-slim"]
    assert [each["name"] for each in components.values() if not each.get("licenses")] == ["python"]
    assert printed["metadata"]["component"]["name"] == "wechat-console"


@pytest.mark.parametrize("lock", ["run.txt", "image.txt", "dev.txt"])
def test_a_lock_names_every_file_by_its_digest_and_no_index(lock: str) -> None:
    text = (PROJECT / "requirements" / lock).read_text()
    for package in re.split(r"\n(?=\w)", re.sub(r"^#.*\n", "", text, flags=re.M).strip()):
        assert re.match(r"[\w.-]+==\S+", package), package
        assert "--hash=sha256:" in package, package
    assert "://" not in text
    assert "index" not in text


@pytest.mark.parametrize(("allowed", "passes"), [("", True), ("MIT;BSD", False)])
def test_a_licence_that_is_not_on_the_list_is_refused(allowed: str, passes: bool) -> None:
    tool = shutil.which("make")
    assert tool is not None
    given = [f"LICENCES={allowed}"] if allowed else []
    done = subprocess.run([tool, "licences", *given], cwd=PROJECT, capture_output=True, text=True)
    assert (done.returncode == 0) is passes, done.stdout + done.stderr

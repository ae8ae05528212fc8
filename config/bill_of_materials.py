"""The bill of materials of the image, made from its lock file and the Dockerfile: CycloneDX, as JSON.

``python -m config.bill_of_materials`` prints it, without building an image and without using the network. The
licences are those of the packages as they are installed here.
"""

import re
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import License
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement

from config.embedded import PROJECT

LOCK = PROJECT / "requirements" / "image.txt"
# A package as the lock names it, with the digests of its files in the lines after it.
LOCKED = re.compile(r"^([\w.-]+==[^\\\n]+?) *\\((?:\n +--hash=sha256:[0-9a-f]{64}[^\n]*)+)", re.M)
LINUX = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"}
BASE = re.compile(r"^FROM (\S+?):(\S+)$", re.M)

_licences = LicenseFactory()


def bill() -> Bom:
    """Returns what the image is made of: the base image, and every package of the lock."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    bom = Bom(components=[*_base_image(), *_packages()])
    bom.metadata.component = Component(
        name=project["name"],
        version=project["version"],
        type=ComponentType.APPLICATION,
        licenses=[_licences.make_from_string(project["license"])],
        bom_ref=project["name"],
    )
    bom.register_dependency(bom.metadata.component, bom.components)
    return bom


def as_json(bom: Bom) -> str:
    return JsonV1Dot6(bom).output_as_string(indent=2)


def _base_image() -> Iterator[Component]:
    """Yields the base image of the last stage; a scanner of images lists what that image contains."""
    name, version = BASE.findall((PROJECT / "deploy" / "Dockerfile").read_text())[-1]
    where = PackageURL("docker", name=name, version=version)
    yield Component(name=name, version=version, type=ComponentType.CONTAINER, purl=where, bom_ref=str(where))


def _packages() -> Iterator[Component]:
    *_rest, (_base, tag) = BASE.findall((PROJECT / "deploy" / "Dockerfile").read_text())
    python = tag.partition("-")[0]
    image = {"python_version": python, "python_full_version": f"{python}.0", **LINUX}
    for line, files in LOCKED.findall(LOCK.read_text()):
        required = Requirement(line)
        if required.marker and not required.marker.evaluate(image):
            continue  # the lock is for other Pythons and systems as well
        name, version = required.name, str(required.specifier).removeprefix("==")
        where = PackageURL("pypi", name=name, version=version)
        digests = re.findall(r"sha256:([0-9a-f]{64})", files)
        yield Component(
            name=name,
            version=version,
            type=ComponentType.LIBRARY,
            purl=where,
            bom_ref=str(where),
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest) for digest in digests],
            licenses=_licences_of(name),
        )


def _licences_of(name: str) -> "list[License]":
    """Returns the licence of a package: its expression, else its classifiers, else the name it gives itself.

    Returns nothing for a package that is not installed here, as it is for other systems.
    """
    try:
        package = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return []
    classified = [
        each.rpartition(" :: ")[2] for each in package.get_all("Classifier", []) if "License ::" in each
    ]
    expression, own = (package.get_all(field, [""])[0] for field in ("License-Expression", "License"))
    text = expression or ", ".join(classified) or own.split("\n")[0]
    return [_licences.make_from_string(text)] if text else []


if __name__ == "__main__":
    sys.stdout.write(as_json(bill()) + "\n")

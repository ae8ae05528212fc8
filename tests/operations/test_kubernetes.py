"""The manifests keep to the schemas of Kubernetes and of the custom resources, and fit to each other."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

from config.embedded import PROJECT

KUBERNETES = PROJECT / "deploy" / "kubernetes"
SCHEMAS = KUBERNETES / "schemas"
VERSIONS = ("1.31", kubernetes_validate.latest_version())
FOLDERS = [path.parent for path in sorted(KUBERNETES.rglob("kustomization.yaml"))]
FILES = [path for path in sorted(KUBERNETES.rglob("*.yaml")) if path.name != "kustomization.yaml"]
WORKLOADS = {"Deployment", "Job"}
Resource = dict[str, Any]


def resources(path: Path) -> list[Resource]:
    return [each for each in yaml.safe_load_all(path.read_text()) if each]


EVERYTHING = [each for path in FILES for each in resources(path)]
BASE = [each for path in FILES if path.parent.name == "base" for each in resources(path)]


def name_of(resource: Resource) -> str:
    return f"{resource['kind']}/{resource['metadata']['name']}"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("resource", EVERYTHING, ids=name_of)
def test_a_resource_keeps_to_its_schema(resource: Resource, version: str) -> None:
    if schema := custom_schema(resource):
        jsonschema.Draft202012Validator(schema).validate(resource)
    else:
        kubernetes_validate.validate(resource, version, strict=True)


def custom_schema(resource: Resource) -> Any:
    path = SCHEMAS / f"{resource['apiVersion'].split('/')[0]}_{resource['kind'].lower()}.json"
    return json.loads(path.read_text()) if path.exists() else None


def test_a_field_that_a_custom_resource_does_not_have_is_found() -> None:
    rollout = next(each for each in EVERYTHING if each["kind"] == "Rollout")
    wrong = {**rollout, "spec": {**rollout["spec"], "replicsa": 2}}
    with pytest.raises(jsonschema.ValidationError, match="replicsa"):
        jsonschema.Draft202012Validator(custom_schema(rollout)).validate(wrong)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_whatever_a_kustomization_names_is_there_and_nothing_is_left_out(folder: Path) -> None:
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text())
    named = [*kustomization.get("resources", ()), *kustomization.get("components", ())]
    assert [name for name in named if not (folder / name).exists()] == []
    beside = {path.name for path in folder.glob("*.yaml")} - {"kustomization.yaml"}
    assert beside <= set(named)
    for patch in kustomization.get("patches", ()):
        targets = [each for each in BASE if each["kind"] == patch["target"]["kind"]]
        assert any(each["metadata"]["name"] == patch["target"]["name"] for each in targets)


def pods() -> Iterator[tuple[str, Resource]]:
    for each in BASE:
        if each["kind"] in WORKLOADS:
            yield name_of(each), each["spec"]["template"]


@pytest.mark.parametrize(
    ("name", "pod"), list(pods()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_pod_is_nobody_and_writes_nowhere_but_where_it_is_meant_to(name: str, pod: Resource) -> None:
    spec = pod["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    volumes = {volume["name"] for volume in spec["volumes"]}
    for container in spec["containers"]:
        security = container["securityContext"]
        assert security["readOnlyRootFilesystem"] is True
        assert security["allowPrivilegeEscalation"] is False
        assert security["capabilities"] == {"drop": ["ALL"]}
        assert {"requests", "limits"} == set(container["resources"])
        assert {mount["name"] for mount in container["volumeMounts"]} == volumes
        # The secret is named, never written down.
        assert {"secretRef": {"name": "wechat-console"}} in container["envFrom"]


def test_whatever_selects_pods_selects_some() -> None:
    labels = [pod["metadata"]["labels"] for _name, pod in pods()]
    selectors = [
        each["spec"]["selector"].get("matchLabels", each["spec"]["selector"])
        for each in EVERYTHING
        if each["kind"] in {"Service", "PodDisruptionBudget", "Deployment", "Rollout"}
        and each["metadata"]["name"] != "nowhere"
    ]
    assert len(selectors) > 8
    for selector in selectors:
        assert any(selector.items() <= each.items() for each in labels), selector


def test_whatever_scales_names_something_that_is_there() -> None:
    names = {name_of(each) for each in EVERYTHING}
    for each in EVERYTHING:
        if each["kind"] in {"HorizontalPodAutoscaler", "ScaledObject"}:
            target = each["spec"]["scaleTargetRef"]
            assert f"{target.get('kind', 'Deployment')}/{target['name']}" in names


def test_every_queue_has_a_worker_and_the_commands_are_those_of_the_image() -> None:
    commands = {name: pod["spec"]["containers"][0].get("command") for name, pod in pods()}
    workers = [command for command in commands.values() if command and "--queues" in command]
    queues = [command[command.index("--queues") + 1] for command in workers]
    assert sorted(queues) == ["bulk", "interactive"]
    # Web runs what the image runs.
    assert commands["Deployment/web"] is None


def test_probes_ask_what_is_answered() -> None:
    from config import health

    web = next(pod for name, pod in pods() if name == "Deployment/web")["spec"]["containers"][0]
    asked = {web[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "liveness", "readiness")}
    assert asked == set(health.PATHS)
    longest = web["livenessProbe"]["timeoutSeconds"]
    assert longest > health.DEADLINE_SECONDS + health.BUILD_SECONDS


@pytest.mark.parametrize("folder", ["overlays/production", "base", "chaos"])
def test_kustomize_builds_what_keeps_to_the_schemas(folder: str) -> None:
    tool = shutil.which("kubectl")
    if tool is None:
        pytest.skip("kubectl is not installed")
    done = subprocess.run([tool, "kustomize", str(KUBERNETES / folder)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    built = [each for each in yaml.safe_load_all(done.stdout) if each]
    for each in built:
        if not custom_schema(each):
            kubernetes_validate.validate(each, VERSIONS[-1], strict=True)
    if folder == "overlays/production":
        assert {each["metadata"].get("namespace", "wechat-console") for each in built} == {"wechat-console"}
        images = re.findall(r"image: (\S+)", done.stdout)
        assert images
        assert all(image.startswith("registry.example.com/wechat-console:") for image in images)

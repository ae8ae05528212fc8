"""The manifests keep to the schemas of Kubernetes and of the custom resources, and fit to each other."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

from config.embedded import PROJECT
from config.health import BUILD_SECONDS, DEADLINE_SECONDS, PATHS
from tests.operations.test_parsers import run

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
    for generated in kustomization.get("configMapGenerator", ()):
        assert all((folder / name).exists() for name in generated.get("envs", ()))
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
    web = next(pod for name, pod in pods() if name == "Deployment/web")["spec"]["containers"][0]
    asked = {web[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "liveness", "readiness")}
    assert asked == set(PATHS)
    longest = web["livenessProbe"]["timeoutSeconds"]
    assert longest > DEADLINE_SECONDS + BUILD_SECONDS


def built(folder: str) -> list[Resource]:
    """Returns the resources that are applied: base, components and patches together."""
    return [each for each in yaml.safe_load_all(run("kubectl", "kustomize", KUBERNETES / folder)) if each]


@pytest.mark.parametrize("folder", ["overlays/production", "base", "chaos"])
def test_kustomize_builds_what_keeps_to_the_schemas(folder: str) -> None:
    found = built(folder)
    assert found
    for each in found:
        if schema := custom_schema(each):
            jsonschema.Draft202012Validator(schema).validate(each)
        else:
            for version in VERSIONS:
                kubernetes_validate.validate(each, version, strict=True)


def test_production_is_of_one_namespace_and_one_image() -> None:
    found = built("overlays/production")
    named = {each["metadata"].get("namespace", each["metadata"]["name"]) for each in found}
    assert named == {"wechat-console"}
    images = {
        container["image"]
        for each in found
        if each["kind"] in WORKLOADS
        for container in each["spec"]["template"]["spec"]["containers"]
    }
    assert len(images) == 1
    assert images.pop().startswith("registry.example.com/wechat-console:")


def test_in_production_the_canary_has_the_pods_and_is_what_is_scaled() -> None:
    found = {name_of(each): each for each in built("overlays/production")}
    assert found["Deployment/web"]["spec"]["replicas"] == 0
    assert found["HorizontalPodAutoscaler/web"]["spec"]["scaleTargetRef"]["kind"] == "Rollout"
    weights = [step["setWeight"] for step in found["Rollout/web"]["spec"]["strategy"]["canary"]["steps"][::2]]
    assert weights == sorted(weights)
    metrics = {metric["name"] for metric in found["AnalysisTemplate/web"]["spec"]["metrics"]}
    assert metrics == {"errors", "slow-callbacks"}


def test_every_experiment_meets_pods() -> None:
    """One that chooses nobody would succeed whatever fails."""
    labels = [
        each["spec"]["template"]["metadata"]["labels"]
        for each in built("overlays/production")
        if each["kind"] in WORKLOADS
    ]
    experiments = [each for each in built("chaos") if each["kind"].endswith("Chaos")]
    assert len(experiments) >= 8
    for each in experiments:
        chosen = each["spec"]["selector"]["labelSelectors"]
        assert any(chosen.items() <= of_pod.items() for of_pod in labels), name_of(each)


def test_experiments_mirror_the_drills() -> None:
    names = {each["metadata"]["name"] for each in built("chaos")}
    for part, faults in {
        "postgres": {"away"},
        "redis": {"away", "slow"},
        "platform": {"away", "slow"},
        "web": {"killed"},
        "worker": {"killed"},
        "beat": {"killed"},
    }.items():
        assert {f"{part}-{fault}" for fault in faults} <= names


def test_whatever_the_migration_reads_is_there_before_it() -> None:
    """This holds also the first time, when nothing is there."""
    found = {name_of(each): each for each in built("overlays/production")}
    job = found["Job/migrate"]
    assert job["metadata"]["annotations"]["argocd.argoproj.io/hook"] == "Sync"
    needed = ["Namespace/wechat-console", *(f"ConfigMap/{name}" for name in maps_of(job))]
    assert all(wave(found[name]) < wave(job) for name in needed)
    assert all(wave(job) < wave(each) for name, each in found.items() if name not in {*needed, "Job/migrate"})


def test_without_argo_cd_a_label_chooses_the_same() -> None:
    """But for the namespace, which holds the secret by then."""
    found = {name_of(each): each for each in built("overlays/production")}
    del found["Namespace/wechat-console"]
    chosen = {
        name for name, each in found.items() if each["metadata"].get("labels", {}).get("applied") == "first"
    }
    assert chosen == {name for name, each in found.items() if wave(each) < 0}
    guide = (PROJECT / "docs/operations.md").read_text()
    assert "`kubectl apply -k deploy/kubernetes/overlays/production -l applied=first`" in guide


def test_production_names_its_address_at_one_place(tmp_path: Path) -> None:
    copied = shutil.copytree(KUBERNETES, tmp_path / "kubernetes")
    kustomization = copied / "overlays/production/kustomization.yaml"
    kustomization.write_text(kustomization.read_text().replace("console.example.com", "wechat.example.org"))
    found = run("kubectl", "kustomize", kustomization.parent)
    assert "console.example.com" not in found
    assert found.count("wechat.example.org") == 3


def maps_of(job: Resource) -> Iterator[str]:
    for source in job["spec"]["template"]["spec"]["containers"][0]["envFrom"]:
        if "configMapRef" in source:
            yield source["configMapRef"]["name"]


def wave(resource: Resource) -> int:
    return int(resource["metadata"].get("annotations", {}).get("argocd.argoproj.io/sync-wave", 0))


def test_argo_cd_syncs_by_itself_what_is_there() -> None:
    (application,) = [each for each in EVERYTHING if each["kind"] == "Application"]
    assert application["spec"]["syncPolicy"]["automated"] == {"prune": True, "selfHeal": True}
    assert (PROJECT / application["spec"]["source"]["path"] / "kustomization.yaml").exists()


def test_pods_start_anew_when_their_configuration_changes(tmp_path: Path) -> None:
    """The name of the map changes, as it is made of what is in it."""
    copied = shutil.copytree(KUBERNETES / "base", tmp_path / "base")
    names: list[str] = []
    for port in (9100, 9101):
        (copied / "config.env").write_text(f"METRICS_PORT={port}\n")
        found = yaml.safe_load_all(run("kubectl", "kustomize", copied))
        read = {name for each in found if each and each["kind"] in WORKLOADS for name in maps_of(each)}
        assert len(read) == 1
        names += read
    assert len(set(names)) == 2


def test_what_is_kept_outlives_its_line_in_the_repository_and_the_application() -> None:
    found = {name_of(each): each for each in built("overlays/production")}
    kept = [found["Namespace/wechat-console"], *(each for each in found.values() if holds_data(each))]
    assert len(kept) > 1
    for each in kept:
        options = each["metadata"]["annotations"]["argocd.argoproj.io/sync-options"].split(",")
        assert {"Prune=false", "Delete=false"} <= set(options), name_of(each)


def holds_data(resource: Resource) -> bool:
    return resource["kind"] in {"PersistentVolumeClaim", "StatefulSet"}


def test_pods_reach_whatever_can_be_set() -> None:
    """Each kind of address has a port that it uses unless another one is named."""
    (policy,) = [
        each["spec"]
        for each in built("overlays/production")
        if each["kind"] == "NetworkPolicy" and each["metadata"]["name"] == "to-stores-and-platform"
    ]
    inside = {port["port"] for rule in policy["egress"] if "to" not in rule for port in rule["ports"]}
    # DATABASE_URL, also through PgBouncer; REDIS_URL; CELERY_BROKER_URL; OTEL_EXPORTER_OTLP_ENDPOINT.
    assert inside == {5432, 6432, 6379, 5672, 5671, 4318}
    outside = {
        port["port"]
        for rule in policy["egress"]
        if "ipBlock" in str(rule.get("to"))
        for port in rule["ports"]
    }
    # WeChat and receivers; EMAIL_URL.
    assert outside == {443, 80, 25, 465, 587}


def test_addresses_are_not_written_down_on_the_way_in() -> None:
    """The application tells of a request with its route; an address may hold what lets somebody in."""
    (ingress,) = [each for each in built("overlays/production") if each["kind"] == "Ingress"]
    assert ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/enable-access-log"] == "false"


def test_networks_are_shut_but_for_what_is_needed() -> None:
    found = [each for each in built("overlays/production") if each["kind"] == "NetworkPolicy"]
    policies = {each["metadata"]["name"]: each["spec"] for each in found}
    shut = policies.pop("nothing-by-itself")
    assert (shut["podSelector"], shut["policyTypes"]) == ({}, ["Ingress", "Egress"])
    assert not {"ingress", "egress"} & shut.keys()
    outside = [
        to["ipBlock"]
        for rule in policies["to-stores-and-platform"]["egress"]
        for to in rule.get("to", ())
        if "ipBlock" in to
    ]
    assert all({"10.0.0.0/8", "169.254.0.0/16"} <= set(block["except"]) for block in outside)


def test_what_several_replicas_share_is_spread() -> None:
    for name, pod in pods():
        if name in {"Deployment/web", "Deployment/worker-interactive", "Deployment/worker-bulk"}:
            spread = {each["topologyKey"] for each in pod["spec"]["topologySpreadConstraints"]}
            assert "kubernetes.io/hostname" in spread
            assert any(
                each["spec"]["selector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
                for each in EVERYTHING
                if each["kind"] == "PodDisruptionBudget"
            )


def test_the_canary_is_judged_by_a_label_that_prometheus_puts_on_its_series() -> None:
    queried = re.findall(r"(\w+)=\"{{args", (KUBERNETES / "components/canary/analysis.yaml").read_text())
    (monitor,) = resources(KUBERNETES / "components/monitoring/pods.yaml")
    labels = {name.replace("-", "_") for name in monitor["spec"]["podTargetLabels"]}
    assert set(queried) <= labels

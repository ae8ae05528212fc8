"""Every query of dashboards, alerts, autoscalers and canaries asks for metrics that there are."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from prometheus_client import REGISTRY, Counter, Histogram

from config.embedded import PROJECT
from tests.operations.test_parsers import run
from wechat.kernel import exposition, metrics
from wechat.kernel.work import KINDS
from wechat.sdk.errors import Cause

OBSERVABILITY = PROJECT / "deploy" / "observability"
DASHBOARDS = sorted((OBSERVABILITY / "grafana" / "dashboards").glob("*.json"))
ALERTS = [
    rule
    for group in yaml.safe_load((OBSERVABILITY / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
USE = re.compile(r"(wechat_[a-z_]+)(?:\{([^}]*)\})?")
# In manifests: on the line itself, or on those further in below it.
QUERY = re.compile(r"query: (?:\|-\n)?((?:.*\n)(?: {12,}.*\n)*)")
# What Prometheus adds to those of a pod, by its labels.
FROM_OUTSIDE = {"rollouts_pod_template_hash", "le"}


def queries() -> Iterator[tuple[str, str]]:
    for path in DASHBOARDS:
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel["targets"]:
                yield f"{path.stem}: {panel['title']}", target["expr"]
    for rule in ALERTS:
        yield f"alert: {rule['alert']}", rule["expr"]
    for path in sorted((PROJECT / "deploy/kubernetes/components").rglob("*.yaml")):
        for number, found in enumerate(QUERY.findall(path.read_text())):
            yield f"{path.stem} {number}", found.replace("{{args.canary-hash}}", "hash")


QUERIES = list(queries())


def known() -> dict[str, set[str]]:
    """Returns the labels of every series there is, by its name."""
    series: dict[str, set[str]] = {}
    for metric in vars(metrics).values():
        if isinstance(metric, Counter):
            series[f"{metric._name}_total"] = set(metric._labelnames)
        if isinstance(metric, Histogram):
            for suffix in ("bucket", "count", "sum"):
                series[f"{metric._name}_{suffix}"] = {*metric._labelnames, "le"}
    for group in exposition.GAUGES:
        for family in group.read():
            series[family.name] = set(getattr(family, "_labelnames", ()))
    series["wechat_gauges_failed"] = {"group"}
    return series


@pytest.mark.django_db
@pytest.mark.parametrize(("where", "query"), QUERIES, ids=[where for where, _query in QUERIES])
def test_a_query_asks_for_what_there_is(where: str, query: str) -> None:
    from wechat.kernel.work import backlog

    backlog.note_tick()
    series = known()
    used = USE.findall(query)
    assert used, query
    for name, selector in used:
        assert name in series, f"{where}: there is no {name}"
        labels = set(re.findall(r"(\w+)(?:=|!=|=~|!~)\"", selector))
        assert labels <= series[name] | FROM_OUTSIDE, f"{where}: {name} has {series[name]}"
    of_all = set.union(*(series[name] for name, _selector in used))
    for listed in re.findall(r"by \(([^)]*)\)", query):
        assert {each.strip() for each in listed.split(",")} <= of_all | FROM_OUTSIDE


@pytest.mark.parametrize(("where", "query"), QUERIES, ids=[where for where, _query in QUERIES])
def test_a_query_asks_for_work_queues_and_causes_that_there_are(where: str, query: str) -> None:
    """Each part of a pattern finds something: a wrong name would be told of as nothing to do, for ever."""
    found = {
        "work": set(KINDS.names()),
        "queue": {"interactive", "bulk"},
        "cause": {each.value for each in Cause},
    }
    for label, pattern in re.findall(r'(work|queue|cause)=~?"([^"]*)"', query):
        for part in re.sub(r"^\((.*)\)(.*)$", _each_alternative, pattern).split("|"):
            assert any(re.fullmatch(part, name) for name in found[label]), f"{where}: no {label} is {part}"


def _each_alternative(found: re.Match[str]) -> str:
    """Returns each alternative written out: ``(a|b)c`` as ``ac|bc``."""
    return "|".join(f"{each}{found[2]}" for each in found[1].split("|"))


def test_every_alert_is_tried_both_ways() -> None:
    """``promtool test rules`` shows that it goes off, with its words, and that it stays quiet before."""
    tried = yaml.safe_load((OBSERVABILITY / "alerts_test.yml").read_text())["tests"]
    checks = [check for test in tried for check in test["alert_rule_test"]]
    for rule in ALERTS:
        outcomes = {bool(check["exp_alerts"]) for check in checks if check["alertname"] == rule["alert"]}
        assert outcomes == {True, False}, rule["alert"]


def test_prometheus_reads_every_query(tmp_path: Path) -> None:
    rules = [
        {"record": f"query:{number}", "expr": query.strip().removeprefix("query:")}
        for number, (_where, query) in enumerate(QUERIES)
    ]
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}))
    assert f"{len(QUERIES)} rules found" in run("promtool", "check", "rules", tmp_path / "rules.yml")


def test_the_queries_are_found() -> None:
    places = {where.split(":")[0].split(" ")[0] for where, _query in QUERIES}
    assert {path.stem for path in DASHBOARDS} | {"alert", "workers", "analysis"} <= places
    assert len(DASHBOARDS) == 6


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_an_alert_says_where_to_read_on(rule: dict[str, dict[str, str]]) -> None:
    page, _, heading = rule["annotations"]["runbook_url"].partition("#")
    headings = re.findall(r"^#+ (.*)$", (PROJECT / page).read_text(), re.M)
    assert heading in {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}
    assert rule["labels"]["severity"] in {"page", "ticket"}


def test_dashboards_use_the_store_that_is_provisioned() -> None:
    stores = yaml.safe_load((OBSERVABILITY / "grafana/provisioning/datasources/stores.yaml").read_text())
    uids = {store["uid"] for store in stores["datasources"]}
    for path in DASHBOARDS:
        for panel in json.loads(path.read_text())["panels"]:
            assert panel["datasource"]["uid"] in uids


def test_our_metrics_are_registered_where_they_are_told_from() -> None:
    names = {family.name for family in REGISTRY.collect()}
    assert {"wechat_requests", "wechat_callback_seconds", "wechat_sends"} <= names


def test_dashboards_have_one_number_each() -> None:
    uids = [json.loads(Path(path).read_text())["uid"] for path in DASHBOARDS]
    assert len(set(uids)) == len(uids)


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["operations.md", "incidents.md"])
def test_metrics_that_pages_name_are_there(page: str) -> None:
    series = known()
    # A histogram is named as a whole.
    names = {re.sub(r"_(bucket|count|sum)$", "", name) for name in series} | {"wechat_tick_age_seconds"}
    named = set(re.findall(r"wechat_[a-z_]+", (PROJECT / "docs" / page).read_text()))
    assert named
    assert named <= names

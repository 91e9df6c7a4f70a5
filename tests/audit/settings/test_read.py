"""Compose files, manifests, Procfiles and scripts; and what is left alone."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path

import pytest

from holdfast.audit import audit
from holdfast.audit.settings.find import LARGEST, kind_of
from holdfast.audit.settings.form import Settings
from holdfast.audit.settings.read import read, read_texts


def said(**files: str) -> Settings:
    texts = {name.replace("_", "."): textwrap.dedent(text) for name, text in files.items()}
    return read_texts((name, text, kind_of(name)) for name, text in texts.items())


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Dockerfile", "Dockerfile"),
        ("Dockerfile.prod", "Dockerfile"),
        ("api.Dockerfile", "Dockerfile"),
        ("Containerfile", "Dockerfile"),
        ("docker-compose.prod.yml", "compose"),
        ("compose.yaml", "compose"),
        ("deploy.yaml", "manifest"),
        ("Procfile", "Procfile"),
        ("start.sh", "script"),
        ("Dockerfile.md.txt.py", "Dockerfile"),
        ("notes.txt", ""),
        ("decompose.py", ""),
    ],
)
def test_kinds(name: str, kind: str) -> None:
    assert kind_of(name) == kind


def test_compose() -> None:
    found = said(
        compose_yaml="""
        services:
          web:
            build: .
            command: uvicorn main:app --reload
            environment: [FORWARDED_ALLOW_IPS=*]
          worker:
            command: ["celery", "-A", "shop", "worker"]
            environment:
              QUEUE: fast
          db:
            image: postgres
        """
    )
    assert [(one.line, one.command.server, one.shell) for one in found.launches] == [
        (5, "uvicorn", False),
        (8, "celery", False),
    ]
    assert found.launches[0].environment == {"FORWARDED_ALLOW_IPS": "*"}
    assert found.launches[1].environment == {"QUEUE": "fast"}


def test_kubernetes() -> None:
    found = said(
        deploy_yaml="""
        apiVersion: v1
        kind: Service
        metadata: {name: shop}
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: shop}
        spec:
          template:
            spec:
              terminationGracePeriodSeconds: 45
              containers:
                - name: shop
                  image: shop
                  command: ["uvicorn"]
                  args: ["main:app"]
                  ports: [{containerPort: 80}]
                  resources: {limits: {memory: 1Gi}}
                  readinessProbe: {httpGet: {path: /ready, port: 80}}
                  livenessProbe: {exec: {command: ["true"]}}
                  lifecycle: {preStop: {exec: {command: ["sh", "-c", "sleep 7; true"]}}}
                - name: proxy
        """
    )
    (workload,) = found.workloads
    assert (workload.name, workload.grace, workload.grace_line, workload.line) == ("shop", 45, 12, 7)
    shop, proxy = workload.containers
    assert shop.serves
    assert shop.memory == "1Gi"
    assert shop.readiness is not None
    assert shop.readiness.path == "/ready"
    assert shop.liveness is not None
    assert shop.liveness.path == ""
    assert (shop.stops, shop.pauses, shop.line) == (True, 7, 14)
    assert shop.command is not None
    assert shop.command.app == "main:app"
    assert (proxy.serves, proxy.stops, proxy.command) == (False, False, None)


def test_a_procfile() -> None:
    found = said(Procfile="# a comment\nweb: uvicorn main:app --port $PORT\nrelease: alembic upgrade head\n")
    assert [(one.line, one.origin, one.command.app) for one in found.launches] == [
        (2, "Procfile", "main:app")
    ]


def test_a_script_that_an_image_starts() -> None:
    script = "#!/bin/sh\nset -e\nalembic upgrade head\n# uvicorn old:app\nuvicorn main:app\n"
    found = said(start_sh=script, Dockerfile='FROM a\nCMD ["/app/start.sh"]')
    assert [(one.file, one.line, one.shell) for one in found.launches] == [("start.sh", 5, True)]
    assert said(start_sh=script).launches == [], "nobody starts it"


def test_an_entrypoint_that_becomes_its_command() -> None:
    docker = 'FROM a\nENTRYPOINT ["/entry.sh"]\nCMD ["uvicorn", "main:app"]'
    found = said(entry_sh='#!/bin/sh\nmigrate\nexec "$@"\n', Dockerfile=docker)
    assert [(one.file, one.line, one.shell) for one in found.launches] == [("Dockerfile", 3, False)]


def test_what_is_no_yaml_is_named() -> None:
    found = said(compose_yaml="services:\n  web: [\n")
    assert found.launches == []
    assert [(one.line, "YAML" in one.message) for one in found.troubles["compose.yaml"]] == [(3, True)]


@pytest.mark.parametrize(
    "text",
    [
        "{{ if .Values.web }}\nkind: Deployment\ncontainers:\n",  # a template
        "kind: Deployment\ncontainers: &a [*a]\napiVersion: v1\n",  # a loop
        "kind: Deployment\ncontainers:\napiVersion: v1\nspec: 3\n",
        "kind: [Deployment]\ncontainers:\n",
        "- kind: x\n- containers:\n",
        "containers:\nkind: !!python/object/apply:os.system ['false']\n",
        "\x00containers:kind:",
    ],
)
def test_what_is_no_manifest_is_left_alone(text: str) -> None:
    assert not any(workload.containers for workload in said(deploy_yaml=text).workloads)


@pytest.mark.parametrize("text", ["{a: " * 2_000, "- " * 2_000])
def test_what_is_nested_too_deeply_is_named(text: str) -> None:
    found = said(compose_yaml=f"services: {text}")
    assert found.troubles["compose.yaml"][0].message


def test_folders_and_files(tmp_path: Path) -> None:
    for folder in (".", "tests", "node_modules", ".hidden", "a"):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "Dockerfile").write_text('FROM a\nCMD ["uvicorn", "main:app"]')
    (tmp_path / "a" / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "big.yaml").write_text("kind:\ncontainers:\n" + "#" * LARGEST)
    (tmp_path / "odd.sh").write_bytes(b"\xff\x00uvicorn")
    os.mkfifo(tmp_path / "pipe.sh")
    assert [one.file for one in read(tmp_path).launches] == ["Dockerfile", "a/Dockerfile"]
    assert read(tmp_path / "Dockerfile").launches == [], "a file alone is source"


def test_findings_of_settings_can_be_allowed(tmp_path: Path) -> None:
    start = 'CMD ["uvicorn", "main:app", "--reload"]\n'
    (tmp_path / "Dockerfile").write_text(f"FROM a\n{start}")
    assert [one.rule for one in audit(tmp_path).findings] == ["HF961"]
    (tmp_path / "Dockerfile").write_text(f"FROM a\n# holdfast: allow HF961 the demo is edited live\n{start}")
    assert audit(tmp_path).findings == []

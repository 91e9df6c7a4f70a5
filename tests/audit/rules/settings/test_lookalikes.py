"""What the rules about settings find beside their examples, and what only looks like it."""

from __future__ import annotations

import pytest

from holdfast.audit.finding import Confidence
from holdfast.audit.rules.catalogue import RULES
from tests.audit.project import whole

CELERY = "from celery import Celery, shared_task\napp = Celery('shop')\n"
TASK = "@app.task\ndef settle(order): ...\n"
POD = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  template:
    spec:
      terminationGracePeriodSeconds: 20
      containers:
        - name: shop
          ports: [{containerPort: 80}]
          resources: {limits: {memory: 1Gi}}
          readinessProbe: {httpGet: {path: /ready, port: 80}}
"""
HEALTH = """\
import requests
from fastapi import FastAPI
app = FastAPI()
def ask(): requests.get("http://x", timeout=1)
@app.get("/ready")
def ready(): ask()
@app.get("/live")
def live(): ...
"""

FOUND: dict[str, tuple[dict[str, str], tuple[str, int]]] = {
    "HF961 a program that reloads": (
        {
            "Dockerfile": 'FROM a\nCMD ["python", "app/main.py"]',
            "app/main.py": "import uvicorn\nif __name__ == '__main__':\n    uvicorn.run('x:y', reload=True)",
        },
        ("app/main.py", 3),
    ),
    "HF961 a script": (
        {"Dockerfile": 'FROM a\nCMD ["./run.sh"]', "run.sh": "set -e\nexec uvicorn a:b --reload\n"},
        ("run.sh", 2),
    ),
    "HF961 fastapi dev": ({"Procfile": "web: fastapi dev main.py\n"}, ("Procfile", 1)),
    "HF962 a file": ({"gunicorn.conf.py": "workers = 2\ntimeout = 0\n"}, ("gunicorn.conf.py", 2)),
    "HF964 a command": (
        {"Dockerfile": 'FROM a\nCMD ["gunicorn", "a:b", "--max-requests", "500"]'},
        ("Dockerfile", 2),
    ),
    "HF965 a script": (
        {"Dockerfile": 'FROM a\nCMD ["./run.sh"]', "run.sh": "migrate\ngunicorn a:b\n"},
        ("run.sh", 2),
    ),
    "HF965 sh -c": ({"Dockerfile": 'FROM a\nCMD ["sh", "-c", "uvicorn a:b"]'}, ("Dockerfile", 2)),
    "HF966 a variable": (
        {"Dockerfile": 'FROM a\nENV FORWARDED_ALLOW_IPS="*"\nCMD ["uvicorn", "a:b"]'},
        ("Dockerfile", 3),
    ),
    "HF969 through functions": (
        {
            "pod.yaml": POD + "          livenessProbe: {httpGet: {path: /ready, port: 80}}\n",
            "main.py": HEALTH,
        },
        ("pod.yaml", 13),
    ),
    "HF970 of the image": (
        {
            "pod.yaml": POD + "          lifecycle: {preStop: {sleep: {seconds: 5}}}\n",
            "Dockerfile": 'FROM a\nCMD ["gunicorn", "a:b", "--graceful-timeout", "20"]',
        },
        ("pod.yaml", 7),
    ),
    "HF972 one of two": (
        {"tasks.py": CELERY + "@app.task(time_limit=9)\ndef pay(): ...\n" + TASK},
        ("tasks.py", 6),
    ),
    "HF973 old name": (
        {"tasks.py": CELERY + "app.conf.update(CELERY_TASK_RESULT_EXPIRES=0)\n"},
        ("tasks.py", 3),
    ),
    "HF974 of a module": (
        {
            "shop/tasks.py": CELERY + "app.config_from_object('shop.celeryconfig')\n" + TASK,
            "shop/celeryconfig.py": (
                "task_acks_late = True\ntask_time_limit = 7200\n"
                "broker_transport_options = {'visibility_timeout': 3600}\n"
            ),
        },
        ("shop/celeryconfig.py", 3),
    ),
}

NOT_FOUND: dict[str, dict[str, str]] = {
    "HF961 for development": {"Dockerfile.dev": 'FROM a\nCMD ["uvicorn", "a:b", "--reload"]'},
    "HF961 a program that is not started": {
        "Dockerfile": 'FROM a\nCMD ["uvicorn", "main:app"]',
        "main.py": 'import uvicorn\nif __name__ == "__main__":\n    uvicorn.run("x:y", reload=True)\n',
    },
    "HF961 in an earlier stage": {
        "Dockerfile": 'FROM a AS x\nCMD ["uvicorn", "a:b", "--reload"]\nFROM a\nCMD ["uvicorn", "a:b"]'
    },
    "HF962 of a request": {"Dockerfile": 'FROM a\nCMD ["gunicorn", "a:b", "--timeout", "120"]'},
    "HF963 another app": {
        "Dockerfile": 'FROM a\nCMD ["gunicorn", "main:app"]',
        "main.py": "from flask import Flask\napp = Flask(__name__)\n",
    },
    "HF963 in a file": {
        "Dockerfile": 'FROM a\nCMD ["gunicorn", "main:app"]',
        "gunicorn.conf.py": "worker_class = 'uvicorn_worker.UvicornWorker'\n",
        "main.py": "from fastapi import FastAPI\napp = FastAPI()\n",
    },
    "HF964 one worker": {"gunicorn.conf.py": "workers = 1\nmax_requests = 100\n"},
    "HF964 computed": {"gunicorn.conf.py": "max_requests = 100\nmax_requests_jitter = draw()\n"},
    "HF965 a list": {"Dockerfile": 'FROM a\nCMD ["uvicorn", "a:b"]'},
    "HF965 exec": {"Dockerfile": "FROM a\nCMD migrate && exec uvicorn a:b"},
    "HF965 Alpine": {"Dockerfile": "FROM python:3.12-alpine\nCMD uvicorn a:b"},
    "HF965 handed on": {
        "Dockerfile": 'FROM a\nENTRYPOINT ["./entry.sh"]\nCMD ["uvicorn", "a:b"]',
        "entry.sh": 'migrate\nexec "$@"\n',
    },
    "HF967 limited": {"pod.yaml": POD},
    "HF968 no ports": {"pod.yaml": POD.replace("ports", "env").replace("readinessProbe", "x")},
    "HF968 a job": {"pod.yaml": POD.replace("Deployment", "Job").replace("readinessProbe", "x")},
    "HF969 only the process": {
        "pod.yaml": POD + "          livenessProbe: {httpGet: {path: /live, port: 80}}\n",
        "main.py": HEALTH,
    },
    "HF970 enough": {"pod.yaml": POD + "          lifecycle: {preStop: {sleep: {seconds: 5}}}\n"},
    "HF971 waits itself": {"pod.yaml": POD + "          command: [holdfast, serve]\n"},
    "HF972 in the settings": {"tasks.py": CELERY + "app.conf.task_time_limit = 60\n" + TASK},
    "HF972 settings elsewhere": {"tasks.py": CELERY + "app.config_from_object('nowhere')\n" + TASK},
    "HF972 on the command line": {
        "tasks.py": CELERY + TASK,
        "Dockerfile": 'FROM a\nCMD ["celery", "-A", "tasks", "worker", "--time-limit", "60"]',
    },
    "HF972 no tasks": {"tasks.py": CELERY},
    "HF974 acknowledged at once": {
        "tasks.py": CELERY
        + "app.conf.update({'broker_transport_options': {'visibility_timeout': 60}, 'task_time_limit': 90})\n"
        + TASK
    },
}


def found_in(name: str, files: dict[str, str]) -> list[tuple[str, int, Confidence]]:
    rule = next(rule for rule in RULES if rule.code == name.split()[0])
    return [(one.file, one.line, one.confidence) for one in rule.find(whole(files))]


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    files, place = FOUND[name]
    assert [one[:2] for one in found_in(name, files)] == [place]


@pytest.mark.parametrize("name", NOT_FOUND)
def test_not_found(name: str) -> None:
    assert found_in(name, NOT_FOUND[name]) == []


def test_a_compose_file_may_be_for_development() -> None:
    files = {"compose.yaml": "services:\n  web:\n    command: uvicorn main:app --reload\n"}
    assert found_in("HF961", files) == [("compose.yaml", 3, Confidence.LOW)]
    assert found_in("HF961", {"compose.override.yaml": files["compose.yaml"]}) == []


def test_another_image_starts_the_service_for_production() -> None:
    files = {"Dockerfile": 'FROM a\nCMD ["uvicorn", "a:b", "--reload"]'}
    assert found_in("HF961", files) == [("Dockerfile", 2, Confidence.HIGH)]
    files["deploy/Dockerfile"] = 'FROM a\nCMD ["uvicorn", "a:b"]'
    assert found_in("HF961", files) == [("Dockerfile", 2, Confidence.LOW)]


def test_a_program_that_is_started_at_a_port_for_development() -> None:
    program = "import uvicorn\nuvicorn.run('x:y', port=DEV_PORT, reload=True)\n"
    files = {"Dockerfile": 'FROM a\nCMD ["python", "main.py"]', "main.py": program}
    assert found_in("HF961", files) == [("main.py", 2, Confidence.LOW)]


BARE = POD.replace("          resources: {limits: {memory: 1Gi}}\n", "")


@pytest.mark.parametrize(
    ("files", "sure"),
    [
        ({"k8s/web.yaml": BARE}, Confidence.MEDIUM),
        ({"k8s/dev/web.yaml": BARE}, Confidence.LOW),
        (
            {"k8s/web.yaml": BARE.replace("- name: shop", "- name: shop\n          image: postgres:17")},
            Confidence.LOW,
        ),
        ({"k8s/base/web.yaml": BARE, "k8s/base/kustomization.yaml": "resources: [web.yaml]"}, Confidence.LOW),
        ({"k8s/base/web.yaml": BARE, "k8s/kustomization.yaml": "resources: [base]"}, Confidence.LOW),
        ({"k8s/base/web.yaml": BARE, "k8s/other/kustomization.yaml": ""}, Confidence.MEDIUM),
    ],
)
def test_whose_container_it_is(files: dict[str, str], sure: Confidence) -> None:
    assert [one[2] for one in found_in("HF967", files)] == [sure]


def test_a_shell_that_hands_the_signal_on() -> None:
    files = {"Dockerfile": 'FROM a\nCMD ["./run.sh"]', "run.sh": "set -e\nuvicorn a:b &\nwait\n"}
    assert [one[:2] for one in found_in("HF965", files)] == [("run.sh", 2)]
    twice = files | {"run.sh": files["run.sh"] + "celery -A a worker\n"}
    assert [one[:2] for one in found_in("HF965", twice)] == [("run.sh", 2)]
    files["run.sh"] = files["run.sh"].replace("set -e", "trap 'kill $!' TERM")
    assert found_in("HF965", files) == []


def test_a_task_that_waits_for_others() -> None:
    waiting = "import requests\n" + CELERY + TASK.replace("...", "requests.get('http://x')")
    assert found_in("HF972", {"main.py": waiting})[0][2] == Confidence.MEDIUM
    bound = waiting.replace("'http://x'", "'http://x', timeout=1")
    assert found_in("HF972", {"main.py": bound})[0][2] == Confidence.LOW

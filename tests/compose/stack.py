"""What docker-compose.yml starts, as its operator sees it."""

import os
import subprocess
import time
import urllib.error
import urllib.request

PATIENCE = 240
COMPOSE = [*os.environ.get("COMPOSE", "docker compose").split(), "--project-name", os.environ["COMPOSE_PROJECT_NAME"]]
NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))
REPLICAS = {"provider-1": 9091, "provider-2": 9092}


def compose(*words):
    done = subprocess.run([*COMPOSE, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise AssertionError(f"{words} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def ecluse(*words, at="provider-2"):
    """A command of an operator."""
    return compose("exec", "-T", at, "ecluse", *words).strip()


def typed(login):
    """What the table of the demo says that somebody types."""
    said = compose("logs", "people")
    (line,) = [line for line in said.splitlines() if f" {login} " in line]
    return line.split(login, 1)[1].split()[0]


def get(address):
    """Status, headers and body."""
    try:
        with NO_PROXY.open(address, timeout=PATIENCE) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()


def until(holds, what):
    """Waits for a condition."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, f"not {what}"
        time.sleep(0.2)


def at_admin(replica, path):
    """What the listener of one replica answers that is reached from the proxy's network alone."""
    script = f"exec 3<>/dev/tcp/127.0.0.1/{REPLICAS[replica]}; printf 'GET {path} HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3"
    return compose("exec", "-T", "proxy", "bash", "-c", script)


def is_ready(replica):
    try:
        return " 200 " in at_admin(replica, "/readyz").splitlines()[0]
    except (AssertionError, IndexError):
        return False


def counted(replica, series):
    """The sum of one series of one replica, since it was started."""
    lines = at_admin(replica, "/metrics").splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(series))


def sign_ins(replica):
    return counted(replica, 'ecluse_sign_ins_total{outcome="signed_in"}')


def answered(replica, route):
    """Requests at the public listener, where the proxy's own questions do not arrive."""
    return counted(replica, f'ecluse_http_request_duration_seconds_count{{route="{route}"')

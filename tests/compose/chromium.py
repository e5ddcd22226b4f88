"""Chromium by its driver, looked at and typed into as people do. Every wait is for something to be seen."""

import base64
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

PATIENCE = 180
TOLD_TO_WAIT = "Le service est momentanément indisponible"
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Chromium:
    """A browser of one's own: no cookie, no history, in French."""

    def __init__(self):
        self.profile = tempfile.mkdtemp()
        # Chromium is a child of the driver; by their group both are ended, whatever state they are in.
        self.driver = subprocess.Popen(
            ["chromedriver", "--port=0"],
            env={**os.environ, "TMPDIR": self.profile},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        port = next(found[1] for line in self.driver.stdout if (found := re.search(r"started successfully on port (\d+)", line)))
        options = {
            # A container has no room for the sandbox, and every page here is our own.
            "args": ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--no-proxy-server"]
            + [f"--user-data-dir={self.profile}/profile", "--window-size=1280,900"],
            "prefs": {"intl.accept_languages": "fr-FR,fr", "credentials_enable_service": False},
        }
        self.session = f"http://127.0.0.1:{port}/session"
        wished = {"capabilities": {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options}}}
        self.session += "/" + self._call("POST", "", wished)["sessionId"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.killpg(self.driver.pid, signal.SIGKILL)
        self.driver.wait()
        shutil.rmtree(self.profile, ignore_errors=True)

    def _call(self, method, path, body=None):
        data = json.dumps(body or {}).encode() if method == "POST" else None
        asked = urllib.request.Request(self.session + path, data, {"Content-Type": "application/json"}, method=method)
        with NO_PROXY.open(asked, timeout=PATIENCE) as answer:
            return json.load(answer)["value"]

    def open(self, address):
        self._call("POST", "/url", {"url": address})

    @property
    def address(self):
        return self._call("GET", "/url")

    @property
    def source(self):
        return self._call("GET", "/source")

    def find(self, selector):
        """The element, or none."""
        try:
            return self._call("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]
        except urllib.error.HTTPError:
            return None

    def see(self, selector):
        """Waits for an element and gives back its text."""
        return self._on(selector, "GET", "text")

    def fill(self, selector, text):
        self._on(selector, "POST", "value", {"text": text})

    def press(self, selector):
        self._on(selector, "POST", "click")

    def _on(self, selector, method, what, body=None):
        until = time.monotonic() + PATIENCE
        while True:
            if element := self.find(selector):
                try:
                    return self._call(method, f"/element/{element}/{what}", body)
                # The page went away between finding and touching it.
                except urllib.error.HTTPError as error:
                    said = error
            else:
                said = "it is not there"
                self._heed()
            if time.monotonic() > until:
                raise AssertionError(f"{selector}: {said}, on {self.address}\n{self.source}")
            # The browser needs the machine to get anywhere.
            time.sleep(0.2)

    def _heed(self):
        """Whoever is told to wait and to try again does so: a machine may be too slow for all of it at once."""
        if self._reads("h1", TOLD_TO_WAIT):
            time.sleep(3)
            self._call("POST", "/refresh")
        elif self._reads("#refusal", "temporarily_unavailable"):
            time.sleep(3)
            self._call("POST", f"/element/{self.find('#sign-in')}/click")

    def _reads(self, selector, text):
        try:
            element = self.find(selector)
            return bool(element) and text in self._call("GET", f"/element/{element}/text")
        # The page went away meanwhile.
        except urllib.error.HTTPError:
            return False

    def picture(self, file):
        with open(file, "wb") as picture:
            picture.write(base64.b64decode(self._call("GET", "/screenshot")))

"""A person with a browser that has no JavaScript: follows redirects, keeps cookies, fills the provider's forms.

It stops at the relying party's door and says at which address it stands: nobody has to listen there.
"""

from html.parser import HTMLParser
from urllib.parse import urljoin

import requests

STEPS = 20


class Browser:
    def __init__(self, issuer, doors):
        self.issuer = issuer
        self.doors = tuple(doors)
        self.session = requests.Session()

    def go_as_far_as_possible(self, url, person):
        """Opens `url` and does whatever the pages ask of `person`, until a relying party's door is reached."""
        door, page = self._follow(url)
        for _ in range(STEPS):
            if door:
                return door
            door, page = self._answer(page, person)
        raise RuntimeError(f"still at {page.url} after {STEPS} pages")

    def _answer(self, page, person):
        if page.errors:
            raise RuntimeError(f"{page.url} says: {page.errors}")
        if form := page.form("login"):
            return self._submit(form, login=person["login"], password=person["password"])
        give_up = next((form for form in page.forms if form["action"].endswith("/cancel")), None)
        if person.get("gives_up") and give_up:
            return self._submit(give_up)
        if form := page.form("new_password"):
            answers = {"new_password": person["new_password"], "confirmation": person["new_password"]}
            if "current_password" in form["fields"]:
                answers["current_password"] = person["password"]
            return self._submit(form, **answers)
        if page.way_on:
            return self._follow(urljoin(page.url, page.way_on))
        raise RuntimeError(f"{page.url} offers no way on: {' '.join(page.text)[:300]}")

    def _submit(self, form, **answers):
        return self._follow(form["action"], {**form["fields"], **answers})

    def _follow(self, url, body=None):
        for _ in range(STEPS):
            if url.startswith(self.doors):
                return url, None
            headers = {"Origin": self.issuer} if body else {}
            method = "POST" if body else "GET"
            response = self.session.request(method, url, data=body, headers=headers, allow_redirects=False)
            if "Location" not in response.headers:
                page = Page(url, response.text)
                if not response.ok and not page.forms:
                    raise RuntimeError(f"{url} answered {response.status_code}: {' '.join(page.text)[:300]}")
                return None, page
            if response.status_code not in (302, 303):
                raise RuntimeError(f"{url} redirects with {response.status_code}")
            url, body = urljoin(url, response.headers["Location"]), None
        raise RuntimeError(f"{url} redirects for ever")


class Page(HTMLParser):
    """What a person sees of a page: its forms, the complaints on it, and the link that leads on."""

    def __init__(self, url, html):
        super().__init__()
        self.url, self.forms, self.text, self.complaints, self.way_on = url, [], [], [], None
        self._open_in_errors, self._silent = [], False
        self.feed(html)

    @property
    def errors(self):
        return " ".join(self.complaints)

    def form(self, field):
        return next((form for form in self.forms if field in form["fields"]), None)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag in ("script", "style"):
            self._silent = True
        elif tag == "form":
            self.forms.append({"action": urljoin(self.url, attributes.get("action") or ""), "fields": {}})
        elif tag == "input" and self.forms and attributes.get("name"):
            if attributes.get("type") not in ("checkbox", "submit"):
                self.forms[-1]["fields"][attributes["name"]] = attributes.get("value") or ""
        elif tag == "a" and attributes.get("id") == "continue":
            self.way_on = attributes.get("href")
        if attributes.get("id") == "errors":
            self._open_in_errors = [tag]
        elif self._open_in_errors and tag == self._open_in_errors[0]:
            self._open_in_errors.append(tag)

    def handle_endtag(self, tag):
        if tag in ("script", "style"):
            self._silent = False
        if self._open_in_errors and tag == self._open_in_errors[0]:
            self._open_in_errors.pop()

    def handle_data(self, data):
        if self._silent or not data.strip():
            return
        self.text.append(data.strip())
        if self._open_in_errors:
            self.complaints.append(data.strip())

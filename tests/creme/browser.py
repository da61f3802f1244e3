"""The browser of one person: cookies, forms and their tokens, over real connections."""

from __future__ import annotations

import http.client
import urllib.parse
from dataclasses import dataclass
from html.parser import HTMLParser
from http.cookies import SimpleCookie

#: Where Creme sends whoever is nobody.
LOGIN = "/creme_login"

#: What a form says: each name with its values.
Fields = dict[str, list[str]]


class Unexpected(Exception):
    """An answer that is neither a yes nor a no."""


@dataclass(frozen=True)
class Page:
    """What a server answered."""

    path: str
    status: int
    goes_to: str
    body: str

    def is_refused(self) -> bool:
        """Whether Creme said that this person may not."""
        return self.status == 403

    def asks_who(self) -> bool:
        """Whether one would have to log in first."""
        return self.status == 302 and self.goes_to.startswith(LOGIN)

    def fields(self) -> Fields:
        """What the form of this page would send as it is."""
        form = Form()
        form.feed(self.body)
        return form.fields


class Browser:
    """One person's cookies, and a connection."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookies: dict[str, str] = {}

    def close(self) -> None:
        """Ends the connection; the session stays."""
        self.connection.close()

    def get(self, path: str, **query: object) -> Page:
        """Asks for a page."""
        return self.request("GET", f"{path}?{urllib.parse.urlencode(query)}" if query else path)

    def post(self, path: str, fields: Fields | None = None) -> Page:
        """Sends a form, with the token of this browser."""
        if "csrftoken" not in self.cookies:
            self.get(LOGIN)
        sent = {**(fields or {}), "csrfmiddlewaretoken": [self.cookies["csrftoken"]]}
        return self.request("POST", path, urllib.parse.urlencode(sent, doseq=True))

    def log_in(self, login: str, password: str) -> bool:
        """Logs in by the form; false if Creme does not want this person."""
        page = self.post(LOGIN, {"username": [login], "password": [password]})
        if page.status == 302:
            return True
        if page.status == 200 and "sessionid" not in self.cookies:
            return False
        raise Unexpected(f"{page.status} for a log-in of {login}")

    def request(self, method: str, path: str, body: str | None = None) -> Page:
        """One request and its answer."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        for header in response.headers.get_all("Set-Cookie", []):
            for name, morsel in SimpleCookie(header).items():
                self.cookies[name] = morsel.value
        text = response.read().decode("utf-8", "replace")
        return Page(path, response.status, response.headers.get("Location", ""), text)


class Form(HTMLParser):
    """Gathers what the fields of a page say."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: Fields = {}
        self.select = ""
        self.area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name = given.get("name") or ""
        match tag:
            case "input" if name and given.get("type") not in ("submit", "button", "file"):
                # A box that is not ticked sends nothing.
                if given.get("type") not in ("checkbox", "radio") or "checked" in given:
                    self.fields.setdefault(name, []).append(given.get("value") or "on" * ("checked" in given))
            case "select":
                self.select = name
            case "option" if self.select and "selected" in given:
                self.fields.setdefault(self.select, []).append(given.get("value") or "")
            case "textarea" if name:
                self.area = name
                self.fields.setdefault(name, []).append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self.select = ""
        if tag == "textarea" and self.area:
            # As browsers do, without the line break at its beginning.
            values = self.fields[self.area]
            values[-1] = values[-1].removeprefix("\n")
            self.area = ""

    def handle_data(self, data: str) -> None:
        if self.area:
            self.fields[self.area][-1] += data

"""A browser without JavaScript, as far as forms need one."""

from html.parser import HTMLParser
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from .serving import Answer, Server


class Page(HTMLParser):
    """A page's forms (by their action, each with its fields), and a text for each role."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.status, self.text = answer.status, answer.text
        self.forms: dict[str, dict[str, str]] = {}
        self.texts: dict[str, str] = {}
        self.role: str | None = None
        self.feed(answer.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.role = attributes.get("role", self.role)
        if tag == "form":
            self.fields: dict[str, str] = {}
            if attributes.get("method") == "post":
                self.forms[attributes["action"]] = self.fields
        if tag == "input":
            self.fields[attributes["name"]] = attributes.get("value", "")

    def handle_data(self, data: str) -> None:
        if self.role and data.strip():
            self.texts[self.role] = data
            self.role = None


class Browser:
    """Keeps cookies, follows redirects after a form."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.cookies: dict[str, str] = {}

    def request(self, method: str, path: str, body: str | None = None, **headers: str) -> Answer:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"Accept": "text/html,*/*;q=0.8", "Cookie": cookies, **headers}
        answer = self.server(method, path, body, **headers)
        for line in answer.headers.get_all("Set-Cookie", []):
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        return answer

    def get(self, path: str) -> Page:
        return Page(self.request("GET", path))

    def send(self, action: str, fields: dict[str, str]) -> Answer:
        form = "application/x-www-form-urlencoded"
        return self.request("POST", action, urlencode(fields), Content_Type=form)

    def submit(self, page: Page, action: str, **typed: str) -> Page:
        """Fill in a form and send it; the page that comes then."""
        answer = self.send(action, {**page.forms[action], **typed})
        if answer.status == 303:
            return self.get(answer.headers["Location"])
        return Page(answer)

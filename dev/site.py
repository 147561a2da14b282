"""The documentation as a site (`make docs`): hooks of MkDocs.

The documents are written to be read in the repository, where they link to code beside them. The
site has to be whole by itself. So README, CHANGELOG, CONTRIBUTING and SECURITY become pages of it,
and so does each file of the repository that a page links to, as `source/PATH`. A folder becomes a
list of its files.
`api.md` lists the public names of each block, for mkdocstrings to describe.
"""

import ast
import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parent.parent
PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "CHANGELOG.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
    "SECURITY.md": "SECURITY.md",
}
LINK = re.compile(r"(\]\(|(?:src|srcset|href)=\")([^)\s\"#]+)(#[^)\s\"]*)?([)\"])")
NOT_A_LINK = re.compile(r"(```.*?```|`[^`\n]*`)", re.DOTALL)
LANGUAGES = {".py": "python", ".html": "html", ".css": "css", ".js": "javascript", ".yml": "yaml"}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that `docs/` does not hold."""
    texts = {path.relative_to(ROOT).as_posix(): path.read_text() for path in ROOT.glob("docs/*.md")}
    texts |= {name: (ROOT / name).read_text() for name in PAGES}
    for name in PAGES:
        files.append(File.generated(config, PAGES[name], content=texts[name]))
    files.append(File.generated(config, "api.md", content=_api()))
    linked = {target for name, text in texts.items() for target in _targets(name, text)}
    for target in sorted(linked):
        _add_source(files, config, target)
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let links lead to the pages of the site."""
    name = _in_the_repository(page.file.src_uri)
    if name is None:
        return markdown

    def on_the_site(link: re.Match[str]) -> str:
        target = _target(name, link[2])
        if target is None:
            return link[0]
        there = posixpath.relpath(_page_of(target), posixpath.dirname(page.file.src_uri) or ".")
        return f"{link[1]}{there}{link[3] or ''}{link[4]}"

    parts = NOT_A_LINK.split(markdown)
    return "".join(part if part.startswith("`") else LINK.sub(on_the_site, part) for part in parts)


def _in_the_repository(page: str) -> str | None:
    """The document that a page of the site is made from; None for generated ones."""
    names = {page: name for name, page in PAGES.items()}
    if page in names:
        return names[page]
    return f"docs/{page}" if (ROOT / "docs" / page).exists() else None


def _targets(name: str, text: str) -> set[str]:
    links = LINK.findall(NOT_A_LINK.sub("", text))
    return {target for _, link, _, _ in links if (target := _target(name, link))}


def _target(name: str, link: str) -> str | None:
    """The file or folder of the repository that a link in the document `name` leads to."""
    if ":" in link:
        return None
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), link))


def _page_of(target: str) -> str:
    if target in PAGES:
        return PAGES[target]
    if target.startswith("docs/") and (ROOT / target).is_file():
        return target.removeprefix("docs/")  # MkDocs has it already
    path = f"source/{target.lstrip('.')}"  # MkDocs leaves out what begins with a dot
    return f"{path}/index.md" if (ROOT / target).is_dir() else f"{path}.md"


def _add_source(files: Files, config: MkDocsConfig, target: str) -> None:
    """The page of a file or folder; a folder's with those of its files."""
    page = _page_of(target)
    if not page.startswith("source/") or files.get_file_from_path(page):
        return
    path = ROOT / target
    if path.is_dir():
        inside = [f"{target}/{file.name}" for file in sorted(path.iterdir()) if file.is_file()]
        links = [posixpath.relpath(_page_of(file), posixpath.dirname(page)) for file in inside]
        lines = [f"- [{Path(file).name}]({link})" for file, link in zip(inside, links, strict=True)]
        for file in inside:
            _add_source(files, config, file)
        content = "\n".join([f"# {target}/", "", *lines])
    else:
        fence = f"````{LANGUAGES.get(path.suffix, 'text')}"
        content = f"# {target}\n\n{fence}\n{path.read_text()}\n````"
    front = "---\nsearch: {exclude: true}\n---\n"
    files.append(File.generated(config, page, content=f"{front}{content}\n"))


def _api() -> str:
    """A page of what each block's `__init__` names, after its docstring."""
    lines = [
        "# The blocks' functions",
        "",
        "Each block's public names, as its `__init__` lists them.",
        "",
    ]
    for init in sorted(ROOT.glob("cqrs_example/*/__init__.py")):
        tree = ast.parse(init.read_text())
        imports = [one for one in tree.body if isinstance(one, ast.ImportFrom) and one.level == 1]
        if not imports:
            continue
        block = f"cqrs_example.{init.parent.name}"
        lines += [
            f"## {init.parent.name}",
            "",
            (ast.get_docstring(tree) or "").split("\n\n")[0],
            "",
        ]
        lines += [f"::: {block}.{one.module}.{name.name}" for one in imports for name in one.names]
        lines.append("")
    return "\n\n".join(lines)

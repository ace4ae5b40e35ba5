# Copyright 2026 The mt_perception developers
# SPDX-License-Identifier: Apache-2.0
"""What MkDocs builds beside the pages in docs/: pages from elsewhere in the repository, and the reference.

A link to a file of the repository leads to a page of that file's content, so that the site is whole wherever it lies.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

import reference
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from mt_perception.utils.resources import website

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = {
    "README.md": "index.md",
    "ARCHITECTURE.md": "ARCHITECTURE.md",
    "CHANGELOG.rst": "CHANGELOG.md",
    "CODE_OF_CONDUCT.md": "CODE_OF_CONDUCT.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
    "SECURITY.md": "SECURITY.md",
    "packages/mt_city": "city.md",
    "examples": "examples.md",
}
"""Of what lies outside docs/, the pages that have a name of their own."""
_LINK = re.compile(r"(?<=\]\()[^)\s:]+(?=\))")
_LANGUAGES = {".py": "python", ".yaml": "yaml", ".xml": "xml", ".json": "json", ".rviz": "yaml"}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Say where the site will be, as errors on the command line do."""
    config.site_url = f"{website()}/"
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are no files in docs/."""
    made = dict(reference.pages())
    made |= {page: _content(ROOT / source) for source, page in PAGES.items()}
    documents = [*DOCS.rglob("*.md"), *(ROOT / source for source in PAGES if source.endswith(".md"))]
    for document in [*documents, ROOT / "packages" / "mt_city" / "README.md"]:
        for target in _targets(document):
            if target.exists() and (page := _page_of(target)).startswith("source/"):
                made[page] = _content(target)
    for page, content in made.items():
        files.append(File.generated(config, page, content=content))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let the links of a document, which are those of the repository, lead to pages."""
    uri = page.file.src_uri
    if uri.startswith(("source/", "reference/")) or uri == PAGES["examples"]:
        return markdown
    document = next((ROOT / source for source, name in PAGES.items() if name == uri), DOCS / uri)
    folder = document if document.is_dir() else document.parent

    def led(link: re.Match[str]) -> str:
        path, mark, heading = link[0].partition("#")
        target = (folder / path).resolve()
        if not path or not target.exists():  # MkDocs tells of those that lead nowhere
            return link[0]
        return posixpath.relpath(_page_of(target), posixpath.dirname(uri) or ".") + mark + heading

    return _LINK.sub(led, markdown)


def _targets(document: Path) -> Iterator[Path]:
    """The files and folders that a document links to."""
    for link in _LINK.findall(document.read_text(encoding="utf-8")):
        if path := link.partition("#")[0]:
            yield (document.parent / path).resolve()


def _page_of(file: Path) -> str:
    """The page, or in docs/ the file, for a file or folder of the repository."""
    if file.is_relative_to(DOCS):
        return file.relative_to(DOCS).as_posix()
    path = file.relative_to(ROOT).as_posix()
    return PAGES.get(path, f"source/{path}.md")


def _content(source: Path) -> str:
    """A page of a file, or of the files in a folder."""
    if (source / "README.md").is_file():
        return _content(source / "README.md")
    if source.suffix == ".md":
        return source.read_text(encoding="utf-8")
    if source.name == "CHANGELOG.rst":
        return _changelog(source.read_text(encoding="utf-8"))
    files = sorted(each for each in source.iterdir() if each.is_file()) if source.is_dir() else [source]
    sections = [f"# {source.relative_to(ROOT)}"]
    for each in files:
        heading = f"## {each.name}\n\n" if source.is_dir() else ""
        language = _LANGUAGES.get(each.suffix, "text")
        sections.append(f"{heading}````{language}\n{each.read_text(encoding='utf-8').rstrip()}\n````")
    return "\n\n".join(sections) + "\n"


def _changelog(text: str) -> str:
    """As catkin writes it, in reStructuredText -> Markdown."""
    body = re.sub(r"\^+\n.*\n\^+\n", "# Changelog\n", text).replace("``", "`")
    return re.sub(r"^(\d.*)\n-+$", r"## \1\n", body, flags=re.MULTILINE)

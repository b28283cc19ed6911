"""How Sphinx builds these pages into a site (`make site`).

The pages are written to be read as plain files; what only the site needs is added here.
"""

import re
from pathlib import Path

from sphinx.application import Sphinx

project = "imgconv"
author = "the imgconv authors"
extensions = ["myst_parser"]
html_theme = "furo"
html_title = "imgconv"
html_show_copyright = False
myst_heading_anchors = 4
exclude_patterns = ["_build"]
pygments_style = "friendly"

TREES = ("index", "design/index")
"""Pages whose links are the site's table of contents."""


def add_tree(app: Sphinx, name: str, source: list[str]) -> None:
    """A hidden table of contents behind a page: the pages that it links to in its lists, under its headings."""
    if name not in TREES:
        return
    folder = Path(name).parent
    sections = re.split(r"^## ", source[0], flags=re.M)
    trees = []
    for section in sections:
        pages = [
            page
            for page in re.findall(r"^\* \[[^]]*\]\(([\w/-]+)\.md\)", section, flags=re.M)
            if (Path(app.srcdir) / folder / f"{page}.md").exists()
        ]
        if pages:
            caption = f":caption: {section.splitlines()[0]}\n" if name == "index" else ""
            trees.append("\n".join(["```{toctree}", f":hidden:\n{caption}", *pages, "```"]))
    source[0] += "\n\n" + "\n\n".join(trees) + "\n"


def setup(app: Sphinx) -> None:
    app.connect("source-read", add_tree)

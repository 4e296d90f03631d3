#!/usr/bin/env python3
"""Make addons' pages (static/description/index.html) from their readme fragments.

    python3 config/readme.py [--check] ADDON_FOLDER...

The fragments are OCA's: readme/DESCRIPTION.md, CONFIGURE.md, USAGE.md and so on, in
the Markdown that they need: headings, paragraphs, lists, tables, pictures, links,
bold, italic, code. With --check nothing is written; the exit status is 1 where a page
is not what its fragments say.
"""

import ast
import html
import pathlib
import re
import sys

SECTIONS = {
    "DESCRIPTION": "",
    "CONFIGURE": "Configuration",
    "USAGE": "Usage",
    "ROADMAP": "Known limits",
    "CONTRIBUTORS": "Contributors",
}
INLINE = (
    (r"`([^`]+)`", r"<code>\1</code>"),
    (
        r"!\[([^\]]*)\]\(\.\./static/description/([^)]+)\)",
        r'<img class="img-fluid border rounded" src="\2" alt="\1">',
    ),
    (r"\[([^\]]+)\]\(([^)]+)\)", r'<a href="\2">\1</a>'),
    (r"\*\*([^*]+)\*\*", r"<strong>\1</strong>"),
    (r"\*([^*]+)\*", r"<em>\1</em>"),
)
BLOCK = re.compile(r"\n\s*\n")


def inline(text):
    text = html.escape(" ".join(text.split()), quote=False)
    for pattern, replacement in INLINE:
        text = re.sub(pattern, replacement, text)
    return text


def table(lines):
    rows = [[inline(c) for c in line.strip("|").split("|")] for line in lines]
    out = ['<table class="table table-sm">']
    for n, cells in enumerate(rows):
        if n != 1:  # the ruler
            tag = "th" if n == 0 else "td"
            out.append("<tr>" + "".join(f"<{tag}>{c}</{tag}>" for c in cells) + "</tr>")
    return "\n".join([*out, "</table>"])


def block(text):
    lines = text.strip("\n").splitlines()
    if lines[0].startswith("#"):
        level = len(lines[0]) - len(lines[0].lstrip("#"))
        return f"<h{level + 1}>{inline(lines[0].lstrip('# '))}</h{level + 1}>"
    if lines[0].startswith("|"):
        return table(lines)
    marker = re.match(r"(-|\d+\.) ", lines[0])
    if marker:
        tag = "ul" if marker[1] == "-" else "ol"
        items = re.split(r"^(?:-|\d+\.) ", "\n".join(lines), flags=re.M)[1:]
        inner = "\n".join(f"<li>{inline(item)}</li>" for item in items)
        return f"<{tag}>\n{inner}\n</{tag}>"
    return f"<p>{inline(text)}</p>"


def page(addon):
    manifest = ast.literal_eval((addon / "__manifest__.py").read_text())
    out = [
        '<section class="container py-4">',
        f"<h1>{inline(manifest['name'])}</h1>",
        f'<p class="lead">{inline(manifest["summary"])}</p>',
    ]
    for name, title in SECTIONS.items():
        fragment = addon / "readme" / f"{name}.md"
        if fragment.exists():
            if title:
                out.append(f"<h2>{title}</h2>")
            out += [block(b) for b in BLOCK.split(fragment.read_text()) if b.strip()]
    return "\n".join([*out, "</section>", ""])


def main(arguments):
    check = "--check" in arguments
    wrong = False
    for addon in (pathlib.Path(a) for a in arguments if a != "--check"):
        target = addon / "static" / "description" / "index.html"
        text = page(addon)
        if not target.exists() or target.read_text() != text:
            wrong = True
            if not check:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text)
    return int(check and wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Books with a word of its own in every place."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.files.awkward import Awkward
from tests.files.epub import item, write_book, xhtml

_WORDS = (
    *("cover", "first", "heading", "paragraph", "listed", "cell", "caption", "quoted", "footnote"),
    *("aside", "described", "drawn", "formula", "ruby", "preformatted", "literal", "hyphenated"),
    *("spaced", "marked", "koi", "closed", "details", "linear", "apart"),
)
_UNSEEN = (
    *("unseentitle", "unseenscript", "unseenstyle", "unseencomment", "unseennav", "unseenncx"),
    *("unseenhidden", "unseenunlisted", "unseenencrypted"),
)
_PLACES = """
<h1>heading</h1><p>paragraph</p><ul><li>listed</li></ul>
<table><caption>caption</caption><tr><td>cell</td><td>x</td></tr></table>
<blockquote><p>quoted</p></blockquote><aside epub:type="footnote"><p>footnote</p></aside>
<aside>aside</aside><p><img src="a.jpg" alt="described"/></p>
<svg xmlns="http://www.w3.org/2000/svg"><title>unseentitle</title><text>drawn</text></svg>
<math xmlns="http://www.w3.org/1998/Math/MathML"><mi>formula</mi></math>
<p><ruby>x<rt>ruby</rt></ruby></p><pre>preformatted</pre><p><![CDATA[literal]]></p>
<p>hyphen&#173;ated</p><details><summary>x</summary>details</details>
<script>unseenscript</script><style>unseenstyle</style><!-- unseencomment -->
<p hidden="hidden">unseenhidden</p><span style="display:none"/><p>closed</p>
"""


def awkward_files() -> list[Awkward]:
    """A book with a word in each place, in the order of its spine and with what is not shown."""
    spaced = xhtml("<p>spaced</p>")
    files: dict[str, str | bytes] = {
        "cover.xhtml": xhtml("<p>cover</p>"),
        "text/first chapter.xhtml": xhtml("<p>first</p>" + _PLACES),
        "text/100%.xhtml": spaced,
        "utf16.xhtml": xhtml("<p>marked</p>").replace("UTF-8", "UTF-16").encode("utf-16"),
        "koi.xhtml": xhtml("<p>koi слово</p>").replace("UTF-8", "koi8-r").encode("koi8-r"),
        "apart.xhtml": xhtml("<p>apart</p>"),
        "linear.xhtml": xhtml("<p>linear</p>"),
        "nav.xhtml": xhtml("<nav epub:type='toc'><ol><li>unseennav</li></ol></nav>"),
        "toc.ncx": "<ncx><navLabel><text>unseenncx</text></navLabel></ncx>",
        "locked.xhtml": b"unseenencrypted",
        "photo.xhtml": xhtml('<img src="a.jpg"/>'),
        "draft.xhtml": xhtml("<p>unseenunlisted</p>"),
        "/META-INF/encryption.xml": (
            '<encryption><EncryptedData><EncryptionMethod Algorithm="http://www.w3.org/2001/04/'
            'xmlenc#aes256-cbc"/><CipherData><CipherReference URI="OEBPS/locked.xhtml"/>'
            "</CipherData></EncryptedData></encryption>"
        ),
    }
    items = [
        item("apart", "apart.xhtml"),
        item("nav", "nav.xhtml", more='properties="nav"'),
        item("ncx", "toc.ncx", "application/x-dtbncx+xml"),
        item("cover", "cover.xhtml"),
        item("first", "text/first%20chapter.xhtml#start"),
        item("percent", "text\\100%25.xhtml"),
        item("utf16", "/OEBPS/utf16.xhtml"),
        item("koi", "../OEBPS/koi.xhtml"),
        item("linear", "linear.xhtml"),
        item("locked", "locked.xhtml"),
        item("photo", "photo.xhtml"),
        item("missing", "missing.xhtml"),
    ]
    spine = ["cover", "first", "percent", "utf16", "koi", "linear", "locked", "photo", "missing"]
    with tempfile.TemporaryDirectory() as folder:
        path = write_book(Path(folder) / "a.epub", items, spine, files)
        content = path.read_bytes()
    return [
        Awkward(
            "awkward.epub",
            content,
            _WORDS,
            _UNSEEN,
            (
                "encrypted chapters are not read: OEBPS/locked.xhtml",
                "missing chapters are not read: OEBPS/missing.xhtml",
                "1 picture is not read",
                "1 unlisted page is not read",
                "hidden text is not read",
            ),
        )
    ]

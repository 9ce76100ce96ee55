"""Workbooks with a word of their own in every place that can hold text."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.files.awkward import Awkward
from tests.files.sheets import (
    anchor,
    part,
    picture,
    rows,
    shape,
    sheet,
    write_ods,
    write_xls,
    write_xlsx,
)

_CELLS = rows(
    ["oak", "ash\nelm", '< t="str"><f>A1&amp;"unseen"</f><v>yew</v>'],
    ["< t='s'><v>0</v>", '< t="e"><v>#REF!</v>', "<><f>unseen()</f><v></v>"],
)
_MARGINS = (
    "<dataValidations><dataValidation sqref='B2' promptTitle='fir' prompt='larch' error='unseen'/>"
    '</dataValidations><headerFooter><oddHeader>&amp;L&amp;"Unseen,Bold"&amp;8maple&amp;Rbeech'
    "</oddHeader><oddFooter>&amp;CUnseen &amp;P of &amp;N</oddFooter></headerFooter>"
    "<oleObjects><oleObject progId='unseen' shapeId='1'/></oleObjects>"
)
_DRAWN = (
    anchor(shape("birch"), row=0),
    anchor(picture('descr="willow"'), row=1),
    anchor('<xdr:graphicFrame><c:chart r:id="chart-1.xml"/></xdr:graphicFrame>', row=1),
    anchor('<xdr:graphicFrame><dgm:relIds r:dm="diagramData-1.xml"/></xdr:graphicFrame>', row=2),
    f"<mc:AlternateContent><mc:Choice Requires='x'>{anchor(shape('poplar'), row=1)}</mc:Choice>"
    f"<mc:Fallback>{anchor(shape('unseen'), row=1)}</mc:Fallback></mc:AlternateContent>",
)
_COMMENTS = (
    "<authors><author>Jane Roe</author><author>tc={1}</author></authors><commentList>"
    '<comment ref="A1" authorId="0"><text><r><t>Jane Roe:</t></r><r><t>\nhazel</t></r></text>'
    '</comment><comment ref="A2" authorId="1"><text><t>[Threaded comment] unseen</t></text>'
    "</comment></commentList>"
)
_PARTS = {
    "sharedStrings.xml": part("sst", "<si><r><t>pop</t></r><r><t>py</t></r></si>"),
    "drawing-1.xml": part("xdr:wsDr", "".join(_DRAWN)),
    "chart-1.xml": part(
        "c:chartSpace",
        "<c:chart><c:title><c:tx><c:rich><a:p><a:r><a:t>cedar</a:t></a:r></a:p></c:rich></c:tx>"
        "</c:title></c:chart>",
    ),
    "diagramData-1.xml": part(
        "dgm:dataModel", "<dgm:pt><dgm:t><a:p><a:r><a:t>pine</a:t></a:r></a:p></dgm:t></dgm:pt>"
    ),
    "comments-1.xml": part("comments", _COMMENTS),
    "threadedComment-1.xml": part(
        "t:ThreadedComments",
        '<t:threadedComment ref="A2" personId="{P}"><t:text>alder</t:text></t:threadedComment>',
    ),
    "person.xml": part("t:personList", '<t:person id="{P}" displayName="John Doe"/>'),
}
_RELATED = {
    "workbook.xml": ["sharedStrings.xml", "person.xml"],
    "sheet-1.xml": ["drawing-1.xml", "comments-1.xml", "threadedComment-1.xml"],
    "drawing-1.xml": ["chart-1.xml", "diagramData-1.xml"],
}
_CELLS_OF_OTHERS = ("Prices", "bolt", "steel", "café", "first", "juniper")
FOUND = (
    *("acacia", "oak", "ash", "elm", "yew", "poppy", "fir", "larch", "maple", "beech", "birch"),
    *("willow", "cedar", "pine", "poplar", "hazel", "Roe", "alder", "Doe", "juniper", "rowan"),
)


def awkward_files() -> list[Awkward]:
    """Give them."""
    hidden = rows(["juniper"], first=1_048_576)
    with tempfile.TemporaryDirectory() as folder:
        path = write_xlsx(
            Path(folder, "a.xlsx"),
            {"acacia": sheet(_CELLS, _MARGINS), "rowan": sheet(hidden)},
            _PARTS,
            _RELATED,
            states={"rowan": "veryHidden"},
        )
        content = path.read_bytes()
        ods = write_ods(Path(folder, "a.ods")).read_bytes()
        xls = write_xls(Path(folder, "a.xls")).read_bytes()
    return [
        Awkward(
            "sheets.xlsx",
            content,
            FOUND,
            ("unseen", "Unseen"),
            (
                *("1 picture is not read", "1 embedded object is not read"),
                "1 cell of an error such as #REF! is not read",
                "1 cell of a formula without its result is not read",
            ),
        ),
        Awkward(
            "sheets.ods",
            ods,
            (*_CELLS_OF_OTHERS, "maple", "Roe", "birch", "willow", "cedar"),
            ("unseen",),
            ("1 picture is not read", "1 embedded object is not read"),
        ),
        Awkward("sheets.xls", xls, _CELLS_OF_OTHERS),
    ]

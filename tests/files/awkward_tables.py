"""Tables as people have them, with a word of its own in every row."""

from __future__ import annotations

import json

from tests.files.awkward import Awkward

_UNCLOSED = "opens a quote that is not closed"


def awkward_files() -> list[Awkward]:
    """Tables of every type, among them damaged ones."""
    return [*_tables_of_cells(), *_objects()]


def _tables_of_cells() -> list[Awkward]:
    return [
        Awkward(
            "unclosed.csv",
            b'id,text,year\nu1,"first, and more",1\nu2,"open,2\nu3,"third, too",3\nu4,fourth,4\n',
            found=("first", "third", "fourth"),
            unseen=("open",),
            said=(f"row 2: line 3 {_UNCLOSED}",),
        ),
        Awkward(
            "cut.csv",
            b'id,text\nc1,whole\nc2,"cut he',
            found=("whole",),
            unseen=("cut",),
            said=(f"row 2: line 3 {_UNCLOSED}",),
        ),
        Awkward(
            "sep.csv",
            'sep=;\r\nid;text;note\r\ns1;"semi; colon, comma";x\r\n'
            "s2;größer, kleiner;y\r\n".encode(),
            found=("semi", "colon", "comma", "größer", "kleiner"),
        ),
        Awkward(
            "header.csv",
            b'"Name, first, last";"text"\nx;"one, two"\ny;three\n',
            found=("one", "two", "three"),
        ),
        Awkward(
            "quotes.csv",
            b'id, "text", year\nq1, "blank, before", 7\nq2, "two\nlines", 8\n'
            b'q3, "doubled ""quotes"" within", 9\nq4, inch 5" pipe, 10\n'
            b'q5, "loose "words" here", 1\n',
            found=(
                "before",
                "two",
                "lines",
                "doubled",
                "quotes",
                "within",
                "pipe",
                "words",
                "here",
            ),
        ),
        Awkward(
            "macintosh.csv",
            b'id,text\rm1,"above\rbeneath"\rm2,last\r',
            found=("above", "beneath", "last"),
        ),
        Awkward("one_column.csv", b"text\nHello, world\nagain; so\n", ("hello", "world", "again")),
        Awkward(
            "rows.csv",
            b"text,a\nfitting,1\ntoo,many,cells\nfew\n ,blank\nnul\0led,1\n",
            found=("fitting", "few", "nul", "led"),
            unseen=("many", "blank"),
            said=(
                "2 rows, the first of them row 2: 3 cells under 2 column names",
                "zero bytes in it read as spaces, the first in line 6",
            ),
        ),
        Awkward(
            "bad_first.csv",
            b"text,a\nover\0full,1,2\nplain,3\n",
            found=("plain",),
            unseen=("full",),
            said=(
                "row 1: 3 cells under 2 column names",
                "zero bytes in it read as spaces, the first in line 2",
            ),
        ),
        Awkward(
            "turkish.csv",
            'id;text\nt1;"kiracı, kirayı zamanında ödemekle yükümlüdür"\n'
            "t2;sözleşmeye göre kuşlar yuva yapmaya başlar ve evde oturmak güçleşir\n".encode(
                "cp1254"
            ),
            found=("kiracı", "ödemekle", "sözleşmeye", "kuşlar", "güçleşir"),
            said=("Read as cp1254, not UTF-8",),
        ),
        Awkward(
            "no_text.csv",
            b"name,value\nlost,1\n",
            found=(),
            said=("has no column called text, content, body or document",),
        ),
        Awkward("only_header.csv", b"id,text\n", found=(), said=("holds no rows",)),
        Awkward(
            "tabs.tsv",
            'id\ttext\n1\t"She said, yes\n2\t"quoted"\n3\ta "marked" word\n4\tµm\n'.encode(
                "utf-16"
            ),
            found=("said", "quoted", "marked", "µm"),
            said=("Read as utf-16, not UTF-8",),
        ),
    ]


def _objects() -> list[Awkward]:
    rows = [{"id": "l1", "text": "lined\nbelow"}, {"id": "l2", "body": "bodily", "n": 1}]
    return [
        Awkward(
            "lines.jsonl",
            "\n".join([json.dumps(rows[0]), "{broken}", "", json.dumps(rows[1]), "[]"]).encode(),
            found=("lined", "below", "bodily"),
            unseen=("broken",),
            said=("2 rows, the first of them row 2: not JSON",),
        ),
        Awkward(
            "lines.ndjson",
            b'\xef\xbb\xbf{"text": "marked \\u00e9tude"}\r\n{"text": "windows"}\r\n',
            found=("marked", "étude", "windows"),
        ),
        Awkward(
            "list.json",
            json.dumps([{"text": "listed"}, 7, {"text": "latter"}], indent=1).encode("utf-16"),
            found=("listed", "latter"),
            said=("row 2: a JSON int, not an object with named columns",),
        ),
        Awkward("object.json", b'{"title": "T", "content": "alone"}', found=("alone",)),
        Awkward("stream.json", b'{"text": "former"} {"text": "next"}', found=("former", "next")),
        Awkward(
            "damaged.json",
            b'[{"text": "sound"}, {"text": "bro',
            found=("sound",),
            unseen=("bro",),
            said=("nothing after it was read",),
        ),
    ]

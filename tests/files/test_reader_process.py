"""The process that reads foreign formats: ended when it must be, never left behind or believed."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from tests.files.builders import write_docx, write_pdf
from vectorlong.files.limits import Limits
from vectorlong.files.process import reader_process
from vectorlong.files.process.reader_process import ReaderProcess
from vectorlong.files.records import Content
from vectorlong.files.source import FileSource
from vectorlong.files.unreadable import UnreadableError

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
# C code parses it, for minutes.
HANGING = "".join(f"<font color={number}>" for number in range(300_000))


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "a.html"
    path.write_text("<title>T</title><p>seen")
    return path


@pytest.fixture
def reader():
    with ReaderProcess(Limits()) as process:
        yield process


def run_python(program, *arguments, **options):
    command = [sys.executable, "-c", textwrap.dedent(program), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, **options)


def state_of(pid):
    """R: it runs; Z: it has ended, and nobody has asked; None: it is forgotten."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return None


def is_running(pid):
    return state_of(pid) not in (None, "Z")


def wait_until(condition):
    for _ in range(600):
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_what_comes_back_is_what_was_read(reader, page, tmp_path):
    assert next(reader.read(page, "html")) == Content("seen", {"title": "T"})
    path = write_pdf(tmp_path / "a.pdf", [["One"], ["Two"]], "A title")
    assert next(reader.read(path, "pdf")) == Content(
        "One\nTwo", {"title": "A title"}, {"page_starts": [0, 4]}
    )
    path = write_docx(tmp_path / "a.docx", ["中文\x0b😀"[:2], "𝒳"])
    assert next(reader.read(path, "docx")).text == "中文\n𝒳"
    page.write_bytes("<p>Où l'été a été sec, les élèves sont déjà rentrés".encode("cp1252"))
    assert next(reader.read(page, "html")).facts == {"encoding": "cp1252"}


def test_one_process_serves_many_files_and_is_ended(page):
    with ReaderProcess(Limits()) as reader:
        list(reader.read(page, "html"))
        process = reader._process
        list(reader.read(page, "html"))
        with pytest.raises(UnreadableError, match="No such file"):
            list(reader.read(page.with_name("nowhere"), "html"))
        assert reader._process is process
        assert process.poll() is None
    assert process.returncode is not None
    assert process.stdin.closed
    assert process.stdout.closed


def test_no_process_is_started_for_our_own_formats(tmp_path, monkeypatch):
    monkeypatch.setattr(subprocess, "Popen", None)
    (tmp_path / "a.txt").write_text("seen")
    (tmp_path / "b.csv").write_text("text\nseen\n")
    assert len(list(FileSource([tmp_path]))) == 2


@LINUX
def test_a_process_that_is_killed_is_named_and_replaced(reader, page):
    list(reader.read(page, "html"))
    first = reader._process
    os.kill(first.pid, signal.SIGKILL)
    with pytest.raises(UnreadableError, match="the system, or somebody, ended its reader"):
        list(reader.read(page, "html"))
    assert next(reader.read(page, "html")).text == "seen"
    assert reader._process.pid != first.pid


def answering(monkeypatch, body):
    """Have another program in place of the reader."""
    program = f"""
import os, sys
from vectorlong.files.process.messages import receive, send
requests, replies = sys.stdin.buffer, sys.stdout.buffer
receive(requests, 1000000)
send(replies, {{}})
receive(requests, 1000000)
{body}
"""
    monkeypatch.setattr(reader_process, "_PROGRAM", program)


# Of a file that is one document.
ONE = {"row": None, "id": None, "is_last": True}


def answer(fields):
    return f"ONE = {ONE}; send(replies, {{{fields}}})"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("os.abort()", r"crash \(signal 6\), perhaps because it needs more than 2,000 MB of mem"),
        ("sys.exit(7)", r"makes its reader crash \(exit code 7\)"),
        ("replies.write(bytes([255] * 8)); replies.flush(); sys.stdin.read()", "no answer"),
        ("replies.write(bytes([0] * 7) + b'\\x09[[[[[[[[['); replies.flush()", "crash|no answer"),
        (
            answer("'text': 5, 'metadata': {}, 'facts': {}, **ONE, 'remarks': []"),
            "what is no answer",
        ),
        (
            answer("'text': 'x', 'metadata': [], 'facts': {}, **ONE, 'remarks': []"),
            "what is no answer",
        ),
        (
            answer("'text': 'x', 'metadata': {}, 'facts': {}, **ONE, 'remarks': 'x'"),
            "what is no answer",
        ),
        ("send(replies, {})", "what is no answer"),
        ("send(replies, {'refusal': 'is of no use'})", "is of no use"),
    ],
)
def test_nothing_is_believed_to_be_an_answer_that_is_none(monkeypatch, page, body, reason):
    answering(monkeypatch, body)
    monkeypatch.setattr(reader_process, "_GRACE_S", 0.5)
    with ReaderProcess(Limits()) as reader, pytest.raises(UnreadableError, match=reason):
        list(reader.read(page, "html"))


def test_an_answer_is_no_longer_than_a_text_may_be(monkeypatch, page):
    fields = "'text': 'x' * 3_000_000, 'metadata': {}, 'facts': {}, **ONE, 'remarks': []"
    answering(monkeypatch, answer(fields))
    monkeypatch.setattr(reader_process, "_GRACE_S", 0.5)
    limits = Limits(characters=1_000)
    with ReaderProcess(limits) as reader, pytest.raises(UnreadableError, match="reader"):
        list(reader.read(page, "html"))


def test_a_reader_that_does_not_start_is_named_for_every_file(monkeypatch, page):
    monkeypatch.setattr(reader_process, "_PROGRAM", "raise SystemExit(1)")
    source = FileSource([page])
    assert list(source) == []
    assert source.left_out[0].reason == "the process that reads such files does not start"


def test_lack_of_memory_counts_only_in_a_process_that_read_nothing_before(monkeypatch, page):
    reader = ReaderProcess(Limits())
    asked = []

    def ask(request):
        reader._process = object()
        asked.append(request)
        return {"is_out_of_memory": True}

    monkeypatch.setattr(reader, "_ask", ask)
    monkeypatch.setattr(reader, "_end", lambda: setattr(reader, "_process", None))
    with pytest.raises(UnreadableError, match="--limit memory_mb=4000"):
        list(reader.read(page, "html"))
    assert len(asked) == 1
    reader._process = object()
    with pytest.raises(UnreadableError, match="needs more than 2,000 MB of memory"):
        list(reader.read(page, "html"))
    assert len(asked) == 3


@LINUX
@pytest.mark.timeout(120)
def test_nothing_is_left_after_many_files(tmp_path):
    for number in range(200):
        (tmp_path / f"{number}.html").write_text(f"<p>page {number}" if number % 2 else "<p>")
    assert len(list(FileSource([tmp_path]))) == 100
    descriptors, before = len(os.listdir("/proc/self/fd")), children()
    for _ in range(3):
        assert len(list(FileSource([tmp_path]))) == 100
        next(iter(FileSource([tmp_path])))
    assert len(os.listdir("/proc/self/fd")) == descriptors
    assert not any("_look" in thread.name for thread in threading.enumerate())
    assert children() == before


def children():
    """Processes that this one has started and that are not yet forgotten, ended or not."""
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()


# --- how it lives and dies with its parent -------------------------------------------------------

_READING = """
    import os, signal, sys
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored below a shell's "&"
    from pathlib import Path
    from vectorlong.files.limits import Limits
    from vectorlong.files.process import reader_process
    from vectorlong.files.process.reader_process import ReaderProcess

    reader_process._PROGRAM = reader_process._PROGRAM.replace(
        "main()", "import vectorlong.files.process.worker as worker; worker._GRACE_S = 0; main()"
    )
    with ReaderProcess(Limits(seconds=int(sys.argv[2]))) as reader:
        start = reader._start
        def start_and_tell():
            start()
            print(reader._process.pid, flush=True)
        reader._start = start_and_tell
        try:
            print(*[content.text for content in reader.read(Path(sys.argv[1]), "html")], flush=True)
        except KeyboardInterrupt:
            print("interrupted", flush=True)
            sys.exit(130)
        {then}
"""


def start_reading(path, seconds=60, then="sys.stdin.read()", **options):
    program = textwrap.dedent(_READING.replace("{then}", then))
    return subprocess.Popen(
        [sys.executable, "-c", program, str(path), str(seconds)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


@LINUX
@pytest.mark.timeout(120)
def test_it_ends_when_its_parent_is_killed_between_files(page):
    with start_reading(page) as parent:
        pid = int(parent.stdout.readline())
        assert parent.stdout.readline() == "seen\n"
        assert is_running(pid)
        parent.kill()
    assert wait_until(lambda: not is_running(pid))


@LINUX
@pytest.mark.timeout(120)
def test_it_ends_when_its_parent_is_killed_while_a_file_hangs(page):
    page.write_text(HANGING)
    with start_reading(page) as parent:
        pid = int(parent.stdout.readline())
        assert wait_until(lambda: state_of(pid) == "R")
        parent.kill()
    assert wait_until(lambda: not is_running(pid))


@LINUX
@pytest.mark.timeout(120)
def test_it_ends_in_time_though_its_parent_does_not_end_it(page):
    """The system's clock does it, whatever code is running."""
    page.write_text(HANGING)
    with start_reading(page, seconds=2) as parent:
        pid = int(parent.stdout.readline())
        assert wait_until(lambda: state_of(pid) == "R")
        os.kill(parent.pid, signal.SIGSTOP)
        assert wait_until(lambda: not is_running(pid))
        parent.kill()


@LINUX
@pytest.mark.timeout(120)
def test_an_interruption_of_the_whole_group_is_its_parents(page):
    """As Ctrl-C in a terminal sends it: to both."""
    page.write_text(HANGING)
    with start_reading(page, start_new_session=True) as parent:
        pid = int(parent.stdout.readline())
        assert wait_until(lambda: state_of(pid) == "R")
        os.killpg(parent.pid, signal.SIGINT)
        output, errors = parent.communicate(timeout=30)
    assert (output, errors, parent.returncode) == ("interrupted\n", "", 130)
    assert not is_running(pid)


@LINUX
def test_an_interruption_between_files_ends_nothing(page):
    with start_reading(page, start_new_session=True, then="input()") as parent:
        pid = int(parent.stdout.readline())
        assert parent.stdout.readline() == "seen\n"
        os.kill(pid, signal.SIGINT)
        time.sleep(0.2)
        assert is_running(pid)
        parent.communicate("\n", timeout=30)
    assert parent.returncode == 0
    assert not is_running(pid)


@LINUX
@pytest.mark.timeout(120)
def test_no_time_passes_while_all_are_stopped(page, monkeypatch):
    """As Ctrl-Z in a terminal stops both."""
    working = "import time; [time.sleep(0.1) for _ in range(10)]; "
    seen = answer("'text': 'seen', 'metadata': {}, 'facts': {}, **ONE, 'remarks': []")
    answering(monkeypatch, working + seen)
    program = _READING.replace("{then}", "pass").replace(
        "reader_process._PROGRAM.replace(", f"{reader_process._PROGRAM!r}.replace("
    )
    command = [sys.executable, "-c", textwrap.dedent(program), str(page), "4"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as parent:
        pid = int(parent.stdout.readline())
        os.killpg(parent.pid, signal.SIGSTOP)
        assert wait_until(lambda: state_of(pid) == "T")
        time.sleep(5)
        os.killpg(parent.pid, signal.SIGCONT)
        assert parent.communicate(timeout=60)[0] == "seen\n"


def test_a_script_needs_no_guard_and_runs_once(page, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import sys\nfrom pathlib import Path\nfrom vectorlong.files.source import FileSource\n"
        "print('begin')\n"
        "print(*[document.text for document in FileSource([Path(sys.argv[1])])])\n"
    )
    result = subprocess.run(
        [sys.executable, script, page], capture_output=True, text=True, timeout=60
    )
    assert (result.stdout, result.stderr) == ("begin\nseen\n", "")


def test_modules_beside_the_documents_are_not_run(page, tmp_path):
    for name in ("json", "selectolax", "vectorlong", "signal"):
        (tmp_path / f"{name}.py").write_text("print('run')\nraise SystemExit(3)\n")
    program = """
        import sys
        from pathlib import Path
        sys.path.remove("")
        from vectorlong.files.source import FileSource
        import os
        os.chdir(sys.argv[1])
        print(*[document.text for document in FileSource([Path("a.html")])])
    """
    result = run_python(
        program, tmp_path, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    )
    assert (result.stdout, result.stderr) == ("seen\n", "")


def test_it_loads_no_torch():
    program = (
        "import sys, vectorlong.files.process.worker, pypdfium2\n"
        "print(*{'torch', 'transformers', 'faiss', 'sqlite3'} & set(sys.modules))"
    )
    assert run_python(program).stdout == "\n"


@LINUX
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_child_of_its_parent_starts_its_own(page):
    program = """
        import os, sys
        from pathlib import Path
        from vectorlong.files.limits import Limits
        from vectorlong.files.process.reader_process import ReaderProcess
        path = Path(sys.argv[1])
        with ReaderProcess(Limits()) as reader:
            next(reader.read(path, "html"))
            first = reader._process.pid
            child = os.fork()
            text = next(reader.read(path, "html")).text
            if child == 0:
                assert reader._process.pid != first
                reader._end()
                os._exit(0 if text == "seen" else 1)
            assert os.waitpid(child, 0)[1] == 0
            assert reader._process.pid == first
            print(next(reader.read(path, "html")).text)
    """
    result = run_python(program, page)
    assert (result.stdout, result.returncode) == ("seen\n", 0)


@LINUX
def test_it_can_write_no_file_and_prints_nothing_into_its_answers(tmp_path, monkeypatch, page):
    """A parser that prints, or is made to write, does no harm."""
    target = tmp_path / "written.txt"
    program = reader_process._PROGRAM.replace(
        "main()\n",
        f"""
import vectorlong.files.process.worker as worker
def read(path, *_):
    from vectorlong.files.records import Content
    print("noise", flush=True)
    try:
        open({json.dumps(str(target))}, "w").write("x" * 100000)
    except OSError as error:
        yield Content(type(error).__name__ + str(error.errno))
worker._READERS["html"] = read
main()
""",
    )
    monkeypatch.setattr(reader_process, "_PROGRAM", program)
    with ReaderProcess(Limits()) as reader:
        assert next(reader.read(page, "html")).text == "OSError27"
    assert target.read_bytes() == b""


@LINUX
def test_what_the_parent_has_taken_is_not_held_against_a_file(tmp_path):
    """A process that is started counts its parent's memory in what getrusage says of it."""
    (tmp_path / "a.docx").write_bytes(b"no document")
    ballast = bytearray(os.urandom(1_000_000) * 600)
    with (
        ReaderProcess(Limits(memory_mb=500)) as process,
        pytest.raises(UnreadableError, match="damaged Word document"),
    ):
        next(process.read(tmp_path / "a.docx", "docx"))
    assert len(ballast) == 600_000_000

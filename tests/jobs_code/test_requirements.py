"""What may stand in a requirements.txt, line by line."""

import pytest

from app.jobs.code.errors import RequirementRefused, RequirementsNotText, RequirementsTooLarge
from app.jobs.code.requirements import decoded, parse_requirements

SHA = "0123456789abcdef" * 4
TAKEN = {
    "": (),
    "# only a comment\n\n": (),
    "Flask": ("flask",),
    "a_b.C == 1.0": ("a-b-c==1.0",),
    "a>=1,<2  # why": ("a<2,>=1",),
    "a\r\nb\rc": ("a", "b", "c"),
    "b\na\na": ("a", "b"),
    "a[Two,one]~=1.0": ("a[one,two]~=1.0",),
    "a ; python_version<'4'": ('a ; python_version < "4"',),
    f"a==1 --hash=sha256:{SHA}": (f"a==1 --hash=sha256:{SHA}",),
    f"a==1 \\\n  --hash=sha256:{SHA} \\\n  --hash=sha512:{SHA}{SHA}\nb": (
        f"a==1 --hash=sha256:{SHA} --hash=sha512:{SHA}{SHA}",
        "b",
    ),
    "a \\\n": ("a",),
}
REFUSED = [
    *("-r other.txt", "-rother.txt", "--requirement other.txt", "-c x", "--constraint=x"),
    *("-e .", "--editable=.", "-i https://x/", "--index-url https://x/", "--index-url=https://x/"),
    *("--extra-index-url https://x/", "-f .", "--find-links=/x", "--no-index", "--pre"),
    *("--trusted-host x", "--no-binary :all:", "--only-binary=:none:", "--use-feature=x"),
    *("a --config-settings x=y", "a --global-option=x", "a --install-option=x", "a --hash=md5:00"),
    *("https://x/a.whl", "git+https://x/a", "file:///etc/passwd", "a @ https://x/a.whl"),
    *("a @ file:///etc/passwd", "a@git+ssh://x", "./a", "../a", "/a", ".", "a/b", "~/a", "C:\\a"),
    *("a.whl", "a-1.0-py3-none-any.whl", "a.zip", "a.tar.gz", "a.tar.gz[extra]", "a.TGZ==1"),
    *("${HOME}", "a==${VERSION}", "a ; platform_version == '${SECRET}'", "a=1", "a b", "ä", "a\tb"),
    *(
        "a\x1b[0m",
        "a==1\x00",
        "\ufeffa",
        "== 1",
        "a ; nonsense == '1'",
        "a;",
        "-",
        "--",
        "a \\\n-e .",
    ),
]


@pytest.mark.parametrize(("text", "lines"), TAKEN.items())
def test_lines_are_taken_and_brought_into_one_form(text: str, lines: tuple[str, ...]) -> None:
    assert parse_requirements(text).lines == lines


@pytest.mark.parametrize("line", REFUSED)
def test_a_line_is_refused_and_not_repeated(line: str) -> None:
    with pytest.raises(RequirementRefused, match=r"^Line 3 of requirements.txt") as caught:
        parse_requirements(f"# first\nrequests\n{line}\n")

    assert len(line) < 3 or line not in str(caught.value)


def test_the_same_requirements_have_the_same_digest() -> None:
    one = parse_requirements("Flask >= 2 # web\nrequests\n")
    other = parse_requirements("requests\n\nflask>=2\nflask>=2\n")

    assert one.digest == other.digest
    assert one.digest != parse_requirements("flask>=3\nrequests").digest


@pytest.mark.parametrize(
    "content",
    [b"a==1", b"\xef\xbb\xbfa==1", "\ufeffa==1".encode("utf-16-le"), b"\xfe\xff\0a\0=\0=\x001"],
)
def test_text_is_read_as_editors_and_shells_write_it(content: bytes) -> None:
    assert parse_requirements(decoded(content)).lines == ("a==1",)


@pytest.mark.parametrize("content", [b"\xff", b"\xff\xfea", b"a\0b", b"caf\xe9"])
def test_what_is_no_text_is_refused(content: bytes) -> None:
    with pytest.raises(RequirementsNotText):
        decoded(content)


@pytest.mark.parametrize("text", ["#" * 65_537, "\n".join(f"a{n}" for n in range(501))])
def test_no_more_than_so_much(text: str) -> None:
    with pytest.raises(RequirementsTooLarge):
        parse_requirements(text)

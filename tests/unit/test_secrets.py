"""Secrets are found wherever they stand, and what only looks like one is left alone."""

import base64
import sysconfig
import time
from itertools import islice
from pathlib import Path

import pytest

from mm_lsp.redact import Redactor, find, mask, scrub
from mm_lsp.text import Document, Position, Span
from tests.support.secrets import BODY, HEX, PEM_LINES, SECRETS, TOKENS, pem

LOGIN = base64.b64encode(b"deploy:Zk3" + b"qLw9Tb").decode()
VALUE = "Zk3q" + "Lw9TbX7" + "mPv2R"
MARKS = "k!7Qz" + "#pL0v$Wd9&"


def secrets_in(text: str) -> list[tuple[str, str]]:
    return [(finding.kind, text[finding.start : finding.end]) for finding in find(text)]


@pytest.mark.parametrize(("kind", "token"), TOKENS, ids=[kind for kind, _ in TOKENS])
@pytest.mark.parametrize(
    "form", ['key = "{}"', "KEY={}", "{}", "see {}.", "ä😀{}\n", r'"a\n{}\n"', "a={}&b=1", "<b>{}</b>"]
)
def test_a_marked_token_is_found_in_any_surroundings(kind: str, token: str, form: str) -> None:
    assert secrets_in(form.format(token)) == [(kind, token)]


@pytest.mark.parametrize(
    "text",
    [
        "AKIA" + HEX[:15].upper(), "xAKIA" + "ABCDEFGHIJKLMNOP", "ghp_" + BODY[:35], "ghx_" + BODY[:36],
        "github_pat_" + BODY[:21], "glpat-" + BODY[:19], "xoxb-" + BODY[:9], "AIza" + BODY[:34],
        "sk_live_" + BODY[:15], "sk-" + BODY[:19], "risk-management-of-everything-2024", "sk-toggleable__content",
        "npm_" + BODY[:35], "npm_config_registry_url_of_the_project", "pypi-AgEI" + BODY[:40], "hf_" + BODY[:33],
        "eyJhbGciOiJIUzI1NiJ9", "eyJhbGciOiJIUzI1NiJ9.abc.def", "SG." + BODY[:15], "AccountKey=",
        "dckr_pat_" + BODY[:19], "hvs." + BODY[:23], "lin_api_" + BODY[:31], "AGE-SECRET-KEY-1" + BODY[:57].upper(),
        "shpat_" + HEX[:31], "dapi" + HEX[:31], "12:AA" + BODY[:33], "https://hooks.slack.com/services/T/B",
        HEX * 2, "sha256-" + BODY[:43] + "=", "integrity sha512-" + BODY * 2 + "==",
        "123e4567-e89b-12d3-a456-426614174000", "data:image/png;base64," + BODY * 9,
    ],
)  # fmt: skip
def test_what_only_begins_like_a_token_is_left(text: str) -> None:
    assert secrets_in(text) == []


@pytest.mark.parametrize(
    ("text", "secret", "kind"),
    [
        (f'DB_PASSWORD = "{VALUE}"', VALUE, "password"),
        (f"dbPassword: '{VALUE}',", VALUE, "password"),
        (f"const dbPass = `{VALUE}`;", VALUE, "password"),
        (f'"api-key": "{VALUE}"', VALUE, "key"),
        (f'"apiKey" : "{VALUE}"', VALUE, "key"),
        (f"{{'access_key' => '{VALUE}'}}", VALUE, "key"),
        (f'clientSecret := "{VALUE}"', VALUE, "secret"),
        (f'SECRET_KEY_BASE="{VALUE}"', VALUE, "secret"),
        (f'auth_token: str = "{VALUE}"', VALUE, "token"),
        (f'private let token: String? = "{VALUE}"', VALUE, "token"),
        (f'os.environ["GIT_TOKEN"] = "{VALUE}"', VALUE, "token"),
        (f'if password == "{VALUE}":', VALUE, "password"),
        (f'builder.setPassword("{VALUE}")', VALUE, "password"),
        (f'string pwd = @"{VALUE}";', VALUE, "password"),
        (rf"{{\"password\": \"{VALUE}\"}}", VALUE, "password"),
        (f'<add key="ApiKey" value="{VALUE}"/>', VALUE, "key"),
        (f"<password>{VALUE}</password>", VALUE, "password"),
        (f'password = "{MARKS}"', MARKS, "password"),
        (f"DB_PASSWORD={VALUE}", VALUE, "password"),
        (f"a=1\nexport API_KEY={VALUE}\nb=2", VALUE, "key"),
        (f"  password: {VALUE}  # the old one\r\n", VALUE, "password"),
        (f"- secret: {VALUE}", VALUE, "secret"),
        (f"# spring.datasource.password={VALUE}", VALUE, "password"),
        (f"ENV PASSPHRASE={VALUE}", VALUE, "password"),
        (f"Server=a;User Id=b;Password={VALUE};Timeout=3", VALUE, "password"),
        (f"https://a.example/?access_token={VALUE}&page=2", VALUE, "token"),
        (f"tool --password={VALUE} --verbose", VALUE, "password"),
        (f'password = "Summer{2024}!Vaca' + 'tion"', "Summer2024!Vaca" + "tion", "password"),
        (f'password = "p\u00e4ss{VALUE}"', f"p\u00e4ss{VALUE}", "password"),
    ],
)
def test_what_is_assigned_to_a_secret_name_is_found(text: str, secret: str, kind: str) -> None:
    assert secrets_in(text) == [(kind, secret)]


@pytest.mark.parametrize(
    "text",
    [
        'password = "hunter2"', 'password = "hunter2hunter2"', 'password = "changeme-1234567890"', 'password = ""',
        'token = "example-8f3a9c1d7e5b"', 'api_key = "your-api-key-goes-here-123"', 'secret = "xxxxxxxxxxxx1234"',
        'api_key = "<your key of 32 letters>"', 'token = "${GITHUB_TOKEN_2024}"', 'token = "{{ vault.token_9 }}"',
        'token = "%(access_token_1)s"', 'password = "$DB_PASSWORD_2"', 'secret = os.environ["CLIENT_SECRET_1"]',
        'password = getpass("Password 1: ")', "password = config.database.password2", "token = parse_token_2(line)",
        'token = "user_access_token_field"', 'password = "passwordConfirmationField"', 'pass = "pipeline-step.two"',
        'token_url = "https://login.a.example/oauth2/token"', 'token = "https://login.a.example/oauth2/v2"',
        'secret = "/run/secrets/database-password-1"', 'secret = "kube-system/registry-credentials"',
        'token = "abcdefghijklmnopqrstuvwxyz012345"', f'bypass = "{VALUE}"', f'password_hash = "{VALUE}"',
        f'key = "{VALUE}"', f'primary_key = "{VALUE}"', f'tokenizer = "{VALUE}"', f"x = y.password {VALUE}",
        f"return token = {VALUE}", f"f(password={VALUE})", 'token = "<|end of prompt 9|>"',
        'password: "^[a-z0-9_]{3,16}$"',
        f'keyboard: "{VALUE}"', f"password: {VALUE} and more", "secret: ThatIsAClassNameOfOurs2",
        f'password = "{VALUE[:3]}" + "b"',
    ],
)  # fmt: skip
def test_words_references_and_stand_ins_are_left(text: str) -> None:
    assert secrets_in(text) == []


@pytest.mark.parametrize(
    ("text", "secret", "kind"),
    [
        (f"postgres://app:{VALUE}@db.example/a", VALUE, "url-password"),
        ("redis://:s3" + "cr@h3re@cache:6379", "s3cr@h3re", "url-password"),
        (f"Authorization: Bearer {VALUE}", VALUE, "bearer-token"),
        (f'"Authorization": "bearer {VALUE}"', VALUE, "bearer-token"),
        (f"Authorization: Basic {LOGIN}", LOGIN, "basic-auth"),
        (f"aws_secret_access_key = {BODY[:40]}", BODY[:40], "aws-secret-key"),
        (f'secretAccessKey: "{BODY[:39]}/"', f"{BODY[:39]}/", "aws-secret-key"),
        ("AWS_SECRET_ACCESS_KEY=" + "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", None, "aws-secret-key"),
        (f"DefaultEndpoints;AccountKey={BODY[:40] * 2}==;End", f"{BODY[:40] * 2}==", "azure-storage-key"),
        (f"//registry.npmjs.org/:_authToken={VALUE}x", f"{VALUE}x", "npm-token"),
        (f"machine a.example login me password {VALUE[:9]}\n", VALUE[:9], "password"),
        (f"machine a.example\n  login me\n  password {VALUE[:9]}\n", VALUE[:9], "password"),
    ],
)
def test_credentials_are_found_by_their_surroundings(text: str, secret: str | None, kind: str) -> None:
    assert secrets_in(text) == [(kind, secret or text.partition("=")[2])]


@pytest.mark.parametrize(
    "text",
    [
        "https://user:password@host", "https://user:${PASS}@host", "https://user:<password>@host",
        "ftp://%s:%s@%s", "https://{user}:{pw}@host", "http://host:8080/a@b", "mailto://a@b",
        "Authorization: Bearer <token>", "Authorization: Bearer ${TOKEN}", "a bearer of international-good-news",
        "Basic dXNlcjpwYXNzd29yZA==", "basic functionality", "basic internationalization",
        "aws_secret_access_key = path/to/the/key/of/this/application/x",
        f"secret_key_hash = {BODY[:41]}", "AccountKey=${KEY}",
        "//registry.npmjs.org/:_authToken=${NPM_TOKEN}", "machine learning password manager",
    ],
)  # fmt: skip
def test_credentials_of_manuals_are_left(text: str) -> None:
    assert secrets_in(text) == []


WHOLE_KEYS = {
    "RSA": pem("RSA PRIVATE KEY"),
    "EC": pem("EC PRIVATE KEY", PEM_LINES[-3:]),
    "PKCS 8": pem("PRIVATE KEY"),
    "OPENSSH": pem("OPENSSH PRIVATE KEY"),
    "encrypted": pem("RSA PRIVATE KEY", ["Proc-Type: 4,ENCRYPTED", "DEK-Info: AES-128-CBC,01234567", "", *PEM_LINES]),
    "PGP": pem("PGP PRIVATE KEY BLOCK", ["Version: GnuPG v2", "Comment: it's mine (really)", "", *PEM_LINES, "=tx4K"]),
    "SSH2": "\n".join(
        ("---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----", *PEM_LINES, "---- END SSH2 ENCRYPTED PRIVATE KEY ----")
    ),
    "one line": pem("RSA PRIVATE KEY").replace("\n", " "),
    "escapes": pem("RSA PRIVATE KEY").replace("\n", r"\n"),
    "escaped escapes": pem("RSA PRIVATE KEY").replace("\n", r"\\n"),
    "carriage returns": pem("RSA PRIVATE KEY").replace("\n", "\r\n"),
    "indented": pem("RSA PRIVATE KEY").replace("\n", "\n    "),
    "commented": pem("RSA PRIVATE KEY").replace("\n", "\n# "),
    "slashes": pem("RSA PRIVATE KEY").replace("\n", "\n// "),
    "Python strings": pem("RSA PRIVATE KEY").replace("\n", '\\n"\n    b"'),
    "Java strings": pem("RSA PRIVATE KEY").replace("\n", '\\n" +\n    "'),
    "an array": pem("RSA PRIVATE KEY").replace("\n", '",\n  "'),
    "a continued line": pem("RSA PRIVATE KEY").replace("\n", "\\n\\\n"),
}  # fmt: skip


@pytest.mark.parametrize("key", WHOLE_KEYS.values(), ids=list(WHOLE_KEYS))
def test_a_private_key_is_found_as_a_whole(key: str) -> None:
    text = f'before = 1\nkey = "{key}"\nafter = 2'
    assert secrets_in(text) == [("private-key", key)]


@pytest.mark.parametrize("key", WHOLE_KEYS.values(), ids=list(WHOLE_KEYS))
@pytest.mark.parametrize("after", ["", "\n\ndef main(): pass\n"])
def test_a_private_key_without_its_end_is_found(key: str, after: str) -> None:
    at = key.index(PEM_LINES[-2])
    text = scrub(f"a = 1\n{key[:at]}{after}")
    assert text.startswith("a = 1\n<redacted:private-key>")
    assert not any(line in text for line in PEM_LINES)
    assert text.endswith(after)


@pytest.mark.parametrize("key", WHOLE_KEYS.values(), ids=list(WHOLE_KEYS))
@pytest.mark.parametrize("before", ["", "def main(): pass\n\n"])
def test_a_private_key_without_its_beginning_is_found(key: str, before: str) -> None:
    at = key.index(PEM_LINES[1])
    text = scrub(f"{before}{key[at:]}\na = 1")
    assert text.startswith(before)
    assert text.endswith("<redacted:private-key>\na = 1")
    assert not any(line in text for line in PEM_LINES)


def test_a_putty_key_is_found() -> None:
    text = "Private-Lines: 3\n" + "\n".join(PEM_LINES) + "\nPrivate-MAC: 12"
    assert scrub(text) == "<redacted:private-key>\nPrivate-MAC: 12"


@pytest.mark.parametrize(
    "text",
    [
        pem("CERTIFICATE"), pem("PUBLIC KEY"), pem("RSA PUBLIC KEY"), pem("PGP PUBLIC KEY BLOCK"),
        'if line == "-----BEGIN RSA PRIVATE KEY-----":\n    return readThePrivateKeyOfTheUser(line)\n',
        'BEGIN = "-----BEGIN PRIVATE KEY-----"\nEND = "-----END PRIVATE KEY-----"\n',
        'BEGIN7="-----BEGIN PRIVATE KEY-----"\nEND12="-----END PRIVATE KEY-----"\n',
        "It begins with -----BEGIN PRIVATE KEY----- and ends with -----END PRIVATE KEY-----.",
        "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nXXXX\nXXXX\n-----END PRIVATE KEY-----",
        'text = "-----BEGIN PRIVATE KEY-----" + base64EncodedPrivateKey + "-----END PRIVATE KEY-----"',
        "\n".join(PEM_LINES),
    ],
)  # fmt: skip
def test_public_keys_and_talk_of_keys_are_left(text: str) -> None:
    assert secrets_in(text) == []


def test_two_keys_are_two() -> None:
    text = f"{pem('RSA PRIVATE KEY')}\n{pem('CERTIFICATE')}\n{pem('EC PRIVATE KEY')}"
    assert scrub(text) == f"<redacted:private-key>\n{pem('CERTIFICATE')}\n<redacted:private-key>"


def test_secrets_that_overlap_leave_no_rest() -> None:
    token = dict(TOKENS)["github-token"]
    assert scrub(f"postgres://me:x{token}!y@host") == "postgres://me:<redacted:url-password>@host"
    assert scrub(f'password = "Ab1!{token}?x"') == 'password = "<redacted:password>"'
    assert scrub(f"machine a login b password c{token}") == "machine a login b password <redacted:password>"
    assert scrub(f'password = "{token}"') == 'password = "<redacted:github-token>"'


@pytest.mark.parametrize("kind", SECRETS)
def test_nothing_of_it_is_logged(kind: str) -> None:
    head, secret, tail = SECRETS[kind]
    for text in (f"it said {head}{secret}{tail} and left", f"{head}{secret}{tail}"):
        assert secret not in mask(text)
        assert secret not in scrub(text)


def test_scrubbing_scrubbed_text_changes_nothing() -> None:
    text = scrub("\n".join(head + secret + tail for head, secret, tail in SECRETS.values()))
    assert scrub(text) == text


FILES = 2000
SUFFIXES = (".py", ".js", ".ts", ".json", ".md", ".txt", ".toml", ".yaml", ".cfg", ".c", ".h")


def shipped_files() -> list[Path]:
    """Half from the standard library with its tests, half from installed packages, spread over both."""
    roots = sysconfig.get_paths()
    found: list[Path] = []
    for root in ("stdlib", "purelib"):
        paths = sorted(path for path in Path(roots[root]).rglob("*") if path.suffix in SUFFIXES)
        if root == "stdlib":
            paths = [path for path in paths if "site-packages" not in path.parts]
        found += islice(paths, 0, None, max(1, 2 * len(paths) // FILES + 1))
    return found[:FILES]


def test_false_alarms_are_rare() -> None:
    """In what packages ship there are no secrets but those of examples."""
    began, read, alarmed = time.process_time(), 0, []
    for path in shipped_files():
        if path.stat().st_size < 100_000:
            read += 1
            if find(path.read_text("utf-8", "replace")):
                alarmed.append(path.name)
    assert read > 500
    assert len(alarmed) <= 0.01 * read, alarmed
    assert time.process_time() - began < 10


KEY = dict(TOKENS)["github-token"]
OTHER = dict(TOKENS)["npm-token"]
PEM = pem("RSA PRIVATE KEY")


def spot(line: int, column: int) -> Span:
    return Span(Position(line, column), Position(line, column))


def test_the_same_secret_has_the_same_placeholder_and_the_next_of_its_kind_a_number() -> None:
    redactor = Redactor()
    first, second = (f"ghp_{body}" for body in (BODY[:36], BODY[36:72]))
    assert redactor.text(f"{first} {second} {first} {OTHER}") == (
        "<redacted:github-token> <redacted:github-token:2> <redacted:github-token> <redacted:npm-token>"
    )
    assert redactor.text(second) == "<redacted:github-token:2>"
    assert [(one.kind, one.placeholder, one.count) for one in redactor.found] == [
        ("github-token", "<redacted:github-token>", 2),
        ("github-token", "<redacted:github-token:2>", 2),
        ("npm-token", "<redacted:npm-token>", 1),
    ]
    assert first not in repr(redactor.found) + str(redactor.found) + repr(redactor)


def test_another_request_knows_nothing_of_it() -> None:
    assert Redactor().restored(Redactor().text(KEY)) == "<redacted:github-token>"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("<redacted:github-token>", KEY),
        ("a <redacted:github-token>b<redacted:github-token>", f"a {KEY}b{KEY}"),
        ("<REDACTED:GitHub-Token>", KEY),
        ("< redacted : github-token >", KEY),
        ("<redacted:github-token:1>", KEY),
        ("<redacted:npm-token : 2>", "<redacted:npm-token : 2>"),
        ("<redacted:password>", "<redacted:password>"),
        ("<redacted>", "<redacted>"),
    ],
)
def test_what_comes_back_gets_its_originals(said: str, expected: str) -> None:
    redactor = Redactor()
    redactor.text(f"{KEY} {OTHER}")
    assert redactor.restored(said) == expected


def test_known_secrets_are_replaced_wherever_they_stand() -> None:
    redactor = Redactor(known=[("api-key", "plain words"), ("short", "seven77")])
    assert redactor.text("xplain wordsx seven77") == "x<redacted:api-key>x seven77"
    assert redactor.restored("<redacted:api-key>") == "plain words"


def test_switched_off_it_leaves_everything() -> None:
    redactor = Redactor(is_on=False, known=[("api-key", "plain words")])
    document = Document.of(f"plain words\n{KEY}")
    assert redactor.text(document.text) == document.text
    assert redactor.document(document, spot(0, 0), 10**9) == (document, spot(0, 0))


def test_a_text_that_has_been_through_passes_untouched() -> None:
    redactor = Redactor()
    once = redactor.text(f'password = "{VALUE}"; {KEY}')
    assert redactor.text(once) == once
    assert [one.count for one in redactor.found] == [1, 1]


@pytest.mark.parametrize(
    "text",
    ["<redacted:github-token>", "<redacted:github-token:2> <redacted:github-token>", "< Redacted:password:07 >"],
)
def test_what_people_wrote_like_a_placeholder_comes_back_as_it_was(text: str) -> None:
    document = Document.of(f"{KEY} {text}\n{text}")
    redactor = Redactor()
    redactor.text(KEY)
    shown, _ = redactor.document(document, spot(0, 0), 1000)
    assert redactor.restored(shown.text) == document.text
    assert [one.secret for one in redactor.found] == [KEY]


def test_a_document_without_secrets_is_the_same_document() -> None:
    document = Document.of("one\ntwo\n", "file:///a.py", "python", 7)
    assert Redactor().document(document, spot(1, 1), 10)[0] is document


def test_a_document_keeps_its_name_language_and_version() -> None:
    document = Document.of(f"a\n{KEY}", "file:///a.py", "python", 7)
    shown, _ = Redactor().document(document, spot(0, 0), 1000)
    assert (shown.uri, shown.language_id, shown.version) == ("file:///a.py", "python", 7)
    assert shown.text == "a\n<redacted:github-token>"


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (spot(0, 1), spot(0, 1)),
        (spot(1, 7), spot(1, 7)),
        (spot(1, 8), spot(1, 29)),
        (spot(4, 3), spot(1, 29)),
        (spot(6, 28), spot(1, 29)),
        (spot(6, 29), spot(1, 29)),
        (spot(6, 30), spot(1, 30)),
        (spot(7, 2), spot(2, 2)),
        (Span(Position(0, 0), Position(3, 1)), Span(Position(0, 0), Position(1, 29))),
        (Span(Position(2, 4), Position(7, 1)), Span(Position(1, 7), Position(2, 1))),
        (Span(Position(2, 4), Position(3, 4)), Span(Position(1, 7), Position(1, 29))),
        (Span(Position(1, 0), Position(1, 7)), Span(Position(1, 0), Position(1, 7))),
        (Span(Position(6, 29), Position(6, 30)), Span(Position(1, 29), Position(1, 30))),
    ],
)
def test_places_move_with_the_lines_of_a_key(place: Span, expected: Span) -> None:
    document = Document.of(f'top\nkey = "{PEM}"\nend')
    shown, span = Redactor().document(document, place, 10_000)
    assert shown.text == 'top\nkey = "<redacted:private-key>"\nend'
    assert span == expected


def test_only_the_neighbourhood_is_shown_in_whole_lines() -> None:
    document = Document.of("".join(f"line {number:04}\n" for number in range(1000)))
    shown, span = Redactor().document(document, spot(500, 3), 35)
    assert shown.text == "".join(f"line {number:04}\n" for number in range(497, 503))
    assert span == spot(3, 3)
    assert shown.body(3) == "line 0500"


@pytest.mark.parametrize("line", range(103, 107))
def test_the_middle_of_a_key_does_not_leak_into_a_small_window(line: int) -> None:
    rest = "x = 1\n" * 100
    document = Document.of(f"{rest}a = '''\n{PEM}\n'''\n{rest}")
    shown, span = Redactor().document(document, spot(line, 5), 20)
    assert shown.body(span.start.line) == "<redacted:private-key>"
    assert span.start.column == len("<redacted:private-key>")
    assert len(shown.lines) < 12


def test_a_window_beside_a_key_shows_all_or_nothing_of_it() -> None:
    rest = "x = 1\n" * 100
    document = Document.of(f"{rest}{PEM}\n{rest}")
    for reach in range(0, 400, 7):
        shown, span = Redactor().document(document, spot(95, 2), reach)
        assert set(shown.lines) <= {"x = 1\n", "<redacted:private-key>\n", ""}
        assert shown.body(span.start.line) == "x = 1"


def test_a_key_whose_marks_are_beyond_the_margin_by_far_costs_nothing() -> None:
    document = Document.of(f"{PEM}\n" + "x = 1\n" * 30_000)
    redactor = Redactor()
    shown, span = redactor.document(document, spot(20_000, 2), 60)
    assert shown.text == "x = 1\n" * 19
    assert span == spot(9, 2)
    assert redactor.found == ()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_all_line_ends_are_counted(end: str) -> None:
    document = Document.of(f"a{end}{PEM.replace(chr(10), end)}{end}b{end}")
    shown, span = Redactor().document(document, spot(7, 1), 10_000)
    assert shown.text == f"a{end}<redacted:private-key>{end}b{end}"
    assert span == spot(2, 1)

"""Globs, lists of globs, and the rules of ignore files."""

import time

import pytest

from mm_lsp.globs import Gitignore, Glob, excluded_by, expand_braces, matching, split_globs

THOUSAND = "{0,1,2,3,4,5,6,7,8,9}" * 3


@pytest.mark.parametrize(
    ("pattern", "patterns"),
    [
        ("a", ["a"]),
        ("", [""]),
        ("{a,b}", ["a", "b"]),
        ("x{a,b}y", ["xay", "xby"]),
        ("{a,b}{c,d}", ["ac", "ad", "bc", "bd"]),
        ("{a,{b,c}d}", ["a", "bd", "cd"]),
        ("{a,}", ["a", ""]),
        ("{a}", ["{a}"]),
        ("{}", ["{}"]),
        ("{a}/{b,c}", ["{a}/b", "{a}/c"]),
        ("{a,b", ["{a,b"]),
        ("a,b}", ["a,b}"]),
        ("{a,{b,c}", ["{a,b", "{a,c"]),
        (r"\{a,b}", [r"\{a,b}"]),
        (r"{a\,b,c}", [r"a\,b", "c"]),
        (r"{a,b\}", [r"{a,b\}"]),
        ("{1..3}", ["{1..3}"]),
        ("\\", ["\\"]),
        ("{a,b}" * 10, ["{a,b}" * 10]),
        ("{" * 1000, ["{" * 1000]),
        (THOUSAND + "{a,b}", [THOUSAND + "{a,b}"]),
        (THOUSAND + "a" * 6, [THOUSAND + "a" * 6]),  # 9,000 characters in all
        ("{" + "a," * 1000 + "b}", ["{" + "a," * 1000 + "b}"]),
    ],
)
def test_braces_are_expanded(pattern: str, patterns: list[str]) -> None:
    assert expand_braces(pattern) == patterns


def test_a_thousand_patterns_are_not_too_many() -> None:
    assert len(set(expand_braces(THOUSAND))) == 1000


@pytest.mark.parametrize(
    ("value", "globs"),
    [
        (None, []),
        (7, []),
        ({"a": 1}, []),
        ("", []),
        (" , \n", []),
        ("*.ts", ["*.ts"]),
        ("**/*.ts, **/*.tsx,src/{a,b}/*.js", ["**/*.ts", "**/*.tsx", "src/{a,b}/*.js"]),
        ("a\nb\r\nc", ["a", "b", "c"]),
        ("'a', \"b\"", ["a", "b"]),
        ("'a,b'", ["a", "b"]),
        ("[a, b]", ["a", "b"]),
        ("[*.ts, *.tsx]", ["*.ts", "*.tsx"]),
        ('["*.ts"]', ["*.ts"]),
        ("[*.ts]", ["*.ts"]),
        ("[ab]", ["[ab]"]),
        ("[ab].{c,d}, [ef]", ["[ab].{c,d}", "[ef]"]),
        ("[[ab].c, {d,e}]", ["[ab].c", "{d,e}"]),
        ("photos [2024/**, b", ["photos [2024/**", "b"]),
        ("{a, b", ["{a", "b"]),
        (r"a\,b, c", [r"a\,b", "c"]),
        ("[a,b}, c", ["[a", "b}", "c"]),
        (["a", "b, c", 1, None, ["d"], " 'e' "], ["a", "b", "c", "e"]),
        (["{a,b}"], ["{a,b}"]),
        (("a",), ["a"]),
        ("a" * 1025 + "," + "b" * 1024, ["b" * 1024]),
        ("x," * 300, ["x"] * 200),
    ],
)
def test_a_value_is_split_into_globs(value: object, globs: list[str]) -> None:
    assert split_globs(value) == globs


@pytest.mark.parametrize(
    ("pattern", "matched", "others"),
    [
        ("*.py", ["a.py", ".py", ".a.py"], ["a/b.py", "a.pyc", "py"]),
        ("**/*.py", ["a.py", "a/b.py", "a/.b/c.py"], ["a.pyc", "a.py/b"]),
        ("**", ["a", "a/b", ".a"], []),
        ("***", ["a", "a/b"], []),
        ("a/**", ["a/b", "a/b/c"], ["a", "ab", "b/a/c"]),
        ("a/", ["a/b", "a/b/c"], ["a"]),
        ("a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["ab", "a/xb", "x/a/b"]),
        ("**/a/**/**/b", ["a/b", "x/a/b", "x/a/y/z/b"], ["a/bb"]),
        ("a**b", ["ab", "axb"], ["a/b"]),
        ("**a/b", ["a/b", "xa/b"], ["x/a/b"]),
        ("a/*/b", ["a/x/b"], ["a/b", "a/x/y/b"]),
        ("?", ["a", "é", "😀", "."], ["/", "ab", ""]),
        ("a?b", ["axb"], ["a/b"]),
        ("[a-c]", ["a", "b", "c"], ["d", "-"]),
        ("[!a-c]x", ["dx"], ["ax", "/x"]),
        ("[^a]", ["b"], ["a"]),
        ("[]-]", ["]", "-"], ["a"]),
        ("[a-]", ["a", "-"], ["b"]),
        (r"[\]a]", ["]", "a"], ["\\"]),
        ("[é-ö]", ["é", "ö"], ["e"]),
        ("[[:digit:]x]", ["1", "x"], ["d", ":"]),
        ("[[:x:]]", [], ["x", ":", "["]),
        ("[[:a]", ["[", ":", "a"], ["b"]),
        ("[!a]", ["b"], ["/"]),
        ("[.-0]", [".", "0"], ["/"]),
        ("photos [2024/**", [], ["photos [2024/a", "photos 2/a"]),
        (r"photos \[2024/**", ["photos [2024/a"], ["photos 2/a"]),
        (r"\*", ["*"], ["a"]),
        ("a\\", [], ["a", "a\\"]),
        ("./a", ["a"], ["b/a", "./a"]),
        ("/a", ["a"], ["b/a"]),
        ("src/{a,b}/*.{c,h}", ["src/a/x.c", "src/b/x.h"], ["src/c/x.c", "src/a/x.b"]),
        ("{**/,}a", ["a", "x/a"], ["xa"]),
        ("{a,[b}", ["a"], ["b", "[b"]),
        ("{a}", ["{a}"], ["a"]),
        ("A", ["A"], ["a"]),
        ("", [], ["a"]),
        ("a" * 1024, ["a" * 1024], ["a" * 1023]),
        ("a" * 1025, [], ["a" * 1025]),
    ],
)
def test_a_glob_matches(pattern: str, matched: list[str], others: list[str]) -> None:
    glob = Glob.of(pattern)
    assert [path for path in matched + others if glob.matches(path)] == matched


@pytest.mark.parametrize(
    ("pattern", "matched", "others"),
    [
        ("*", ["a", "a/b"], []),
        ("**", ["a", "a/b"], []),
        ("**/*", ["a", "a/b"], []),
        ("*.py", ["a.py", "a/b.PY"], ["a.pyc"]),
        ("SRC/*.py", ["src/a.py", "x/Src/A.py"], ["src/x/a.py"]),
        ("/src/*.py", ["src/a.py"], ["x/src/a.py"]),
        ("**/a", ["a", "x/A"], []),
        ("{/a,b}", ["a", "b", "x/b"], ["x/a"]),
        ("a/", ["a/b", "x/a/b"], ["a"]),
    ],
)
def test_a_glob_matches_anywhere_and_in_any_case(pattern: str, matched: list[str], others: list[str]) -> None:
    glob = Glob.of(pattern, anywhere=True, ignore_case=True)
    assert [path for path in matched + others if glob.matches(path)] == matched


@pytest.mark.parametrize(
    ("pattern", "is_valid"),
    [("a", True), ("{a,}", True), ("[a", False), ("{a,[b}", False), ("", False), ("a\\", False), ("a" * 1025, False)],
)
def test_what_is_no_glob_says_so(pattern: str, is_valid: bool) -> None:
    assert Glob.of(pattern).is_valid is is_valid


@pytest.mark.parametrize(
    ("patterns", "negation", "found"),
    [
        ([], False, None),
        (["b", "*"], False, "*"),
        (["*", "a"], False, "*"),
        (["*", "!a"], True, None),
        (["*", "!b"], True, "*"),
        (["!a", "*"], True, "*"),
        (["*", "!a", "?"], True, "?"),
        (["*", "!a"], False, "*"),
        (["[a", "a"], False, "a"),
    ],
)
def test_the_first_that_matches_is_named(patterns: list[str], negation: bool, found: str | None) -> None:
    assert matching("a", patterns, negation=negation) == found


def test_a_bang_without_negation_is_a_character() -> None:
    assert matching("!a", ["!a"]) == "!a"


@pytest.mark.parametrize(
    "pattern",
    [
        "**/a/" * 10 + "b",
        "*a" * 100,
        "*" * 1024,
        "?" * 1024,
        "**/" * 341,
        "*a" * 512,
        "{" * 1024,
        "{a,b}" * 200,
        "{" + "*a," * 300 + "b}",
        "{a,b}" * 9 + "*a" * 2,
        "[" * 1024,
        "[ab]" * 256,
        "[!a-c]" * 170,
        "[" + "a-z" * 340 + "]*",
        "[[:" * 341,
    ],
)
@pytest.mark.parametrize("path", ["a/" * 99 + "aa", "a" * 200, "/".join(["ab"] * 67)[:200]])
def test_no_pattern_takes_long(pattern: str, path: str) -> None:
    glob = Glob.of(pattern)
    assert best_of_five(lambda: glob.matches(path)) < 0.005


def test_time_grows_with_the_path_not_faster() -> None:
    glob = Glob.of("**/" + "*a" * 200 + "b")
    short, long = (best_of_five(lambda n=n: [glob.matches("a" * n) for _ in range(8000 // n)]) for n in (200, 2000))
    assert long < 4 * short  # as many characters in all


def best_of_five(call) -> float:
    times: list[float] = []
    for _ in range(5):
        begun = time.process_time()
        call()
        times.append(time.process_time() - begun)
    return min(times)


@pytest.mark.parametrize(
    ("text", "excluded", "others"),
    [
        ("a", ["a", "x/a", "a/x"], ["ab", "b"]),
        ("/a", ["a"], ["x/a"]),
        ("a/b", ["a/b"], ["x/a/b"]),
        ("a/", ["a/x"], ["a"]),
        ("*.py", ["a.py", "x/a.py"], ["a.pyc"]),
        ("**/a", ["a", "x/a"], ["xa"]),
        ("a/**", ["a/x", "a/x/y"], ["a"]),
        ("a/**/b", ["a/b", "a/x/y/b"], ["a/xb"]),
        ("x/a**/b", ["x/ac/b", "x/ab", "x/ac/d/b"], ["x/b"]),  # as git: the stars begin what is left of the pattern
        ("a\n!a", [], ["a"]),
        ("a/\n!a/b", ["a/b"], []),  # what is in an excluded folder can't be taken back
        ("a/*\n!a/b", ["a/c"], ["a/b"]),
        ("# a\n\\#a\n\\!b", ["#a", "!b"], ["a", "b"]),
        ("a  \nb\\ \nc\\\\ ", ["a", "b ", "c\\"], ["b", "a  ", "c"]),
        ("a\r\nb\r", ["a", "b"], ["a\r"]),
        ("a\rb", ["a\rb"], ["a", "b"]),
        ("\ufeffa", ["a"], []),
        ("\t", ["\t"], []),
        ("a\\", [], ["a", "a\\"]),
        ("[a\n[[:x:]]", [], ["a", "[a", "x"]),
        ("[[:alpha:]]1", ["a1", "Z1"], ["11", "é1"]),
        ("\n \n/\n//\n!\n!/", [], ["a"]),
        ("A", ["A"], ["a"]),
        ("é?", ["éa"], ["é", "éé"]),  # two octets
    ],
)
def test_an_ignore_file_excludes_as_git_does(text: str, excluded: list[str], others: list[str]) -> None:
    files = [("", Gitignore.of(text))]
    assert [path for path in excluded + others if excluded_by(files, path)] == excluded


def test_a_rule_knows_its_line() -> None:
    rules = Gitignore.of("# no rule\n\n*.pem  \n!a.pem\r\nb/", source=".ignore").rules
    assert [(rule.source, rule.line, rule.pattern, rule.negated) for rule in rules] == [
        (".ignore", 2, "*.pem", False),
        (".ignore", 3, "!a.pem", True),
        (".ignore", 4, "b/", False),
    ]


@pytest.mark.parametrize(
    ("path", "is_dir", "line"),
    [("a", False, 0), ("a", True, 2), ("b/a", False, 0), ("b", False, 1), ("c", False, None)],
)
def test_the_last_rule_that_matches_decides(path: str, is_dir: bool, line: int | None) -> None:
    rule = Gitignore.of("a\n!b\n!a/").match(path, is_dir)
    assert (rule and rule.line) == line


def test_without_negation_a_bang_has_no_effect() -> None:
    gitignore = Gitignore.of("a\n!a", negation=False)
    assert excluded_by([("", gitignore)], "a") == ("", gitignore.rules[0])
    assert excluded_by([("", gitignore)], "!a") is None


@pytest.mark.parametrize(
    ("files", "path", "excluded_in"),
    [
        ([("", "x"), ("a", "!x")], "a/x", None),
        ([("a", "!x"), ("", "x")], "a/x", None),  # in whatever order
        ([("", "!x"), ("a", "x")], "a/x", "a"),
        ([("", "x"), ("", "!x")], "x", None),
        ([("", "!x"), ("", "x")], "x", ""),
        ([("", "a"), ("a", "!x")], "a/x", ""),
        ([("a/b", "/c")], "a/b/c", "a/b"),
        ([("a/b", "/c")], "a/c", None),
        ([("a", "x")], "ab/x", None),
        ([("a/b", "!x"), ("a", "x"), ("", "!x")], "a/b/x", None),
        ([("a/b", "!x"), ("a", "x"), ("", "!x")], "a/x", "a"),
        ([("a", "a")], "a", None),
    ],
)
def test_deeper_files_win(files: list[tuple[str, str]], path: str, excluded_in: str | None) -> None:
    found = excluded_by([(directory, Gitignore.of(text)) for directory, text in files], path)
    assert (found and found[0]) == excluded_in


@pytest.mark.parametrize(("path", "is_dir", "excluded"), [("a", True, True), ("a", False, False), ("a/b", False, True)])
def test_a_slash_at_the_end_means_folders(path: str, is_dir: bool, excluded: bool) -> None:
    assert bool(excluded_by([("", Gitignore.of("a/"))], path, is_dir)) is excluded

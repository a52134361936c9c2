"""What never leaves the machine."""

from pathlib import PurePosixPath

import pytest

from mm_lsp.workspace.ignore import reason_to_hold_back

HELD_BACK = [
    ".env", ".env.local", ".env.production", ".ENV", "server.pem", "private.key", "cert.p12", "cert.pfx",
    "my.jks", "my.keystore", "passwords.kdbx", "key.ppk", "vpn.ovpn", "id_rsa", "id_rsa.old", "id_dsa",
    "id_ecdsa", "id_ed25519", "ID_RSA", ".netrc", "_netrc", ".pgpass", ".npmrc", ".pypirc", ".htpasswd",
    ".git-credentials", "my-service-account.json", "service-account-prod.json", "credentials.json",
    "aws-credentials-old.json", "secrets.yml", "secrets.yaml", "secrets.json", "secrets.toml", "Secrets.YAML",
    "terraform.tfvars", "terraform.tfstate", "terraform.tfstate.backup", ".vault-token", ".aws/credentials",
    ".kube/config", ".docker/config.json", ".env~", ".env-old", ".env_backup", ".env.bak", "#.env#", ".envrc",
    "master.key", "prod.tfvars", "prod.auto.tfvars.json", ".config/gcloud/legacy/me/credentials.db",
    "gcloud/credentials.db",
]  # fmt: skip
SENT = [
    ".env.example", ".env.sample", ".env.template", ".env.dist", "id_rsa.pub", "id_ed25519.pub", "env.py",
    "environment.py", ".envrc.md", "main.py", "key.py", "keys.go", "pem.c", "credentials.py", "secrets.py",
    "secret.txt", "config.json", "kube/config", "aws/credentials.go", "README.md", ".gitignore",
    "docker/config.json", ".env-example", ".env_sample",
    "credentials.db", "example.tfvars.md", ".environment", "monkey", "keyboard.kt", "test_id_rsa.py",
]  # fmt: skip


@pytest.mark.parametrize("name", HELD_BACK)
@pytest.mark.parametrize("folder", ["", "/home/me/project", "sub"])
def test_files_that_hold_secrets_are_held_back(name: str, folder: str) -> None:
    reason = reason_to_hold_back(PurePosixPath(folder) / name)
    assert reason == f"files named like {PurePosixPath(name).name} hold secrets"


@pytest.mark.parametrize("name", SENT)
def test_other_files_are_not(name: str) -> None:
    assert reason_to_hold_back(PurePosixPath("/home/me/project") / name) is None


@pytest.mark.parametrize(
    ("pattern", "path", "held"),
    [
        ("*.sql", "/w/a/dump.sql", True),
        ("*.sql", "/w/a/dump.sqlite", False),
        ("dump.sql", "/w/a/dump.sql", True),
        ("private", "/w/private/a/b.py", True),
        ("private/", "/w/private/a/b.py", True),
        ("/private", "/w/private/a/b.py", True),
        ("private", "/w/privateer/b.py", False),
        ("a/*.py", "/w/a/b.py", True),
        ("a/*.py", "/w/ba/b.py", False),
        ("a/private", "/w/a/private/x/y.py", True),
        ("a/private/", "/w/a/private/x/y.py", True),
        ("**/gen/*.py", "/w/x/gen/y.py", True),
        ("[ab].py", "/w/a.py", True),
        ("[ab].py", "/w/c.py", False),
        ("", "/w/a.py", False),
        ("/", "/w/a.py", False),
        ("*", "/w/a.py", True),
        ("*.{sql,csv}", "/w/a/dump.csv", True),
        ("a/**/c.py", "/w/a/x/y/c.py", True),
        ("a/*.py", "/w/a/b/c.py", False),
        ("*.py/x", "/w/a.py", False),
        ("A.py", "/w/a.py", False),
        ("[", "/w/a.py", False),
    ],
)
def test_the_users_own_patterns(pattern: str, path: str, held: bool) -> None:
    reason = reason_to_hold_back(PurePosixPath(path), ["never", pattern])
    assert reason == (f"privacy.ignore names it ({pattern})" if held else None)


def test_a_users_pattern_binds_an_example_too() -> None:
    assert reason_to_hold_back(PurePosixPath("/w/.env.example"), [".env*"]) == "privacy.ignore names it (.env*)"

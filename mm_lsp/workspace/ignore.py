"""What never leaves the machine, by the file's name or the user's own patterns."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import PurePath

_DENIED = (
    ".env", ".env.*", ".envrc", "*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx", "*.ppk", "*.ovpn",
    "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", ".netrc", "_netrc", ".pgpass", ".npmrc", ".pypirc",
    ".htpasswd", ".git-credentials", "*service-account*.json", "*credentials*.json", "secrets.yml", "secrets.yaml",
    "secrets.json", "secrets.toml", "terraform.tfvars", "*.tfstate*", ".vault-token",
)  # fmt: skip
_DENIED_PATHS = (".aws/credentials", ".kube/config", ".docker/config.json")
_ALLOWED = (".env.example", ".env.sample", ".env.template", ".env.dist", "*.pub")


def reason_to_hold_back(path: PurePath, patterns: Sequence[str] = ()) -> str | None:
    """Why nothing of this file may go to a model, as the end of a sentence; None if it may."""
    name = path.name.lower()
    posix = path.as_posix().lower()
    allowed = any(fnmatchcase(name, pattern) for pattern in _ALLOWED)
    if not allowed and any(fnmatchcase(name, pattern) for pattern in _DENIED):
        return f"files named like {path.name} hold secrets"
    if any(posix.endswith(f"/{denied}") or posix == denied for denied in _DENIED_PATHS):
        return f"files named like {path.name} hold secrets"
    for pattern in patterns:
        if _matches(path, pattern):
            return f"privacy.ignore names it ({pattern})"
    return None


def _matches(path: PurePath, pattern: str) -> bool:
    """A pattern without a slash is a name anywhere in the path; with one, the end of the path."""
    wanted = pattern.strip("/")
    if "/" not in wanted:
        return any(fnmatchcase(part, wanted) for part in path.parts)
    return fnmatchcase(path.as_posix(), f"*/{wanted}") or fnmatchcase(path.as_posix(), f"*/{wanted}/*")

"""What never leaves the machine, by the file's name or the user's own patterns. Ignore files: `ignore_files`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from mm_lsp.globs import Gitignore, Glob

# In lower case, in the form of an ignore file: the last line that matches decides.
_SECRETS = Gitignore.of("""
.env
.env[-_.]*
.env~
\\#.env*\\#
.envrc
*.pem
*.key
*.p12
*.pfx
*.jks
*.keystore
*.kdbx
*.ppk
*.ovpn
id_rsa*
id_dsa*
id_ecdsa*
id_ed25519*
.netrc
_netrc
.pgpass
.npmrc
.pypirc
.htpasswd
.git-credentials
*service-account*.json
*credentials*.json
secrets.yml
secrets.yaml
secrets.json
secrets.toml
*.tfvars
*.tfvars.json
*.tfstate*
.vault-token
!.env[-_.]example
!.env[-_.]sample
!.env[-_.]template
!.env[-_.]dist
!*.pub
**/.aws/credentials
**/.kube/config
**/.docker/config.json
**/gcloud/**/credentials.db
""")


def reason_to_hold_back(path: PurePath, patterns: Sequence[str] = ()) -> str | None:
    """Why nothing of this file may go to a model, as the end of a sentence; None if it may."""
    posix = path.as_posix().lstrip("/")
    rule = _SECRETS.match(posix.lower(), is_dir=False)
    if rule and not rule.negated:
        return f"files named like {path.name} hold secrets"
    pattern = next((pattern for pattern in patterns if _matches(posix, pattern)), None)
    return None if pattern is None else f"privacy.ignore names it ({pattern})"


def _matches(path: str, pattern: str) -> bool:
    """The pattern is the end of the path, or a folder on the way."""
    wanted = pattern.strip("/")
    return bool(wanted) and any(Glob.of(f"**/{wanted}{below}").matches(path) for below in ("", "/**"))

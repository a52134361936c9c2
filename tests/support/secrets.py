"""One secret of every kind, put together here so that nothing in this repository looks like one."""

import base64
import hashlib

HEX = hashlib.sha256(b"hex").hexdigest()
BODY = "".join(
    base64.b64encode(hashlib.sha256(bytes([number])).digest()).decode().replace("+", "x").replace("/", "y")[:43]
    for number in range(4)
)
PEM_LINES = ["MII" + BODY[:61], BODY[61:125], BODY[20:84], "Zq3" + BODY[90:130] + "=="]


def pem(name: str, lines: list[str] = PEM_LINES) -> str:
    return "\n".join((f"-----BEGIN {name}-----", *lines, f"-----END {name}-----"))


TOKENS = [
    ("aws-access-key", "AKIA" + "ABCDEFGHIJKLMNOP"),
    ("aws-access-key", "ASIA" + "Q2R7ZX3KLM4NPT5V"),
    *(("github-token", f"gh{letter}_" + BODY[:36]) for letter in "pousr"),
    ("github-token", "github_pat_" + BODY[:22] + "_" + BODY[22:81]),
    ("gitlab-token", "glpat-" + BODY[:20]),
    ("gitlab-token", "glrt-" + BODY[:20]),
    *(("slack-token", f"xox{letter}-" + "2048219-" + BODY[:24]) for letter in "abpr"),
    ("slack-token", "xoxb-" + "a1b2c3d4e5"),
    ("google-api-key", "AIza" + BODY[:35]),
    ("google-oauth-secret", "GOCSPX-" + BODY[:28]),
    ("google-oauth-token", "ya29." + BODY[:60]),
    ("stripe-key", "sk_live_" + BODY[:24]),
    ("stripe-key", "rk_test_" + BODY[:24]),
    ("stripe-webhook-secret", "whsec_" + BODY[:32]),
    ("openai-key", "sk-" + BODY[:48]),
    ("openai-key", "sk-proj-" + BODY[:30] + "_" + BODY[30:60] + "-" + BODY[:9]),
    ("anthropic-key", "sk-ant-" + "api03-" + BODY[:80]),
    ("openrouter-key", "sk-or-" + "v1-" + HEX),
    ("npm-token", "npm_" + BODY[:36]),
    ("pypi-token", "pypi-AgEI" + BODY[:70]),
    ("hugging-face-token", "hf_" + ("ABCDEFGHIJ" + "klmnopqrstuvwxyzabcdefgh")),
    ("jwt", "eyJ" + "hbGciOiJIUzI1NiJ9" + ".eyJ" + BODY[:30] + "." + BODY[:43]),
    ("sendgrid-key", "SG." + BODY[:22] + "." + BODY[:43]),
    ("twilio-key", "SK" + HEX[:32]),
    ("discord-token", "MTIz" + "NDU2Nzg5MDEyMzQ1Njc4" + ".GhIjKl." + BODY[:38]),
    ("telegram-token", "1234567890" + ":AA" + BODY[:33]),
    ("shopify-token", "shpat_" + HEX[:32]),
    ("digitalocean-token", "dop_v1_" + HEX),
    ("databricks-token", "dapi" + HEX[:32]),
    ("docker-token", "dckr_pat_" + BODY[:27]),
    ("vault-token", "hvs." + BODY[:24]),
    ("linear-key", "lin_api_" + BODY[:40]),
    ("notion-token", "secret_" + BODY[:43]),
    ("notion-token", "ntn_" + BODY[:46]),
    ("age-secret-key", "AGE-SECRET-KEY-1" + ("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L" * 2)[:58]),
    ("grafana-token", "glsa_" + BODY[:32] + "_" + HEX[:8]),
    ("new-relic-key", "NRAK-" + "ABCDEFGHIJKLMNOPQRSTUVWXYZ0"),
    ("postman-key", "PMAK-" + HEX[:24] + "-" + HEX[:34]),
    ("rubygems-key", "rubygems_" + HEX[:48]),
    ("atlassian-token", "ATATT3" + BODY[:100]),
    ("pulumi-token", "pul-" + HEX[:40]),
    ("planetscale-token", "pscale_tkn_" + BODY[:43]),
    ("sentry-token", "sntryu_" + HEX),
    ("square-token", "sq0csp-" + BODY[:43]),
    ("groq-key", "gsk_" + BODY[:52]),
    ("replicate-token", "r8_" + BODY[:37]),
    ("perplexity-key", "pplx-" + BODY[:48]),
    ("xai-key", "xai-" + BODY[:80]),
    ("tailscale-key", "tskey-auth-" + BODY[:30]),
    ("figma-token", "figd_" + BODY[:40]),
    ("brevo-key", "xkeysib-" + HEX + "-" + BODY[:16]),
    ("1password-token", "ops_eyJ" + BODY[:120]),
    ("supabase-token", "sbp_" + HEX[:40]),
    ("netlify-token", "nfp_" + BODY[:36]),
    ("contentful-token", "CFPAT-" + BODY[:43]),
    ("alibaba-access-key", "LTAI" + BODY[:20]),
    ("artifactory-key", "AKCp" + BODY[:69]),
    ("clojars-token", "CLOJARS_" + HEX[:60]),
]
_VALUE = "Zk3q" + "Lw9TbX7" + "mPv2R"
# kind: what stands before it, the secret, what stands behind it.
SECRETS = {
    **{kind: ("", token, "") for kind, token in TOKENS},
    "private-key": ("", pem("RSA PRIVATE KEY"), ""),
    "url-password": ("postgres://me:", _VALUE, "@host"),
    "password": ('db_password = "', _VALUE, '"'),
    "secret": ("'clientSecret': '", _VALUE, "'"),
    "token": ('token: "', _VALUE, '"'),
    "key": ('api_key = "', _VALUE, '"'),
    "bearer-token": ("Authorization: Bearer ", _VALUE, ""),
    "basic-auth": ("Authorization: Basic ", base64.b64encode(b"me:" + _VALUE.encode()).decode(), ""),
    "aws-secret-key": ("aws_secret_access_key = ", BODY[:40], ""),
    "azure-storage-key": (";AccountKey=", BODY[:86] + "==", ";"),
    "slack-webhook": ("https://hooks.slack.com/services/", "T0AB12CDE/B0AB12CDE/" + BODY[:24], ""),
    "discord-webhook": ("https://discord.com/api/webhooks/123456789012345678/", BODY[:68], ""),
}

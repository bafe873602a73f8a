"""Write the secrets of a new installation: `python3 deploy/make_secrets.py deploy/secrets`.

What is there already is kept. WeCom's own come from its admin console: those files are left empty,
and the product says at the start which one is missing.
"""

import base64
import secrets
import sys
from pathlib import Path

FROM_WECOM = (
    "wecom_secret",
    "wecom_contacts_secret",
    "wecom_callback_token",
    "wecom_callback_aes_key",
)


def main(folder: Path) -> None:
    """Make what is missing, for this user's eyes only."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    known = folder / "postgres_password"
    password = known.read_text(encoding="utf-8") if known.exists() else secrets.token_urlsafe(24)
    made = {
        "postgres_password": password,
        "database_url": f"postgresql://guide:{password}@postgres:5432/guide",
        "secret_key": secrets.token_urlsafe(50),
        "data_keys": f"1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
        "index_key": secrets.token_urlsafe(32),
        "metrics_token": secrets.token_urlsafe(24),
        **dict.fromkeys(FROM_WECOM, ""),
    }
    for name, value in made.items():
        file = folder / name
        if not file.exists():
            file.write_text(value, encoding="utf-8")
            file.chmod(0o644)  # containers read it as other users; the folder keeps others out


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""Files between their preview and its confirmation: kept for a day, handed out only to who uploaded them.

On disk under DATA_DIR, because a session has no room for them and a form field must not carry what the server trusts.
"""

import time
import uuid
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core import signing

KEEP_S = 24 * 3600
_SALT = "knowledge.import"


@dataclass(frozen=True)
class Upload:
    """A kept file, the base it is for, and the token that finds it again."""

    data: bytes
    name: str
    base_id: uuid.UUID
    token: str


class UploadGoneError(Exception):
    """The token is not valid, not this user's, or its file is gone; the message says what to do."""


def keep(data: bytes, *, name: str, base_id: uuid.UUID, user_id: object) -> Upload:
    """Store an upload, and remove those that nobody confirmed for a day."""
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    _remove_old(folder)
    key = uuid.uuid4().hex
    (folder / key).write_bytes(data)
    token = signing.dumps([key, name, str(base_id), str(user_id)], salt=_SALT)
    return Upload(data, name, base_id, token)


def find(token: str, *, user_id: object) -> Upload:
    """Return the upload of this user's token, or raise UploadGoneError."""
    try:
        key, name, base_id, owner = signing.loads(token, salt=_SALT, max_age=KEEP_S)
        if owner != str(user_id):
            raise UploadGoneError("This preview belongs to somebody else. Choose the file yourself.")
        return Upload((_folder() / key).read_bytes(), name, uuid.UUID(base_id), token)
    except (signing.BadSignature, OSError) as error:
        raise UploadGoneError("This preview is no longer there. Choose the file again.") from error


def forget(upload: Upload) -> None:
    """Remove the file of an upload that was imported."""
    key = signing.loads(upload.token, salt=_SALT)[0]
    (_folder() / key).unlink(missing_ok=True)


def _folder() -> Path:
    return Path(settings.DATA_DIR) / "uploads"


def _remove_old(folder: Path) -> None:
    for path in folder.iterdir():
        if time.time() - path.stat().st_mtime > KEEP_S:
            path.unlink(missing_ok=True)

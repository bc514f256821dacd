"""Settings of the tests: the product's own, with a throw-away key, folder and database, and nothing of the reader's."""

import os
import tempfile

_TAKEN = ("CHAT_MODEL", "OPENAI_API_KEY", "OPENAI_BASE_URL", "REDIS_URL", "CHROMA_URL", "EMBEDDING_MODEL", "HTTPS")
for name in _TAKEN:
    os.environ.pop(name, None)
os.environ["SECRET_KEY"] = "only-for-tests-only-for-tests-only-for-tests-only"
os.environ["DEBUG"] = "0"
# All tests ask from one address.
for name in ("VISITOR", "ADDRESS", "KEY"):
    os.environ[f"LIMIT_{name}_PER_MINUTE"] = "0"
_folder = tempfile.TemporaryDirectory(prefix="candor-tests-")
os.environ["DATA_DIR"] = _folder.name

from config.settings import *  # noqa: E402, F403
from config.settings import DATABASES  # noqa: E402

if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file, as in the product: in memory the threads of one test would fail on each other's table locks.
    DATABASES["default"]["TEST"] = {"NAME": f"{_folder.name}/test.sqlite3"}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

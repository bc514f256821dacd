"""Settings, addresses and processes: what the apps are composed into, and nothing of their own work."""

import os

# Before anything imports numpy. Its products are small here: several threads for one question would cost more than they
# save, and take the machine from the others.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from config.celery import app as celery_app

__all__ = ["celery_app"]

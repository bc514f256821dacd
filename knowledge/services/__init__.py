"""Everything that changes knowledge: HTTP, the admin, commands and tasks all come through here."""

from knowledge.services.bases import change_language
from knowledge.services.calibration import CalibrationReport, Golden, calibrate, set_calibration
from knowledge.services.entries import (
    EntryChangedError,
    EntryGoneError,
    delete_bases,
    delete_entries,
    request_indexing,
    restore_version,
    retry_indexing,
    save_entry,
    set_status,
)
from knowledge.services.golden import golden_of, keep_golden_question
from knowledge.services.imports import ImportReport, import_rows, plan_rows
from knowledge.services.index import check_index, rebuild_index, repair_index

__all__ = [
    "CalibrationReport",
    "EntryChangedError",
    "EntryGoneError",
    "Golden",
    "ImportReport",
    "calibrate",
    "change_language",
    "check_index",
    "delete_bases",
    "delete_entries",
    "golden_of",
    "import_rows",
    "keep_golden_question",
    "plan_rows",
    "rebuild_index",
    "repair_index",
    "request_indexing",
    "restore_version",
    "retry_indexing",
    "save_entry",
    "set_calibration",
    "set_status",
]

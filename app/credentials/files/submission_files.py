"""The files of a submission.

A waiting file joins the submitted version and replaces a file of the same side. The other files of the last submission
are kept, as its facts are: after a rejection the worker uploads only the files that were wrong.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.access import Actor
from app.core.errors import DomainErrorGroup, NotFound, TooMany, collect_refusals
from app.core.fields import Changes, Input
from app.credential_types.tables import CredentialType
from app.credentials.files import version_files
from app.credentials.files.tables import Attachment, AttachmentSide
from app.credentials.files.version_files import PATH
from app.credentials.tables import Credential, CredentialVersion
from app.db import bulk, row_access
from app.db.session import Session


@dataclass(frozen=True)
class SubmissionFiles:
    """The files of a submission."""

    new: Sequence[Attachment]
    """The files that waited."""
    before: Sequence[Attachment]
    """The files of the last submission."""
    kept: Sequence[Attachment]
    """The files of the last submission that no new file replaces."""


async def read(
    session: Session, actor: Actor, credential: Credential, credential_type: CredentialType, input: Input
) -> SubmissionFiles:
    """Return the files of a submission. Raises DomainErrorGroup if files are missing, unsupported or too many."""
    waiting = await version_files.of_version(session, credential, None)
    named = input.get(PATH)
    new = waiting if named is None else await _named(session, actor, waiting, named)
    sides = {row.side for row in new} - {AttachmentSide.OTHER}
    before = await version_files.of_last_submission(session, credential)
    kept = [row for row in before if row.side not in sides]
    sides |= {row.side for row in kept}
    errors = version_files.missing_files(credential_type, sides)
    for row in new:
        with collect_refusals(errors):
            # The type may have changed since the upload.
            version_files.check_supported(credential_type, row.side, PATH)
    if len(kept) + len(new) > version_files.MAX_FILES:
        message = f"{PATH}: a version holds up to {version_files.MAX_FILES} files, including kept ones"
        errors.append(TooMany(message, (PATH,), limit=version_files.MAX_FILES))
    if errors:
        raise DomainErrorGroup(errors)
    return SubmissionFiles(new, before, kept)


async def write(session: Session, actor: Actor, version: CredentialVersion, files: SubmissionFiles) -> Changes:
    """Write the files of a submission to its version. Return the changes."""
    labels = [row.label for row in (*files.kept, *files.new)]
    version_files.copy(session, [row for row in files.kept if row.version_id != version.id], version)
    for row in files.new:
        row.version_id, row.attached_at = version.id, session.now
    version_files.record_changes(session, actor, version, [], labels)
    return version_files.media_files_change([row.label for row in files.before], labels)


async def _named(
    session: Session, actor: Actor, waiting: Sequence[Attachment], keys: Sequence[str]
) -> list[Attachment]:
    bulk.check_length(keys, PATH, version_files.MAX_FILES)
    rows = []
    for index, key in enumerate(dict.fromkeys(keys)):
        path = (PATH, str(index))
        row = await row_access.find(session, actor, Attachment, key, path)
        if row not in waiting:
            raise NotFound(f"{'.'.join(path)}: the attachment {key} is not a waiting file of this credential", path)
        rows.append(row)
    return rows

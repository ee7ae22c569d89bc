"""Applicants in the graph."""

from datetime import datetime
from functools import partial

from app.access import Actor, Scope
from app.credentials import queries as credentials
from app.events import queries as events
from app.graph.credentials.listing import CREDENTIAL_LIST
from app.graph.dsl.connections import Connection
from app.graph.dsl.context import Context
from app.graph.dsl.fields import edge, listing, mutation, node, permission, query
from app.graph.dsl.mutation_input import ChangeInput, MutationInput
from app.graph.dsl.types import input, member, scalar
from app.graph.events.listing import EVENT_LIST
from app.graph.references import CREDENTIAL, EVENT
from app.graph.workers.listing import APPLICANT_LIST
from app.graph.workers.person import CredentialOwner, PersonBy, PersonContent, find_person
from app.workers import deletion, editing, people, permissions, queries


@node(queries.applicant_by_id, scope=Scope.WORKERS_READ)
class Applicant(CredentialOwner):
    """Someone who may become a worker, and may already hold credentials."""

    credentials: Connection[CREDENTIAL] | None = edge(
        credentials.by_applicant, "The credentials they hold.", key="id", **CREDENTIAL_LIST
    )
    activity: Connection[EVENT] | None = edge(
        events.by_subject, "What happened to their record.", key="id", **EVENT_LIST
    )
    created_at: datetime = scalar("When the record was added.")
    last_updated: datetime = scalar("When the record last changed.")
    deleted_at: datetime | None = scalar("When it was deleted, if it is.")
    viewer_can_update: bool = permission(
        "Whether you could update it now.",
        queries.applicant_by_id,
        Scope.WORKERS_WRITE,
        permissions.update,
        reads=permissions.READS,
    )
    viewer_can_delete: bool = permission(
        "Whether you could delete it now.",
        queries.applicant_by_id,
        Scope.WORKERS_WRITE,
        permissions.delete,
        reads=permissions.READS,
    )
    viewer_can_restore: bool = permission(
        "Whether you could restore it now.",
        queries.applicant_by_id,
        Scope.WORKERS_WRITE,
        permissions.restore,
        reads=permissions.READS,
    )


@input
class ApplicantCreateInput(PersonContent, MutationInput):
    """A new applicant."""


@input
class ApplicantUpdateInput(PersonContent, ChangeInput):
    """An applicant and what to change: what is absent stays as it is, what is null is cleared."""

    applicant: PersonBy = member("Which applicant.", default=...)


@input
class ApplicantReplaceInput(PersonContent, ChangeInput):
    """An applicant and all that is to be known of them: what is absent is cleared."""

    applicant: PersonBy = member("Which applicant.", default=...)


@input
class ApplicantDeleteInput(ChangeInput):
    """An applicant to delete."""

    applicant: PersonBy = member("Which applicant.", default=...)


@input
class ApplicantRestoreInput(ChangeInput):
    """An applicant whose deletion to undo."""

    applicant: PersonBy = member("Which applicant.", default=...)


def _applicant(context: Context, actor: Actor, by: PersonBy) -> Applicant | None:
    return find_person(context, actor, people.APPLICANT, queries.applicant_by_id, by)


QUERIES = [
    query(
        "applicant",
        _applicant,
        "One applicant; null when there is none.",
        scope=Scope.WORKERS_READ,
        by=(PersonBy, "Which one."),
    ),
    listing("applicants", queries.applicants, Applicant, "The organization's applicants.", **APPLICANT_LIST),
]

_ONE = (Applicant, "The applicant as it is now; null when refused.")
MUTATIONS = [
    mutation(
        "applicantCreate",
        partial(editing.create, people.APPLICANT),
        ApplicantCreateInput,
        "Adds an applicant.",
        scope=Scope.WORKERS_WRITE,
        applicant=_ONE,
    ),
    mutation(
        "applicantUpdate",
        partial(editing.update, people.APPLICANT),
        ApplicantUpdateInput,
        "Changes what is sent of an applicant.",
        scope=Scope.WORKERS_WRITE,
        applicant=_ONE,
    ),
    mutation(
        "applicantReplace",
        partial(editing.replace, people.APPLICANT),
        ApplicantReplaceInput,
        "Writes an applicant anew; what is not sent is cleared.",
        scope=Scope.WORKERS_WRITE,
        applicant=_ONE,
    ),
    mutation(
        "applicantDelete",
        partial(deletion.delete, people.APPLICANT),
        ApplicantDeleteInput,
        "Deletes an applicant softly: it leaves the lists, and can be restored.",
        scope=Scope.WORKERS_WRITE,
        applicant=_ONE,
    ),
    mutation(
        "applicantRestore",
        partial(deletion.restore, people.APPLICANT),
        ApplicantRestoreInput,
        "Undoes the deletion of an applicant.",
        scope=Scope.WORKERS_WRITE,
        applicant=_ONE,
    ),
]

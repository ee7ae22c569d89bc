"""The `Applicant` type, its queries and its mutations."""

from datetime import datetime
from functools import partial
from typing import Any

from app.access import Actor, Scope
from app.credentials import queries as credentials
from app.events import queries as events
from app.graph.credentials.listing import CREDENTIAL_LIST
from app.graph.dsl.connections import Connection
from app.graph.dsl.context import Context
from app.graph.dsl.fields import edge, listing, mutation, node, old_name, query
from app.graph.dsl.mutation_input import ChangeInput, MutationInput
from app.graph.dsl.types import input, member, scalar
from app.graph.events.listing import EVENT_LIST
from app.graph.type_references import CREDENTIAL, EVENT
from app.graph.workers.listing import APPLICANT_LIST
from app.graph.workers.person import ApplicantBy, CredentialOwner, PersonContent, can, find_person
from app.workers import deletion, editing, people, permissions, queries

WRITE: dict[str, Any] = {"scope": Scope.WORKERS_WRITE}


@node(queries.applicant_by_id, scope=Scope.WORKERS_READ)
class Applicant(CredentialOwner):
    """A person who may become a worker, and who can already hold credentials."""

    credentials: Connection[CREDENTIAL] | None = edge(
        credentials.by_applicant, "The credentials that the applicant holds.", key="id", **CREDENTIAL_LIST
    )
    activity: Connection[EVENT] | None = edge(events.by_subject, "The events of the applicant.", key="id", **EVENT_LIST)
    created_at: datetime = scalar("The time the applicant was created.")
    updated_at: datetime = scalar("The time of the last change.")
    deleted_at: datetime | None = scalar("The time of deletion; null if the applicant is not deleted.")
    viewer_can_update: bool = can(
        "True if the viewer can update the applicant now.", queries.applicant_by_id, permissions.update
    )
    viewer_can_delete: bool = can(
        "True if the viewer can delete the applicant now.", queries.applicant_by_id, permissions.delete
    )
    viewer_can_undelete: bool = can(
        "True if the viewer can undo the deletion now.", queries.applicant_by_id, permissions.undelete
    )
    viewer_can_restore: bool = can(
        "The old name of `viewerCanUndelete`.",
        queries.applicant_by_id,
        permissions.undelete,
        deprecated="Use `viewerCanUndelete`.",
    )


@input
class ApplicantCreateInput(PersonContent, MutationInput):
    """The fields of the new applicant."""


@input
class ApplicantUpdateInput(PersonContent, ChangeInput):
    """The applicant and the fields to change. Absent fields keep their values; null clears them."""

    applicant: ApplicantBy = member("The applicant.", default=...)


@input
class ApplicantReplaceInput(PersonContent, ChangeInput):
    """The applicant and all of its fields. Absent fields are cleared."""

    applicant: ApplicantBy = member("The applicant.", default=...)


@input
class ApplicantDeleteInput(ChangeInput):
    """The applicant to delete."""

    applicant: ApplicantBy = member("The applicant.", default=...)


@input
class ApplicantUndeleteInput(ChangeInput):
    """The deleted applicant to bring back."""

    applicant: ApplicantBy = member("The applicant.", default=...)


def _applicant(context: Context, actor: Actor, by: ApplicantBy) -> Applicant | None:
    return find_person(context, actor, people.APPLICANT, queries.applicant_by_id, by)


QUERIES = [
    query(
        "applicant",
        _applicant,
        "Look up an applicant by id, work email or external id; null if there is none.",
        scope=Scope.WORKERS_READ,
        by=(ApplicantBy, "The applicant."),
    ),
    listing("applicants", queries.applicants, Applicant, "List the organization's applicants.", **APPLICANT_LIST),
]

APPLICANT_PAYLOAD: dict[str, Any] = {"applicant": (Applicant, "The applicant after the mutation; null if refused.")}
APPLICANT_UNDELETE = mutation(
    "applicantUndelete",
    partial(deletion.undelete, people.APPLICANT),
    ApplicantUndeleteInput,
    "Undo the deletion of an applicant, with their credentials as they were.",
    **WRITE,
    **APPLICANT_PAYLOAD,
)
MUTATIONS = [
    mutation(
        "applicantCreate",
        partial(editing.create, people.APPLICANT),
        ApplicantCreateInput,
        "Create an applicant.",
        **WRITE,
        **APPLICANT_PAYLOAD,
    ),
    mutation(
        "applicantUpdate",
        partial(editing.update, people.APPLICANT),
        ApplicantUpdateInput,
        "Update the sent fields of an applicant.",
        **WRITE,
        **APPLICANT_PAYLOAD,
    ),
    mutation(
        "applicantReplace",
        partial(editing.replace, people.APPLICANT),
        ApplicantReplaceInput,
        "Replace all fields of an applicant. Absent fields are cleared.",
        **WRITE,
        **APPLICANT_PAYLOAD,
    ),
    mutation(
        "applicantDelete",
        partial(deletion.delete, people.APPLICANT),
        ApplicantDeleteInput,
        "Delete an applicant. A deleted applicant leaves the lists; this can be undone. Their credentials leave the "
        "lists with them and refuse changes (DELETED), and no registry is asked about them. A credential that a worker "
        "holds too stays the worker's; any other can still be transferred or linked to somebody else, or purged.",
        **WRITE,
        **APPLICANT_PAYLOAD,
    ),
    APPLICANT_UNDELETE,
    old_name("applicantRestore", APPLICANT_UNDELETE),
]

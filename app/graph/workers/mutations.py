"""The mutations of workers."""

from datetime import date
from functools import partial
from typing import Any

import strawberry

from app.access import Scope
from app.graph.dsl.bulk_payload import BulkResult, bulk_payload
from app.graph.dsl.fields import mutation, old_name
from app.graph.dsl.mutation_input import ChangeInput, MutationInput
from app.graph.dsl.types import input, member, output, scalar
from app.graph.workers.person import PersonContent, WorkerBy
from app.graph.workers.worker import Worker
from app.workers import bulk_upsert, deletion, editing, people
from app.workers.bulk_upsert import RehirePolicy, UpsertStatus
from app.workers.tables import EmploymentStatus, WorkerType

WRITE: dict[str, Any] = {"scope": Scope.WORKERS_WRITE}


@input
class EmploymentInput:
    """The employment of a worker in the organization."""

    job_title: str | None = member("The job title.")
    worker_type: WorkerType | None = member("The type of worker. Defaults to `EMPLOYEE`.")
    status: EmploymentStatus | None = member("The employment status. Defaults to `ACTIVE`.")
    start_date: date | None = member("The first day of employment.")
    end_date: date | None = member("The last day of employment.")
    team: str | None = member("The team.")
    department: str | None = member("The department.")
    job_family: str | None = member("The job family.")
    organization_level1: str | None = member("The first level of the organization's hierarchy.")
    organization_level2: str | None = member("The second level of the organization's hierarchy.")
    organization_level3: str | None = member("The third level of the organization's hierarchy.")
    org_unit: strawberry.ID | None = member("The id of the org unit that the worker belongs to.")


@input
class AddressInput:
    """The address of a worker."""

    country: str | None = member("The country.")
    zip_code: str | None = member("The postal code.")
    state_or_province: str | None = member("The state or province.")


@input
class ManagerInput:
    """The manager of a worker."""

    id: strawberry.ID | None = member("The id of the manager's worker record.")
    first_name: str | None = member("The manager's first name.")
    last_name: str | None = member("The manager's last name.")
    external_id: str | None = member(
        "The manager's id in the worker's source system, for a worker without one in the only source system that has "
        "it. Without `id`, the worker with this external id becomes the manager, at once or when they are created or "
        "restored, unless that would close a circle of managers."
    )


@input
class ProfileInput:
    """The public profile of a worker."""

    photo_url: str | None = member("The URL of a photo.")
    bio: str | None = member("A short biography.")
    vanity_url: str | None = member("The URL of the public profile.")


@input
class WorkerContent(PersonContent):
    """The fields of a worker."""

    employment: EmploymentInput | None = member("The employment.")
    address: AddressInput | None = member("The address.")
    manager: ManagerInput | None = member("The manager.")
    profile: ProfileInput | None = member("The public profile.")


@input
class WorkerCreateInput(WorkerContent, MutationInput):
    """The fields of the new worker."""


@input
class WorkerUpdateInput(WorkerContent, ChangeInput):
    """The worker and the fields to change. Absent fields keep their values; null clears them."""

    worker: WorkerBy = member("The worker.", default=...)


@input
class WorkerReplaceInput(WorkerContent, ChangeInput):
    """The worker and all of its fields. Absent fields are cleared."""

    worker: WorkerBy = member("The worker.", default=...)


@input
class WorkerDeleteInput(ChangeInput):
    """The worker to delete."""

    worker: WorkerBy = member("The worker.", default=...)


@input
class WorkerUndeleteInput(ChangeInput):
    """The deleted worker to bring back."""

    worker: WorkerBy = member("The worker.", default=...)


@input
class WorkersUpsertInput(MutationInput):
    """The workers to create, update or restore."""

    rows: list[WorkerContent] = member(
        "Up to 500 workers, each with a `source.externalId`. Known workers are updated, deleted ones are restored, "
        "others are created.",
        default=...,
    )
    rehire: RehirePolicy = member("The treatment of a row whose worker is deleted.", default=RehirePolicy.RESTORE)


@output
class WorkerUpsertResult(BulkResult):
    """The result of one row."""

    status: UpsertStatus = scalar("The outcome of the row.")
    worker: Worker | None = scalar("The worker; null if the row failed.")


WORKER_PAYLOAD: dict[str, Any] = {"worker": (Worker, "The worker after the mutation; null if refused.")}
WORKER_UNDELETE = mutation(
    "workerUndelete",
    partial(deletion.undelete, people.WORKER),
    WorkerUndeleteInput,
    "Undo the deletion of a worker, with their credentials, exemptions and assignments as they were. A request that "
    "they had answered waits for a decision again. Other requests stay withdrawn, and rules raise new ones for "
    "what is missing.",
    **WRITE,
    **WORKER_PAYLOAD,
)
MUTATIONS = [
    mutation(
        "workerCreate",
        partial(editing.create, people.WORKER),
        WorkerCreateInput,
        "Create a worker.",
        **WRITE,
        **WORKER_PAYLOAD,
    ),
    mutation(
        "workerUpdate",
        partial(editing.update, people.WORKER),
        WorkerUpdateInput,
        "Update the sent fields of a worker.",
        **WRITE,
        **WORKER_PAYLOAD,
    ),
    mutation(
        "workerReplace",
        partial(editing.replace, people.WORKER),
        WorkerReplaceInput,
        "Replace all fields of a worker. Absent fields are cleared.",
        **WRITE,
        **WORKER_PAYLOAD,
    ),
    mutation(
        "workerDelete",
        partial(deletion.delete, people.WORKER),
        WorkerDeleteInput,
        "Delete a worker. A deleted worker leaves the lists; this can be undone. Their open requests are withdrawn. "
        "Their credentials, requests, exemptions and assignments leave the lists with them and refuse changes "
        "(DELETED), and no registry is asked about them. A credential that an applicant holds too lives on as the "
        "applicant's; any other can still be transferred or linked to somebody else, or purged.",
        **WRITE,
        **WORKER_PAYLOAD,
    ),
    WORKER_UNDELETE,
    old_name("workerRestore", WORKER_UNDELETE),
    mutation(
        "workersUpsert",
        bulk_upsert.upsert,
        WorkersUpsertInput,
        "Create, update or restore up to 500 workers by their source. Each row succeeds or fails on its own.",
        **WRITE,
        **bulk_payload(
            WorkerUpsertResult,
            "The number of rows created, updated, restored or unchanged.",
            items="each row",
            failed="The number of rows that failed.",
            total="The number of rows in the input.",
        ),
    ),
]

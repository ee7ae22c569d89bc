"""Changes of workers: their inputs, results and mutations."""

from datetime import date
from functools import partial
from typing import Any

import strawberry

from app.access import Scope
from app.graph.dsl.bulk_payload import each, refusals
from app.graph.dsl.fields import mutation
from app.graph.dsl.mutation_input import ChangeInput, MutationInput
from app.graph.dsl.types import input, member, output, scalar
from app.graph.dsl.user_errors import UserError
from app.graph.workers.person import PersonBy, PersonContent
from app.graph.workers.worker import Worker
from app.workers import deletion, editing, people, upsert
from app.workers.tables import EmploymentStatus, WorkerType
from app.workers.upsert import UpsertStatus

WRITE: dict[str, Any] = {"scope": Scope.WORKERS_WRITE}


@input
class EmploymentInput:
    """How someone works for the organization."""

    job_title: str | None = member("The job title.")
    worker_type: WorkerType | None = member("How they work for the organization; EMPLOYEE when not given.")
    status: EmploymentStatus | None = member("Where the employment stands; ACTIVE when not given.")
    start_date: date | None = member("The first day.")
    end_date: date | None = member("The last day.")
    team: str | None = member("The team.")
    department: str | None = member("The department.")
    job_family: str | None = member("The job family.")
    organization_level1: str | None = member("The first level of the organization.")
    organization_level2: str | None = member("The second level of the organization.")
    organization_level3: str | None = member("The third level of the organization.")
    org_unit: strawberry.ID | None = member("The org unit they belong to.")


@input
class AddressInput:
    """Where someone is."""

    country: str | None = member("The country.")
    zip_code: str | None = member("The postal code.")
    state_or_province: str | None = member("The state or province.")


@input
class ManagerInput:
    """Someone's manager."""

    id: strawberry.ID | None = member("The manager, as a worker here.")
    first_name: str | None = member("The manager's first name.")
    last_name: str | None = member("The manager's last name.")
    external_id: str | None = member("The manager's id in the system of record.")


@input
class ProfileInput:
    """How someone presents themselves."""

    photo_url: str | None = member("The address of a photo.")
    bio: str | None = member("A few words about them.")
    vanity_url: str | None = member("The address of their public profile.")


@input
class WorkerContent(PersonContent):
    """What can be written of a worker."""

    employment: EmploymentInput | None = member("How they work for the organization.")
    address: AddressInput | None = member("Where they are.")
    manager: ManagerInput | None = member("Their manager.")
    profile: ProfileInput | None = member("How they present themselves.")


@input
class WorkerCreateInput(WorkerContent, MutationInput):
    """A new worker."""


@input
class WorkerUpdateInput(WorkerContent, ChangeInput):
    """A worker and what to change: what is absent stays as it is, what is null is cleared."""

    worker: PersonBy = member("Which worker.", default=...)


@input
class WorkerReplaceInput(WorkerContent, ChangeInput):
    """A worker and all that is to be known of them: what is absent is cleared."""

    worker: PersonBy = member("Which worker.", default=...)


@input
class WorkerDeleteInput(ChangeInput):
    """A worker to delete."""

    worker: PersonBy = member("Which worker.", default=...)


@input
class WorkerRestoreInput(ChangeInput):
    """A worker whose deletion to undo."""

    worker: PersonBy = member("Which worker.", default=...)


@input
class WorkersUpsertInput(MutationInput):
    """Workers as the system of record has them."""

    rows: list[WorkerContent] = member(
        "Up to 500 workers, each with a source.externalId. Known ones are updated, others are added.",
        default=...,
    )


@output
class WorkerUpsertResult:
    """What became of one row."""

    index: int = scalar("The row's place in the input, from 0.")
    status: UpsertStatus = scalar("What became of it.")
    worker: Worker | None = scalar("The worker, unless it failed.")
    errors: list[UserError] = refusals("Why it failed.")


_ONE = (Worker, "The worker as it is now; null when refused.")
MUTATIONS = [
    mutation(
        "workerCreate",
        partial(editing.create, people.WORKER),
        WorkerCreateInput,
        "Adds a worker.",
        **WRITE,
        worker=_ONE,
    ),
    mutation(
        "workerUpdate",
        partial(editing.update, people.WORKER),
        WorkerUpdateInput,
        "Changes what is sent of a worker.",
        **WRITE,
        worker=_ONE,
    ),
    mutation(
        "workerReplace",
        partial(editing.replace, people.WORKER),
        WorkerReplaceInput,
        "Writes a worker anew; what is not sent is cleared.",
        **WRITE,
        worker=_ONE,
    ),
    mutation(
        "workerDelete",
        partial(deletion.delete, people.WORKER),
        WorkerDeleteInput,
        "Deletes a worker softly: it leaves the lists, and can be restored.",
        **WRITE,
        worker=_ONE,
    ),
    mutation(
        "workerRestore",
        partial(deletion.restore, people.WORKER),
        WorkerRestoreInput,
        "Undoes the deletion of a worker.",
        **WRITE,
        worker=_ONE,
    ),
    mutation(
        "workersUpsert",
        upsert.upsert,
        WorkersUpsertInput,
        "Adds or updates up to 500 workers by their source; rows stand or fall alone.",
        **WRITE,
        **each(
            WorkerUpsertResult,
            "How many rows were added, updated or unchanged.",
            items="each row",
            failed="How many rows failed.",
            total="How many rows there were.",
        ),
    ),
]

"""The health check for load balancers and monitoring."""

from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import JSONResponse

from app.db.database import Database


class HealthEndpoint:
    """Answers `/health`: 200 if the database answers, 503 if it does not."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def __call__(self, _request: Request) -> JSONResponse:
        """Answer one request."""
        try:
            async with self._database.reading() as session:
                await session.execute(text("SELECT 1"))
        except Exception:
            return JSONResponse({"status": "the database does not answer"}, 503)
        return JSONResponse({"status": "ok"})

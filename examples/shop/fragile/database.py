"""A session for each request."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

__all__ = ["Session"]


# mistake: commit-after-response
async def get_session(request: Request) -> AsyncIterator[AsyncSession]:
    """Yield a session whose work is committed when the request is done."""
    async with request.state.sessions() as session:
        yield session
        await session.commit()


Session = Annotated[AsyncSession, Depends(get_session)]
# end

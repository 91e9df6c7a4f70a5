"""Pictures of products."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, HTTPException

from examples.shop.held.models import Picture
from examples.shop.held.service import Session, hold
from examples.shop.models import Product
from examples.shop.schemas import PictureOut

if TYPE_CHECKING:
    from holdfast.service.upload import Received as Upload
else:
    # held: whole-upload
    Upload = hold.upload("picture")

__all__ = ["router"]

router = APIRouter(tags=["pictures"])


@router.post("/products/{product_id}/pictures", status_code=201)
async def add_picture(product_id: int, upload: Upload, session: Session) -> PictureOut:
    """Keep a picture of a product."""
    if await session.get(Product, product_id) is None:
        raise HTTPException(404, f"no product {product_id}")
    # held: client-file-name
    picture = Picture(product_id=product_id, name=upload.file.name, size=upload.file.size)
    session.add(picture)
    await session.flush()
    return PictureOut(id=picture.id, name=picture.name, size=picture.size)

"""Pictures of products."""

from __future__ import annotations

import os

from fastapi import APIRouter, HTTPException, UploadFile

from examples.shop.fragile.database import Session
from examples.shop.fragile.models import Picture
from examples.shop.models import Product
from examples.shop.schemas import PictureOut

__all__ = ["router"]

FOLDER = "pictures"

router = APIRouter(tags=["pictures"])


@router.post("/products/{product_id}/pictures", status_code=201)
async def add_picture(product_id: int, file: UploadFile, session: Session) -> PictureOut:
    """Keep a picture of a product."""
    if await session.get(Product, product_id) is None:
        raise HTTPException(404, f"no product {product_id}")
    os.makedirs(FOLDER, exist_ok=True)
    # mistake: whole-upload
    content = await file.read()
    # mistake: client-file-name
    with open(f"{FOLDER}/{file.filename}", "wb") as kept:
        kept.write(content)
    picture = Picture(product_id=product_id, name=str(file.filename), size=len(content))
    session.add(picture)
    await session.flush()
    return PictureOut(id=picture.id, name=picture.name, size=len(content))

"""A small order service, twice: `fragile` as teams write it in good faith, `held` as holdfast mends it.

Both forms answer the same routes with the same payloads over the same data:

    GET  /products                        a page of the catalogue, with category, rating and stock
    GET  /products/{product_id}           one product, with its latest reviews; cached
    POST /products/{product_id}/pictures  keeps an uploaded picture
    GET  /search                          products by a part of their names, with their pictures
    POST /orders                          reserves stock and charges the payment provider
    GET  /orders/{order_id}               an order, as it stands
    GET  /report                          sales statistics: computed, not looked up

What was looked up is in the worker's memory, and in Redis too where there is one.

What is neutral they share: `models`, `schemas`, `database`, `seed`, `ordering`, `sales`. What is right or
wrong under load is in their own folders, and `mistakes` puts the two side by side.
"""

"""The seeds' own figures, to stand beside ours. Milliseconds and operations per second."""

from typing import Final, NamedTuple


class Figure(NamedTuple):
    ms: float
    per_s: float


CLIENTS: Final = (1, 10, 100)
S1: Final = "S1, raw sockets"
S2: Final = "S2, REST and gRPC"

# Of each operation by 1, 10 and 100 clients of each side.
MARKETPLACE: Final[dict[str, dict[str, tuple[Figure, Figure, Figure]]]] = {
    S1: {
        "get_seller_rating": (Figure(1.699, 629.1), Figure(6.506, 1601.3), Figure(68.929, 1468.8)),
        "search_items": (Figure(1.289, 893.7), Figure(4.170, 2455.8), Figure(55.809, 1831.2)),
        "display_items_for_sale": (Figure(1.722, 600.1), Figure(5.987, 1692.6), Figure(73.735, 1404.5)),
        "register_item_for_sale": (Figure(0.755, 1328.3), Figure(4.325, 2313.9), Figure(74.815, 1351.5)),
    },
    S2: {
        "get_seller_rating": (Figure(36.253, 27.6), Figure(82.153, 121.8), Figure(765.169, 110.1)),
        "search_items": (Figure(37.060, 27.0), Figure(88.800, 112.7), Figure(830.612, 102.5)),
        "display_items_for_sale": (Figure(65.754, 15.2), Figure(272.643, 37.3), Figure(2534.762, 33.6)),
        "register_item_for_sale": (Figure(68.453, 14.6), Figure(196.613, 50.9), Figure(1840.752, 46.6)),
    },
}

# S3: milliseconds at the client, the front end, the catalog and the order tier, by clients, operation and cache.
BOOKSTORE: Final[dict[tuple[int, str, str], tuple[float, float, float, float | None]]] = {
    (1, "search", "on"): (67.2, 15.9, 2.9, None),
    (1, "search", "off"): (110.2, 55.3, 2.6, None),
    (1, "lookup", "on"): (90.1, 38.8, 1.8, None),
    (1, "lookup", "off"): (100.8, 52.1, 1.96, None),
    (1, "buy", "on"): (396.5, 346.0, 2.5, 278.2),
    (1, "buy", "off"): (373.9, 321.0, 2.61, 255.7),
    (5, "search", "on"): (92.9, 22.4, 3.0, None),
    (5, "search", "off"): (103.4, 59.9, 3.6, None),
    (5, "lookup", "on"): (103.3, 44.6, 2.19, None),
    (5, "lookup", "off"): (120.3, 60.9, 2.2, None),
    (5, "buy", "on"): (400.8, 341.0, 2.9, 271.3),
    (5, "buy", "off"): (404.1, 325.0, 2.6, 260.4),
    (10, "search", "on"): (70.7, 14.5, 4.2, None),
    (10, "search", "off"): (118.3, 66.2, 4.4, None),
    (10, "lookup", "on"): (99.6, 46.1, 2.29, None),
    (10, "lookup", "off"): (129.1, 67.4, 2.5, None),
    (10, "buy", "on"): (463.3, 374.0, 3.1, 301.2),
    (10, "buy", "off"): (437.0, 360.0, 3.2, 288.3),
}

# S3, at the front end.
HIT_MS: Final = 1.967
MISS_MS: Final = 9.044
# S1, every item of a seller with 7000 of them.
WHOLE_LIST_MS: Final = 244.32
# S2 over S1 at ten clients.
LAYERS_KEEP: Final = {
    "get_seller_rating": 0.08,
    "search_items": 0.05,
    "display_items_for_sale": 0.02,
    "register_item_for_sale": 0.02,
}

# S4. Requests in all, of each client thread, and per second, which it was "over"; throughput of two servers over one.
ALBUM_REQUESTS: Final = 600_000
ALBUM_REQUESTS_OF_A_THREAD: Final = 2000
ALBUM_REQUESTS_PER_S: Final = 2000.0
SECOND_SERVER: Final = 1.5

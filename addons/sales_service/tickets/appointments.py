"""The way of an appointment, as states and the steps between them."""

STATES = [
    ("proposed", "Proposed"),
    ("offered", "Offered"),
    ("confirmed", "Confirmed"),
    ("on_way", "On the way"),
    ("done", "Done"),
    ("missed", "Missed"),
    ("cancelled", "Cancelled"),
]
# What is still to come: it takes the agent's time.
LIVE = ("proposed", "offered", "confirmed", "on_way")
# The customer counts on it.
AGREED = ("confirmed", "on_way")

# By step: the states in which it is taken, and the one it leads to.
STEPS = {
    "confirm": (("proposed", "offered"), "confirmed"),
    "go": (("confirmed",), "on_way"),
    # Also who came without a word to the customer was there.
    "done": (("proposed", *AGREED), "done"),
    "miss": (AGREED, "missed"),
    "cancel": (LIVE, "cancelled"),
}

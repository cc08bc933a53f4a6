"""What the hidden tests of exercise 24 use; it never leaves the teacher."""

CHEAPEST = {
    "small": 0.064,
    "medium": 0.130,
    "large": 0.260,
}  # dollars an hour, with one replica each


def check_price(lab, times):
    """Compare each bill with that of the cheapest fleet that keeps the objective."""
    for load, least in CHEAPEST.items():
        price = fleet_of(lab, load).price
        assert price <= times * least, f"the {load} load: {price:.3f} dollars an hour"

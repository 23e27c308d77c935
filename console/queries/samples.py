"""Queries over the demo data, to copy and change."""

from typing import NamedTuple


class Sample(NamedTuple):
    slug: str
    name: str
    about: str
    sql: str


SAMPLES = (
    Sample(
        "revenue-by-month",
        "Revenue by month",
        "Orders, buyers and revenue of each month of the last year.",
        """\
SELECT
  TD_TIME_FORMAT(time, 'yyyy-MM') AS month,
  COUNT(*) AS orders,
  COUNT(DISTINCT customer_id) AS buyers,
  SUM(amount) AS revenue
FROM orders
WHERE status = 'completed'
  AND TD_INTERVAL(time, '-12M/now')
GROUP BY 1
ORDER BY 1""",
    ),
    Sample(
        "lapsed-customers",
        "Lapsed gold and platinum customers",
        "An audience to win back: good customers without an order for half a year.",
        """\
SELECT p.email, p.first_name, p.loyalty_tier, p.favourite_category
FROM customer_profile p
WHERE p.lifecycle = 'lapsed'
  AND p.loyalty_tier IN ('Gold', 'Platinum')
  AND p.email_opt_in
ORDER BY p.lifetime_value DESC""",
    ),
    Sample(
        "conversions-of-yesterday",
        "Conversions of yesterday",
        "Yesterday's orders with the hashed e-mail of the buyer, as advertisers ask for them.",
        """\
SELECT
  LOWER(TO_HEX(SHA256(TO_UTF8(LOWER(c.email))))) AS email_sha256,
  o.order_id,
  o.amount,
  TD_TIME_STRING(o.time, 's!') AS ordered_at
FROM orders o
JOIN customers c ON c.customer_id = o.customer_id
WHERE TD_INTERVAL(o.time, '-1d')
ORDER BY o.order_id""",
    ),
)
DATABASE = "demo"


def sample(slug):
    """Return the sample of that name, or None."""
    return next((each for each in SAMPLES if each.slug == slug), None)

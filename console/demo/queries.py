"""The saved queries of the demo."""

from typing import NamedTuple


class Saved(NamedTuple):
    name: str
    sql: str


REVENUE = Saved(
    "Revenue by month",
    """\
SELECT
  TD_TIME_FORMAT(time, 'yyyy-MM', 'UTC') AS month,
  COUNT(*) AS orders,
  COUNT(DISTINCT customer_id) AS buyers,
  SUM(amount) AS revenue
FROM orders
WHERE status = 'completed'
GROUP BY 1
ORDER BY 1 DESC""",
)
CATEGORIES = Saved(
    "Top categories",
    """\
SELECT
  category,
  COUNT(*) AS orders,
  SUM(items) AS items,
  SUM(amount) AS revenue
FROM orders
WHERE status = 'completed'
GROUP BY category
ORDER BY revenue DESC""",
)
ROKT = Saved(
    "Rokt conversions",
    """\
-- Orders of the last 30 days, with the buyer's e-mail address as a hash.
SELECT
  LOWER(TO_HEX(SHA256(TO_UTF8(LOWER(c.email))))) AS email_sha256,
  o.order_id AS confirmation_ref,
  o.amount,
  'USD' AS currency,
  TD_TIME_FORMAT(o.time, 'yyyy-MM-dd HH:mm:ss', 'UTC') AS conversion_time
FROM orders o
JOIN customers c ON c.customer_id = o.customer_id
WHERE o.status = 'completed'
  AND TD_INTERVAL(o.time, '-30d')
ORDER BY o.order_id""",
)
CLEVERTAP = Saved(
    "CleverTap profiles",
    """\
SELECT
  td_client_id AS identity,
  first_name || ' ' || last_name AS name,
  email,
  phone,
  loyalty_tier,
  lifecycle,
  order_count,
  lifetime_value
FROM customer_profile
WHERE email_opt_in
ORDER BY customer_id""",
)
KRUX = Saved(
    "Krux segments",
    """\
-- One line a person: the id, and the segments with commas between them.
SELECT
  td_client_id AS user_id,
  ARRAY_JOIN(ARRAY_AGG(segment ORDER BY segment), ',') AS td_segment
FROM (
  SELECT td_client_id, 'tier_' || LOWER(loyalty_tier) AS segment FROM customer_profile
  UNION ALL
  SELECT td_client_id, 'lifecycle_' || lifecycle FROM customer_profile
  WHERE lifecycle <> 'prospect'
) segments
GROUP BY td_client_id
ORDER BY td_client_id""",
)
LAPSED = Saved(
    "Lapsed gold & platinum",
    """\
-- Good customers without an order for three months or more.
SELECT
  td_client_id,
  email,
  first_name,
  loyalty_tier,
  lifecycle,
  favourite_category,
  order_count,
  lifetime_value
FROM customer_profile
WHERE loyalty_tier IN ('Gold', 'Platinum')
  AND lifecycle IN ('lapsed', 'at_risk')
ORDER BY lifetime_value DESC, td_client_id""",
)
# The last is the newest, and on top of the list.
SAVED = (KRUX, CLEVERTAP, ROKT, CATEGORIES, REVENUE, LAPSED)

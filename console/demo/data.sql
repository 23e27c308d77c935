-- Demo data as a pure function of the number of customers and the anchor date. Needs the variables
-- `customers` and `anchor` (epoch seconds of midnight). No hash() or random(): they may change
-- between versions of DuckDB, this arithmetic does not.
CREATE MACRO mix(x) AS ((x % 2147483647) * 48271) % 2147483647;
-- u(i, salt): uniform in [0, 1)
CREATE MACRO u(i, salt) AS (mix(xor(mix(xor(mix(i * 31 + salt * 7919 + 12345),
    salt * 2654435 + 977)), 1013904223 + i % 65537)) % 1000003) / 1000003.0;
CREATE MACRO pick(list, x) AS list_extract(list, 1 + floor(x * len(list))::INTEGER);
SET VARIABLE first_names = ['Aiko', 'Amara', 'Ana', 'Arjun', 'Ben', 'Carla', 'Chen', 'Chloe',
    'Daniel', 'Elif', 'Emma', 'Farah', 'Felix', 'Grace', 'Hana', 'Hugo', 'Ines', 'Ivan', 'Jack',
    'Jana', 'Kofi', 'Lara', 'Leo', 'Liam', 'Lucia', 'Mateo', 'Maya', 'Mei', 'Mia', 'Nadia',
    'Noah', 'Nora', 'Olga', 'Omar', 'Owen', 'Priya', 'Ravi', 'Rosa', 'Sam', 'Sara', 'Sofia',
    'Tariq', 'Tom', 'Uma', 'Vera', 'Wei', 'Yara', 'Yuki', 'Zane', 'Zoe'];
SET VARIABLE last_names = ['Abe', 'Adeyemi', 'Andersson', 'Bauer', 'Brown', 'Castillo', 'Chen',
    'Costa', 'Davis', 'Diaz', 'Dubois', 'Evans', 'Fischer', 'Garcia', 'Gupta', 'Haddad', 'Hansen',
    'Hill', 'Ito', 'Ivanova', 'Jansen', 'Johnson', 'Kaya', 'Khan', 'Kim', 'Kowalski', 'Lee',
    'Lopez', 'Mensah', 'Meyer', 'Miller', 'Moreau', 'Nakamura', 'Nguyen', 'Novak', 'Okafor',
    'Olsen', 'Patel', 'Popov', 'Reyes', 'Rossi', 'Sato', 'Silva', 'Singh', 'Smith', 'Tanaka',
    'Torres', 'Wang', 'Weber', 'Yilmaz'];
SET VARIABLE categories =
    ['Coffee', 'Coffee', 'Tea', 'Equipment', 'Mugs', 'Gifts', 'Subscriptions'];

-- table: demo.customers
CREATE TABLE customers AS
WITH drawn AS (
    SELECT i, u(i, 3) AS a, u(i, 4) AS w, u(i, 5) AS s,
        pick(getvariable('first_names'), u(i, 1)) AS f,
        pick(getvariable('last_names'), u(i, 2)) AS l
    FROM range(1, getvariable('customers') + 1) AS t(i)
)
SELECT i AS customer_id,
    'C' || lpad(i::VARCHAR, 8, '0') AS td_client_id,
    f AS first_name,
    l AS last_name,
    lower(f || '.' || l || i || '@example.com') AS email,
    '+1555' || lpad(((i * 7919) % 10000000)::VARCHAR, 7, '0') AS phone,
    pick(['US', 'US', 'US', 'US', 'JP', 'JP', 'GB', 'DE', 'FR', 'IN', 'BR', 'AU'], u(i, 6))
        AS country,
    (18 + floor(62 * pow(a, 1.3)))::INTEGER AS age,
    pick(['organic', 'organic', 'paid_search', 'paid_social', 'email', 'referral', 'store'],
        u(i, 7)) AS acquisition_channel,
    (getvariable('anchor') - floor(86400 * 900 * pow(s, 0.8)) - 86400)::BIGINT AS signup_time,
    u(i, 8) < 0.72 AS email_opt_in,
    u(i, 9) < 0.31 AS sms_opt_in,
    pow(1 - w, 2.2) AS propensity
FROM drawn;

-- Order k of a customer exists while k < 1 + 24 * propensity^2.5: a power law.
-- table: demo.orders
CREATE TABLE orders AS
WITH kept AS (
    SELECT c.*, k, customer_id * 64 + k AS n
    FROM customers AS c, range(0, 25) AS r(k)
    WHERE u(c.customer_id, 40) < 0.93 AND k < 1 + floor(24 * pow(propensity, 2.5))
)
SELECT row_number() OVER (ORDER BY customer_id, k) AS order_id,
    customer_id,
    (signup_time + (getvariable('anchor') - signup_time) * pow(u(n, 11), 0.7))::BIGINT AS time,
    pick(getvariable('categories'), u(n, 12)) AS category,
    (1 + floor(4 * pow(u(n, 13), 3)))::INTEGER AS items,
    round(6 + 90 * pow(u(n, 14), 2), 2)::DECIMAL(10, 2) AS amount,
    pick(['web', 'web', 'app', 'store'], u(n, 15)) AS channel,
    CASE WHEN u(n, 16) < 0.035 THEN 'refunded' ELSE 'completed' END AS status
FROM kept
ORDER BY order_id;

-- table: demo.pageviews
CREATE TABLE pageviews AS
WITH kept AS (
    SELECT c.*, k, customer_id * 64 + k AS n
    FROM customers AS c, range(0, 40) AS r(k)
    WHERE k < 2 + floor(38 * pow(propensity, 1.2))
)
SELECT (signup_time + (getvariable('anchor') - signup_time) * pow(u(n, 21), 0.55))::BIGINT AS time,
    td_client_id,
    customer_id,
    '/' || lower(pick(getvariable('categories'), u(n, 22))) || '/'
        || (1 + floor(60 * u(n, 23)))::INTEGER AS path,
    pick(['direct', 'search', 'email', 'social', 'affiliate'], u(n, 24)) AS referrer,
    pick(['mobile', 'mobile', 'mobile', 'desktop', 'desktop', 'tablet'], u(n, 25)) AS device,
    (3 + floor(240 * pow(u(n, 26), 2.5)))::INTEGER AS seconds
FROM kept
ORDER BY customer_id, k;

-- table: demo.email_events
CREATE TABLE email_events AS
WITH kept AS (
    SELECT c.*, k, customer_id * 64 + k AS n, u(customer_id * 64 + k, 32) AS x
    FROM customers AS c, range(0, 12) AS r(k)
    WHERE email_opt_in AND u(customer_id * 64 + k, 33) < 0.6
)
SELECT (getvariable('anchor') - 86400 * 7 * k - floor(u(n, 31) * 36000))::BIGINT AS time,
    customer_id,
    'newsletter_' || lpad((26 - k)::VARCHAR, 2, '0') AS campaign,
    CASE WHEN x < 0.09 * (1 + propensity) THEN 'click'
        WHEN x < 0.34 * (1 + propensity) THEN 'open' ELSE 'delivered' END AS event
FROM kept
ORDER BY customer_id, k;

-- table: demo.customer_profile
CREATE TABLE customer_profile AS
WITH bought AS (
    SELECT customer_id, count(*) AS orders, sum(amount) AS spent, max(time) AS last_order_time
    FROM orders WHERE status = 'completed' GROUP BY 1
),
favourite AS (
    SELECT customer_id, category FROM orders WHERE status = 'completed'
    GROUP BY customer_id, category
    QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY count(*) DESC, category) = 1
)
SELECT c.* EXCLUDE (propensity),
    coalesce(b.orders, 0) AS order_count,
    coalesce(b.spent, 0)::DECIMAL(12, 2) AS lifetime_value,
    b.last_order_time,
    CASE WHEN b.spent >= 600 THEN 'Platinum' WHEN b.spent >= 250 THEN 'Gold'
        WHEN b.spent >= 80 THEN 'Silver' ELSE 'Bronze' END AS loyalty_tier,
    CASE WHEN b.last_order_time IS NULL THEN 'prospect'
        WHEN b.last_order_time < getvariable('anchor') - 86400 * 180 THEN 'lapsed'
        WHEN b.last_order_time < getvariable('anchor') - 86400 * 90 THEN 'at_risk'
        ELSE 'active' END AS lifecycle,
    f.category AS favourite_category
FROM customers AS c
LEFT JOIN bought AS b USING (customer_id)
LEFT JOIN favourite AS f USING (customer_id)
ORDER BY customer_id;
ALTER TABLE customers DROP COLUMN propensity;

-- The two days in October 2014 that the examples in TD's documentation ask for.
-- table: sample_datasets.www_access
CREATE TABLE www_access AS
SELECT '10.' || (i % 4 * 60 + floor(u(i, 51) * 50)::INTEGER) || '.'
        || floor(u(i, 52) * 250)::INTEGER || '.' || floor(u(i, 53) * 250)::INTEGER AS host,
    pick(['/category/software', '/category/electronics', '/category/games', '/category/office',
        '/item/sports/' || (4000 + floor(u(i, 54) * 900)::INTEGER),
        '/item/books/' || (500 + floor(u(i, 54) * 900)::INTEGER), '/search/?c=Games'], u(i, 55))
        AS path,
    pick(['-', '-', '-', '/category/electronics', '/category/software', '/item/books/623'],
        u(i, 56)) AS referer,
    CASE WHEN u(i, 57) < 0.98 THEN 200 WHEN u(i, 57) < 0.995 THEN 404 ELSE 500 END::BIGINT AS code,
    pick(['Mozilla/5.0 (Windows NT 6.1; WOW64; rv:9.0.1) Gecko/20100101 Firefox/9.0.1',
        'Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; WOW64; Trident/5.0)',
        'Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/535.7 (KHTML, like Gecko) '
            || 'Chrome/16.0.912.77 Safari/535.7',
        'Mozilla/5.0 (iPad; CPU OS 5_0_1 like Mac OS X) AppleWebKit/534.46 (KHTML, like Gecko) '
            || 'Version/5.1 Mobile/9A405 Safari/7534.48.3'], u(i, 58)) AS agent,
    '-' AS user,
    (40 + floor(u(i, 59) * 110))::BIGINT AS size,
    CASE WHEN u(i, 60) < 0.9 THEN 'GET' ELSE 'POST' END AS method,
    (epoch(TIMESTAMP '2014-10-03 15:55:00') + floor(i * 23.4))::BIGINT AS time
FROM range(0, 5000) AS t(i)
ORDER BY time;

-- table: sample_datasets.nasdaq
CREATE TABLE nasdaq AS
WITH listed AS (
    SELECT s, chr((65 + s % 26)::INTEGER) || chr((65 + (s * 7 + 3) % 26)::INTEGER)
        || chr((65 + (s * 11 + 5) % 26)::INTEGER) || chr((65 + (s * 17 + 1) % 26)::INTEGER)
        AS symbol
    FROM range(1, 25) AS t(s)
),
traded AS (
    SELECT s * 100000 + d AS n, symbol, epoch(DATE '2012-01-02' + d::INTEGER)::BIGINT AS time,
        20 + s * 3 + 15 * sin(d / 90.0 + s) + 4 * u(s * 100000 + d, 71) AS price
    FROM listed, range(0, 730) AS t(d) WHERE isodow(DATE '2012-01-02' + d::INTEGER) < 6
)
SELECT symbol,
    round(price, 4) AS open,
    (1000 + floor(u(n, 72) * 900000))::BIGINT AS volume,
    round(price * (1 + 0.02 * u(n, 73)), 4) AS high,
    round(price * (1 - 0.02 * u(n, 74)), 4) AS low,
    round(price * (1 + 0.02 * (u(n, 75) - 0.5)), 4) AS close,
    time
FROM traded
ORDER BY time, symbol;

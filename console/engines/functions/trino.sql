-- Functions of Trino that DuckDB lacks or has with another meaning. Each after those it uses.
-- Numbers as Java writes them: 1.0E10, 1.5E-5. The argument is DuckDB's text, without a sign.
CREATE MACRO trino_plain_scientific(x) AS
    substr(trim(replace(x, '.', ''), '0'), 1, 1) || '.'
    || coalesce(nullif(substr(trim(replace(x, '.', ''), '0'), 2), ''), '0') || 'E'
    || CASE WHEN x LIKE '0.%' THEN -1 - len(regexp_extract(x, '^0\.(0*)', 1))
        ELSE len(split_part(x, '.', 1)) - 1 END;
CREATE MACRO trino_scientific(x) AS CASE
    WHEN x LIKE '%e%' THEN split_part(x, 'e', 1)
        || CASE WHEN split_part(x, 'e', 1) LIKE '%.%' THEN 'E' ELSE '.0E' END
        || CAST(CAST(split_part(x, 'e', 2) AS INTEGER) AS VARCHAR)
    ELSE trino_plain_scientific(x) END;
CREATE MACRO trino_double_text(x) AS CASE
    WHEN isnan(x) THEN 'NaN'
    WHEN isinf(x) THEN CASE WHEN x > 0 THEN 'Infinity' ELSE '-Infinity' END
    WHEN x = 0 OR (abs(x) >= 0.001 AND abs(x) < 10000000) THEN CAST(x AS VARCHAR)
    ELSE CASE WHEN x < 0 THEN '-' ELSE '' END || trino_scientific(CAST(abs(x) AS VARCHAR)) END;
-- TRY_CAST: branches for other types are worked out too when x is a constant.
CREATE MACRO trino_text(x) AS CASE typeof(x)
    WHEN 'JSON' THEN json_extract_string(TRY_CAST(CAST(x AS VARCHAR) AS JSON), '$')
    WHEN 'DOUBLE' THEN trino_double_text(TRY_CAST(CAST(x AS VARCHAR) AS DOUBLE))
    WHEN 'FLOAT' THEN trino_double_text(TRY_CAST(CAST(x AS VARCHAR) AS DOUBLE))
    WHEN 'TIMESTAMP' THEN strftime(TRY_CAST(CAST(x AS VARCHAR) AS TIMESTAMP), '%Y-%m-%d %H:%M:%S.%g')
    WHEN 'TIMESTAMP WITH TIME ZONE'
        THEN strftime(TRY_CAST(CAST(x AS VARCHAR) AS TIMESTAMP), '%Y-%m-%d %H:%M:%S.%g UTC')
    ELSE CAST(x AS VARCHAR) END;
CREATE MACRO trino_text_once(x) AS
    list_transform([row(x)], lambda td_row: trino_text(struct_extract(td_row, 1)))[1];
-- A date stays a date.
CREATE MACRO trino_date_trunc(part, x) AS cast_to_type(date_trunc(part, x), x);
-- DuckDB would read more than whole numbers, and refuses what is in quotes.
CREATE MACRO trino_whole_text(x) AS
    CASE WHEN regexp_full_match(CAST(x AS VARCHAR), '[+-]?\d+') THEN CAST(x AS VARCHAR) ELSE '"' || CAST(x AS VARCHAR) || '"' END;
-- NULL has no type that a value could be cast to.
CREATE MACRO trino_typed(x) AS coalesce(x, '0');
CREATE MACRO trino_whole(x) AS CASE typeof(x)
    WHEN 'DOUBLE' THEN cast_to_type(round(TRY_CAST(x AS DOUBLE)), trino_typed(x))
    WHEN 'FLOAT' THEN cast_to_type(round(TRY_CAST(x AS DOUBLE)), trino_typed(x))
    WHEN 'VARCHAR' THEN cast_to_type(trino_whole_text(x), trino_typed(x))
    ELSE x END;
CREATE MACRO trino_whole_once(x) AS
    list_transform([row(x)], lambda td_row: trino_whole(struct_extract(td_row, 1)))[1];
-- What Java takes for white space: more than blanks, and no space that does not break.
CREATE MACRO trino_white() AS
    '[\t-\r\x1c-\x20\x{1680}\x{2000}-\x{2006}\x{2008}-\x{200a}\x{2028}\x{2029}\x{205f}\x{3000}]+';
CREATE MACRO trino_trim(x) AS regexp_replace(x, '^' || trino_white() || '|' || trino_white() || '$', '', 'g');
CREATE MACRO trino_ltrim(x) AS regexp_replace(x, '^' || trino_white(), '');
CREATE MACRO trino_rtrim(x) AS regexp_replace(x, trino_white() || '$', '');
CREATE MACRO trino_regexp_extract
    (x, p) AS CASE WHEN regexp_matches(x, p) THEN regexp_extract(x, p) END,
    (x, p, n) AS CASE WHEN regexp_matches(x, p) THEN regexp_extract(x, p, n) END;
CREATE MACRO trino_regexp_replace
    (x, p) AS regexp_replace(x, p, '', 'g'),
    (x, p, r) AS regexp_replace(x, p,
        regexp_replace(replace(r, '\', '\\'), '\$(\d)', '\\\1', 'g'), 'g');
CREATE MACRO trino_pieces(pieces, mark, n) AS CASE
    WHEN len(pieces) > n THEN list_append(pieces[:n - 1], array_to_string(pieces[n:], mark))
    ELSE pieces END;
CREATE MACRO trino_split(x, mark, n) AS trino_pieces(string_split(x, mark), mark, n);
CREATE MACRO trino_substr
    (x, n) AS CASE WHEN n = 0 OR n < -length(x) THEN left(x, 0) ELSE substr(x, n) END,
    (x, n, m) AS CASE WHEN n = 0 OR n < -length(x) THEN left(x, 0) ELSE substr(x, n, greatest(m, 0)) END;
-- DuckDB has a capital for this letter that Java does not use.
CREATE MACRO trino_upper(x) AS
    CASE WHEN contains(x, 'ß') THEN replace(upper(x), 'ẞ', 'ß') ELSE upper(x) END;
CREATE MACRO trino_millisecond(x) AS millisecond(x) % 1000;
CREATE MACRO trino_url_decode(x) AS url_decode(replace(x, '+', '%20'));
CREATE MACRO trino_url_encode(x) AS
    replace(replace(replace(url_encode(x), '%20', '+'), '%2A', '*'), '~', '%7E');
CREATE MACRO trino_split_part(x, mark, n) AS
    CASE WHEN n <= len(string_split(x, mark)) THEN split_part(x, mark, n) END;
CREATE MACRO trino_json(x, path) AS
    CASE WHEN json_valid(CAST(x AS VARCHAR)) THEN json_extract(CAST(x AS VARCHAR), path) END;
CREATE MACRO trino_json_scalar(x, path) AS CASE
    WHEN NOT json_valid(CAST(x AS VARCHAR)) THEN NULL
    WHEN json_type(CAST(x AS VARCHAR), path) IN ('OBJECT', 'ARRAY') THEN NULL
    ELSE json_extract_string(CAST(x AS VARCHAR), path) END;
CREATE MACRO trino_json_exists(x, path) AS
    CASE WHEN x IS NOT NULL THEN json_valid(CAST(x AS VARCHAR)) AND json_exists(CAST(x AS VARCHAR), path) END;
CREATE MACRO trino_json_array_length(x) AS CASE
    WHEN NOT json_valid(CAST(x AS VARCHAR)) OR json_type(CAST(x AS VARCHAR)) <> 'ARRAY' THEN NULL
    ELSE CAST(json_array_length(CAST(x AS VARCHAR)) AS BIGINT) END;
CREATE MACRO trino_has_null(a) AS len(a) <> list_count(a);
CREATE MACRO trino_contains(a, x) AS CASE
    WHEN list_contains(a, x) THEN true
    WHEN a IS NULL OR x IS NULL OR trino_has_null(a) THEN NULL
    ELSE false END;
CREATE MACRO trino_array_max(a) AS CASE WHEN NOT trino_has_null(a) THEN list_max(a) END;
CREATE MACRO trino_array_min(a) AS CASE WHEN NOT trino_has_null(a) THEN list_min(a) END;
CREATE MACRO trino_array_distinct(a) AS
    list_filter(a, lambda td_item, td_place: coalesce(list_position(a, td_item) = td_place, false));
CREATE MACRO trino_array_position(a, x) AS
    CASE WHEN a IS NOT NULL AND x IS NOT NULL THEN coalesce(list_position(a, x), 0) END;
CREATE MACRO trino_slice(a, first, count) AS list_slice(a, first, first + count - 1);
-- max_by() and min_by() that make lists take values from rows, which are there where values are not.
CREATE MACRO trino_unboxed(a) AS list_transform(a, lambda x: struct_extract(x, 1));
CREATE MACRO trino_random
    (n) AS CAST(floor(random() * n) AS BIGINT),
    (m, n) AS CAST(m + floor(random() * (n - m)) AS BIGINT);
CREATE MACRO format_datetime
    (x, p) AS td_format_local(CAST(x AS TIMESTAMP), epoch(CAST(x AS TIMESTAMP)), p, 'UTC'),
    (x, p, z) AS td_format_local(x, epoch(timezone(td_zone(z), x)), p, z);
CREATE MACRO array_union(a, b) AS trino_array_distinct(list_concat(a, b));
CREATE MACRO arrays_overlap(a, b) AS list_has_any(a, b);
-- Of several values of one key the first is kept.
CREATE MACRO trino_map(k, v) AS CASE
    WHEN list_unique(k) = len(k) THEN map(k, v)
    ELSE map(list_distinct(k), list_transform(list_distinct(k), lambda x: v[list_position(k, x)])) END;
CREATE MACRO map_agg(k, v) AS
    trino_map(list(k) FILTER (WHERE k IS NOT NULL), list(v) FILTER (WHERE k IS NOT NULL));
CREATE MACRO at_timezone(x, z) AS timezone(td_zone(z), CAST(x AS TIMESTAMPTZ));
CREATE MACRO with_timezone(x, z) AS timezone(td_zone(z), CAST(x AS TIMESTAMP));
CREATE MACRO to_iso8601(x) AS CASE typeof(x)
    WHEN 'DATE' THEN CAST(x AS VARCHAR)
    WHEN 'TIMESTAMP' THEN strftime(CAST(x AS TIMESTAMP), '%Y-%m-%dT%H:%M:%S.%g')
    ELSE strftime(CAST(x AS TIMESTAMP), '%Y-%m-%dT%H:%M:%S.%gZ') END;
CREATE MACRO fail(x) AS error(x);
CREATE MACRO codepoint(x) AS unicode(x);
CREATE MACRO geometric_mean(x) AS geomean(x);
CREATE MACRO url_extract_protocol(x) AS nullif(regexp_extract(x, '^([A-Za-z][\w+.-]*):', 1), '');
CREATE MACRO url_extract_host(x) AS nullif(regexp_extract(x, '^[^:/?#]+://(?:[^/?#@]*@)?([^/?#:]*)', 1), '');
CREATE MACRO url_extract_path(x) AS regexp_extract(x, '^[^:/?#]+://[^/?#]*([^?#]*)', 1);
CREATE MACRO url_extract_query(x) AS nullif(regexp_extract(x, '\?([^#]*)', 1), '');
CREATE MACRO url_extract_parameter(x, name) AS
    CASE WHEN regexp_matches(x, '[?&]' || regexp_escape(name) || '(=|&|#|$)')
        THEN url_decode(replace(regexp_extract(x, '[?&]' || regexp_escape(name) || '=([^&#]*)', 1), '+', '%20')) END;

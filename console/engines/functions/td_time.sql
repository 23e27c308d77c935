-- TD's time functions. Times are epoch seconds; zones are names, or offsets such as +09:00.
-- A part of a second belongs to the second that it is in.
CREATE MACRO td_whole(t) AS CASE
    WHEN typeof(t) IN ('DOUBLE', 'FLOAT') OR typeof(t) LIKE 'DECIMAL%' THEN CAST(floor(TRY_CAST(t AS DOUBLE)) AS BIGINT)
    ELSE CAST(t AS BIGINT) END;
CREATE MACRO td_local(t, z) AS timezone(td_zone(z), to_timestamp(td_whole(t)));
CREATE MACRO td_epoch(local, z) AS CAST(floor(epoch(timezone(td_zone(z), local))) AS BIGINT);
-- '2026-01-01 JST': a zone at the end of the text goes before the one given.
CREATE MACRO td_text_zone(x, z) AS
    coalesce(nullif(regexp_extract(x, '\d\s*(Z|[+-]\d{2}:?\d{2}| [A-Za-z][A-Za-z_/]+)$', 1), ''), z);
CREATE MACRO td_text_local(x) AS CASE
    WHEN regexp_matches(x, '^\s*\d{4}-\d{1,2}-\d{1,2}([ T]\d{1,2}:\d{2})?')
        THEN TRY_CAST(regexp_replace(trim(x), '^(\d{4}-\d{1,2}-\d{1,2}([ T][\d:.]+)?)\s*(Z|[+-]\d{2}:?\d{2}|[A-Za-z][A-Za-z_/]+)?$', '\1') AS TIMESTAMP)
    END;
CREATE MACRO td_time_parse
    (x) AS td_epoch(td_text_local(x), trim(td_text_zone(x, 'UTC'))),
    (x, z) AS td_epoch(td_text_local(x), trim(td_text_zone(x, z)));
CREATE MACRO td_moment(x, z) AS CASE
    WHEN x IS NULL THEN NULL
    WHEN typeof(x) = 'DOUBLE' THEN TRY_CAST(floor(TRY_CAST(x AS DOUBLE)) AS BIGINT)
    WHEN typeof(x) IN ('BIGINT', 'INTEGER', 'SMALLINT', 'TINYINT', 'HUGEINT')
        THEN TRY_CAST(x AS BIGINT)
    WHEN regexp_full_match(CAST(x AS VARCHAR), '-?\d+') THEN TRY_CAST(x AS BIGINT)
    ELSE coalesce(td_time_parse(CAST(x AS VARCHAR), z),
        error('"' || CAST(x AS VARCHAR) || '" is not a time: write YYYY-MM-DD or YYYY-MM-DD hh:mm:ss')) END;
CREATE MACRO td_time_range
    (t, a) AS (t >= coalesce(td_moment(a, 'UTC'), 0)),
    (t, a, b) AS (t >= coalesce(td_moment(a, 'UTC'), 0) AND (b IS NULL OR t < td_moment(b, 'UTC'))),
    (t, a, b, z) AS (t >= coalesce(td_moment(a, z), 0) AND (b IS NULL OR t < td_moment(b, z)));
CREATE MACRO td_seconds(unit) AS CASE unit
    WHEN 's' THEN 1 WHEN 'm' THEN 60 WHEN 'h' THEN 3600 WHEN 'd' THEN 86400 WHEN 'w' THEN 604800 END;
CREATE MACRO td_add_span(t, span, z) AS CASE
    WHEN regexp_full_match(span, '[+-]?\d+[wdhms]') THEN td_moment(t, z)
        + CAST(regexp_extract(span, '^[+-]?\d+') AS BIGINT) * td_seconds(right(span, 1))
    ELSE error('"' || span || '" is not a duration: write a number and w, d, h, m or s') END;
CREATE MACRO td_time_add
    (t, span) AS td_add_span(t, span, 'UTC'),
    (t, span, z) AS td_add_span(t, span, z);
CREATE MACRO td_part(unit) AS CASE unit
    WHEN 's' THEN 'second' WHEN 'm' THEN 'minute' WHEN 'h' THEN 'hour' WHEN 'd' THEN 'day'
    WHEN 'w' THEN 'week' WHEN 'M' THEN 'month' WHEN 'q' THEN 'quarter' WHEN 'y' THEN 'year' END;
-- Hours and shorter are cut in elapsed time: an hour that a clock shows twice stays two hours.
CREATE MACRO td_trunc_at(part, t, z) AS CASE
    WHEN part = 'second' THEN td_whole(t)
    WHEN part IN ('minute', 'hour') THEN td_whole(t)
        - CAST(epoch(td_local(t, z)) AS BIGINT) % CASE part WHEN 'hour' THEN 3600 ELSE 60 END
    WHEN part IN ('day', 'week', 'month', 'quarter', 'year')
        THEN td_epoch(date_trunc(part, td_local(t, z)), z)
    ELSE error('"' || part || '" is not a unit: use minute, hour, day, week, month, quarter or year') END;
CREATE MACRO td_date_trunc
    (part, t) AS td_trunc_at(lower(part), t, 'UTC'),
    (part, t, z) AS td_trunc_at(lower(part), t, z);
CREATE MACRO td_shift(t, n, unit, z) AS CASE
    WHEN unit IN ('s', 'm', 'h') THEN t + n * td_seconds(unit)
    ELSE td_epoch(td_local(t, z) + CAST(n * CASE unit WHEN 'w' THEN 7 WHEN 'q' THEN 3
        WHEN 'y' THEN 12 ELSE 1 END AS INTEGER)
        * CASE WHEN unit IN ('d', 'w') THEN INTERVAL 1 DAY ELSE INTERVAL 1 MONTH END, z) END;
CREATE MACRO td_span_count(x) AS coalesce(TRY_CAST(regexp_extract(x, '^[+-]?\d+') AS BIGINT), 0);
CREATE MACRO td_span_unit(x) AS regexp_extract(x, '^[+-]?\d+([smhdwMqy])$', 1);
-- The interval ends where the part after the slash says, or begins there when it lies ahead.
-- Subqueries, because a macro's arguments are copied to every place where they are named.
CREATE MACRO td_interval_between(x, z) AS (
    SELECT CASE WHEN td_unit = ''
        THEN error('"' || td_spec || '" is not an interval: write for example -1d, -7d/now or -1M/-1M')
        ELSE list_sort([td_end, td_shift(td_start, td_count, td_unit, td_z)]) END
    FROM (
        SELECT *, td_trunc_at(td_own_part, td_end, td_z) AS td_start
        FROM (
            SELECT *, CASE
                WHEN td_place = '' THEN td_place_start
                WHEN td_place = 'now' THEN td_now
                WHEN td_place_unit <> '' THEN td_shift(td_place_start, td_place_count, td_place_unit, td_z)
                ELSE td_moment(td_place, td_z) END AS td_end
            FROM (
                SELECT *, td_trunc_at(coalesce(td_part(td_place_unit), td_own_part), td_now, td_z)
                    AS td_place_start
                FROM (
                    SELECT *, coalesce(td_part(td_unit), 'day') AS td_own_part
                    FROM (
                        SELECT td_scheduled_time() AS td_now, x AS td_spec, z AS td_z,
                            td_span_count(x) AS td_count,
                            td_span_unit(split_part(x, '/', 1)) AS td_unit,
                            split_part(x, '/', 2) AS td_place,
                            td_span_count(split_part(x, '/', 2)) AS td_place_count,
                            td_span_unit(split_part(x, '/', 2)) AS td_place_unit))))));
CREATE MACRO td_interval_range
    (x) AS td_interval_between(x, 'UTC'),
    (x, z) AS td_interval_between(x, z);
CREATE MACRO td_interval
    (t, x) AS (t >= td_interval_between(x, 'UTC')[1] AND t < td_interval_between(x, 'UTC')[2]),
    (t, x, z) AS (t >= td_interval_between(x, z)[1] AND t < td_interval_between(x, z)[2]);
-- A Java pattern as strftime has it. The letters of the zone become marks, filled in afterwards.
CREATE MACRO td_java_letter(x) AS CASE
    WHEN x = '''''' THEN ''''
    WHEN x LIKE '''%' THEN replace(substr(x, 2, len(x) - 2), '%', '%%')
    WHEN x = 'yy' THEN '%y' WHEN x LIKE 'y%' OR x LIKE 'Y%' THEN '%Y'
    WHEN x LIKE 'MMMM%' THEN '%B' WHEN x = 'MMM' THEN '%b' WHEN x = 'MM' THEN '%m'
    WHEN x = 'M' THEN '%-m' WHEN x = 'dd' THEN '%d' WHEN x = 'd' THEN '%-d'
    WHEN x = 'HH' THEN '%H' WHEN x = 'H' THEN '%-H' WHEN x = 'hh' THEN '%I' WHEN x = 'h' THEN '%-I'
    WHEN x = 'mm' THEN '%M' WHEN x = 'm' THEN '%-M' WHEN x = 'ss' THEN '%S' WHEN x = 's' THEN '%-S'
    WHEN x = 'SSSSSS' THEN '%f' WHEN x = 'SSS' THEN '%g' WHEN x = 'a' THEN '%p'
    WHEN x LIKE 'EEEE%' THEN '%A' WHEN x LIKE 'E%' THEN '%a' WHEN x = 'DDD' THEN '%j'
    WHEN x = 'D' THEN '%-j' WHEN x = 'e' OR x = 'u' THEN '%u' WHEN x = 'ww' THEN '%V'
    WHEN x = 'Z' THEN chr(57345) WHEN x IN ('ZZ', 'XXX') THEN chr(57346) WHEN x = 'z' THEN chr(57347)
    WHEN x = '%' THEN '%%'
    ELSE x END;
CREATE MACRO td_java_format(p) AS array_to_string(list_transform(
    regexp_extract_all(p, '''[^'']*''|y+|Y+|M+|d+|H+|h+|m+|s+|S+|a+|E+|D+|e+|u+|w+|Z+|X+|z+|[A-Za-z]|[^A-Za-z'']'),
    lambda x: td_java_letter(x)), '');
CREATE MACRO td_offset_text(seconds, colon) AS
    (CASE WHEN seconds < 0 THEN '-' ELSE '+' END)
    || lpad(CAST(abs(seconds) // 3600 AS VARCHAR), 2, '0') || colon
    || lpad(CAST(abs(seconds) // 60 % 60 AS VARCHAR), 2, '0');
CREATE MACRO td_local_offset(t, z) AS CAST(epoch(td_local(t, z)) AS BIGINT) - td_whole(t);
CREATE MACRO td_format_local(local, t, p, z) AS CASE
    WHEN NOT regexp_full_match(p, '(''[^'']*''|[^A-Za-z'']|y+|Y+|M+|d{1,2}|H{1,2}|h{1,2}|m{1,2}|s{1,2}|SSS|SSSSSS|a|E+|D|DDD|e|u|ww|Z|ZZ|XXX|z)*')
        THEN error('"' || p || '" is not understood as a time format')
    WHEN regexp_matches(p, '[ZXz]') THEN replace(replace(replace(
        strftime(local, td_java_format(p)),
        chr(57345), td_offset_text(td_local_offset(t, z), '')),
        chr(57346), td_offset_text(td_local_offset(t, z), ':')), chr(57347), z)
    ELSE strftime(local, td_java_format(p)) END;
CREATE MACRO td_format_at(t, p, z) AS td_format_local(td_local(t, z), t, p, z);
CREATE MACRO td_time_format
    (t, p) AS td_format_at(t, p, 'UTC'),
    (t, p, z) AS td_format_at(t, p, z);
CREATE MACRO td_string_format(code) AS CASE code
    WHEN 'y!' THEN '%Y' WHEN 'q!' THEN '%Y-%m' WHEN 'M!' THEN '%Y-%m'
    WHEN 'w!' THEN '%Y-%m-%d' WHEN 'd!' THEN '%Y-%m-%d' WHEN 'h!' THEN '%Y-%m-%d %H'
    WHEN 'm!' THEN '%Y-%m-%d %H:%M' ELSE '%Y-%m-%d %H:%M:%S' END;
CREATE MACRO td_string_at(t, code, z) AS CASE
    WHEN NOT regexp_full_match(code, '[yqMwdhms]!?')
        THEN error('"' || code || '" is not a format: use y, q, M, w, d, h, m or s, with ! or without')
    WHEN code LIKE '%!'
        THEN strftime(date_trunc(td_part(left(code, 1)), td_local(t, z)), td_string_format(code))
    ELSE strftime(date_trunc(td_part(left(code, 1)), td_local(t, z)), '%Y-%m-%d %H:%M:%S')
        || td_offset_text(td_local_offset(td_trunc_at(td_part(left(code, 1)), t, z), z), '') END;
CREATE MACRO td_time_string
    (t, code) AS td_string_at(t, code, 'UTC'),
    (t, code, z) AS td_string_at(t, code, z);

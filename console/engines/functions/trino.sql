-- Functions of Trino that DuckDB lacks or has with another meaning. Each after those it uses.
CREATE MACRO trino_scientific(x) AS regexp_replace(regexp_replace(regexp_replace(
    CAST(x AS VARCHAR), 'e\+?(-?)0*(\d+)$', 'E\1\2'), '^(-?\d)E', '\1.0E'), 'x', 'x');
CREATE MACRO trino_double_text(x) AS CASE
    WHEN isnan(x) THEN 'NaN'
    WHEN isinf(x) THEN CASE WHEN x > 0 THEN 'Infinity' ELSE '-Infinity' END
    WHEN x = 0 OR (abs(x) >= 0.001 AND abs(x) < 10000000) THEN CAST(x AS VARCHAR)
    ELSE trino_scientific(x) END;
CREATE MACRO trino_text(x) AS CASE typeof(x)
    WHEN 'DOUBLE' THEN trino_double_text(CAST(CAST(x AS VARCHAR) AS DOUBLE))
    WHEN 'FLOAT' THEN trino_double_text(CAST(CAST(x AS VARCHAR) AS DOUBLE))
    WHEN 'TIMESTAMP' THEN strftime(CAST(CAST(x AS VARCHAR) AS TIMESTAMP), '%Y-%m-%d %H:%M:%S.%g')
    WHEN 'TIMESTAMP WITH TIME ZONE'
        THEN strftime(CAST(CAST(x AS VARCHAR) AS TIMESTAMP), '%Y-%m-%d %H:%M:%S.%g UTC')
    ELSE CAST(x AS VARCHAR) END;

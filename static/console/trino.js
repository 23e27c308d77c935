// The mode "ace/mode/trino": SQL with the words, types and functions of Trino and of TD.
const KEYWORDS =
  "select|from|where|group|by|order|having|limit|offset|fetch|join|left|right|full|inner|outer|cross|natural|on|using|as|and|or|not|in|is|between|like|escape|case|when|then|else|end|distinct|union|all|any|some|except|intersect|with|recursive|exists|asc|desc|nulls|first|last|over|partition|rows|range|preceding|following|unbounded|current|row|filter|within|grouping|sets|rollup|cube|unnest|lateral|ordinality|values|insert|into|create|table|drop|if|replace|extract|interval|at|zone|for";
const TYPES =
  "bigint|integer|smallint|tinyint|double|real|decimal|varchar|char|varbinary|json|date|time|timestamp|array|map|boolean";
const FUNCTIONS =
  "count|sum|avg|min|max|approx_distinct|approx_percentile|arbitrary|array_agg|cardinality|cast|try_cast|try|coalesce|nullif|concat|date_add|date_diff|date_format|date_parse|date_trunc|element_at|format_datetime|from_unixtime|greatest|least|if|json_extract|json_extract_scalar|length|lower|upper|lpad|rpad|md5|sha256|now|parse_datetime|rank|dense_rank|row_number|lag|lead|regexp_extract|regexp_like|regexp_replace|replace|reverse|round|floor|ceil|split|split_part|substr|substring|to_hex|to_unixtime|to_utf8|transform|trim|url_extract_host|typeof";

ace.define("ace/mode/trino", ["require", "exports", "ace/lib/oop", "ace/mode/sql", "ace/mode/sql_highlight_rules"], (require, exports) => {
  const oop = require("ace/lib/oop");
  const Sql = require("ace/mode/sql").Mode;
  const SqlRules = require("ace/mode/sql_highlight_rules").SqlHighlightRules;

  function Rules() {
    SqlRules.call(this);
    const word = this.createKeywordMapper(
      { keyword: KEYWORDS, "storage.type": TYPES, "support.function": FUNCTIONS, "constant.language": "true|false|null" },
      "identifier",
      true,
    );
    const td = { token: "support.function", regex: /\b[Tt][Dd]_[A-Za-z_]+\b/ };
    const name = { token: "identifier", regex: '"[^"]*"' };
    const rules = this.$rules.start.filter((rule) => rule.regex !== '".*?"');
    const words = rules.find((rule) => typeof rule.token === "function");
    words.token = word;
    this.$rules.start = [name, td, ...rules];
  }
  oop.inherits(Rules, SqlRules);

  function Mode() {
    Sql.call(this);
    this.HighlightRules = Rules;
  }
  oop.inherits(Mode, Sql);
  exports.Mode = Mode;
});

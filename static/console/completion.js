// Completion of SQL: columns of the tables and aliases in the text, tables, functions, words.
const FROM = /(?:\bfrom|\bjoin|,)\s+((?:"[^"]+"|\w+)(?:\.(?:"[^"]+"|\w+))?)(?:\s+(?:as\s+)?(\w+))?/gi;
const NOT_ALIAS = /^(where|join|on|group|order|left|right|full|cross|inner|limit|union|having|using|select)$/i;
const WORDS = (
  "select from where group by order having limit join left right inner outer cross on using as and or not in is null " +
  "between like case when then else end distinct union all except intersect with exists cast try_cast true false asc " +
  "desc interval date timestamp over partition rows insert into create table drop if values unnest"
).split(" ");
const plain = (name) => name.replaceAll('"', "");
const quoted = (name) => (/^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`);

// The tables that a text reads, by each name it may call them. Those of the database need not be
// called by its name, and can be.
export function aliases(sql, tables, database) {
  const known = {};
  for (const [, name, alias] of sql.matchAll(FROM)) {
    const whole = plain(name);
    const own = whole.startsWith(`${database}.`) ? whole.slice(database.length + 1) : whole;
    const table = whole in tables ? whole : own;
    if (!(table in tables)) continue;
    known[whole] = table;
    known[table] = known[table.split(".").at(-1)] = table;
    if (alias && !NOT_ALIAS.test(alias)) known[alias] = table;
  }
  return known;
}

function afterDot(owner, known, tables) {
  const columns = tables[known[owner] ?? owner];
  if (columns) return columns.map((name) => ({ value: quoted(name), meta: "column", score: 1000 }));
  const inside = Object.keys(tables).filter((name) => name.startsWith(`${owner}.`));
  return inside.map((name) => ({ value: quoted(name.slice(owner.length + 1)), meta: "table", score: 900 }));
}

function anywhere(known, { tables, functions }) {
  const used = [...new Set(Object.values(known))];
  return [
    ...used.flatMap((table) => tables[table].map((name) => ({ value: quoted(name), meta: table, score: 900 }))),
    ...Object.keys(known).filter((name) => !(name in tables) && !name.includes(".")).map((name) => ({ value: name, meta: "alias", score: 800 })),
    ...Object.keys(tables).map((name) => ({ value: name.split(".").map(quoted).join("."), meta: "table", score: name.includes(".") ? 600 : 700 })),
    ...functions.map((name) => ({ value: name, meta: "function", score: 300 })),
    ...WORDS.map((name) => ({ value: name, meta: "SQL", score: 100 })),
  ];
}

// Returns a completer of Ace; names() gives the names there are.
export function completer(names) {
  return {
    id: "sql-names",
    triggerCharacters: ["."],
    getCompletions(editor, session, position, prefix, done) {
      const known = aliases(session.getValue(), names().tables, names().database);
      const before = session.getLine(position.row).slice(0, position.column);
      const [, owner] = /((?:"[^"]+"|\w+)(?:\.(?:"[^"]+"|\w+))?)\.\w*$/.exec(before) ?? [];
      done(null, owner ? afterDot(plain(owner), known, names().tables) : anywhere(known, names()));
    },
  };
}

// <sql-editor>: Ace in the place of the textarea, which keeps its value for the form.
import { completer } from "./completion.js";
import { UNREACHED, toast } from "./live.js";
import { ask } from "./session.js";
import "./shown.js";
import "./trino.js";
import "./tables.js";

const dark = matchMedia("(prefers-color-scheme: dark)");
const press = (id) => document.getElementById(id)?.click();
const FIELDS = ["name", "database", "engine"];
const KEYS = {
  run: ["Ctrl-Enter", "Command-Enter", () => press("run")],
  save: ["Ctrl-S", "Command-S", () => press("save")],
  format: ["Ctrl-Shift-F", "Command-Shift-F", () => press("format")],
};

class SqlEditor extends HTMLElement {
  connectedCallback() {
    this.area = this.querySelector("textarea");
    this.form = this.area.form;
    this.names = { tables: {}, functions: [], live: true };
    this.ran = { row: 0, column: 0 };
    this.markers = [];
    this.start();
    this.paint();
    dark.addEventListener("change", () => this.paint());
    new MutationObserver(() => this.paint()).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    this.form.elements.database.addEventListener("change", () => this.load());
    this.load();
    this.watch();
  }

  start() {
    ace.config.set("basePath", this.dataset.ace);
    ace.config.set("useStrictCSP", true);
    ace.config.set("loadWorkerFromBlob", false);
    const holder = document.createElement("div");
    this.append(holder);
    this.area.hidden = true;
    this.editor = ace.edit(holder, {
      mode: "ace/mode/trino",
      value: this.area.value,
      fontSize: 13,
      showPrintMargin: false,
      useWorker: false,
      tabSize: 2,
      useSoftTabs: true,
      enableKeyboardAccessibility: true, // Tab passes by, Enter enters, Escape leaves
      enableBasicAutocompletion: true,
      enableLiveAutocompletion: true,
    });
    this.editor.completers = [completer(() => this.names)];
    this.editor.textInput.getElement().setAttribute("aria-label", "SQL. Escape leaves the editor.");
    for (const [name, [win, mac, exec]] of Object.entries(KEYS)) {
      this.editor.commands.addCommand({ name, bindKey: { win, mac }, exec });
    }
    this.editor.session.on("change", (delta) => this.changed(delta));
    this.editor.clearSelection();
  }

  paint() {
    const chosen = document.documentElement.dataset.theme ?? (dark.matches ? "dark" : "light");
    this.editor.setTheme(`ace/theme/${chosen === "dark" ? "github_dark" : "github_light_default"}`);
  }

  async load() {
    const database = this.form.elements.database.value;
    const answer = await ask(`${this.dataset.names}?${new URLSearchParams({ database })}`).catch(() => null);
    if (!answer?.ok) return;
    this.names = { ...(await answer.json()), database };
    this.editor.setOption("enableLiveAutocompletion", this.names.live);
  }

  watch() {
    document.getElementById("save-as").hidden = false;
    const format = document.getElementById("format");
    format.hidden = false;
    format.addEventListener("click", () => this.format(format.dataset.url));
    document.addEventListener("htmx:configRequest", (event) => this.send(event));
    document.addEventListener("htmx:beforeSwap", ({ detail }) => {
      if (detail.target.id === "query-fields") this.typed = this.values;
    });
    document.addEventListener("htmx:afterSettle", (event) => this.settled(event));
    document.addEventListener("htmx:beforeOnLoad", (event) => {
      if (!event.defaultPrevented && event.detail.xhr.getResponseHeader("HX-Redirect")) this.keep();
    });
    this.form.addEventListener("input", () => this.tell());
    this.form.addEventListener("change", () => this.tell());
    document.addEventListener("keydown", (event) => this.key(event));
    if (!("changed" in this.dataset)) this.keep();
    this.tell();
    this.begun = this.area.value;
    document.addEventListener("panel-done", () => { if (!this.dirty) this.begun = this.area.value; });
    this.mark(document.getElementById("job"));
  }

  // The keys of the editor work in the fields beside it, too.
  key(event) {
    if (!(event.ctrlKey || event.metaKey) || event.target.closest(".ace_text-input, dialog")) return;
    const name = { Enter: "run", s: "save", F: "format" }[event.key];
    if (!name) return;
    event.preventDefault();
    press(name);
  }

  changed(delta) {
    this.area.value = this.editor.getValue();
    this.clear();
    this.tell();
    if (delta.action === "insert" && delta.lines.join("\n") === ".") setTimeout(() => this.complete(), 200);
  }

  // Ace misses a dot that is typed while the list for the word before it opens.
  complete() {
    const { row, column } = this.editor.getCursorPosition();
    const dotted = this.editor.session.getLine(row)[column - 1] === ".";
    if (dotted && this.names.live && !this.editor.completer?.activated) this.editor.execCommand("startAutocomplete");
  }

  write(name, database) {
    const elsewhere = database && database !== this.form.elements.database.value;
    const parts = elsewhere ? [database, name] : [name];
    const quoted = parts.map((part) => (/^[a-z_][a-z0-9_]*$/.test(part) ? part : `"${part}"`));
    this.editor.insert(quoted.join("."));
    this.editor.focus();
  }

  // Selected text runs alone.
  send({ detail }) {
    if (detail.target.id === "query-fields") this.sent = this.values;
    if (!["run", "run-export"].includes(detail.elt.id)) return;
    this.begun = this.area.value;
    const selected = detail.elt.id === "run" ? this.editor.getSelectedText() : "";
    this.ran = selected.trim() ? this.editor.getSelectionRange().start : { row: 0, column: 0 };
    if (selected.trim()) detail.parameters.sql = selected;
  }

  settled({ detail }) {
    const job = detail.elt.closest?.("#job") ?? (detail.target?.id === "job" && document.getElementById("job"));
    if (job) this.mark(job);
    if (detail.target?.id !== "query-fields" || !this.sent) return; // It is told for each part that came.
    this.answered(detail.xhr.status === 200);
    if (detail.xhr.status !== 200) document.querySelector("#query-fields [aria-invalid], #query-fields .alert")?.focus();
    this.tell();
  }

  // What was typed since it was sent stays, and is not saved.
  answered(saved) {
    if (saved) this.kept = JSON.stringify([...this.fields, this.sent.at(-1)]);
    FIELDS.forEach((name, at) => {
      if (this.typed[at] !== this.sent[at]) this.form.elements[name].value = this.typed[at];
    });
    this.sent = null;
  }

  clear() {
    for (const marker of this.markers) this.editor.session.removeMarker(marker);
    this.markers = [];
    this.editor.session.clearAnnotations();
  }

  // Marks the line of the SQL that a job's error names, where that is still the text.
  mark(job) {
    if (!job) return;
    this.clear();
    const { line, column, message } = job.dataset;
    if (line && this.begun === this.area.value) this.point(Number(line), Number(column) || null, message);
  }

  point(line, column, text) {
    const row = line - 1 + this.ran.row;
    const at = column === null ? 0 : column - 1 + (line === 1 ? this.ran.column : 0);
    const { session } = this.editor;
    const end = session.getWordRange(row, at).end.column;
    const { Range } = ace.require("ace/range");
    session.setAnnotations([{ row, column: at, text: column ? `Column ${at + 1}: ${text}` : text, type: "error" }]);
    this.markers = [
      session.addMarker(new Range(row, 0, row, 1), "sql-wrong-line", "fullLine"),
      session.addMarker(new Range(row, at, row, Math.max(end, at + 1)), "sql-wrong", "text"),
    ];
    this.editor.gotoLine(row + 1, at, false);
  }

  async format(url) {
    const range = this.editor.getSelectionRange();
    const part = this.editor.getSelectedText();
    const body = new FormData(this.form);
    body.set("sql", part || this.editor.getValue());
    const answer = await ask(url, { method: "POST", body }).catch((error) => error);
    const said = await answer.json?.().catch(() => null);
    if (!said) return answer.ended || toast(UNREACHED, "bad", "unreached");
    if (!answer.ok) return this.refuse(said, part ? range.start : { row: 0, column: 0 });
    if (part) this.editor.session.replace(range, said.sql);
    else this.editor.session.doc.setValue(said.sql);
    return this.editor.focus();
  }

  refuse({ message, line, column }, from) {
    toast(message, "bad");
    this.ran = from;
    this.clear();
    if (line) this.point(line, column, message);
  }

  get fields() {
    return FIELDS.map((name) => this.form.elements[name].value);
  }

  get values() {
    return [...this.fields, this.area.value];
  }

  get state() {
    return JSON.stringify(this.values);
  }

  get dirty() {
    return this.state !== this.kept;
  }

  keep() {
    this.kept = this.state;
    this.tell();
  }

  tell() {
    document.getElementById("unsaved").hidden = !this.dirty;
    this.toggleAttribute("data-changed", this.dirty);
  }
}

customElements.define("sql-editor", SqlEditor);

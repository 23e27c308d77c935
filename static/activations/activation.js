// <activation-form>: the steps of an activation, and a preview that is asked for after each edit.
import "../console/fields.js"; // Before this one, which counts what it leaves.
import "../console/conditions.js"; // Before this one, too: what does not apply is no part of what is saved.
import { say, toast } from "../console/live.js";
import { ask } from "../console/session.js";

const PAUSE = 350; // milliseconds without an edit before the preview is asked for
const $ = (id) => document.getElementById(id);

class ActivationForm extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.sections = [...this.querySelectorAll(".step")];
    this.links = [...this.querySelectorAll(".steps a")];
    this.number = 0;
    this.begin();
    this.watch();
    this.ask();
  }

  // ---- steps ----
  begin() {
    this.classList.add("stepped");
    const wanted = location.hash.slice(1);
    const wrong = this.querySelector(".steps .badge");
    this.show(!wrong && this.section(wanted) ? wanted : this.dataset.step, false);
    if (wrong) this.querySelector(".step:not([hidden]) :is(.is-invalid, [role=alert])")?.focus();
    for (const link of this.links) {
      link.addEventListener("click", (event) => { event.preventDefault(); this.show(link.hash.slice(1)); });
    }
    for (const button of this.querySelectorAll("[data-go]")) {
      button.addEventListener("click", () => this.show(this.sections[this.at + Number(button.dataset.go)].id));
    }
  }

  section(name) {
    return this.sections.find(({ id }) => id === name);
  }

  show(name, move = true) {
    this.at = this.sections.indexOf(this.section(name));
    this.sections.forEach((one, n) => { one.hidden = n !== this.at; });
    for (const link of this.links) {
      if (link.hash === `#${name}`) link.setAttribute("aria-current", "step");
      else link.removeAttribute("aria-current");
    }
    for (const button of this.querySelectorAll("[data-go]")) button.hidden = !this.sections[this.at + Number(button.dataset.go)];
    history.replaceState(history.state, "", `#${name}`);
    if (move) this.sections[this.at].querySelector("h2").focus();
  }

  // Says at a step how much is wrong in it.
  mark(name, wrong) {
    const link = this.links.find(({ hash }) => hash === `#${name}`);
    const badge = link.querySelector(".badge") ?? Object.assign(document.createElement("span"), { className: "badge bad" });
    const words = Object.assign(document.createElement("span"), { className: "visually-hidden", textContent: " to correct" });
    badge.replaceChildren(`▲ ${wrong}`, words);
    if (wrong) link.append(badge);
    else badge.remove();
  }

  // Counts what the server said to be wrong, and what was not changed since.
  recount() {
    for (const name of ["details", "schedule"]) {
      const said = [...this.section(name).querySelectorAll(".invalid-feedback, .alert.bad")];
      this.mark(name, said.filter((one) => !one.closest("[hidden]:not(.step)")).length);
    }
  }

  // ---- what happens to it ----
  watch() {
    this.kept = "changed" in this.dataset ? "" : this.state;
    this.tell();
    for (const type of ["input", "change"]) {
      document.addEventListener(type, ({ target }) => this.form.contains(target) && this.edited());
    }
    document.addEventListener("keydown", (event) => {
      if (event.key.toLowerCase() !== "s" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      this.form.requestSubmit(this.form.elements.save);
    });
    $("settings").addEventListener("htmx:afterSettle", () => this.edited());
    this.addEventListener("click", ({ target }) => target.closest("[data-again]") && this.ask({ patient: true }));
  }

  get state() {
    const sent = [...new FormData(this.form)].filter(([name]) => !["csrfmiddlewaretoken", "token", "opened"].includes(name));
    return JSON.stringify(sent);
  }

  get dirty() {
    return this.state !== this.kept;
  }

  tell() {
    $("unsaved").hidden = !this.dirty;
    this.toggleAttribute("data-changed", this.dirty);
  }

  edited() {
    this.recount();
    this.tell();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), PAUSE);
  }

  // ---- preview ----
  // A newer question drops the older one: here, and by its number on the server.
  async ask({ patient = false } = {}) {
    this.asked?.abort();
    this.asked = new AbortController();
    this.number += 1;
    const { number: mine, asked: { signal } } = this;
    const sent = new FormData(this.form);
    sent.set("page", this.dataset.page);
    sent.set("number", mine);
    if (patient) sent.set("patient", "yes");
    this.busy(true);
    const [rows] = await Promise.all([this.load("preview", sent, signal), this.load("next-runs", sent, signal)]);
    if (mine !== this.number) return;
    this.busy(false);
    if (rows) this.told();
  }

  // Shows the answer in its place; returns whether there was one.
  async load(id, body, signal) {
    const place = $(id);
    const headers = { "HX-Request": "true" };
    try {
      const answer = await ask(place.dataset.url, { method: "POST", headers, body, signal });
      if (answer.status === 204) return false; // A newer one was asked for, in another window say.
      if (!answer.ok) throw new Error(answer.status);
      const text = await answer.text();
      if (signal.aborted) return false;
      window.htmx.swap(place, text, { swapStyle: "innerHTML" });
      return true;
    } catch (error) {
      if (error.name !== "AbortError" && !error.ended) toast("The preview could not be made: the server could not be reached, or failed.", "bad", "preview");
      return false;
    }
  }

  busy(on) {
    $("preview").setAttribute("aria-busy", on);
    $("previewing").textContent = on ? "◌ Looking…" : "";
  }

  told() {
    const problems = JSON.parse($("mapping-problems").textContent);
    this.mark("mapping", this.querySelector("output-mapping").complain(problems));
    say(problems.length ? problems[0].text : $("preview-said")?.textContent ?? "");
  }
}

customElements.define("activation-form", ActivationForm);

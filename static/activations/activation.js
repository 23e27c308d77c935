// <activation-form>: the steps of an activation, and a preview that is asked for after each edit.
import { say } from "../console/live.js";

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
    badge.textContent = `▲ ${wrong}`;
    if (wrong) link.append(badge);
    else badge.remove();
  }

  // ---- what happens to it ----
  watch() {
    this.kept = "changed" in this.dataset ? "" : this.state;
    for (const type of ["input", "change"]) this.form.addEventListener(type, () => this.edited());
    this.form.addEventListener("submit", (event) => this.send(event));
    window.addEventListener("pageshow", () => this.free());
    window.addEventListener("beforeunload", (event) => this.dirty && !this.sending && event.preventDefault());
    document.addEventListener("keydown", (event) => {
      if (event.key.toLowerCase() !== "s" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      this.form.requestSubmit(this.form.elements.save);
    });
    document.addEventListener("htmx:configRequest", ({ detail }) => this.numbered(detail));
    document.addEventListener("htmx:afterSwap", ({ detail }) => this.swapped(detail.target));
    this.addEventListener("click", ({ target }) => target.closest("[data-again]") && this.ask({ patient: true }));
  }

  get state() {
    const sent = [...new FormData(this.form)].filter(([name]) => !["csrfmiddlewaretoken", "token", "opened"].includes(name));
    return JSON.stringify(sent);
  }

  get dirty() {
    return this.state !== this.kept;
  }

  edited() {
    $("unsaved").hidden = !this.dirty;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), PAUSE);
  }

  // The second click of two does nothing: what is sent goes once.
  send(event) {
    if (this.sending) return event.preventDefault();
    this.sending = true;
    setTimeout(() => this.buttons((button) => button.setAttribute("aria-disabled", "true")));
  }

  free() {
    this.sending = false;
    this.buttons((button) => button.removeAttribute("aria-disabled"));
  }

  buttons(act) {
    for (const button of this.querySelectorAll(".save-bar [name]")) act(button);
  }

  // ---- preview ----
  // A newer question drops the older one: here, and by its number on the server.
  ask({ patient = false } = {}) {
    this.patient = patient;
    for (const id of ["preview", "next-runs"]) window.htmx.trigger($(id), "preview");
  }

  numbered({ elt, parameters }) {
    if (elt.id !== "preview") return;
    this.number += 1;
    parameters.number = this.number;
    if (this.patient) parameters.patient = "yes";
  }

  swapped(target) {
    if (target.id === "settings") this.edited();
    if (target.id !== "preview") return;
    const problems = JSON.parse($("mapping-problems").textContent);
    const wrong = this.querySelector("output-mapping").complain(problems);
    this.mark("mapping", wrong);
    say(problems.length ? problems[0].text : $("preview-said")?.textContent ?? "");
  }
}

customElements.define("activation-form", ActivationForm);

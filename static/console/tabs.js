// <tab-set>: sections become tabs. Without scripts they stand one below the other.
class TabSet extends HTMLElement {
  connectedCallback() {
    this.list = this.querySelector("[role=tablist]");
    this.tabs = [...this.list.querySelectorAll("[role=tab]")];
    this.list.hidden = false;
    this.list.addEventListener("click", ({ target }) => this.show(target.closest("[role=tab]")));
    this.list.addEventListener("keydown", (event) => this.walk(event));
    document.addEventListener("job-started", () => this.show(this.tabs[0]));
    this.show(this.tabs[0]);
  }

  panelOf(tab) {
    return this.querySelector(`[role=tabpanel][aria-labelledby="${tab.id}"]`);
  }

  show(chosen) {
    if (!chosen) return;
    for (const tab of this.tabs) {
      tab.setAttribute("aria-selected", tab === chosen);
      tab.tabIndex = tab === chosen ? 0 : -1;
      this.panelOf(tab).hidden = tab !== chosen;
    }
  }

  walk(event) {
    const at = this.tabs.indexOf(event.target);
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const tab = this.tabs.at(next % this.tabs.length);
    this.show(tab);
    tab.focus();
  }
}

customElements.define("tab-set", TabSet);

// The schedule dialog: fields that apply, and the reader's own local time beside the firings.
class ScheduleFields extends HTMLElement {
  connectedCallback() {
    const when = this.querySelector("[name=when]");
    const missed = this.querySelector("[name=missed]");
    const fit = () => {
      this.querySelector("[data-custom]").hidden = when.value !== "custom";
      this.querySelector("[data-after]").hidden = when.value !== "after";
      this.querySelector("[data-repeat]").hidden = when.value !== "repeat";
      for (const part of this.querySelectorAll("[data-timed]")) part.hidden = when.value === "after";
      for (const part of this.querySelectorAll("[data-scheduled]")) part.hidden = !when.value;
      this.querySelector("[data-missed]").hidden = missed.value !== "all";
    };
    when.addEventListener("change", () => {
      fit();
      if (when.value === "custom") this.querySelector("[name=cron]").focus();
      if (when.value === "after") this.querySelector("[data-after] :is(select, input)").focus();
      if (when.value === "repeat") this.querySelector("[name=unit]").focus();
    });
    missed.addEventListener("change", fit);
    fit();
  }
}

customElements.define("schedule-fields", ScheduleFields);

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const local = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

function showLocal() {
  const table = document.querySelector("#firings table");
  if (!table) return;
  const heads = [...table.querySelectorAll("th")].map((head) => head.textContent);
  if (heads.includes(zone)) return; // it is there already
  table.querySelector("[data-local-head]").hidden = false;
  for (const cell of table.querySelectorAll("[data-local]")) {
    cell.textContent = local.format(new Date(cell.dataset.local));
    cell.hidden = false;
  }
}

document.addEventListener("htmx:load", showLocal);
showLocal();

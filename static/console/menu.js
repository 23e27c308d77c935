// Menus on native popovers: opened by their "⋯" button, a right click or Shift+F10 on their row.
// <button popovertarget="m1">⋯</button> <div id="m1" popover class="menu" role="menu">…</div>
// <tr data-menu="m1"> opens the same menu where the pointer is.
const openers = new WeakMap();
const items = (menu) => [...menu.querySelectorAll("[role=menuitem]")];
const buttonOf = (menu) => document.querySelector(`[popovertarget="${CSS.escape(menu.id)}"]`);

function place(menu, x, y, above) {
  const top = y + menu.offsetHeight + 8 > innerHeight ? above - menu.offsetHeight : y;
  menu.style.left = `${Math.max(8, Math.min(x, innerWidth - menu.offsetWidth - 8))}px`;
  menu.style.top = `${Math.max(8, top)}px`;
}

document.addEventListener("toggle", (event) => {
  const menu = event.target;
  if (!menu.matches?.(".menu[popover]")) return;
  if (event.newState === "closed") {
    if (menu.contains(document.activeElement) || document.activeElement === document.body) {
      (openers.get(menu) ?? buttonOf(menu))?.focus();
    }
    openers.delete(menu);
    return;
  }
  if (!openers.has(menu)) {
    const box = buttonOf(menu).getBoundingClientRect();
    place(menu, box.left, box.bottom + 4, box.top - 4);
  }
  if (!menu.contains(document.activeElement)) items(menu)[0]?.focus(); // not away from who was quicker
}, true);

document.addEventListener("contextmenu", (event) => {
  const row = event.target.closest("[data-menu]");
  if (!row || event.target.closest("input, textarea")) return;
  event.preventDefault();
  const menu = document.getElementById(row.dataset.menu);
  const box = row.getBoundingClientRect();
  menu.hidePopover(); // its own row's button may have it open
  openers.set(menu, event.target.closest("a, button") ?? row.querySelector("a, button"));
  menu.showPopover();
  place(menu, event.clientX || box.left + 40, event.clientY || box.bottom, event.clientY || box.top);
});

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.(".menu[popover]");
  if (!menu) return;
  const all = items(menu);
  const at = all.indexOf(document.activeElement);
  const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
  if (next !== undefined) {
    event.preventDefault();
    all.at(next % all.length).focus();
  } else if (event.key === "Tab") {
    menu.hidePopover();
  } else if (event.key.length === 1 && event.key !== " ") {
    all.find((item) => item.textContent.trim().toLowerCase().startsWith(event.key))?.focus();
  }
});

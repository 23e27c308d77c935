// The colour theme. Loaded in the head before the page is painted, so that nothing flashes.
const root = document.documentElement;
const systemDark = matchMedia("(prefers-color-scheme: dark)");

function kept() {
  try {
    const theme = localStorage.getItem("theme"); // the Django admin keeps its own here too
    return theme === "auto" ? null : theme;
  } catch {
    return null; // storage can be switched off
  }
}

function paint() {
  root.dataset.theme = kept() ?? (systemDark.matches ? "dark" : "light");
}

function choose(theme) {
  try {
    localStorage.setItem("theme", theme);
  } catch {
    root.dataset.theme = theme;
    return;
  }
  paint();
}

paint();
systemDark.addEventListener("change", paint);
addEventListener("storage", paint);
document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-theme-toggle]")) {
    choose(root.dataset.theme === "dark" ? "light" : "dark");
  }
});

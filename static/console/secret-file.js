// A key can be pasted, or read from a file into the field: <textarea data-upload>.
// The file does not leave the browser by itself: its text is sent like a pasted one.
const LARGEST = 256 * 1024;

function addChooser(area) {
  if (area.dataset.upload === "ready") return;
  area.dataset.upload = "ready";
  const box = document.createElement("p");
  box.className = "from-file";
  const chooser = Object.assign(document.createElement("input"), { type: "file", id: `${area.id}_file` });
  const label = Object.assign(document.createElement("label"), {
    htmlFor: chooser.id,
    className: "btn small",
    textContent: `Read ${labelOf(area)} from a file`,
  });
  const note = Object.assign(document.createElement("span"), { className: "form-text" });
  note.setAttribute("role", "status");
  chooser.addEventListener("change", () => read(chooser, area, note));
  box.append(chooser, label, note);
  area.after(box);
}

function labelOf(area) {
  return area.labels[0]?.textContent.replace(/[*:]/g, "").trim().toLowerCase() ?? "the field";
}

async function read(chooser, area, note) {
  const [file] = chooser.files;
  if (!file) return;
  if (file.size > LARGEST) {
    note.textContent = `${file.name} is too large to be a key.`;
  } else {
    area.value = await file.text();
    area.dispatchEvent(new Event("change", { bubbles: true }));
    note.textContent = `${file.name} was read into the field.`;
  }
  chooser.value = "";
}

function addAll(root) {
  for (const area of root.querySelectorAll("textarea[data-upload]")) addChooser(area);
}

document.addEventListener("htmx:load", (event) => addAll(event.target));
addAll(document);

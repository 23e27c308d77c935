// #job, the job on show, asks for itself. Run and Stop have the last word: what #job asks for
// while they are under way, or asked for before, does not take the place of their answer.
let command = null; // the last request of Run or Stop, until it is answered

document.addEventListener("htmx:beforeRequest", (event) => {
  const { elt, target, xhr } = event.detail;
  if (target.id !== "job") return;
  const byItself = elt === target;
  if (byItself && command) return event.preventDefault();
  if (!byItself) command = xhr;
  // On the element, which is no longer part of the page when an answer is late.
  target.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (detail.xhr !== xhr) return;
    const late = byItself ? command || !target.isConnected : command !== xhr;
    if (late) detail.shouldSwap = false;
    else if (detail.target === target) detail.target = document.getElementById("job");
  });
  xhr.addEventListener("loadend", () => { if (command === xhr) command = null; });
});

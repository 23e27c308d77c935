// Shows how much of a file has been sent, once that takes longer than a second.
const size = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
let began = 0;

document.addEventListener("htmx:xhr:loadstart", () => { began = Date.now(); });
document.addEventListener("htmx:xhr:progress", ({ detail: { lengthComputable, loaded, total } }) => {
  const holder = document.querySelector("[data-progress]");
  if (!holder || !lengthComputable || Date.now() - began < 1000) return;
  holder.hidden = false;
  holder.querySelector("progress").value = loaded / total;
  holder.querySelector("[data-text]").textContent =
    loaded < total ? `${size(loaded)} of ${size(total)} sent` : "Sent; the file is being looked at";
});

// <time datetime="…">: the reader's own local time as its title; the text stays what the server wrote.
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });

function mark(within) {
  for (const time of within.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (!Number.isNaN(at.valueOf())) time.title = full.format(at);
  }
}

mark(document);
document.addEventListener("htmx:load", (event) => mark(event.target.parentElement ?? document));

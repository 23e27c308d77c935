// The session of this window. Who signs in again in another one gets a new token, also for what is sent here.
import { byItself, forget, toast } from "./live.js";

const SIGN_IN = document.body.dataset.signIn;
const ENDED = "Your session has ended. What you entered is still here: sign in in another tab, then try again.";
let token = null;

// Puts the token that counts now wherever one is sent from.
export function renew() {
  const [, now] = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/) ?? [];
  if (!now || now === token) return;
  token = now;
  document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRFToken": token }));
  for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = token;
  forget("session");
}

// Says that the session has ended, with a way to the sign-in that leaves this page alone.
export function ended() {
  const box = toast(ENDED, "bad", "session");
  if (!box.querySelector("a")) {
    const link = Object.assign(document.createElement("a"), { href: SIGN_IN, target: "_blank", textContent: "Sign in" });
    box.querySelector("p").append(" ", link);
  }
  return Object.assign(new Error(ENDED), { ended: true });
}

// Asks the console for something. Only the sign-in redirects what a script asks for.
export async function ask(url, { headers, ...options } = {}) {
  renew();
  options.body?.delete?.("csrfmiddlewaretoken"); // That of the header counts only without one.
  const known = JSON.parse(document.body.getAttribute("hx-headers"));
  const answer = await fetch(url, { ...options, redirect: "manual", headers: { ...headers, ...known } });
  if (answer.type === "opaqueredirect") throw ended();
  return answer;
}

// Whether a form that is sent now would arrive. The sign-in sends on whoever is signed in. Throws
// where the server is away.
export async function arrives() {
  const answer = await fetch(SIGN_IN, { redirect: "manual", signal: AbortSignal.timeout(20000) });
  renew();
  if (answer.type === "opaqueredirect") return true;
  if (!answer.ok) throw new Error(answer.status);
  ended();
  return false;
}

export const leadsToSignIn = (xhr) => new URL(xhr.responseURL).pathname === SIGN_IN;

// What an element asks for by itself does not keep the session alive.
document.addEventListener("htmx:configRequest", ({ detail }) => {
  if (byItself(detail)) detail.headers["X-Poll"] = "yes";
});
document.addEventListener("htmx:confirm", renew); // the first event of each request
document.addEventListener("submit", renew, true);
window.addEventListener("focus", renew);

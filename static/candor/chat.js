// What the chat page adds to its forms and links when scripts run: sending by key, the question shown at once, drafts,
// one announcement per answer, polling where a proxy holds the stream back, and retries. Scrolling is in follow.js.
// It has no words of its own: they are in the templates.

const FIRST_EVENT_MS = 8000;
const POLL_MS = 2000;
const POLLS = 60;
const DRAFT = `candor-draft:${location.pathname}`;

const root = document.documentElement;
const byId = (id) => document.getElementById(id);
const box = () => byId("question"); // a refused question comes back in a new form
const turns = byId("turns");
const status = byId("status");
const announce = (words) => { if (status.textContent !== words) status.textContent = words; };

root.classList.add("js");
if (navigator.clipboard) root.classList.add("can-copy");

// --- The question box

function fitBox() {
  if (CSS.supports("field-sizing", "content")) return;
  box().style.height = "auto";
  box().style.height = `${box().scrollHeight}px`;
}

function keepText(text) {
  box().value = text;
  storage(text ? "setItem" : "removeItem", DRAFT, text);
  fitBox();
}

function storage(action, ...given) {
  try {
    return sessionStorage[action](...given);
  } catch {
    return null; // storage is denied: the draft lives as long as the page
  }
}

document.addEventListener("input", (event) => {
  if (event.target !== box()) return;
  storage("setItem", DRAFT, box().value);
  fitBox();
});

document.addEventListener("keydown", (event) => {
  // keyCode 229: Safari ends a composition before the Enter that ended it arrives.
  if (event.target !== box() || event.isComposing || event.keyCode === 229) return;
  if (event.key === "Enter" && !event.shiftKey && !event.altKey && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    if (box().value.trim()) box().form.requestSubmit();
  } else if (event.key === "ArrowUp" && !box().value) {
    const asked = [...turns.querySelectorAll(".said")].pop();
    if (!asked) return;
    event.preventDefault();
    keepText(asked.textContent);
  }
});

// --- Sending

let sending = null; // the last question sent: its turn until the server's own comes, its form and its text

document.addEventListener("htmx:beforeRequest", ({ target: form, detail }) => {
  clearFailure();
  if (!form.matches("[data-ask]")) return;
  const turn = byId("sending").content.firstElementChild.cloneNode(true);
  const text = detail.requestConfig.formData.get("question");
  turn.querySelector(".said").textContent = text;
  turns.append(turn);
  sending = { turn, form, text };
  if (form === box().form) {
    keepText("");
    box().removeAttribute("aria-invalid");
    byId("question-error")?.remove();
  }
  announce(status.dataset.busy);
  keepFocus(form);
});

// The box keeps the focus; after a press on a touch screen it would only open the keyboard over the answer.
function keepFocus(form) {
  const typing = form === box().form || matchMedia("(hover: hover)").matches;
  (typing ? box() : byId("transcript")).focus({ preventScroll: true });
}

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.requestConfig.elt === sending?.form) sending.turn.remove();
});

document.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (![422, 429].includes(detail?.xhr?.status)) return;
  announce("");
  fitBox();
  showStop();
  box().focus();
});

// --- When it does not get through

function fail(reason, { elt, triggeringEvent }) {
  if (elt === sending?.form) sending.turn.remove();
  if (elt === box().form) keepText([sending.text, box().value].filter(Boolean).join("\n"));
  announce("");
  byId("alert").textContent = byId("alert").dataset[reason];
  byId("retry").hidden = reason === "refused";
  byId("retry").onclick = () => (elt.requestSubmit ? elt.requestSubmit(triggeringEvent?.submitter) : elt.click());
}

function clearFailure() {
  byId("alert").textContent = "";
  byId("retry").hidden = true;
}

const unreachable = ({ detail }) => fail("network", detail.requestConfig);
document.addEventListener("htmx:sendError", unreachable);
document.addEventListener("htmx:timeout", unreachable);
document.addEventListener("htmx:responseError", ({ detail }) => {
  fail([403, 404].includes(detail.xhr.status) ? "refused" : "server", detail.requestConfig);
});

// --- The answer

const pending = (article) => article.isConnected && "pending" in article.dataset;

htmx.onLoad((loaded) => loaded.querySelectorAll("[data-pending]").forEach(watch));

// While an answer is being made, Stop stands in the place of Send: it sends the article's own form.
function showStop() {
  const [stop, send] = [byId("stop"), byId("send")];
  const making = turns.querySelector("[data-pending]");
  if (making) stop.setAttribute("form", `${making.id}-stop`);
  const focused = document.activeElement === (making ? send : stop);
  stop.hidden = !making;
  send.hidden = !!making;
  if (focused) (making ? stop : box()).focus({ preventScroll: true });
}

function watch(article) {
  announce(status.dataset.busy);
  showStop();
  const timer = setTimeout(poll, FIRST_EVENT_MS, article, POLLS);
  article.addEventListener("htmx:sseMessage", ({ detail }) => {
    clearTimeout(timer);
    if (detail.type === "done") finish(article);
  });
  article.addEventListener("htmx:sseError", ({ detail }) => {
    if (detail.source.readyState !== EventSource.CLOSED) return; // it reconnects and goes on where it was
    clearTimeout(timer);
    if (!article.dataset.polled) poll(article, POLLS);
  });
}

async function poll(article, left) {
  if (!pending(article)) return;
  article.dataset.polled = "yes";
  const response = await fetch(article.dataset.replyUrl, { headers: { "HX-Request": "true" } }).catch(() => null);
  const html = response?.ok ? await response.text() : "";
  if (!pending(article)) return; // the stream was faster
  const fresh = new DOMParser().parseFromString(html, "text/html").querySelector("article:not([data-pending])");
  if (fresh) {
    htmx.swap(article, fresh.outerHTML, { swapStyle: "outerHTML", swapDelay: 0, settleDelay: 0 });
    finish(byId(article.id));
  } else if (left > 0 && response?.status !== 404) {
    setTimeout(poll, POLL_MS, article, left - 1);
  } else {
    announce("");
    article.querySelector(".late").hidden = false;
    article.querySelector(".progress").hidden = true;
  }
}

function finish(article) {
  for (const name of ["hx-ext", "sse-connect", "sse-close", "data-pending", "data-reply-url"]) {
    article.removeAttribute(name);
  }
  const { spoken, outcome } = article.querySelector("[data-spoken]").dataset;
  announce(spoken);
  showStop();
  document.dispatchEvent(new CustomEvent("candor:answered", { detail: { id: article.id.slice(2), outcome } }));
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.closest(".reply-body").querySelector(".answer").innerText);
  const label = button.querySelector("span");
  label.textContent = button.dataset.copied;
  announce(label.textContent);
  setTimeout(() => { label.textContent = button.dataset.copy; }, 2000);
});

// --- As the page opens

storage("removeItem", "htmx-current-path-for-history"); // kept for a history that is switched off
if (!box().value) box().value = storage("getItem", DRAFT) ?? "";
fitBox();
// In a frame the page around it says when.
if (matchMedia("(hover: hover)").matches && !location.hash && parent === window) box().focus({ preventScroll: true });

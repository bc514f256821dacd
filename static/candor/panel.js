// The chat inside somebody's page: who asks is known by a token that the page around us keeps, never by a cookie. Only
// the page that frames us is listened to, and the server has named to the browser which pages may. No words of its own.

const root = document.documentElement;
const { turns: turnsUrl, identify: identifyUrl } = document.body.dataset;
const tab = "tab" in document.body.dataset;
const byId = (id) => document.getElementById(id);
const VISITOR = "X-Candor-Visitor";
const LOOK = { accent: ["--candor-accent", "color"], font: ["--candor-sans", "font-family"] };

let host = null; // the origin of the page around us, from its first word on
let token = "";
let page = "";
let next = ""; // the question to ask when the answer under way is finished: the last one wins
let asking = false; // whether a question is on its way, or waits for who asks to be known

// What rests on who asks goes one after the other: a question must not overtake the answer to "who", nor be overwritten
// by the conversation as it was before it.
let line = Promise.resolve();
const inTurn = (job) => {
  line = line.then(job).catch(() => {});
  return line;
};

const say = (candor, more) => { if (host) parent.postMessage({ candor, ...more }, host); };
const answering = () => byId("turns").querySelector("[data-pending], .sending");

// --- What the page says to us

const commands = {
  hello(data) {
    token = String(data.token ?? "");
    page = String(data.page ?? "").replace(/[^!-~]/g, "").slice(0, 500); // a path, as it may stand in a header
    commands.theme(data);
    dress(data.look ?? {});
    if (token) showTurns();
    say("ready");
  },
  open() {
    if (matchMedia("(hover: hover)").matches) byId("question").focus({ preventScroll: true });
    else byId("transcript").focus({ preventScroll: true });
  },
  ask({ text }) {
    next = String(text ?? "").slice(0, 4000);
    askNext();
  },
  token(data) {
    const isNew = !token;
    token = String(data.token ?? "");
    if (isNew) showTurns();
  },
  identify({ proof }) {
    inTurn(() => identify(String(proof ?? "")));
  },
  reset() {
    // After a question on its way, whose answer brings the token once more.
    inTurn(() => {
      token = "";
      say("forget");
    });
    showTurns();
  },
  theme({ theme }) {
    if (["light", "dark", "auto"].includes(theme)) root.dataset.theme = theme;
  },
};

addEventListener("message", ({ source, origin, data }) => {
  if (source !== parent || parent === window || typeof data?.candor !== "string") return;
  if (host === null && data.candor === "hello" && origin !== "null") host = origin;
  if (origin === host && Object.hasOwn(commands, data.candor)) commands[data.candor](data);
});

function dress(look) {
  for (const [name, [property, kind]] of Object.entries(LOOK)) {
    const value = String(look[name] ?? "");
    if (value && CSS.supports(kind, value)) root.style.setProperty(property, value);
  }
}

function askNext() {
  if (!next || asking || answering()) return;
  const box = byId("question");
  const draft = box.value;
  box.value = next;
  next = "";
  box.form.requestSubmit();
  if (draft) setTimeout(() => { byId("question").value ||= draft; });
}

// --- What we say to the server, and keep of its answers

function headers() {
  const own = JSON.parse(document.body.getAttribute("hx-headers"));
  return { ...own, ...(token && { [VISITOR]: token }), ...(page && { "X-Candor-Page": page }) };
}

function keep(fresh) {
  if (!fresh) return;
  token = fresh;
  say("token", { token, tab });
}

function showTurns() {
  inTurn(() => htmx.ajax("GET", turnsUrl, { target: "#turns", swap: "innerHTML" }));
}

async function identify(proof) {
  const request = { method: "POST", body: new URLSearchParams({ proof }), headers: headers() };
  const response = await fetch(identifyUrl, request).catch(() => null);
  if (!response?.ok) {
    const reason = response?.status === 403 ? (await response.json().catch(() => null))?.error : "";
    console.warn(`Candor: identify was refused. ${reason || "The server did not answer."}`);
    return;
  }
  keep(response.headers.get(VISITOR));
  showTurns();
}

document.addEventListener("htmx:confirm", (event) => {
  const { elt, etc, issueRequest } = event.detail;
  if (!elt.matches?.("[data-ask], [data-leaves]")) return;
  event.preventDefault();
  if (asking) return; // a second press
  asking = true;
  etc.returnPromise = true;
  inTurn(() => issueRequest(true)).then(() => {
    asking = false;
    askNext();
  });
});

document.addEventListener("htmx:configRequest", ({ detail }) => Object.assign(detail.headers, headers()));
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  const { xhr, requestConfig, successful } = detail;
  if (!successful) return;
  keep(xhr.getResponseHeader(VISITOR));
  const { elt, path } = requestConfig;
  if (path.includes("/delete/")) {
    token = "";
    say("forget");
  } else if (elt.matches?.("[data-ask]")) {
    say("message", { text: requestConfig.formData.get("question") });
  } else if (elt.matches?.(".feedback, .reasons")) {
    say("feedback", { value: requestConfig.formData.get("value") ?? "down", reason: requestConfig.formData.get("reason") });
  }
});
document.addEventListener("candor:answered", ({ detail }) => {
  say("answer", detail);
  askNext();
});
document.addEventListener("candor:handoff", () => say("handoff"));

// A form that htmx has not taken up yet, so shortly after it came, would leave the panel for a page: it is sent again.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method === "dialog") return;
  event.preventDefault();
  htmx.process(form);
  const { submitter } = event; // pressed anew: htmx takes a button's value from its press
  if (!form.dataset.again) setTimeout(() => (submitter ? submitter.click() : form.requestSubmit()));
  form.dataset.again = "yes";
});

// Reloading is for the panel alone; every other link opens a page beside the website.
document.addEventListener("click", (event) => {
  if (!event.target.closest(".late a")) return;
  event.preventDefault();
  location.reload();
});

// --- Leaving

byId("close").addEventListener("click", () => say("close"));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || event.isComposing || byId("sheet").open) return;
  say("close");
});

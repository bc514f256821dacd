// Candor's loader, the only script on somebody else's page: a button, and after the first press a frame with the chat.
// It has no dependency, asks for nothing and stores nothing before that press. Comments are left out of what is sent.
(() => {
  const script = document.currentScript ?? document.querySelector("script[data-assistant]");
  const early = window.Candor;
  if (early?.destroy || !script) return; // a second copy on the page
  const given = { ...window.CandorSettings, ...script.dataset };
  const base = new URL(".", script.src).href;
  const { origin } = new URL(base);
  const key = encodeURIComponent(given.assistant ?? "");
  const WORDS = "WORDS"; // by language: to open, to close, and where there can be no panel
  const root = document.documentElement;
  const ends = new AbortController();
  const { signal } = ends;
  const waiting = new Map(); // what the panel shall do when it can: the last of each kind
  let frame, opener, live, visible, scheduled, who;

  const language = () => {
    const wanted = [given.locale, root.lang, ...(navigator.languages ?? [])];
    return wanted.map((code) => code?.slice(0, 2).toLowerCase()).find((code) => code in WORDS) ?? "en";
  };
  const word = (number) => WORDS[language()][number];
  const fire = (name, detail) => document.dispatchEvent(new CustomEvent(`candor:${name}`, { detail }));

  // --- What is kept, where the visitor's browser lets us: after the first question, and not before.
  const slot = `candor:${key}`;
  const kept = {};
  let stores = [];
  try { stores = [sessionStorage, localStorage]; } catch { /* denied */ }
  const read = (name) => stores.map((store) => store.getItem(name)).find(Boolean) ?? kept[name];
  const keep = (name, value, tab) => {
    kept[name] = value;
    try {
      stores.forEach((store, place) => (value && place === +!tab ? store.setItem(name, value) : store.removeItem(name)));
    } catch { /* full or denied: it lives as long as the page */ }
  };

  // --- The button and the place of the panel, out of reach of the page's own style
  const host = document.createElement("candor-widget");
  const shadow = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    :host{all:initial;--a:var(--candor-accent,#0b6b5d);--s:max(44px,var(--candor-size,56px));--x:var(--candor-offset-x,20px);--y:var(--candor-offset-y,20px);--r:var(--candor-radius,16px)}
    :host([hidden]){display:none}
    button,div{position:fixed;z-index:2147483000;inset-inline-end:max(var(--x),env(safe-area-inset-right));inset-block-end:max(var(--y),env(safe-area-inset-bottom));box-sizing:border-box}
    .start button,.start div{inset-inline-end:auto;inset-inline-start:max(var(--x),env(safe-area-inset-left))}
    button{display:grid;place-items:center;inline-size:var(--s);block-size:var(--s);padding:0;border:2px solid transparent;border-radius:50%;background:var(--a);color:var(--candor-on-accent,#fff);cursor:pointer;box-shadow:0 2px 10px #0004}
    button:focus-visible,a:focus-visible{outline:3px solid var(--a);outline-offset:3px}
    button::before{content:"";inline-size:24px;block-size:24px;background:currentColor;clip-path:path("M4 3h16a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H9l-5 4v-4a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2z")}
    div{inset-block-end:calc(max(var(--y),env(safe-area-inset-bottom)) + var(--s) + 12px);inline-size:min(400px,100vw - 2*var(--x));block-size:min(660px,100dvh - var(--y) - var(--s) - 32px);border:1px solid #8886;border-radius:var(--r);overflow:hidden;background:Canvas;color:CanvasText;font:16px/1.5 var(--candor-font,system-ui,sans-serif);box-shadow:0 8px 32px #0003}
    [hidden]{display:none!important}
    iframe{display:block;border:0;inline-size:100%;block-size:100%}
    a{display:block;padding:24px;color:inherit}
    @media print{:host{display:none}}
    @media (forced-colors:active){button::before{background:ButtonText}}
    @media (max-width:639px){div,.start div{inset:0;inline-size:100%;block-size:100dvh;border:0;border-radius:0}.open button{display:none}.open.lost button{display:grid;z-index:2147483001}}
  `);
  shadow.adoptedStyleSheets = [sheet];
  // Made element by element: a page may require that no HTML is made of text.
  const [wrap, button, panel] = ["span", "button", "div"].map((name) => document.createElement(name));
  button.type = "button";
  button.setAttribute("aria-haspopup", "dialog");
  panel.setAttribute("role", "dialog");
  wrap.append(button, panel);
  shadow.append(wrap);

  const dress = () => {
    button.title = button.ariaLabel = visible ? word(1) : given.title || word(0);
    panel.ariaLabel = given.title || "Chat";
    button.ariaExpanded = `${!!visible}`;
    panel.hidden = !visible;
    wrap.className = (/left|start/.test(given.position) ? "start " : "") + (visible ? "open " : "") + (frame === null ? "lost" : "");
    for (const name of ["accent", "radius", "font", "size", "offset-x", "offset-y"]) {
      const value = given[name.replace(/-(.)/, (_, letter) => letter.toUpperCase())];
      if (value) host.style.setProperty(`--candor-${name}`, value);
    }
    const [red, green, blue] = given.accent?.match(/[\da-f]{2}/gi) ?? [];
    if (blue) host.style.setProperty("--candor-on-accent", `0x${red}` * 3 + `0x${green}` * 6 + +`0x${blue}` > 1500 ? "#000" : "#fff");
    host.hidden = given.launcher === "off" && !visible;
  };

  // --- The panel: messages go to our own origin alone, and only the frame's own are heard
  const tell = (candor, more) => {
    waiting.delete(candor); // what is said last comes last
    waiting.set(candor, { candor, ...more });
    scheduled ??= setTimeout(flush);
  };
  const flush = () => {
    scheduled = undefined;
    if (!live || !frame) return;
    for (const message of waiting.values()) frame.contentWindow.postMessage(message, origin);
    waiting.clear();
  };
  // A proof is good for minutes: a function is asked for one when the panel is there.
  const vouch = async () => {
    if (who && live) tell("identify", { proof: `${await (who.call ? who() : who)}` });
  };
  const look = () => {
    const style = getComputedStyle(host);
    return Object.fromEntries(["accent", "radius", "font"].map((name) => [name, style.getPropertyValue(`--candor-${name}`).trim()]));
  };
  const load = () => {
    live = false;
    frame?.remove();
    frame = document.createElement("iframe");
    frame.title = panel.ariaLabel;
    frame.allow = "clipboard-write";
    frame.referrerPolicy = "origin";
    frame.src = `${base}embed/${key}/?${new URLSearchParams({ lang: language(), path: location.pathname.slice(0, 500) })}`;
    frame.onload = ({ target }) => {
      target.contentWindow.postMessage({ candor: "hello", token: read(slot), theme: given.theme, look: look(), page: location.pathname }, origin);
      setTimeout(() => { if (target === frame && !live) lose(); }, 4000);
    };
    panel.replaceChildren(frame);
  };
  // No panel: the page's own policy, an extension, no network. Where we are not allowed, nothing is shown at all.
  const lose = async () => {
    frame = null;
    const answer = await fetch(`${base}embed/${key}/allowed/`).catch(() => null);
    if (frame !== null) return;
    if ([403, 404].includes(answer?.status)) {
      console.warn(`Candor: ${origin} does not show this assistant on ${location.origin}.`);
      ends.abort();
      return host.remove(); // what the page calls does nothing then
    }
    const link = document.createElement("a");
    Object.assign(link, { href: `${base}a/${key}/`, target: "_blank", rel: "noopener", textContent: word(2) });
    panel.replaceChildren(link);
    dress();
    if (visible) link.focus();
  };
  document.addEventListener("securitypolicyviolation", ({ blockedURI, disposition }) => {
    if (frame && !live && disposition === "enforce" && blockedURI.startsWith(origin)) lose();
  }, { signal });

  const heard = {
    ready: () => { live = true; vouch(); flush(); fire("ready"); },
    token: ({ token, tab }) => keep(slot, `${token}`, tab),
    forget: () => keep(slot, null),
    close: () => close(),
  };
  addEventListener("message", ({ source, origin: from, data }) => {
    if (!frame || source !== frame.contentWindow || from !== origin || typeof data?.candor !== "string") return;
    const { candor: name, ...detail } = data;
    if (Object.hasOwn(heard, name)) heard[name](detail);
    else if (/^(message|answer|feedback|handoff)$/.test(name)) fire(name, detail);
  }, { signal });
  addEventListener("storage", ({ key: name, newValue }) => {
    if (name === slot && live) tell(newValue ? "token" : "reset", { token: newValue });
  }, { signal });

  // --- What pages can call
  const open = (again) => {
    if (visible) return;
    opener = document.activeElement === host || document.activeElement === document.body ? button : document.activeElement;
    visible = true;
    keep(`${slot}:open`, "1", true);
    dress();
    if (!frame) load();
    fire("open");
    if (again === 1) return; // after a reload the focus stays where the page has it
    frame.focus();
    tell("open");
  };
  const close = () => {
    if (!visible) return;
    visible = false;
    keep(`${slot}:open`, null);
    dress();
    (opener?.isConnected ? opener : button).focus();
    fire("close");
  };
  const destroy = () => {
    ends.abort();
    host.remove();
    delete window.Candor;
  };
  const listeners = new Map();
  const api = {
    open, close, destroy,
    toggle: () => (visible ? close() : open()),
    ask: (text) => { open(); tell("ask", { text: `${text ?? ""}`.slice(0, 4000) }); },
    identify: (proof) => { who = proof; vouch(); },
    reset: () => { who = null; keep(slot, null); if (frame) tell("reset"); },
    on: (name, listener) => {
      const hear = ({ detail }) => listener(detail);
      listeners.set(listener, hear);
      document.addEventListener(`candor:${name}`, hear, { signal });
    },
    off: (name, listener) => document.removeEventListener(`candor:${name}`, listeners.get(listener)),
    setTheme: (theme) => { given.theme = theme; if (frame) tell("theme", { theme }); },
    setLocale: (code) => { given.locale = code; dress(); if (frame) load(); },
    hide: () => { given.launcher = "off"; close(); dress(); },
    show: () => { given.launcher = ""; dress(); },
  };
  const call = (name, ...values) => { if (Object.hasOwn(api, name)) api[name](...values); };
  window.Candor = Object.assign(call, api);

  button.onclick = api.toggle;
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) close();
  }, { signal });
  document.addEventListener("click", (event) => {
    const element = event.target.closest?.("[data-candor-open],[data-candor-ask]");
    if (!element) return;
    event.preventDefault();
    const { candorAsk } = element.dataset;
    if (candorAsk === undefined) open();
    else api.ask(candorAsk || element.textContent.trim());
  }, { signal });

  const begin = () => {
    dress();
    document.body.append(host);
    for (const values of [...(early?.q ?? [])]) call(...values);
    if (read(`${slot}:open`) && innerWidth > 639) open(1);
  };
  if (document.body) begin();
  else document.addEventListener("DOMContentLoaded", begin, { signal });
})();

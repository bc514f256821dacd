// What opens beside the conversation: a source in a sheet, the form for a person, the menu. Without scripts each of them
// is a page of its own or opens in place. No words of its own.

const byId = (id) => document.getElementById(id);
const sheet = byId("sheet");
const contact = byId("contact");

// --- A source: its address gives a page, and to htmx the part for the sheet

document.addEventListener("click", (event) => {
  const link = event.target.closest(".sources a, a.cite");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  byId("sheet-body").replaceChildren();
  htmx.ajax("GET", link.href, { source: link, target: "#sheet-body", swap: "innerHTML" }).then(() => {
    if (!byId("sheet-body").childElementCount) return; // it did not get through: the page says so
    sheet.showModal();
    sheet.querySelector("mark")?.scrollIntoView({ block: "center" });
  });
});
sheet.addEventListener("click", (event) => { if (event.target === sheet) sheet.close(); });

// --- A person

document.addEventListener("htmx:afterSwap", ({ target, detail }) => {
  if (target !== contact && detail.target !== contact) return;
  const first = contact.querySelector("[aria-invalid=true], .error + * input, input:not([type=hidden]), textarea, [tabindex]");
  (contact.querySelector("#contact-sent") ?? first)?.focus();
  contact.scrollIntoView({ block: "nearest" });
  if (contact.querySelector("#contact-sent")) document.dispatchEvent(new CustomEvent("candor:handoff"));
});
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-close-contact]")) return;
  event.preventDefault();
  contact.replaceChildren();
  byId("question").focus();
});

// --- A reason that was given is thanked for aloud

document.addEventListener("htmx:afterSwap", ({ detail }) => {
  const { elt } = detail.requestConfig ?? {};
  if (!elt?.matches?.(".reasons")) return;
  const thanks = byId(elt.closest(".judged").id)?.querySelector("legend");
  if (thanks) byId("status").textContent = thanks.textContent;
});

// --- The menu closes when one goes elsewhere

const more = () => document.querySelector(".more[open]");
document.addEventListener("click", (event) => {
  const menu = more();
  if (menu && !menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  const menu = more();
  if (event.key !== "Escape" || !menu) return;
  event.preventDefault();
  menu.open = false;
  menu.querySelector("summary").focus();
});
// What it did replaces it: the focus goes to the box.
document.addEventListener("htmx:afterSwap", ({ detail }) => {
  const { elt } = detail.requestConfig ?? {};
  if (!elt?.matches?.("[data-leaves]")) return;
  contact?.replaceChildren();
  byId("question").focus();
});

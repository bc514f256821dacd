// An assistant's form: the chat beside it takes on what is typed, before it is saved; and what is to be copied is copied.

const frame = document.getElementById("look-frame");
const field = (name) => document.getElementById(`id_${name}`);
const inFrame = (selector) => frame?.contentDocument?.querySelector(selector);

function show() {
  const root = frame?.contentDocument?.documentElement;
  if (!root || !inFrame(".greeting")) return;
  if (field("name")) inFrame("h1").textContent = field("name").value;
  if (field("greeting")?.value) inFrame(".greeting").textContent = field("greeting").value;
  if (field("theme")) root.dataset.theme = field("theme").value;
  const shades = document.querySelector(".shades");
  for (const name of ["accent", "onAccent", "tint"]) {
    const property = `--candor-${name.replace("A", "-a")}`;
    root.style.removeProperty(property);
    if (shades?.dataset[name]) root.style.setProperty(property, shades.dataset[name]);
  }
}

frame?.addEventListener("load", show);
document.addEventListener("htmx:afterSwap", show);
for (const name of ["name", "greeting", "theme"]) field(name)?.addEventListener("input", show);

// The browser's own way to choose a colour, beside the field that takes any.
const accent = field("accent");
if (accent) {
  const picker = document.createElement("input");
  picker.type = "color";
  picker.ariaLabel = "Choose a colour";
  picker.value = /^#[0-9a-f]{6}$/.test(accent.value) ? accent.value : "#0b6b5d";
  accent.after(" ", picker);
  picker.addEventListener("input", () => {
    accent.value = picker.value;
    accent.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copy-from]");
  if (!button) return;
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copyFrom).textContent);
  const words = button.textContent;
  button.textContent = button.dataset.copied;
  setTimeout(() => { button.textContent = words; }, 2000);
});

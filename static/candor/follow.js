// Keeps the newest of the conversation in sight as it grows, unless the reader has gone elsewhere.

const NEAR_BOTTOM_PX = 64;
const root = document.documentElement;
const turns = document.getElementById("turns");
const latest = document.getElementById("latest");
const below = () => root.scrollHeight - innerHeight - scrollY;
let following = below() <= NEAR_BOTTOM_PX;

// Down with the answer, but not so far that its question leaves the screen, and never back up.
function follow() {
  const question = [...turns.querySelectorAll(".question")].pop();
  if (following && question) {
    const room = question.getBoundingClientRect().top - parseFloat(getComputedStyle(root).scrollPaddingTop);
    if (room > 1) scrollBy(0, Math.min(room, below()));
    else if (room < -1) scrollBy(0, below()); // the reader has gone past the question
  }
  offerLatest();
}

function offerLatest() {
  latest.hidden = below() <= NEAR_BOTTOM_PX || !turns.childElementCount;
}

function toLatest() {
  scrollTo(0, root.scrollHeight);
}

addEventListener("scroll", () => {
  following = below() <= NEAR_BOTTOM_PX;
  offerLatest();
});
addEventListener("resize", follow);
new ResizeObserver(follow).observe(turns);
document.addEventListener("htmx:beforeRequest", ({ target }) => {
  if (target.matches("[data-ask]")) toLatest();
});
// Who asks for what was said before stays at what they were reading: it is put in above that.
let fromBottom = null;
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.requestConfig?.elt?.id === "earlier") fromBottom = root.scrollHeight - scrollY;
});
document.addEventListener("htmx:afterSwap", () => {
  if (fromBottom !== null) scrollTo({ top: root.scrollHeight - fromBottom, behavior: "instant" });
  fromBottom = null;
});
latest.addEventListener("click", () => {
  toLatest();
  document.getElementById("question").focus({ preventScroll: true });
});

if (turns.childElementCount && !location.hash) toLatest();

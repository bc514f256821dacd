// The entry form: leaving with unsaved words asks first, and what an edit would change is got ready.

const form = document.getElementById("entry_form");

if (form) {
  const snapshot = () => {
    const fields = new FormData(form);
    fields.delete("csrfmiddlewaretoken");
    return JSON.stringify([...fields]);
  };
  // A form that came back with errors has typed words in it that are stored nowhere.
  const saved = document.querySelector(".errornote") ? "" : snapshot();
  let submitting = false;

  form.addEventListener("submit", () => {
    submitting = true;
  });

  const impact = document.getElementById("impact");
  if (impact) {
    // Everything is asked as it is while the editor reads, so that the first change is tried out sooner. Nobody waits.
    fetch(impact.dataset.warm, { method: "POST", body: new FormData(form) }).catch(() => {});
    // A page that is being left asks for nothing more.
    document.addEventListener("htmx:beforeRequest", (event) => {
      if (submitting && event.target === impact) {
        event.preventDefault();
      }
    });
  }

  window.addEventListener("beforeunload", (event) => {
    if (!submitting && snapshot() !== saved) {
      event.preventDefault();
    }
  });
}

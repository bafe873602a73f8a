// The window's own looks: the frame's width, and light or dark for window and product alike.

const YEAR_SECONDS = 365 * 24 * 3600;

function setWidth(button) {
  const width = button.dataset.widthChoice;
  document.querySelector("[data-side]").dataset.width = width;
  document.cookie = `sandbox_width=${width};path=/sandbox/;max-age=${YEAR_SECONDS};samesite=lax`;
  for (const other of button.parentElement.children) {
    other.classList.toggle("is-on", other === button);
    other.setAttribute("aria-pressed", String(other === button));
  }
}

function isDark() {
  return getComputedStyle(document.documentElement).colorScheme === "dark";
}

// The look is a cookie that the server reads, so both pages are opened anew with it.
async function switchLook(button) {
  const look = isDark() ? "light" : "dark";
  await fetch(button.dataset.look, { method: "POST", body: new URLSearchParams({ look }) });
  location.reload();
}

document.addEventListener("click", (event) => {
  const width = event.target.closest("[data-width-choice]");
  if (width) setWidth(width);
  const look = event.target.closest("[data-look]");
  if (look) switchLook(look);
});

const look = document.querySelector("[data-look]");
if (look) look.setAttribute("aria-pressed", String(isDark()));

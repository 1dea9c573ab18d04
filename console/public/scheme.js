// Sets the colour scheme before the first paint. A file of its own, because the content security policy allows no
// inline script. The key is the one Mantine's local storage manager writes.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem("mantine-color-scheme-value");
  } catch {
    // Storage may be refused (private windows); the system's scheme is then followed.
  }
  const dark = chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.setAttribute("data-mantine-color-scheme", dark ? "dark" : "light");
})();

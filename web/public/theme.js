// Before anything is painted: the theme that was chosen in Settings, so that the page does not flash.
try {
  const theme = localStorage.getItem("yoi.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // no storage: the system's theme
}

// Every page lives one level below the root, and so does its server: no guessing of base addresses.
window.__streamlit = {
  BACKEND_BASE_URL: window.location.origin + "/",
  MAIN_PAGE_BASE_URL: window.location.origin + "/",
};

"""A browser that keeps nothing and has no clipboard, as private windows, frames and
addresses without TLS are: pages work, and nothing is written to its console.
"""

# What Chromium does where cookies are blocked, and on plain HTTP.
POOR = """
for (const name of ["localStorage", "sessionStorage", "indexedDB", "caches"])
  Object.defineProperty(window, name, {
    get() { throw new DOMException("The operation is insecure.", "SecurityError"); },
  });
Object.defineProperty(navigator, "clipboard", { value: undefined });
"""
QUERY = "?task=logistic_regression"


def test_pages_work_without_storage_and_clipboard(look, board):
    viewer = look(board)  # which says whether anything is on the console
    viewer.page.add_init_script(POOR)
    for path in ("/", "/runs", "/curves"):
        page = viewer.open(path + (QUERY if path != "/" else ""))
    page.locator("#copy").click()
    viewer.until("document.querySelector('textarea') === null")
    scheme = "document.documentElement.dataset.mantineColorScheme"
    before = page.evaluate(scheme)
    page.locator("#scheme").click()

    viewer.until(f"{scheme} !== '{before}'")

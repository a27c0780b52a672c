/* What the reader's own clock says, and whether the server still answers. */
(function () {
  "use strict";
  const GATEWAY = [502, 503, 504]; // what a proxy says for a server that is gone
  let answered = Date.now(), lost = false;

  /* A time of day in the reader's zone, with the date where it is not today's. */
  function shown(milliseconds) {
    const then = new Date(milliseconds), today = new Date().toDateString() === then.toDateString();
    const day = today ? {} : { year: "numeric", month: "2-digit", day: "2-digit" };
    const language = document.documentElement.lang || "en", clock = { hour: "2-digit", minute: "2-digit", hour12: false };
    return then.toLocaleString(language === "en" ? "en-GB" : language, { ...day, ...clock });
  }

  function tellTimes() {
    for (const time of document.querySelectorAll("time[data-at]")) {
      const text = shown(1000 * Number(time.dataset.at));
      if (time.textContent !== text) time.textContent = text;
    }
  }

  function tellConnection() {
    const banner = document.getElementById("banner");
    if (!banner) return;
    banner.hidden = !lost;
    const words = document.documentElement.lang.startsWith("zh") ? banner.dataset.zh : banner.dataset.en;
    if (lost) banner.textContent = words.replace("{when}", shown(answered));
  }

  function heard(there) {
    if (there) answered = Date.now();
    if (there === !lost) return;
    lost = !there;
    tellConnection();
  }

  /* Pages ask every few seconds whether there is news: no request of our own is needed. */
  const ask = window.fetch;
  window.fetch = async (...given) => {
    try {
      const answer = await ask(...given);
      heard(!GATEWAY.includes(answer.status));
      return answer;
    } catch (error) {
      if (error.name !== "AbortError") heard(false);
      throw error;
    }
  };

  let waiting = false;
  new MutationObserver(() => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; tellTimes(); });
  }).observe(document.documentElement, { childList: true, subtree: true, attributeFilter: ["data-at", "lang"] });
})();

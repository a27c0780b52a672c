/* A slider that moves by itself: curves and samples step by step, as a film. */
(function () {
  "use strict";
  const FRAME_MS = 700;
  let playing = null; // { button, timer }

  function stop() {
    if (!playing) return;
    clearInterval(playing.timer);
    playing.button.textContent = "▶";
    playing.button.setAttribute("aria-pressed", "false");
    playing = null;
  }

  function start(button) {
    const id = { option: button.dataset.play, type: "option" };
    const slider = () => window.dash_component_api.getLayout(id)?.props;
    const show = (place) => window.dash_clientside.set_props(id, { value: place });
    const next = () => {
      const shown = slider();
      if (!button.isConnected || !shown || shown.value >= shown.max) stop();
      else show(shown.value + 1);
    };
    if (slider().value >= slider().max) show(slider().min);
    else next();
    playing = { button, timer: setInterval(next, FRAME_MS) };
    button.textContent = "⏸";
    button.setAttribute("aria-pressed", "true");
  }

  addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-play]");
    if (!button) return;
    const again = playing?.button === button;
    stop();
    if (!again) start(button);
  });
})();

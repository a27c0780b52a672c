/* A training's MLflow run as a link: our own base, and ids that hold nothing but digits and letters. */
(function () {
  "use strict";
  const components = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});
  components.RunLink = (props) =>
    /^[\w/-]+$/.test(props.value || "")
      ? window.React.createElement("a", { href: props.base + props.value, target: "_blank", rel: "noopener noreferrer" }, "MLflow ↗")
      : null;
})();

/* The grid's look, from the same variables as everything else. */
(function () {
  "use strict";
  const functions = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});
  functions.bakeoffGrid = (themeQuartz) =>
    themeQuartz.withParams({
      backgroundColor: "var(--surface)", foregroundColor: "var(--text)", borderColor: "var(--hair)", chromeBackgroundColor: "var(--page)",
      headerTextColor: "var(--muted)", accentColor: "var(--accent)", fontFamily: "inherit", fontSize: 13, headerFontSize: 12, rowHeight: 32, headerHeight: 36, borderRadius: 8, wrapperBorderRadius: 8, browserColorScheme: "inherit",
    });
})();

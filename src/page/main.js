/* main.js - which pictures this document has. */
{
  const began = performance.now();
  const doc = JSON.parse(document.getElementById("data").textContent);
  const pages = { size: sizePage, run: runPage, diagnose: diagnosePage, compare: comparePage, recordings: comparePage, fleet: fleetPage, live: livePage };
  const kind = document.body.dataset.kind;

  document.body.append(live);
  if (pages[kind]) pages[kind](doc);
  wideness = document.documentElement.clientWidth;
  /* Plots are drawn when this script is done. */
  setTimeout(() => (document.body.dataset.drawnMs = (performance.now() - began).toFixed(1)));
}

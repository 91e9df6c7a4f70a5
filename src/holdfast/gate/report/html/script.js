"use strict";
// Hovering: a line across all charts at the same time, and the bucket's figures beside it. The page says
// everything without this; the texts come ready from the document, so nothing is computed here.
(() => {
  const results = JSON.parse(document.getElementById("data").textContent);
  const plots = [...document.querySelectorAll(".plot")].map((plot) => {
    const line = document.createElement("i");
    const tip = document.createElement("div");
    line.className = "cross";
    tip.className = "tip";
    plot.append(line, tip);
    plot.tabIndex = 0;
    return { plot, line, tip, end: Number(plot.dataset.end), result: results[Number(plot.dataset.result)] };
  });

  const bucket = (result, time) => {
    const index = Math.floor((time - (result.t[0] ?? 0)) / result.step);
    return index >= 0 && index < result.t.length ? index : -1;
  };

  const text = (parent, tag, words) => {
    const node = document.createElement(tag);
    node.textContent = words;
    parent.append(node);
  };

  const show = (time, pointed) => {
    for (const each of plots) {
      const index = bucket(each.result, time);
      each.plot.classList.toggle("active", index >= 0);
      if (index < 0) continue;
      const share = (each.result.t[index] + each.result.step / 2) / each.end;
      each.line.style.left = `${share * 100}%`;
      each.tip.style.left = `${share * 100}%`;
      each.tip.classList.toggle("before", share > 0.5);
      each.tip.replaceChildren();
      text(each.tip, "b", each.result.head[index]);
      for (const [name, values] of Object.entries(each.result[each.plot.dataset.chart])) {
        text(each.tip, "span", name);
        text(each.tip, "em", values[index]);
      }
      each.tip.classList.toggle("pointed", each === pointed);
    }
  };

  const hide = () => plots.forEach((each) => each.plot.classList.remove("active"));

  for (const each of plots) {
    let last = 0;
    each.plot.addEventListener("pointermove", (event) => {
      const box = each.plot.getBoundingClientRect();
      last = ((event.clientX - box.left) / box.width) * each.end;
      show(last, each);
    });
    each.plot.addEventListener("pointerleave", hide);
    each.plot.addEventListener("blur", hide);
    each.plot.addEventListener("keydown", (event) => {
      const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!way) return;
      event.preventDefault();
      last = Math.min(each.end - each.result.step / 2, Math.max(0, last + way * each.result.step));
      show(last, each);
    });
  }
})();

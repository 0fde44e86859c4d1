// Wide tables: the edge fades where more is to come, and a table of days opens where its day is seen.

/** Says on the wrapper whether columns lie beyond its end; the style sheet fades the edge. */
function mark(wrap: HTMLElement) {
  const left = wrap.scrollWidth - wrap.clientWidth - Math.abs(wrap.scrollLeft);
  wrap.toggleAttribute('data-more', left > 1);
}

/** Scrolls to the column that is marked as the present one, with a little of what comes after it. */
function show(wrap: HTMLElement) {
  const here = wrap.querySelector<HTMLElement>('[data-here]');
  if (!here) return;
  const end = here.getBoundingClientRect().right - wrap.getBoundingClientRect().left;
  const beyond = end + here.offsetWidth - wrap.clientWidth;
  if (beyond > 0) wrap.scrollLeft += beyond;
}

export function watchEdges(root: ParentNode) {
  const sizes = new ResizeObserver((entries) => entries.forEach((entry) => mark(entry.target.closest<HTMLElement>('.table-wrap')!)));
  root.querySelectorAll<HTMLElement>('.table-wrap').forEach((wrap) => {
    show(wrap);
    mark(wrap);
    wrap.addEventListener('scroll', () => mark(wrap), { passive: true });
    sizes.observe(wrap);
    if (wrap.firstElementChild) sizes.observe(wrap.firstElementChild);
  });
}

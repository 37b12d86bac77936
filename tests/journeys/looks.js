// What is wrong with the page as it is drawn now: a list of sentences, empty on a good page.
// `asked` names the checks, each a part of WCAG 2.2: "contrast" (1.4.3), "names" (1.1.1, 1.3.1,
// 2.1.1, 2.4.3, 3.1.1, 4.1.2), "rings" (2.4.7) and "room" (1.4.10: nothing clipped or too wide);
// "tables" finds those that scroll sideways, as they may on a telephone alone.
async (asked) => {
  const faults = new Set();
  const visible = (el) => el.checkVisibility({visibilityProperty: true, opacityProperty: true});
  const all = (selector, root = document) => [...root.querySelectorAll(selector)].filter(visible);
  const short = (text) => (text || '').replace(/\s+/g, ' ').trim().slice(0, 50);
  const where = (el) => {
    const named = el.closest('[class*="st-key-"], [data-testid]');
    const key = named && ([...named.classList].find((each) => each.startsWith('st-key-'))
      || named.dataset.testid);
    return `<${el.localName} class="${el.getAttribute('class') || ''}"> in ${key}`;
  };

  // ------------------------------------------------------------------ contrast
  const brush = new OffscreenCanvas(1, 1).getContext('2d', {willReadFrequently: true});
  const known = new Map();
  const colour = (text) => {
    if (!known.has(text)) {
      brush.clearRect(0, 0, 1, 1);
      brush.fillStyle = text;
      brush.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = brush.getImageData(0, 0, 1, 1).data;
      known.set(text, [r, g, b, a / 255]);
    }
    return known.get(text);
  };
  const mixed = (under, over, alpha) => under.map((c, at) => c + (over[at] - c) * alpha);
  const on = (under, [r, g, b, a]) => mixed(under, [r, g, b], a);
  const light = (rgb) => {
    const [r, g, b] = rgb.map((c) => c / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  // The colours of a text and of what is behind it, through every layer with its opacity.
  const layered = (path, at, under, ink, patch) => {
    const look = getComputedStyle(path[at]);
    const back = on(under, colour(look.backgroundColor));
    const seen = at + 1 < path.length
      ? layered(path, at + 1, back, ink, patch)
      : patch.reduce(([, drawn], fill) => [on(drawn, fill), on(drawn, fill)], [back, back]);
    const pair = at + 1 < path.length ? seen : [on(seen[1], colour(ink)), seen[1]];
    return pair.map((each) => mixed(under, each, Number(look.opacity)));
  };
  const path = (el) => {
    const found = [];
    for (let each = el; each; each = each.parentElement) found.unshift(each);
    return found;
  };
  // Filled shapes of a chart drawn below a text's middle.
  const shapes = (el) => {
    if (!el.closest('.plot')) return [];
    const box = el.getBoundingClientRect();
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    return all('path, rect', el.closest('.js-plotly-plot') || el.ownerSVGElement)
      .filter((each) => each.compareDocumentPosition(el) & Node.DOCUMENT_POSITION_FOLLOWING)
      .filter((each) => {
        const b = each.getBoundingClientRect();
        return x > b.left && x < b.right && y > b.top && y < b.bottom;
      })
      .map((each) => {
        const look = getComputedStyle(each);
        const [r, g, b, a] = look.fill === 'none' ? [0, 0, 0, 0] : colour(look.fill);
        return [r, g, b, a * Number(look.fillOpacity) * Number(look.opacity)];
      });
  };
  const paper = () => (getComputedStyle(document.documentElement).colorScheme.includes('dark')
    ? [18, 18, 18] : [255, 255, 255]);
  const judge = (el, text, ink, patch = []) => {
    const look = getComputedStyle(el);
    const size = parseFloat(look.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(look.fontWeight) >= 700);
    const icon = look.fontFamily.includes('Material');
    const [front, back] = layered(path(el), 0, paper(), ink, patch);
    const ratio = contrast(front, back);
    if (ratio < (large || icon ? 3 : 4.5) - 0.005) {
      const [one, other] = [front, back].map((each) => each.map(Math.round).join(' '));
      faults.add(`contrast ${ratio.toFixed(2)} of "${short(text)}" (${one} on ${other}), `
        + where(el));
    }
  };
  const unread = ':disabled, [aria-disabled="true"], [aria-hidden="true"], [inert], fieldset:disabled';
  const checkContrast = () => {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const el = texts.currentNode.parentElement;
      const text = texts.currentNode.data;
      if (!text.trim() || el.closest('script, style, noscript, template, canvas')) continue;
      if (el.closest(unread) || el.closest('label')?.querySelector(':disabled')) continue;
      if (!visible(el)) continue;
      const box = el.getBoundingClientRect();
      if (box.width < 2 || box.height < 2) continue;
      const drawn = el.ownerSVGElement;
      judge(el, text, drawn ? getComputedStyle(el).fill : getComputedStyle(el).color,
        drawn ? shapes(el) : []);
    }
    for (const field of all('input, textarea')) {
      if (field.matches(unread) || ['file', 'checkbox', 'radio'].includes(field.type)) continue;
      if (field.value) judge(field, field.value, getComputedStyle(field).color);
      else if (field.placeholder) {
        judge(field, field.placeholder, getComputedStyle(field, '::placeholder').color);
      }
    }
  };

  // ------------------------------------------------------------------ names and order
  const spoken = (el) => {
    if (el.getAttribute('aria-hidden') === 'true') return '';
    if (el.getAttribute('aria-label')) return el.getAttribute('aria-label');
    if (el.matches('img')) return el.alt;
    if (el.matches('[data-testid="stIconMaterial"], style, script')) return '';
    return [...el.childNodes].map((each) => (each.nodeType === Node.TEXT_NODE ? each.data
      : each.nodeType === Node.ELEMENT_NODE ? spoken(each) : '')).join('');
  };
  const name = (el) => [
    el.getAttribute('aria-label'),
    ...(el.getAttribute('aria-labelledby') || '').split(/\s+/).filter(Boolean)
      .map((id) => document.getElementById(id)?.textContent),
    ...[...(el.labels || [])].map(spoken),
    el.matches('input, textarea, select') ? '' : spoken(el),
    el.getAttribute('title'),
  ].map(short).find(Boolean);
  const CONTROLS = 'a[href], button, input:not([type="hidden"]), select, textarea, summary, '
    + '[tabindex]:not([tabindex="-1"]), '
    + '[role="button"], [role="link"], [role="checkbox"], [role="switch"], [role="combobox"], '
    + '[role="tab"], [role="slider"], [role="option"]';
  // One Tab stop stands for all in these; the arrows move between them.
  const ROVING = '[role="radiogroup"], [role="tablist"], [role="listbox"], [role="toolbar"], '
    + '[role="menu"], [role="grid"]';
  const HELPERS = '[data-testid="stSelectbox"], [data-testid="stMultiSelect"], '
    + '[data-testid="stNumberInput"], [data-testid="stDateInput"]';
  const reached = (el) => el.tabIndex >= 0 || el.closest(ROVING)
    || (el.matches('button') && el.closest(HELPERS)?.querySelector('input'));
  // Neither disabled nor kept for screen readers alone in a box of one pixel.
  const offered = (el) => !el.closest(unread)
    && [el, el.parentElement].every((each) => each.getBoundingClientRect().width > 1);
  const checkNames = () => {
    if (!document.documentElement.lang) faults.add('the page names no language');
    const heads = all('h1, h2, h3, h4, h5, h6').filter((each) => !each.closest('[role="dialog"]'));
    const firsts = heads.filter((each) => each.localName === 'h1');
    if (firsts.length !== 1) faults.add(`${firsts.length} first headings`);
    let level = 0;
    for (const head of heads) {
      const its = Number(head.localName[1]);
      if (its > level + 1) faults.add(`heading "${short(head.textContent)}" skips to h${its}`);
      level = its;
    }
    for (const image of all('img')) {
      if (!image.hasAttribute('alt')) faults.add(`an image without alt text, ${where(image)}`);
    }
    for (const chart of all('[data-testid="stPlotlyChart"]')) {
      const told = chart.matches('[role="figure"], [role="img"]') ? chart.ariaLabel : '';
      if (!told?.trim()) faults.add(`a chart in no words, ${where(chart)}`);
    }
    let before = null;
    for (const el of all(CONTROLS)) {
      if (!offered(el)) continue;
      if (el.tabIndex > 0) faults.add(`a tab order of its own, ${where(el)}`);
      if (!name(el)) faults.add(`a control without a name, ${where(el)}`);
      if (!reached(el)) {
        faults.add(`"${name(el)}" is out of the keyboard's reach, ${where(el)}`);
      }
      if (el.tabIndex < 0) continue;
      const box = el.getBoundingClientRect();
      const apart = !before || el.closest('section, header') !== before.el.closest('section, header')
        || el.closest('[data-testid="stColumn"]') !== before.el.closest('[data-testid="stColumn"]');
      if (!apart && box.bottom < before.box.top - 4 && box.left < before.box.right) {
        faults.add(`"${name(el)}" comes after "${name(before.el)}" but stands above it`);
      }
      before = {el, box};
    }
  };
  // Where the focus may be seen: the control, what is in it, and what is drawn around it.
  const drawn = (el) => {
    const around = [el];
    while (around.length < 7 && around.at(-1).parentElement) around.push(around.at(-1).parentElement);
    return [...around, ...[...el.querySelectorAll('*')].slice(0, 8)].map((each) => {
      const look = getComputedStyle(each);
      const line = look.outlineStyle === 'none' || look.outlineWidth === '0px' ? '' : look.outline;
      return [line, look.boxShadow, look.borderColor, look.backgroundColor].join();
    }).join('\n');
  };
  const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const checkRings = async () => {
    const still = document.createElement('style');
    still.textContent = '* { transition: none !important; animation: none !important; }';
    document.head.append(still);
    document.activeElement?.blur();
    const kinds = new Set();
    for (const el of all(CONTROLS)) {
      if (!offered(el) || el.tabIndex < 0) continue;
      const kind = `${el.localName} ${el.getAttribute('class')} ${el.closest('[data-testid]')?.dataset.testid}`;
      if (kinds.has(kind)) continue;
      kinds.add(kind);
      const calm = drawn(el);
      el.focus({focusVisible: true, preventScroll: true});
      if (document.activeElement !== el) continue;
      for (let n = 0; n < 3 && drawn(el) === calm; n += 1) await frame();
      if (drawn(el) === calm) {
        faults.add(`no ring shows that "${name(el)}" has the focus, ${where(el)}`);
      }
      el.blur();
      await frame();
    }
    still.remove();
  };

  // ------------------------------------------------------------------ room
  const checkRoom = () => {
    const main = document.querySelector('[data-testid="stMain"]') || document.documentElement;
    for (const each of [main, document.documentElement]) {
      const excess = each.scrollWidth - each.clientWidth;
      if (excess > 1) faults.add(`${excess} px wider than the screen`);
    }
    const told = 'h1, h2, h3, .value, .identity dd, .identity dt, .change, .beside, .notice, '
      + 'button p, a p, [data-testid="stMetricValue"], [data-testid="stWidgetLabel"] p';
    for (const el of all(told)) {
      if (!el.textContent.trim() || el.closest('[data-testid="stSidebar"]')) continue;
      const range = document.createRange();
      range.selectNodeContents(el);
      const text = range.getBoundingClientRect();
      for (let box = el; box && box !== main; box = box.parentElement) {
        const look = getComputedStyle(box);
        const cuts = ['hidden', 'clip'].includes(look.overflowX)
          || [...box.classList].some((each) => /^st-key-(card|panel|calm)-/.test(each));
        if (['auto', 'scroll'].includes(look.overflowX)) break;
        const edge = box.getBoundingClientRect();
        if (cuts && edge.width > 1 && (text.right > edge.right + 1 || text.left < edge.left - 1)) {
          faults.add(`"${short(el.textContent)}" does not fit, ${where(el)}`);
          break;
        }
      }
    }
  };

  // A table that scrolls sideways inside its panel.
  const checkTables = () => {
    for (const table of all('.table')) {
      const excess = table.scrollWidth - table.clientWidth;
      if (excess > 1) faults.add(`the table "${table.ariaLabel}" is ${excess} px too wide`);
    }
  };

  // A plain word that stands on two lines: its column is too narrow for it.
  const checkWords = () => {
    for (const cell of all('.table tbody tr:nth-child(-n+3) :is(td, th), .table thead th')) {
      const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
      while (texts.nextNode()) {
        for (const word of texts.currentNode.data.matchAll(/(?<![\p{L}\d_.@-])\p{L}{2,14}(?![\p{L}\d_.@-])/gu)) {
          const range = document.createRange();
          range.setStart(texts.currentNode, word.index);
          range.setEnd(texts.currentNode, word.index + word[0].length);
          if (range.getClientRects().length > 1) {
            faults.add(`the word "${word[0]}" is broken in two, ${where(cell)}`);
          }
        }
      }
    }
  };

  if (asked.includes('contrast')) checkContrast();
  if (asked.includes('names')) checkNames();
  if (asked.includes('rings')) await checkRings();
  if (asked.includes('tables')) checkTables();
  if (asked.includes('room')) {
    checkRoom();
    checkWords();
  }
  return [...faults];
}

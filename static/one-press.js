// In the inbox one press moves money, so a press counts only for what its person has seen.
// The server cannot know that: a page that it drew long ago may have arrived just now. Here, where
// the press is made, a decision waits until the last press was answered, and after a decision
// until what came in its place has stood for a moment; a key that is held down decides once.
(() => {
  const PAUSE_MS = 700;
  const UNANSWERED_MS = 3000;
  const ENDED_MS = 150;
  const DECISION = /^(?:assign|ignore|decline|undo|undo-last)-\d+$/;
  const DECIDED_BY = { a: /^assign-\d/, i: /^ignore-\d/, u: /^undo-/ };
  const STEPS = { j: /^step-Next$/, k: /^step-Previous$/ };

  let seen = "";
  let running = false;
  let unanswered = 0;
  let decided = false;
  let quietUntil = 0;

  const now = () => performance.now();
  const keyOf = (box) => (/(?:^|\s)st-key-(\S+)/.exec(box.className) || [])[1] || "";
  const boxes = (pattern) =>
    [...document.querySelectorAll('.stElementContainer[class*="st-key-"]')]
      .filter((box) => pattern.test(keyOf(box)));
  const enabled = (box) => Boolean(box && box.querySelector("button:not([disabled])"));

  const mayDecide = () => {
    if (unanswered && !running && now() - unanswered > UNANSWERED_MS) unanswered = 0;
    return !unanswered && now() >= quietUntil;
  };

  const show = () => {
    const waits = !mayDecide();
    document.documentElement.toggleAttribute("data-press-waits", waits);
    if (waits) setTimeout(show, unanswered ? ENDED_MS : quietUntil - now() + 1);
  };

  const asked = (decides) => {
    decided = decides || (decided && unanswered > 0);
    unanswered = now();
    show();
  };

  const look = () => {
    const stands = boxes(DECISION).map((box) => keyOf(box) + box.textContent).join();
    if (stands !== seen) {
      seen = stands;
      if (decided) quietUntil = now() + PAUSE_MS;
      else unanswered = 0;
    }
    const app = document.querySelector('[data-testid="stApp"]');
    const runs = Boolean(app) && app.getAttribute("data-test-script-state") !== "notRunning";
    const press = unanswered;
    if (running && !runs && press) {
      setTimeout(() => { if (!running && unanswered === press) unanswered = 0; }, ENDED_MS);
    }
    running = runs;
  };

  const refuse = (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
  };

  const onKey = (event) => {
    if (!seen || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest('input, textarea, select, [contenteditable="true"]')) return;
    const key = event.key.toLowerCase();
    const [decision] = key in DECIDED_BY ? boxes(DECIDED_BY[key]) : [];
    if (decision) {
      if (event.repeat || !mayDecide()) refuse(event);
      else if (enabled(decision)) asked(true);
      return;
    }
    const own = event.target.closest(".stElementContainer");
    if (event.repeat && own && DECISION.test(keyOf(own))) refuse(event);
    const step = /^[1-5]$/.test(key) ? new RegExp(`^choose-\\d+-${Number(key) - 1}$`) : STEPS[key];
    if (step && enabled(boxes(step)[0])) asked(false);
  };

  const onClick = (event) => {
    const button = seen && event.target.closest("button:not([disabled])");
    if (!button) return;
    const box = button.closest(".stElementContainer");
    const decides = Boolean(box) && DECISION.test(keyOf(box));
    if (decides && !mayDecide()) refuse(event);
    else if (decides || button.closest(".st-key-inbox-columns")) asked(decides);
  };

  window.addEventListener("keydown", onKey, true);
  window.addEventListener("click", onClick, true);
  new MutationObserver(look).observe(document.documentElement, {
    subtree: true, childList: true, characterData: true,
    attributeFilter: ["data-test-script-state", "class", "disabled"],
  });
})();

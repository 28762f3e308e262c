/* Replays: steps, play, marked moments, addresses, the deciding line lit in its excerpt. A compare is one with two
   pictures, in step, and a question that is asked before they are shown.
   Every step arrives drawn, as JSON beside the page; this puts it in place and lets what moved be seen moving. */
(() => {
  "use strict";

  const PAUSE = 1800; // ms a step stays while playing
  const MOVE = 380; // ms something takes to its new place
  const still = matchMedia("(prefers-reduced-motion: reduce)");

  class Replay {
    constructor(figure) {
      this.figure = figure;
      this.range = figure.querySelector("input[type=range]");
      this.stages = [...figure.querySelectorAll(".rp-player .rp-stage")];
      this.said = figure.querySelector(".rp-said");
      this.status = figure.querySelector(".rp-player [role=status]");
      this.n = +this.range.value;
      this.last = +this.range.max;
      this.play = figure.querySelector("[data-do=play]");
      const player = figure.querySelector(".rp-player");
      player.addEventListener("click", (event) => this.click(event));
      player.addEventListener("keydown", (event) => this.key(event));
      this.range.addEventListener("input", () => { this.stop(); this.show(+this.range.value); });
      // Near is soon enough, and what is fetched then costs a reader who never comes nothing.
      new IntersectionObserver((seen, observer) => {
        if (seen.some((each) => each.isIntersecting)) { observer.disconnect(); this.load(); }
      }, { rootMargin: "800px" }).observe(figure);
    }

    /** The steps, fetched once; null where that failed, and then the moments are shown as without a script. */
    load() {
      this.loading ||= fetch(this.figure.dataset.src)
        .then((answer) => { if (!answer.ok) throw new Error(answer.status); return answer.json(); })
        .then((made) => { this.steps = made.steps; this.figure.dataset.ready = ""; return made.steps; })
        .catch(() => { this.figure.classList.add("is-static"); return null; });
      return this.loading;
    }

    /** Gives stage and text the room that the largest step needs, so that nothing below moves from step to step.
        Not before a reader steps: nothing on the page should move by itself. */
    settle() {
      const width = this.figure.clientWidth;
      if (!this.steps || width === this.width) return;
      this.width = width;
      const boxes = this.stages.map((stage, at) => [stage, (step) => frames(step)[at]]);
      for (const [box, html] of [...boxes, [this.said, (step) => words(step)]]) {
        const probe = box.cloneNode(false);
        probe.style.cssText = "position:absolute;visibility:hidden;min-height:0;max-height:none";
        probe.style.width = `${box.getBoundingClientRect().width}px`;
        probe.removeAttribute("tabindex");
        box.parentElement.append(probe);
        let most = 0;
        for (const step of this.steps) {
          probe.innerHTML = html(step);
          most = Math.max(most, probe.getBoundingClientRect().height);
        }
        probe.remove();
        box.style.minHeight = `${Math.ceil(most)}px`;
      }
    }

    async show(n) {
      n = Math.min(Math.max(n, 0), this.last);
      const wanted = this.wanted = n;
      if (!(await this.load()) || wanted !== this.wanted) return;
      const step = this.steps[n];
      this.settle();
      this.n = n;
      this.range.value = n;
      this.range.setAttribute("aria-valuetext", `step ${n} of ${this.last}`);
      this.figure.querySelector(".rp-count").textContent = `step ${n} of ${this.last}`;
      this.said.innerHTML = words(step);
      this.stages.forEach((stage, at) => this.change(stage, frames(step)[at]));
      this.status.textContent = `Step ${n} of ${this.last}: ${step.says}.`;
      this.figure.querySelectorAll(".rp-jump a").forEach((link) => {
        if (+link.dataset.step === n) link.setAttribute("aria-current", "step");
        else link.removeAttribute("aria-current");
      });
      this.light(step.lines);
      if (n === this.last) this.stop();
    }

    /** Puts the new picture in; what is in both goes from its old place to its new one, what is new appears. */
    change(stage, html) {
      const named = () => new Map([...stage.querySelectorAll("[data-k]")].map((each) => [each.dataset.k, each]));
      if (still.matches) { stage.innerHTML = html; return; }
      const before = new Map([...named()].map(([key, each]) => [key, [each.getBoundingClientRect(), each.dataset.v]]));
      const widths = new Map([...stage.querySelectorAll("[data-w]")].map((each) => [each.dataset.w, each.style.width]));
      stage.innerHTML = html;
      const timing = { duration: MOVE, easing: "cubic-bezier(.2,.7,.2,1)" };
      named().forEach((each, key) => {
        const old = before.get(key);
        if (!old) {
          each.animate([{ opacity: 0, transform: "scale(.8)" }, { opacity: 1, transform: "none" }], timing);
          return;
        }
        const now = each.getBoundingClientRect();
        const x = old[0].left - now.left, y = old[0].top - now.top;
        if (Math.abs(x) + Math.abs(y) > 1) {
          each.animate([{ transform: `translate(${x}px,${y}px)`, zIndex: 1 }, { transform: "none", zIndex: 1 }], timing);
        }
        if (old[1] !== each.dataset.v) each.classList.add("is-changed");
      });
      stage.querySelectorAll("[data-w]").forEach((each) => {
        const old = widths.get(each.dataset.w);
        if (old && old !== each.style.width) each.animate([{ width: old }, { width: each.style.width }], timing);
      });
    }

    light(ids) {
      document.querySelectorAll(".excerpt .is-decided").forEach((line) => line.classList.remove("is-decided"));
      ids.map((id) => document.getElementById(id)).filter(Boolean).forEach((line) => {
        line.classList.add("is-decided");
        const fold = line.closest("details");
        if (fold) fold.querySelector("summary").classList.add("is-decided");
      });
    }

    start() {
      this.play.setAttribute("aria-label", "Pause");
      this.play.title = "Pause";
      this.figure.classList.add("is-playing");
      this.timer = setInterval(() => this.show(this.n + 1), PAUSE);
      this.show(this.n === this.last ? 0 : this.n + 1);
    }

    stop() {
      clearInterval(this.timer);
      this.timer = null;
      this.play.setAttribute("aria-label", "Play");
      this.play.title = "Play";
      this.figure.classList.remove("is-playing");
    }

    go(what) {
      if (what === "play") {
        if (this.timer) this.stop(); else this.start();
        return;
      }
      this.stop();
      this.show({ first: 0, last: this.last, back: this.n - 1, next: this.n + 1 }[what]);
    }

    click(event) {
      const button = event.target.closest("[data-do]");
      if (button) this.go(button.dataset.do);
      const mark = event.target.closest(".rp-jump a");
      if (mark && !event.ctrlKey && !event.metaKey) {
        // Not left to the browser: who comes by an address is taken to the replay, who is at it already stays.
        event.preventDefault();
        if (mark.hash !== location.hash) history.pushState(null, "", mark.hash);
        this.stop();
        this.show(+mark.dataset.step);
      }
    }

    key(event) {
      if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
      const what = { ArrowLeft: "back", ArrowRight: "next", Home: "first", End: "last", " ": "play" }[event.key];
      const own = event.key === " " ? event.target.closest("button, a") : event.target === this.range;
      if (!what || own) return;
      event.preventDefault();
      this.go(what);
    }
  }

  /** Asks before both runs are shown: the player opens with the answer, or with an address inside it. */
  class Compare extends Replay {
    constructor(figure) {
      super(figure);
      this.ask = figure.querySelector(".cp-ask");
      this.ask.addEventListener("click", (event) => {
        const button = event.target.closest("[data-answer]");
        if (button && !this.open) this.answer(button);
      });
    }

    answer(button) {
      const right = this.ask.querySelector(`[data-answer="${this.ask.dataset.right}"]`);
      const chosen = button.dataset.answer;
      if (chosen) button.setAttribute("aria-pressed", "true");
      const said = chosen === "" ? "" : button === right ? "Right. " : `You said "${button.textContent}". `;
      this.ask.querySelector(".cp-verdict").textContent = `${said}It is: ${right.textContent}.`;
      this.reveal();
      this.show(this.n);
    }

    reveal() {
      this.open = true;
      this.figure.classList.add("is-open");
      this.ask.querySelector(".cp-answer").open = true;
      this.ask.querySelectorAll("[data-answer]").forEach((button) => {
        button.setAttribute("aria-disabled", "true");
        button.classList.toggle("is-right", button.dataset.answer === this.ask.dataset.right);
      });
    }

    async show(n) {
      if (!this.open) this.reveal();
      await super.show(n);
    }
  }

  const frames = (step) => step.frames || [step.frame];
  const words = (step) => `${step.text ? `<p class="rp-mark">${step.text}</p>` : ""}<ul class="rp-why">${step.why}</ul>`;

  /** Opens a replay at the moment that the address names. */
  function follow() {
    const id = decodeURIComponent(location.hash.slice(1));
    const link = /^(replay|compare)-/.test(id) && document.querySelector(`.rp-jump a[href="#${CSS.escape(id)}"]`);
    const figure = link && link.closest("figure.replay");
    if (!figure) return;
    figure.replay.stop();
    figure.replay.show(+link.dataset.step);
    const box = figure.getBoundingClientRect();
    if (box.top < 0 || box.bottom > innerHeight) figure.scrollIntoView();
  }

  function startAll() {
    document.querySelectorAll("figure.replay").forEach((figure) => {
      figure.replay ||= new (figure.querySelector(".cp-ask") ? Compare : Replay)(figure);
    });
    follow();
  }

  addEventListener("hashchange", follow);
  addEventListener("resize", () => document.querySelectorAll("figure.replay").forEach((figure) => {
    if (figure.replay?.width) figure.replay.settle();
  }));
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", startAll);
  else startAll();
})();

// Playing: the window slides by itself, row after row, and the result fills.

const SPEEDS = {
  slow: { pause: 350, products: true },
  normal: { pause: 45, products: true },
  fast: { pause: 25, products: false },
  rows: { pause: 120, products: false, byRow: true },
};

class Player {
  /** `advance(speed)` makes one step and says whether there is another; `stopped` hears of the end. */
  constructor(button, speed, { started, advance, stopped }) {
    Object.assign(this, { button, speed, started, advance, stopped, timer: null });
    button.addEventListener("click", () => this.toggle());
  }

  get playing() {
    return this.timer !== null;
  }

  toggle() {
    if (this.playing) this.stop();
    else {
      this.#say(true);
      this.started();
      this.#next();
    }
  }

  #next() {
    const speed = SPEEDS[this.speed.value];
    this.timer = setTimeout(() => {
      if (this.advance(speed)) this.#next();
      else this.stop();
    }, speed.pause);
  }

  stop() {
    if (!this.playing) return;
    clearTimeout(this.timer);
    this.timer = null;
    this.#say(false);
    this.stopped();
  }

  #say(playing) {
    this.button.textContent = playing ? "Pause" : "Play";
    this.button.setAttribute("aria-pressed", String(playing));
  }
}

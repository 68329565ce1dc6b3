// The pane at the right: behind the scenes, or a thread. One at a time; on a phone it covers the page.

const narrow = matchMedia("(max-width: 1000px)");

export class Side {
  /** `opener` is the button that belongs to the scenes; focus goes back to whatever had it before. */
  constructor(pane, opener, onClose) {
    this.pane = pane;
    this.opener = opener;
    this.onClose = onClose;
    this.showing = null;
    this.before = null;
    pane.querySelector("#side-x").addEventListener("click", () => this.close());
    pane.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      this.close();
      event.stopPropagation();
    });
    narrow.addEventListener("change", () => this.cover());
  }

  open(panel, title) {
    if (this.showing === null) this.before = document.activeElement;
    this.showing = panel;
    this.pane.querySelector("#side-title").textContent = title;
    for (const node of this.pane.querySelectorAll(".side-panel")) node.hidden = node.id !== panel;
    this.pane.hidden = false;
    this.shown();
    this.pane.querySelector("#side-x").focus();
    if (panel === "scenes") this.pane.querySelector("#steps-scroll").scrollTop = 1e9;
  }

  close() {
    this.showing = null;
    this.pane.hidden = true;
    this.onClose();
    this.shown();
    if (this.before?.isConnected) this.before.focus();
  }

  toggle(panel, title) {
    if (this.showing === panel) this.close();
    else this.open(panel, title);
  }

  shown() {
    document.body.classList.toggle("side-open", this.showing !== null);
    this.opener.setAttribute("aria-expanded", String(this.showing === "scenes"));
    this.cover();
  }

  /** What lies under the pane must not be reached by Tab. */
  cover() {
    document.querySelector("main").inert = narrow.matches && this.showing !== null;
  }
}

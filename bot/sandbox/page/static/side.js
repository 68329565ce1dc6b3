// The pane at the right shows either the scenes or a thread. On a phone it covers the page.

const narrow = matchMedia("(max-width: 1000px)");

export class Side {
  /** `opener` is the button of the scenes. On close, focus returns to the element that had it. */
  constructor(pane, opener, onClose) {
    this.pane = pane;
    this.opener = opener;
    this.onClose = onClose;
    this.showing = null;
    this.focusedBefore = null;
    pane.querySelector("#side-x").addEventListener("click", () => this.close());
    pane.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      this.close();
      event.stopPropagation();
    });
    narrow.addEventListener("change", () => this.cover());
  }

  open(panel, title) {
    if (this.showing === null) this.focusedBefore = document.activeElement;
    this.showing = panel;
    this.pane.querySelector("#side-title").textContent = title;
    for (const node of this.pane.querySelectorAll(".side-panel")) node.hidden = node.id !== panel;
    this.pane.hidden = false;
    this.update();
    this.pane.querySelector("#side-x").focus();
    if (panel === "scenes") this.pane.querySelector("#steps-scroll").scrollTop = 1e9;
  }

  close() {
    this.showing = null;
    this.pane.hidden = true;
    this.onClose();
    this.update();
    if (this.focusedBefore?.isConnected) this.focusedBefore.focus();
  }

  toggle(panel, title) {
    if (this.showing === panel) this.close();
    else this.open(panel, title);
  }

  update() {
    document.body.classList.toggle("side-open", this.showing !== null);
    this.opener.setAttribute("aria-expanded", String(this.showing === "scenes"));
    this.cover();
  }

  /** Whatever the pane covers must not be reachable by Tab. */
  cover() {
    document.querySelector("main").inert = narrow.matches && this.showing !== null;
  }
}

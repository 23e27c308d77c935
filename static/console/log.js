// <followed-log>: keeps its newest line in sight, unless the reader has scrolled up.
class FollowedLog extends HTMLElement {
  connectedCallback() {
    this.following = true;
    this.addEventListener("scroll", () => {
      this.following = this.scrollHeight - this.scrollTop - this.clientHeight < 24;
    });
    new MutationObserver(() => this.follow()).observe(this, { childList: true, subtree: true });
    this.follow();
  }

  follow() {
    if (this.following) this.scrollTop = this.scrollHeight;
  }
}

customElements.define("followed-log", FollowedLog);

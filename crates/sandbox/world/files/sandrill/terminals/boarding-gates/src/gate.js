/** Opens for a ticket of this sailing, once. */
export class Gate {
  #used = new Set();

  constructor(sailing) {
    this.sailing = sailing;
  }

  scan(ticket) {
    if (ticket.sailing !== this.sailing || this.#used.has(ticket.id)) return false;
    this.#used.add(ticket.id);
    return true;
  }
}

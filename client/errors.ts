import type { Refusal } from '../core/contracts/failures.ts';

/** The process heard the statement and refused it; the ledger has the row. */
export class RefusedByProcess extends Error {
  override readonly name = 'RefusedByProcess';
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal.why);
    this.refusal = refusal;
  }
}

/** The process could not be asked, or did not answer in time; the same idempotency key may be tried again. */
export class ProcessUnavailable extends Error {
  override readonly name = 'ProcessUnavailable';
}

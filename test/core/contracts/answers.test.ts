import { describe, expect, it } from 'vitest';
import { failureOf, isAnswerTo, isFailureOf } from '../../../core/contracts/temporal.ts';

const self = 'account/acme-eu';
const news = { of: self, after: 3, seq: 5, events: [{ seq: 5, event: { type: 'session-gone' } }], wakes: [] };

describe('an activity’s answer', () => {
  it.each([
    ['news', news],
    ['news with what was accepted', { accepted: { seq: 5 }, news }],
    ['news of nothing', { ...news, seq: 3, events: [] }],
  ])('%s: is the worker’s', (_, answer) => {
    expect(isAnswerTo(self, 3, answer)).toBe(true);
  });

  it.each([
    [
      'a payload that was not encrypted by us',
      { refused: 'this payload was not encrypted with a key of ours' },
    ],
    ['nothing', undefined],
    ['news for another workflow', { ...news, of: 'case/acme-eu/2026-11-21-01' }],
    ['news after another row', { ...news, after: 0 }],
    ['news that names nobody', { ...news, of: undefined }],
    ['another activity’s answer', { identity: 'x', pair: {} }],
  ])('%s: is not', (_, answer) => {
    expect(isAnswerTo(self, 3, answer)).toBe(false);
  });
});

describe('a final failure', () => {
  it('is the worker’s when its details name the workflow, and nobody’s else', () => {
    expect(isFailureOf(self, [{ code: 'replayed' }, failureOf(self)])).toBe(true);
    expect(isFailureOf(self, [{ code: 'replayed' }])).toBe(false);
    expect(isFailureOf(self, [failureOf('rotation/acme-eu/2026-11-21-01')])).toBe(false);
    expect(isFailureOf(self, undefined)).toBe(false);
  });
});

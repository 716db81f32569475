import { createSecretKey, randomBytes } from 'node:crypto';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { decode, encode } from '@temporalio/common/lib/encoding.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPayloadCodec, refusedPayload } from '../../../adapters/temporal/codec.ts';
import type { KeyRing } from '../../../adapters/temporal/keyRing.ts';
import { caseDetails, consoleTexts, stepTexts } from '../../../core/contracts/consoleText.ts';
import { accountId } from '../../../core/contracts/ids.ts';

const ringOf = (current: string, ...ids: string[]): KeyRing => ({
  current,
  keys: new Map([current, ...ids].map((id) => [id, createSecretKey(randomBytes(32))])),
});
const ring = ringOf('2026-11');
const client = createPayloadCodec(ring, 'throw');
const worker = createPayloadCodec(ring, 'replace');

const one = (payloads: readonly Payload[]): Payload => {
  const [payload] = payloads;
  if (payload === undefined || payloads.length !== 1) throw new Error('exactly one payload was expected');
  return payload;
};
const payloadOf = (value: unknown): Payload => defaultPayloadConverter.toPayload(value);
const valueOf = (payload: Payload): unknown => defaultPayloadConverter.fromPayload(payload);
const sealed = async (value: unknown): Promise<Payload> => one(await client.encode([payloadOf(value)]));
const bytesOf = (payload: Payload): Buffer => Buffer.from(payload.data ?? []);
const keyIdOf = (payload: Payload): string =>
  decode(payload.metadata?.['encryption-key-id'] ?? new Uint8Array());

/** What each side makes of a payload that is not ours. */
const expectRefused = async (payload: Payload, why: string | RegExp): Promise<void> => {
  await expect(client.decode([payload])).rejects.toThrow(why);
  expect(valueOf(one(await worker.decode([payload])))).toEqual(refusedPayload);
};

describe('the payload codec', () => {
  it('gives back any payload as it was, metadata included', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.string(), fc.uint8Array({ maxLength: 40 })),
        fc.uint8Array({ maxLength: 2_000 }),
        async (metadata, data) => {
          const payload: Payload = { metadata, data };
          for (const codec of [client, worker]) {
            const opened = one(await codec.decode(await codec.encode([payload])));
            expect(Object.fromEntries(Object.entries(opened.metadata ?? {}).map(hex))).toEqual(
              Object.fromEntries(Object.entries(metadata).map(hex)),
            );
            expect(bytesOf(opened)).toEqual(Buffer.from(data));
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  it('keeps the order of many, and a value through the converter', async () => {
    const values = [{ a: 1 }, 'text', null, undefined, [1, 2]];
    const opened = await worker.decode(await client.encode(values.map(payloadOf)));
    expect(opened.map(valueOf)).toEqual(values);
  });

  it('shows neither the value nor its kind, and never the same bytes twice', async () => {
    const value = { reason: 'restore the identity provider' };
    const [first, second] = [await sealed(value), await sealed(value)];
    const seen = Buffer.concat([
      bytesOf(first),
      ...Object.values(first.metadata ?? {}).map((each) => Buffer.from(each)),
    ]).toString('latin1');
    for (const hidden of ['restore', 'reason', 'json/plain']) expect(seen).not.toContain(hidden);
    expect(bytesOf(first)).not.toEqual(bytesOf(second));
    expect(decode(first.metadata?.['encoding'] ?? new Uint8Array())).toBe('binary/encrypted');
    expect(keyIdOf(first)).toBe('2026-11');
  });

  it('lets a text for the console leave as it is, and takes none back', async () => {
    const details = caseDetails({
      phase: 'settling',
      owed: ['attestation', 'attestation', 'session-log'],
      overdue: ['session-log'],
      next: { at: '2026-11-21T10:00:00.000Z', what: 'reminder' },
    });
    const ofWorkflow = {
      definition: {
        ...{ type: 'breakGlassCase', queryDefinitions: [{ name: '__stack_trace', description: 'A trace.' }] },
        ...{ signalDefinitions: [{ name: 'wake' }], updateDefinitions: [{ name: 'submit' }] },
      },
      currentDetails: details,
    };
    for (const text of [
      consoleTexts.case(accountId.parse('acme-eu')),
      stepTexts.rotate,
      details,
      ofWorkflow,
    ]) {
      const left = await sealed(text);
      expect(valueOf(left)).toEqual(text);
      await expectRefused(left, 'it is not encrypted');
    }
  });

  it.each([
    ['a name in it', 'break-glass case of acme-eu for maya'],
    ['a name behind it', 'settling; waits for what people owe\n\nmaya'],
    ['a name for an account', 'rotation of Maya Lindqvist'],
    ['a reason for a count', 'owed: 1 × nobody can sign in'],
    ['a line too many', { definition: {}, currentDetails: 'closed' }],
    ['details of somebody’s', { currentDetails: 'the sign-in page answers 503' }],
    ['nothing', ''],
  ])('encrypts what only looks like one: %s', async (_, value) => {
    expect(decode((await sealed(value)).metadata?.['encoding'] ?? new Uint8Array())).toBe('binary/encrypted');
  });

  it('refuses plaintext: an error for a client, a marked payload for a workflow', async () => {
    await expectRefused(payloadOf({ envelope: 'forged' }), 'it is not encrypted');
    await expectRefused({}, 'it is not encrypted');
    await expectRefused(
      { metadata: { encoding: encode('binary/encrypted') }, data: encode('x') },
      'it is not encrypted',
    );
  });

  it('refuses a key that is not in the ring, and names it in no more than a line', async () => {
    const foreign = one(await createPayloadCodec(ringOf('theirs'), 'throw').encode([payloadOf(1)]));
    await expectRefused(foreign, 'no key theirs in the key file');
    const long = {
      ...foreign,
      metadata: { ...foreign.metadata, 'encryption-key-id': encode('x'.repeat(5_000)) },
    };
    const error: unknown = await client.decode([long]).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(String(error).length).toBeLessThan(200);
  });

  it('refuses the right id with another key', async () => {
    const impostor = one(await createPayloadCodec(ringOf('2026-11'), 'throw').encode([payloadOf(1)]));
    await expectRefused(impostor, /./);
  });

  it('refuses a payload of which any one bit was changed', async () => {
    const payload = await sealed({ expectedMinutes: 20 });
    const bits = bytesOf(payload).length * 8;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: bits - 1 }), async (bit) => {
        const data = bytesOf(payload);
        data[bit >> 3] = (data[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        await expectRefused({ ...payload, data }, /./);
      }),
      { numRuns: 100 },
    );
  });

  it('refuses a payload cut short at any length', async () => {
    const payload = await sealed('short');
    for (let length = 0; length < bytesOf(payload).length; length += 1)
      await expectRefused({ ...payload, data: bytesOf(payload).subarray(0, length) }, /./);
  });

  it('refuses one that claims to be sealed with another of our keys: the id is authenticated', async () => {
    const key = createSecretKey(randomBytes(32));
    const twins: KeyRing = {
      current: 'a',
      keys: new Map([
        ['a', key],
        ['b', key],
      ]),
    };
    const codec = createPayloadCodec(twins, 'throw');
    const payload = one(await codec.encode([payloadOf(1)]));
    const renamed = { ...payload, metadata: { ...payload.metadata, 'encryption-key-id': encode('b') } };
    await expect(codec.decode([renamed])).rejects.toThrow();
    expect(valueOf(one(await codec.decode([payload])))).toBe(1);
  });

  it('reads what an older key sealed, and seals with the current one', async () => {
    const old = ringOf('2026-08');
    const before = one(await createPayloadCodec(old, 'throw').encode([payloadOf('before')]));
    const both = createPayloadCodec(
      { current: '2026-11', keys: new Map([...ring.keys, ...old.keys]) },
      'throw',
    );
    expect(valueOf(one(await both.decode([before])))).toBe('before');
    expect(keyIdOf(one(await both.encode([payloadOf('after')])))).toBe('2026-11');
  });

  it('lets one payload that is not ours spoil none of its neighbours in a workflow', async () => {
    const opened = await worker.decode([await sealed('ours'), payloadOf('theirs'), await sealed('ours too')]);
    expect(opened.map(valueOf)).toEqual(['ours', refusedPayload, 'ours too']);
  });
});

function hex([name, bytes]: [string, Uint8Array]): [string, string] {
  return [name, Buffer.from(bytes).toString('hex')];
}

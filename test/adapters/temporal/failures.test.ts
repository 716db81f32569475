import { createSecretKey, randomBytes } from 'node:crypto';
import { ApplicationFailure, type DataConverter } from '@temporalio/common';
import { loadDataConverter } from '@temporalio/common/lib/internal-non-workflow/data-converter-helpers.js';
import {
  decodeOptionalFailureToOptionalError,
  encodeErrorToFailure,
} from '@temporalio/common/lib/internal-non-workflow/codec-helpers.js';
import proto from '@temporalio/proto';
import { describe, expect, it } from 'vitest';
import { clientDataConverter, workerDataConverter } from '../../../adapters/temporal/dataConverter.ts';
import type { KeyRing } from '../../../adapters/temporal/keyRing.ts';

const FailureMessage = proto.temporal.api.failure.v1.Failure;
const ringOf = (): KeyRing => ({
  current: 'test',
  keys: new Map([['test', createSecretKey(randomBytes(32))]]),
});

const secret = 'only alice, who asked, may do this';
const failure = (): ApplicationFailure =>
  ApplicationFailure.create({
    type: 'Refused',
    message: secret,
    nonRetryable: true,
    details: [{ code: 'not-the-requester', why: secret }],
    cause: new Error(`because ${secret}`),
  });

const onTheWire = async (converter: DataConverter): Promise<proto.temporal.api.failure.v1.IFailure> => {
  const encoded = await encodeErrorToFailure(loadDataConverter(converter), failure());
  return FailureMessage.decode(FailureMessage.encode(encoded).finish());
};

describe.each([
  ['a client', clientDataConverter],
  ['the worker', workerDataConverter],
])('a failure sent by %s', (_, converterOf) => {
  it('shows its type only: message, stack, cause and details are encrypted', async () => {
    const wire = await onTheWire(converterOf(ringOf()));
    expect(wire.applicationFailureInfo).toMatchObject({ type: 'Refused', nonRetryable: true });
    expect(wire.message).toBe('Encoded failure');
    const bytes = Buffer.from(FailureMessage.encode(wire).finish()).toString('latin1');
    for (const hidden of [secret, 'not-the-requester', 'because', 'failures.test.ts'])
      expect(bytes, hidden).not.toContain(hidden);
  });

  it('is read by whoever holds the key', async () => {
    const ring = ringOf();
    const converter = loadDataConverter(clientDataConverter(ring));
    const read = await decodeOptionalFailureToOptionalError(converter, await onTheWire(converterOf(ring)));
    expect(read).toBeInstanceOf(ApplicationFailure);
    expect(read).toMatchObject({
      message: secret,
      type: 'Refused',
      nonRetryable: true,
      details: [{ code: 'not-the-requester', why: secret }],
    });
    expect(read?.cause).toMatchObject({ message: `because ${secret}` });
  });

  it('is not read without it', async () => {
    const wire = await onTheWire(converterOf(ringOf()));
    const other = loadDataConverter(clientDataConverter(ringOf()));
    await expect(decodeOptionalFailureToOptionalError(other, wire)).rejects.toThrow();
  });
});

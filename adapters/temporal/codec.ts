import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { METADATA_ENCODING_KEY, type Payload, type PayloadCodec } from '@temporalio/common';
import { decode, encode } from '@temporalio/common/lib/encoding.js';
import proto from '@temporalio/proto';
import { isForConsole } from '../../core/contracts/consoleText.ts';
import type { KeyRing } from './keyRing.ts';

// The package is CommonJS without names that Node's own loader could find.
const PayloadMessage = proto.temporal.api.common.v1.Payload;

const encoding = 'binary/encrypted';
/** In a payload's metadata: which key encrypted it. */
export const keyIdField = 'encryption-key-id';
const nonceBytes = 12;
const tagBytes = 16;

/** What a workflow sees in place of a payload that did not carry our encryption. */
export const refusedPayload = { refused: 'this payload was not encrypted with a key of ours' } as const;

const aad = (keyId: string): Buffer => Buffer.from(`breakglass-payload-v1\0${keyId}`);

const seal = (ring: KeyRing, payload: Payload): Payload => {
  const key = ring.keys.get(ring.current);
  if (key === undefined) throw new Error(`payload key ${ring.current} is missing`);
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(aad(ring.current));
  const plain = PayloadMessage.encode(payload).finish();
  return {
    metadata: { [METADATA_ENCODING_KEY]: encode(encoding), [keyIdField]: encode(ring.current) },
    data: Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]),
  };
};

const open = (ring: KeyRing, payload: Payload): Payload => {
  const meta = payload.metadata ?? {};
  const said = meta[METADATA_ENCODING_KEY];
  const id = meta[keyIdField];
  if (said === undefined || decode(said) !== encoding || id === undefined)
    throw new Error('payload refused: it is not encrypted');
  const keyId = decode(id);
  const key = ring.keys.get(keyId);
  if (key === undefined) throw new Error(`payload refused: no key ${keyId.slice(0, 64)} in the key file`);
  const data = Buffer.from(payload.data ?? []);
  if (data.length < nonceBytes + tagBytes) throw new Error('payload refused: too short');
  const decipher = createDecipheriv('aes-256-gcm', key, data.subarray(0, nonceBytes))
    .setAAD(aad(keyId))
    .setAuthTag(data.subarray(data.length - tagBytes));
  const plain = Buffer.concat([
    decipher.update(data.subarray(nonceBytes, data.length - tagBytes)),
    decipher.final(),
  ]);
  return PayloadMessage.decode(plain);
};

/** A text for Temporal's own console, which has no key: nothing but fixed words and what stands in the clear anyway. */
const isConsolePayload = ({ metadata = {}, data }: Payload): boolean => {
  const said = metadata?.[METADATA_ENCODING_KEY];
  if (said === undefined || decode(said) !== 'json/plain' || data == null || data.length > 4_000)
    return false;
  const text = decode(data);
  // A text, or what a workflow says of itself: nothing else is taken apart.
  return /^(?:"|\{"definition":)/.test(text) && isForConsole(JSON.parse(text));
};

/**
 * Payload codec: AES-256-GCM with the key's id in the metadata. Plaintext is
 * refused: a client gets an error; a workflow gets {@link refusedPayload}, because an
 * error while decoding would fail its task again and again and stand in
 * everybody's way (Temporal retries failed workflow tasks forever). Only texts made for Temporal's console leave
 * as they are; none of them is taken back.
 *
 * @param onRefused - what to do with a payload that cannot be opened
 */
export const createPayloadCodec = (ring: KeyRing, onRefused: 'throw' | 'replace'): PayloadCodec => ({
  encode: async (payloads) => payloads.map((each) => (isConsolePayload(each) ? each : seal(ring, each))),
  decode: async (payloads) =>
    payloads.map((each) => {
      try {
        return open(ring, each);
      } catch (error) {
        if (onRefused === 'throw') throw error;
        return {
          metadata: { [METADATA_ENCODING_KEY]: encode('json/plain') },
          data: encode(JSON.stringify(refusedPayload)),
        };
      }
    }),
});

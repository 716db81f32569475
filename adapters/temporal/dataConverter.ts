import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import { createPayloadCodec } from './codec.ts';
import type { KeyRing } from './keyRing.ts';

/** The failure converter's file; the build copies it beside the bundles, so that this holds there too. */
export const failureConverterPath = fileURLToPath(new URL('./failureConverter.cjs', import.meta.url));

/** For clients: payloads and failure messages encrypted; plaintext is an error. */
export const clientDataConverter = (ring: KeyRing): DataConverter => ({
  failureConverterPath,
  payloadCodecs: [createPayloadCodec(ring, 'throw')],
});

/** For the worker: the same, but plaintext reaches the workflow as a marked payload, which refuses it. */
export const workerDataConverter = (ring: KeyRing): DataConverter => ({
  failureConverterPath,
  payloadCodecs: [createPayloadCodec(ring, 'replace')],
});

import { z } from 'zod';
import { digest } from './ids.ts';

const host = z.string().min(1);
const port = z.int().min(1).max(65_535);
const path = z.string().min(1);
const seconds = z.int().min(1).max(3600);

/** How worker and sentinel watch each other, and who outside watches both. */
const vigil = z.strictObject({
  /** The other process's health address; without it nobody is watched. */
  otherHealth: z.url().optional(),
  heartbeatSeconds: seconds.default(10),
  /** An outside monitor's address, called while this process is well. */
  deadMan: z.url().optional(),
  deadManSeconds: seconds.default(60),
});
export type VigilSettings = z.infer<typeof vigil>;

/**
 * What a process is told at start: addresses and where its files lie, never a
 * secret. A JSON file named by `BREAKGLASS_SETTINGS`; secrets are files of
 * mode 0400 or 0600 that it points to.
 */
export const settings = z.strictObject({
  /** Folder of the signed config chain: `0001.json`, `0002.json`, … */
  configDir: path,
  /** Digest of a config this process trusts from the start. */
  configPin: digest,
  /** Folder of channel secrets, one file a secret. */
  secretsDir: path,
  temporal: z.strictObject({ address: host, namespace: z.string().default('default') }),
  /** Key ring of the payload codec. */
  payloadKeyFile: path,
  postgres: z.strictObject({ host, port, database: z.string(), user: z.string(), passwordFile: path }),
  kratos: z.strictObject({ publicUrl: z.url(), adminUrl: z.url() }),
  aws: z.strictObject({ endpoint: z.url().optional(), region: z.string() }),
  worker: z
    .strictObject({
      sshKeyFile: path,
      workflowBundle: path,
      healthPort: port.optional(),
      /** The worker's own memory of the last checkpoint: never in Postgres. */
      checkpoints: z
        .strictObject({ file: path, everySeconds: z.int().min(1).max(3_600).default(60) })
        .optional(),
      ...vigil.shape,
    })
    .optional()
    .describe('the worker only'),
  sentinel: z
    .strictObject({
      ...{ host, port, hookKeyFile: path, spoolDir: path },
      /** Seconds between two looks at whether every workflow runs that the ledger wants. */
      watchdogSeconds: z.int().min(1).default(30),
      /** Seconds between two looks at every identity's sessions. */
      sweepSeconds: seconds.default(60),
      ...vigil.shape,
    })
    .optional()
    .describe('the sentinel only'),
  api: z.strictObject({ host, port }).optional().describe('the api only'),
});
export type Settings = z.infer<typeof settings>;

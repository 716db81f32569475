import { z } from 'zod';
import { digest } from './ids.ts';

const host = z.string().min(1);
const port = z.int().min(1).max(65_535);
const path = z.string().min(1);

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
    })
    .optional()
    .describe('the worker only'),
  sentinel: z
    .strictObject({
      ...{ host, port, hookKeyFile: path, spoolDir: path },
      /** Seconds between two looks at whether every workflow runs that the ledger wants. */
      watchdogSeconds: z.int().min(1).default(30),
    })
    .optional()
    .describe('the sentinel only'),
  api: z.strictObject({ host, port }).optional().describe('the api only'),
});
export type Settings = z.infer<typeof settings>;

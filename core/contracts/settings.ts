import { z } from 'zod';
import { digest } from './ids.ts';

/** Who reads a settings file: our three processes, and the operators' tools for payload keys and tables. */
export type SettingsReader = 'worker' | 'sentinel' | 'api' | 'payload-keys' | 'database';

/**
 * What a path leads to, which is looked at before a process does anything. A secret file is closed to others, a
 * group may read it (that is how container platforms hand out secrets); a private file is its owner's alone.
 */
export type PathKind = 'file' | 'folder' | 'secret file' | 'private file' | 'folder of secrets';

/** What a setting tells beside its type: the table in `docs/settings.md` is made from it, and what a fault says. */
interface About {
  /** Those of the object it stands in when left out. */
  readonly readers?: readonly SettingsReader[];
  readonly leadsTo?: PathKind;
  readonly example?: string | number;
}

const set = <T extends z.ZodType>(schema: T, description: string, about: About = {}): T =>
  schema.meta({ description, ...about });

const processes: readonly SettingsReader[] = ['worker', 'sentinel', 'api'];
const withKeys: readonly SettingsReader[] = [...processes, 'payload-keys'];
const withTables: readonly SettingsReader[] = [...processes, 'database'];
const told: readonly SettingsReader[] = ['worker', 'sentinel'];

const text = z.string().min(1);
const port = z.int().min(1).max(65_535);
const seconds = z.int().min(1).max(3600);

/** How worker and sentinel watch each other, and who outside watches both. */
const vigil = z.strictObject({
  otherHealth: set(
    z.url().optional(),
    'the other process’s health address (of worker and sentinel): after three misses in a row it rings; without it nobody is watched',
  ),
  heartbeatSeconds: set(seconds.default(10), 'seconds between two questions to it'),
  deadMan: set(z.url().optional(), 'an outside monitor’s address, called while this process is well'),
  deadManSeconds: set(seconds.default(60), 'seconds between two calls'),
});
export type VigilSettings = z.infer<typeof vigil>;

const temporal = z.strictObject({
  address: set(
    text.optional(),
    'host and port of Temporal’s frontend; left out: the profile’s, or `TEMPORAL_ADDRESS`',
    { example: 'temporal.example.com:7233' },
  ),
  namespace: set(
    text.optional(),
    'its namespace; left out: the profile’s, or `TEMPORAL_NAMESPACE`, else `default`',
  ),
  configFile: set(
    text.optional(),
    'TOML file with profiles, as Temporal’s SDKs and CLI read it: TLS, client certificate, API key; left out: the one of `TEMPORAL_CONFIG_FILE`, if that is set',
    { leadsTo: 'secret file' },
  ),
  profile: set(
    text.optional(),
    'which profile of it; left out: the one of `TEMPORAL_PROFILE`, else `default`',
  ),
});
export type TemporalSettings = z.infer<typeof temporal>;

const paired = (
  tls: { certFile?: string | undefined; keyFile?: string | undefined },
  context: z.RefinementCtx,
): void => {
  const missing = tls.certFile === undefined ? 'certFile' : 'keyFile';
  if ((tls.certFile === undefined) !== (tls.keyFile === undefined))
    context.addIssue({
      code: 'custom',
      path: [missing],
      message: 'a certificate and its key go together',
    });
};

const postgres = z.strictObject({
  host: set(text, 'our Postgres', { example: 'postgres.example.com' }),
  port: set(port, 'its port', { example: 5432 }),
  database: set(text, 'the database’s name', { example: 'breakglass' }),
  user: set(text, '`breakglass_writer` for worker and sentinel, `breakglass_api` for the api', {
    example: 'breakglass_writer',
  }),
  passwordFile: set(text, 'file with that role’s password and nothing else', {
    leadsTo: 'secret file',
    example: '/etc/breakglass/postgres.password',
  }),
  tls: set(
    z
      .strictObject({
        caFile: set(text.optional(), 'PEM file of the authorities to trust; left out: those of Node.js', {
          leadsTo: 'file',
        }),
        certFile: set(text.optional(), 'PEM file of a client certificate', { leadsTo: 'file' }),
        keyFile: set(text.optional(), 'PEM file of its key', { leadsTo: 'secret file' }),
        serverName: set(text.optional(), 'the name to find in the server’s certificate; left out: `host`'),
      })
      .superRefine(paired)
      .optional(),
    '`{}` or more turns TLS on; the server’s certificate and its name are then always verified',
  ),
});

/**
 * What a process is told at start: addresses and where its files lie, never a
 * secret. A JSON file named by `BREAKGLASS_SETTINGS`; secrets are files of
 * mode 0400 or 0600 that it points to.
 */
export const settings = z.strictObject({
  configDir: set(text, 'folder of the signed config chain: `0001.json`, `0002.json`, …', {
    ...{ readers: processes, leadsTo: 'folder', example: '/etc/breakglass/config' },
  }),
  configPin: set(digest, 'digest of a config this process trusts from the start: what `config pin` prints', {
    readers: processes,
  }),
  secretsDir: set(text, 'folder of channel secrets, one file a secret, named as in the config', {
    ...{ readers: told, leadsTo: 'folder of secrets', example: '/etc/breakglass/secrets' },
  }),
  temporal: set(temporal.prefault({}), 'where Temporal is', { readers: withKeys }),
  payloadKeyFile: set(text, 'key ring of the payload codec', {
    ...{ readers: withKeys, leadsTo: 'private file', example: '/etc/breakglass/payload-keys.json' },
  }),
  postgres: set(postgres, 'our Postgres', { readers: withTables }),
  kratos: z.strictObject({
    publicUrl: set(z.url(), 'where the worker logs in to prove a rotation', {
      ...{ readers: ['worker'], example: 'https://kratos.example.com' },
    }),
    adminUrl: set(z.url(), 'the admin api', { readers: told, example: 'http://127.0.0.1:4434' }),
  }),
  aws: z
    .strictObject({
      endpoint: set(
        z.url().optional(),
        'another SNS and S3 than AWS’s, such as an emulator; left out: AWS, in the region that the config gives each channel',
        { readers: told },
      ),
    })
    .prefault({}),
  metrics: set(
    z
      .strictObject({
        host: set(z.union([z.ipv4(), z.ipv6()]).default('127.0.0.1'), 'the address where Prometheus may ask'),
        port: set(port, 'the port of `/metrics`', { example: 9464 }),
        temporalPort: set(
          port.optional(),
          'the port of `/metrics` of Temporal’s SDK in the worker; left out: none of its are told',
          { readers: ['worker'] },
        ),
      })
      .optional(),
    'numbers for Prometheus',
    { readers: processes },
  ),
  worker: set(
    z
      .strictObject({
        sshKeyFile: set(text, 'the private key whose public half the config names', {
          ...{ leadsTo: 'private file', example: '/etc/breakglass/worker_ed25519' },
        }),
        workflowBundle: set(text, 'the file `dist/workflow-bundle.js`', {
          ...{ leadsTo: 'file', example: '/opt/breakglass/dist/workflow-bundle.js' },
        }),
        healthPort: set(port.optional(), 'port of health over HTTP; left out: there is none'),
        healthHost: set(text.default('127.0.0.1'), 'where health listens'),
        checkpoints: z
          .strictObject({
            file: set(text, 'the last checkpoint it signed, never in Postgres. Left out: none are signed', {
              example: '/var/lib/breakglass/checkpoint.json',
            }),
            everySeconds: set(seconds.default(60), 'seconds between two checkpoints'),
          })
          .optional(),
        ...vigil.shape,
      })
      .optional(),
    'the worker only',
    { readers: ['worker'] },
  ),
  sentinel: set(
    z
      .strictObject({
        host: set(text, 'where it listens for hooks', { example: '127.0.0.1' }),
        port: set(port, 'its port', { example: 8081 }),
        hookKeyFile: set(text, 'file with the key that Kratos sends, 16 characters or more', {
          ...{ leadsTo: 'secret file', example: '/etc/breakglass/kratos-hook.key' },
        }),
        spoolDir: set(text, 'folder of the spool, made if need be: a disk that survives a restart', {
          example: '/var/lib/breakglass/spool',
        }),
        watchdogSeconds: set(
          z.int().min(1).default(30),
          'seconds between two looks at whether every workflow runs that the ledger wants',
        ),
        sweepSeconds: set(
          seconds.default(60),
          'seconds from one look at every identity’s sessions to the next',
        ),
        ...vigil.shape,
      })
      .optional(),
    'the sentinel only',
    { readers: ['sentinel'] },
  ),
  api: set(
    z
      .strictObject({
        host: set(text, 'where it listens', { example: '127.0.0.1' }),
        port: set(port, 'its port', { example: 8080 }),
        tls: set(
          z
            .strictObject({
              certFile: set(text, 'PEM file of its certificate and those in between', {
                ...{ leadsTo: 'file', example: '/etc/breakglass/api.crt' },
              }),
              keyFile: set(text, 'PEM file of the certificate’s key', {
                ...{ leadsTo: 'secret file', example: '/etc/breakglass/api.key' },
              }),
            })
            .optional(),
          'the api speaks TLS itself; left out: plain HTTP, for a proxy in front that speaks TLS',
        ),
        proxies: set(
          z.array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()])).default([]),
          'addresses or networks of the proxies in front, whose `X-Forwarded-For` is believed',
        ),
        workerHealth: set(
          z.url().optional(),
          'the worker’s health address, asked for `breakglass doctor`; left out: how the worker is stays unknown',
        ),
        sentinelHealth: set(z.url().optional(), 'the sentinel’s, in the same way'),
      })
      .optional(),
    'the api only',
    { readers: ['api'] },
  ),
});
export type Settings = z.infer<typeof settings>;

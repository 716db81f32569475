import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';

/** Where a Kratos for development listens, and whom it tells of logins. */
export interface KratosConfigOptions {
  /** The file is written here; made if absent. */
  readonly folder: string;
  /** `http://127.0.0.1:PORT` of the public api. */
  readonly publicUrl: string;
  /** `http://127.0.0.1:PORT` of the admin api. */
  readonly adminUrl: string;
  /** The sentinel's address for login hooks. */
  readonly hookUrl: string;
  /** Sent with every hook in the header `hookKeyHeader`. */
  readonly hookKey: string;
  /** Default `x-breakglass-hook-key`. */
  readonly hookKeyHeader?: string;
  /** How old a session may be to change its identity's credentials; default `15m`. */
  readonly privilegedSessionMaxAge?: string;
  /** How long a session lives; default `8h`. */
  readonly sessionLifespan?: string;
}

/** The header in which Kratos proves to the sentinel that a hook is its own. */
export const defaultHookKeyHeader = 'x-breakglass-hook-key';

/**
 * Writes `kratos.yml` for Kratos 1.3.1, readable by its owner only, and gives its path. The database's
 * address is not in it: Kratos takes that from `DSN` in its environment.
 */
export async function writeKratosConfig(options: KratosConfigOptions): Promise<string> {
  await mkdir(options.folder, { recursive: true, mode: 0o700 });
  const path = join(options.folder, 'kratos.yml');
  const [schema, template] = await Promise.all([inline('identity.schema.json'), inline('hook.jsonnet')]);
  await writeFile(path, stringify(kratosConfig(options, schema, template)), { mode: 0o600 });
  // The mode above counts only for a file that is new.
  await chmod(path, 0o600);
  return path;
}

/** As base64 inside the config, so that Kratos needs no access to this repository. */
async function inline(name: string): Promise<string> {
  const text = await readFile(new URL(`./kratos/${name}`, import.meta.url));
  return `base64://${text.toString('base64')}`;
}

function kratosConfig(options: KratosConfigOptions, schema: string, template: string): object {
  const { publicUrl, adminUrl } = options;
  const hook = loginHook(options, template);
  return {
    version: 'v1.3.1',
    // Kratos reports its use to its makers unless told not to.
    'sqa-opt-out': true,
    log: { level: 'warning', format: 'json', leak_sensitive_values: false },
    serve: {
      public: { base_url: publicUrl, host: '127.0.0.1', port: portOf(publicUrl), cors: { enabled: false } },
      admin: { base_url: adminUrl, host: '127.0.0.1', port: portOf(adminUrl) },
    },
    identity: { default_schema_id: 'default', schemas: [{ id: 'default', url: schema }] },
    secrets: { cookie: [randomSecret()], cipher: [randomSecret()] },
    // OWASP's smallest argon2id: safe, and about 50 ms on a small machine.
    hashers: {
      algorithm: 'argon2',
      argon2: { memory: '19456KB', iterations: 2, parallelism: 1, expected_duration: '50ms' },
    },
    session: {
      lifespan: options.sessionLifespan ?? '8h',
      whoami: { required_aal: 'highest_available' },
    },
    courier: { smtp: { connection_uri: 'smtp://127.0.0.1:9/?disable_starttls=true' } },
    selfservice: {
      default_browser_return_url: publicUrl,
      methods: {
        password: {
          enabled: true,
          config: {
            haveibeenpwned_enabled: false,
            min_password_length: 16,
            identifier_similarity_check_enabled: true,
          },
        },
        totp: { enabled: true, config: { issuer: 'Breakglass' } },
        lookup_secret: { enabled: true },
        code: { enabled: true, passwordless_enabled: false, mfa_enabled: false },
        link: { enabled: false },
        profile: { enabled: true },
      },
      flows: {
        // A method's own list of hooks would replace this one, so there is none: this rings for every method,
        // those included that are switched on later (driver/registry_default_login.go).
        login: { after: { hooks: [hook] } },
        recovery: { enabled: true, use: 'code', after: { hooks: [hook] } },
        settings: {
          required_aal: 'highest_available',
          privileged_session_max_age: options.privilegedSessionMaxAge ?? '15m',
        },
        registration: { enabled: false },
        verification: { enabled: false },
      },
    },
  };
}

/** Its answer is ignored: a hook that fails must not fail the emergency's login. */
function loginHook(options: KratosConfigOptions, template: string): object {
  return {
    hook: 'web_hook',
    config: {
      url: options.hookUrl,
      method: 'POST',
      body: template,
      response: { ignore: true },
      can_interrupt: false,
      emit_analytics_event: false,
      auth: {
        type: 'api_key',
        config: {
          name: options.hookKeyHeader ?? defaultHookKeyHeader,
          value: options.hookKey,
          in: 'header',
        },
      },
    },
  };
}

function portOf(url: string): number {
  const port = Number(new URL(url).port);
  if (!Number.isInteger(port) || port === 0) throw new Error(`kratos config: no port in ${url}; name one`);
  return port;
}

/** 32 characters, which is what Kratos's cipher demands. */
function randomSecret(): string {
  return randomBytes(16).toString('hex');
}

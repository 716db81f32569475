import { readFileSync } from 'node:fs';
import {
  loadClientConfigProfile,
  toClientOptions,
  type ClientConfigProfile,
  type ClientConnectConfig,
} from '@temporalio/envconfig';
import type { TemporalSettings } from '../../core/contracts/settings.ts';
import { faultsOfPath } from './paths.ts';

/** Where Temporal is and how it is reached, as its client and its worker both take it. */
export type TemporalPlace = Pick<ClientConnectConfig['connectionOptions'], 'tls' | 'apiKey' | 'metadata'> & {
  readonly address: string;
  readonly namespace: string;
};

/** A place, or why there is none. */
export type PlaceOrFaults =
  { readonly place: TemporalPlace } | { readonly place: null; readonly faults: readonly string[] };

/** The SDK reads nothing else of the environment; what is not Temporal's is not shown to it. */
const ofTemporal = (env: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      name.startsWith('TEMPORAL_') && value !== undefined ? [[name, value]] : [],
    ),
  );

/** The parser quotes the file's lines, in which an API key may stand: its place is enough. */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return 'cannot be read';
  return 'line' in error ? `is not TOML at line ${String(error.line)}` : error.message;
};

const faultsOfTls = ({ tls, apiKey }: ClientConfigProfile): string[] => {
  const { clientCert, clientKey, serverCACert, disabled } = tls ?? {};
  const paths = [
    { source: clientCert, name: 'client_cert_path', kind: 'file' },
    { source: clientKey, name: 'client_key_path', kind: 'secret file' },
    { source: serverCACert, name: 'server_ca_cert_path', kind: 'file' },
  ] as const;
  return [
    ...paths.flatMap(({ source, name, kind }) =>
      source !== undefined && 'path' in source
        ? faultsOfPath(source.path, kind).map((fault) => `${name}: ${fault}`)
        : [],
    ),
    ...((clientCert === undefined) !== (clientKey === undefined)
      ? ['a client certificate and its key go together: name both or neither']
      : []),
    ...(apiKey !== undefined && disabled === true
      ? ['an API key is not sent without TLS: leave out disabled = true']
      : []),
  ];
};

/**
 * Reads where Temporal is: by the SDKs' environment config (a profile of a TOML file, then `TEMPORAL_…` variables
 * over it), then by the settings' own address and namespace over both. The file in a user's home folder, which the
 * SDK falls back on, is not looked for: a service has no home, and a developer's cloud is not ours to call.
 *
 * @param file - the settings' `temporal.configFile`, or the one that `TEMPORAL_CONFIG_FILE` names, is read at once
 * @see https://docs.temporal.io/develop/environment-configuration
 */
export const temporalPlace = (own: TemporalSettings, env: NodeJS.ProcessEnv): PlaceOrFaults => {
  const file = own.configFile ?? env['TEMPORAL_CONFIG_FILE'];
  const name = own.profile ?? env['TEMPORAL_PROFILE'];
  const wrong = (...faults: string[]): PlaceOrFaults => ({
    place: null,
    faults: faults.map((each) => `temporal: ${each}`),
  });
  if (file === undefined && name !== undefined)
    return wrong(`the profile ${name} is asked for, but no file: name it in temporal.configFile`);
  if (/^(1|true)$/.test(env['TEMPORAL_TLS_DISABLE_HOST_VERIFICATION'] ?? ''))
    return wrong('TEMPORAL_TLS_DISABLE_HOST_VERIFICATION is not followed: name the authority instead');
  // The SDK takes a file that is not there for an empty one.
  const unreadable = file === undefined ? [] : faultsOfPath(file, 'secret file');
  if (unreadable.length > 0) return wrong(...unreadable);
  try {
    const profile = loadClientConfigProfile({
      ...(name === undefined ? {} : { profile: name }),
      ...(file === undefined
        ? { disableFile: true }
        : { configSource: { data: readFileSync(file, 'utf8') }, configFileStrict: true }),
      overrideEnvVars: ofTemporal(env),
    });
    const faults = faultsOfTls(profile);
    const address = own.address ?? profile.address;
    if (address === undefined)
      faults.push('address is missing; write host and port of Temporal’s frontend, here or in the profile');
    if (address === undefined || faults.length > 0) return wrong(...faults);
    const { tls, apiKey, metadata } = toClientOptions(profile).connectionOptions;
    return {
      place: {
        address,
        namespace: own.namespace ?? profile.namespace ?? 'default',
        ...(tls === undefined ? {} : { tls }),
        ...(apiKey === undefined ? {} : { apiKey }),
        ...(metadata === undefined ? {} : { metadata }),
      },
    };
  } catch (error) {
    return wrong(`${file ?? 'the environment'}: ${reasonOf(error)}`);
  }
};

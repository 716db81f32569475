/** Where AWS is: `endpoint` only for an emulator or a private one. */
export interface AwsPlace {
  readonly endpoint?: string | undefined;
  readonly region: string;
}

const loopback = new Set(['127.0.0.1', '[::1]', 'localhost']);

/** An emulator on loopback checks no credentials, so the machine's real ones are never shown to it. */
export const clientOptions = ({ endpoint, region }: AwsPlace) => ({
  region,
  maxAttempts: 2,
  ...(endpoint === undefined ? {} : { endpoint }),
  ...(endpoint !== undefined && loopback.has(new URL(endpoint).hostname)
    ? { credentials: { accessKeyId: 'emulator', secretAccessKey: 'emulator' } }
    : {}),
});

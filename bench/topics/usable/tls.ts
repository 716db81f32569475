/** TLS where the servers of this bench have none of their own: turned on in Postgres, put in front of Temporal. */
import { chown, copyFile, readFile, stat, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import type { Authority, CertificateFiles } from '../../../test/support/certificates.ts';
import type { SystemPostgres } from '../../../test/support/systemPostgres.ts';

/** Has a running cluster speak TLS, and refuse every connection without it. */
export const demandTls = async ({ dataFolder, run }: SystemPostgres, authority: Authority): Promise<void> => {
  const { certFile, keyFile } = await authority.issue('postgres', ['IP:127.0.0.1']);
  const access = join(dataFolder, 'pg_hba.conf');
  const { uid, gid } = await stat(access);
  for (const [from, name] of [
    [certFile, 'server.crt'],
    [keyFile, 'server.key'],
  ] as const) {
    await copyFile(from, join(dataFolder, name));
    await chown(join(dataFolder, name), uid, gid);
  }
  await writeFile(join(dataFolder, 'postgresql.auto.conf'), 'ssl = on\n');
  await writeFile(access, 'hostssl all all 127.0.0.1/32 scram-sha-256\n');
  await run('pg_ctl', '-D', dataFolder, 'reload');
};

/** What stands in front of Temporal. */
export interface TlsProxy {
  readonly port: number;
  /** Connections that showed a certificate of the authority, so far. */
  accepted(): number;
  /** Those that did not. */
  refused(): number;
  close(): void;
}

/** The name in the certificate of what stands in front of Temporal. */
const serverName = 'temporal.example.com';

/**
 * Takes TLS with a client certificate only, and passes on to a server that speaks plain HTTP/2: Temporal's
 * development server has no TLS.
 *
 * @param address - of the server, `127.0.0.1:PORT`
 */
export const startTlsProxy = async (
  authority: Authority,
  address: string,
  port: number,
): Promise<TlsProxy> => {
  const { certFile, keyFile } = await authority.issue('temporal', [`DNS:${serverName}`]);
  const [cert, key, ca] = await Promise.all(
    [certFile, keyFile, authority.caFile].map((file) => readFile(file)),
  );
  const [host = '', upstream = ''] = address.split(':');
  const open = new Set<Socket>();
  let [accepted, refused] = [0, 0];
  const server = createServer(
    { cert, key, ca, requestCert: true, rejectUnauthorized: true, ALPNProtocols: ['h2'] },
    (secure) => {
      accepted += 1;
      const plain = connect(Number(upstream), host);
      for (const [one, other] of [
        [secure, plain],
        [plain, secure],
      ] as const) {
        open.add(one);
        one.on('error', () => other.destroy());
        one.on('close', () => {
          open.delete(one);
          other.destroy();
        });
        one.pipe(other);
      }
    },
  );
  server.on('tlsClientError', () => (refused += 1));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    port,
    accepted: () => accepted,
    refused: () => refused,
    close: () => {
      server.close();
      for (const each of open) each.destroy();
    },
  };
};

/** Temporal's profile as an operator would write it: with a client certificate, or without. */
export const writeProfile = async (
  file: string,
  { port }: TlsProxy,
  caFile: string,
  client?: CertificateFiles,
): Promise<string> => {
  const lines = [
    ...['[profile.production]', `address = "127.0.0.1:${port}"`, 'namespace = "default"'],
    ...['[profile.production.tls]', `server_name = "${serverName}"`, `server_ca_cert_path = "${caFile}"`],
  ];
  if (client !== undefined)
    lines.push(`client_cert_path = "${client.certFile}"`, `client_key_path = "${client.keyFile}"`);
  await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o400 });
  return file;
};

/** Certificates made at test time by `openssl`, gone with their folder. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const openssl = (...args: string[]) => promisify(execFile)('openssl', args);

/** A certificate and its key, as PEM files; the key is of mode 0600. */
export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** An authority of its own, which nobody trusts unless told to. */
export interface Authority {
  readonly caFile: string;
  /**
   * @param subject - the common name
   * @param names - alternative names: `IP:127.0.0.1`, `DNS:db.example`; none for a client
   */
  issue(subject: string, names?: readonly string[]): Promise<CertificateFiles>;
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc'];

/** Makes an authority whose files are `NAME.crt` and `NAME.key`, valid for a day. */
export const makeAuthority = async (folder: string, name: string): Promise<Authority> => {
  const file = (of: string, kind: string): string => join(folder, `${of}.${kind}`);
  const [caFile, caKey] = [file(name, 'crt'), file(name, 'key')];
  await openssl(
    ...['req', '-x509', ...newKey, '-days', '1', '-subj', `/CN=${name}`],
    ...['-keyout', caKey, '-out', caFile],
  );
  return {
    caFile,
    issue: async (subject, names = []) => {
      const own = `${name}-${subject}`;
      const [keyFile, certFile, extensions] = [file(own, 'key'), file(own, 'crt'), file(own, 'ext')];
      const request = file(own, 'csr');
      await openssl('req', ...newKey, '-subj', `/CN=${subject}`, '-keyout', keyFile, '-out', request);
      // Never none: a certificate without extensions is of version 1, which Temporal's SDK refuses.
      const named = names.length === 0 ? '' : `subjectAltName=${names.join(',')}\n`;
      await writeFile(extensions, `basicConstraints=critical,CA:FALSE\n${named}`);
      await openssl(
        ...['x509', '-req', '-in', request, '-CA', caFile, '-CAkey', caKey, '-days', '1'],
        ...['-extfile', extensions, '-out', certFile],
      );
      return { certFile, keyFile };
    },
  };
};

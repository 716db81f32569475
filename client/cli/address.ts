import { usage } from './exits.ts';

/**
 * An address that secrets or tokens go to: https, or plain http to this machine itself.
 *
 * @returns without a final slash
 * @throws CliError `usage`
 */
export const readAddress = (flag: string, text: string): string => {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isLocal = url !== null && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLocal)) return text.replace(/\/+$/, '');
  throw usage(`${flag} ${text}: must be an https address`);
};

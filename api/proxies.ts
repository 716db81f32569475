import { BlockList, isIP } from 'node:net';

/** Whether an address is one of our own proxies. */
export type IsProxy = (address: string) => boolean;

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

/** @param proxies - addresses, or networks such as `10.0.0.0/8` */
export const proxiesOf = (proxies: readonly string[]): IsProxy => {
  const list = new BlockList();
  for (const each of proxies) {
    const [address = '', prefix] = each.split('/');
    if (prefix === undefined) list.addAddress(address, familyOf(address));
    else list.addSubnet(address, Number(prefix), familyOf(address));
  }
  return (address) => isIP(address) !== 0 && list.check(address, familyOf(address));
};

/**
 * The address that our outermost proxy was connected from. Each proxy adds, at the end of `X-Forwarded-For`, whom it
 * was connected from; what stands before that is the caller's own word.
 *
 * @param connected - the address that connected to us: only a proxy is believed
 * @param header - `X-Forwarded-For` as it came
 * @returns what connected to us when nobody better is known
 */
export const behindProxies = (connected: string, header: string | undefined, isProxy: IsProxy): string => {
  if (!isProxy(connected) || header === undefined) return connected;
  const hops = header.split(',').map((each) => each.trim().replace(/^::ffff:/, ''));
  const caller = hops.findLast((each) => !isProxy(each));
  return caller === undefined || isIP(caller) === 0 ? connected : caller;
};

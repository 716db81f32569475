import type { Context } from 'hono';
import { behindProxies, type IsProxy } from './proxies.ts';
import type { Viewer } from './viewer.ts';

/** What the server hands the app with a request (`@hono/node-server`); nothing where it is called in process. */
interface Connection {
  readonly incoming?: { readonly socket: { readonly remoteAddress?: string } };
}

/** What a request carries through the api. */
export interface ApiEnv {
  Bindings: Connection;
  Variables: { requestId: string; from: Origin; viewer: Viewer };
}

/** Where a request came from, as the ledger keeps it. */
export interface Origin {
  readonly ip: string | null;
  /** What the client calls itself: its own word. */
  readonly userAgent: string | null;
}

/**
 * Takes the address that connected, or the one that a proxy of ours was connected from. A forwarding header from
 * anybody else is not believed: anybody can send one, and the ledger keeps what it is told.
 */
export const originOf = ({ env, req }: Context<ApiEnv>, isProxy: IsProxy): Origin => {
  const connected = addressIn(env);
  return {
    ip: connected === null ? null : behindProxies(connected, req.header('x-forwarded-for'), isProxy),
    userAgent: req.header('user-agent')?.slice(0, 512) ?? null,
  };
};

const addressIn = (connection: Connection | undefined): string | null =>
  connection?.incoming?.socket.remoteAddress?.replace(/^::ffff:/, '').slice(0, 64) ?? null;

/** A door between Kratos and the sentinel that keeps every hook, and loses them while it is shut. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseKratosHook } from '../../../adapters/kratos/index.ts';
import type { AccountId } from '../../../core/contracts/ids.ts';
import { loginKey, reportId, sightingId } from '../../../sentinel/report.ts';

/** A hook as Kratos posted it. Its key is a secret. */
export interface Posted {
  readonly key: string;
  readonly body: string;
}

export interface HookDoor {
  /** Where Kratos posts. */
  readonly url: string;
  /** The sentinel's own address. */
  target: string;
  /** While true hooks are answered as if they had arrived, and lost. */
  isShut: boolean;
  /** Every hook that came, lost ones too. */
  readonly posted: readonly Posted[];
  stop(): void;
}

const read = async (request: IncomingMessage): Promise<string> => {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString('utf8');
};

/** Posts a hook to the sentinel, and gives its answer's status. */
export const post = async (to: string, { key, body }: Posted): Promise<number> => {
  const headers = { 'content-type': 'application/json', 'x-breakglass-hook-key': key };
  const answer = await fetch(to, { method: 'POST', headers, body });
  await answer.body?.cancel();
  return answer.status;
};

const hookIn = ({ body }: Posted) => {
  const hook = parseKratosHook(JSON.parse(body));
  if (hook === undefined) throw new Error('kratos posted what is no hook');
  return hook;
};

/** The id that the sentinel gives to the login of a hook. */
export const sightingIn = (posted: Posted, account: AccountId): string => {
  const hook = hookIn(posted);
  return sightingId(account, hook.identityId, hook.session?.firstMethodAt ?? hook.flow.id);
};

/** The id under which the sentinel's spool has a hook. */
export const reportIn = (posted: Posted): string => reportId(hookIn(posted));

/** The hooks of the last login among some, its second factor's too. */
export const lastLogin = (posted: readonly Posted[]): Posted[] => {
  const last = posted.at(-1);
  if (last === undefined) return [];
  const key = loginKey(hookIn(last));
  return posted.filter((each) => loginKey(hookIn(each)) === key);
};

export const openHookDoor = async (): Promise<HookDoor> => {
  const posted: Posted[] = [];
  const server = createServer((request, response) => {
    const pass = async (): Promise<number> => {
      const it = { key: String(request.headers['x-breakglass-hook-key']), body: await read(request) };
      posted.push(it);
      return door.isShut ? 202 : post(door.target, it);
    };
    pass().then(
      (status) => response.writeHead(status).end(),
      () => response.writeHead(502).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const door: HookDoor = {
    ...{ url: `http://127.0.0.1:${port}/hooks/kratos`, target: '', isShut: false, posted },
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return door;
};

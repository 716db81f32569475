/** The house in which documented commands are typed, and what others do in it meanwhile. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { createKratosLogin } from '../../../../adapters/kratos/index.ts';
import { accountView, type AccountView } from '../../../../core/contracts/http.ts';
import { createCliWithin, homeOf, mustRun, type RunCli } from '../../../../dev/stack/cli.ts';
import { ask, cast, deliver, untilCase } from '../../../../dev/stack/play.ts';
import { addressOf, codeOf, openFromShares } from '../../../../test/whole/checks/outside.ts';
import type { Whole } from '../../../../test/whole/stack.ts';

/** What others do, each through the command line in this process. */
export interface House extends Pick<Whole, 'stack' | 'account'> {
  readonly cli: RunCli;
  readonly home: (person: string) => string;
  view(): Promise<AccountView>;
  /** Maya asks. */
  asked(): Promise<string>;
  /** A case with its quorum, and with shares of all but those named released. */
  approved(id: string): Promise<void>;
  releasedBut(id: string, ...people: readonly string[]): Promise<void>;
  /** Whoever has not yet keeps the newest share; the case is then named where one is meant. */
  attestedBut(named: string, ...people: readonly string[]): Promise<void>;
  settling(id: string): Promise<void>;
  /** The write-ups are delivered, and the case closes. */
  closed(id: string, by: string, ...documents: readonly ('session-log' | 'post-mortem')[]): Promise<void>;
  /** Somebody logs in as the account, as with a browser: seen, and claimed by nobody. */
  loggedIn(): Promise<void>;
  /** What nobody claimed has become a case of its own. */
  undeclared(): Promise<string>;
}

const holders = [...cast.custodians.password, ...cast.custodians.mfa];

export const openHouse = (whole: Whole): House => {
  const { stack, account } = whole;
  const cli = createCliWithin(stack.stateFolder);
  const home = (person: string): string => homeOf(stack.stateFolder, person);
  const view = async (): Promise<AccountView> => {
    const shown = await mustRun(cli, 'omar', 'status', account, '--json');
    return z.object({ account: accountView }).parse(JSON.parse(shown)).account;
  };
  const until = async <T>(what: string, look: () => Promise<T | undefined>): Promise<T> => {
    for (let tries = 0; tries < 180; tries += 1) {
      const found = await look();
      if (found !== undefined) return found;
      await sleep(500);
    }
    throw new Error(`waited in vain for ${what}`);
  };
  return {
    ...{ stack, account, cli, home, view },
    asked: () => ask(cli, account, 'emergency', cast),
    approved: async (id) => {
      for (const person of cast.approvers) await mustRun(cli, person, 'approve', id, '--yes');
    },
    releasedBut: async (id, ...people) => {
      const enough = [...cast.custodians.password.slice(0, 2), ...cast.custodians.mfa.slice(0, 2)];
      for (const person of enough.filter((each) => !people.includes(each)))
        await mustRun(cli, person, 'release', id);
    },
    attestedBut: async (named, ...people) => {
      for (const person of holders.filter((each) => !people.includes(each)))
        await mustRun(cli, person, 'attest', named, '--kept-at', 'safe of the office');
    },
    settling: async (id) => {
      await untilCase(cli, 'omar', id, 'the rotation', ({ phase }) => ['settling', 'closed'].includes(phase));
    },
    closed: async (id, by, ...documents) => {
      for (const document of documents) await deliver({ ...stack, cli }, by, id, document);
      await untilCase(cli, 'omar', id, 'the case to close', ({ phase }) => phase === 'closed');
    },
    loggedIn: async () => {
      const { password, mfa } = await openFromShares(stack, account);
      const login = createKratosLogin({
        ...{ publicUrl: stack.servers.kratos.publicUrl, timeoutMs: 10_000, userAgent: 'a browser' },
      });
      const identifier = await addressOf(stack, account, 'maya');
      const inside = await login.login({ identifier, password });
      if (inside.refused) throw new Error(`kratos refused the password: ${inside.reason}`);
      const code = await codeOf(mfa);
      const second = await login.loginSecondFactor({ sessionToken: inside.sessionToken, code });
      if (second.refused) throw new Error(`kratos refused the code: ${second.reason}`);
      await until('the login to be seen', async () => {
        const { unclaimed } = await view();
        return unclaimed.find(({ session }) => session === inside.sessionId);
      });
    },
    undeclared: () => until('the undeclared case', async () => (await view()).undeclared[0]),
  };
};

/** A row's statement, signature and key, as files for OpenSSH alone. */
export const writeSigned = async (
  desk: string,
  it: {
    readonly statement: string;
    readonly signature: string;
    readonly person: string;
    readonly key: string;
  },
): Promise<void> => {
  await writeFile(join(desk, 'statement.txt'), it.statement);
  await writeFile(join(desk, 'statement.sig'), it.signature);
  await writeFile(join(desk, 'allowed_signers'), `${it.person} ${it.key}\n`);
};

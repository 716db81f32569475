/** A stand-in for an uptime monitor: it only counts who calls. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface DeadMan {
  urlFor(process: string): string;
  calls(process: string): number;
  stop(): void;
}

export const startDeadMan = async (): Promise<DeadMan> => {
  const called = new Map<string, number>();
  const server = createServer(({ url = '' }, response) => {
    called.set(url, (called.get(url) ?? 0) + 1);
    response.end('ok');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    urlFor: (process) => `http://127.0.0.1:${port}/${process}`,
    calls: (process) => called.get(`/${process}`) ?? 0,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
};

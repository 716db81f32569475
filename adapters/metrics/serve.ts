import { createServer } from 'node:http';
import type { Settings } from '../../core/contracts/settings.ts';

/**
 * Answers `GET /metrics`. A port that is taken is told of and keeps nobody from work: Prometheus misses the process,
 * and rings.
 *
 * @param where - the settings' own; nothing is served when they name none
 * @param expose - the whole text, in Prometheus's format
 * @param onFailure - told why nobody can ask
 * @returns stops answering
 */
export const serveMetrics = (
  where: Settings['metrics'],
  expose: () => Promise<string>,
  onFailure: (error: Error) => void,
): (() => void) => {
  if (where === undefined) return () => undefined;
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    expose().then(
      (text) => response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  server.on('error', onFailure).listen(where.port, where.host);
  return () => {
    server.close();
    server.closeAllConnections();
  };
};

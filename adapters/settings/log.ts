import { pino, type Logger } from 'pino';

/**
 * A process's log: JSON lines on stderr. Fields that could carry a secret or a
 * signed text are removed; errors are logged by name and message only, because
 * clients hang requests on theirs.
 */
export const createLog = (name: string, level = 'info'): Logger =>
  pino(
    {
      name: `breakglass-${name}`,
      level,
      redact: {
        paths: ['*.password', '*.secret', '*.token', '*.seed', '*.statement', '*.signature'],
        remove: true,
      },
      serializers: {
        err: (error: unknown) =>
          error instanceof Error ? { type: error.name, message: error.message } : { type: typeof error },
      },
    },
    pino.destination({ dest: 2, sync: true }),
  );
export type Log = Logger;

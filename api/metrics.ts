import { collectDefaultMetrics, Histogram, Registry } from '../adapters/metrics/index.ts';

export interface ApiMetrics {
  readonly onAnswer: (answer: {
    readonly method: string;
    readonly status: number;
    readonly seconds: number;
  }) => void;
  readonly expose: () => Promise<string>;
}

const methods: ReadonlySet<string> = new Set(['GET', 'POST']);

/** The api's metrics. Addresses are no label: they name cases and accounts. */
export const createApiMetrics = (): ApiMetrics => {
  const register = new Registry();
  collectDefaultMetrics({ register });
  const answers = new Histogram({
    name: 'breakglass_http_seconds',
    help: 'How long the api took to answer, by method and status.',
    labelNames: ['method', 'status'],
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [register],
  });
  return {
    onAnswer: ({ method, status, seconds }) =>
      answers.observe({ method: methods.has(method) ? method : 'other', status: String(status) }, seconds),
    expose: () => register.metrics(),
  };
};
